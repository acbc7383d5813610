/* The first line of the screen: profile, link, counts, what is filtered, users, clock. */
#include "callhud/base/clock.h"
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

enum { LINK_TEXT_BYTES = 96, STALE_SECONDS_MS = 100000 };

/* --- the link --------------------------------------------------------------------------------- */

/* Seconds up to a minute, as a countdown or an age that ticks while it is shown. */
static long seconds_of(const struct paint *p, int64_t ms)
{
    int64_t left_ms = ms < 0 ? 0 : ms;

    paint_due(p, p->live_ms + (1000 - left_ms % 1000));
    return (long)(left_ms / 1000);
}

/* Seconds still to wait: the last one counts as a whole one. */
static long countdown_of(const struct paint *p, int64_t due_ms)
{
    int64_t left_ms = due_ms > p->live_ms ? due_ms - p->live_ms : 0;

    if (left_ms > 0)
        paint_due(p, p->live_ms + (left_ms % 1000 != 0 ? left_ms % 1000 : 1000));
    return (long)((left_ms + 999) / 1000);
}

static enum role link_unsynced(const struct paint *p, const struct link *link, char *out,
                               size_t size)
{
    if (!link->was_synced) {
        str_copy(out, size, link->state == LINK_POLLING ? "polling" : "reading");
        return ROLE_WARN;
    }
    int64_t age_ms = p->live_ms - link->unsynced_ms;
    if (age_ms < STALE_SECONDS_MS) {
        (void)snprintf(out, size, "stale %ld s", seconds_of(p, age_ms));
    } else {
        char age[AGE_BYTES];
        age_text(age, age_ms, AGE_SECONDS, false, p->canvas->is_ascii);
        (void)snprintf(out, size, "stale %s", age);
        paint_due(p, p->live_ms + age_next_ms(age_ms, AGE_SECONDS));
    }
    return ROLE_WARN;
}

/* What the link does, and how old what is shown is; where there is no room for both, the age. */
static void put_age_of_shown(const struct paint *p, const struct link *link, char *out, size_t size)
{
    bool is_list = p->layout->shape == SHAPE_LIST;
    size_t used = is_list ? 0 : strlen(out);

    if (!link->was_synced)
        return;
    if (!is_list)
        used += (size_t)snprintf(out + used, size - used, ", ");
    (void)link_unsynced(p, link, out + used, size - used);
}

static enum role link_text(const struct paint *p, char *out, size_t size)
{
    const struct link *link = &p->live->link;
    const char *dots = paint_glyph(p, "…", "...");

    switch (link->state) {
    case LINK_LIVE:
        if (!link->is_synced)
            return link_unsynced(p, link, out, size);
        if (p->layout->is_wide && link->heard_ms > 0) {
            /* Pongs are seconds apart; what is told between them is heard as well. */
            int64_t at_ms = p->ui->told_ms > link->heard_ms ? p->ui->told_ms : link->heard_ms;
            int64_t ago_ms = p->live_ms > at_ms ? p->live_ms - at_ms : 0;
            (void)snprintf(out, size, "live, heard %ld.%ld s ago", (long)(ago_ms / 1000),
                           (long)(ago_ms % 1000 / 100));
        } else {
            str_copy(out, size, "live");
        }
        return ROLE_GOOD;
    case LINK_POLLING:
        if (!link->is_synced)
            return link_unsynced(p, link, out, size);
        (void)snprintf(out, size, "polling %ld s",
                       link->heard_ms > 0 ? seconds_of(p, p->live_ms - link->heard_ms) : 0);
        return ROLE_GOOD;
    case LINK_CONNECTING:
        (void)snprintf(out, size, "%sconnecting%s", link->was_synced ? "re" : "", dots);
        put_age_of_shown(p, link, out, size);
        return ROLE_WARN;
    case LINK_LOST:
        if (link->retry_ms <= p->live_ms && link->was_synced)
            return link_unsynced(p, link, out, size);
        if (link->retry_ms > p->live_ms)
            (void)snprintf(out, size, "reconnecting %ld%s", countdown_of(p, link->retry_ms), dots);
        else
            str_copy(out, size, "lost");
        put_age_of_shown(p, link, out, size);
        return ROLE_WARN;
    case LINK_REFUSED:
        str_copy(out, size, "refused");
        if (p->layout->shape != SHAPE_LIST)
            put_age_of_shown(p, link, out, size);
        return ROLE_ERROR;
    case LINK_IDLE: break;
    }
    str_copy(out, size, "not connected");
    return ROLE_DIM;
}

/* --- the counts ------------------------------------------------------------------------------- */

/* In the order on the screen, with the words of the wide header. The first ones of `importance` are
 * the last to be left off. */
static const struct {
    enum lamp lamp;
    const char *word;
    int importance;
    bool is_always; /* a zero is shown, dim */
} count_table[] = {
    {LAMP_RINGING, "ring", 0, true},     {LAMP_HOLD, "hold", 1, true},
    {LAMP_PARKED, "parked", 3, false},   {LAMP_ON_CALL, "talk", 4, true},
    {LAMP_AVAILABLE, "free", 5, true},   {LAMP_PRESENCE_ONLY, "calls not shown", 9, false},
    {LAMP_DND, "dnd", 7, true},          {LAMP_AWAY, "away", 8, false},
    {LAMP_OFFLINE, "offline", 6, true},  {LAMP_HIDDEN, "hidden", 10, false},
    {LAMP_UNKNOWN, "unknown", 2, false},
};
enum { COUNT_LEN = sizeof count_table / sizeof count_table[0] };

enum counts_form { COUNTS_WORDS, COUNTS_WIDE, COUNTS_TIGHT };

static void count_text(const struct paint *p, size_t i, enum counts_form form, char *out,
                       size_t size)
{
    char glyph[8];

    paint_sign(p, count_table[i].lamp, glyph);
    (void)snprintf(out, size, "%s%s%zu%s%s", glyph, form == COUNTS_TIGHT ? "" : " ",
                   p->hud->counts[count_table[i].lamp], form == COUNTS_WORDS ? " " : "",
                   form == COUNTS_WORDS ? count_table[i].word : "");
}

static bool is_counted(const struct paint *p, size_t i, int limit, enum counts_form form)
{
    bool has_some = p->hud->counts[count_table[i].lamp] > 0;

    return count_table[i].importance <= limit &&
           (has_some || (count_table[i].is_always && form != COUNTS_TIGHT));
}

static int counts_width(const struct paint *p, int limit, enum counts_form form)
{
    char text[64];
    int width = 0;

    for (size_t i = 0; i < COUNT_LEN; i++)
        if (is_counted(p, i, limit, form)) {
            count_text(p, i, form, text, sizeof text);
            width += utf8_width(text) + (width > 0 ? (form == COUNTS_TIGHT ? 1 : 2) : 0);
        }
    return width;
}

static void put_counts(const struct paint *p, struct pen *pen, int limit, enum counts_form form)
{
    char text[64];
    bool is_first = true;

    for (size_t i = 0; i < COUNT_LEN; i++) {
        if (!is_counted(p, i, limit, form))
            continue;
        if (!is_first)
            pen_put(pen, STYLE(ROLE_DIM), form == COUNTS_TIGHT ? " " : "  ");
        count_text(p, i, form, text, sizeof text);
        bool has_some = p->hud->counts[count_table[i].lamp] > 0;
        pen_put(pen, STYLE(has_some ? lamp_role(count_table[i].lamp) : ROLE_DIM), text);
        is_first = false;
    }
}

/* The richest form that fits into room cells. */
static void fit_counts(const struct paint *p, struct pen *pen, int room, enum counts_form first)
{
    for (int form = (int)first; form <= COUNTS_TIGHT; form++)
        for (int limit = COUNT_LEN - 1; limit >= (form == COUNTS_TIGHT ? 0 : COUNT_LEN - 1);
             limit--)
            if (counts_width(p, limit, (enum counts_form)form) <= room) {
                put_counts(p, pen, limit, (enum counts_form)form);
                return;
            }
}

void statusbar_counts(const struct paint *p)
{
    struct pen pen = {p->canvas, 0, 0, p->canvas->cols};
    int limit = COUNT_LEN - 1;

    while (limit > 0 && counts_width(p, limit, COUNTS_TIGHT) > p->canvas->cols)
        limit--;
    if (counts_width(p, limit, COUNTS_TIGHT) > 0)
        put_counts(p, &pen, limit, COUNTS_TIGHT);
    else
        pen_put(&pen, STYLE(ROLE_DIM), p->hud->users.len > 0 ? "calm" : "-");
}

/* --- the first line --------------------------------------------------------------------------- */

static void clock_text(const struct paint *p, char *out, size_t size)
{
    int64_t wall_ms = ui_wall_ms(p->ui, p->live_ms);
    int64_t every_ms = p->layout->is_wide ? 1000 : 60000;

    clock_format_local(wall_ms, p->layout->is_wide ? "%H:%M:%S" : "%H:%M", out, size);
    paint_due(p, p->live_ms + (every_ms - wall_ms % every_ms));
}

static void users_text(const struct paint *p, char *out, size_t size)
{
    size_t all = p->hud->users.len, shown = p->ui->board.users.len;

    (void)snprintf(out, size, "%zu user%s", all, all == 1 ? "" : "s");
    if (p->layout->is_wide && shown < all)
        (void)snprintf(out, size, "%zu users, %zu shown", all, shown);
}

static void add_flag(char *out, size_t size, const char *text)
{
    size_t used = strlen(out);

    (void)snprintf(out + used, size - used, "%s%s", used > 0 ? "  " : "", text);
}

/* FROZEN, filter, department and MUTE: what makes the picture other than people expect. Of three
 * lengths, 0 is the longest. */
static void flags_text(const struct paint *p, int brevity, char *out, size_t size)
{
    const struct ui *ui = p->ui;
    char text[160], shown[64] = "";

    out[0] = '\0';
    if (ui->is_frozen) {
        (void)snprintf(text, sizeof text, "FROZEN, %llu change%s (z)",
                       (unsigned long long)ui->frozen_changes, ui->frozen_changes == 1 ? "" : "s");
        add_flag(out, size, brevity == 0 ? text : "FROZEN");
    }
    if (brevity == 0)
        (void)snprintf(shown, sizeof shown, " (%zu of %zu)", ui->board.users.len,
                       p->hud->users.len);
    if (ui->filter.len > 0) {
        const char *what = ui->filter.text;
        if (str_starts(what, "is:") && strchr(what, ' ') == NULL)
            what += 3;
        (void)snprintf(text, sizeof text, "filter: %.40s%s", what, shown);
        add_flag(out, size, brevity < 2 ? text : "filter");
    }
    if (ui->department != NULL) {
        (void)snprintf(text, sizeof text, "department: %.40s%s", ui->department,
                       ui->filter.len > 0 ? "" : shown);
        add_flag(out, size, brevity < 2 ? text : "department");
    }
    if (ui->bell.is_muted)
        add_flag(out, size, "MUTE");
}

/* The longest flags that leave room for link, clock and the counts of ringing and held. */
static void fit_flags(const struct paint *p, int room, char *out, size_t size)
{
    for (int brevity = 0; brevity < 3; brevity++) {
        flags_text(p, brevity, out, size);
        if (utf8_width(out) <= room)
            return;
    }
}

void statusbar_header(const struct paint *p)
{
    bool is_list = p->layout->shape == SHAPE_LIST;
    struct pen pen = {p->canvas, 0, 1, p->layout->cols};
    char link[LINK_TEXT_BYTES], flags[256], users[64], clock[16];
    enum role link_role = link_text(p, link, sizeof link);
    const char *gap = is_list ? " " : "  ";

    users_text(p, users, sizeof users);
    clock_text(p, clock, sizeof clock);
    if (!p->layout->is_compact && !str_is_empty(p->ui->settings.profile)) {
        char name[128];
        (void)snprintf(name, sizeof name, "%.*s", 64, p->ui->settings.profile);
        struct pen cut = {p->canvas, 0, pen.col, pen.col + 24};
        pen_put(&cut, STYLE(ROLE_HEADING), name);
        pen.col = cut.col;
        pen_put(&pen, STYLE(ROLE_DIM), gap);
    }
    pen_put(&pen, STYLE(link_role), link);

    fit_flags(p, p->layout->cols - pen.col - counts_width(p, 1, COUNTS_TIGHT) - 6, flags,
              sizeof flags);

    /* What is on the right is given up before the counts are. */
    int right = p->layout->cols - 1;
    int least = counts_width(p, 3, COUNTS_TIGHT) + (int)strlen(flags) + 4;
    if (right - pen.col - (int)strlen(clock) - 2 >= least) {
        right -= (int)strlen(clock);
        canvas_put(p->canvas, 0, right, 16, STYLE(ROLE_DIM), clock);
        right -= p->layout->is_wide ? 3 : 2;
    }
    int wide = counts_width(p, COUNT_LEN - 1, flags[0] != '\0' ? COUNTS_TIGHT : COUNTS_WIDE);
    if (!is_list && right - pen.col - (int)strlen(users) - 5 >= wide + (int)strlen(flags)) {
        right -= (int)strlen(users);
        canvas_put(p->canvas, 0, right, 64, STYLE(ROLE_DIM), users);
        right -= 2;
    }
    pen.end = right;
    pen_put(&pen, STYLE(ROLE_DIM), is_list ? "  " : "   ");
    int flags_cols = flags[0] != '\0' ? utf8_width(flags) + 2 : 0;
    fit_counts(p, &pen, right - pen.col - flags_cols,
               is_list              ? COUNTS_TIGHT
               : p->layout->is_wide ? COUNTS_WORDS
                                    : COUNTS_WIDE);
    if (flags_cols > 0) {
        pen_put(&pen, STYLE(ROLE_DIM), "  ");
        pen_put(&pen, style_with(ROLE_WARN, ATTR_BOLD), flags);
    }
}
