/* A question as drawn: effect in the title, facts in the body, verbs on the buttons. */
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

enum { BOX_COLS = 56, SAVE_COLS = 76, BOX_COLS_MIN = 34, BOX_ROWS_MIN = 8 };

/* --- the words ----------------------------------------------------------------------------------
 */

/* What will be so. */
static void put_effect(const struct paint *p, const struct user *user, const struct call *call,
                       struct buf *out)
{
    bool is_waiting = call->state == CALL_RINGING || call->state == CALL_DIALLING;
    char name[160], party[256];

    user_short_name(user, name, sizeof name);
    party_text(p->ui, call, party, sizeof party);
    if (party[0] == '\0')
        str_copy(party, sizeof party, "the caller");
    switch (p->ui->dialog.kind) {
    case DIALOG_BARGE: buf_puts(out, "Both parties will hear you."); break;
    case DIALOG_TAKEOVER:
        buf_printf(out, "%s leaves the call, you talk to %s.", name, party);
        break;
    case DIALOG_HANGUP:
        buf_puts(out,
                 is_waiting ? "The call ends before it is answered." : "The call ends for both.");
        break;
    case DIALOG_RECORD:
        buf_puts(out, "The recording goes on until R again or the call ends; leaving callhud does "
                      "not end it.");
        break;
    case DIALOG_PICKUP:
        if (call->state == CALL_RINGING)
            buf_printf(out, "You talk to %s, it stops ringing at %s.", party, name);
        else
            buf_printf(out, "You talk to %s, who is on hold at %s.", party, name);
        break;
    default: break;
    }
}

/* The same for the smallest screens: a line of 18 cells. */
static const char *short_effect(const struct paint *p, const struct call *call)
{
    bool is_waiting = call->state == CALL_RINGING || call->state == CALL_DIALLING;

    if (action_ends_recording(p->ui->dialog.intent.action, call))
        return "ends the recording";
    switch (p->ui->dialog.kind) {
    case DIALOG_BARGE: return "both will hear you";
    case DIALOG_TAKEOVER: return "the agent leaves";
    case DIALOG_HANGUP: return is_waiting ? "ends unanswered" : "ends for both";
    case DIALOG_RECORD: return "until R or its end";
    case DIALOG_PICKUP: return is_waiting ? "it rings there" : "it is on hold";
    default: return "";
    }
}

static const char *state_word(const struct call *call)
{
    switch (call->state) {
    case CALL_RINGING: return "rings ";
    case CALL_DIALLING: return "dials ";
    case CALL_HELD: return "hold ";
    case CALL_PARKED: return "parked ";
    case CALL_CONNECTED: break;
    }
    return "";
}

/* "Acme Ltd (+49 30 901820) · outgoing · 12:55"; two lines where one is not enough. */
static void put_facts(const struct paint *p, const struct call *call, int cols, struct buf *out)
{
    char party[256], number[128], age[32], who[400], how[100];
    const char *dot = paint_glyph(p, " · ", " . ");
    int64_t age_ms = call_clock(p, p->live, p->live_ms, call, age, sizeof age);

    if (age_ms >= 0)
        paint_due(p, p->live_ms + 1000 - age_ms % 1000);
    party_text(p->ui, call, party, sizeof party);
    number_text(p->ui, call->number, number, sizeof number);
    bool has_number = number[0] != '\0' && !str_eq(number, party) && cols >= BOX_COLS_MIN - 4;
    (void)snprintf(who, sizeof who, "%s%s%s%s", party[0] != '\0' ? party : "other party not known",
                   has_number ? " (" : "", has_number ? number : "", has_number ? ")" : "");
    (void)snprintf(how, sizeof how, "%s%s%s%s",
                   call->direction == CALL_OUT ? "outgoing" : "incoming", dot, state_word(call),
                   age);
    bool is_one_line = utf8_width(who) + utf8_width(dot) + utf8_width(how) <= cols;
    buf_printf(out, "%s%s%s", who, is_one_line ? dot : "\n", how);
}

static const char *doing(enum action_kind kind)
{
    static const char *const words[ACTION_COUNT] = {
        [ACTION_LISTEN] = "Listening to",        [ACTION_WHISPER] = "Whispering to",
        [ACTION_BARGE] = "Being in the call of", [ACTION_TAKEOVER] = "Taking over the call of",
        [ACTION_PICKUP] = "Picking up at",
    };
    return words[kind] != NULL ? words[kind] : "Supervising";
}

static enum action_kind mode_action(const struct supervision *ours)
{
    switch (ours->mode) {
    case SUPERVISE_LISTEN: return ACTION_LISTEN;
    case SUPERVISE_WHISPER: return ACTION_WHISPER;
    case SUPERVISE_BARGE: return ACTION_BARGE;
    case SUPERVISE_UNKNOWN: break;
    }
    return ours->asked;
}

/* "104 Lena Fischer" of the one whose call we supervise. */
static void supervised_who(const struct paint *p, char *out, size_t size)
{
    const struct user *user = hud_user_by_id(p->live, p->live->supervision.user_id);

    if (user == NULL)
        str_copy(out, size, "a user");
    else
        (void)snprintf(out, size, "%.40s%s%.100s", user->extension,
                       user->name[0] != '\0' ? " " : "", user->name);
}

/* What goes on and would end by it. */
static void put_ending(const struct paint *p, struct buf *out)
{
    const struct supervision *ours = &p->live->supervision;
    const struct dialog *dialog = &p->ui->dialog;
    bool is_leave = dialog->kind == DIALOG_QUIT || dialog->kind == DIALOG_SUSPEND ||
                    dialog->kind == DIALOG_RELOAD;
    bool takes_phone = dialog->kind == DIALOG_PICKUP || dialog->kind == DIALOG_BARGE ||
                       dialog->kind == DIALOG_TAKEOVER;
    char who[160];

    if (!supervision_is_on(ours) || !(is_leave || takes_phone) ||
        (takes_phone && supervision_is_of(ours, dialog->intent.user_id, dialog->intent.call_id)))
        return;
    supervised_who(p, who, sizeof who);
    buf_printf(out, "%s%s %s ends.", out->len > 0 ? "\n" : "", doing(mode_action(ours)), who);
}

struct buttons {
    char no[64], idle[64]; /* idle "": there is nothing to wait for */
    const char *yes;
    int cols;     /* of all on one row */
    int yes_cols; /* of the first two */
};

static void buttons_make(const struct paint *p, struct buttons *b)
{
    const struct dialog_row *words = dialog_row(p->ui->dialog.kind);

    *b = (struct buttons){.yes = words->yes};
    if (p->ui->dialog.kind == DIALOG_SAVE)
        save_idle_text(p->ui, b->idle, sizeof b->idle);
    (void)snprintf(b->no, sizeof b->no, "[ %s ]", words->no);
    b->yes_cols = utf8_width(b->no) + 5 + 3 + utf8_width(b->yes);
    b->cols = b->yes_cols + (b->idle[0] != '\0' ? 5 + 3 + utf8_width(b->idle) : 0);
}

/* In a narrow window waiting has a row of its own, below the yes. */
static int button_rows(const struct buttons *b, int cols)
{
    return b->idle[0] != '\0' && b->cols > cols ? 2 : 1;
}

static void body(const struct paint *p, int cols, bool is_short, struct buf *out)
{
    if (p->ui->dialog.kind == DIALOG_SAVE) {
        struct buttons buttons;
        buttons_make(p, &buttons);
        save_body(p, cols,
                  is_short ? p->canvas->rows - 2
                           : paint_window_rows(p) - 3 - button_rows(&buttons, cols),
                  out);
        return;
    }
    const struct dialog *dialog = &p->ui->dialog;
    const struct user *user = hud_user_by_id(p->live, dialog->intent.user_id);
    const struct call *call = hud_call_by_id(user, dialog->intent.call_id);

    if (call != NULL) {
        if (is_short)
            buf_puts(out, short_effect(p, call));
        else
            put_effect(p, user, call, out);
        if (!is_short && action_ends_recording(dialog->intent.action, call))
            buf_puts(out, "\nA recording made by callhud ends.");
        buf_putc(out, '\n');
        put_facts(p, call, cols, out);
    }
    put_ending(p, out);
    if (dialog->intent.text[0] != '\0')
        buf_printf(out, "\nreason: %s", dialog->intent.text);
}

/* The richest title that fits. */
static void title(const struct paint *p, int cols, char *out, size_t size)
{
    const struct dialog *dialog = &p->ui->dialog;
    const struct dialog_row *row = dialog_row(dialog->kind);
    const struct user *user = hud_user_by_id(p->live, dialog->intent.user_id);
    char who[160], name[160];

    if (dialog->kind == DIALOG_SAVE) {
        save_title(p, cols, out, size);
        return;
    }
    if (user == NULL) { /* the one who is supervised */
        supervised_who(p, who, sizeof who);
        str_copy(name, sizeof name, who);
    } else {
        str_copy(who, sizeof who, dialog->who);
        str_copy(name, sizeof name, user->name[0] != '\0' ? user->name : user->extension);
    }
    (void)snprintf(out, size, "%s%s?", row->title, name);
    if (utf8_width(out) <= cols)
        return;
    if (user == NULL) {
        (void)snprintf(out, size, "%s?", row->title_short);
        return;
    }
    (void)snprintf(out, size, "%s%s?", row->title_short, who);
    if (utf8_width(out) > cols && strchr(who, ' ') != NULL) {
        *strchr(who, ' ') = '\0';
        (void)snprintf(out, size, "%s%s?", row->title_short, who);
    }
}

/* --- the picture ---------------------------------------------------------------------------------
 */

static void put_buttons(const struct paint *p, const struct buttons *b, int row, int col, int cols)
{
    struct style style = STYLE(ROLE_DIALOG), bold = style_with(ROLE_DIALOG, ATTR_BOLD);
    bool is_two = button_rows(b, cols) == 2;
    int below = utf8_width(b->no) + 2 + 3 + utf8_width(b->idle); /* the idle one, under the yes */
    int width = !is_two ? b->cols : below > b->yes_cols - 3 ? below : b->yes_cols - 3;
    int left = width < cols ? (cols - width) / 2 : 0;
    struct pen pen = {p->canvas, row, col + left, col + cols};
    pen_put(&pen, style_with(ROLE_DIALOG, ATTR_REVERSE), b->no);
    pen_put(&pen, style, is_two || width > cols ? "  " : "     ");
    int yes = pen.col;
    pen_put(&pen, bold, "y");
    pen_put(&pen, style, "  ");
    pen_put(&pen, style, b->yes);
    if (b->idle[0] == '\0')
        return;
    if (is_two)
        pen = (struct pen){p->canvas, row + 1, yes, col + cols};
    else
        pen_put(&pen, style, "     ");
    pen_put(&pen, bold, "w");
    pen_printf(&pen, style, "  %s", b->idle);
}

static void paint_boxed(const struct paint *p)
{
    struct buf text;
    struct buttons buttons;
    char head[400];
    int screen_rows = paint_window_rows(p), screen_cols = p->canvas->cols;
    int cols = p->ui->dialog.kind == DIALOG_SAVE ? SAVE_COLS : BOX_COLS;
    cols = screen_cols < cols ? screen_cols : cols;
    int inner = cols - 4;

    buttons_make(p, &buttons);
    int last = button_rows(&buttons, inner);
    buf_init(&text, 8192);
    body(p, inner, false, &text);
    int lines = paint_text(p, -1, 0, 0, inner, STYLE(ROLE_DIALOG), buf_text(&text));
    int gap = lines + 3 + last <= screen_rows;
    int rows = lines + gap + 2 + last;
    if (rows > screen_rows)
        rows = screen_rows;
    int row = (screen_rows - rows) / 2, col = (screen_cols - cols) / 2;
    title(p, cols - 4, head, sizeof head);
    paint_box(p, row, col, rows, cols, head);
    p->ui->rest_row = row;
    p->ui->rest_col = col + 2;
    (void)paint_text(p, row + 1, row + rows - 1 - last, col + 2, inner, STYLE(ROLE_DIALOG),
                     buf_text(&text));
    put_buttons(p, &buttons, row + rows - 1 - last, col + 2, inner);
    buf_fini(&text);
}

/* Without a border, over the whole of a screen that is small. */
static void paint_bare(const struct paint *p)
{
    const struct dialog_row *words = dialog_row(p->ui->dialog.kind);
    struct buf text;
    char head[400];
    int rows = p->canvas->rows, cols = p->canvas->cols;
    int need = utf8_width(" y   Esc ") + utf8_width(words->yes) + utf8_width(words->no_short);
    const char *yes = need <= cols ? words->yes : words->title_short; /* both keys are shown */

    canvas_fill(p->canvas, 0, 0, rows, cols, STYLE(ROLE_DIALOG), " ");
    title(p, cols - 1, head, sizeof head);
    canvas_field(p->canvas, 0, 1, cols - 1, style_with(ROLE_DIALOG, ATTR_BOLD), head);
    p->ui->rest_row = p->ui->rest_col = 0;
    buf_init(&text, 8192);
    body(p, cols - 1, true, &text);
    (void)paint_text(p, 1, rows - 1, 1, cols - 1, STYLE(ROLE_DIALOG), buf_text(&text));
    buf_fini(&text);
    struct pen pen = {p->canvas, rows - 1, 1, cols};
    pen_put(&pen, style_with(ROLE_DIALOG, ATTR_BOLD), "y");
    pen_printf(&pen, STYLE(ROLE_DIALOG), " %s  ", yes);
    pen_put(&pen, style_with(ROLE_DIALOG, ATTR_REVERSE), "Esc");
    pen_printf(&pen, STYLE(ROLE_DIALOG), " %s", words->no_short);
}

void view_dialog(const struct paint *p)
{
    struct dialog *dialog = &p->ui->dialog;

    if (p->canvas->cols >= BOX_COLS_MIN && paint_window_rows(p) >= BOX_ROWS_MIN)
        paint_boxed(p);
    else
        paint_bare(p);
    if (!dialog->is_drawn)
        dialog->drawn_ms = p->live_ms;
    dialog->is_drawn = true;
}
