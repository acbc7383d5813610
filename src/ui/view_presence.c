/* The presence settings as drawn, with what they mean for the lamps. */
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

enum { VALUE_COLS = 24, VALUE_COLS_NARROW = 9 };

static const struct {
    const char *label, *label_short;
} rows[PRESET_COUNT] = {
    [PRESET_RING] = {"Ring my phone when any user I am monitoring rings", "Ring when others ring"},
    [PRESET_PICKUP] = {"Enable me to pick up a monitored line on hold", "Pick up lines on hold"},
    [PRESET_SHARE] = {"Allow other users to see my Presence status", "Share my presence"},
    [PRESET_VISIBLE] = {"Who may see it", "Who may see it"},
    [PRESET_DETAILS] = {"Share the details of my calls with", "Share call details"},
    [PRESET_ANSWERABLE] = {"Who may answer my calls when I am unavailable", "Who may answer mine"},
};

/* What callhud goes by are its own person's settings, never those of another's desk. */
static bool is_of_another(const struct paint *p)
{
    return !str_is_empty(p->ui->desk.desk->whose);
}

static bool is_known(const struct paint *p, enum preset_row row)
{
    const struct desk_settings *told = p->ui->desk.desk->settings;

    return (told != NULL && (told->has & preset_bit(row)) != 0) || !is_of_another(p);
}

/* The settings as they are, or where the telephone system has none, as callhud goes by. */
static struct monitor_settings monitor_of(const struct paint *p)
{
    const struct desk_settings *told = p->ui->desk.desk->settings;
    struct monitor_settings out = p->live->settings;

    if (told != NULL && (told->has & DESK_HAS_RING) != 0)
        out.ring_when_monitored_rings = told->rings_when_monitored;
    if (told != NULL && (told->has & DESK_HAS_PICKUP) != 0)
        out.pick_up_held_lines = told->picks_up_held;
    return out;
}

static void people_text(size_t len, const char *none, char *out, size_t size)
{
    if (len == 0)
        str_copy(out, size, none);
    else
        (void)snprintf(out, size, "%zu %s", len, len == 1 ? "person" : "people");
}

static void value_text(const struct paint *p, enum preset_row row, char *out, size_t size)
{
    const struct ui_desk *desk = p->ui->desk.desk;
    bool is_pending = (p->ui->desk.pending & preset_bit(row)) != 0;
    bool is_flag = row == PRESET_RING || row == PRESET_PICKUP || row == PRESET_SHARE;

    if (desk->settings == NULL) {
        str_copy(out, size, "?");
        return;
    }
    if ((desk->settings->has & preset_bit(row)) == 0) {
        const struct monitor_settings *set = &p->live->settings;
        bool is_on = row == PRESET_RING ? set->ring_when_monitored_rings : set->pick_up_held_lines;
        bool is_shown = row <= PRESET_PICKUP && !is_of_another(p);
        str_copy(out, size, !is_shown ? "-" : is_on ? "on" : "off");
        return;
    }
    const struct desk_settings *now = is_pending ? &p->ui->desk.wanted : desk->settings;
    bool is_on = row == PRESET_RING     ? now->rings_when_monitored
                 : row == PRESET_PICKUP ? now->picks_up_held
                                        : now->shares_presence;
    if (is_flag)
        str_copy(out, size, is_on ? "on" : "off");
    else if (row == PRESET_DETAILS)
        str_copy(out, size, desk_details_word(now->details));
    else if (row == PRESET_VISIBLE)
        people_text(now->visible_len, "everybody", out, size);
    else
        people_text(now->answerable_len, "nobody", out, size);
    if (is_pending) {
        size_t used = strlen(out);
        str_copy(out + used, size - used, paint_glyph(p, " … sent", " ~ sent"));
    }
}

static void paint_row(const struct paint *p, int row, enum preset_row which)
{
    const struct desk_settings *told = p->ui->desk.desk->settings;
    int cols = p->layout->cols;
    bool is_wide = cols >= LAYOUT_LIST_COLS, is_at = which == (enum preset_row)p->ui->desk.preset;
    bool is_there = told != NULL && (told->has & preset_bit(which)) != 0;
    bool is_pending = (p->ui->desk.pending & preset_bit(which)) != 0;
    enum role role = is_at ? ROLE_SELECTION : is_there ? ROLE_TEXT : ROLE_DIM;
    int value_cols = is_wide ? VALUE_COLS : VALUE_COLS_NARROW;
    int value = is_wide ? 54 : cols - value_cols - 1;
    char text[80];

    if (is_at) {
        canvas_fill(p->canvas, row, 0, 1, cols, STYLE(ROLE_SELECTION), " ");
        canvas_put(p->canvas, row, 0, 1, STYLE(ROLE_HEADING), paint_bar(p));
        p->ui->rest_row = row;
        p->ui->rest_col = 0;
    }
    canvas_field(p->canvas, row, 2, value - 3, STYLE(role),
                 is_wide ? rows[which].label : rows[which].label_short);
    value_text(p, which, text, sizeof text);
    canvas_field(p->canvas, row, value, value_cols,
                 style_with(is_at        ? ROLE_SELECTION
                            : is_pending ? ROLE_WARN
                                         : role,
                            ATTR_BOLD),
                 text);
    paint_hit(p, row, 0, 1, cols, NULL, cmd_find("open"), (long)which);
}

/* The row of the table of the two settings that holds now, in words; "" where they are not known.
 */
static void consequence(const struct paint *p, char *out, size_t size)
{
    struct monitor_settings set = monitor_of(p);
    struct pickup pickup = pickup_check(&set, false, true);

    out[0] = '\0';
    if (!is_known(p, PRESET_RING) || !is_known(p, PRESET_PICKUP))
        return;
    if (p->layout->cols < LAYOUT_LIST_COLS) {
        (void)snprintf(out, size, "Held: %s, %s be picked up. Ringing: blinks, %s.",
                       lamp_blinks(LAMP_HOLD, &set) ? "blinks" : "is lit",
                       pickup.is_ok ? "may" : "cannot",
                       lamp_sounds(LAMP_RINGING, &set) ? "bell" : "silent");
        return;
    }
    (void)snprintf(out, size, "So a held line %s; it %s%s%s. A ringing user %s.",
                   lamp_blinks(LAMP_HOLD, &set) ? "blinks" : "is lit steadily",
                   pickup.is_ok ? "may be picked up" : "cannot be picked up",
                   pickup.is_ok ? "" : ": ", pickup.is_ok ? "" : pickup.why,
                   lamp_sounds(LAMP_RINGING, &set) ? "blinks and sounds the bell"
                                                   : "blinks, silently");
}

void view_presence_words(const struct paint *p, enum preset_row row, char *out, size_t size)
{
    const char *why = preset_why(p->ui, row);

    if (why != NULL) {
        str_copy(out, size, why);
        return;
    }
    switch (row) {
    case PRESET_RING:
    case PRESET_PICKUP: str_copy(out, size, "Enter turns it on or off."); return;
    case PRESET_SHARE:
        str_copy(out, size,
                 p->layout->cols < LAYOUT_LIST_COLS
                     ? "Enter: on or off. Off hides your lamp, and nobody answers your calls."
                     : "Enter turns it on or off. Off: nobody sees your lamp, and nobody may "
                       "answer your calls.");
        return;
    case PRESET_VISIBLE:
        str_copy(out, size, "Enter chooses people; none chosen: everybody.");
        return;
    case PRESET_DETAILS:
        str_copy(out, size, "Enter changes it: all, permitted (those who may see it), none.");
        return;
    case PRESET_ANSWERABLE:
    case PRESET_COUNT: str_copy(out, size, "Enter chooses people."); return;
    }
}

static void paint_phones(const struct paint *p, int row, int end)
{
    const struct ui_desk *desk = p->ui->desk.desk;
    char text[300];

    if (end - row < 2)
        return;
    canvas_put(p->canvas, row++, 1, p->layout->cols, STYLE(ROLE_HEADING), "DEVICES");
    if (desk->phones_len == 0)
        canvas_put(p->canvas, row, 2, p->layout->cols, STYLE(ROLE_DIM),
                   desk->phones_state == UI_DESK_TOLD     ? "none"
                   : desk->phones_state == UI_DESK_FAILED ? "they could not be read"
                                                          : "not read yet");
    for (size_t i = 0; i < desk->phones_len && row < end; i++) {
        const struct desk_phone *phone = &desk->phones[i];
        bool has_model = !str_is_empty(phone->model) && !str_eq(phone->model, phone->name);
        (void)snprintf(text, sizeof text, "%.60s%s%.60s%s", phone->name, has_model ? " (" : "",
                       has_model ? phone->model : "", has_model ? ")" : "");
        bool is_wide = p->layout->cols >= LAYOUT_LIST_COLS;
        int state = is_wide ? 54 : p->layout->cols - 9;
        canvas_field(p->canvas, row, 2, is_wide ? 26 : state - 3, STYLE(ROLE_TEXT), text);
        if (is_wide)
            canvas_field(p->canvas, row, 29, state - 30, STYLE(ROLE_DIM),
                         phone->shows_presence ? "shows presence" : "cannot show presence");
        canvas_field(p->canvas, row++, state, p->layout->cols - state, STYLE(ROLE_DIM),
                     phone->is_in_call  ? "in a call"
                     : phone->is_online ? "online"
                                        : "offline");
    }
}

static void paint_head(const struct paint *p, int row)
{
    const struct ui_desk *desk = p->ui->desk.desk;
    struct buf facts;
    char title[160];

    buf_init(&facts, 2048);
    if (desk->settings_state == UI_DESK_FAILED)
        buf_printf(&facts, "!not read or not changed: %s\n", desk->settings_text);
    else if (p->ui->desk.pending != 0)
        buf_puts(&facts, "!a change is being sent\n");
    else if (desk->settings == NULL)
        buf_puts(&facts, desk->settings_state == UI_DESK_ASKED ? "!reading\n" : "!not read yet\n");
    else if (desk_why_fixed(p->ui) != NULL || desk->settings->fixed != NULL)
        buf_puts(&facts, desk->settings->fixed != NULL ? "!not yours to change\n" : "!read only\n");
    else
        buf_puts(&facts, "each change is sent at once\n");
    (void)snprintf(title, sizeof title, "PRESENCE SETTINGS%s%.100s",
                   str_is_empty(desk->whose) ? "" : " of ", desk->whose);
    view_facts(p, row, title, &facts);
    buf_fini(&facts);
}

void view_presence(const struct paint *p)
{
    int row = 1, end = layout_end(p->layout), cols = p->layout->cols;
    enum preset_row at = (enum preset_row)p->ui->desk.preset;
    char text[600];

    if (p->ui->desk.desk == NULL)
        return;
    if (end - row > 1)
        paint_head(p, row++);
    bool is_roomy = end - row >= PRESET_COUNT + 8;
    row += is_roomy;
    int first = end - row >= PRESET_COUNT ? 0 : (int)at;
    for (int i = first; i < PRESET_COUNT && row < end; i++) {
        paint_row(p, row++, (enum preset_row)i);
        if (i != PRESET_PICKUP || !is_roomy)
            continue;
        consequence(p, text, sizeof text);
        if (text[0] != '\0')
            row += paint_text(p, row, end, 4, cols - 6, STYLE(ROLE_DIM), text);
    }
    row += is_roomy;
    text[0] = '\0';
    if (!is_roomy && (at == PRESET_RING || at == PRESET_PICKUP) && preset_why(p->ui, at) == NULL)
        consequence(p, text, sizeof text);
    if (text[0] == '\0')
        view_presence_words(p, at, text, sizeof text);
    int lines = paint_text_fit(p, row, end, 2, cols - 3,
                               STYLE(preset_why(p->ui, at) != NULL ? ROLE_WARN : ROLE_TEXT), text);
    paint_phones(p, row + (is_roomy && lines < 3 ? 3 : lines), end);
}
