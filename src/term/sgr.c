#include "callhud/term/sgr.h"

#include <string.h>

/* Terminals take at least sixteen parameters in one sequence: two RGB colours and some attributes.
 */
#define RUN_BYTES 48
#define RUN_PARAMS 14

struct run {
    bool is_open;
    bool is_reset; /* begins with everything switched off */
    char params[RUN_BYTES];
    size_t len, count;
};

struct squeeze {
    char *bytes;
    size_t at; /* written so far */
    struct run run;
};

static void put(struct squeeze *s, const char *bytes, size_t len)
{
    memmove(s->bytes + s->at, bytes, len);
    s->at += len;
}

static void close_run(struct squeeze *s)
{
    struct run *run = &s->run;
    if (!run->is_open)
        return;
    put(s, "\x1b[", 2);
    if (run->is_reset && run->len > 0)
        put(s, "0;", 2);
    put(s, run->params, run->len);
    put(s, "m", 1);
    memset(run, 0, sizeof *run);
}

/* Length of "ESC [ digits and semicolons m" at the beginning, or 0. */
static size_t sgr_at(const char *bytes, size_t len)
{
    size_t i = 2;
    if (len < 3 || bytes[0] != '\x1b' || bytes[1] != '[')
        return 0;
    while (i < len && ((bytes[i] >= '0' && bytes[i] <= '9') || bytes[i] == ';'))
        i++;
    return i < len && bytes[i] == 'm' ? i + 1 : 0;
}

/* Length of the choice of the ASCII set at the beginning, or 0. */
static size_t charset_at(const char *bytes, size_t len)
{
    if (len >= 1 && bytes[0] == '\x0f')
        return 1;
    return len >= 3 && memcmp(bytes, "\x1b(B", 3) == 0 ? 3 : 0;
}

static void add_params(struct squeeze *s, const char *params, size_t len)
{
    struct run *run = &s->run;
    size_t count = 1;
    bool is_reset = len == 0 || (params[0] == '0' && (len == 1 || params[1] == ';'));
    if (is_reset) { /* what came before it is no more */
        *run = (struct run){.is_open = true, .is_reset = true};
        size_t skip = len < 2 ? len : 2;
        params += skip;
        len -= skip;
    }
    if (len == 0)
        return;
    for (size_t i = 0; i < len; i++)
        count += params[i] == ';';
    if (run->count + count > RUN_PARAMS || run->len + 1 + len > RUN_BYTES)
        close_run(s);
    run->is_open = true;
    if (run->len > 0)
        run->params[run->len++] = ';';
    memcpy(run->params + run->len, params, len);
    run->len += len;
    run->count += count;
}

size_t sgr_squeeze(char *bytes, size_t len, bool keeps_charset)
{
    struct squeeze s = {.bytes = bytes};
    size_t at = 0, taken;
    while (at < len) {
        if ((taken = charset_at(bytes + at, len - at)) > 0) {
            if (keeps_charset) {
                close_run(&s);
                put(&s, bytes + at, taken);
            }
            keeps_charset = false;
        } else if ((taken = sgr_at(bytes + at, len - at)) > 0 && taken - 3 < RUN_BYTES) {
            add_params(&s, bytes + at + 2, taken - 3);
        } else {
            taken = 1;
            close_run(&s);
            put(&s, bytes + at, 1);
        }
        at += taken;
    }
    close_run(&s);
    return s.at;
}
