/* Steps about a desk: its list, people, phones and settings. */
#include "steps_desk.h"

#include "callhud/base/str.h"

#include <stdlib.h>
#include <string.h>

static const char *option(char *const *words, size_t count, const char *key)
{
    size_t len = strlen(key);

    for (size_t i = 1; i < count; i++)
        if (strncmp(words[i], key, len) == 0 && words[i][len] == '=')
            return words[i] + len + 1;
    return NULL;
}

static bool flag(char *const *words, size_t count, const char *name)
{
    for (size_t i = 1; i < count; i++)
        if (strcmp(words[i], name) == 0)
            return true;
    return false;
}

static void on(struct stage *s, char *const *words, size_t count)
{
    struct fake_desk *f = &s->desk;
    const char *limit = option(words, count, "limit"), *local = option(words, count, "local");
    const char *whose = option(words, count, "whose");

    f->list.max_lines = limit != NULL ? (uint32_t)strtoul(limit, NULL, 10) : 0;
    f->desk.is_automatic = flag(words, count, "auto");
    f->desk.is_read_only = flag(words, count, "readonly");
    f->desk.is_local = local != NULL;
    f->desk.list_text = local != NULL ? fake_desk_text(f, local) : "";
    f->desk.whose = whose != NULL ? fake_desk_text(f, whose) : "";
    ui_set_desk(s->ui, &f->desk, &f->ops);
}

static void phone(struct stage *s, char *const *words, size_t count)
{
    struct desk_phone *made = fake_desk_phone(&s->desk, words[2], words[3]);

    made->restarts = flag(words, count, "restarts");
    made->is_in_call = flag(words, count, "incall");
    made->is_online = !flag(words, count, "offline");
    made->shows_presence = !flag(words, count, "blind");
}

/* desk settings ring=on share=off details=none answerable="101 102" missing=pickup */
static void settings(struct stage *s, char *const *words, size_t count)
{
    static const char *const keys[] = {"ring",    "pickup",     "share",
                                       "details", "answerable", "visible"};
    struct desk_settings *set = &s->desk.settings;
    const char *text, *missing = option(words, count, "missing");

    set->has = DESK_SETTINGS_ALL;
    set->rings_when_monitored = str_eq(option(words, count, "ring"), "on");
    set->picks_up_held = str_eq(option(words, count, "pickup"), "on");
    set->shares_presence = !str_eq(option(words, count, "share"), "off");
    text = option(words, count, "details");
    set->details = str_eq(text, "none")        ? DESK_DETAILS_NONE
                   : str_eq(text, "permitted") ? DESK_DETAILS_PERMITTED
                                               : DESK_DETAILS_ALL;
    text = option(words, count, "answerable");
    set->answerable_by = fake_desk_ids(&s->desk, text != NULL ? text : "", &set->answerable_len);
    text = option(words, count, "visible");
    set->visible_to = fake_desk_ids(&s->desk, text != NULL ? text : "", &set->visible_len);
    for (size_t i = 0; i < 6; i++)
        if (missing != NULL && strstr(missing, keys[i]) != NULL) {
            set->has &= ~(1u << i);
            set->missing[i] = "set it in the configuration: this telephone system has none";
        }
    s->desk.desk.settings = set;
    s->desk.desk.settings_state = UI_DESK_TOLD;
}

/* desk asked pushes=1 idle=0 pulls=0 sets=0 cancels=0 ids="101 102" */
static const char *asked(struct stage *s, char *const *words, size_t count)
{
    const struct fake_desk *f = &s->desk;
    const struct {
        const char *key;
        size_t is;
    } all[] = {{"pushes", f->pushes}, {"idle", f->idle_pushes}, {"pulls", f->pulls},
               {"sets", f->sets},     {"cancels", f->cancels},  {"shown", f->is_shown}};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const char *text = option(words, count, all[i].key);
        if (text != NULL && strtoul(text, NULL, 10) != all[i].is)
            return all[i].key;
    }
    const char *ids = option(words, count, "ids");
    return ids != NULL && strcmp(ids, f->set_ids) != 0 ? "ids" : NULL;
}

const char *steps_desk(struct stage *s, char *const *words, size_t count)
{
    struct fake_desk *f = &s->desk;
    const char *what = count > 1 ? words[1] : "";

    if (strcmp(what, "on") == 0)
        on(s, words, count);
    else if (strcmp(what, "person") == 0 && count > 4)
        fake_desk_person(f, words[2], words[3], words[4], !flag(words, count, "unlistable"));
    else if (strcmp(what, "stored") == 0 && count > 3)
        fake_desk_store(f, words[2], words[3], flag(words, count, "reserved"));
    else if (strcmp(what, "read") == 0)
        fake_desk_read(f, s->now_ms, s->wall_ms);
    else if (strcmp(what, "saved") == 0)
        fake_desk_saved(f, s->now_ms, s->wall_ms);
    else if (strcmp(what, "phone") == 0 && count > 3)
        phone(s, words, count);
    else if (strcmp(what, "settings") == 0)
        settings(s, words, count);
    else if (strcmp(what, "confirm") == 0)
        fake_desk_confirm(f);
    else if (strcmp(what, "refuse") == 0 && count > 3)
        (void)appearance_refuse(&f->list, words[2], words[3]);
    else if (strcmp(what, "idle") == 0)
        for (size_t i = 0; i < f->phones.len; i++)
            f->phones.items[i].is_in_call = false;
    else if (strcmp(what, "ask") == 0)
        ui_desk_ask_save(s->ui, s->now_ms);
    else if (strcmp(what, "asked") == 0)
        return asked(s, words, count);
    else
        return "no such step about a desk";
    ui_desk_changed(s->ui);
    return NULL;
}
