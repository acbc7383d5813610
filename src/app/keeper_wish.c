/* Edits of the list: on disk when they are made; or, while another program holds the file's lock,
 * shown at once and put on disk as soon as it lets go. */
#include "keeper_priv.h"

#include "callhud/base/str.h"

#include <string.h>

/* ---- one wish -------------------------------------------------------------------------------- */

/* Who is named by a caller may be named with the texts of the list as he saw it. That one goes when
 * another callhud has written meanwhile. */
static struct appearance_user user_own(const struct appearance_user *user)
{
    return (struct appearance_user){.id = mem_dup(user->id),
                                    .extension = mem_dup(user->extension),
                                    .name = mem_dup(user->name),
                                    .twin = user->twin};
}

static void user_free(struct appearance_user *user)
{
    mem_free((void *)(uintptr_t)user->id);
    mem_free((void *)(uintptr_t)user->extension);
    mem_free((void *)(uintptr_t)user->name);
}

static void wish_free(struct keeper_wish *wish)
{
    for (size_t i = 0; wish->edits && i < wish->len; i++) {
        user_free(&wish->edits[i].user);
        user_free(&wish->edits[i].to);
    }
    for (size_t i = 0; wish->users && i < wish->len; i++)
        user_free(&wish->users[i]);
    mem_free(wish->edits);
    mem_free(wish->users);
    mem_free(wish->user_id);
    *wish = (struct keeper_wish){0};
}

static enum rc apply(struct keeper_wish *wish, struct appearance *list, struct err *err)
{
    wish->done = 0;
    switch (wish->kind) {
    case WISH_EDIT: wish->done = appearance_edit(list, wish->edits, wish->len); return RC_OK;
    case WISH_REPLACE: return appearance_replace(list, wish->users, wish->len, err);
    case WISH_CHOOSE:
        if (wish->user_id)
            return appearance_choose(list, wish->user_id, wish->choice, err);
        (void)appearance_choose_all(list, wish->choice);
        return RC_OK;
    }
    return RC_OK;
}

/* ---- those that wait ------------------------------------------------------------------------- */

/* What was done on the list as it was shown may not be possible on the one that is there now. */
static void apply_late(struct keeper *k, struct keeper_wish *wish, struct appearance *list)
{
    struct err err = {0};
    if (apply(wish, list, &err) != RC_OK)
        keeper_tell(k, true, "an edit could not be kept: %s", err.text);
    for (size_t i = 0; wish->kind == WISH_EDIT && i < wish->len; i++)
        if (wish->edits[i].refused[0] && !wish->was_refused)
            keeper_tell(k, true, "an edit could not be kept: %s", wish->edits[i].refused);
}

static void forget_wishes(struct keeper *k)
{
    for (size_t i = 0; i < k->wishes.len; i++)
        wish_free(&k->wishes.items[i]);
    k->wishes.len = 0;
    k->desk.is_behind = false;
}

/* They were shown in another file's list. */
static void show_again(struct keeper *k)
{
    struct err err = {0};
    for (size_t i = 0; i < k->wishes.len; i++)
        (void)apply(&k->wishes.items[i], list_file_ahead(k->file), &err);
}

bool keeper_settle(struct keeper *k, int64_t wait_ms, struct err *err)
{
    uint64_t shown_in = k->file_number;
    if (k->wishes.len == 0)
        return true;
    struct appearance *list = keeper_own_begin(k, wait_ms, err);
    if (!list && err->rc == RC_TIMEOUT) {
        if (k->file_number != shown_in)
            show_again(k);
        return false;
    }
    enum rc rc = list ? RC_OK : err->rc;
    for (size_t i = 0; list && i < k->wishes.len; i++)
        apply_late(k, &k->wishes.items[i], list);
    if (list)
        rc = list_file_end(k->file, false, err);
    if (rc != RC_OK)
        keeper_tell(k, true, "the last edits are not kept: %s", err->text);
    else if (k->desk.is_behind)
        keeper_tell(k, false, "the edits are on disk");
    forget_wishes(k);
    keeper_changed(k);
    return rc == RC_OK;
}

void keeper_drop_wishes(struct keeper *k)
{
    forget_wishes(k);
    VEC_FREE(&k->wishes);
}

static void say_behind(struct keeper *k)
{
    if (k->desk.is_behind)
        return;
    k->desk.is_behind = true;
    keeper_tell(k, true, "not on disk yet: another program holds %s", list_file_path(k->file));
    keeper_changed(k);
}

/* What is stored is not read while it cannot be kept; a save that waits for it lets others go. */
static void give_up_reading(struct keeper *k)
{
    struct err err = {0};
    err_set(&err, RC_TIMEOUT,
            "another program has held %s for %d s: end it or let it go on, then try again",
            list_file_path(k->file), KEEPER_TURN_MS / 1000);
    keeper_read_given_up(k, err.text);
}

static void on_lock(void *self)
{
    struct keeper *k = self;
    struct err err = {0};
    k->lock = NULL;
    list_file_patience(k->file, 0);
    bool is_held = !list_file_can_lock(k->file);
    list_file_patience(k->file, k->patience_ms);
    is_held = is_held || (!keeper_settle(k, 0, &err) && err.rc == RC_TIMEOUT);
    int64_t waited_ms = session_now(k->session) - k->lock_ms;
    bool is_vain = is_held && k->is_read_late && waited_ms >= KEEPER_TURN_MS;
    if (is_held && (k->wishes.len > 0 || (k->is_read_late && !is_vain))) {
        if (waited_ms >= KEEPER_LATE_MS)
            say_behind(k);
        keeper_wait_for_lock(k);
    } else {
        k->lock_ms = 0;
        if (k->desk.is_behind)
            keeper_changed(k);
        k->desk.is_behind = false;
    }
    if (is_vain)
        give_up_reading(k);
    else if (!is_held)
        keeper_read_late(k);
}

void keeper_wait_for_lock(struct keeper *k)
{
    if (!k->lock_ms)
        k->lock_ms = session_now(k->session);
    if (!k->lock)
        k->lock = loop_timer(k->session->loop, KEEPER_LOCK_STEP_MS, on_lock, k);
}

/* ---- making one ------------------------------------------------------------------------------ */

/* Who allowed a save when the phones are idle has allowed what was edited then: when that is all
 * taken back, what is edited after it is not sent by it. */
static void edited(struct keeper *k)
{
    k->is_told_of_ask = false;
    if (k->desk.is_waiting && appearance_count(keeper_list(k)).unsaved == 0) {
        keeper_push_cancel(k);
        keeper_tell(k, false, "there is nothing to save any more: the save waits no longer");
    }
    k->vain_ms = 0;
    keeper_plan_quiet(k);
}

/* Takes the wish when it answers true. */
static bool keep_for_later(struct keeper *k, struct keeper_wish *wish, enum rc *rc, struct err *err)
{
    *err = (struct err){0};
    *rc = apply(wish, list_file_ahead(k->file), err);
    if (*rc != RC_OK || (wish->kind == WISH_EDIT && wish->done == 0)) {
        if (k->wishes.len == 0)
            list_file_not_ahead(k->file); /* else what others write would never be seen */
        return false;
    }
    for (size_t i = 0; wish->edits && i < wish->len; i++)
        wish->was_refused |= wish->edits[i].refused[0] != '\0';
    VEC_PUSH(&k->wishes, *wish);
    keeper_wait_for_lock(k);
    keeper_changed(k);
    return true;
}

/* Takes the wish; edits get its refusals. */
static enum rc make(struct keeper *k, struct keeper_wish *wish, struct appearance_edit *edits,
                    size_t *done, struct err *err)
{
    bool is_kept = false;
    bool is_vain = k->desk.denied && wish->kind != WISH_CHOOSE; /* it could never be sent */
    struct appearance *list = is_vain ? NULL : keeper_begin(k, err);
    if (is_vain)
        err_set(err, RC_DENIED, "%s", k->desk.denied);
    enum rc rc = list ? RC_OK : err->rc;
    if (list) {
        rc = apply(wish, list, err);
        rc = keeper_end(k, rc, false, err);
    } else if (rc == RC_TIMEOUT && !k->config.is_asked_alone) {
        is_kept = keep_for_later(k, wish, &rc, err);
    }
    for (size_t i = 0; edits && i < wish->len; i++)
        str_copy(edits[i].refused, sizeof edits[i].refused, wish->edits[i].refused);
    if (done)
        *done = rc == RC_OK ? wish->done : 0;
    if (!is_kept)
        wish_free(wish);
    if (rc == RC_OK)
        edited(k);
    return rc;
}

enum rc keeper_edit(struct keeper *k, struct appearance_edit *edits, size_t len, size_t *done,
                    struct err *err)
{
    struct keeper_wish wish = {.kind = WISH_EDIT, .len = len};
    wish.edits = mem_zero(len + 1, sizeof *wish.edits);
    for (size_t i = 0; i < len; i++) {
        wish.edits[i] = edits[i];
        wish.edits[i].user = user_own(&edits[i].user);
        wish.edits[i].to = user_own(&edits[i].to);
    }
    return make(k, &wish, edits, done, err);
}

enum rc keeper_replace(struct keeper *k, const struct appearance_user *users, size_t len,
                       struct err *err)
{
    struct keeper_wish wish = {.kind = WISH_REPLACE, .len = len};
    wish.users = mem_zero(len + 1, sizeof *wish.users);
    for (size_t i = 0; i < len; i++)
        wish.users[i] = user_own(&users[i]);
    return make(k, &wish, NULL, NULL, err);
}

/* ---- for the screens ------------------------------------------------------------------------- */

static size_t op_edit(void *self, struct appearance_edit *edits, size_t len)
{
    struct keeper *k = self;
    struct err err = {0};
    size_t done = 0;
    if (keeper_edit(k, edits, len, &done, &err) != RC_OK)
        for (size_t i = 0; i < len; i++)
            str_copy(edits[i].refused, sizeof edits[i].refused, err.text);
    return done;
}

/* What is undone is the last step on disk: while edits wait to come there it would be another's. */
static bool op_undo(void *self, char *text)
{
    struct keeper *k = self;
    struct err err = {0};
    struct appearance *list = keeper_begin(k, &err);
    bool is_done = list && appearance_undo(list, text);
    if (!list || keeper_end(k, RC_OK, false, &err) != RC_OK) {
        (void)str_format(text, APPEARANCE_TEXT_BYTES, "not undone: %.200s", err.text);
        return true;
    }
    edited(k);
    return is_done;
}

static enum rc op_choose(void *self, const char *user_id, enum appearance_choice choice,
                         struct err *err)
{
    struct keeper_wish wish = {.kind = WISH_CHOOSE, .choice = choice};
    wish.user_id = mem_dup(user_id);
    return make(self, &wish, NULL, NULL, err);
}

static void op_show(void *self, bool is_shown)
{
    keeper_want(self, is_shown, is_shown, is_shown);
}
static void op_pull(void *self)
{
    keeper_pull(self);
    keeper_people_again(self);
}
static void op_push(void *self, bool is_when_idle)
{
    keeper_push(self, is_when_idle);
}
static void op_push_cancel(void *self)
{
    keeper_push_cancel(self);
}
static void op_set(void *self, const struct desk_settings *settings)
{
    keeper_set(self, settings);
}

void keeper_ops(struct keeper *k, struct ui_desk_ops *out)
{
    *out = (struct ui_desk_ops){
        .edit = op_edit,
        .undo = op_undo,
        .choose = op_choose,
        .show = op_show,
        .pull = op_pull,
        .push = op_push,
        .push_cancel = op_push_cancel,
        .set = op_set,
        .self = k,
    };
}
