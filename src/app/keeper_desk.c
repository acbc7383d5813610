/* The other things of a desk: its people, phones and presence settings, as told last. */
#include "callhud/app/presence_words.h"
#include "keeper_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- copies ---------------------------------------------------------------------------------- */

static void free_text(const char *text)
{
    mem_free((void *)(uintptr_t)text);
}

static void people_clear(struct keeper *k)
{
    for (size_t i = 0; i < k->copies.people.len; i++) {
        const struct desk_person *p = &k->copies.people.items[i];
        free_text(p->user_id);
        free_text(p->extension);
        free_text(p->name);
        free_text(p->department);
    }
    k->copies.people.len = 0;
}

static void phones_clear(struct keeper *k)
{
    for (size_t i = 0; i < k->copies.phones.len; i++) {
        free_text(k->copies.phones.items[i].name);
        free_text(k->copies.phones.items[i].model);
    }
    k->copies.phones.len = 0;
}

static const char *const *names_copy(const char *const *names, size_t len)
{
    const char **out = mem_zero(len + 1, sizeof *out);
    for (size_t i = 0; i < len; i++)
        out[i] = mem_dup(names[i]);
    return out;
}

static void names_free(const char *const *names, size_t len)
{
    for (size_t i = 0; i < len; i++)
        free_text(names[i]);
    mem_free((void *)(uintptr_t)names);
}

static void settings_clear(struct keeper *k)
{
    struct desk_settings *s = &k->copies.settings;
    names_free(s->answerable_by, s->answerable_len);
    names_free(s->visible_to, s->visible_len);
    for (size_t i = 0; i < sizeof s->missing / sizeof *s->missing; i++)
        free_text(s->missing[i]);
    free_text(s->fixed);
    *s = (struct desk_settings){0};
    k->copies.has_settings = false;
}

static void settings_keep(struct keeper *k, const struct desk_settings *told)
{
    struct desk_settings copy = *told;
    copy.answerable_by = names_copy(told->answerable_by, told->answerable_len);
    copy.visible_to = names_copy(told->visible_to, told->visible_len);
    for (size_t i = 0; i < sizeof copy.missing / sizeof *copy.missing; i++)
        copy.missing[i] = told->missing[i] ? mem_dup(told->missing[i]) : NULL;
    copy.fixed = told->fixed ? mem_dup(told->fixed) : NULL;
    settings_clear(k);
    k->copies.settings = copy;
    k->copies.has_settings = true;
}

/* The view follows the copies. */
static void show(struct keeper *k)
{
    k->desk.people = k->copies.people.items;
    k->desk.people_len = k->copies.people.len;
    k->desk.people_text = k->copies.people_text;
    k->desk.phones = k->copies.phones.items;
    k->desk.phones_len = k->copies.phones.len;
    k->desk.settings = k->copies.has_settings ? &k->copies.settings : NULL;
    k->desk.settings_text = k->copies.settings_text;
    k->desk.whose = k->copies.whose;
    k->desk.owner = k->extension;
    k->desk.rev++;
    keeper_changed(k);
}

/* ---- people ---------------------------------------------------------------------------------- */

static int by_extension(const void *a, const void *b)
{
    const struct desk_person *x = a, *y = b;
    size_t x_len = strlen(x->extension), y_len = strlen(y->extension);
    if (x_len != y_len)
        return x_len < y_len ? -1 : 1;
    return strcmp(x->extension, y->extension);
}

static void keep_people(struct keeper *k, const struct desk_answer *answer)
{
    people_clear(k);
    for (size_t i = 0; i < answer->people_len; i++) {
        const struct desk_person *p = &answer->people[i];
        struct desk_person copy = {.user_id = mem_dup(p->user_id),
                                   .extension = mem_dup(p->extension),
                                   .name = mem_dup(p->name),
                                   .department = mem_dup(p->department),
                                   .is_listable = p->is_listable,
                                   .is_other = p->is_other};
        VEC_PUSH(&k->copies.people, copy);
        if (k->extension && str_eq(p->extension, k->extension)) {
            char whose[256];
            (void)snprintf(whose, sizeof whose, "%s %s", p->extension, p->name);
            keeper_text(&k->copies.whose, whose);
        }
    }
    if (k->copies.people.len > 0)
        qsort(k->copies.people.items, k->copies.people.len, sizeof *k->copies.people.items,
              by_extension);
}

static void on_people(void *self, const struct desk_answer *answer)
{
    struct keeper *k = self;
    k->desk.people_state = answer->rc == RC_OK ? UI_DESK_TOLD : UI_DESK_FAILED;
    keeper_text(&k->copies.people_text, answer->rc == RC_OK ? "" : answer->text);
    if (answer->rc == RC_OK) {
        keep_people(k, answer);
        k->people_ms = session_now(k->session);
    }
    show(k);
}

static void ask_people(struct keeper *k)
{
    struct desk_question question = {.kind = DESK_PEOPLE};
    if (k->desk.people_state == UI_DESK_ASKED || !keeper_ask(k, &question, on_people))
        return;
    k->desk.people_state = UI_DESK_ASKED;
    keeper_changed(k);
}

/* Nobody tells who comes and goes: those that were told stay until they are told anew. */
static bool are_people_old(const struct keeper *k)
{
    return k->desk.people_state != UI_DESK_TOLD ||
           session_now(k->session) - k->people_ms >= KEEPER_PEOPLE_MS;
}

void keeper_people_again(struct keeper *k)
{
    if (k->wants_people)
        ask_people(k);
}

/* ---- phones ---------------------------------------------------------------------------------- */

static void ask_phones(struct keeper *k);

static void on_phones_look(void *self)
{
    struct keeper *k = self;
    k->phones = NULL;
    if (k->wants_phones)
        ask_phones(k);
}

/* That a phone is in a call is shown: it has to become true by itself when the call ends. */
static void look_later(struct keeper *k, int64_t after_ms)
{
    loop_timer_stop(k->phones);
    k->phones = loop_timer(k->session->loop, after_ms, on_phones_look, k);
}

void keeper_phones_told(struct keeper *k, const struct desk_answer *answer)
{
    bool is_in_call = false;
    k->desk.phones_state = answer->rc == RC_OK ? UI_DESK_TOLD : UI_DESK_FAILED;
    if (answer->rc == RC_OK) {
        phones_clear(k);
        for (size_t i = 0; i < answer->phones_len; i++) {
            struct desk_phone copy = answer->phones[i];
            copy.name = mem_dup(copy.name);
            copy.model = mem_dup(copy.model ? copy.model : "");
            VEC_PUSH(&k->copies.phones, copy);
            is_in_call |= copy.is_in_call;
        }
    }
    if (is_in_call && k->wants_phones && !k->phones)
        look_later(k, KEEPER_IDLE_LOOK_MS); /* its end may not be told: not all are monitored */
    show(k);
}

bool keeper_restarts_any(const struct keeper *k, bool in_call_only)
{
    for (size_t i = 0; i < k->copies.phones.len; i++) {
        const struct desk_phone *phone = &k->copies.phones.items[i];
        if (phone->restarts && (phone->is_in_call || !in_call_only))
            return true;
    }
    return false;
}

static void on_phones(void *self, const struct desk_answer *answer)
{
    keeper_phones_told(self, answer);
}

void keeper_desk_calls_changed(struct keeper *k)
{
    if (k->wants_phones)
        look_later(k, KEEPER_CALLS_QUIET_MS);
}

static void ask_phones(struct keeper *k)
{
    struct desk_question question = {.kind = DESK_PHONES};
    if (k->desk.phones_state == UI_DESK_ASKED || !keeper_ask(k, &question, on_phones))
        return;
    k->desk.phones_state = UI_DESK_ASKED;
    keeper_changed(k);
}

/* ---- settings -------------------------------------------------------------------------------- */

static void settings_told(struct keeper *k, const struct desk_answer *answer)
{
    k->desk.settings_state = answer->rc == RC_OK ? UI_DESK_TOLD : UI_DESK_FAILED;
    k->settings_rc = answer->rc;
    keeper_text(&k->copies.settings_text, answer->rc == RC_OK ? "" : answer->text);
    if (answer->rc == RC_OK)
        settings_keep(k, &answer->settings);
    show(k);
}

static void on_settings(void *self, const struct desk_answer *answer)
{
    struct keeper *k = self;
    settings_told(k, answer);
    if (k->is_set_asked)
        k->desk.settings_state = UI_DESK_ASKED; /* the change is still under way */
}

static void ask_settings(struct keeper *k)
{
    struct desk_question question = {.kind = DESK_SETTINGS};
    if (k->desk.settings_state == UI_DESK_ASKED || !keeper_ask(k, &question, on_settings))
        return;
    k->desk.settings_state = UI_DESK_ASKED;
    keeper_changed(k);
}

static void set_end(struct keeper *k, enum rc rc, const char *text)
{
    struct err err = {0};
    bool is_asked = k->is_set_asked;
    k->is_set_asked = false;
    if (k->settings_begin)
        (void)keeper_record(k, rc == RC_OK ? "end" : "failed", "presence set", k->settings_begin,
                            k->settings_value, rc == RC_OK ? "ok" : text, NULL, &err);
    k->settings_begin = 0;
    if (rc != RC_OK)
        keeper_tell(k, true, "not changed: %s", text);
    if (k->config.ended && is_asked)
        k->config.ended(k->config.self, rc, text);
    keeper_changed(k);
}

enum rc keeper_settings_rc(const struct keeper *k)
{
    return k->settings_rc;
}

static void on_set(void *self, const struct desk_answer *answer)
{
    struct keeper *k = self;
    settings_told(k, answer);
    set_end(k, answer->rc, answer->text);
    if (answer->rc != RC_OK)
        ask_settings(k);
}

/* For the record: what is set, in the words of the command. */
static void note_value(struct keeper *k, const struct desk_settings *settings)
{
    struct buf value;
    buf_init(&value, AUDIT_LINE_MAX_BYTES); /* the record has less room */
    presence_put(&value, settings, k->copies.people.items, k->copies.people.len);
    keeper_text(&k->settings_value, buf_text(&value));
    buf_fini(&value);
}

void keeper_set(struct keeper *k, const struct desk_settings *settings)
{
    struct desk_question question = {.kind = DESK_SETTINGS_WRITE, .settings = settings};
    struct err err = {0};
    if (k->is_set_asked) {
        keeper_tell(k, true, "not changed: the change before is still being sent");
        return;
    }
    k->is_set_asked = true;
    note_value(k, settings);
    if (keeper_record(k, "begin", "presence set", 0, k->settings_value, NULL, &k->settings_begin,
                      &err) != RC_OK) {
        set_end(k, err.rc, err.text);
        return;
    }
    if (!keeper_ask(k, &question, on_set)) {
        set_end(k, RC_UNREACHABLE,
                "there is no link to the telephone system: try again when it is back");
        return;
    }
    k->desk.settings_state = UI_DESK_ASKED;
    keeper_changed(k);
}

void keeper_desk_settings_changed(struct keeper *k)
{
    if (k->wants_settings)
        ask_settings(k);
}

/* ---- the whole ------------------------------------------------------------------------------- */

void keeper_want(struct keeper *k, bool people, bool phones, bool settings)
{
    k->wants_people = people;
    k->wants_phones = phones;
    k->wants_settings = settings;
    keeper_desk_live(k);
}

void keeper_desk_live(struct keeper *k)
{
    if (k->wants_people && are_people_old(k))
        ask_people(k);
    if (k->wants_phones)
        ask_phones(k);
    if (k->wants_settings)
        ask_settings(k);
}

void keeper_desk_lost(struct keeper *k)
{
    enum ui_desk_state *const states[] = {&k->desk.people_state, &k->desk.phones_state,
                                          &k->desk.settings_state};
    for (size_t i = 0; i < 3; i++)
        if (*states[i] == UI_DESK_ASKED)
            *states[i] = UI_DESK_UNKNOWN;
    if (k->is_set_asked)
        set_end(k, RC_UNREACHABLE, "the link was lost meanwhile: look whether it was changed");
}

void keeper_desk_init(struct keeper *k)
{
    keeper_text(&k->copies.people_text, "");
    keeper_text(&k->copies.settings_text, "");
    keeper_text(&k->copies.whose, k->extension);
    show(k);
}

void keeper_desk_fini(struct keeper *k)
{
    people_clear(k);
    phones_clear(k);
    settings_clear(k);
    VEC_FREE(&k->copies.people);
    VEC_FREE(&k->copies.phones);
    mem_free(k->copies.people_text);
    mem_free(k->copies.settings_text);
    mem_free(k->copies.list_text);
    mem_free(k->copies.whose);
    mem_free(k->copies.denied);
    mem_free(k->copies.fixed);
    mem_free(k->settings_value);
}
