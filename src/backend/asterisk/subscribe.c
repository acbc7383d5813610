#include "callhud/backend/asterisk/subscribe.h"

#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <stdio.h>
#include <string.h>

#define THING_BYTES 160

struct subs {
    struct subs_config config;
    char *app;       /* of the connection, and of the one before; NULL: none yet */
    bool is_noted;   /* that name is in the ledger */
    bool is_live;    /* this connection was subscribed */
    bool is_refused; /* by the server, for good */
    bool is_left;
    bool is_device_heard; /* subs_config.device */
    unsigned failures;
    void (*opened)(void *self);
    void *opened_self;
    size_t waits; /* for devices: answers under way */
    void (*told)(void *self);
    void *told_self;
    struct unsub *unsub;
    void (*left)(void *self);
    void *left_self;
};

struct subs *subs_new(const struct subs_config *config)
{
    struct subs *subs = mem_zero(1, sizeof *subs);
    subs->config = *config;
    return subs;
}

void subs_free(struct subs *subs)
{
    if (subs == NULL)
        return;
    unsub_cancel(subs->unsub);
    rest_cancel(subs->config.rest, subs);
    mem_free(subs->app);
    mem_free(subs);
}

static bool can_name_devices(const struct subs *subs)
{
    const struct backend_config *config = subs->config.config;
    return config->ledger.put != NULL && !config->is_read_only;
}

static bool is_naming_devices(const struct subs *subs)
{
    bool is_any = subs->config.people->dnd_format != NULL ||
                  (subs->config.device != NULL && can_name_devices(subs));
    return is_any && !subs->config.config->is_once;
}

bool subs_wants_all(void *self)
{
    const struct subs *subs = self;
    const struct backend_config *config = subs->config.config;
    if (config->is_once) /* refused: the answers alone will do */
        return false;
    return subs->is_refused || (is_naming_devices(subs) && !can_name_devices(subs));
}

/* ---- the ledger ---- */

static const char *thing_of(const struct subs *subs, char to[THING_BYTES])
{
    snprintf(to, THING_BYTES, "applications/%s", subs->app);
    return to;
}

static void drop_note(struct subs *subs)
{
    const struct backend_ledger *ledger = &subs->config.config->ledger;
    char thing[THING_BYTES];
    if (subs->is_noted && ledger->drop != NULL)
        ledger->drop(ledger->self, thing_of(subs, thing));
    subs->is_noted = false;
}

static bool note(struct subs *subs)
{
    const struct backend_ledger *ledger = &subs->config.config->ledger;
    char thing[THING_BYTES];
    struct err err = {0};
    if (subs->is_noted)
        return true;
    subs->is_noted = ledger->put(ledger->self, thing_of(subs, thing), &err) == RC_OK;
    if (!subs->is_noted)
        log_warn("ari", "no device is subscribed by name: %s", err.text);
    return subs->is_noted;
}

static void take_name(struct subs *subs, const char *app)
{
    char thing[THING_BYTES];
    if (str_eq(subs->app, app))
        return;
    bool was_noted = subs->is_noted;
    if (was_noted)
        thing_of(subs, thing);
    subs->is_noted = false;
    mem_free(subs->app);
    subs->app = mem_dup(app);
    if (was_noted)
        subs->config.abandoned(subs->config.self, thing);
}

/* ---- asking ---- */

static bool is_taken(const struct rest_answer *answer)
{
    return answer->rc == RC_OK && answer->status >= 200 && answer->status < 300;
}

/* A server that just starts may answer 5xx for a moment; 501 is an older one's no. */
static void refuse(struct subs *subs, const struct rest_answer *answer)
{
    bool is_trouble = answer->status >= 500 && answer->status != 501;
    if (answer->rc == RC_OK && (!is_trouble || ++subs->failures >= SUBS_FAILURES_MAX))
        subs->is_refused = true;
    subs->config.refused(subs->config.self, answer);
}

static void on_opened(void *self, const struct rest_answer *answer)
{
    struct subs *subs = self;
    if (!is_taken(answer) && !subs->config.config->is_once) {
        refuse(subs, answer);
        return;
    }
    subs->failures = 0;
    subs->is_live = true;
    subs->opened(subs->opened_self);
}

bool subs_open(struct subs *subs, const char *app, void (*done)(void *self), void *self)
{
    struct buf uri;
    take_name(subs, app);
    if (subs_wants_all(subs))
        return false;
    subs->opened = done;
    subs->opened_self = self;
    buf_init(&uri, SUBS_URI_MAX_BYTES);
    buf_puts(&uri, "applications/");
    ari_escape(&uri, app);
    buf_puts(&uri, "/subscription?eventSource=channel:,bridge:,endpoint:");
    struct rest_request request = {.method = "POST", .uri = buf_text(&uri)};
    rest_ask(subs->config.rest, &request, on_opened, subs);
    buf_fini(&uri);
    return true;
}

static void on_device(void *self, const struct rest_answer *answer)
{
    struct subs *subs = self;
    subs->waits--;
    if (!subs->is_live) /* an answer before this one was a refusal */
        return;
    if (!is_taken(answer)) {
        subs->is_live = false;
        refuse(subs, answer);
        return;
    }
    void (*told)(void *self) = subs->told;
    if (subs->waits > 0 || told == NULL)
        return;
    subs->told = NULL;
    told(subs->told_self);
}

static void cannot_note(struct subs *subs)
{
    struct rest_answer answer = {.rc = RC_OK, .status = 507, .body = ""};
    str_copy(answer.text, sizeof answer.text, "what is subscribed cannot be written down");
    subs->is_live = false;
    subs->is_refused = true;
    subs->config.refused(subs->config.self, &answer);
}

bool subs_devices(struct subs *subs, void (*done)(void *self), void *self)
{
    const struct ari_people *people = subs->config.people;
    VEC(const char *) names = {0};
    if (!subs->is_live || subs->is_left || !is_naming_devices(subs))
        return false;
    for (size_t i = 0; i < people->users.len; i++) {
        struct ari_user *user = people->users.items[i];
        if (user->dnd_device == NULL || user->is_dnd_heard)
            continue;
        VEC_PUSH(&names, user->dnd_device);
        user->is_dnd_heard = true; /* a refusal ends the connection, and with it this */
    }
    if (subs->config.device != NULL && !subs->is_device_heard) {
        VEC_PUSH(&names, subs->config.device);
        subs->is_device_heard = true;
    }
    bool is_any = names.len > 0;
    if (is_any && !note(subs)) {
        cannot_note(subs);
    } else if (is_any) {
        subs->waits += subs_send(subs->config.rest, "POST", subs->app, names.items, names.len,
                                 on_device, subs);
        is_any = subs->waits > 0;
    }
    VEC_FREE(&names);
    subs->told = is_any ? done : NULL;
    subs->told_self = self;
    return is_any;
}

void subs_forget_devices(struct subs *subs)
{
    subs->told = NULL;
}

/* ---- the end ---- */

static void tell_left(struct subs *subs)
{
    void (*left)(void *self) = subs->left;
    subs->left = NULL;
    if (left != NULL)
        left(subs->left_self);
}

void subs_lost(struct subs *subs)
{
    const struct ari_people *people = subs->config.people;
    rest_cancel(subs->config.rest, subs);
    for (size_t i = 0; i < people->users.len; i++)
        people->users.items[i]->is_dnd_heard = false;
    subs->is_device_heard = false;
    subs->is_live = false;
    subs->waits = 0;
    subs->told = NULL;
    unsub_cancel(subs->unsub);
    subs->unsub = NULL;
    tell_left(subs);
}

static void on_taken_back(void *self, bool is_gone)
{
    struct subs *subs = self;
    subs->unsub = NULL;
    if (is_gone)
        drop_note(subs);
    tell_left(subs);
}

bool subs_leave(struct subs *subs, void (*done)(void *self), void *self)
{
    const struct unsub_config config = {.io = subs->config.io,
                                        .rest = subs->config.rest,
                                        .config = subs->config.config,
                                        .app = subs->app,
                                        .done = on_taken_back,
                                        .self = subs};
    if (!subs->is_live || !subs->is_noted || subs->is_left)
        return false;
    subs->is_left = true;
    subs->left = done;
    subs->left_self = self;
    subs->unsub = unsub_start(&config);
    return true;
}

/* ---- batches ---- */

size_t subs_send(struct rest *rest, const char *method, const char *app, const char *const *names,
                 size_t len, rest_done *done, void *self)
{
    static const char scheme[] = "deviceState:";
    struct buf uri, name;
    size_t count = 0;
    buf_init(&uri, SUBS_URI_MAX_BYTES);
    buf_init(&name, SUBS_URI_MAX_BYTES / 2);
    for (size_t i = 0; i < len;) {
        bool is_any = false;
        buf_reset(&uri);
        buf_puts(&uri, "applications/");
        ari_escape(&uri, app);
        buf_puts(&uri, "/subscription?eventSource=");
        for (; i < len; i++) {
            buf_reset(&name);
            buf_printf(&name, "%s%s", is_any ? "," : "", scheme);
            ari_escape(&name, names[i]);
            if (strchr(names[i], ',') != NULL || name.is_full)
                continue;
            if (uri.len + name.len > SUBS_URI_MAX_BYTES)
                break;
            is_any = buf_put(&uri, name.data, name.len);
        }
        struct rest_request request = {.method = method, .uri = buf_text(&uri)};
        if (is_any) {
            count++;
            rest_ask(rest, &request, done, self);
        }
    }
    buf_fini(&name);
    buf_fini(&uri);
    return count;
}
