#include "steps.h"

#include "steps_desk.h"

#include "callhud/base/clock.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/ui/ui_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORDS_MAX = 24 };

struct play {
    struct stage *s;
    const char *path;
    int line;
    char *words[WORDS_MAX + 1];
    size_t count;
    char *rest; /* the line after its first word */
    bool is_started;
    void (*shown)(void *self, struct stage *s);
    void *self;
};

static void bad(const struct play *p, const char *what)
{
    fail_msg("%s:%d: %s: %s", p->path, p->line, what, p->words[0]);
}

/* Words are separated by blanks; "double quotes" keep them. */
static void cut_words(struct play *p, char *line)
{
    p->count = 0;
    while (*line != '\0' && p->count < WORDS_MAX) {
        while (*line == ' ')
            line++;
        if (*line == '\0')
            break;
        if (*line == '"') {
            p->words[p->count++] = ++line;
            line += strcspn(line, "\"");
        } else {
            p->words[p->count++] = line;
            line += strcspn(line, " ");
        }
        if (*line != '\0')
            *line++ = '\0';
    }
    p->words[p->count] = NULL;
}

static const char *word(const struct play *p, size_t i)
{
    return i < p->count ? p->words[i] : "";
}

/* KEY=VALUE anywhere after the first word. */
static const char *option(const struct play *p, const char *key)
{
    size_t len = strlen(key);

    for (size_t i = 1; i < p->count; i++)
        if (strncmp(p->words[i], key, len) == 0 && p->words[i][len] == '=')
            return p->words[i] + len + 1;
    return NULL;
}

static bool flag(const struct play *p, const char *name)
{
    for (size_t i = 1; i < p->count; i++)
        if (strcmp(p->words[i], name) == 0)
            return true;
    return false;
}

/* "-1:40" "5s" "12m" "2h05" "400ms" in milliseconds. */
static int64_t duration(const char *text)
{
    char *end;
    int64_t value = strtoll(text[0] == '-' ? text + 1 : text, &end, 10);

    if (strcmp(end, "ms") == 0)
        return value;
    if (end[0] == ':')
        return (value * 60 + strtoll(end + 1, NULL, 10)) * 1000;
    if (end[0] == 'h')
        return (value * 3600 + strtoll(end + 1, NULL, 10) * 60) * 1000;
    if (end[0] == 'd')
        return value * 86400000;
    return value * (end[0] == 'm' ? 60000 : 1000);
}

static int64_t age_option(const struct play *p)
{
    const char *since = option(p, "since");

    return since == NULL ? 0 : strcmp(since, "unknown") == 0 ? -1 : duration(since);
}

/* --- steps ------------------------------------------------------------------------------------ */

static void step_size(struct play *p)
{
    int cols = 0, rows = 0;

    if (sscanf(word(p, 1), "%dx%d", &cols, &rows) != 2)
        bad(p, "COLSxROWS");
    canvas_resize(&p->s->canvas, rows, cols);
}

static void step_ascii(struct play *p)
{
    p->s->canvas.is_ascii = true;
}

static void step_settings(struct play *p)
{
    struct event event = {.kind = EVENT_SETTINGS};
    const char *ring = option(p, "ring"), *pickup = option(p, "pickup");
    const char *locks = option(p, "locks");

    event.u.settings.ring_when_monitored_rings = ring != NULL && strcmp(ring, "yes") == 0;
    event.u.settings.pick_up_held_lines = pickup != NULL && strcmp(pickup, "yes") == 0;
    event.u.settings.ring_locks_hold = locks != NULL && strcmp(locks, "yes") == 0;
    stage_apply(p->s, &event);
}

/* option numbers=last4 bell=auto blink=no confirm=yes readonly=yes phone=108 */
static void step_option(struct play *p)
{
    struct ui_settings *set = &p->s->settings;
    const char *text;

    if ((text = option(p, "numbers")) != NULL)
        set->numbers = strcmp(text, "last4") == 0    ? NUMBERS_LAST4
                       : strcmp(text, "hidden") == 0 ? NUMBERS_HIDDEN
                                                     : NUMBERS_FULL;
    if ((text = option(p, "bell")) != NULL)
        set->bell = strcmp(text, "off") == 0    ? BELL_OFF
                    : strcmp(text, "auto") == 0 ? BELL_AUTO
                                                : BELL_ON;
    if ((text = option(p, "confirm")) != NULL)
        set->is_pickup_confirmed = strcmp(text, "no") != 0;
    if ((text = option(p, "phone")) != NULL) {
        static char phone[32];
        str_copy(phone, sizeof phone, text);
        set->phone_extension = phone;
    }
    if ((text = option(p, "readonly")) != NULL)
        p->s->hud.is_read_only = set->is_read_only = strcmp(text, "no") != 0;
    if ((text = option(p, "blink")) != NULL)
        set->is_blinking = strcmp(text, "no") != 0;
    stage_restart(p->s);
}

/* theme NAME ringing=! hold=H ...: a theme of the program, with signs of its own for some lamps. */
static void step_theme(struct play *p)
{
    struct theme theme;

    if (theme_load(&theme, word(p, 1), NULL, NULL) != RC_OK)
        bad(p, "theme");
    for (int i = 0; i < LAMP_COUNT; i++) {
        const char *sign = option(p, lamp_row((enum lamp)i)->json);
        if (sign != NULL)
            str_copy(theme.glyphs[i], sizeof theme.glyphs[i], sign);
    }
    ui_set_theme(p->s->ui, &theme, false);
}

static void step_time(struct play *p)
{
    int64_t at_ms;

    if (!clock_parse_iso(word(p, 1), &at_ms))
        bad(p, "time");
    p->s->wall_ms = at_ms;
    struct event event = {.kind = EVENT_HEARD, .at_ms = at_ms};
    stage_apply(p->s, &event);
}

static void step_user(struct play *p)
{
    stage_user(p->s, word(p, 1), word(p, 2), word(p, 3));
}

static void step_gone(struct play *p)
{
    struct event event = {.kind = EVENT_USER_GONE, .user_id = word(p, 1)};

    stage_apply(p->s, &event);
}

static void step_presence(struct play *p)
{
    static const char *const words[] = {"unknown", "available", "busy",
                                        "away",    "offline",   "hidden"};
    const char *note = option(p, "note");

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], word(p, 2)) == 0) {
            stage_presence(p->s, word(p, 1), (enum presence)i, note != NULL ? note : "",
                           age_option(p));
            return;
        }
    bad(p, "presence");
}

static void step_dnd(struct play *p)
{
    struct event event = {
        .kind = EVENT_DND, .user_id = word(p, 1), .is_answer = p->s->is_answering};

    event.at_ms = p->s->wall_ms - age_option(p);
    event.u.dnd.is_on = strcmp(word(p, 2), "on") == 0;
    stage_apply(p->s, &event);
}

static void step_withheld(struct play *p)
{
    struct event event = {
        .kind = EVENT_CALLS_WITHHELD, .user_id = word(p, 1), .is_answer = p->s->is_answering};

    event.u.withheld.is_withheld = strcmp(word(p, 2), "no") != 0;
    stage_apply(p->s, &event);
}

/* devices 104 "desk phone"=on softphone=off */
static void step_device(struct play *p)
{
    struct device device = {word(p, 2), strcmp(word(p, 3), "online") == 0};
    struct event event = {
        .kind = EVENT_DEVICES, .user_id = word(p, 1), .is_answer = p->s->is_answering};

    event.u.devices.items = &device;
    event.u.devices.len = 1;
    stage_apply(p->s, &event);
}

static void step_call(struct play *p)
{
    static const struct {
        const char *word;
        enum call_state state;
    } states[] = {{"ring", CALL_RINGING},
                  {"dial", CALL_DIALLING},
                  {"talk", CALL_CONNECTED},
                  {"hold", CALL_HELD},
                  {"park", CALL_PARKED}};
    struct event event = {.kind = EVENT_CALL,
                          .user_id = word(p, 1),
                          .is_answer = p->s->is_answering,
                          .at_ms = p->s->wall_ms};
    struct supervisor supervisor = {.extension = "", .mode = SUPERVISE_UNKNOWN};
    const char *id = option(p, "id"), *supervised = option(p, "supervised");
    const char *number = word(p, 4), *name = word(p, 5);
    size_t state = 0;
    char extension[64];

    while (state < 5 && strcmp(states[state].word, word(p, 2)) != 0)
        state++;
    if (state == 5)
        bad(p, "state of the call");
    event.u.call.id = id != NULL ? id : "c";
    event.u.call.state = states[state].state;
    event.u.call.direction = strcmp(word(p, 3), "in") == 0 ? CALL_IN : CALL_OUT;
    event.u.call.number = strchr(number, '=') != NULL || strcmp(number, "-") == 0 ? "" : number;
    event.u.call.name = strchr(name, '=') != NULL || strcmp(name, "recorded") == 0 ? "" : name;
    int64_t age_ms = age_option(p);
    event.u.call.since_ms = age_ms < 0 ? 0 : p->s->wall_ms - age_ms;
    if (age_ms < 0)
        event.is_answer = true;
    if (event.u.call.state == CALL_CONNECTED)
        event.u.call.connected_ms = event.u.call.since_ms;
    event.u.call.is_recorded = flag(p, "recorded");
    if (supervised != NULL) {
        str_copy(extension, sizeof extension, supervised);
        char *mode = strchr(extension, ':');
        if (mode != NULL)
            *mode++ = '\0';
        supervisor.extension = extension;
        supervisor.mode = mode == NULL                   ? SUPERVISE_UNKNOWN
                          : strcmp(mode, "listen") == 0  ? SUPERVISE_LISTEN
                          : strcmp(mode, "whisper") == 0 ? SUPERVISE_WHISPER
                                                         : SUPERVISE_BARGE;
        event.u.call.supervisors = &supervisor;
        event.u.call.supervisors_len = 1;
    }
    stage_apply(p->s, &event);
}

static void step_end(struct play *p)
{
    stage_end(p->s, word(p, 1), p->count > 2 ? word(p, 2) : "c");
}

/* link lost "peer closed" retry=3s */
static void step_link(struct play *p)
{
    static const char *const words[] = {"idle", "connecting", "live", "polling", "lost", "refused"};
    const char *retry = option(p, "retry"), *text = word(p, 2);

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], word(p, 1)) == 0) {
            stage_link(p->s, (enum link_state)i, strchr(text, '=') != NULL ? "" : text,
                       retry != NULL ? duration(retry) : 0);
            return;
        }
    bad(p, "link");
}

static void step_gap(struct play *p)
{
    struct event event = {.kind = EVENT_GAP};

    stage_apply(p->s, &event);
}

static void step_ask(struct play *p)
{
    stage_ask(p->s);
}

static void step_sync(struct play *p)
{
    stage_sync(p->s);
}

/* A fresh model: nothing was ever told. */
static void step_cold(struct play *p)
{
    hud_fini(&p->s->hud);
    hud_init(&p->s->hud);
    p->s->is_snapshot_open = false;
    ui_hud_changed(p->s->ui, &p->s->hud, HUD_CHANGED_USERS, p->s->now_ms);
}

static void step_advance(struct play *p)
{
    stage_advance(p->s, duration(word(p, 1)));
}

static void step_key(struct play *p)
{
    stage_render(p->s);
    stage_keys(p->s, p->rest);
}

static void step_paste(struct play *p)
{
    struct key key = {.code = KEY_CODE_PASTE, .text = p->rest, .text_len = strlen(p->rest)};

    ui_key(p->s->ui, &key, &p->s->hud, p->s->now_ms);
}

/* mouse press|double|up|down ROW COL */
static void step_mouse(struct play *p)
{
    struct key key = {.code = KEY_CODE_MOUSE};
    static const char *const words[] = {"press", "double", "up", "down"};

    for (size_t i = 0; i < 4; i++)
        if (strcmp(words[i], word(p, 1)) == 0)
            key.mouse = (enum key_mouse)i;
    key.row = (int)strtol(word(p, 2), NULL, 10);
    key.col = (int)strtol(word(p, 3), NULL, 10);
    stage_render(p->s);
    ui_key(p->s->ui, &key, &p->s->hud, p->s->now_ms);
}

/* message info|good|warn|error "text" "why" */
static void step_message(struct play *p)
{
    static const char *const words[] = {"info", "good", "warn", "error"};

    for (size_t i = 0; i < 4; i++)
        if (strcmp(words[i], word(p, 1)) == 0)
            ui_message(p->s->ui, (enum ui_level)i, word(p, 2), p->count > 3 ? word(p, 3) : NULL,
                       p->s->now_ms);
}

static void step_selected(struct play *p)
{
    stage_render(p->s);
    const char *selected = p->s->ui->board.selected_extension;
    if (selected == NULL || strcmp(selected, word(p, 1)) != 0)
        fail_msg("%s:%d: selected is %s", p->path, p->line, selected != NULL ? selected : "nobody");
}

/* capability all native | capability takeover missing "needs the role manager" */
static void step_capability(struct play *p)
{
    static const char *const levels[] = {"missing", "assisted", "native"};
    enum action_kind kind = ACTION_LISTEN;
    bool is_all = strcmp(word(p, 1), "all") == 0;

    if (!is_all && !action_find(word(p, 1), &kind))
        bad(p, "no such action");
    for (int level = 0; level < 3; level++)
        for (int i = 0; strcmp(levels[level], word(p, 2)) == 0 && i < ACTION_COUNT; i++)
            if (is_all || i == (int)kind)
                stage_capability(p->s, (enum action_kind)i, (enum capability)level, word(p, 3));
}

/* action listen confirmed 104 call=c id=1 "text=the call has ended" on */
static void step_action(struct play *p)
{
    static const char *const stages[] = {"asked",  "phone", "confirmed",
                                         "unsure", "ended", "failed"};
    const char *id = option(p, "id"), *call = option(p, "call"), *text = option(p, "text");
    enum action_kind kind;

    if (!action_find(word(p, 1), &kind))
        bad(p, "no such action");
    p->s->is_action_on = flag(p, "on");
    for (int i = 0; i < 6; i++)
        if (strcmp(stages[i], word(p, 2)) == 0) {
            stage_action(p->s, id != NULL ? (uint32_t)strtoul(id, NULL, 10) : 1, kind,
                         (enum action_stage)i, word(p, 3), call != NULL ? call : "c", text);
            return;
        }
    bad(p, "stage of the action");
}

/* audit 5121 "training" */
static void step_audit(struct play *p)
{
    ui_set_audit(p->s->ui, strtoul(word(p, 1), NULL, 10), word(p, 2));
}

/* intent act listen 104 c "reason": what the program is asked to do. */
static void check_act(struct play *p, const struct intent *intent)
{
    const char *name = action_row(intent->action)->name;

    if (intent->kind != INTENT_ACT || strcmp(name, word(p, 2)) != 0 ||
        strcmp(intent->user_id, word(p, 3)) != 0 ||
        strcmp(intent->call_id, strcmp(word(p, 4), "-") == 0 ? "" : word(p, 4)) != 0 ||
        strcmp(intent->text, option(p, "reason") != NULL ? option(p, "reason") : "") != 0 ||
        intent->is_on != flag(p, "on"))
        fail_msg("%s:%d: intent %d is %s %s \"%s\" reason \"%s\" %s", p->path, p->line,
                 (int)intent->kind, name, intent->user_id, intent->call_id, intent->text,
                 intent->is_on ? "on" : "off");
}

/* intent copy 415... | intent none */
static void step_intent(struct play *p)
{
    static const char *const words[] = {"none", "quit",      "resync", "redraw", "suspend",
                                        "copy", "theme",     "mouse",  "reload", "bell",
                                        "shot", "reconnect", "act",    "desk"};
    struct intent intent = {0};

    (void)ui_next_intent(p->s->ui, &intent);
    if (strcmp(word(p, 1), "act") == 0) {
        check_act(p, &intent);
        return;
    }
    if (strcmp(words[intent.kind], word(p, 1)) != 0 ||
        (p->count > 2 && strcmp(intent.text, word(p, 2)) != 0))
        fail_msg("%s:%d: intent is %s \"%s\"", p->path, p->line, words[intent.kind], intent.text);
}

/* Keys at once, without a picture before them. */
static void step_blind(struct play *p)
{
    stage_keys(p->s, p->rest);
}

static void step_desk(struct play *p)
{
    const char *wrong = steps_desk(p->s, p->words, p->count);

    if (wrong != NULL)
        fail_msg("%s:%d: desk %s: %s", p->path, p->line, word(p, 1), wrong);
}

static void step_screen(struct play *p)
{
    stage_render(p->s);
    p->shown(p->self, p->s);
}

static const struct {
    const char *name;
    void (*run)(struct play *p);
} steps[] = {
    {"size", step_size},         {"ascii", step_ascii},
    {"settings", step_settings}, {"option", step_option},
    {"time", step_time},         {"user", step_user},
    {"gone", step_gone},         {"presence", step_presence},
    {"dnd", step_dnd},           {"withheld", step_withheld},
    {"device", step_device},     {"call", step_call},
    {"end", step_end},           {"link", step_link},
    {"gap", step_gap},           {"ask", step_ask},
    {"sync", step_sync},         {"cold", step_cold},
    {"advance", step_advance},   {"key", step_key},
    {"paste", step_paste},       {"mouse", step_mouse},
    {"message", step_message},   {"selected", step_selected},
    {"intent", step_intent},     {"screen", step_screen},
    {"theme", step_theme},       {"capability", step_capability},
    {"action", step_action},     {"audit", step_audit},
    {"blind", step_blind},       {"desk", step_desk},
};

static void play_file(struct play *p, const char *path);

static void play_line(struct play *p, char *line)
{
    static char whole[2048];

    str_copy(whole, sizeof whole, line);
    p->rest = strchr(whole, ' ');
    p->rest = p->rest != NULL ? p->rest + 1 : whole + strlen(whole);
    cut_words(p, line);
    if (p->count == 0 || p->words[0][0] == '#')
        return;
    if (strcmp(p->words[0], "include") == 0) {
        char path[512];
        const char *slash = strrchr(p->path, '/');
        (void)snprintf(path, sizeof path, "%.*s/%s", slash != NULL ? (int)(slash - p->path) : 1,
                       slash != NULL ? p->path : ".", word(p, 1));
        play_file(p, path);
        return;
    }
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (strcmp(steps[i].name, p->words[0]) == 0) {
            steps[i].run(p);
            return;
        }
    bad(p, "no such step");
}

static void play_file(struct play *p, const char *path)
{
    struct play outer = *p;
    char line[2048];
    FILE *file = fopen(path, "r");

    if (file == NULL)
        fail_msg("%s: cannot be read", path);
    p->path = path;
    p->line = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        p->line++;
        line[strcspn(line, "\n")] = '\0';
        play_line(p, line);
    }
    fclose(file);
    p->path = outer.path;
    p->line = outer.line;
}

void steps_play(const char *path, void (*shown)(void *self, struct stage *s), void *self)
{
    struct stage s;
    struct play p = {.s = &s, .path = path, .shown = shown, .self = self};

    stage_init(&s, 24, 80);
    play_file(&p, path);
    stage_fini(&s);
}
