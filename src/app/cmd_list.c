/* callhud list: the HUD list on the command line. */
#include "callhud/app/list_choose.h"
#include "callhud/app/list_rows.h"
#include "callhud/base/str.h"
#include "cmd_list_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_automatic(const struct desk_run *run)
{
    return run->start.settings.sync == SYNC_AUTOMATIC;
}

/* Why the telephone system has none of it; NULL: it can have it, as far as that is known. */
static const char *why_local(const struct desk_run *run)
{
    const struct ui_desk *desk = keeper_desk(run->keeper);
    return desk->is_local && !str_is_empty(desk->list_text) ? desk->list_text : NULL;
}

void cmd_list_say_where(const struct desk_run *run)
{
    if (run->is_offline)
        fprintf(stderr, "callhud: as kept on this machine: %s\n", run->why_offline);
    else if (why_local(run))
        fprintf(stderr, "callhud: kept on this machine alone: %s\n", why_local(run));
}

bool cmd_list_is_known(struct desk_run *run)
{
    const char *fixed = keeper_desk(run->keeper)->fixed;
    char text[ERR_TEXT_BYTES];
    if (!keeper_is_file_read(run->keeper) && !keeper_list(run->keeper)->is_read) {
        desk_run_fail(run, RC_IO, "%s", fixed);
        return false;
    }
    keeper_say_fixed(run->keeper, text, sizeof text);
    if (fixed)
        fprintf(stderr, "callhud: %s\n", text);
    return true;
}

static bool put_list(struct desk_run *run, bool only_changed)
{
    const struct appearance *list = keeper_list(run->keeper);
    if (!cmd_list_is_known(run))
        return false;
    cmd_list_say_where(run);
    bool is_said = only_changed && !keeper_is_file_read(run->keeper) &&
                   appearance_count(list).unsaved == 0 && run->cli->format == FORMAT_TABLE;
    if (!is_said) /* else whether both homes agree is not known */
        list_rows_put(&run->out, list, run->cli->format, only_changed);
    return true;
}

/* ---- what shows ------------------------------------------------------------------------------ */

static void show(struct desk_run *run)
{
    if (put_list(run, false))
        desk_run_end(run, 0);
}

/* On standard error, as the lists of programs stay lists. */
static void note_conflicts(struct desk_run *run)
{
    char text[ERR_TEXT_BYTES];
    list_choose_say(keeper_list(run->keeper), text, sizeof text);
    if (text[0])
        fprintf(stderr, "callhud: %s\n", text);
}

static void diff(struct desk_run *run)
{
    if (!put_list(run, true))
        return;
    note_conflicts(run);
    desk_run_end(run, 0);
}

static void pulled(struct desk_run *run)
{
    if (why_local(run)) {
        desk_run_fail(run, RC_DENIED, "there is nothing to read: %s", why_local(run));
        return;
    }
    if (run->cli->args_len > 1 && !list_choose_stored(run, run->cli->args[1]))
        return;
    note_conflicts(run);
    struct appearance_counts counts = appearance_count(keeper_list(run->keeper));
    if (run->cli->format != FORMAT_TABLE)
        list_rows_put(&run->out, keeper_list(run->keeper), run->cli->format, false);
    else
        buf_printf(&run->out, "%zu keys, %zu not sent, %zu in conflict\n", counts.keys,
                   counts.unsaved, counts.conflicts);
    desk_run_end(run, 0);
}

/* ---- what sends ------------------------------------------------------------------------------ */

static void push(struct desk_run *run)
{
    if (why_local(run)) /* a list that was never read is not sent, and this is why */
        desk_run_fail(run, RC_DENIED, "not saved: %s", why_local(run));
    else
        keeper_push(run->keeper, false);
}

static void pushed(struct desk_run *run, enum rc rc, const char *text)
{
    struct appearance_counts counts = appearance_count(keeper_list(run->keeper));
    if (run->cli->format != FORMAT_TABLE)
        list_rows_put(&run->out, keeper_list(run->keeper), run->cli->format, false);
    if (rc != RC_OK) {
        desk_run_fail(run, rc, "not saved: %s", text);
    } else if (counts.conflicts > 0) {
        char why[ERR_TEXT_BYTES];
        list_choose_say(keeper_list(run->keeper), why, sizeof why);
        desk_run_fail(run, RC_DENIED, "not sent: %s", why);
    } else if (counts.refused > 0) {
        desk_run_fail(run, RC_REFUSED, "saved but for %zu that the backend refuses: see above",
                      counts.refused);
    } else {
        if (run->cli->format == FORMAT_TABLE)
            buf_puts(&run->out, "both homes agree\n");
        desk_run_end(run, 0);
    }
}

void cmd_list_edited(struct desk_run *run, const char *did)
{
    if (is_automatic(run) && !run->is_offline) {
        fprintf(stderr, "callhud: %s\n", did);
        push(run);
        return;
    }
    const struct appearance *list = keeper_list(run->keeper);
    if (why_local(run))
        fprintf(stderr, "callhud: %s; kept on this machine alone: %s\n", did, why_local(run));
    else if (list->sent.len > 0 || appearance_count(list).unsaved > 0)
        fprintf(stderr, "callhud: %s; kept here: callhud list push sends it\n", did);
    else
        fprintf(stderr, "callhud: %s; both homes agree: there is nothing to send\n", did);
    note_conflicts(run);
    desk_run_end(run, 0);
}

/* "104 Lena Fischer" */
static void name_user(const struct appearance_user *user, char *out, size_t size)
{
    bool has_both = !str_is_empty(user->extension) && !str_is_empty(user->name);
    (void)snprintf(out, size, "%.40s%s%.80s",
                   str_is_empty(user->extension) ? (str_is_empty(user->name) ? user->id : "")
                                                 : user->extension,
                   has_both ? " " : "", user->name ? user->name : "");
}

/* What has become of the one who is on a line now; was: who was there before, or NULL; was_key: the
 * key that he had, or 0. */
static void put_on(struct desk_run *run, const struct appearance_user *user,
                   const struct appearance_user *was, uint32_t was_key)
{
    const struct appearance_line *line = appearance_by_user(keeper_list(run->keeper), user->id);
    char who[160], whom[160] = "", key[40] = "the list", did[480];
    name_user(user, who, sizeof who);
    if (was)
        name_user(was, whom, sizeof whom);
    if (line && line->here && line->key > 0)
        (void)snprintf(key, sizeof key, "key %u", (unsigned)line->key);
    if (was)
        (void)snprintf(did, sizeof did, "%s is on %s instead of %s", who, key, whom);
    else if (was_key > 0)
        (void)snprintf(did, sizeof did, "%s is on %s, was on key %u", who, key, (unsigned)was_key);
    else
        (void)snprintf(did, sizeof did, "%s is on %s", who, key);
    cmd_list_edited(run, did);
}

static void took_off(struct desk_run *run, const struct appearance_user *user, uint32_t key)
{
    char who[160], from[40] = "the list", did[240];
    name_user(user, who, sizeof who);
    if (key > 0)
        (void)snprintf(from, sizeof from, "key %u", (unsigned)key);
    (void)snprintf(did, sizeof did, "%s is taken off %s", who, from);
    cmd_list_edited(run, did);
}

/* ---- edits ----------------------------------------------------------------------------------- */

static bool key_of(const char *text, uint32_t *out)
{
    char *end = NULL;
    unsigned long n = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || n == 0 || n > APPEARANCE_LINES_MAX)
        return false;
    *out = (uint32_t)n;
    return true;
}

static const char *why_not_read(const struct desk_run *run)
{
    const char *why = keeper_desk(run->keeper)->list_text;
    return run->is_offline ? run->why_offline : str_is_empty(why) ? "read it first" : why;
}

static const struct appearance_line *line_at(struct desk_run *run, const char *text)
{
    uint32_t key = 0;
    const struct appearance_line *line =
        key_of(text, &key) ? appearance_by_key(keeper_list(run->keeper), key) : NULL;
    if (!line && !keeper_list(run->keeper)->is_read)
        desk_run_fail(run, RC_UNREACHABLE,
                      "whether %s is on the list is not known, the stored one was never read: %s",
                      text, why_not_read(run));
    else if (!line)
        desk_run_fail(run, RC_USAGE, "%s is no key of the list: callhud list show has them", text);
    return line;
}

static struct appearance_user keep(struct desk_run *run, const struct appearance_user *user)
{
    struct appearance_user copy = *user;
    copy.id = desk_run_keep(run, user->id);
    copy.extension = desk_run_keep(run, user->extension);
    copy.name = desk_run_keep(run, user->name);
    return copy;
}

static bool user_of(struct desk_run *run, const char *extension, struct appearance_user *out)
{
    struct err err = {0};
    enum rc rc = cmd_list_user(run, extension, out, &err);
    if (rc != RC_OK)
        desk_run_fail(run, rc, "%s", err.text);
    else
        *out = keep(run, out);
    return rc == RC_OK;
}

static bool do_edit(struct desk_run *run, struct appearance_edit *edit)
{
    struct err err = {0};
    size_t done = 0;
    enum rc rc = keeper_edit(run->keeper, edit, 1, &done, &err);
    if (rc != RC_OK)
        desk_run_fail(run, rc, "%s", err.text);
    else if (done == 0)
        desk_run_fail(run, RC_REFUSED, "%s", edit->refused);
    return rc == RC_OK && done > 0;
}

/* The keys that a line can be moved to, or a new one can have: reserved ones are the telephone
 * system's. */
static bool is_key_to_have(struct desk_run *run, uint32_t key, bool is_new)
{
    const struct appearance *list = keeper_list(run->keeper);
    uint32_t first = 0, last = 0;
    bool is_one = false;
    for (size_t i = 0; i < list->lines.len; i++) {
        const struct appearance_line *line = &list->lines.items[i];
        if (line->key == 0)
            continue;
        last = line->key > last ? line->key : last;
        if (line->state == LINE_RESERVED)
            continue;
        first = first == 0 || line->key < first ? line->key : first;
        is_one |= line->key == key;
    }
    uint32_t end = last + is_new;
    is_one |= is_new && key == end;
    if (!is_one && key <= last)
        desk_run_fail(run, RC_DENIED, "key %u is reserved by the telephone system: choose %u to %u",
                      (unsigned)key, (unsigned)(first > 0 ? first : end), (unsigned)end);
    else if (!is_one && is_new)
        desk_run_fail(run, RC_USAGE, "--at %u: the list ends at key %u: choose %u to %u",
                      (unsigned)key, (unsigned)last, (unsigned)(first > 0 ? first : end),
                      (unsigned)end);
    else if (!is_one)
        desk_run_fail(run, RC_DENIED, "the list has %u keys: choose %u to %u", (unsigned)last,
                      (unsigned)first, (unsigned)last);
    return is_one;
}

/* Where it comes to is said: no key is known before the stored list was read. */
static bool is_place_for(struct desk_run *run, const struct appearance_edit *edit, bool is_new)
{
    if (edit->key == 0 || keeper_list(run->keeper)->is_read)
        return edit->key == 0 || is_key_to_have(run, edit->key, is_new);
    fprintf(stderr,
            "callhud: the stored list was never read, its keys are not known: %s goes last\n",
            edit->user.extension);
    return true;
}

/* An edit of a line in conflict settles it: what it says is what is wanted. */

static void add(struct desk_run *run)
{
    const char *extension = run->cli->args[1];
    const struct appearance_line *line = list_choose_find(keeper_list(run->keeper), extension);
    struct appearance_edit edit = {.kind = EDIT_ADD};
    if (run->cli->at && !key_of(run->cli->at, &edit.key)) {
        desk_run_fail(run, RC_USAGE, "--at %s: a key is a number from 1", run->cli->at);
        return;
    }
    if (!user_of(run, extension, &edit.user))
        return;
    bool is_here = line && line->here && str_eq(line->here->extension, extension);
    bool is_stored = !is_here && line && line->stored && str_eq(line->stored->extension, extension);
    edit.kind = is_here || is_stored ? EDIT_MOVE : EDIT_ADD;
    bool is_on = !line && appearance_by_extension(keeper_list(run->keeper), extension);
    if (!is_on && !is_place_for(run, &edit, !is_here)) /* who is on it is told so below */
        return;
    if (is_here && !list_choose(run, line, CHOOSE_MINE))
        return;
    if (is_stored && !list_choose(run, line, line->here ? CHOOSE_BOTH : CHOOSE_THEIRS))
        return;
    if ((edit.kind == EDIT_MOVE && !run->cli->at) || do_edit(run, &edit))
        put_on(run, &edit.user, NULL, 0);
}

static void take_off(struct desk_run *run)
{
    const char *what = run->cli->args[1];
    const struct appearance_line *line = appearance_by_extension(keeper_list(run->keeper), what);
    const struct appearance_line *conflict = list_choose_find(keeper_list(run->keeper), what);
    bool is_gone = !line && conflict && conflict->stored && !conflict->here;
    bool is_stored =
        !line && conflict && conflict->stored && str_eq(conflict->stored->extension, what);
    if (is_gone || is_stored) { /* it is off here: so it stays */
        struct appearance_user user = keep(run, conflict->stored);
        if (list_choose(run, conflict, CHOOSE_MINE))
            took_off(run, &user, 0);
        return;
    }
    if (!line)
        line = line_at(run, what);
    if (!line)
        return;
    struct appearance_edit edit = {.kind = EDIT_REMOVE, .user = keep(run, line->here)};
    uint32_t key = line->key;
    if ((line->state != LINE_CONFLICT || list_choose(run, line, CHOOSE_MINE)) &&
        do_edit(run, &edit))
        took_off(run, &edit.user, key);
}

static void move(struct desk_run *run)
{
    struct appearance_edit edit = {.kind = EDIT_MOVE};
    const struct appearance_line *line = line_at(run, run->cli->args[1]);
    if (!line)
        return;
    if (!key_of(run->cli->args[2], &edit.key)) {
        desk_run_fail(run, RC_USAGE, "%s is no key: a key is a number from 1", run->cli->args[2]);
        return;
    }
    if (line->state != LINE_RESERVED && !is_key_to_have(run, edit.key, false))
        return;
    bool is_there = line->key == edit.key, is_conflict = line->state == LINE_CONFLICT;
    uint32_t key = line->key;
    edit.user = keep(run, line->here);
    if (is_conflict && !list_choose(run, line, CHOOSE_MINE))
        return;
    if (is_there && is_conflict) {
        put_on(run, &edit.user, NULL, 0);
    } else if (is_there) {
        fprintf(stderr, "callhud: key %u is there already: nothing was changed\n",
                (unsigned)edit.key);
        desk_run_end(run, 0);
    } else if (do_edit(run, &edit)) {
        put_on(run, &edit.user, NULL, key);
    }
}

static void set(struct desk_run *run)
{
    struct appearance_edit edit = {.kind = EDIT_SET};
    const struct appearance_line *line = line_at(run, run->cli->args[1]);
    if (!line || !user_of(run, run->cli->args[2], &edit.to))
        return;
    bool is_conflict = line->state == LINE_CONFLICT;
    bool is_mine = str_eq(line->here->id, edit.to.id);
    bool is_theirs = !is_mine && line->stored && str_eq(line->stored->id, edit.to.id);
    edit.user = keep(run, line->here);
    if (is_conflict && !list_choose(run, line, is_theirs ? CHOOSE_THEIRS : CHOOSE_MINE))
        return;
    if ((is_conflict && (is_mine || is_theirs)) || do_edit(run, &edit))
        put_on(run, &edit.to, is_mine ? NULL : &edit.user, 0);
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct verb {
    const char *name, *usage;
    size_t least, most;
    bool needs_link, needs_people, needs_file, is_change;
    void (*ready)(struct desk_run *run);
} verbs[] = {
    {"show", "list show", 1, 1, false, false, false, false, show},
    {"add", "list add EXT [--at KEY]", 2, 2, false, true, true, true, add},
    {"remove", "list remove EXT|KEY", 2, 2, false, false, true, true, take_off},
    {"move", "list move KEY KEY", 3, 3, false, false, true, true, move},
    {"set", "list set KEY EXT", 3, 3, false, true, true, true, set},
    {"diff", "list diff", 1, 1, false, false, false, false, diff},
    {"pull", "list pull [KEY|EXT|all]", 1, 2, true, false, true, false, pulled},
    {"push", "list push", 1, 1, true, false, true, true, push},
    {"export", "list export [FILE]", 1, 2, false, false, false, false, cmd_list_export},
    {"import", "list import FILE", 2, 2, false, true, true, true, cmd_list_import},
};

static const struct verb *verb_of(const struct cli *cli)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (str_eq(verbs[i].name, cli->args[0]))
            return &verbs[i];
    return NULL;
}

/* Without the file to keep it nothing is changed. */
static void ready(struct desk_run *run)
{
    const struct verb *verb = verb_of(run->cli);
    const char *fixed = keeper_desk(run->keeper)->fixed;
    if (fixed && verb->needs_file)
        desk_run_fail(run, RC_IO, "%s", fixed);
    else
        verb->ready(run);
}

int cmd_list(const struct cli *cli)
{
    struct desk_run run = {.cli = cli, .ended = pushed};
    struct err err = {0};
    const struct verb *verb = verb_of(cli);
    if (!verb || cli->args_len < verb->least || cli->args_len > verb->most) {
        err_set(&err, RC_USAGE, "write: callhud %s", verb ? verb->usage : cli->command->args);
        return start_fail(&err);
    }
    if (cli->at && !str_eq(verb->name, "add")) {
        err_set(&err, RC_USAGE, "--at goes with list add");
        return start_fail(&err);
    }
    run.needs_link = verb->needs_link;
    run.needs_people = verb->needs_people;
    /* `pull KEY` gives up what is here. */
    run.is_change = verb->is_change || (verb->ready == pulled && cli->args_len > 1);
    run.ready = ready;
    return desk_run(&run);
}
