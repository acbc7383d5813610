/* The lists whose changes are told: the own one and those that were asked for. */
#include "desk_parts.h"

#include "callhud/backend/tell.h"
#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include <stdio.h>
#include <string.h>

/* ---- lists that are watched ---- */

static struct list_watch *watch_of(const struct ari_desk *desk, const char *extension)
{
    for (size_t i = 0; i < desk->watches.len; i++)
        if (str_eq(desk->watches.items[i]->extension, extension))
            return desk->watches.items[i];
    return NULL;
}

struct list_watch *desk_watch(struct ari_desk *desk, const char *extension)
{
    struct list_watch *watch = watch_of(desk, extension);
    if (watch != NULL)
        return watch;
    char device[ARI_NAME_BYTES];
    watch = mem_zero(1, sizeof *watch);
    snprintf(device, sizeof device, "Stasis:blf-%s", extension);
    watch->desk = desk;
    watch->extension = mem_dup(extension);
    watch->device = mem_dup(device);
    VEC_PUSH(&desk->watches, watch);
    return watch;
}

static void tell_changed(const struct ari_desk *desk, const char *extension)
{
    const struct backend_sink *sink = &desk->config.part.sink;
    struct event event = backend_event(EVENT_DESK, extension, 0, false);
    event.u.desk.is_list = true;
    sink->event(sink->self, &event);
}

bool desk_is_none(const struct ari_desk *desk, const char *extension, const struct ari_names *list)
{
    return desk->no_list != NULL && list->list.len == 0 && desk->own != NULL &&
           str_eq(extension, desk->own);
}

static void tell_awaited(struct list_watch *watch, bool is_changed)
{
    const struct ari_desk_config *config = &watch->desk->config;
    if (watch->is_awaited || is_changed) {
        watch->is_awaited = false;
        config->listed(config->part.self, is_changed);
    }
}

/* A list was read or written, by whomever. is_news: nobody has asked for it. */
void desk_learn(struct list_watch *watch, const struct ari_names *list, bool is_news)
{
    struct ari_desk *desk = watch->desk;
    bool is_same = watch->is_known && names_are_same(&watch->known, list);
    bool is_first = !watch->is_known;
    bool is_own = str_eq(watch->extension, desk->own);
    if (desk_is_none(desk, watch->extension, list)) {
        tell_awaited(watch, false); /* who is watched follows the list that is kept here */
        return;
    }
    if (is_own && list->list.len > 0)
        desk_forget_refusal(desk);
    watch->is_known = true;
    if (!is_same)
        names_copy(&watch->known, list);
    tell_awaited(watch, is_own && ari_people_take_keys(desk->config.people, list));
    if (is_news && !is_same && !is_first)
        tell_changed(desk, watch->extension);
}

static bool is_being_written(const struct ari_desk *desk, const char *extension)
{
    for (size_t i = 0; i < desk->jobs.len; i++)
        if (list_writes(desk->jobs.items[i]) && str_eq(desk->jobs.items[i]->extension, extension))
            return true;
    return false;
}

/* A reader has found a change that was begun and not finished. */
void desk_look_after(struct ari_desk *desk, const struct list_job *job)
{
    if (job->is_unfinished && !is_being_written(desk, job->extension) && desk_may_write(desk) &&
        !desk->config.part.config->is_once && desk->left == NULL)
        desk_finish_change(desk, job->extension, NULL);
}

static void on_watch_read(void *owner, struct list_job *job)
{
    struct list_watch *watch = owner;
    struct ari_desk *desk = watch->desk;
    watch->job = NULL;
    if (job->rc == RC_OK) {
        desk_learn(watch, &job->stored, true);
    } else {
        log_info("ari", "the stored list %s: %s", job->extension, job->text);
        tell_awaited(watch, false);
    }
    desk_look_after(desk, job);
}

static void look_now(struct list_watch *watch, int64_t answer_ms)
{
    const struct io *io = watch->desk->config.part.io;
    io->timer_stop(watch->look);
    watch->look = NULL;
    if (watch->job != NULL || !desk_is_linked(watch->desk))
        return;
    watch->job = list_start(watch->desk, LIST_READ, watch->extension, on_watch_read, watch);
    watch->job->answer_ms = answer_ms;
    list_go(watch->job);
}

static void on_look(void *self);

static void look_soon(struct list_watch *watch)
{
    const struct io *io = watch->desk->config.part.io;
    if (watch->look == NULL)
        watch->look = io->timer(io->net, ARI_LIST_NOTICE_MS, on_look, watch);
}

static void on_look(void *self)
{
    struct list_watch *watch = self;
    watch->look = NULL;
    /* A reading that is under way may have been asked for before the change; our own writing ends
     * with one. */
    if (watch->job != NULL || is_being_written(watch->desk, watch->extension))
        look_soon(watch);
    else
        look_now(watch, ARI_LIST_ANSWER_MS);
}

void ari_desk_event(struct ari_desk *desk, const struct ari_event *event)
{
    bool is_lock =
        event->kind == ARI_BRIDGE_DESTROYED && str_starts(event->bridge.id, LIST_LOCK_PREFIX);
    if (!is_lock && event->kind != ARI_DEVICE_STATE)
        return;
    for (size_t i = 0; i < desk->watches.len; i++) {
        struct list_watch *watch = desk->watches.items[i];
        if (is_lock ? str_eq(event->bridge.id + strlen(LIST_LOCK_PREFIX), watch->extension)
                    : str_eq(event->name, watch->device))
            look_soon(watch);
    }
}

const char *ari_desk_device(const struct ari_desk *desk)
{
    return desk->own != NULL ? desk->watches.items[0]->device : NULL;
}

/* ---- the connection ---- */

bool ari_desk_opened(struct ari_desk *desk)
{
    for (size_t i = 0; i < desk->watches.len; i++) {
        struct list_watch *watch = desk->watches.items[i];
        watch->is_awaited = i == 0 && desk->own != NULL;
        look_now(watch, watch->is_awaited ? ARI_LIST_FIRST_MS : ARI_LIST_ANSWER_MS);
    }
    return desk->own != NULL;
}

void ari_desk_synced(struct ari_desk *desk)
{
    for (size_t i = 0; desk->is_synced && i < desk->watches.len; i++)
        look_now(desk->watches.items[i], ARI_LIST_ANSWER_MS);
    desk->is_synced = true; /* the first one has followed ari_desk_opened() */
    desk_finish_open(desk);
}

void ari_desk_lost(struct ari_desk *desk)
{
    const struct io *io = desk->config.part.io;
    desk->is_synced = false;
    desk->is_no_list_old = desk->no_list != NULL;
    desk->is_tried = false;
    for (size_t i = 0; i < desk->watches.len; i++) {
        struct list_watch *watch = desk->watches.items[i];
        watch->is_awaited = false;
        io->timer_stop(watch->look);
        watch->look = NULL;
    }
}

void desk_watch_free(struct list_watch *watch)
{
    watch->desk->config.part.io->timer_stop(watch->look);
    ari_names_fini(&watch->known);
    mem_free(watch->extension);
    mem_free(watch->device);
    mem_free(watch);
}
