/* A line of the audit file: what is taken for a record is, written again, the same bytes. */
#include "../../src/app/audit_priv.h"
#include "callhud/base/mem.h"
#include "callhud/base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define SEAL_BYTES 75 /* the hash with its key and the end */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(const char *bytes, size_t len, const struct audit_line *line)
{
    struct audit_facts facts = {0};
    char *texts[AUDIT_KEYS];
    unsigned char hash[DIGEST_BYTES];
    struct buf value, out;
    buf_init(&value, AUDIT_LINE_MAX_BYTES);
    buf_init(&out, 2 * AUDIT_LINE_MAX_BYTES);
    for (unsigned key = 0; key < AUDIT_KEYS; key++) {
        buf_reset(&value);
        audit_line_value(line, (enum audit_key)key, &value);
        if (!utf8_is_valid(buf_text(&value), value.len))
            abort();
        texts[key] = mem_dup(value.len > 0 ? buf_text(&value) : "");
        facts.text[key] = texts[key];
        facts.number[key] = strtoull(texts[key], NULL, 10);
    }
    struct digest *digest = digest_new();
    if (!audit_line_format(&out, &facts, digest, hash) || out.len > AUDIT_LINE_MAX_BYTES)
        abort();
    if (out.len != len + 1 || memcmp(out.data, bytes, len - SEAL_BYTES) != 0)
        abort();
    digest_free(digest);
    for (unsigned key = 0; key < AUDIT_KEYS; key++)
        mem_free(texts[key]);
    buf_fini(&value);
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct audit_line line;
    /* Without the final NUL that a copy would have: nothing behind the end is read. */
    char *bytes = mem_grow(NULL, size, 1);
    if (size > 0)
        memcpy(bytes, data, size);
    if (size < AUDIT_LINE_MAX_BYTES && audit_line_parse(bytes, size, &line))
        write_again(bytes, size, &line);
    mem_free(bytes);
    return 0;
}
