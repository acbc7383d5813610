/* doctor: the server of the profile over the network; what kind it is decides who goes on. */
#include "callhud/app/doctor.h"

#include "callhud/base/str.h"
#include "callhud/net/net.h"
#include "callhud/net/resolve.h"
#include "callhud/net/url.h"

#include <inttypes.h>
#include <stdlib.h>

#define ASK_MS 10000
#define SKEW_MAX_MS 2000

static void on_late(void *self)
{
    struct doctor_net *n = self;
    n->is_late = true;
    loop_stop(n->loop);
}

bool doctor_wait(struct doctor_net *n, const bool *is_done, int limit_ms)
{
    n->is_late = false;
    struct loop_timer *timer = loop_timer(n->loop, limit_ms, on_late, n);
    while (!*is_done && !n->is_late)
        loop_run(n->loop);
    if (!n->is_late)
        loop_timer_stop(timer);
    return *is_done;
}

void doctor_wake(struct doctor_net *n)
{
    loop_stop(n->loop);
}

void doctor_say_clock(struct doctor *d, int64_t ahead_ms)
{
    if (ahead_ms > SKEW_MAX_MS || ahead_ms < -SKEW_MAX_MS)
        doctor_say(d, "clock", DOCTOR_WARN,
                   "the server's clock is %" PRId64 " s %s this machine's: ages are right all the "
                   "same, times of day are the server's; set both by NTP",
                   (ahead_ms < 0 ? -ahead_ms : ahead_ms) / 1000,
                   ahead_ms > 0 ? "ahead of" : "behind");
    else
        doctor_say(d, "clock", DOCTOR_OK, "the server's agrees with this machine's");
}

/* ---- its address ----------------------------------------------------------------------------- */

struct resolving {
    struct doctor_net *n;
    bool is_done;
};

static void on_resolved(void *self, const struct resolve_answer *answer)
{
    struct resolving *r = self;
    struct doctor *d = r->n->d;
    struct url url;
    url_parse(r->n->config.server, "http", &url, NULL);
    if (answer->rc != RC_OK) {
        doctor_say(d, "address", DOCTOR_FAIL, "%s", answer->text);
        r->n->blocked = "address";
    } else if (url_is_numeric(url.host)) {
        doctor_say(d, "address", DOCTOR_OK, "%s port %d", url.host, url.port);
    } else {
        doctor_say(d, "address", DOCTOR_OK, "%s is %s%s, port %d", url.host, answer->addresses[0],
                   answer->len > 1 ? " (and others)" : "", url.port);
    }
    r->is_done = true;
    doctor_wake(r->n);
}

static void check_address(struct doctor_net *n)
{
    struct resolving r = {.n = n};
    struct url url;
    struct err err = {0};
    if (url_parse(n->config.server, "http", &url, &err) != RC_OK) {
        doctor_say(n->d, "address", DOCTOR_FAIL, "%s", err.text);
        n->blocked = "address";
        return;
    }
    struct resolve_ask *asked = resolve_start(n->resolve, url.host, on_resolved, &r);
    if (!doctor_wait(n, &r.is_done, ASK_MS)) {
        resolve_cancel(asked);
        doctor_say(n->d, "address", DOCTOR_FAIL,
                   "%s: no answer from the name service in %d s: try 'getent hosts %s'", url.host,
                   ASK_MS / 1000, url.host);
        n->blocked = "address";
    }
}

/* ---- all ------------------------------------------------------------------------------------- */

static void run(struct doctor_net *n)
{
    check_address(n);
    if (str_eq(n->d->settings.backend, "ringcentral"))
        doctor_ringcentral(n);
    else
        doctor_asterisk(n);
    n->d->is_signed_in = n->blocked == NULL;
}

void doctor_server(struct doctor *d)
{
    struct doctor_net n = {.d = d};
    struct err err = {0};
    if (!d->has_secrets || !net_has_uv_plugin()) {
        doctor_say(d, "server", DOCTOR_SKIP, "needs %s",
                   !d->has_settings  ? "a profile"
                   : !d->has_secrets ? "its secrets"
                                     : "libwebsockets' plug-in");
        return;
    }
    if (loop_new(&n.loop, &err) != RC_OK) {
        doctor_say(d, "server", DOCTOR_FAIL, "%s", err.text);
        return;
    }
    settings_backend(&d->settings, &n.config, d->cli->is_read_only);
    if (net_new(&n.net, n.loop, &err) == RC_OK) {
        net_io(n.net, &n.io);
        n.resolve = resolve_new(n.loop);
        run(&n);
        d->must_exit_now |= resolve_free(n.resolve);
        d->must_exit_now |= net_free(n.net);
    } else {
        doctor_say(d, "server", DOCTOR_FAIL, "%s", err.text);
    }
    if (!d->must_exit_now)
        loop_free(n.loop);
}
