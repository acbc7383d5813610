/* What the screens of a desk share: what they are fed with, which is open, how one moves in it. */
#include "callhud/ui/desk_screen.h"

#include "callhud/ui/cmd_run.h"
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

/* --- people -------------------------------------------------------------------------------------
 */

/* Are they those that were noted last? Most of what changes about a desk is not they. */
static bool are_people_noted(const struct desk_screens *d)
{
    const struct ui_desk *desk = d->desk;

    return desk != NULL && desk->rev == d->noted_rev && desk->people == d->noted &&
           desk->people_len == d->noted_len;
}

/* Where each is, so that a list of thousands is drawn without a search for each line. What the desk
 * holds may change before anybody says so: a place is looked at before it is believed. */
static void note_people(struct ui *ui)
{
    struct desk_screens *d = &ui->desk;

    d->noted_rev = d->desk != NULL ? d->desk->rev : 0;
    d->noted = d->desk != NULL ? d->desk->people : NULL;
    d->noted_len = d->desk != NULL ? d->desk->people_len : 0;
    map_fini(&d->person_at, NULL);
    d->person_at = (struct map){0};
    for (size_t i = 0; d->desk != NULL && i < d->desk->people_len; i++)
        if (!str_is_empty(d->desk->people[i].user_id))
            (void)map_put(&d->person_at, d->desk->people[i].user_id, (void *)(uintptr_t)(i + 1));
}

const struct desk_person *desk_person(const struct ui *ui, const char *user_id)
{
    const struct ui_desk *desk = ui->desk.desk;
    size_t at = (size_t)(uintptr_t)map_get(&ui->desk.person_at, user_id);

    if (desk == NULL || at == 0 || at > desk->people_len ||
        !str_eq(desk->people[at - 1].user_id, user_id))
        return NULL;
    return &desk->people[at - 1];
}

/* --- what it is fed with ------------------------------------------------------------------------
 */

void ui_set_desk(struct ui *ui, const struct ui_desk *desk, const struct ui_desk_ops *ops)
{
    struct desk_screens *d = &ui->desk;

    d->desk = ops != NULL ? desk : NULL;
    d->ops = ops;
    d->pending = 0;
    d->is_shown = d->is_ask_due = false;
    if (ui->dialog.kind == DIALOG_SAVE)
        dialog_close(ui); /* it was about another list */
    roll_begin(&d->list); /* what they borrowed is gone */
    roll_begin(&d->picker.roll);
    d->told++;
    note_people(ui);
    desk_follow(ui);
}

void ui_desk_changed(struct ui *ui)
{
    ui->desk.told++;
    if (!are_people_noted(&ui->desk))
        note_people(ui);
    preset_settled(ui);
}

void desk_fini(struct ui *ui)
{
    roll_fini(&ui->desk.list);
    roll_fini(&ui->desk.picker.roll);
    mem_free(ui->desk.picker.id);
    map_fini(&ui->desk.person_at, NULL);
}

static bool is_desk_screen(enum screen screen)
{
    return screen == SCREEN_LIST || screen == SCREEN_PICK || screen == SCREEN_PREVIEW ||
           screen == SCREEN_PRESENCE;
}

bool desk_is_open(const struct ui *ui)
{
    return is_desk_screen(ui->screen) ||
           ((ui->screen == SCREEN_HELP || ui->screen == SCREEN_LOG) && is_desk_screen(ui->under));
}

void desk_follow(struct ui *ui)
{
    struct desk_screens *d = &ui->desk;
    bool is_open = desk_is_open(ui);

    if (d->ops == NULL || is_open == d->is_shown)
        return;
    d->is_shown = is_open;
    d->ops->show(d->ops->self, is_open);
}

/* --- the rows -----------------------------------------------------------------------------------
 */

static const char *either(const char *one, const char *other)
{
    return !str_is_empty(one) ? one : other != NULL ? other : "";
}

/* False: the board may tell more of it at any time. */
static bool name_row(const struct ui *ui, const struct hud *hud, struct roll_row *row)
{
    const struct desk_person *person = desk_person(ui, row->id);
    const struct user *user = person == NULL ? hud_user_by_id(hud, row->id) : NULL;

    if (person != NULL) {
        row->extension = either(row->extension, person->extension);
        row->name = either(row->name, person->name);
        row->department = either(person->department, NULL);
    } else if (user != NULL) {
        row->extension = either(row->extension, user->extension);
        row->name = either(row->name, user->name);
        row->department = user->department;
    }
    return person != NULL;
}

void desk_user_text(const struct ui *ui, const struct hud *hud, const struct appearance_user *user,
                    char *out, size_t size)
{
    struct roll_row row = {.id = user->id, .extension = user->extension, .name = user->name};

    (void)name_row(ui, hud, &row);
    const char *extension =
        either(row.extension, row.name == NULL || row.name[0] == '\0' ? row.id : "");
    (void)snprintf(out, size, "%.60s%s%.190s", extension,
                   extension[0] != '\0' && !str_is_empty(row.name) ? " " : "",
                   either(row.name, NULL));
}

struct roll_source desk_source(const struct ui *ui, const struct hud *hud, uint64_t what)
{
    const struct ui_desk *desk = ui->desk.desk;

    return (struct roll_source){
        .list_rev = desk != NULL && desk->list != NULL ? desk->list->rev : 0,
        .desk_rev = desk != NULL ? desk->rev : 0,
        .what = what,
        .list = desk != NULL ? desk->list : NULL,
        .people = desk != NULL ? desk->people : NULL,
        .people_len = desk != NULL ? desk->people_len : 0,
        .own_id = hud->own_id,
    };
}

static void list_rows(struct ui *ui, const struct hud *hud)
{
    const struct ui_desk *desk = ui->desk.desk;
    struct roll *roll = &ui->desk.list;
    struct roll_source source = desk_source(ui, hud, ui->desk.is_diff_only);

    source.told = ui->desk.told;
    if (roll_is_made(roll, &source))
        return;
    roll_begin(roll);
    for (size_t i = 0; desk != NULL && desk->list != NULL && i < desk->list->lines.len; i++) {
        const struct appearance_line *line = &desk->list->lines.items[i];
        const struct appearance_user *user = line->here != NULL ? line->here : line->stored;
        struct roll_row row = {.id = user->id,
                               .twin = user->twin,
                               .extension = user->extension,
                               .name = user->name,
                               .department = "",
                               .is_off = line->state == LINE_RESERVED,
                               .note = "a reserved line is the telephone system's own",
                               .line = line};
        if (!name_row(ui, hud, &row))
            roll->is_of_hud = true;
        if (!ui->desk.is_diff_only || appearance_is_unsaved(line))
            roll_add(roll, &row);
    }
    roll_end(roll);
    roll_made(roll, &source);
}

void desk_rebuild(struct ui *ui, const struct hud *hud)
{
    if (!desk_is_open(ui) || ui->desk.desk == NULL)
        return;
    list_rows(ui, hud);
    if (ui->screen == SCREEN_PICK || ui->under == SCREEN_PICK)
        picker_rows(ui, hud);
}

struct roll *desk_roll(struct ui *ui)
{
    return ui->screen == SCREEN_LIST   ? &ui->desk.list
           : ui->screen == SCREEN_PICK ? &ui->desk.picker.roll
                                       : NULL;
}

void desk_search(struct ui *ui, const char *text)
{
    struct roll *roll = desk_roll(ui);

    if (roll != NULL)
        str_copy(roll->search, sizeof roll->search, text);
}

/* --- moving, closing ----------------------------------------------------------------------------
 */

bool desk_move(struct ui *ui, long lines)
{
    struct desk_screens *d = &ui->desk;
    struct roll *roll = desk_roll(ui);

    if (roll != NULL) {
        roll_move(roll, lines);
    } else if (ui->screen == SCREEN_PREVIEW) {
        d->app_top += lines;
        if (d->app_top < 0)
            d->app_top = 0; /* its end is known to the picture */
    } else if (ui->screen == SCREEN_PRESENCE) {
        d->preset += lines;
        d->preset = d->preset < 0 ? 0 : d->preset >= PRESET_COUNT ? PRESET_COUNT - 1 : d->preset;
    } else {
        return false;
    }
    return true;
}

void desk_close(struct ui *ui)
{
    bool is_of_presence =
        ui->desk.picker.kind == PICK_ANSWERABLE || ui->desk.picker.kind == PICK_VISIBLE;

    if (ui->screen == SCREEN_PICK)
        ui->screen = is_of_presence ? SCREEN_PRESENCE : SCREEN_LIST;
    else if (ui->screen == SCREEN_PREVIEW)
        ui->screen = SCREEN_LIST;
    else
        ui->screen = SCREEN_BOARD;
}

static void drop_department(struct roll *roll)
{
    mem_free(roll->department);
    roll->department = NULL;
}

bool desk_back(struct ui *ui, int64_t now_ms)
{
    struct roll *roll = desk_roll(ui);
    bool is_list = ui->screen == SCREEN_LIST;

    if (!is_desk_screen(ui->screen))
        return false;
    if (roll != NULL && roll->search[0] != '\0') {
        roll->search[0] = '\0';
    } else if (roll != NULL && roll->department != NULL) {
        drop_department(roll);
        ui_message(ui, UI_INFO, "department: all", NULL, now_ms);
    } else if (is_list && roll->marked.len > 0) {
        roll_unmark(roll);
    } else if (is_list && ui->desk.is_diff_only) {
        ui->desk.is_diff_only = false;
    } else {
        desk_close(ui);
    }
    return true;
}

const char *desk_title_of(const struct ui *ui, const struct hud *hud)
{
    const struct ui_desk *desk = ui->desk.desk;
    const struct user *own = hud->own_id != NULL ? hud_user_by_id(hud, hud->own_id) : NULL;

    if (desk != NULL && !str_is_empty(desk->whose))
        return desk->whose;
    if (own != NULL)
        return own->extension;
    const struct desk_person *self = hud->own_id != NULL ? desk_person(ui, hud->own_id) : NULL;
    if (self != NULL && !str_is_empty(self->extension))
        return self->extension;
    return either(ui->settings.phone_extension, NULL);
}

/* The same key does on these screens what it does elsewhere, to something else. */
const char *desk_label(const struct ui *ui, const struct cmd *cmd)
{
    if (cmd->run == run_open && ui->screen == SCREEN_LIST)
        return "change";
    if (cmd->run == run_open && ui->screen == SCREEN_PRESENCE)
        return "change";
    if (cmd->run == run_open && ui->screen == SCREEN_PICK)
        return ui->desk.picker.kind == PICK_ADD   ? "add"
               : ui->desk.picker.kind == PICK_SET ? "take"
                                                  : "done";
    return cmd->label;
}

unsigned desk_scope(const struct ui *ui)
{
    switch (ui->screen) {
    case SCREEN_LIST: return SCOPE_LIST;
    case SCREEN_PICK: return SCOPE_PICK;
    case SCREEN_PREVIEW: return SCOPE_PREVIEW;
    case SCREEN_PRESENCE: return SCOPE_PRESENCE;
    default: return 0;
    }
}

/* --- keys that other screens have too -----------------------------------------------------------
 */

bool desk_turn(const struct cmd_call *call, int by)
{
    struct ui *ui = call->ui;

    if (ui->screen == SCREEN_PREVIEW) {
        ui->desk.page += by;
        ui->desk.page = ui->desk.page < 0                 ? 0
                        : ui->desk.page >= ui->desk.pages ? ui->desk.pages - 1
                                                          : ui->desk.page;
    }
    return is_desk_screen(ui->screen);
}

bool desk_enter(const struct cmd_call *call)
{
    struct ui *ui = call->ui;
    const char *why;

    switch (ui->screen) {
    case SCREEN_LIST:
        why = why_no_line(call);
        if (why == NULL && roll_at(&ui->desk.list)->line->state == LINE_RESERVED)
            why = roll_at(&ui->desk.list)->note;
        if (why == NULL && roll_at(&ui->desk.list)->line->here == NULL)
            why = "the line is removed here; u brings it back until it is saved";
        if (why != NULL)
            ui_message(ui, UI_WARN, why, NULL, call->now_ms);
        else
            picker_open(ui, PICK_SET);
        return true;
    case SCREEN_PICK: picker_accept(call); return true;
    case SCREEN_PRESENCE: preset_change(call); return true;
    default: return is_desk_screen(ui->screen);
    }
}

/* Marks the row, or takes the mark away, and goes on to the next. */
bool desk_mark(const struct cmd_call *call)
{
    struct ui *ui = call->ui;
    struct roll *roll = desk_roll(ui);
    const struct roll_row *row = roll != NULL ? roll_at(roll) : NULL;

    if (ui->screen == SCREEN_PRESENCE)
        preset_change(call);
    if (row == NULL)
        return is_desk_screen(ui->screen);
    if (row->is_off)
        ui_message(ui, UI_INFO, row->note, NULL, call->now_ms);
    roll_mark(roll, row, !roll_is_marked(roll, row));
    roll_move(roll, 1);
    return true;
}

/* The departments of all rows, searched or not, each once, in their order. */
static const char *next_department(struct ui *ui, const struct hud *hud, const char *text)
{
    struct roll *roll = desk_roll(ui);
    char *department = roll->department, search[PROMPT_BYTES];
    const char *first = NULL, *next = NULL;

    str_copy(search, sizeof search, roll->search);
    roll->search[0] = '\0';
    roll->department = NULL;
    desk_rebuild(ui, hud);
    for (size_t i = 0; i < roll->rows.len; i++) {
        const char *one = roll->rows.items[i].department;
        if (one[0] == '\0' || (text[0] != '\0' && !str_find_folded(one, text)))
            continue;
        if (first == NULL || str_compare_natural(one, first) < 0)
            first = one;
        bool is_after = department == NULL || str_compare_natural(one, department) > 0;
        if (is_after && (next == NULL || str_compare_natural(one, next) < 0))
            next = one;
    }
    str_copy(roll->search, sizeof roll->search, search);
    mem_free(department);
    return text[0] != '\0' ? first : next;
}

bool desk_department(const struct cmd_call *call)
{
    struct roll *roll = desk_roll(call->ui);
    char text[160];

    if (roll == NULL)
        return is_desk_screen(call->ui->screen);
    bool is_all = str_eq_nocase(call->text, "all");
    const char *next = next_department(call->ui, call->hud, is_all ? "" : call->text);
    roll->department = is_all || next == NULL ? NULL : mem_dup(next);
    if (!is_all && call->text[0] != '\0' && next == NULL)
        (void)snprintf(text, sizeof text, "no such department: %.100s", call->text);
    else
        (void)snprintf(text, sizeof text, "department: %.100s",
                       roll->department != NULL ? roll->department : "all");
    ui_message(call->ui, UI_INFO, text, NULL, call->now_ms);
    return true;
}

bool desk_click(struct ui *ui, long line)
{
    struct roll *roll = desk_roll(ui);

    if (roll != NULL)
        roll_move(roll, line - (long)roll->at);
    else if (ui->screen == SCREEN_PRESENCE)
        ui->desk.preset = line;
    return is_desk_screen(ui->screen);
}
