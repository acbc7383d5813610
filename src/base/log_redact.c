#include "log_redact.h"

#include "callhud/base/log.h"
#include "callhud/base/mem.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#define SECRET_MIN_BYTES 4
#define SECRETS_MAX 256
/* The first ones come from the configuration and stay. Of the rest (tokens, renewed every hour) the
 * oldest makes room: it has long expired. */
#define SECRETS_KEPT 32

static struct {
    char *text; /* a mapping of its own: locked, not in a core dump */
    size_t len;
} secrets[SECRETS_MAX];
static size_t secret_count;
static size_t next_victim = SECRETS_KEPT;

static void forget(size_t i)
{
    mem_wipe(secrets[i].text, secrets[i].len);
    munmap(secrets[i].text, secrets[i].len);
    secrets[i].text = NULL;
    secrets[i].len = 0;
}

void log_secret(const char *text)
{
    size_t len = text == NULL ? 0 : strlen(text);
    size_t at = secret_count;

    if (len < SECRET_MIN_BYTES)
        return;
    for (size_t i = 0; i < secret_count; i++)
        if (secrets[i].len == len && memcmp(secrets[i].text, text, len) == 0)
            return;
    char *copy = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (copy == MAP_FAILED) {
        mem_free(mem_grow(NULL, len, 1)); /* ends the program if memory is short */
        return;
    }
    /* Where the limit on locked memory is too low the secret is kept all the same. */
    (void)mlock(copy, len);
    (void)madvise(copy, len, MADV_DONTDUMP);
    memcpy(copy, text, len);
    if (at == SECRETS_MAX) {
        at = next_victim;
        next_victim = at + 1 < SECRETS_MAX ? at + 1 : SECRETS_KEPT;
        forget(at);
    } else {
        secret_count++;
    }
    secrets[at].text = copy;
    secrets[at].len = len;
}

void log_forget_secrets(void)
{
    while (secret_count > 0)
        forget(--secret_count);
    next_victim = SECRETS_KEPT;
}

/* The longest secret at the start of text; 0 when none is there. */
static size_t secret_at(const char *text, size_t left)
{
    size_t longest = 0;

    for (size_t i = 0; i < secret_count; i++)
        if (secrets[i].text[0] == text[0] && secrets[i].len > longest && secrets[i].len <= left &&
            memcmp(secrets[i].text, text, secrets[i].len) == 0)
            longest = secrets[i].len;
    return longest;
}

void log_redact_secrets(char *text)
{
    size_t len = strlen(text);
    size_t to = 0, covered = 0; /* overlapping secrets go as one */

    if (secret_count == 0)
        return;
    for (size_t at = 0; at < len; at++) {
        size_t found = secret_at(text + at, len - at);
        if (at + found > covered && found > 0)
            covered = at + found;
        if (at >= covered) {
            text[to++] = text[at];
        } else if (at + 1 == covered && secret_at(text + at + 1, len - at - 1) == 0) {
            memcpy(text + to, "***", 3);
            to += 3;
        }
    }
    text[to] = '\0';
}

void log_cut_secret_start(char *text)
{
    size_t len = strlen(text);

    for (size_t at = 0; at < len; at++)
        for (size_t i = 0; i < secret_count; i++)
            if (secrets[i].len > len - at && memcmp(secrets[i].text, text + at, len - at) == 0) {
                text[at] = '\0';
                return;
            }
}

/* Names whose value is a secret. A header's value goes to the end of the line. */
static const struct {
    const char *name;
    bool is_header;
} secret_names[] = {
    {"authorization", true}, {"cookie", true},    {"api_key", false},   {"api-key", false},
    {"apikey", false},       {"password", false}, {"passwd", false},    {"secret", false},
    {"token", false},        {"jwt", false},      {"assertion", false},
};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* End of a value that starts after the quote; backslashes hide quotes. */
static char *quoted_end(char *at, char quote)
{
    while (*at != '\0' && *at != quote && *at != '\n')
        at += *at == '\\' && at[1] != '\0' ? 2 : 1;
    return at;
}

static char *value_end(char *value, bool is_header, char name_quote)
{
    if (!is_header)
        return value + strcspn(value, " \t\r\n&;,\"'<>(){}[]");
    /* curl -H "Authorization: ..." ends with the quote that it began with. */
    if (name_quote != '\0')
        return quoted_end(value, name_quote);
    return value + strcspn(value, "\r\n");
}

/* Puts stars for [from, end), never more than there was, and closes the gap. Returns the place
 * behind the stars. */
static char *blot(char *from, char *end)
{
    size_t len = (size_t)(end - from);
    size_t stars = len < 3 ? len : 3;

    memset(from, '*', stars);
    memmove(from + stars, end, strlen(end) + 1);
    return from + stars;
}

/* If the name at [name, after) has a value, blots it. Returns where to go on. */
static char *blot_value(const char *text, char *name, char *after, bool is_header)
{
    char *at = after;
    char name_quote = name > text && (name[-1] == '"' || name[-1] == '\'') ? name[-1] : '\0';

    if (*at == '\\')
        at++;
    bool is_name_quoted = *at == '"' || *at == '\'';
    if (is_name_quoted)
        at++;
    while (is_space(*at))
        at++;
    if (*at != '=' && *at != ':')
        return after;
    at++;
    while (is_space(*at))
        at++;
    bool is_escaped = *at == '\\' && at[1] == '"';
    if (is_escaped)
        at++;
    if (*at == '"' || *at == '\'') {
        char quote = *at++;
        char *end = quoted_end(at, quote);
        if (is_escaped) { /* JSON inside JSON: the value ends with \" */
            end = strstr(at, "\\\"");
            if (end == NULL)
                end = at + strlen(at);
        }
        return blot(at, end);
    }
    return blot(at, value_end(at, is_header, is_name_quoted ? '\0' : name_quote));
}

static char *blot_names(const char *text, char *at)
{
    /* Every byte of every log line comes by here: look at the first letter of the names first. */
    if (strchr("acpstjACPSTJ", *at) == NULL)
        return at;
    for (size_t i = 0; i < sizeof secret_names / sizeof secret_names[0]; i++) {
        size_t len = strlen(secret_names[i].name);
        if (strncasecmp(at, secret_names[i].name, len) == 0 && !is_word(at[len]))
            return blot_value(text, at, at + len, secret_names[i].is_header);
    }
    return at;
}

/* Bearer TOKEN wherever it stands. */
static char *blot_bearer(char *at)
{
    if ((*at != 'b' && *at != 'B') || strncasecmp(at, "bearer ", 7) != 0)
        return at;
    char *end = at + 7;
    while (is_word(*end) || (*end != '\0' && strchr("-._~+/=", *end) != NULL))
        end++;
    return end - at < 7 + 8 ? at : blot(at + 7, end);
}

/* ://user:password@ */
static char *blot_userinfo(char *at)
{
    if (strncmp(at, "://", 3) != 0)
        return at;
    char *host = at + 3 + strcspn(at + 3, "/?# \t\r\n\"'");
    char *end = NULL;
    for (char *p = at + 3; p < host; p++)
        if (*p == '@')
            end = p;
    char *colon = end == NULL ? NULL : memchr(at + 3, ':', (size_t)(end - at - 3));
    return colon == NULL ? at : blot(colon + 1, end);
}

void log_redact(char *text)
{
    log_redact_secrets(text);
    for (char *at = text; *at != '\0';) {
        char *next = blot_names(text, at);
        if (next == at)
            next = blot_bearer(at);
        if (next == at)
            next = blot_userinfo(at);
        at = next == at ? at + 1 : next;
    }
}
