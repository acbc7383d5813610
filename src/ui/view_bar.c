/* The supervision bar: the mode that the backend confirmed, with whom, since when, who hears you.
 * It is drawn from the live model even while the picture is frozen. */
#include "callhud/ui/ui_priv.h"

#include <ctype.h>
#include <stdio.h>

/* The parts from left to right; what is "" is left out. */
struct parts {
    bool is_confirmed;
    char mode[32], extension[48], name[160], party[256], clock[32];
    char hears[400], hears_short[64];
    bool can_switch;              /* the keys for other modes act on this very call */
    char stop[KEYMAP_NAME_BYTES]; /* its key */
    char audit[300];              /* "reason: training   audit #5121" */
};

static const char *mode_word(enum supervise_mode mode)
{
    switch (mode) {
    case SUPERVISE_LISTEN: return "LISTEN";
    case SUPERVISE_WHISPER: return "WHISPER";
    case SUPERVISE_BARGE: return "BARGE";
    case SUPERVISE_UNKNOWN: break;
    }
    return "";
}

static const char *asked_word(enum action_kind kind)
{
    switch (kind) {
    case ACTION_TAKEOVER: return "take over";
    case ACTION_PICKUP: return "pick up";
    default: return action_row(kind)->name;
    }
}

/* Who hears you, in both lengths. */
static void make_hears(struct parts *parts, const struct supervision *ours, const struct user *user)
{
    char name[160] = "the agent";

    if (user != NULL)
        user_short_name(user, name, sizeof name);
    switch (supervision_hears(ours)) {
    case HEARS_NOBODY:
        str_copy(parts->hears, sizeof parts->hears, "nobody hears you");
        str_copy(parts->hears_short, sizeof parts->hears_short, "nobody hears");
        break;
    case HEARS_AGENT:
        (void)snprintf(parts->hears, sizeof parts->hears, "%.60s hears you", name);
        str_copy(parts->hears_short, sizeof parts->hears_short, "agent hears");
        break;
    case HEARS_BOTH:
        str_copy(parts->hears, sizeof parts->hears, "both hear you");
        str_copy(parts->hears_short, sizeof parts->hears_short, "both hear");
        break;
    case HEARS_UNSURE:
        str_copy(parts->hears, sizeof parts->hears, "asked, not confirmed yet");
        str_copy(parts->hears_short, sizeof parts->hears_short, "asked");
        break;
    }
}

/* What is not simply so: asked for, the phone rings, the link is gone. */
static void make_state(struct parts *parts, const struct supervision *ours)
{
    switch (ours->state) {
    case SUPERVISION_PHONE:
        str_copy(parts->hears, sizeof parts->hears,
                 ours->text != NULL ? ours->text : "your phone rings: lift it");
        parts->hears[0] = (char)toupper((unsigned char)parts->hears[0]);
        str_copy(parts->hears_short, sizeof parts->hears_short, "lift your phone");
        break;
    case SUPERVISION_CHANGING:
        (void)snprintf(parts->hears, sizeof parts->hears, "%s asked, not confirmed yet",
                       asked_word(ours->asked));
        (void)snprintf(parts->hears_short, sizeof parts->hears_short, "%s?",
                       asked_word(ours->asked));
        break;
    case SUPERVISION_UNSURE:
        str_copy(parts->hears, sizeof parts->hears, "link lost: not sure any more");
        str_copy(parts->hears_short, sizeof parts->hears_short, "link lost");
        break;
    case SUPERVISION_ENDING:
        str_copy(parts->hears, sizeof parts->hears, "stop asked, not confirmed yet");
        str_copy(parts->hears_short, sizeof parts->hears_short, "stopping");
        break;
    default: break;
    }
}

/* "0:42" since it was confirmed; while the phone rings, since it was asked for. */
static void make_clock(const struct paint *p, struct parts *parts, const struct supervision *ours)
{
    int64_t from_ms = parts->is_confirmed                ? ours->begin_ms
                      : ours->state == SUPERVISION_PHONE ? ours->asked_ms
                                                         : 0;
    if (from_ms <= 0 || from_ms > p->live_ms)
        return;
    int64_t age_ms = p->live_ms - from_ms;
    long seconds = (long)(age_ms / 1000);
    if (seconds < 3600)
        (void)snprintf(parts->clock, sizeof parts->clock, "%ld:%02ld", seconds / 60, seconds % 60);
    else
        (void)snprintf(parts->clock, sizeof parts->clock, "%ld:%02ld:%02ld", seconds / 3600,
                       seconds / 60 % 60, seconds % 60);
    paint_due(p, p->live_ms + 1000 - age_ms % 1000);
}

static void make_parts(const struct paint *p, struct parts *parts)
{
    const struct supervision *ours = &p->live->supervision;
    const struct user *user = hud_user_by_id(p->live, ours->user_id);
    const struct user *selected = board_selected(&p->ui->board);
    const struct call *call = hud_call_by_id(user, ours->call_id);
    const struct ui *ui = p->ui;

    memset(parts, 0, sizeof *parts);
    parts->is_confirmed = ours->mode != SUPERVISE_UNKNOWN;
    str_copy(parts->mode, sizeof parts->mode,
             parts->is_confirmed ? mode_word(ours->mode) : asked_word(ours->asked));
    str_copy(parts->extension, sizeof parts->extension,
             user != NULL            ? user->extension
             : ours->user_id != NULL ? ours->user_id
                                     : "");
    if (user != NULL)
        str_copy(parts->name, sizeof parts->name, user->name);
    if (call != NULL)
        party_text(ui, call, parts->party, sizeof parts->party);
    if (p->layout->cols >= LAYOUT_COMPACT_COLS) /* else there is no room for it */
        make_clock(p, parts, ours);
    make_hears(parts, ours, user);
    make_state(parts, ours);
    parts->can_switch = ours->state == SUPERVISION_CONFIRMED && user != NULL && selected != NULL &&
                        str_eq(selected->id, user->id);
    keymap_first(&ui->keymap, cmd_find("stop"), parts->stop, sizeof parts->stop);
    if (parts->stop[0] == '\0')
        str_copy(parts->stop, sizeof parts->stop, ":stop");
    size_t used = 0;
    if (!str_is_empty(ui->audit_reason)) {
        (void)snprintf(parts->audit, sizeof parts->audit, "reason: %.200s", ui->audit_reason);
        used = strlen(parts->audit);
    }
    if (ui->audit_number > 0)
        (void)snprintf(parts->audit + used, sizeof parts->audit - used, "%saudit #%llu",
                       used > 0 ? "   " : "", (unsigned long long)ui->audit_number);
}

/* --- the line ------------------------------------------------------------------------------------
 */

static struct style plain(void)
{
    return STYLE(ROLE_BAR);
}

static struct style bold(void)
{
    return style_with(ROLE_BAR, ATTR_BOLD);
}

/* "X stop", as something that can be clicked. */
static void put_command(const struct paint *p, struct pen *pen, const char *command,
                        const char *key, const char *words)
{
    int col = pen->col;

    pen_put(pen, bold(), key);
    if (words[0] != '\0')
        pen_printf(pen, plain(), " %s", words);
    paint_hit(p, pen->row, col, 1, pen->col - col, NULL, cmd_find(command), -1);
}

/* The text, or as much of it as fits. */
static void put_fit(const struct paint *p, struct pen *pen, struct style style, const char *text,
                    int cells)
{
    struct buf cut;

    buf_init(&cut, 4096);
    (void)utf8_fit(&cut, text, cells, p->canvas->is_ascii);
    pen_put(pen, style, buf_text(&cut));
    buf_fini(&cut);
}

/* " ♪104 LISTEN  X stop"; with a "?" what is asked for or not sure. */
static void paint_compact(const struct paint *p, struct pen *pen, const struct parts *parts)
{
    bool is_sure = supervision_hears(&p->live->supervision) != HEARS_UNSURE;
    char mode[40];

    (void)snprintf(mode, sizeof mode, "%s%s", parts->mode, is_sure ? "" : "?");
    pen_printf(pen, bold(), "%s%s ", paint_glyph(p, "♪", "^"), parts->extension);
    int room = pen->end - pen->col - utf8_width(mode), stop_cols = utf8_width(parts->stop);
    bool has_word = room >= stop_cols + 6;
    put_fit(p, pen, parts->is_confirmed ? bold() : plain(), mode,
            pen->end - pen->col - stop_cols - 1);
    pen_put(pen, plain(), room >= stop_cols + (has_word ? 7 : 2) ? "  " : " ");
    put_command(p, pen, "stop", parts->stop, has_word ? "stop" : "");
}

/* " LISTEN 104 0:42 nobody hears  X stop" */
static void paint_small(const struct paint *p, struct pen *pen, const struct parts *parts)
{
    int stop_cols = utf8_width(parts->stop) + 7;

    pen_put(pen, parts->is_confirmed ? bold() : plain(), parts->mode);
    pen_printf(pen, plain(), " %s", parts->extension);
    if (parts->clock[0] != '\0')
        pen_printf(pen, plain(), " %s", parts->clock);
    pen_put(pen, plain(), " ");
    int room = pen->end - pen->col - stop_cols;
    put_fit(p, pen, bold(), utf8_width(parts->hears) <= room ? parts->hears : parts->hears_short,
            room);
    pen_put(pen, plain(), "  ");
    put_command(p, pen, "stop", parts->stop, "stop");
}

/* What the middle form shows, from the richest to the poorest. */
struct form {
    bool has_switch;
    int name_cols, party_cols; /* 0: left out */
};

static const char *const switch_names[] = {"listen", "whisper", "barge", "takeover"};
enum { SWITCHES = sizeof switch_names / sizeof switch_names[0] };

/* The keys of what can be switched to now: not of the mode that is on. */
static bool is_switch(const struct paint *p, size_t i)
{
    const struct supervision *ours = &p->live->supervision;
    const struct user *user = hud_user_by_id(p->live, ours->user_id);
    const struct call *call = hud_call_by_id(user, ours->call_id);
    enum action_kind kind;
    struct choice choice;

    if (call == NULL || !action_find(switch_names[i], &kind))
        return false;
    choice_make(&choice, p->live, user, call, kind, p->live_ms);
    return choice.check.is_ok;
}

static void switch_key(const struct paint *p, size_t i, char out[KEYMAP_NAME_BYTES])
{
    keymap_first(&p->ui->keymap, cmd_find(switch_names[i]), out, KEYMAP_NAME_BYTES);
}

/* With the gap before it; 0 when nothing can be switched to. */
static int switch_cols(const struct paint *p)
{
    char key[KEYMAP_NAME_BYTES];
    int cols = 2 + 6;

    for (size_t i = 0; i < SWITCHES; i++) {
        switch_key(p, i, key);
        cols += is_switch(p, i) && key[0] != '\0' ? utf8_width(key) + 1 : 0;
    }
    return cols > 2 + 6 ? cols : 0;
}

static int form_cols(const struct paint *p, const struct parts *parts, const struct form *form)
{
    int cols = utf8_width(parts->mode) + 1 + utf8_width(parts->extension);

    cols += form->name_cols > 0 ? 1 + form->name_cols : 0;
    cols += form->party_cols > 0 ? 3 + form->party_cols : 0;
    cols += parts->clock[0] != '\0' ? 1 + utf8_width(parts->clock) : 0;
    cols += 2 + utf8_width(parts->hears);
    cols += form->has_switch ? switch_cols(p) : 0;
    return cols + 2 + utf8_width(parts->stop) + 5;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Names are cut before the keys are left off, and left off before who hears you is cut. */
static struct form fit_form(const struct paint *p, const struct parts *parts, int room)
{
    enum { CUT_COLS = 8 };
    int name_cols = utf8_width(parts->name), party_cols = utf8_width(parts->party);
    const struct form forms[] = {
        {parts->can_switch, name_cols, party_cols},
        {parts->can_switch, name_cols, least(party_cols, CUT_COLS)},
        {parts->can_switch, least(name_cols, CUT_COLS), least(party_cols, CUT_COLS)},
        {false, name_cols, party_cols},
        {false, name_cols, least(party_cols, CUT_COLS)},
        {false, name_cols, 0},
        {false, least(name_cols, CUT_COLS), 0},
        {false, 0, 0},
    };
    enum { FORMS = sizeof forms / sizeof forms[0] };
    size_t i = 0;

    while (i < FORMS - 1 && form_cols(p, parts, &forms[i]) > room)
        i++;
    struct form form = forms[i];
    int spare = room - form_cols(p, parts, &form);
    if (form.party_cols > 0 && spare > 0) /* what was cut gets what is left */
        form.party_cols = least(party_cols, form.party_cols + spare);
    spare = room - form_cols(p, parts, &form);
    if (form.name_cols > 0 && spare > 0)
        form.name_cols = least(name_cols, form.name_cols + spare);
    return form;
}

/* The keys alone: "W B T switch". */
static void put_switches(const struct paint *p, struct pen *pen)
{
    char key[KEYMAP_NAME_BYTES];

    for (size_t i = 0; i < SWITCHES; i++) {
        switch_key(p, i, key);
        if (!is_switch(p, i) || key[0] == '\0')
            continue;
        put_command(p, pen, switch_names[i], key, "");
        pen_put(pen, plain(), " ");
    }
    pen_put(pen, plain(), "switch");
}

/* " LISTEN 104 Lena Fischer ↔ Acme Ltd 0:42  nobody hears you  W B T switch  X stop" */
static void paint_middle(const struct paint *p, struct pen *pen, const struct parts *parts)
{
    int stop_cols = utf8_width(parts->stop) + 7;
    struct form form = fit_form(p, parts, pen->end - pen->col);

    form.has_switch &= switch_cols(p) > 0;

    pen_put(pen, parts->is_confirmed ? bold() : plain(), parts->mode);
    pen_printf(pen, plain(), " %s", parts->extension);
    if (form.name_cols > 0) {
        pen_put(pen, plain(), " ");
        put_fit(p, pen, plain(), parts->name, form.name_cols);
    }
    if (form.party_cols > 0) {
        pen_printf(pen, plain(), " %s ", paint_glyph(p, "↔", "="));
        put_fit(p, pen, plain(), parts->party, form.party_cols);
    }
    if (parts->clock[0] != '\0')
        pen_printf(pen, plain(), " %s", parts->clock);
    pen_put(pen, plain(), "  ");
    put_fit(p, pen, bold(), parts->hears,
            pen->end - pen->col - stop_cols - (form.has_switch ? switch_cols(p) : 0));
    pen_put(pen, plain(), "  ");
    if (form.has_switch) {
        put_switches(p, pen);
        pen_put(pen, plain(), "  ");
    }
    put_command(p, pen, "stop", parts->stop, "stop");
}

/* "whisper: Lena hears you" */
static void switch_words(const struct paint *p, size_t i, char *out, size_t size)
{
    const struct user *user = hud_user_by_id(p->live, p->live->supervision.user_id);
    enum action_kind kind = ACTION_STOP;
    char name[160] = "the agent";

    if (user != NULL)
        user_short_name(user, name, sizeof name);
    (void)action_find(switch_names[i], &kind);
    switch (kind) {
    case ACTION_LISTEN: str_copy(out, size, "listen: nobody hears you"); break;
    case ACTION_WHISPER: (void)snprintf(out, size, "whisper: %.60s hears you", name); break;
    case ACTION_BARGE: str_copy(out, size, "barge: both hear you"); break;
    default: str_copy(out, size, "take over"); break;
    }
}

/* With what they would do, or alone where that takes more than the room. */
static void put_wide_switches(const struct paint *p, struct pen *pen, int room)
{
    enum { GAP_COLS = 5 };
    char key[KEYMAP_NAME_BYTES], words[300];
    int cols = 0;

    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < SWITCHES; i++) {
            switch_key(p, i, key);
            if (!is_switch(p, i) || key[0] == '\0')
                continue;
            switch_words(p, i, words, sizeof words);
            if (pass == 0) {
                cols += utf8_width(key) + 1 + utf8_width(words) + GAP_COLS;
            } else if (cols <= room) {
                put_command(p, pen, switch_names[i], key, words);
                pen_printf(pen, plain(), "%*s", GAP_COLS, "");
            }
        }
    if (cols > room && switch_cols(p) + GAP_COLS <= room) {
        put_switches(p, pen);
        pen_printf(pen, plain(), "%*s", GAP_COLS, "");
    }
}

/* " LISTEN  104 Lena Fischer ↔ Acme Ltd   0:42   nobody hears you      W whisper: ...   X stop" */
static void paint_wide(const struct paint *p, struct pen *pen, const struct parts *parts)
{
    int audit_cols = utf8_width(parts->audit), end = pen->end;

    if (audit_cols > 0 && audit_cols < 60) {
        canvas_put(p->canvas, pen->row, end - audit_cols - 1, audit_cols, plain(), parts->audit);
        pen->end = end - audit_cols - 4;
    }
    pen_put(pen, parts->is_confirmed ? bold() : plain(), parts->mode);
    pen_printf(pen, plain(), "  %s ", parts->extension);
    put_fit(p, pen, plain(), parts->name, 24);
    if (parts->party[0] != '\0') {
        pen_printf(pen, plain(), " %s ", paint_glyph(p, "↔", "="));
        put_fit(p, pen, plain(), parts->party, 24);
    }
    pen_printf(pen, plain(), "%s%s   ", parts->clock[0] != '\0' ? "   " : "", parts->clock);
    put_fit(p, pen, bold(), parts->hears, pen->end - pen->col - utf8_width(parts->stop) - 12);
    pen_put(pen, plain(), "      ");
    if (parts->can_switch)
        put_wide_switches(p, pen, pen->end - pen->col - utf8_width(parts->stop) - 6);
    put_command(p, pen, "stop", parts->stop, "stop");
}

void view_bar(const struct paint *p)
{
    struct pen pen = {p->canvas, p->layout->bar_row, 1, p->layout->cols};
    struct parts parts;

    if (pen.row < 0 || !supervision_is_on(&p->live->supervision))
        return;
    make_parts(p, &parts);
    canvas_fill(p->canvas, pen.row, 0, 1, p->layout->cols, plain(), " ");
    if (p->layout->cols < LAYOUT_COMPACT_COLS)
        paint_compact(p, &pen, &parts);
    else if (p->layout->cols < LAYOUT_LIST_COLS)
        paint_small(p, &pen, &parts);
    else if (!p->layout->is_wide)
        paint_middle(p, &pen, &parts);
    else
        paint_wide(p, &pen, &parts);
}
