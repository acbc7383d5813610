/* Calls by themselves: they arrive as a Poisson process, and the people of the exchange answer,
 * hold, park, transfer and hang up. What a session's people will do next is its plan: one step, one
 * timer. The supervisor is left to himself, and so are scripted sessions. */
#include "traffic.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <math.h>
#include <stdio.h>

#define TALK_MEDIAN_S 110.0
#define TALK_SPREAD 0.8 /* sigma of the lognormal: mean 151 s */
#define TALK_LEAST_S 20.0
#define TALK_MOST_S 1200.0

enum step {
    STEP_LIFT,
    STEP_BUSY,
    STEP_GIVE_UP,
    STEP_HOLD,
    STEP_UNHOLD,
    STEP_PARK,
    STEP_PARKED,
    STEP_TRANSFER,
    STEP_END
};

struct plan {
    struct ex_session *session;
    struct ex_party *subject; /* who takes the step */
    enum step step;
    int64_t talk_left_ms;
};

static void take_step(struct ex *x, void *self);

/* --- chance ---------------------------------------------------------------------------------- */

static bool is_chance(struct ex *x, unsigned percent)
{
    return ex_random(x, 100) < percent;
}

static int64_t between_ms(struct ex *x, int64_t least_s, int64_t most_s)
{
    return least_s * 1000 + (int64_t)ex_random(x, (uint64_t)(most_s - least_s) * 1000);
}

static int64_t scaled_ms(const struct traffic *t, int64_t ms)
{
    int64_t scaled = (int64_t)((double)ms * t->scale);
    return scaled < 500 ? 500 : scaled;
}

/* Twelve even numbers make a normal one, the same on every machine. */
static double normal(struct ex *x)
{
    double sum = -6.0;
    for (int i = 0; i < 12; i++)
        sum += (double)ex_random(x, 1000001) / 1000000.0;
    return sum;
}

int64_t traffic_talk_ms(struct ex *x)
{
    double s = TALK_MEDIAN_S * exp(TALK_SPREAD * normal(x));
    if (s < TALK_LEAST_S)
        s = TALK_LEAST_S + (double)ex_random(x, 10);
    if (s > TALK_MOST_S)
        s = TALK_MOST_S - (double)ex_random(x, 60);
    return (int64_t)(s * 1000.0);
}

/* --- plans ----------------------------------------------------------------------------------- */

static void plan_next(struct ex *x, struct plan *plan, struct ex_party *subject, enum step step,
                      int64_t ms)
{
    ex_cancel(x, plan);
    plan->subject = subject;
    plan->step = step;
    ex_after(x, ms, take_step, plan);
}

static struct plan *plan_of(struct ex_session *session)
{
    if (!session->traffic) {
        struct plan *plan = mem_zero(1, sizeof *plan);
        plan->session = session;
        session->traffic = plan;
    }
    return session->traffic;
}

void traffic_over(struct ex *x, struct ex_session *session)
{
    if (!session->traffic)
        return;
    ex_cancel(x, session->traffic);
    mem_free(session->traffic);
    session->traffic = NULL;
}

static bool is_left_alone(const struct ex *x, const struct ex_party *party)
{
    return !x->calls->traffic || party->session->is_scripted || call_of(party->session)->is_over ||
           !party->peer;
}

static bool is_simulated(const struct ex *x, const struct ex_party *party)
{
    return party->user && party->user != ex_supervisor(x);
}

static bool is_on_another_call(const struct ex_user *user, const struct ex_party *but)
{
    for (size_t i = 0; i < user->parties.len; i++) {
        const struct ex_party *p = user->parties.items[i];
        if (p != but && p->code == EX_ANSWERED)
            return true;
    }
    return false;
}

/* Callers give up, and hunting groups move on by themselves. */
static void agent_rings(struct ex *x, struct plan *plan, struct ex_party *party)
{
    bool is_busy = is_on_another_call(party->user, party);
    int64_t ms = 3000 + (int64_t)ex_random_exp(x, 5000.0);
    if (is_chance(x, is_busy ? 50 : 10))
        plan_next(x, plan, party, STEP_GIVE_UP, between_ms(x, 19, 32));
    else
        plan_next(x, plan, party, STEP_LIFT, ms > 25000 ? 25000 : ms);
}

void traffic_rings(struct ex *x, struct ex_party *party)
{
    if (is_left_alone(x, party))
        return;
    struct plan *plan = plan_of(party->session);
    if (is_simulated(x, party))
        agent_rings(x, plan, party);
    else if (party->user)
        plan_next(x, plan, party, STEP_GIVE_UP, between_ms(x, 25, 40));
    else if (is_chance(x, 5))
        plan_next(x, plan, party, STEP_BUSY, between_ms(x, 1, 3));
    else if (is_chance(x, 12))
        plan_next(x, plan, party, STEP_GIVE_UP, between_ms(x, 18, 35));
    else
        plan_next(x, plan, party, STEP_LIFT, between_ms(x, 3, 15));
}

/* The first thing that happens in a talk, the end at the latest. */
static void plan_talk(struct ex *x, struct plan *plan, struct ex_party *subject)
{
    const struct traffic *t = x->calls->traffic;
    int64_t talk_ms = scaled_ms(t, traffic_talk_ms(x));
    int64_t part_ms = talk_ms * (int64_t)(20 + ex_random(x, 60)) / 100;
    uint64_t chance = ex_random(x, 100);
    enum step step = chance < 22   ? STEP_HOLD
                     : chance < 26 ? STEP_TRANSFER
                     : chance < 30 ? STEP_PARK
                                   : STEP_END;
    if (step == STEP_PARK && subject->is_outbound)
        step = STEP_END;
    plan->talk_left_ms = talk_ms - part_ms;
    plan_next(x, plan, subject, step, step == STEP_END ? talk_ms : part_ms);
}

void traffic_answered(struct ex *x, struct ex_party *party)
{
    if (is_left_alone(x, party))
        return;
    struct plan *plan = plan_of(party->session);
    struct ex_party *peer = party->peer;
    bool is_with_supervisor = party->user == ex_supervisor(x) || peer->user == ex_supervisor(x);
    if (is_with_supervisor)
        plan_next(x, plan, party->user == ex_supervisor(x) ? peer : party, STEP_END,
                  between_ms(x, 60, 240));
    else
        plan_talk(x, plan, is_simulated(x, party) ? party : peer);
}

/* --- steps ----------------------------------------------------------------------------------- */

static void step_end(struct ex *x, struct plan *plan, struct ex_party *subject)
{
    bool is_held = subject->code == EX_HOLD && (subject->holds & HOLD_BY_PHONE);
    if (is_held && is_simulated(x, subject) && is_on_another_call(subject->user, subject)) {
        plan_next(x, plan, subject, STEP_END, between_ms(x, 5, 20));
        return;
    }
    if (is_held && is_simulated(x, subject)) {
        ex_hold(x, subject, false);
        plan_next(x, plan, subject, STEP_END, between_ms(x, 8, 40));
        return;
    }
    struct ex_party *far = subject->peer;
    bool is_far = far && party_is_live(far) && far->user != ex_supervisor(x) && is_chance(x, 55);
    ex_hangup(x, is_far ? far : subject, NULL);
}

static void step_hold(struct ex *x, struct plan *plan, struct ex_party *subject)
{
    bool is_done = subject->code == EX_ANSWERED && ex_hold(x, subject, true);
    int64_t ms = 12000 + (int64_t)ex_random_exp(x, 35000.0);
    if (is_done)
        plan_next(x, plan, subject, STEP_UNHOLD, scaled_ms(x->calls->traffic, ms));
    else
        plan_next(x, plan, subject, STEP_END, plan->talk_left_ms);
}

static void step_unhold(struct ex *x, struct plan *plan, struct ex_party *subject)
{
    if (is_chance(x, 6) && subject->peer && party_is_live(subject->peer)) {
        ex_hangup(x, subject->peer, NULL); /* tired of the music */
        return;
    }
    if (!subject->user || !is_on_another_call(subject->user, subject))
        ex_hold(x, subject, false);
    plan_next(x, plan, subject, STEP_END, plan->talk_left_ms);
}

static void step_park(struct ex *x, struct plan *plan, struct ex_party *subject)
{
    int64_t ms = 15000 + (int64_t)ex_random_exp(x, 40000.0);
    if (subject->code == EX_ANSWERED && ex_park(x, subject))
        plan_next(x, plan, subject, STEP_PARKED, scaled_ms(x->calls->traffic, ms));
    else
        plan_next(x, plan, subject, STEP_END, plan->talk_left_ms);
}

/* Somebody fetches it, or the caller gives up. The session ends either way. */
static void step_parked(struct ex *x, struct plan *plan, struct ex_party *subject)
{
    struct ex_user *user =
        subject->user && is_chance(x, 50) ? traffic_colleague(x, subject->user) : subject->user;
    if (!user || is_chance(x, 20) || user->parties.len > 1)
        ex_hangup(x, subject->peer ? subject->peer : subject, NULL);
    else if (!call_unpark(x, subject, user, user_device(user), NULL))
        plan_next(x, plan, subject, STEP_END, 1000);
}

static void step_transfer(struct ex *x, struct plan *plan, struct ex_party *subject)
{
    struct place to = {.kind = TO_USER};
    to.user = subject->user ? traffic_colleague(x, subject->user) : NULL;
    if (!to.user || !call_transfer(x, subject, &to))
        plan_next(x, plan, subject, STEP_END, plan->talk_left_ms);
}

static void step_lift(struct ex *x, struct plan *plan, struct ex_party *subject)
{
    if (subject->user)
        device_takes(x, subject->device, subject);
    if (!ex_answer(x, subject))
        plan_next(x, plan, subject, STEP_GIVE_UP, 20000);
}

static void step_give_up(struct ex *x, struct plan *plan, struct ex_party *subject)
{
    struct ex_party *caller = subject->peer;
    if (!party_is_ringing(subject))
        plan_next(x, plan, subject, STEP_END, 20000);
    else if (caller && is_chance(x, 60))
        ex_hangup(x, caller, "Cancelled");
    else
        ex_hangup(x, subject, "NoAnswer");
}

/* Others have acted on the call: who of its people goes on? */
static struct ex_party *successor(const struct ex *x, const struct ex_session *session)
{
    struct ex_party *found = NULL;
    for (size_t i = 0; i < session->parties.len; i++) {
        struct ex_party *p = session->parties.items[i];
        if (!party_is_live(p) || p->is_supervising || p->user == ex_supervisor(x))
            continue;
        if (!found || is_simulated(x, p))
            found = p;
    }
    return found;
}

static void take_step(struct ex *x, void *self)
{
    struct plan *plan = self;
    struct ex_party *subject = plan->subject;
    if (!party_is_live(subject)) {
        subject = successor(x, plan->session);
        if (subject)
            plan_next(x, plan, subject, STEP_END, between_ms(x, 20, 120));
        return;
    }
    switch (plan->step) {
    case STEP_LIFT: step_lift(x, plan, subject); break;
    case STEP_BUSY: ex_hangup(x, subject, "TargetBusy"); break;
    case STEP_GIVE_UP: step_give_up(x, plan, subject); break;
    case STEP_HOLD: step_hold(x, plan, subject); break;
    case STEP_UNHOLD: step_unhold(x, plan, subject); break;
    case STEP_PARK: step_park(x, plan, subject); break;
    case STEP_PARKED: step_parked(x, plan, subject); break;
    case STEP_TRANSFER: step_transfer(x, plan, subject); break;
    case STEP_END: step_end(x, plan, subject); break;
    }
}

/* --- under way from the first second --------------------------------------------------------- */

/* The call looks as if it had begun some time ago. */
static void age(struct ex_session *session, int64_t ms)
{
    session->created_ms -= ms;
    for (size_t i = 0; i < session->parties.len; i++) {
        session->parties.items[i]->start_ms -= ms;
        session->parties.items[i]->since_ms -= ms * 9 / 10;
    }
}

void traffic_begin_under_way(struct ex *x, struct ex_session *session)
{
    struct ex_party *subject = NULL;
    for (size_t i = 0; i < session->parties.len; i++) {
        struct ex_party *p = session->parties.items[i];
        if (party_is_live(p) && party_is_ringing(p) && !p->is_outbound && !p->extension_id)
            subject = p;
    }
    uint64_t fate = ex_random(x, 100);
    if (!subject || fate < 12)
        return; /* still rings */
    step_lift(x, session->traffic, subject);
    struct ex_party *talker = subject->user ? subject : subject->peer;
    age(session, between_ms(x, 5, 170));
    if (fate < 32 && talker && talker->code == EX_ANSWERED) {
        step_hold(x, session->traffic, talker);
        talker->since_ms -= between_ms(x, 1, 25);
    }
}
