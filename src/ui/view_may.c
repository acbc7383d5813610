/* What you may do with a user, and why not: in the screen of a user and in the side pane. */
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

/* In the order on the screen, with the words that are used there. */
static const struct {
    enum action_kind kind;
    const char *word, *pane_word;
} table[] = {
    {ACTION_LISTEN, "listen", "listen"},   {ACTION_WHISPER, "whisper", "whisper"},
    {ACTION_BARGE, "barge", "barge"},      {ACTION_TAKEOVER, "take over", "take"},
    {ACTION_PICKUP, "pick up", "pick up"}, {ACTION_RECORD, "record", "record"},
    {ACTION_HANGUP, "hang up", "hang up"}, {ACTION_DND, "dnd", "dnd"},
};
enum { MAY_LEN = sizeof table / sizeof table[0] };

static void choose_all(const struct paint *p, const struct user *user, struct choice out[MAY_LEN])
{
    for (size_t i = 0; i < MAY_LEN; i++)
        choice_make(&out[i], p->live, user, NULL, table[i].kind, p->live_ms);
}

/* One reason for all: told once. */
static bool is_same_reason(const struct choice choices[MAY_LEN])
{
    for (size_t i = 0; i < MAY_LEN; i++)
        if (choices[i].check.is_ok || !str_eq(choices[i].check.why, choices[0].check.why))
            return false;
    return true;
}

static bool is_active(const struct choice *choice, const struct hud *live)
{
    char words[256];

    choice_words(choice, live, false, words, sizeof words);
    return str_eq(words, "now active");
}

/* "record", "record off" */
static const char *word_of(const struct choice *choice, size_t at)
{
    bool is_off = choice->call != NULL && choice->call->is_recorded;

    if (choice->kind == ACTION_RECORD)
        return is_off ? "record off" : table[at].word;
    return choice->kind == ACTION_DND && choice->user->is_dnd ? "dnd off" : table[at].word;
}

static void add(char *out, size_t size, const char *text)
{
    size_t used = strlen(out);

    (void)snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "", text);
}

/* "listen, whisper: yes · take over: no", then a line for each reason. */
void view_may(const struct paint *p, struct sheet *sheet, const struct user *user)
{
    struct choice choices[MAY_LEN];
    char yes[160] = "", no[160] = "", now[64] = "", text[700];
    const char *dot = paint_glyph(p, " · ", " . ");

    choose_all(p, user, choices);
    if (is_same_reason(choices)) {
        (void)snprintf(text, sizeof text, "nothing: %s", choices[0].check.why);
        sheet_labelled(p, sheet, "you may", text);
        return;
    }
    for (size_t i = 0; i < MAY_LEN; i++) {
        if (is_active(&choices[i], p->live))
            add(now, sizeof now, word_of(&choices[i], i));
        else if (choices[i].check.is_ok)
            add(yes, sizeof yes, word_of(&choices[i], i));
        else
            add(no, sizeof no, word_of(&choices[i], i));
    }
    (void)snprintf(text, sizeof text, "%s%s%s%s%s%s%s%s", now, now[0] != '\0' ? ": now active" : "",
                   now[0] != '\0' && yes[0] != '\0' ? dot : "", yes, yes[0] != '\0' ? ": yes" : "",
                   (now[0] != '\0' || yes[0] != '\0') && no[0] != '\0' ? dot : "", no,
                   no[0] != '\0' ? ": no" : "");
    sheet_labelled(p, sheet, "you may", text);
    for (size_t i = 0; i < MAY_LEN; i++) {
        bool is_told = choices[i].check.is_ok || is_active(&choices[i], p->live);
        for (size_t j = 0; j < i && !is_told; j++)
            is_told = !choices[j].check.is_ok && !is_active(&choices[j], p->live) &&
                      str_eq(choices[j].check.why, choices[i].check.why);
        if (is_told)
            continue;
        char who[160] = "";
        for (size_t j = i; j < MAY_LEN; j++)
            if (!choices[j].check.is_ok && !is_active(&choices[j], p->live) &&
                str_eq(choices[j].check.why, choices[i].check.why))
                add(who, sizeof who, word_of(&choices[j], j));
        (void)snprintf(text, sizeof text, "%s: %s", who, choices[i].check.why);
        sheet_labelled(p, sheet, "", text);
    }
}

static void table_row(const struct paint *p, struct sheet *sheet, const struct choice *choice,
                      size_t at)
{
    enum { KEY_COL = 9, ANSWER_COL = 13, WHY_COL = 31 };
    struct pen pen = sheet_line(p, sheet);
    int row = pen.row, col = pen.col, why_col = col + WHY_COL;
    char key[KEYMAP_NAME_BYTES], words[256];

    keymap_first(&p->ui->keymap, cmd_find(action_row(choice->kind)->name), key, sizeof key);
    pen_printf(&pen, STYLE(ROLE_TEXT), " %s", table[at].pane_word);
    pen.col = col + KEY_COL;
    pen_put(&pen, STYLE(ROLE_KEY), key);
    pen.col = col + ANSWER_COL;
    choice_words(choice, p->live, p->ui->settings.is_pickup_confirmed, words, sizeof words);
    pen_put(&pen, STYLE(choice->check.is_ok ? ROLE_TEXT : ROLE_DIM), words);
    if (choice->check.is_ok || !str_eq(words, "no"))
        return;
    int lines = paint_text(p, row, sheet->end, why_col, pen.end - why_col, STYLE(ROLE_TEXT),
                           choice->check.why);
    sheet->row = row + (lines > 0 ? lines : 1);
}

/* The same as a table, in the side pane. */
void view_may_table(const struct paint *p, struct sheet *sheet, const struct user *user)
{
    enum { WHY_COL = 31 };
    struct choice choices[MAY_LEN];
    struct pen pen = sheet_line(p, sheet);
    int why_col = pen.col + WHY_COL;

    choose_all(p, user, choices);
    pen_put(&pen, STYLE(ROLE_DIM), "YOU MAY");
    pen.col = why_col;
    pen_put(&pen, STYLE(ROLE_DIM), "WHY NOT");
    if (is_same_reason(choices)) {
        pen = sheet_line(p, sheet);
        pen_put(&pen, STYLE(ROLE_TEXT), " nothing");
        int lines = paint_text(p, pen.row, sheet->end, pen.col + 5, pen.end - pen.col - 5,
                               STYLE(ROLE_TEXT), choices[0].check.why);
        sheet->row = pen.row + (lines > 0 ? lines : 1);
    } else {
        for (size_t i = 0; i < MAY_LEN; i++)
            table_row(p, sheet, &choices[i], i);
    }
    sheet->row++;
}
