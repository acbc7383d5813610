/* Choosing people: for the HUD list, and for the presence settings. */
#include "callhud/base/str.h"
#include "callhud/ui/cmd_run.h"
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

#define ON_THE_LIST "on the list"

static bool is_of_list(enum pick_kind kind)
{
    return kind == PICK_ADD || kind == PICK_SET;
}

void picker_open(struct ui *ui, enum pick_kind kind)
{
    struct picker *picker = &ui->desk.picker;
    const struct roll_row *at = roll_at(&ui->desk.list);

    roll_fini(&picker->roll);
    mem_free(picker->id);
    *picker = (struct picker){.kind = kind};
    if (kind == PICK_SET && at != NULL) {
        picker->id = mem_dup(at->id);
        picker->twin = at->twin;
        picker->key = at->line->key;
    }
    ui->screen = SCREEN_PICK;
}

/* --- the rows -----------------------------------------------------------------------------------
 */

/* Who is on the list, with the key. */
static void keys_of(const struct ui *ui, struct map *out)
{
    const struct appearance *list = ui->desk.desk->list;

    for (size_t i = 0; list != NULL && i < list->lines.len; i++) {
        const struct appearance_line *line = &list->lines.items[i];
        if (line->here != NULL)
            (void)map_put(out, line->here->id, (void *)(uintptr_t)(line->key + 1u));
    }
}

static void add_row(struct ui *ui, const struct map *keys, struct roll_row *row, bool is_listable)
{
    enum pick_kind kind = ui->desk.picker.kind;

    row->note = "";
    if (is_of_list(kind) && map_get(keys, row->id) != NULL)
        row->note = ON_THE_LIST;
    else if (is_of_list(kind) && !is_listable)
        row->note = "cannot stand in a list";
    row->is_off = row->note[0] != '\0';
    roll_add(&ui->desk.picker.roll, row);
}

static const char *const *chosen_of(const struct desk_settings *settings, enum pick_kind kind,
                                    size_t *len)
{
    *len = kind == PICK_ANSWERABLE ? settings->answerable_len : settings->visible_len;
    return kind == PICK_ANSWERABLE ? settings->answerable_by : settings->visible_to;
}

/* Whose settings they are: nobody answers his own calls, nor hides from himself. */
static bool is_owner(const struct ui *ui, const struct hud *hud, const struct desk_person *person)
{
    const char *owner = ui->desk.desk->owner;

    return str_is_empty(owner) ? str_eq(person->user_id, hud->own_id)
                               : str_eq(person->extension, owner);
}

/* The settings are about people; one who is chosen already is shown whoever it is. */
static bool is_offered(const struct ui *ui, const struct hud *hud, const struct desk_person *person)
{
    struct roll_row row = {.id = person->user_id};

    return is_of_list(ui->desk.picker.kind) || (!person->is_other && !is_owner(ui, hud, person)) ||
           roll_is_marked(&ui->desk.picker.roll, &row);
}

/* Those who are chosen already are marked, once: rows are then made anew, as they are offered. */
static void mark_chosen(struct ui *ui)
{
    struct picker *picker = &ui->desk.picker;
    const struct desk_settings *settings = ui->desk.desk->settings;
    size_t len = 0;

    if (is_of_list(picker->kind) || picker->was_told || settings == NULL)
        return;
    const char *const *ids = chosen_of(settings, picker->kind, &len);
    for (size_t i = 0; i < len; i++) {
        struct roll_row row = {.id = ids[i]};
        roll_mark(&picker->roll, &row, true);
    }
    picker->was_told = true;
    picker->roll.is_made = false;
}

/* Until the people are told, or where nobody tells them, those on the board. */
void picker_rows(struct ui *ui, const struct hud *hud)
{
    const struct ui_desk *desk = ui->desk.desk;
    struct roll *roll = &ui->desk.picker.roll;
    struct roll_source source = desk_source(ui, hud, (uint64_t)ui->desk.picker.kind);
    struct map keys = {0};

    mark_chosen(ui);
    if (roll_is_made(roll, &source))
        return;
    keys_of(ui, &keys);
    roll_begin(roll);
    for (size_t i = 0; i < desk->people_len; i++) {
        const struct desk_person *person = &desk->people[i];
        if (!is_offered(ui, hud, person))
            continue;
        struct roll_row row = {.id = person->user_id,
                               .extension = person->extension,
                               .name = person->name,
                               .department = person->department != NULL ? person->department : ""};
        add_row(ui, &keys, &row, person->is_listable);
    }
    for (size_t i = 0; desk->people_len == 0 && i < hud->users.len; i++) {
        const struct user *user = hud->users.items[i];
        struct roll_row row = {.id = user->id,
                               .extension = user->extension,
                               .name = user->name,
                               .department = user->department};
        add_row(ui, &keys, &row, true);
    }
    roll->is_of_hud = desk->people_len == 0;
    roll_end(roll);
    roll_made(roll, &source);
    map_fini(&keys, NULL);
}

/* --- what is done with them ---------------------------------------------------------------------
 */

static struct appearance_user as_user(const struct roll_row *row)
{
    return (struct appearance_user){.id = row->id, .extension = row->extension, .name = row->name};
}

/* Marks of people who are not shown count too: the rows are made again without search. */
static void show_all(struct ui *ui, const struct hud *hud)
{
    struct roll *roll = &ui->desk.picker.roll;

    roll->search[0] = '\0';
    mem_free(roll->department);
    roll->department = NULL;
    picker_rows(ui, hud);
}

static void add_people(const struct cmd_call *call)
{
    struct ui *ui = call->ui;
    struct roll *roll = &ui->desk.picker.roll;
    const struct roll_row *at = roll_at(roll);
    struct edits edits = {0};
    size_t hidden = roll_marked_hidden(roll);
    char text[200];

    if (roll->marked.len == 0 && (at == NULL || at->is_off)) {
        if (at == NULL)
            str_copy(text, sizeof text, "nobody is shown");
        else
            (void)snprintf(text, sizeof text, "%.80s %.80s", at->name,
                           str_eq(at->note, ON_THE_LIST) ? "is on the list already" : at->note);
        ui_message(ui, UI_INFO, text, NULL, call->now_ms);
        return;
    }
    if (roll->marked.len == 0)
        roll_mark(roll, at, true);
    show_all(ui, call->hud);
    for (size_t i = 0; i < roll->rows.len; i++) {
        struct appearance_user user = as_user(&roll->rows.items[i]);
        if (roll_is_marked(roll, &roll->rows.items[i]))
            edits_put(&edits, EDIT_ADD, &user, NULL, 0);
    }
    if (edits.items.len > 0) /* the cursor goes to the first of them */
        roll_go(&ui->desk.list, edits.items.items[0].user.id);
    ui->screen = SCREEN_LIST;
    (void)edits_do(call, &edits, "added here", hidden);
}

static void set_person(const struct cmd_call *call)
{
    struct ui *ui = call->ui;
    const struct picker *picker = &ui->desk.picker;
    const struct roll_row *at = roll_at(&picker->roll);
    struct edits edits = {0};

    if (at == NULL || at->is_off || picker->id == NULL) {
        ui_message(ui, UI_INFO,
                   at == NULL ? "nobody is shown" : "take somebody who is not on the list", NULL,
                   call->now_ms);
        return;
    }
    struct appearance_user user = {.id = picker->id, .twin = picker->twin}, to = as_user(at);
    edits_put(&edits, EDIT_SET, &user, &to, picker->key);
    roll_go(&ui->desk.list, at->id);
    ui->screen = SCREEN_LIST;
    (void)edits_do(call, &edits, "changed here", 0);
}

static void send_people(const struct cmd_call *call)
{
    struct ui *ui = call->ui;
    struct roll *roll = &ui->desk.picker.roll;
    VEC(const char *) ids = {0};
    const char *id;
    void *value;

    show_all(ui, call->hud);
    for (size_t i = 0; i < roll->rows.len; i++)
        if (roll_is_marked(roll, &roll->rows.items[i]))
            VEC_PUSH(&ids, roll->rows.items[i].id);
    /* Who was chosen and is not among those who are offered stays chosen. */
    bool are_told = ui->desk.desk->people_len > 0;
    for (size_t at = 0; map_next(&roll->marked, &at, &id, &value) != 0;)
        if (are_told ? desk_person(ui, id) == NULL : hud_user_by_id(call->hud, id) == NULL)
            VEC_PUSH(&ids, id);
    ui->screen = SCREEN_PRESENCE;
    preset_people(call, ui->desk.picker.kind, ids.items, ids.len);
    VEC_FREE(&ids);
}

void picker_accept(const struct cmd_call *call)
{
    switch (call->ui->desk.picker.kind) {
    case PICK_ADD: add_people(call); break;
    case PICK_SET: set_person(call); break;
    case PICK_ANSWERABLE:
    case PICK_VISIBLE: send_people(call); break;
    }
}
