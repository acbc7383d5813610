/* The exchange as a process: its loop, its clock, its beginning and end. */
#include "callhud/exchange/server.h"

#include "callhud/base/clock.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "server_priv.h"

#include <errno.h>
#include <libwebsockets.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define WAIT_MAX_MS 60000 /* the timer looks again at the latest then */
#define ADVANCE_MAX_MS 25 /* clients and signals wait no longer than that for the world */

/* ---- time ------------------------------------------------------------------------------------ */

int64_t server_real_ms(void *server)
{
    (void)server;
    return clock_mono_ms();
}

void server_advance(struct server *s)
{
    int64_t real_ms = clock_mono_ms();
    int64_t due_ms = (int64_t)((double)(real_ms - s->began_real_ms) * s->speed);
    while (ex_next_ms(s->x) < due_ms && clock_mono_ms() - real_ms < ADVANCE_MAX_MS)
        ex_advance(s->x, ex_next_ms(s->x));
    if (ex_next_ms(s->x) >= due_ms)
        ex_advance(s->x, due_ms);
    else /* more happens than this machine can do: what is late stays late, and is not made up for
          */
        s->began_real_ms = clock_mono_ms() - (int64_t)((double)ex_now(s->x) / s->speed);
}

static void stall_if_ordered(struct server *s)
{
    bool is_on = faults_is_on(&s->front.faults, FAULT_STALL, clock_mono_ms());
    if (is_on != s->is_stalled)
        server_stall(s, is_on);
}

static void on_timer(uv_timer_t *timer)
{
    struct server *s = timer->data;
    server_advance(s);
    gateway_advance(s->front.gateway);
    stall_if_ordered(s);
    server_due(s);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Real ms until the exchange's clock shows at_ms. */
static int64_t wait_for(const struct server *s, int64_t at_ms)
{
    if (at_ms == INT64_MAX)
        return WAIT_MAX_MS;
    double left_ms = (double)(at_ms - ex_now(s->x)) / s->speed;
    return left_ms <= 0 ? 0 : left_ms > WAIT_MAX_MS ? WAIT_MAX_MS : (int64_t)left_ms + 1;
}

/* Before the loop sleeps: until when? */
static void on_prepare(uv_prepare_t *prepare)
{
    struct server *s = prepare->data;
    int64_t now_ms = clock_mono_ms();
    stall_if_ordered(s);
    int64_t next_ms = earlier(server_next_due_ms(s), gateway_next_real_ms(s->front.gateway));
    if (s->is_stalled)
        next_ms = earlier(next_ms, s->front.faults.armed[FAULT_STALL].until_ms);
    int64_t wait_ms = next_ms == INT64_MAX ? WAIT_MAX_MS : next_ms - now_ms;
    wait_ms = earlier(wait_ms, wait_for(s, ex_next_ms(s->x)));
    wait_ms = earlier(wait_ms, wait_for(s, gateway_next_ms(s->front.gateway)));
    uv_timer_start(&s->timer, on_timer, wait_ms > 0 ? (uint64_t)wait_ms : 0, 0);
}

/* ---- signals --------------------------------------------------------------------------------- */

static void on_signal(uv_signal_t *handle, int signum)
{
    struct server *s = handle->data;
    s->signum = signum;
    uv_stop(&s->loop);
}

/* Lines are short and come one by one: a pipe gives each whole. */
static void on_hand(uv_poll_t *handle, int status, int events)
{
    struct server *s = handle->data;
    char text[128];
    ssize_t len =
        status == 0 && (events & UV_READABLE) ? read(s->hand_fd, text, sizeof text - 1) : 0;
    if (len <= 0) {
        uv_poll_stop(handle);
        return;
    }
    text[len] = '\0';
    server_advance(s);
    char *rest = text;
    for (const char *line; (line = str_next_field(&rest, '\n'));)
        ex_hand(s->x, line);
}

/* From the beginning until the loop catches them: an end that comes meanwhile is an end in order.
 */
static void hold_signals(bool is_held)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(is_held ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

static void begin_loop(struct server *s)
{
    static const int signals[] = {SIGINT, SIGTERM};
    uv_loop_init(&s->loop);
    uv_timer_init(&s->loop, &s->timer);
    uv_prepare_init(&s->loop, &s->prepare);
    s->timer.data = s->prepare.data = s;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        uv_signal_init(&s->loop, &s->signals[i]);
        s->signals[i].data = s;
        uv_signal_start(&s->signals[i], on_signal, signals[i]);
    }
    hold_signals(false);
    if (s->hand_fd > 0) {
        uv_poll_init(&s->loop, &s->hand, s->hand_fd);
        s->hand.data = s;
        uv_poll_start(&s->hand, UV_READABLE, on_hand);
    }
}

static void end_loop(struct server *s)
{
    uv_close((uv_handle_t *)&s->prepare, NULL);
    uv_close((uv_handle_t *)&s->timer, NULL);
    for (size_t i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&s->signals[i], NULL);
    if (s->hand_fd > 0)
        uv_close((uv_handle_t *)&s->hand, NULL);
    /* The library closes its handles on our loop, and may be unloaded only after that. */
    if (s->context)
        lws_context_destroy(s->context);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    if (s->context)
        lws_context_destroy(s->context);
    uv_loop_close(&s->loop);
}

/* ---- the run --------------------------------------------------------------------------------- */

static enum rc set_switches(struct ex *x, const char *text, struct err *err)
{
    char words[1024];
    if (!str_copy(words, sizeof words, text ? text : ""))
        return err_set(err, RC_USAGE, "--switch: the list is too long");
    char *rest = words;
    for (char *one; (one = str_next_field(&rest, ','));) {
        char *equal = strchr(one, '=');
        bool is_on = equal && str_eq(equal + 1, "on");
        if (!one[0])
            continue;
        if (!is_on && (!equal || !str_eq(equal + 1, "off")))
            return err_set(err, RC_USAGE, "--switch %.60s: write NAME=on or NAME=off", one);
        *equal = '\0';
        if (!ex_switch_set(x, one, is_on))
            return err_set(err, RC_USAGE, "--switch %.60s: there is no such switch", one);
    }
    return RC_OK;
}

static bool is_loopback(const char *host)
{
    return str_starts(host, "127.") || str_eq(host, "::1");
}

static void tell_ready(const struct exchange_config *config, const struct server *s,
                       const struct auth_credentials *credentials)
{
    char jwt[AUTH_TEXT_BYTES * 2];
    const struct ex_user *supervisor = ex_supervisor(s->x);
    auth_jwt(credentials, supervisor->extension, jwt, sizeof jwt);
    if (config->port_file)
        printf("exchange ready on %s, supervisor %s; %s says how to sign in\n", s->front.base_url,
               supervisor->extension, config->port_file);
    else
        printf("exchange ready on %s, supervisor %s; client_id %s client_secret %s jwt %s "
               "control_token %s\n",
               s->front.base_url, supervisor->extension, credentials->client_id,
               credentials->client_secret, jwt, credentials->control_token);
    fflush(stdout);
}

static enum rc open_up(struct server *s, const struct exchange_config *config,
                       const struct auth_credentials *credentials, struct err *err)
{
    int port = 0;
    enum rc rc = server_listen(s, config->host, config->port, &port, err);
    if (rc == RC_OK)
        front_set_address(&s->front, config->host, port);
    if (rc == RC_OK && config->port_file)
        rc = portfile_write(config->port_file, s->x, port, credentials, err);
    if (rc == RC_OK)
        tell_ready(config, s, credentials);
    if (rc == RC_OK && config->ready)
        config->ready(config->self);
    return rc;
}

static enum rc serve(struct server *s, const struct exchange_config *config, struct err *err)
{
    struct auth_credentials credentials;
    if (!config->port_file || !portfile_read(config->port_file, &credentials))
        auth_credentials_draw(&credentials);
    if (config->port_file && portfile_clear(config->port_file, err) != RC_OK)
        return err->rc;
    s->speed = config->world.speed;
    s->hand_fd = config->hand_fd;
    s->began_real_ms = clock_mono_ms();
    front_init(&s->front, s->x, &credentials, server_wake, server_real_ms, s);
    begin_loop(s);
    enum rc rc = open_up(s, config, &credentials, err);
    if (rc == RC_OK) {
        uv_prepare_start(&s->prepare, on_prepare);
        uv_run(&s->loop, UV_RUN_DEFAULT);
    }
    end_loop(s);
    front_fini(&s->front);
    VEC_FREE(&s->clients);
    mem_wipe(&credentials, sizeof credentials);
    return rc;
}

int exchange_run(const struct exchange_config *config)
{
    struct server s = {0};
    struct err err = {0};
    enum rc rc;
    if (config->parent)
        hold_signals(true);
    if (config->parent && (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != config->parent))
        return rc_exit_code(RC_FAILED); /* it has ended meanwhile: nobody would tell us */
    signal(SIGPIPE, SIG_IGN);
    if (!is_loopback(config->host))
        rc = err_set(&err, RC_USAGE,
                     "cannot listen on %.60s: the exchange is for this machine "
                     "alone, use 127.0.0.1",
                     config->host);
    else
        rc = ex_new(&s.x, &config->world, &err);
    if (rc == RC_OK)
        rc = set_switches(s.x, config->switches, &err);
    if (rc == RC_OK)
        rc = serve(&s, config, &err);
    if (s.x)
        ex_free(s.x);
    if (rc != RC_OK)
        fprintf(stderr, "callhud: %s\n", err.text);
    return rc != RC_OK ? rc_exit_code(rc) : s.signum > 0 ? 128 + s.signum : 0;
}
