#include "callhud/base/err.h"

#include "callhud/base/str.h"

#include <stdio.h>
#include <string.h>

static const struct {
    int exit_code;
    const char *text;
} rc_table[] = {
#define RC_ROW(name, exit_code, text) [name] = {exit_code, text},
    RC_LIST(RC_ROW)
#undef RC_ROW
};

static void blank_controls(char *text)
{
    for (unsigned char *p = (unsigned char *)text; *p != '\0'; p++) {
        if (*p < 0x20 || *p == 0x7F)
            *p = ' ';
        /* U+0080 to U+009F: ESC-like to some terminals. */
        if (*p == 0xC2 && p[1] >= 0x80 && p[1] <= 0x9F)
            p[0] = p[1] = ' ';
    }
}

static void put_text(struct err *err, const char *prefix, const char *text)
{
    /* By way of a copy: the pieces may lie in err->text. */
    char whole[ERR_TEXT_BYTES];
    size_t len = strlen(prefix);
    size_t text_len = strlen(text);

    if (len > sizeof whole - 1)
        len = sizeof whole - 1;
    memcpy(whole, prefix, len);
    if (text_len > sizeof whole - 1 - len)
        text_len = sizeof whole - 1 - len;
    memcpy(whole + len, text, text_len);
    whole[len + text_len] = '\0';
    str_drop_cut(whole);
    blank_controls(whole);
    memcpy(err->text, whole, strlen(whole) + 1);
}

enum rc err_set(struct err *err, enum rc rc, const char *format, ...)
{
    char text[ERR_TEXT_BYTES];
    va_list args;

    if (err == NULL)
        return rc;
    va_start(args, format);
    if (vsnprintf(text, sizeof text, format, args) < 0)
        text[0] = '\0';
    va_end(args);
    err->rc = rc;
    put_text(err, "", text);
    return rc;
}

enum rc err_prefix(struct err *err, const char *format, ...)
{
    char prefix[ERR_TEXT_BYTES];
    va_list args;

    if (err == NULL)
        return RC_FAILED;
    va_start(args, format);
    int len = vsnprintf(prefix, sizeof prefix - 2, format, args);
    va_end(args);
    if (len < 0)
        prefix[0] = '\0';
    str_drop_cut(prefix);
    memcpy(prefix + strlen(prefix), ": ", 3);
    put_text(err, prefix, err->text);
    return err->rc;
}

void err_clear(struct err *err)
{
    if (err == NULL)
        return;
    err->rc = RC_OK;
    err->text[0] = '\0';
}

const char *rc_text(enum rc rc)
{
    size_t i = (size_t)rc;

    return i < sizeof rc_table / sizeof rc_table[0] ? rc_table[i].text : "unknown failure";
}

int rc_exit_code(enum rc rc)
{
    size_t i = (size_t)rc;

    return i < sizeof rc_table / sizeof rc_table[0] ? rc_table[i].exit_code : 1;
}
