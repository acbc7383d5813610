/* The person's own list is one file, whether it is asked for by the own extension or not. Which
 * that is, the backend tells with the list. What lies in the file that was kept under the extension
 * before that was known is taken over. */
#include "keeper_priv.h"

#include "callhud/base/log.h"

static enum rc open_file(struct keeper *k, struct list_file **out, const char *owner,
                         struct err *err)
{
    char note[ERR_TEXT_BYTES] = "";
    const struct settings *settings = k->session->settings;
    enum rc rc =
        list_file_open(out, k->folder, settings->profile, owner, settings->server, note, err);
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
    if (open_file(k, &k->second, own, &err) != RC_OK)
        keeper_tell(k, true, "edits made with --user %s cannot be read: %s", own, err.text);
}

/* The file in use, and whose list it is. */
static void use(struct keeper *k, struct list_file *file)
{
    k->file = file;
    list_file_patience(file, k->patience_ms);
    mem_free(k->extension);
    k->extension = list_file_is_main(file) || !k->asked ? NULL : mem_dup(k->asked);
    keeper_text(&k->copies.whose, k->extension);
    k->desk.whose = k->copies.whose;
    k->desk.list = list_file_list(file);
    k->desk.rev++;
    keeper_changed(k);
}

enum rc keeper_own_open(struct keeper *k, struct err *err)
{
    const struct settings *settings = k->session->settings;
    struct list_file *file = NULL;
    bool is_own =
        !k->asked || list_file_is_own(k->folder, settings->profile, k->asked, settings->server);
    enum rc rc = open_file(k, &file, is_own ? NULL : k->asked, err);
    if (rc != RC_OK)
        return rc;
    use(k, file);
    find_second(k);
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
    if (str_is_empty(own))
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
    if (open_file(k, &file, is_mine ? NULL : k->asked, &err) != RC_OK) {
        keeper_tell(k, true, "%s", err.text);
        return false;
    }
    list_file_close(k->second);
    k->second = NULL;
    list_file_close(k->file);
    use(k, file);
    if (is_mine)
        note_own(k->file, own);
    find_second(k);
    return true;
}

bool keeper_own_rejoin(struct keeper *k)
{
    struct err err = {0};
    struct list_file *file = NULL;
    const struct settings *settings = k->session->settings;
    if (!k->asked || list_file_is_main(k->file) ||
        !list_file_is_own(k->folder, settings->profile, k->asked, settings->server) ||
        open_file(k, &file, NULL, &err) != RC_OK)
        return false;
    list_file_close(k->file);
    use(k, file);
    return true;
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

/* What was wished there, wished here; both lists know the same stored one. */
static void edit_again(struct appearance *list, const struct appearance *from)
{
    VEC(struct appearance_edit) edits = {0};
    for (size_t i = 0; i < from->lines.len; i++) {
        const struct appearance_line *line = &from->lines.items[i];
        struct appearance_edit edit = {.key = line->key};
        if (!appearance_is_unsaved(line))
            continue;
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
    (void)appearance_edit(list, edits.items, edits.len);
    for (size_t i = 0; i < edits.len; i++) {
        struct appearance_edit *edit = &edits.items[i];
        if (edit->kind != EDIT_SET || !edit->refused[0])
            continue; /* whoever was to go, or to stand somewhere, is gone here: nothing is lost */
        edit->kind = EDIT_ADD;
        edit->user = edit->to;
        (void)appearance_edit(list, edit, 1);
    }
    VEC_FREE(&edits);
    copy_sent(list, from);
}

static enum rc take_over(struct keeper *k, const struct appearance *from, struct err *err)
{
    struct appearance *list = keeper_begin(k, err);
    if (!list)
        return err->rc;
    bool is_quiet = appearance_count(list).unsaved == 0;
    if (is_quiet && (from->is_read || !list->is_read))
        adopt(list, from);
    else
        edit_again(list, from);
    return keeper_end(k, RC_OK, false, err);
}

void keeper_own_take(struct keeper *k, const struct desk_answer *answer)
{
    struct err err = {0};
    struct appearance *from = k->second ? list_file_begin(k->second, &err) : NULL;
    if (!from)
        return; /* another one has it just now: with the next reading */
    enum rc rc = RC_OK;
    if (list_file_is_gone(k->second)) { /* taken over by another callhud */
        list_file_cancel(k->second);
        list_file_close(k->second);
        k->second = NULL;
        return;
    }
    if (answer)
        rc = keeper_merge_into(k, from, answer, k->second_at, &err);
    size_t edits = appearance_count(from).unsaved;
    if (rc == RC_OK && (edits > 0 || from->sent.len > 0))
        rc = take_over(k, from, &err);
    if (rc == RC_OK)
        rc = list_file_remove(k->second, &err);
    else
        list_file_cancel(k->second);
    if (rc == RC_CHANGED || rc == RC_TIMEOUT) {
        k->is_pull_wanted = true;
        return;
    }
    if (rc != RC_OK) {
        keeper_tell(k, true, "edits made with --user %s are not taken over: %s",
                    list_file_own(k->file), err.text);
        return;
    }
    if (edits > 0)
        keeper_tell(k, false, "edits made with --user %s, which is you: %zu %s in your list now",
                    list_file_own(k->file), edits, edits == 1 ? "is" : "are");
    list_file_close(k->second);
    k->second = NULL;
}
