/* When calls come, from whom and for whom. No step looks at more than a few users, however many
 * there are. */
#include "traffic.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include "names.h"

#include <math.h>
#include <stdio.h>

#define RHYTHM_MS (20 * 60 * 1000.0) /* departments have their rush one after the other */
#define RHYTHM_DEPTH 0.6
#define TRIES 6
#define TWO_PI 6.283185307179586

/* --- for whom -------------------------------------------------------------------------------- */

static bool is_idle(const struct ex_user *user)
{
    return user->parties.len == 0 && user_takes_calls(user);
}

static double weight_of(const struct ex *x, size_t queue)
{
    double turn = (double)ex_now(x) / RHYTHM_MS + (double)queue / (double)x->queues_len;
    return (double)x->queues[queue].members * (1.0 + RHYTHM_DEPTH * sin(TWO_PI * turn));
}

static struct ex_queue *draw_queue(struct ex *x)
{
    double all = 0;
    for (size_t i = 0; i < x->queues_len; i++)
        all += weight_of(x, i);
    double at = all * (double)ex_random(x, 1000000) / 1000000.0;
    for (size_t i = 0; i < x->queues_len; i++) {
        at -= weight_of(x, i);
        if (at < 0 && x->queues[i].members)
            return &x->queues[i];
    }
    return NULL;
}

static struct ex_user *draw_member(struct ex *x, const struct ex_queue *queue)
{
    return &x->users[queue->first + (size_t)ex_random(x, queue->members)];
}

/* An idle agent; now and then one who is in a call, for a second one. */
static struct ex_user *draw_agent(struct ex *x)
{
    const struct ex_queue *queue = draw_queue(x);
    for (int i = 0; queue && i < TRIES; i++) {
        struct ex_user *user = draw_member(x, queue);
        bool is_second = user->parties.len == 1 && ex_random(x, 100) < 4;
        if (is_idle(user) || (is_second && user_takes_calls(user)))
            return user;
    }
    return NULL;
}

struct ex_user *traffic_colleague(struct ex *x, const struct ex_user *user)
{
    const struct ex_queue *queue = ex_queue_of(x, user);
    for (int i = 0; queue && i < TRIES; i++) {
        struct ex_user *other = draw_member(x, queue);
        if (other != user && is_idle(other))
            return other;
    }
    return NULL;
}

/* --- from whom ------------------------------------------------------------------------------- */

static void draw_outside(struct ex *x, struct place *out)
{
    static const char *const codes[] = {"+1650", "+1415", "+1212", "+1778", "+4420", "+4930",
                                        "+3314", "+8135", "+9722", "+5511", "+2721", "+6129"};
    const char *code = codes[ex_random(x, sizeof codes / sizeof codes[0])];
    *out = (struct place){.kind = TO_OUTSIDE};
    snprintf(out->number, sizeof out->number, "%s%07llu", code,
             (unsigned long long)(2000000 + ex_random(x, 7999999)));
    if (ex_random(x, 100) < 55) {
        char first[NAMES_BYTES], last[NAMES_BYTES];
        names_draw(x, first, last);
        names_join(first, last, out->name, sizeof out->name);
    }
}

/* --- when ------------------------------------------------------------------------------------ */

/* NULL: nobody was free. */
static struct ex_session *make_call(struct ex *x)
{
    uint64_t kind = ex_random(x, 100);
    struct place outside, to = {.kind = TO_QUEUE};
    draw_outside(x, &outside);
    to.queue = kind < 22 ? draw_queue(x) : NULL;
    if (to.queue)
        return call_place(x, outside.number, outside.name, &to, false);
    struct ex_user *agent = draw_agent(x);
    if (!agent)
        return NULL;
    if (kind < 72)
        return ex_call(x, outside.number, outside.name, agent, false);
    struct ex_device *device = user_device(agent);
    struct ex_user *colleague = kind < 82 ? traffic_colleague(x, agent) : NULL;
    device_takes(x, device, NULL);
    return ex_dial(x, agent, device, colleague ? colleague->extension : outside.number);
}

static void arrive(struct ex *x, void *self)
{
    struct traffic *t = self;
    ex_after(x, (int64_t)ex_random_exp(x, 1000.0 / x->options.rate), arrive, t);
    t->arrived++;
    if (!make_call(x))
        t->turned_away++;
}

static double scale_for(const struct ex *x)
{
    double offered = x->options.rate * CALL_MEAN_S;
    double carried = OCCUPANCY * (double)(x->users_len - 1);
    double scale = offered > carried ? carried / offered : 1.0;
    return scale < 0.02 ? 0.02 : scale;
}

/* A demo shows at once what an hour of traffic would lead to. */
static void fill(struct ex *x, const struct traffic *t)
{
    double wanted = x->options.rate * CALL_MEAN_S * t->scale;
    double most = 0.5 * (double)(x->users_len - 1);
    size_t calls = (size_t)(wanted > most ? most : wanted);
    if (calls < 4)
        calls = 4;
    for (size_t i = 0; i < calls; i++) {
        struct ex_session *session = make_call(x);
        if (session && session->traffic)
            traffic_begin_under_way(x, session);
    }
}

void traffic_start(struct ex *x)
{
    if (x->options.rate <= 0)
        return;
    struct traffic *t = mem_zero(1, sizeof *t);
    t->scale = scale_for(x);
    x->calls->traffic = t;
    if (x->options.is_demo)
        fill(x, t);
    ex_after(x, (int64_t)ex_random_exp(x, 1000.0 / x->options.rate), arrive, t);
}

void traffic_stop(struct ex *x)
{
    if (!x->calls->traffic)
        return;
    ex_cancel(x, x->calls->traffic);
    mem_free(x->calls->traffic);
    x->calls->traffic = NULL;
}
