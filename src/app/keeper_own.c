/* The person's own list is one file, whether it is asked for by the own extension or not. Which
 * that is, the backend tells with the list. What lies in the file that was kept under the extension
 * before that was known is taken over, when nothing has to be decided for it; else it stays a list
 * of its own for who asks by the extension. */
#include "keeper_priv.h"

#include "callhud/base/log.h"

static void tell_note(struct keeper *k, struct list_file *file)
{
    char note[ERR_TEXT_BYTES];
    if (list_file_take_note(file, note))
        keeper_tell(k, true, "%s", note);
}

void keeper_own_look(struct keeper *k)
{
    const char *why = list_file_why(k->file);
    if (str_eq(why, k->desk.fixed ? k->desk.fixed : ""))
        return;
    keeper_text(&k->copies.fixed, why);
    k->desk.fixed = why[0] ? k->copies.fixed : NULL;
    keeper_changed(k);
    if (k->config.is_asked_alone)
        return; /* said with what the command shows, or in the place of it */
    if (why[0]) {
        char text[ERR_TEXT_BYTES];
        keeper_say_fixed(k, text, sizeof text);
        keeper_tell(k, true, "%s", text);
        return;
    }
    keeper_tell(k, false, "the HUD list can be changed again");
    k->vain_ms = 0;
    keeper_plan_quiet(k);
    keeper_read_soon(k);
}

static enum rc open_file(struct keeper *k, struct list_file **out, const char *owner,
                         int64_t wait_ms, struct err *err)
{
    char note[ERR_TEXT_BYTES] = "";
    const struct settings *settings = k->session->settings;
    enum rc rc = list_file_open_within(out, k->folder, settings->profile, owner, settings->server,
                                       wait_ms, note, err);
    if (note[0])
        keeper_tell(k, true, "%s", note);
    return rc;
}

static void find_second(struct keeper *k)
{
    struct err err = {0};
    const char *own = list_file_own(k->file);
    if (k->second || !list_file_is_main(k->file) || !own[0] ||
        !list_file_exists(k->folder, k->session->settings->profile, own))
        return;
    enum rc rc = open_file(k, &k->second, own, k->patience_ms, &err);
    k->second_at = NO_READINGS;
    if (rc != RC_OK && rc != RC_TIMEOUT) /* that: with the next reading */
        keeper_tell(k, true, "edits made with --user %s cannot be read: %s", own, err.text);
}

static void close_second(struct keeper *k)
{
    list_file_close(k->second);
    k->second = NULL;
    k->left_second_rev = 0;
}

/* The file in use, and whose list it is. What was noted of the one before is nothing of this one:
 * no answer that was asked for belongs to it, and a save begins anew. */
static void use(struct keeper *k, struct list_file *file)
{
    k->file = file;
    k->file_number++;
    k->read_at = k->write_at = NO_READINGS;
    k->sent_note = 0;
    k->is_seen = k->is_apart = false;
    list_file_patience(file, k->patience_ms);
    mem_free(k->extension);
    k->extension = list_file_is_main(file) || !k->asked ? NULL : mem_dup(k->asked);
    keeper_text(&k->copies.whose, k->extension);
    k->desk.whose = k->copies.whose;
    k->desk.owner = k->extension;
    k->desk.list = list_file_list(file);
    k->desk.rev++;
    keeper_changed(k);
    keeper_own_look(k);
}

static bool can_be_one(const struct keeper *k);
static bool stay_apart(struct keeper *k);

enum rc keeper_own_open(struct keeper *k, struct err *err)
{
    const struct settings *settings = k->session->settings;
    struct list_file *file = NULL;
    bool is_own =
        !k->asked || list_file_is_own(k->folder, settings->profile, k->asked, settings->server);
    enum rc rc = open_file(k, &file, is_own ? NULL : k->asked, LIST_FILE_WAIT_MS, err);
    if (rc != RC_OK)
        return rc;
    use(k, file);
    find_second(k);
    if (k->second && !can_be_one(k))
        (void)stay_apart(k);
    return RC_OK;
}

static void note_own(struct list_file *file, const char *own)
{
    struct err err = {0};
    if (str_eq(list_file_own(file), own))
        return;
    if (!list_file_begin(file, &err))
        return; /* with the next answer */
    list_file_set_own(file, own);
    if (list_file_end(file, true, &err) != RC_OK)
        log_warn("list", "%s", err.text);
}

bool keeper_own_learn(struct keeper *k, const char *own)
{
    struct err err = {0};
    struct list_file *file = NULL;
    bool is_mine = !k->asked || str_eq(k->asked, own);
    if (str_is_empty(own) || (k->is_apart && str_eq(k->asked, own)))
        return false;
    if (k->wishes.len > 0 && is_mine != list_file_is_main(k->file)) {
        k->is_pull_wanted = true; /* when they are on disk */
        return false;
    }
    if (list_file_is_main(k->file))
        note_own(k->file, own);
    if (is_mine == list_file_is_main(k->file)) {
        find_second(k);
        return false;
    }
    if (open_file(k, &file, is_mine ? NULL : k->asked, k->patience_ms, &err) != RC_OK) {
        keeper_tell(k, true, "%s", err.text);
        return false;
    }
    close_second(k);
    list_file_close(k->file);
    use(k, file);
    if (is_mine)
        note_own(k->file, own);
    find_second(k);
    return true;
}

/* The file in use was taken over by another callhud: true, and its own list is in use. */
static bool rejoin(struct keeper *k)
{
    struct err err = {0};
    struct list_file *file = NULL;
    const struct settings *settings = k->session->settings;
    if (!k->asked || list_file_is_main(k->file) ||
        !list_file_is_own(k->folder, settings->profile, k->asked, settings->server) ||
        open_file(k, &file, NULL, k->patience_ms, &err) != RC_OK)
        return false;
    list_file_close(k->file);
    use(k, file);
    return true;
}

struct appearance *keeper_own_begin(struct keeper *k, int64_t wait_ms, struct err *err)
{
    list_file_patience(k->file, wait_ms);
    struct appearance *list = list_file_begin(k->file, err);
    if (list && list_file_is_gone(k->file) && rejoin(k)) {
        list_file_patience(k->file, wait_ms);
        list = list_file_begin(k->file, err);
    }
    list_file_patience(k->file, k->patience_ms);
    tell_note(k, k->file);
    if (!list)
        keeper_own_look(k); /* else it is known when it is written */
    return list;
}

bool keeper_own_refresh(struct keeper *k)
{
    bool is_changed = list_file_refresh(k->file);
    tell_note(k, k->file);
    keeper_own_look(k);
    return is_changed;
}

/* ---- what lies in the second file ------------------------------------------------------------ */

static void copy_users(struct appearance *to, appearance_users *out, const appearance_users *from)
{
    for (size_t i = 0; i < from->len; i++)
        VEC_PUSH(out, appearance_intern(to, from->items[i]));
}

/* A list that may still be on its way to the service is known as ours in whichever file. */
static void copy_sent(struct appearance *to, const struct appearance *from)
{
    for (size_t i = 0; i < from->sent.len && to->sent.len < APPEARANCE_SENT_MAX; i++) {
        struct appearance_sent sent = {.at_ms = from->sent.items[i].at_ms};
        for (size_t j = 0; j < to->sent.len; j++)
            if (to->sent.items[j].at_ms >= sent.at_ms)
                sent.at_ms = to->sent.items[j].at_ms + 1;
        copy_users(to, &sent.users, &from->sent.items[i].users);
        copy_users(to, &sent.was_stored, &from->sent.items[i].was_stored);
        VEC_PUSH(&to->sent, sent);
        to->rev++;
    }
}

/* The whole of it, where nothing here waits. */
static void adopt(struct appearance *list, const struct appearance *from)
{
    struct appearance whole;
    appearance_copy(&whole, from);
    copy_sent(&whole, list);
    whole.rev = list->rev + 1;
    if (whole.readings < list->readings)
        whole.readings = list->readings;
    if (list->max_lines)
        whole.max_lines = list->max_lines;
    appearance_fini(list);
    *list = whole;
}

static const struct appearance_line *find(const struct appearance *list,
                                          const struct appearance_user *user)
{
    for (size_t i = 0; user && i < list->lines.len; i++) {
        const struct appearance_line *line = &list->lines.items[i];
        if ((line->here && str_eq(line->here->id, user->id)) ||
            (line->stored && str_eq(line->stored->id, user->id)))
            return line;
    }
    return NULL;
}

static bool is_one(const struct appearance_user *a, const struct appearance_user *b)
{
    return a && b ? str_eq(a->id, b->id) && a->twin == b->twin : a == b;
}

/* Where it is moved is not looked at: who is moved in both has been moved twice. */
static bool is_same_edit(const struct appearance_line *a, const struct appearance_line *b)
{
    return a->state != LINE_CONFLICT && !a->is_moved && !b->is_moved && is_one(a->here, b->here) &&
           is_one(a->stored, b->stored);
}

/* Was somebody of this line edited in the list, too, and otherwise? */
static bool is_crossed(const struct appearance *list, const struct appearance_line *line)
{
    const struct appearance_line *here = find(list, line->here);
    const struct appearance_line *there = find(list, line->stored);
    return (here && appearance_is_unsaved(here) && !is_same_edit(here, line)) ||
           (there && appearance_is_unsaved(there) && !is_same_edit(there, line));
}

/* Is what was edited there so here already? */
static bool is_so(const struct appearance *list, const struct appearance_line *line)
{
    const struct appearance_line *here = find(list, line->here);
    const struct appearance_line *there = find(list, line->stored);
    if (!line->here)
        return !there || (!there->here && there->state != LINE_CONFLICT);
    if (!line->stored)
        return here && is_one(here->here, line->here) && here->state != LINE_CONFLICT;
    return here && is_same_edit(here, line);
}

/* What was wished there, wished here; both lists know the same stored one. False, and the list is
 * to be thrown away: not all of that can be done here, or the same lines were edited in both and
 * not alike, or one of them is in conflict there. Nobody but the person can decide that. */
static bool edit_again(struct appearance *list, const struct appearance *from)
{
    VEC(struct appearance_edit) edits = {0};
    bool fits = appearance_count(from).conflicts == 0 &&
                from->sent.len + list->sent.len <= APPEARANCE_SENT_MAX;
    for (size_t i = 0; i < from->lines.len && fits; i++) {
        const struct appearance_line *line = &from->lines.items[i];
        struct appearance_edit edit = {.key = line->key};
        if (!appearance_is_unsaved(line) || is_so(list, line))
            continue;
        fits = !is_crossed(list, line);
        edit.user = line->stored ? *line->stored : *line->here;
        edit.kind = !line->here ? EDIT_REMOVE : line->stored ? EDIT_SET : EDIT_ADD;
        if (line->here)
            edit.to = *line->here;
        if (line->here != line->stored)
            VEC_PUSH(&edits, edit);
        edit.kind = EDIT_MOVE;
        edit.user = edit.to;
        if (line->here && line->stored && line->is_moved)
            VEC_PUSH(&edits, edit);
    }
    fits = fits && appearance_edit(list, edits.items, edits.len) == edits.len;
    VEC_FREE(&edits);
    if (fits)
        copy_sent(list, from);
    return fits;
}

static bool put_together(struct appearance *list, const struct appearance *from)
{
    bool is_quiet = appearance_count(list).unsaved == 0;
    if (!is_quiet || (!from->is_read && list->is_read))
        return edit_again(list, from);
    if (from->sent.len + list->sent.len > APPEARANCE_SENT_MAX)
        return false;
    adopt(list, from);
    return true;
}

static bool is_empty(const struct appearance *from)
{
    return appearance_count(from).unsaved == 0 && from->sent.len == 0;
}

static bool can_be_one(const struct keeper *k)
{
    struct appearance list;
    appearance_copy(&list, keeper_list(k));
    const struct appearance *from = list_file_list(k->second);
    bool can = is_empty(from) || put_together(&list, from);
    appearance_fini(&list);
    return can;
}

/* RC_REFUSED: it does not fit, and the list is as it was. */
static enum rc take_over(struct keeper *k, const struct appearance *from, struct err *err)
{
    uint64_t readings = keeper_list(k)->readings;
    struct appearance *list = keeper_begin(k, err);
    if (!list)
        return err->rc;
    enum rc rc = RC_OK;
    if (list->readings != readings) /* what is stored is known better there meanwhile */
        rc = err_set(err, RC_CHANGED, "another callhud of yours has read the list");
    else if (!put_together(list, from))
        rc = err_set(err, RC_REFUSED, "they do not fit");
    return keeper_end(k, rc, false, err);
}

/* They stay a list of their own, of --user OWN. Not tried again until one of the two changes. */
static void leave(struct keeper *k, size_t edits)
{
    const char *own = list_file_own(k->file);
    k->left_rev = keeper_list(k)->rev;
    k->left_second_rev = list_file_list(k->second)->rev;
    if (edits > 0 && !k->is_left_told)
        keeper_tell(k, true,
                    "the list for --user %s, which is you, has edits of its own that do not fit "
                    "into your list: look at them with callhud list diff --user %s, then push or "
                    "remove them there",
                    own, own);
    k->is_left_told = k->is_left_told || edits > 0;
}

/* Who asks for his list by his own extension sees what is left there. */
static bool stay_apart(struct keeper *k)
{
    struct list_file *file = k->second;
    if (!k->asked || k->wishes.len > 0)
        return false;
    k->second = NULL;
    list_file_close(k->file);
    use(k, file);
    k->is_apart = true;
    return true;
}

static bool is_left(const struct keeper *k)
{
    return k->left_second_rev > 0 && k->left_second_rev == list_file_list(k->second)->rev &&
           k->left_rev == keeper_list(k)->rev;
}

bool keeper_own_take(struct keeper *k, const struct desk_answer *answer)
{
    struct err err = {0};
    if (!k->second || is_left(k))
        return false;
    struct appearance *from = list_file_begin(k->second, &err);
    tell_note(k, k->second);
    if (!from)
        return false; /* another one has it just now: with the next reading */
    enum rc rc = RC_OK;
    if (list_file_is_gone(k->second)) { /* taken over by another callhud */
        close_second(k);
        return false;
    }
    if (answer)
        rc = keeper_merge_into(k, from, answer, k->second_at, &err);
    size_t edits = appearance_count(from).unsaved;
    if (rc == RC_OK && !is_empty(from))
        rc = take_over(k, from, &err);
    if (rc == RC_OK)
        rc = list_file_remove(k->second, &err);
    else
        list_file_cancel(k->second);
    if (rc == RC_REFUSED) {
        leave(k, edits);
        return stay_apart(k);
    }
    if (rc == RC_CHANGED || rc == RC_TIMEOUT) {
        k->is_pull_wanted = true;
        return false;
    }
    if (rc != RC_OK) {
        keeper_tell(k, true, "edits made with --user %s are not taken over: %s",
                    list_file_own(k->file), err.text);
        return false;
    }
    if (edits > 0)
        keeper_tell(k, false, "edits made with --user %s, which is you: %zu %s in your list now",
                    list_file_own(k->file), edits, edits == 1 ? "is" : "are");
    close_second(k);
    return false;
}
