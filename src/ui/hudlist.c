/* What the commands of the HUD list do. */
#include "callhud/ui/cmd_run.h"
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

static void say(const struct cmd_call *call, enum ui_level level, const char *text)
{
    ui_message(call->ui, level, text, NULL, call->now_ms);
}

static const struct appearance *list_of(const struct ui *ui)
{
    return ui->desk.desk != NULL ? ui->desk.desk->list : NULL;
}

/* --- may it be done? ----------------------------------------------------------------------------
 */

const char *why_no_desk(const struct cmd_call *call)
{
    return call->ui->desk.desk == NULL ? "there is no HUD list in this run" : NULL;
}

const char *why_no_list(const struct cmd_call *call)
{
    const char *why = why_no_desk(call);

    if (why != NULL)
        return why;
    if (call->ui->screen != SCREEN_LIST)
        return "open the HUD list first";
    return list_of(call->ui) == NULL ? "nothing is known of a list yet" : NULL;
}

const char *desk_why_fixed(const struct ui *ui)
{
    return ui->desk.desk->is_read_only || ui->settings.is_read_only
               ? "--read-only is on: start callhud without it to change anything"
               : NULL;
}

const char *why_no_edit(const struct cmd_call *call)
{
    const char *why = why_no_list(call);

    if (why == NULL)
        why = desk_why_fixed(call->ui);
    return why != NULL ? why : call->ui->desk.desk->denied;
}

/* What was edited before the lack of the right was known may be taken back all the same. */
static const char *why_no_change(const struct cmd_call *call)
{
    const char *why = why_no_list(call);

    return why != NULL ? why : desk_why_fixed(call->ui);
}

const char *why_no_line(const struct cmd_call *call)
{
    const char *why = why_no_edit(call);

    if (why == NULL && roll_at(&call->ui->desk.list) == NULL)
        why = "no line is shown";
    return why;
}

const char *why_no_undo(const struct cmd_call *call)
{
    const char *why = why_no_change(call);

    return why == NULL && list_of(call->ui)->undo.len == 0 ? "there is nothing to undo" : why;
}

const char *why_no_conflict(const struct cmd_call *call)
{
    const char *why = why_no_change(call);

    return why == NULL && appearance_count(list_of(call->ui)).conflicts == 0
               ? "no line is in conflict"
               : why;
}

const char *why_no_save(const struct cmd_call *call)
{
    const struct ui_desk *desk = call->ui->desk.desk;
    const char *why = why_no_desk(call);

    if (why == NULL)
        why = desk_why_fixed(call->ui);
    if (why != NULL)
        return why;
    if (desk->list == NULL)
        return "nothing is known of a list yet";
    if (desk->is_local && !str_is_empty(desk->list_text))
        return desk->list_text; /* it stores none, or not for us */
    if (desk->is_local)
        return "this telephone system stores no list: it is kept on this machine, saved already";
    if (appearance_count(desk->list).unsaved == 0)
        return "there is nothing to save";
    return desk->writing == UI_DESK_ASKED ? "it is being saved" : NULL;
}

const char *why_no_wait(const struct cmd_call *call)
{
    const struct ui_desk *desk = call->ui->desk.desk;

    return desk == NULL || !desk->is_waiting ? "no save waits; S saves" : NULL;
}

/* --- edits --------------------------------------------------------------------------------------
 */

void edits_put(struct edits *edits, enum appearance_edit_kind kind,
               const struct appearance_user *user, const struct appearance_user *to, uint32_t key)
{
    struct appearance_edit edit = {.kind = kind, .user = *user, .key = key};

    if (to != NULL)
        edit.to = *to;
    VEC_PUSH(&edits->items, edit);
}

enum { REASONS_MOST = 40, NAMED_MOST = 3 };

/* Those who are refused for one and the same reason. */
struct reason {
    const char *why;
    size_t count, named[NAMED_MOST]; /* edits */
};

/* Returns how many reasons there are, REASONS_MOST at most; the edits of all others go into
 * *unnamed. */
static size_t reasons_of(const struct edits *edits, struct reason *out, size_t *unnamed)
{
    size_t len = 0;

    *unnamed = 0;
    for (size_t i = 0; i < edits->items.len; i++) {
        const char *why = edits->items.items[i].refused;
        size_t at = 0;
        while (at < len && !str_eq(out[at].why, why))
            at++;
        if (why[0] == '\0')
            continue;
        if (at == REASONS_MOST) {
            ++*unnamed;
            continue;
        }
        if (at == len)
            out[len++] = (struct reason){.why = why};
        if (out[at].count < NAMED_MOST)
            out[at].named[out[at].count] = i;
        out[at].count++;
    }
    return len;
}

/* "104 Lena Fischer" for each. */
static void name_users(struct edits *edits)
{
    char name[128];

    for (size_t i = 0; i < edits->items.len; i++) {
        const struct appearance_user *user = &edits->items.items[i].user;
        bool has_both = !str_is_empty(user->extension) && !str_is_empty(user->name);
        (void)snprintf(name, sizeof name, "%.40s%s%.80s",
                       user->extension != NULL ? user->extension : "", has_both ? " " : "",
                       user->name != NULL ? user->name : "");
        VEC_PUSH(&edits->names, mem_dup(name));
    }
}

/* "104 Lena Fischer, 105 Ken Ito, 106 Ana Ruiz and 55 more" */
static void put_named(const struct edits *edits, const struct reason *reason, struct buf *out)
{
    size_t named = reason->count < NAMED_MOST ? reason->count : NAMED_MOST;

    for (size_t i = 0; i < named; i++)
        buf_printf(out, "%s%s", i > 0 ? ", " : "", edits->names.items[reason->named[i]]);
    if (reason->count > named)
        buf_printf(out, " and %zu more", reason->count - named);
}

/* What `i` shows besides the first reason, which the message says: a line for each. */
static void put_refusals(const struct edits *edits, struct buf *out)
{
    struct reason reasons[REASONS_MOST];
    size_t unnamed, len = reasons_of(edits, reasons, &unnamed);

    for (size_t i = 0; i < len; i++) {
        bool is_said = len == 1 && unnamed == 0, are_more = reasons[i].count > 1;
        buf_printf(out, "%s%s%s", i > 0 ? "\n" : "", is_said ? "" : reasons[i].why,
                   are_more && !is_said ? " (" : "");
        if (are_more)
            put_named(edits, &reasons[i], out);
        buf_puts(out, are_more && !is_said ? ")" : "");
    }
    if (unnamed > 0)
        buf_printf(out, "\nand %zu more", unnamed);
}

/* "3 added; 1 not: 102 Rana Aziz is on key 3 already"; the other refusals behind `i`. */
static void say_edits(const struct cmd_call *call, const struct edits *edits, const char *done,
                      size_t count, size_t hidden)
{
    const char *first = NULL;
    char text[600], not_shown[64] = "", refused[360] = "";
    struct buf all;

    buf_init(&all, 32768);
    put_refusals(edits, &all);
    for (size_t i = 0; i < edits->items.len && first == NULL; i++)
        if (edits->items.items[i].refused[0] != '\0')
            first = edits->items.items[i].refused;
    if (hidden > 0)
        (void)snprintf(not_shown, sizeof not_shown, ", %zu of them not shown", hidden);
    if (first != NULL)
        (void)snprintf(refused, sizeof refused, "%s%zu refused: %.256s", count > 0 ? "; " : "",
                       edits->items.len - count, first);
    if (count > 0)
        (void)snprintf(text, sizeof text, "%zu %s%s%s", count, done, not_shown, refused);
    else
        str_copy(text, sizeof text, edits->items.len == 1 && first != NULL ? first : refused);
    ui_message(call->ui, first != NULL ? UI_WARN : UI_INFO, text,
               edits->items.len - count > 1 ? buf_text(&all) : NULL, call->now_ms);
    buf_fini(&all);
}

size_t edits_do(const struct cmd_call *call, struct edits *edits, const char *done, size_t hidden)
{
    const struct ui_desk_ops *ops = call->ui->desk.ops;
    size_t count = 0;

    if (edits->items.len > 0) {
        name_users(edits);
        count = ops->edit(ops->self, edits->items.items, edits->items.len);
        say_edits(call, edits, done, count, hidden);
    }
    for (size_t i = 0; i < edits->names.len; i++)
        mem_free(edits->names.items[i]);
    VEC_FREE(&edits->names);
    VEC_FREE(&edits->items);
    return count;
}

/* --- what a command is about --------------------------------------------------------------------
 */

static const struct appearance_user *user_of(const struct appearance_line *line)
{
    return line->here != NULL ? line->here : line->stored;
}

static bool is_meant(const struct ui *ui, const struct appearance_line *line)
{
    const struct roll *roll = &ui->desk.list;
    const struct roll_row *at = roll_at(roll);
    struct roll_row row = {.id = user_of(line)->id, .twin = user_of(line)->twin};

    return roll->marked.len > 0 ? roll_is_marked(roll, &row) : at != NULL && at->line == line;
}

/* Marks are used up by what was done with them; hidden: those among them that were not shown. */
static size_t use_marks(struct ui *ui)
{
    size_t hidden = roll_marked_hidden(&ui->desk.list);

    roll_unmark(&ui->desk.list);
    return hidden;
}

/* --- commands -----------------------------------------------------------------------------------
 */

void run_list(const struct cmd_call *call)
{
    call->ui->screen = SCREEN_LIST;
}

/* Another's desk needs an administrator's rights; the telephone system says so. */
void run_desk(const struct cmd_call *call)
{
    ui_ask(call->ui, INTENT_DESK, call->text);
    if (!desk_is_open(call->ui))
        call->ui->screen = SCREEN_LIST;
}

void run_list_add(const struct cmd_call *call)
{
    picker_open(call->ui, PICK_ADD);
}

void run_list_remove(const struct cmd_call *call)
{
    const struct appearance *list = list_of(call->ui);
    struct edits edits = {0};
    bool is_one_gone = false;

    for (size_t i = 0; i < list->lines.len; i++) {
        const struct appearance_line *line = &list->lines.items[i];
        if (!is_meant(call->ui, line))
            continue;
        is_one_gone |= line->here == NULL;
        if (line->here != NULL)
            edits_put(&edits, EDIT_REMOVE, line->here, NULL, 0);
    }
    if (edits.items.len == 0 && is_one_gone)
        say(call, UI_INFO, "it is removed already; u brings it back until it is saved");
    (void)edits_do(call, &edits, "removed here", use_marks(call->ui));
}

static uint32_t first_key(const struct appearance *list)
{
    for (size_t i = 0; i < list->lines.len; i++)
        if (list->lines.items[i].state != LINE_RESERVED && list->lines.items[i].key > 0)
            return list->lines.items[i].key;
    return 1;
}

/* Marked lines go together: the one in front makes room, and one that is at the end stays. */
static void move_lines(const struct cmd_call *call, int by)
{
    const struct appearance *list = list_of(call->ui);
    uint32_t limit = by < 0 ? first_key(list) : appearance_last_key(list);
    struct edits edits = {0};

    for (size_t i = 0; i < list->lines.len; i++) {
        size_t at = by < 0 ? i : list->lines.len - 1 - i;
        const struct appearance_line *line = &list->lines.items[at];
        if (line->here == NULL || !is_meant(call->ui, line))
            continue;
        bool is_free = by < 0 ? line->key > limit : line->key < limit;
        if (is_free || line->state == LINE_RESERVED) /* the model says why a reserved one stays */
            edits_put(&edits, EDIT_MOVE, line->here, NULL, by < 0 ? line->key - 1 : line->key + 1);
        limit = is_free ? line->key : by < 0 ? line->key + 1 : line->key - 1;
    }
    if (edits.items.len == 0)
        say(call, UI_INFO, by < 0 ? "it is the first that can be moved" : "it is the last");
    (void)edits_do(call, &edits, "moved here", roll_marked_hidden(&call->ui->desk.list));
}

void run_list_up(const struct cmd_call *call)
{
    move_lines(call, -1);
}

void run_list_down(const struct cmd_call *call)
{
    move_lines(call, 1);
}

/* The lines come to stand side by side, the first on that key, in the order they are in. Those that
 * go down go before those that go up, the last of them first: what moves later shifts none that has
 * arrived. */
static void place_lines(const struct ui *ui, uint32_t key, struct edits *edits)
{
    const struct appearance *list = list_of(ui);
    VEC(const struct appearance_line *) meant = {0};
    size_t up = 0;

    for (size_t i = 0; i < list->lines.len; i++)
        if (list->lines.items[i].here != NULL && is_meant(ui, &list->lines.items[i]))
            VEC_PUSH(&meant, &list->lines.items[i]);
    uint32_t first = first_key(list), end = appearance_last_key(list) + 1;
    if (key + meant.len > end)
        key = meant.len < end ? end - (uint32_t)meant.len : first;
    key = key < first ? first : key;
    while (up < meant.len && meant.items[up]->key < key + up)
        up++;
    for (size_t i = up; i-- > 0;)
        edits_put(edits, EDIT_MOVE, meant.items[i]->here, NULL, key + (uint32_t)i);
    for (size_t i = up; i < meant.len; i++)
        edits_put(edits, EDIT_MOVE, meant.items[i]->here, NULL, key + (uint32_t)i);
    VEC_FREE(&meant);
}

void run_list_place(const struct cmd_call *call)
{
    struct edits edits = {0};
    int64_t key = 0;

    if (!str_to_int(call->text, 1, APPEARANCE_LINES_MAX, &key)) {
        say(call, UI_INFO, "say to which key: list-place 7");
        return;
    }
    place_lines(call->ui, (uint32_t)key, &edits);
    (void)edits_do(call, &edits, "moved here", use_marks(call->ui));
}

void run_list_undo(const struct cmd_call *call)
{
    const struct ui_desk_ops *ops = call->ui->desk.ops;
    char text[APPEARANCE_TEXT_BYTES] = "there is nothing to undo";

    (void)ops->undo(ops->self, text);
    say(call, UI_INFO, text);
}

/* --- conflicts ----------------------------------------------------------------------------------
 */

static void choose_all(const struct cmd_call *call, enum appearance_choice choice)
{
    const struct ui_desk_ops *ops = call->ui->desk.ops;
    struct err err = {0};

    if (ops->choose(ops->self, NULL, choice, &err) != RC_OK)
        say(call, UI_WARN, err.text);
    else
        say(call, UI_INFO,
            choice == CHOOSE_MINE ? "all conflicts: what is here is kept; S saves it"
                                  : "all conflicts: what is stored is kept");
}

static void choose(const struct cmd_call *call, enum appearance_choice choice)
{
    const struct ui_desk_ops *ops = call->ui->desk.ops;
    const struct appearance *list = list_of(call->ui);
    VEC(char *) ids = {0};
    struct err err = {0};
    size_t done = 0;

    if (choice != CHOOSE_BOTH && str_eq(call->text, "all")) {
        choose_all(call, choice);
        return;
    }
    for (size_t i = 0; i < list->lines.len; i++)
        if (list->lines.items[i].state == LINE_CONFLICT &&
            is_meant(call->ui, &list->lines.items[i]))
            VEC_PUSH(&ids, mem_dup(user_of(&list->lines.items[i])->id));
    if (ids.len > 0) /* before: the rows borrow from a list that may be read again now */
        (void)use_marks(call->ui);
    for (size_t i = 0; i < ids.len; i++) {
        done += ops->choose(ops->self, ids.items[i], choice, &err) == RC_OK;
        mem_free(ids.items[i]);
    }
    if (ids.len == 0)
        say(call, UI_INFO, "this line is not in conflict; is:conflict finds those that are");
    else if (done < ids.len)
        say(call, UI_WARN, err.text);
    else
        say(call, UI_INFO,
            choice == CHOOSE_MINE     ? "what is here is kept; S saves it"
            : choice == CHOOSE_THEIRS ? "what is stored is kept"
                                      : "both are kept, the stored one on a new key; S saves it");
    VEC_FREE(&ids);
}

void run_keep_here(const struct cmd_call *call)
{
    choose(call, CHOOSE_MINE);
}

void run_keep_stored(const struct cmd_call *call)
{
    choose(call, CHOOSE_THEIRS);
}

void run_keep_both(const struct cmd_call *call)
{
    choose(call, CHOOSE_BOTH);
}

/* --- what is shown ------------------------------------------------------------------------------
 */

void run_list_differences(const struct cmd_call *call)
{
    call->ui->desk.is_diff_only = !call->ui->desk.is_diff_only;
}

void run_preview(const struct cmd_call *call)
{
    struct ui *ui = call->ui;

    ui->screen = ui->screen == SCREEN_PREVIEW ? SCREEN_LIST : SCREEN_PREVIEW;
}

const char *why_no_preview(const struct cmd_call *call)
{
    const char *why = why_no_desk(call);

    if (why == NULL && call->ui->screen != SCREEN_LIST && call->ui->screen != SCREEN_PREVIEW)
        why = "open the HUD list first";
    if (why == NULL && list_of(call->ui) == NULL)
        why = "nothing is known of a list yet";
    return why;
}

/* Marks everything that is shown; what is not shown is said. */
void run_mark_shown(const struct cmd_call *call)
{
    struct roll *roll = desk_roll(call->ui);
    char text[200], before[64] = "";

    (void)roll_mark_shown(roll);
    size_t hidden = roll_marked_hidden(roll), shown = roll->marked.len - hidden;
    if (hidden > 0)
        (void)snprintf(before, sizeof before, ", %zu of them marked before", hidden);
    (void)snprintf(text, sizeof text, "%zu marked, all that are shown%s; %zu not shown%s", shown,
                   shown < roll->rows.len ? " and can be chosen" : "", roll->all - roll->rows.len,
                   before);
    say(call, UI_INFO, text);
}

static bool is_taking_one(const struct ui *ui)
{
    return ui->screen == SCREEN_PICK && ui->desk.picker.kind == PICK_SET;
}

const char *why_no_marks(const struct cmd_call *call)
{
    return is_taking_one(call->ui) ? "one is taken here: Enter takes the one under the cursor"
                                   : why_no_open(call);
}

const char *why_no_roll(const struct cmd_call *call)
{
    if (is_taking_one(call->ui))
        return why_no_marks(call);
    struct roll *roll = desk_roll(call->ui);

    return roll == NULL          ? "open the HUD list first"
           : roll->rows.len == 0 ? "nobody is shown"
                                 : NULL;
}

/* --- the other home -----------------------------------------------------------------------------
 */

void run_pull(const struct cmd_call *call)
{
    const struct ui_desk_ops *ops = call->ui->desk.ops;
    const struct ui_desk *desk = call->ui->desk.desk;

    ops->pull(ops->self);
    if (desk->reading == UI_DESK_ASKED)
        say(call, UI_INFO, "reading what is stored");
    else if (desk->writing == UI_DESK_ASKED)
        say(call, UI_INFO, "not read yet: it is read after the save that is under way");
    else
        say(call, UI_WARN,
            desk->is_local ? "this telephone system stores no list: there is nothing to read"
                           : "not read: there is no link to the telephone system");
}

void run_save(const struct cmd_call *call)
{
    const char *why = why_no_save(call);
    char text[200];

    if (why == NULL) {
        save_begin(call->ui, call->hud, call->now_ms);
        return;
    }
    (void)snprintf(text, sizeof text, "save: %s", why);
    say(call, UI_INFO, text);
}

void run_save_cancel(const struct cmd_call *call)
{
    const struct ui_desk_ops *ops = call->ui->desk.ops;

    ops->push_cancel(ops->self);
    say(call, UI_INFO, "the save was called off; the edits are kept");
}
