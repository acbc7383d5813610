/* One user: the screen behind Enter, and the side pane of wide terminals. */
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

/* Where the next line goes. */
struct sheet {
    const struct paint *p;
    int row, col, cols, end;
};

static struct pen sheet_line(struct sheet *sheet)
{
    struct pen pen = {sheet->p->canvas, sheet->row, sheet->col + 1, sheet->col + sheet->cols};

    if (sheet->row >= sheet->end)
        pen.end = pen.col; /* no room left: nothing is drawn */
    sheet->row++;
    return pen;
}

static void devices_text(const struct user *user, char *out, size_t size)
{
    size_t online = 0;

    for (size_t i = 0; i < user->devices_len; i++)
        online += user->devices[i].is_online;
    if (user->devices_len == 0)
        str_copy(out, size, "device not known");
    else if (user->devices_len == 1)
        (void)snprintf(out, size, "%.60s %s",
                       user->devices[0].name[0] != '\0' ? user->devices[0].name : "device",
                       online > 0 ? "online" : "offline");
    else
        (void)snprintf(out, size, "%zu of %zu devices online", online, user->devices_len);
}

static void paint_title(struct sheet *sheet, const struct user *user)
{
    struct pen pen = sheet_line(sheet);
    char right[400], devices[96];
    const char *dot = paint_glyph(sheet->p, " · ", " . ");

    devices_text(user, devices, sizeof devices);
    (void)snprintf(right, sizeof right, "%.200s%s%s", user->department,
                   user->department[0] != '\0' ? dot : "", devices);
    int end = pen.end, width = utf8_width(right);
    if (end - pen.col >= width + 20)
        pen.end = end - width - 2;
    pen_printf(&pen, style_with(ROLE_HEADING, ATTR_BOLD), "%s %s", user->extension, user->name);
    if (pen.end < end) {
        pen.col = end - width - 1;
        pen.end = end;
        pen_put(&pen, STYLE(ROLE_DIM), right);
    }
}

/* Clock of a call: since it was answered, else since its state began. */
static void call_time(const struct paint *p, const struct call *call, char *out, size_t size)
{
    int64_t since_ms = call->state == CALL_CONNECTED && call->connected_ms > 0 ? call->connected_ms
                                                                               : call->since_ms;
    bool is_at_least = since_ms == 0;
    int64_t age_ms = hud_age_ms(p->hud, is_at_least ? call->seen_ms : since_ms, p->now_ms);

    out[0] = '\0';
    if (age_ms < 0)
        return;
    long seconds = (long)(age_ms / 1000);
    const char *sign = is_at_least ? paint_glyph(p, "≥", ">") : "";
    if (seconds < 3600)
        (void)snprintf(out, size, "%s%ld:%02ld", sign, seconds / 60, seconds % 60);
    else
        (void)snprintf(out, size, "%s%ld:%02ld:%02ld", sign, seconds / 3600, seconds / 60 % 60,
                       seconds % 60);
    paint_due_in(p, 1000 - age_ms % 1000);
}

static const char *call_words(const struct call *call)
{
    switch (call->state) {
    case CALL_RINGING: return "rings";
    case CALL_DIALLING: return "dials";
    case CALL_CONNECTED: return "on call";
    case CALL_HELD: return "hold";
    case CALL_PARKED: return "parked";
    }
    return "";
}

static enum lamp call_lamp(const struct call *call)
{
    switch (call->state) {
    case CALL_RINGING: return LAMP_RINGING;
    case CALL_HELD: return LAMP_HOLD;
    case CALL_PARKED: return LAMP_PARKED;
    case CALL_DIALLING:
    case CALL_CONNECTED: break;
    }
    return LAMP_ON_CALL;
}

static void supervisors_text(const struct call *call, char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = 0; i < call->supervisors_len; i++) {
        const struct supervisor *s = &call->supervisors[i];
        const char *mode = supervise_mode_json(s->mode);
        size_t used = strlen(out);
        (void)snprintf(out + used, size - used, "%s%s%s%s", used > 0 ? "; " : "",
                       s->extension[0] != '\0' ? s->extension : "somebody",
                       mode != NULL ? ", " : "", mode != NULL ? mode : "");
    }
}

static void paint_call(struct sheet *sheet, const struct call *call)
{
    const struct paint *p = sheet->p;
    struct pen pen = sheet_line(sheet);
    char glyph[8], age[32], party[256], number[128], text[256];

    paint_sign(p, call_lamp(call), glyph);
    call_time(p, call, age, sizeof age);
    party_text(p->ui, call, party, sizeof party);
    number_text(p->ui, call->number, number, sizeof number);
    pen_put(&pen, STYLE(lamp_role(call_lamp(call))), glyph);
    pen_printf(&pen, STYLE(ROLE_TEXT), " %s %s   %s %s", call_words(call), age,
               call->direction == CALL_OUT ? paint_glyph(p, "→", ">") : paint_glyph(p, "←", "<"),
               party[0] != '\0' ? party : "not known");
    if (number[0] != '\0' && !str_eq(number, party))
        pen_printf(&pen, STYLE(ROLE_DIM), "  %s", number);
    if (call->is_recorded)
        pen_put(&pen, STYLE(ROLE_TEXT), sheet->cols < 70 ? "   rec on" : "   recording on");
    supervisors_text(call, text, sizeof text);
    if (text[0] != '\0') {
        pen = sheet_line(sheet);
        pen_printf(&pen, STYLE(ROLE_TEXT), "  %s supervised by %s", paint_glyph(p, "♪", "^"), text);
    }
}

static void paint_state(struct sheet *sheet, const struct user *user)
{
    const struct paint *p = sheet->p;
    struct face face;
    char words[300];

    face_make(&face, p, user, false);
    if (face.calls == 0 || face.view.lamp > LAMP_ON_CALL) {
        struct pen pen = sheet_line(sheet);
        face_words(&face, p, words, sizeof words);
        pen_put(&pen, face.lamp, face.glyph);
        pen_printf(&pen, STYLE(ROLE_TEXT), " %s %s", words, face.age);
    }
    for (size_t i = 0; face.calls > 0 && i < user->calls.len; i++)
        paint_call(sheet, &user->calls.items[i]);
    if (face.calls > user->calls.len)
        (void)snprintf(words, sizeof words, "and %zu more calls", user->calls_beyond);
    else
        str_copy(words, sizeof words,
                 user->is_withheld  ? "calls are not shown to you"
                 : face.calls != 1  ? ""
                 : sheet->cols < 70 ? "one call; no other waits"
                                    : "no second call");
    if (words[0] != '\0') {
        struct pen pen = sheet_line(sheet);
        pen_printf(&pen, STYLE(ROLE_DIM), "  %s", words);
    }
    if (face.view.is_stale) {
        struct pen pen = sheet_line(sheet);
        pen_put(&pen, STYLE(ROLE_WARN),
                face.view.lamp == LAMP_UNKNOWN
                    ? "  the link is down; i says what was known last"
                    : "  stale: the link is down, this may have changed");
    }
}

/* A text after a label, over as many lines as it needs. */
static void paint_labelled(struct sheet *sheet, const char *label, const char *text)
{
    enum { INDENT = 10 };
    int col = sheet->col + 1 + INDENT;

    if (sheet->row < sheet->end)
        canvas_put(sheet->p->canvas, sheet->row, sheet->col + 1, INDENT, STYLE(ROLE_DIM), label);
    sheet->row += paint_text(sheet->p, sheet->row, sheet->end, col, sheet->col + sheet->cols - col,
                             STYLE(ROLE_TEXT), text);
}

static struct pickup pickup_of(const struct paint *p, const struct user *user)
{
    if (p->ui->settings.is_read_only)
        return (struct pickup){.why = "callhud was started read-only"};
    return hud_pickup(p->hud, user, p->now_ms);
}

static void paint_may(struct sheet *sheet, const struct user *user)
{
    struct pickup pickup = pickup_of(sheet->p, user);
    char text[400];

    paint_labelled(sheet, "you may", pickup.is_ok ? "pick up: yes" : "pick up: no");
    if (!pickup.is_ok && pickup.why != NULL) {
        (void)snprintf(text, sizeof text, "pick up: %s", pickup.why);
        paint_labelled(sheet, "", text);
    }
}

/* The same as a table, in the side pane. */
static void paint_may_table(struct sheet *sheet, const struct user *user)
{
    enum { ANSWER_COL = 13, WHY_COL = 32 };
    struct pickup pickup = pickup_of(sheet->p, user);
    struct pen pen = sheet_line(sheet);
    int why_col = pen.col + WHY_COL - 1;

    pen_put(&pen, STYLE(ROLE_DIM), "YOU MAY");
    pen.col = why_col;
    pen_put(&pen, STYLE(ROLE_DIM), "WHY NOT");
    pen = sheet_line(sheet);
    int row = pen.row, col = pen.col;
    pen_put(&pen, STYLE(ROLE_TEXT), " pick up");
    pen.col = col + ANSWER_COL;
    pen_put(&pen, STYLE(ROLE_TEXT), pickup.is_ok ? "yes" : "no");
    if (!pickup.is_ok && pickup.why != NULL) {
        int lines = paint_text(sheet->p, row, sheet->end, why_col, pen.end - why_col,
                               STYLE(ROLE_TEXT), pickup.why);
        sheet->row = row + (lines > 0 ? lines : 1);
    }
    sheet->row++;
}

static void paint_facts(struct sheet *sheet, const struct user *user)
{
    const struct paint *p = sheet->p;
    const char *presence = presence_json(user->presence);
    char text[400];

    bool is_old = hud_lamp(p->hud, user, p->now_ms).is_stale;
    (void)snprintf(text, sizeof text, "%s%s%s%s%s", presence != NULL ? presence : "not told",
                   user->presence_note[0] != '\0' ? ": " : "", user->presence_note,
                   user->is_dnd ? paint_glyph(p, " · do not disturb", " . do not disturb") : "",
                   is_old && presence != NULL ? ", when last heard" : "");
    paint_labelled(sheet, "presence", text);
    for (size_t i = 0; i < user->devices_len; i++) {
        (void)snprintf(text, sizeof text, "%.200s %s", user->devices[i].name,
                       user->devices[i].is_online ? "online" : "offline");
        paint_labelled(sheet, i == 0 ? "devices" : "", text);
    }
}

void view_user(const struct paint *p)
{
    const struct user *user = board_selected(&p->ui->board);
    struct sheet sheet = {p, 1, 0, p->layout->cols, p->layout->message_row};

    p->ui->screen_rows = sheet.end - sheet.row;
    if (user == NULL) {
        canvas_put(p->canvas, 1, 1, p->layout->cols, STYLE(ROLE_DIM), "nobody is selected");
        return;
    }
    paint_title(&sheet, user);
    paint_state(&sheet, user);
    if (sheet.row < sheet.end)
        paint_rule(p, sheet.row++, 1, p->layout->cols - 2);
    paint_may(&sheet, user);
    paint_facts(&sheet, user);
}

void view_pane(const struct paint *p)
{
    const struct user *user = board_selected(&p->ui->board);
    int end = p->layout->bar_row >= 0 ? p->layout->bar_row : p->layout->message_row;
    struct sheet sheet = {p, p->layout->body_row, p->layout->pane_col + 1, p->layout->pane_cols - 1,
                          end};

    canvas_fill(p->canvas, sheet.row, p->layout->pane_col, end - sheet.row, 1, STYLE(ROLE_DIM),
                paint_glyph(p, "│", "|"));
    if (user == NULL)
        return;
    paint_title(&sheet, user);
    paint_state(&sheet, user);
    sheet.row++;
    paint_may_table(&sheet, user);
    paint_facts(&sheet, user);
}
