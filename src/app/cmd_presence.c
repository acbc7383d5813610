/* callhud presence: the presence settings that the backend stores. */
#include "callhud/app/desk_run.h"
#include "callhud/app/presence_words.h"
#include "callhud/app/report.h"
#include "callhud/base/str.h"

#include <stdio.h>
#include <string.h>

/* ---- show ------------------------------------------------------------------------------------ */

static void put_names(struct desk_run *run, const char *const *ids, size_t len)
{
    buf_puts(&run->out, "[");
    for (size_t i = 0; i < len; i++) {
        const struct desk_person *person = desk_run_person_by_id(run, ids[i]);
        buf_puts(&run->out, i == 0 ? "" : ",");
        report_json(&run->out, person && person->extension[0] ? person->extension : ids[i]);
    }
    buf_puts(&run->out, "]");
}

static void put_json(struct desk_run *run, const struct desk_settings *s, size_t i)
{
    const bool flags[] = {s->rings_when_monitored, s->picks_up_held, s->shares_presence};
    if (!(s->has & 1U << i))
        buf_puts(&run->out, "null");
    else if (i < 3)
        buf_puts(&run->out, flags[i] ? "true" : "false");
    else if (i == 3)
        buf_printf(&run->out, "\"%s\"", desk_details_word(s->details));
    else if (i == 4)
        put_names(run, s->answerable_by, s->answerable_len);
    else
        put_names(run, s->visible_to, s->visible_len);
}

static void put_settings(struct desk_run *run)
{
    const struct ui_desk *desk = keeper_desk(run->keeper);
    const struct desk_settings *s = desk->settings;
    bool is_json = run->cli->format == FORMAT_JSON;
    buf_puts(&run->out, is_json ? "{" : "");
    for (size_t i = 0; i < PRESENCE_KEYS; i++) {
        if (is_json)
            buf_printf(&run->out, "%s\"%s\":", i ? "," : "", presence_keys[i]);
        else
            buf_printf(&run->out, "%-27s ", presence_keys[i]);
        if (is_json)
            put_json(run, s, i);
        else
            presence_put_value(&run->out, s, i, desk->people, desk->people_len);
        if (!is_json && s->missing[i])
            buf_printf(&run->out, "   (%s)", s->missing[i]);
        buf_puts(&run->out, is_json ? "" : "\n");
    }
    buf_puts(&run->out, is_json ? "}\n" : "");
}

static bool has_settings(struct desk_run *run)
{
    const struct ui_desk *desk = keeper_desk(run->keeper);
    enum rc rc = keeper_settings_rc(run->keeper);
    bool is_others = !str_is_empty(run->cli->user);
    if (desk->settings)
        return true;
    if (str_is_empty(desk->settings_text))
        desk_run_fail(run, RC_DENIED, "this telephone system stores no presence settings");
    else if (rc == RC_DENIED && is_others)
        desk_run_fail(run, rc, "refused: %s", desk->settings_text);
    else
        desk_run_fail(run, rc, "the settings cannot be read: %s", desk->settings_text);
    return false;
}

static void show(struct desk_run *run)
{
    if (!has_settings(run))
        return;
    put_settings(run);
    desk_run_end(run, 0);
}

/* ---- set ------------------------------------------------------------------------------------- */

typedef VEC(const char *) user_ids; /* borrowed from the people */

struct change {
    struct desk_settings settings;
    user_ids answerable, visible;
};

static bool take_flag(const char *value, bool *out)
{
    *out = str_eq(value, "on");
    return *out || str_eq(value, "off");
}

static bool take_people(struct desk_run *run, const char *key, char *value, const char *nobody,
                        user_ids *ids)
{
    if (str_eq(value, nobody))
        return true;
    for (const char *one; (one = str_next_field(&value, ','));) {
        const struct desk_person *person = desk_run_person(run, one);
        if (one[0] == '\0') {
            desk_run_fail(run, RC_USAGE, "%s is extensions with commas between them, or %s", key,
                          nobody);
            return false;
        }
        if (person && person->is_other) {
            desk_run_fail(run, RC_DENIED, "%s: %s %s is no person: name people, or %s", key, one,
                          person->name, nobody);
            return false;
        }
        if (!person) {
            desk_run_fail(run, RC_NOT_FOUND, "nobody has the extension '%s'", one);
            return false;
        }
        VEC_PUSH(ids, person->user_id);
    }
    return true;
}

/* False when it was refused, and said. */
static bool take(struct desk_run *run, struct change *change, const char *word)
{
    char text[4096];
    bool is_whole = str_copy(text, sizeof text, word);
    char *value = strchr(text, '=');
    struct desk_settings *s = &change->settings;
    bool *const flags[] = {&s->rings_when_monitored, &s->picks_up_held, &s->shares_presence};
    if (!value) {
        desk_run_fail(run, RC_USAGE, "%s: write KEY=VALUE", word);
        return false;
    }
    if (!is_whole) {
        desk_run_fail(run, RC_USAGE, "%.40s...: longer than %zu bytes", text, sizeof text - 1);
        return false;
    }
    *value++ = '\0';
    size_t i = 0;
    while (i < PRESENCE_KEYS && !str_eq(presence_keys[i], text))
        i++;
    if (i == PRESENCE_KEYS) {
        const char *near = str_nearest(text, presence_keys, PRESENCE_KEYS);
        if (near)
            desk_run_fail(run, RC_USAGE, "no setting is called '%s': did you mean %s?", text, near);
        else
            desk_run_fail(run, RC_USAGE,
                          "no setting is called '%s': 'callhud presence show' lists them", text);
        return false;
    }
    s->has |= 1U << i;
    if (i < 3 && !take_flag(value, flags[i]))
        desk_run_fail(run, RC_USAGE, "%s is on or off", text);
    else if (i == 3 && !desk_details_from_word(value, &s->details))
        desk_run_fail(run, RC_USAGE, "%s is all, permitted or none", text);
    else if (i == 4)
        return take_people(run, text, value, "none", &change->answerable);
    else if (i == 5)
        return take_people(run, text, value, "all", &change->visible);
    return run->exit_code < 0;
}

static bool is_possible(struct desk_run *run, const struct desk_settings *wanted)
{
    const struct desk_settings *now = keeper_desk(run->keeper)->settings;
    bool is_turned_on = (wanted->has & DESK_HAS_SHARE) && wanted->shares_presence;
    for (size_t i = 0; i < PRESENCE_KEYS; i++) {
        /* One who does not share presence hides the others from us: not together with it. */
        bool is_hidden = (now->has & DESK_HAS_SHARE) && !now->shares_presence && i < 4;
        if ((wanted->has & 1U << i) && now->missing[i] && !(is_hidden && is_turned_on)) {
            desk_run_fail(run, RC_DENIED, "%s: %s", presence_keys[i], now->missing[i]);
            return false;
        }
    }
    bool is_shared =
        (wanted->has & DESK_HAS_SHARE) ? wanted->shares_presence : now->shares_presence;
    if ((wanted->has & DESK_HAS_ANSWERABLE) && wanted->answerable_len > 0 && !is_shared) {
        desk_run_fail(run, RC_DENIED, "answerable_by needs presence on first: share_presence=on");
        return false;
    }
    return true;
}

static void set(struct desk_run *run)
{
    struct change change = {0};
    bool is_good = has_settings(run);
    for (size_t i = 1; i < run->cli->args_len && is_good; i++)
        is_good = take(run, &change, run->cli->args[i]);
    change.settings.answerable_by = change.answerable.items;
    change.settings.answerable_len = change.answerable.len;
    change.settings.visible_to = change.visible.items;
    change.settings.visible_len = change.visible.len;
    if (is_good && is_possible(run, &change.settings))
        keeper_set(run->keeper, &change.settings);
    VEC_FREE(&change.answerable);
    VEC_FREE(&change.visible);
}

static void ended(struct desk_run *run, enum rc rc, const char *text)
{
    if (rc != RC_OK) {
        desk_run_fail(run, rc, "not changed: %s", text);
        return;
    }
    put_settings(run);
    desk_run_end(run, 0);
}

int cmd_presence(const struct cli *cli)
{
    struct desk_run run = {.cli = cli,
                           .needs_link = true,
                           .needs_people = true,
                           .needs_settings = true,
                           .ready = show,
                           .ended = ended};
    struct err err = {0};
    if (str_eq(cli->args[0], "set")) {
        run.is_change = true;
        run.ready = set;
    }
    if (run.is_change != (cli->args_len > 1)) {
        err_set(&err, RC_USAGE, "write: callhud presence %s",
                run.is_change ? "set KEY=VALUE..." : "show");
        return start_fail(&err);
    }
    return desk_run(&run);
}
