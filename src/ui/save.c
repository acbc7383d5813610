/* The question before a save that restarts desk phones: what changes, which phones, what that ends.
 */
#include "callhud/ui/cmd_run.h"
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

static const struct ui_desk *desk_of(const struct ui *ui)
{
    return ui->desk.desk;
}

/* What S sends: refused lines are tried again, those in conflict wait. */
static size_t changes(const struct ui_desk *desk)
{
    size_t count = 0;

    for (size_t i = 0; i < desk->list->lines.len; i++)
        count += appearance_is_unsaved(&desk->list->lines.items[i]) &&
                 desk->list->lines.items[i].state != LINE_CONFLICT;
    return count;
}

static bool are_phones_known(const struct ui_desk *desk)
{
    return desk->phones_state == UI_DESK_TOLD || desk->phones_len > 0;
}

bool save_restarts(const struct ui *ui)
{
    const struct ui_desk *desk = desk_of(ui);

    for (size_t i = 0; i < desk->phones_len; i++)
        if (desk->phones[i].restarts)
            return true;
    return !are_phones_known(desk) && !desk->is_local;
}

/* What the question says of the phones, as a number that changes with it. */
static uint64_t phones_said(const struct ui_desk *desk)
{
    uint64_t said = desk->phones_len + 2 * are_phones_known(desk);

    for (size_t i = 0; i < desk->phones_len; i++)
        said = said * 31 + 4 * desk->phones[i].restarts + 2 * desk->phones[i].is_in_call +
               desk->phones[i].is_online;
    return said;
}

static void open_dialog(struct ui *ui)
{
    menu_close(ui);
    ui->dialog = (struct dialog){.kind = DIALOG_SAVE};
    ui->desk.asked_rev = desk_of(ui)->list->rev;
    ui->desk.asked_phones = phones_said(desk_of(ui));
    /* Which phones are in a call is asked for again: the answer comes while the question is read.
     */
    ui->desk.is_shown = true;
    ui->desk.ops->show(ui->desk.ops->self, true);
}

void save_begin(struct ui *ui, const struct hud *hud, int64_t now_ms)
{
    const struct ui_desk *desk = desk_of(ui);
    const char *why = NULL;
    struct appearance_plan plan = {0};
    struct err err = {0};
    char text[400];

    if (desk->is_local)
        why = !str_is_empty(desk->list_text) ? desk->list_text
                                             : "this telephone system stores no list";
    else if (!hud->link.is_synced)
        why = "there is no link to the telephone system";
    else if (desk->fixed != NULL)
        why = desk->fixed;
    else if (changes(desk) == 0)
        why = "choose what is in conflict first";
    else if (appearance_plan(desk->list, &plan, &err) != RC_OK)
        why = err.text; /* never read, or too long */
    appearance_plan_fini(&plan);
    if (why != NULL) {
        (void)snprintf(text, sizeof text, "not saved, the edits are kept here: %.300s", why);
        ui_message(ui, UI_WARN, text, NULL, now_ms);
    } else if (save_restarts(ui)) {
        open_dialog(ui);
    } else {
        save_answer(ui, false, now_ms);
    }
}

void ui_desk_ask_save(struct ui *ui, int64_t now_ms)
{
    const struct ui_desk *desk = desk_of(ui);

    (void)now_ms;
    ui->desk.is_ask_due = false;
    if (desk == NULL || desk->list == NULL || changes(desk) == 0)
        return;
    if (ui_is_typing(ui) || ui->menu.is_open || desk->writing == UI_DESK_ASKED)
        ui->desk.is_ask_due = true;
    else
        open_dialog(ui);
}

void save_watch(struct ui *ui, const struct hud *hud, int64_t now_ms)
{
    if (ui->dialog.kind == DIALOG_SAVE)
        dialog_watch(ui, hud, now_ms);
    if (ui->desk.is_ask_due && hud->link.is_synced)
        ui_desk_ask_save(ui, now_ms);
}

void save_put_off(struct ui *ui)
{
    ui->desk.is_ask_due = desk_of(ui) != NULL && desk_of(ui)->is_automatic;
}

void save_answer(struct ui *ui, bool is_when_idle, int64_t now_ms)
{
    const struct ui_desk_ops *ops = ui->desk.ops;

    if (ops == NULL)
        return;
    ops->push(ops->self, is_when_idle);
    if (!is_when_idle)
        return;
    ui_message(ui, UI_INFO, "the save waits until the call is over", NULL, now_ms);
}

void save_refuse(struct ui *ui, int64_t now_ms)
{
    const struct ui_desk_ops *ops = ui->desk.ops;

    if (ops == NULL || !desk_of(ui)->is_waiting)
        return;
    ops->push_cancel(ops->self);
    ui_message(ui, UI_INFO, "the save was called off; the edits are kept", NULL, now_ms);
}

void save_void(struct ui *ui, const struct hud *hud, char *out, size_t size)
{
    const struct ui_desk *desk = desk_of(ui);

    out[0] = '\0';
    if (desk == NULL || desk->list == NULL || changes(desk) == 0)
        str_copy(out, size, "there is nothing to save any more");
    else if (desk->writing == UI_DESK_ASKED)
        str_copy(out, size, "it is being saved already");
    else if (!hud->link.is_synced) {
        str_copy(out, size, "the link is lost; the edits are kept here");
        save_put_off(ui);
    } else if (desk->list->rev != ui->desk.asked_rev ||
               phones_said(desk) != ui->desk.asked_phones) {
        ui->desk.asked_rev = desk->list->rev;
        ui->desk.asked_phones = phones_said(desk);
        ui->dialog.is_drawn = false; /* another text: nothing typed before is an answer to it */
    }
}

/* --- the words ----------------------------------------------------------------------------------
 */

/* The phones that restart and are in a call now; one of them by name. */
static size_t busy_phones(const struct ui_desk *desk, const char **name)
{
    size_t count = 0;

    *name = "";
    for (size_t i = 0; i < desk->phones_len; i++)
        if (desk->phones[i].restarts && desk->phones[i].is_in_call) {
            *name = desk->phones[i].name;
            count++;
        }
    return count;
}

void save_idle_text(const struct ui *ui, char *out, size_t size)
{
    const char *name;
    size_t busy = busy_phones(desk_of(ui), &name);

    out[0] = '\0';
    if (busy == 1)
        (void)snprintf(out, size, "when %.24s idle", name);
    else if (busy > 1)
        str_copy(out, size, "when they are idle");
}

void save_title(const struct paint *p, int cols, char *out, size_t size)
{
    const struct ui_desk *desk = desk_of(p->ui);
    const char *whose = desk_title_of(p->ui, p->live);
    size_t count = changes(desk);
    const char *s = count == 1 ? "" : "s";

    (void)snprintf(out, size, "Save %zu change%s to the presence appearance of %.100s?", count, s,
                   whose[0] != '\0' ? whose : "yours");
    if (whose[0] == '\0')
        (void)snprintf(out, size, "Save %zu change%s to your presence appearance?", count, s);
    if (utf8_width(out) > cols)
        (void)snprintf(out, size, "Save %zu change%s?", count, s);
}

static void put_changes(const struct ui_desk *desk, size_t room, struct buf *out)
{
    size_t all = changes(desk), shown = 0;
    char text[600];

    if (room < all && room > 1)
        room--; /* for the line that counts the others */
    for (size_t i = 0; i < desk->list->lines.len && shown < room; i++) {
        const struct appearance_line *line = &desk->list->lines.items[i];
        if (!appearance_is_unsaved(line) || line->state == LINE_CONFLICT)
            continue;
        appearance_say(line, text, sizeof text);
        buf_printf(out, "%s%s\n", text, line->refusal != NULL ? " (was refused)" : "");
        shown++;
    }
    if (shown < all)
        buf_printf(out, "and %zu more: the HUD list shows them (=)\n", all - shown);
    size_t conflicts = appearance_count(desk->list).conflicts;
    if (conflicts > 0)
        buf_printf(out, "%zu in conflict %s as stored until you choose.\n", conflicts,
                   conflicts == 1 ? "stays" : "stay");
}

static void put_phones(const struct ui_desk *desk, struct buf *out)
{
    bool is_first = true;

    if (!are_phones_known(desk)) {
        buf_puts(out, "It is not known yet which desk phones restart by this.\n");
        return;
    }
    for (size_t i = 0; i < desk->phones_len; i++) {
        const struct desk_phone *phone = &desk->phones[i];
        if (!phone->restarts)
            continue;
        bool has_model = !str_is_empty(phone->model);
        bool has_more = has_model || phone->is_in_call || !phone->is_online;
        if (is_first)
            buf_puts(out, "These phones restart and drop their lamps for about a minute:\n");
        buf_printf(out, "  %s%s%s%s%s%s\n", phone->name, has_more ? " (" : "",
                   has_model ? phone->model : "",
                   has_model && (phone->is_in_call || !phone->is_online) ? ", " : "",
                   phone->is_in_call  ? "in a call now"
                   : phone->is_online ? ""
                                      : "offline",
                   has_more ? ")" : "");
        is_first = false;
    }
}

static const char *doing_at(enum supervise_mode mode)
{
    switch (mode) {
    case SUPERVISE_LISTEN: return "listening to";
    case SUPERVISE_WHISPER: return "whispering to";
    case SUPERVISE_BARGE: return "in the call of";
    case SUPERVISE_UNKNOWN: break;
    }
    return "supervising";
}

/* What the restart ends. */
static void put_ends(const struct paint *p, struct buf *out)
{
    const struct supervision *ours = &p->live->supervision;
    const struct user *user = hud_user_by_id(p->live, ours->user_id);
    const char *name;
    size_t busy = busy_phones(desk_of(p->ui), &name);

    if (busy == 0)
        return;
    bool is_ours = str_is_empty(desk_of(p->ui)->whose); /* supervision is on no phone of others */
    if (supervision_is_on(ours) && is_ours)
        buf_printf(out, "You are %s %s on %s: the restart ends that.", doing_at(ours->mode),
                   user != NULL ? user->extension : "a user", busy == 1 ? name : "your phone");
    else if (busy == 1)
        buf_printf(out, "The restart ends the call on %s.", name);
    else
        buf_puts(out, "The restart ends these calls.");
}

/* For the smallest screens: which phones restart goes before what is saved. */
static void put_short(const struct ui_desk *desk, struct buf *out)
{
    const char *name;
    bool is_first = true;

    for (size_t i = 0; i < desk->phones_len; i++) {
        if (!desk->phones[i].restarts)
            continue;
        buf_printf(out, "%s%s", is_first ? "" : ", ", desk->phones[i].name);
        is_first = false;
    }
    buf_puts(out, is_first ? "phones may restart" : " restart");
    if (busy_phones(desk, &name) > 0)
        buf_puts(out, "\nends a call there");
}

void save_body(const struct paint *p, int cols, int lines_max, struct buf *out)
{
    const struct ui_desk *desk = desk_of(p->ui);

    if (lines_max < 4) {
        put_short(desk, out);
        return;
    }
    /* As many changes as leave room for what restarts and what that ends. */
    for (size_t changes_max = (size_t)lines_max; changes_max > 0; changes_max--) {
        buf_reset(out);
        put_changes(desk, changes_max, out);
        put_phones(desk, out);
        put_ends(p, out);
        while (out->len > 0 && out->data[out->len - 1] == '\n')
            out->data[--out->len] = '\0';
        if (paint_text(p, -1, 0, 0, cols, STYLE(ROLE_DIALOG), buf_text(out)) <= lines_max)
            return;
    }
}
