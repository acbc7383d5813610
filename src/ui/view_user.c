/* One user: the screen behind Enter, and the side pane of wide terminals. */
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

struct pen sheet_line(const struct paint *p, struct sheet *sheet)
{
    struct pen pen = {p->canvas, sheet->row, sheet->col + 1, sheet->col + sheet->cols};

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

static void paint_title(const struct paint *p, struct sheet *sheet, const struct user *user)
{
    struct pen pen = sheet_line(p, sheet);
    char right[400], devices[96];
    const char *dot = paint_glyph(p, " · ", " . ");

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

/* "you, listen 0:42 (audit #5121)"; "" when the call is not the one that we supervise. */
static void our_text(const struct paint *p, const struct user *user, const struct call *call,
                     char *out, size_t size)
{
    const struct supervision *ours = &p->hud->supervision;
    const char *mode = supervise_mode_json(ours->mode);
    char audit[48] = "", age[32] = "";

    out[0] = '\0';
    if (mode == NULL || !supervision_is_of(ours, user->id, call->id))
        return;
    if (ours->begin_ms > 0 && ours->begin_ms <= p->now_ms) {
        long seconds = (long)((p->now_ms - ours->begin_ms) / 1000);
        (void)snprintf(age, sizeof age, " %ld:%02ld", seconds / 60, seconds % 60);
        paint_due_in(p, 1000 - (p->now_ms - ours->begin_ms) % 1000);
    }
    if (p->ui->audit_number > 0)
        (void)snprintf(audit, sizeof audit, " (audit #%llu)",
                       (unsigned long long)p->ui->audit_number);
    (void)snprintf(out, size, "you, %s%s%s", mode, age, audit);
}

/* Of ourselves only what the model knows best. */
static void supervisors_text(const struct paint *p, const struct user *user,
                             const struct call *call, char *out, size_t size)
{
    our_text(p, user, call, out, size);
    bool is_ours = out[0] != '\0';
    for (size_t i = 0; i < call->supervisors_len; i++) {
        const struct supervisor *s = &call->supervisors[i];
        const char *mode = supervise_mode_json(s->mode);
        size_t used = strlen(out);
        if (is_ours && s->extension[0] != '\0' &&
            str_eq(s->extension, p->ui->settings.phone_extension))
            continue;
        (void)snprintf(out + used, size - used, "%s%s%s%s", used > 0 ? "; " : "",
                       s->extension[0] != '\0' ? s->extension : "somebody",
                       mode != NULL ? ", " : "", mode != NULL ? mode : "");
    }
}

static void paint_call(const struct paint *p, struct sheet *sheet, const struct user *user,
                       const struct call *call)
{
    struct pen pen = sheet_line(p, sheet);
    char glyph[8], age[32], party[256], number[128], text[256];

    paint_sign(p, call_lamp(call), glyph);
    int64_t age_ms = call_clock(p, p->hud, p->now_ms, call, age, sizeof age);
    if (age_ms >= 0)
        paint_due_in(p, 1000 - age_ms % 1000);
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
    supervisors_text(p, user, call, text, sizeof text);
    if (text[0] != '\0') {
        pen = sheet_line(p, sheet);
        pen_printf(&pen, STYLE(ROLE_TEXT), "  %s supervised by %s", paint_glyph(p, "♪", "^"), text);
    }
}

static void paint_state(const struct paint *p, struct sheet *sheet, const struct user *user)
{
    struct face face;
    char words[300];

    face_make(&face, p, user, false);
    if (face.calls == 0 || face.view.lamp > LAMP_ON_CALL) {
        struct pen pen = sheet_line(p, sheet);
        face_words(&face, p, words, sizeof words);
        pen_put(&pen, face.lamp, face.glyph);
        pen_printf(&pen, STYLE(ROLE_TEXT), " %s %s", words, face.age);
    }
    for (size_t i = 0; face.calls > 0 && i < user->calls.len; i++)
        paint_call(p, sheet, user, &user->calls.items[i]);
    if (face.calls > user->calls.len)
        (void)snprintf(words, sizeof words, "and %zu more calls", user->calls_beyond);
    else
        str_copy(words, sizeof words,
                 user->is_withheld  ? "calls are not shown to you"
                 : face.calls != 1  ? ""
                 : sheet->cols < 70 ? "one call; no other waits"
                                    : "no second call");
    if (words[0] != '\0') {
        struct pen pen = sheet_line(p, sheet);
        pen_printf(&pen, STYLE(ROLE_DIM), "  %s", words);
    }
    if (face.view.is_stale) {
        struct pen pen = sheet_line(p, sheet);
        pen_put(&pen, STYLE(ROLE_WARN),
                face.view.lamp == LAMP_UNKNOWN
                    ? "  the link is down; i says what was known last"
                    : "  stale: the link is down, this may have changed");
    }
}

void sheet_labelled(const struct paint *p, struct sheet *sheet, const char *label, const char *text)
{
    enum { INDENT = 10 };
    int col = sheet->col + 1 + INDENT;

    if (sheet->row < sheet->end)
        canvas_put(p->canvas, sheet->row, sheet->col + 1, INDENT, STYLE(ROLE_DIM), label);
    sheet->row += paint_text(p, sheet->row, sheet->end, col, sheet->col + sheet->cols - col,
                             STYLE(ROLE_TEXT), text);
}

static void paint_facts(const struct paint *p, struct sheet *sheet, const struct user *user)
{
    const char *presence = presence_json(user->presence);
    char text[400];

    bool is_old = hud_lamp(p->hud, user, p->now_ms).is_stale;
    (void)snprintf(text, sizeof text, "%s%s%s%s%s", presence != NULL ? presence : "not told",
                   user->presence_note[0] != '\0' ? ": " : "", user->presence_note,
                   user->is_dnd ? paint_glyph(p, " · do not disturb", " . do not disturb") : "",
                   is_old && presence != NULL ? ", when last heard" : "");
    sheet_labelled(p, sheet, "presence", text);
    for (size_t i = 0; i < user->devices_len; i++) {
        (void)snprintf(text, sizeof text, "%.200s %s", user->devices[i].name,
                       user->devices[i].is_online ? "online" : "offline");
        sheet_labelled(p, sheet, i == 0 ? "devices" : "", text);
    }
}

void view_user(const struct paint *p)
{
    const struct user *user = board_selected(&p->ui->board);
    struct sheet sheet = {1, 0, p->layout->cols, layout_end(p->layout)};

    p->ui->screen_rows = sheet.end - sheet.row;
    if (user == NULL) {
        canvas_put(p->canvas, 1, 1, p->layout->cols, STYLE(ROLE_DIM), "nobody is selected");
        return;
    }
    paint_title(p, &sheet, user);
    paint_state(p, &sheet, user);
    if (sheet.row < sheet.end)
        paint_rule(p, sheet.row++, 1, p->layout->cols - 2);
    view_may(p, &sheet, user);
    paint_facts(p, &sheet, user);
}

void view_pane(const struct paint *p)
{
    const struct user *user = board_selected(&p->ui->board);
    int end = layout_end(p->layout);
    struct sheet sheet = {p->layout->body_row, p->layout->pane_col + 1, p->layout->pane_cols - 1,
                          end};

    canvas_fill(p->canvas, sheet.row, p->layout->pane_col, end - sheet.row, 1, STYLE(ROLE_DIM),
                paint_glyph(p, "│", "|"));
    if (user == NULL)
        return;
    paint_title(p, &sheet, user);
    paint_state(p, &sheet, user);
    sheet.row++;
    view_may_table(p, &sheet, user);
    paint_facts(p, &sheet, user);
}
