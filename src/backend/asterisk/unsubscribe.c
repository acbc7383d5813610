/* Taking device subscriptions back. The server answers 501 to a DELETE of "channel:" and the like,
 * which end by themselves, so only devices are named. */
#include "callhud/backend/asterisk/link.h"
#include "callhud/backend/asterisk/subscribe.h"

#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

struct unsub {
    struct unsub_config config;
    char *app;
    struct io_ws *ws; /* under the name of that application */
    bool is_opened, is_failed;
    size_t waits; /* answers under way */
};

void unsub_cancel(struct unsub *unsub)
{
    if (unsub == NULL)
        return;
    rest_cancel(unsub->config.rest, unsub);
    unsub->config.io->ws_close(unsub->ws);
    mem_free(unsub->app);
    mem_free(unsub);
}

static void finish(struct unsub *unsub, bool is_gone)
{
    unsub->config.done(unsub->config.self, is_gone);
    unsub_cancel(unsub);
}

static void ask(struct unsub *unsub);

static void on_opened(void *self)
{
    struct unsub *unsub = self;
    unsub->is_opened = true;
    ask(unsub);
}

static void on_message(void *self, const char *bytes, size_t len)
{
    (void)self, (void)bytes, (void)len;
}

static void on_pong(void *self)
{
    (void)self;
}

static void on_closed(void *self, enum rc rc, int http_status, const char *text)
{
    struct unsub *unsub = self;
    (void)rc, (void)http_status;
    log_info("ari", "no connection as %s: %s", unsub->app, text);
    unsub->ws = NULL;
    finish(unsub, false);
}

static void take_the_name(struct unsub *unsub)
{
    static const struct io_ws_handler handler = {on_opened, on_message, on_pong, on_closed};
    struct buf url;
    buf_init(&url, 4096);
    link_url(&url, unsub->config.config->server, unsub->app, false);
    struct io_ws_request request = {.url = buf_text(&url),
                                    .access = unsub->config.config->access,
                                    .frame_max_bytes = ARI_FRAME_MAX_BYTES,
                                    .open_timeout_ms = LINK_OPEN_LIMIT_MS};
    unsub->ws = unsub->config.io->ws_open(unsub->config.io->net, &request, &handler, unsub);
    buf_fini(&url);
}

static void on_deleted(void *self, const struct rest_answer *answer)
{
    struct unsub *unsub = self;
    bool is_gone = answer->rc == RC_OK && ((answer->status >= 200 && answer->status < 300) ||
                                           answer->status == 404 || answer->status == 422);
    if (!is_gone) {
        log_warn("ari", "subscriptions of %s stay: %s", unsub->app, answer->text);
        unsub->is_failed = true;
    }
    if (--unsub->waits == 0)
        finish(unsub, !unsub->is_failed);
}

static void take_back(struct unsub *unsub, const struct ari_names *names)
{
    VEC(const char *) list = {0};
    for (size_t i = 0; i < names->list.len; i++)
        if (!str_starts(names->list.items[i].text, "__AST_")) /* "all": ends by itself */
            VEC_PUSH(&list, names->list.items[i].text);
    unsub->waits = subs_send(unsub->config.rest, "DELETE", unsub->app, list.items, list.len,
                             on_deleted, unsub);
    VEC_FREE(&list);
    if (unsub->waits == 0)
        finish(unsub, true);
}

static void on_told(void *self, const struct rest_answer *answer)
{
    struct unsub *unsub = self;
    struct ari_names names;
    if (answer->rc == RC_OK && answer->status == 404 && !unsub->is_opened) {
        take_the_name(unsub);
    } else if (answer->rc == RC_OK && answer->status == 404) {
        finish(unsub, true);
    } else if (answer->rc == RC_OK && answer->status == 200 &&
               ari_application_devices_decode(&names, answer->body, answer->body_len) == RC_OK) {
        take_back(unsub, &names);
        ari_names_fini(&names);
    } else {
        log_warn("ari", "subscriptions of %s cannot be looked at: %s", unsub->app, answer->text);
        finish(unsub, false);
    }
}

static void ask(struct unsub *unsub)
{
    struct buf uri;
    buf_init(&uri, SUBS_URI_MAX_BYTES);
    buf_puts(&uri, "applications/");
    ari_escape(&uri, unsub->app);
    struct rest_request request = {.method = "GET", .uri = buf_text(&uri)};
    rest_ask(unsub->config.rest, &request, on_told, unsub);
    buf_fini(&uri);
}

struct unsub *unsub_start(const struct unsub_config *config)
{
    struct unsub *unsub = mem_zero(1, sizeof *unsub);
    unsub->config = *config;
    unsub->app = mem_dup(config->app);
    ask(unsub);
    return unsub;
}
