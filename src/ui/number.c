/* Telephone numbers on the screen. */
#include "callhud/ui/numbers.h"

#include "callhud/ui/ui_priv.h"

#include <ctype.h>
#include <stdio.h>

static size_t digits_of(const char *text, char *out, size_t size)
{
    size_t len = 0;

    for (; *text != '\0'; text++)
        if (isdigit((unsigned char)*text) && len + 1 < size)
            out[len++] = *text;
    out[len] = '\0';
    return len;
}

/* +1 and ten digits are written 3-3-4; all others stay as they were sent. */
static void grouped(const char *number, char *out, size_t size)
{
    char digits[32];

    if (number[0] == '+' && number[1] == '1' && digits_of(number, digits, sizeof digits) == 11)
        (void)snprintf(out, size, "%.3s %.3s %.4s", digits + 1, digits + 4, digits + 7);
    else
        str_copy(out, size, number);
}

static void last_four(const char *number, char *out, size_t size)
{
    char last[5] = "";
    size_t count = 0;

    for (size_t i = strlen(number); i-- > 0;)
        if (isdigit((unsigned char)number[i]) && count++ < 4)
            last[4 - count] = number[i];
    (void)snprintf(out, size, "%s%s", count > 4 ? "xxx " : "", last + (count < 4 ? 4 - count : 0));
}

void numbers_text(char *out, size_t size, const char *number, enum ui_numbers numbers)
{
    if (str_is_empty(number)) {
        out[0] = '\0';
        return;
    }
    switch (numbers) {
    case NUMBERS_FULL: grouped(number, out, size); break;
    case NUMBERS_HIDDEN: str_copy(out, size, "xxx"); break;
    case NUMBERS_LAST4: last_four(number, out, size); break;
    }
}

void number_text(const struct ui *ui, const char *number, char *out, size_t size)
{
    numbers_text(out, size, number, ui->settings.numbers);
}

/* Such a name must not get round the masking. */
bool numbers_is_number(const char *name)
{
    char digits[64];

    if (name[strspn(name, "+0123456789 -./()")] != '\0')
        return false;
    return digits_of(name, digits, sizeof digits) > 0;
}

void party_text(const struct ui *ui, const struct call *call, char *out, size_t size)
{
    if (call == NULL)
        out[0] = '\0';
    else if (call->name[0] != '\0' && !numbers_is_number(call->name))
        str_copy(out, size, call->name);
    else
        number_text(ui, call->number[0] != '\0' ? call->number : call->name, out, size);
}

static void replace_all(struct buf *out, const char *text, const char *from, const char *to)
{
    size_t len = strlen(from);
    const char *at;

    while (len > 0 && (at = strstr(text, from)) != NULL) {
        buf_put(out, text, (size_t)(at - text));
        buf_puts(out, to);
        text = at + len;
    }
    buf_puts(out, text);
}

static void replace_number(struct buf *text, enum ui_numbers numbers, const char *number)
{
    char shown[128];
    struct buf made;

    if (str_is_empty(number))
        return;
    numbers_text(shown, sizeof shown, number, numbers);
    buf_init(&made, text->max_bytes);
    replace_all(&made, buf_text(text), number, shown);
    buf_reset(text);
    buf_puts(text, buf_text(&made));
    buf_fini(&made);
}

void numbers_mask_text(struct buf *out, const char *text, const struct user *user,
                       enum ui_numbers numbers)
{
    buf_reset(out);
    buf_puts(out, text);
    for (size_t i = 0; i < user->calls.len; i++) {
        const struct call *call = &user->calls.items[i];
        replace_number(out, numbers, call->number);
        if (numbers_is_number(call->name) && !str_eq(call->name, call->number))
            replace_number(out, numbers, call->name);
    }
}
