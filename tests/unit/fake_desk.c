#include "fake_desk.h"

#include "callhud/base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *fake_desk_text(struct fake_desk *f, const char *text)
{
    VEC_PUSH(&f->texts, mem_dup(text));
    return f->texts.items[f->texts.len - 1];
}

const char *const *fake_desk_ids(struct fake_desk *f, const char *text, size_t *len)
{
    /* kept as one text, which is as good an owner as any */
    const char **ids = mem_zero(64, sizeof *ids);
    char *copy = mem_dup(text), *rest = copy;

    *len = 0;
    VEC_PUSH(&f->texts, copy);
    VEC_PUSH(&f->texts, (char *)(void *)ids);
    for (char *one = strsep(&rest, " "); one != NULL; one = strsep(&rest, " "))
        if (one[0] != '\0' && *len < 63)
            ids[(*len)++] = one;
    return ids;
}

/* --- what is asked ------------------------------------------------------------------------------
 */

/* What was borrowed of it is gone. */
static void read_again(struct fake_desk *f)
{
    struct appearance copy;

    if (!f->is_read_again)
        return;
    appearance_copy(&copy, &f->list);
    appearance_fini(&f->list);
    f->list = copy;
    f->list.rev++;
}

static size_t on_edit(void *self, struct appearance_edit *edits, size_t len)
{
    struct fake_desk *f = self;
    size_t done = f->edit_fault == NULL ? appearance_edit(&f->list, edits, len) : 0;

    for (size_t i = 0; i < len && f->edit_fault != NULL; i++)
        str_copy(edits[i].refused, sizeof edits[i].refused, f->edit_fault);
    read_again(f);
    return done;
}

static bool on_undo(void *self, char *text)
{
    struct fake_desk *f = self;
    return appearance_undo(&f->list, text);
}

static enum rc on_choose(void *self, const char *user_id, enum appearance_choice choice,
                         struct err *err)
{
    struct fake_desk *f = self;
    enum rc rc = RC_OK;

    if (user_id != NULL)
        rc = appearance_choose(&f->list, user_id, choice, err);
    else
        (void)appearance_choose_all(&f->list, choice);
    read_again(f);
    return rc;
}

static void on_show(void *self, bool is_shown)
{
    struct fake_desk *f = self;
    f->is_shown = is_shown;
    f->shows++;
}

static void on_pull(void *self)
{
    struct fake_desk *f = self;
    f->pulls++;
    if (f->desk.writing != UI_DESK_ASKED)
        f->desk.reading = UI_DESK_ASKED;
}

static void on_push(void *self, bool is_when_idle)
{
    struct fake_desk *f = self;
    f->pushes++;
    f->idle_pushes += is_when_idle;
    f->desk.is_waiting = is_when_idle;
    if (!is_when_idle)
        f->desk.writing = UI_DESK_ASKED;
}

static void on_push_cancel(void *self)
{
    struct fake_desk *f = self;
    f->cancels++;
    f->desk.is_waiting = false;
}

static void on_set(void *self, const struct desk_settings *settings)
{
    struct fake_desk *f = self;
    bool is_answerable = (settings->has & DESK_HAS_ANSWERABLE) != 0;
    const char *const *ids = is_answerable ? settings->answerable_by : settings->visible_to;
    size_t len = is_answerable ? settings->answerable_len : settings->visible_len;

    f->sets++;
    f->set = *settings;
    f->set_ids[0] = '\0';
    for (size_t i = 0; i < len; i++) {
        size_t used = strlen(f->set_ids);
        (void)snprintf(f->set_ids + used, sizeof f->set_ids - used, "%s%s", i > 0 ? " " : "",
                       ids[i]);
    }
    f->desk.settings_state = UI_DESK_ASKED;
}

void fake_desk_confirm(struct fake_desk *f)
{
    const struct desk_settings *set = &f->set;

    if ((set->has & DESK_HAS_RING) != 0)
        f->settings.rings_when_monitored = set->rings_when_monitored;
    if ((set->has & DESK_HAS_PICKUP) != 0)
        f->settings.picks_up_held = set->picks_up_held;
    if ((set->has & DESK_HAS_SHARE) != 0)
        f->settings.shares_presence = set->shares_presence;
    if ((set->has & DESK_HAS_DETAILS) != 0)
        f->settings.details = set->details;
    if ((set->has & DESK_HAS_ANSWERABLE) != 0)
        f->settings.answerable_by = fake_desk_ids(f, f->set_ids, &f->settings.answerable_len);
    if ((set->has & DESK_HAS_VISIBLE) != 0)
        f->settings.visible_to = fake_desk_ids(f, f->set_ids, &f->settings.visible_len);
    f->desk.settings_state = UI_DESK_TOLD;
}

/* --- what is told -------------------------------------------------------------------------------
 */

void fake_desk_person(struct fake_desk *f, const char *extension, const char *name,
                      const char *department, bool is_listable)
{
    struct desk_person person = {.user_id = fake_desk_text(f, extension),
                                 .extension = fake_desk_text(f, extension),
                                 .name = fake_desk_text(f, name),
                                 .department = fake_desk_text(f, department),
                                 .is_listable = is_listable};

    VEC_PUSH(&f->people, person);
    f->desk.rev++;
    f->desk.people = f->people.items;
    f->desk.people_len = f->people.len;
    f->desk.people_state = UI_DESK_TOLD;
}

struct desk_phone *fake_desk_phone(struct fake_desk *f, const char *name, const char *model)
{
    struct desk_phone phone = {.name = fake_desk_text(f, name),
                               .model = fake_desk_text(f, model),
                               .is_online = true,
                               .shows_presence = true};

    VEC_PUSH(&f->phones, phone);
    f->desk.phones = f->phones.items;
    f->desk.phones_len = f->phones.len;
    f->desk.phones_state = UI_DESK_TOLD;
    return &f->phones.items[f->phones.len - 1];
}

void fake_desk_store(struct fake_desk *f, const char *extension, const char *name, bool is_reserved)
{
    struct stored_line line = {.key = (uint32_t)f->stored.len + 1, .is_reserved = is_reserved};

    line.user.id = line.user.extension = fake_desk_text(f, extension);
    line.user.name = fake_desk_text(f, name);
    for (size_t i = 0; i < f->stored.len; i++) /* our own stands on two reserved lines */
        line.user.twin += str_eq(f->stored.items[i].user.id, line.user.id);
    VEC_PUSH(&f->stored, line);
}

static void merge(struct fake_desk *f, const struct stored_line *lines, size_t len, int64_t now_ms,
                  int64_t wall_ms)
{
    struct err err = {0};

    if (appearance_merge(&f->list, lines, len, wall_ms, NULL, &err) != RC_OK) {
        (void)fprintf(stderr, "fake desk: %s\n", err.text);
        abort();
    }
    f->desk.reading = UI_DESK_TOLD;
    f->desk.read_ms = now_ms;
}

void fake_desk_read(struct fake_desk *f, int64_t now_ms, int64_t wall_ms)
{
    merge(f, f->stored.items, f->stored.len, now_ms, wall_ms);
    f->stored.len = 0;
}

void fake_desk_saved(struct fake_desk *f, int64_t now_ms, int64_t wall_ms)
{
    struct appearance_plan plan = {0};
    struct err err = {0};

    if (appearance_plan(&f->list, &plan, &err) == RC_OK)
        merge(f, plan.lines.items, plan.lines.len, now_ms, wall_ms);
    appearance_plan_fini(&plan);
    f->desk.writing = UI_DESK_TOLD;
    f->desk.is_waiting = false;
}

void fake_desk_init(struct fake_desk *f)
{
    memset(f, 0, sizeof *f);
    appearance_init(&f->list);
    f->desk = (struct ui_desk){
        .whose = "", .list = &f->list, .list_text = "", .people_text = "", .settings_text = ""};
    f->ops = (struct ui_desk_ops){.edit = on_edit,
                                  .undo = on_undo,
                                  .choose = on_choose,
                                  .show = on_show,
                                  .pull = on_pull,
                                  .push = on_push,
                                  .push_cancel = on_push_cancel,
                                  .set = on_set,
                                  .self = f};
}

void fake_desk_fini(struct fake_desk *f)
{
    appearance_fini(&f->list);
    for (size_t i = 0; i < f->texts.len; i++)
        mem_free(f->texts.items[i]);
    VEC_FREE(&f->texts);
    VEC_FREE(&f->stored);
    VEC_FREE(&f->people);
    VEC_FREE(&f->phones);
}
