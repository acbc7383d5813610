/* Listening in: by request (contracts: ringcentral 4.4) and by *80 to *83 from a phone (4.5).
 *
 * The supervisor has a leg in a session of his own, and a seat in the agent's session. When the leg
 * is up the seat is Gone with reason Supervising and names the leg. */
#include "telephony.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <stdio.h>

#define OF_ONE_CALL_MAX 2 /* P/supervise, once for each side */

/* --- the list -------------------------------------------------------------------------------- */

size_t ex_supervisions_len(const struct ex *x)
{
    return x->calls->supervisions.len;
}

const struct ex_supervision *ex_supervision_at(const struct ex *x, size_t index)
{
    return &x->calls->supervisions.items[index]->told;
}

struct supervision *supervision_of_leg(const struct ex *x, const struct ex_party *own)
{
    for (size_t i = 0; i < x->calls->supervisions.len; i++) {
        if (x->calls->supervisions.items[i]->told.own == own)
            return x->calls->supervisions.items[i];
    }
    return NULL;
}

void supervisions_free(struct ex *x)
{
    for (size_t i = 0; i < x->calls->supervisions.len; i++) {
        ex_cancel(x, x->calls->supervisions.items[i]);
        mem_free(x->calls->supervisions.items[i]);
    }
    VEC_FREE(&x->calls->supervisions);
}

static void end(struct ex *x, struct supervision *s, const char *reason)
{
    for (size_t i = 0; i < x->calls->supervisions.len; i++) {
        if (x->calls->supervisions.items[i] == s)
            VEC_REMOVE(&x->calls->supervisions, i);
    }
    ex_cancel(x, s);
    struct ex_party *own = s->told.own, *seat = s->seat;
    mem_free(s);
    if (party_is_live(own))
        party_set(x, own, EX_DISCONNECTED, reason);
    if (party_is_live(seat))
        party_set(x, seat, EX_DISCONNECTED, reason);
}

static bool concerns(const struct supervision *s, const struct ex_party *party)
{
    return s->told.agent == party || s->told.own == party || s->target == party ||
           (s->seat == party && !s->is_up);
}

void supervise_party_left(struct ex *x, struct ex_party *party)
{
    /* Ending one may end others: look anew each time. */
    for (size_t i = 0; i < x->calls->supervisions.len;) {
        struct supervision *s = x->calls->supervisions.items[i];
        if (!concerns(s, party)) {
            i++;
            continue;
        }
        end(x, s, NULL);
        i = 0;
    }
}

/* --- begin ----------------------------------------------------------------------------------- */

static void confirm(struct ex *x, struct supervision *s)
{
    s->is_up = true;
    snprintf(s->seat->peer_session, sizeof s->seat->peer_session, "%s", s->told.own->session->id);
    snprintf(s->seat->peer_party, sizeof s->seat->peer_party, "%s", s->told.own->id);
    party_set(x, s->seat, EX_GONE, "Supervising");
}

void supervise_leg_answered(struct ex *x, struct ex_party *own)
{
    struct supervision *s = supervision_of_leg(x, own);
    if (!s || s->is_up)
        return;
    ex_cancel(x, s);
    confirm(x, s);
}

static void lift(struct ex *x, void *self)
{
    struct supervision *s = self;
    device_takes(x, s->told.own->device, s->told.own);
    ex_answer(x, s->told.own);
}

static void unanswered(struct ex *x, void *self)
{
    end(x, self, "NoAnswer");
}

/* A leg that rings at the device, in a session of its own, as if the agent called. */
static struct ex_party *ring_leg(struct ex *x, struct ex_user *supervisor, struct ex_device *device,
                                 const struct ex_party *agent)
{
    struct ex_session *session = call_new(x, "Call", agent->session->is_scripted);
    struct ex_party *own = party_new(x, session, supervisor, false);
    own->device = device;
    str_copy(own->number, sizeof own->number, ex_party_number(agent));
    ex_party_name(agent, own->name, sizeof own->name);
    party_tell(x, own);
    return own;
}

static struct supervision *begin(struct ex *x, struct ex_user *supervisor, struct ex_party *agent,
                                 struct ex_party *target, struct ex_device *device,
                                 enum ex_supervise_mode mode)
{
    struct supervision *s = mem_zero(1, sizeof *s);
    s->told = (struct ex_supervision){.supervisor = supervisor, .agent = agent, .mode = mode};
    s->target = target;
    s->seat = party_new_seat(x, agent->session, supervisor);
    s->seat->peer = agent;
    s->seat->device = device;
    VEC_PUSH(&x->calls->supervisions, s);
    party_set(x, s->seat, EX_PROCEEDING, NULL);
    return s;
}

/* --- by request ------------------------------------------------------------------------------ */

struct wish {
    struct ex_device *device;
    struct ex_user *agent;
    bool is_lifted;
};

static struct ex_user *read_agent(struct ex *x, struct ex_args *args, bool may_be_number)
{
    const json_t *body = args->request->body;
    const json_t *id_given = json_object_get(body, "agentExtensionId");
    const json_t *number = may_be_number ? json_object_get(body, "agentExtensionNumber") : NULL;
    const char *key = number ? "agentExtensionNumber" : "agentExtensionId";
    struct ex_user *agent = NULL;
    uint64_t id;
    if (!id_given == !number || (number && !json_is_string(number)) ||
        (id_given && !ex_json_id(id_given, &id))) {
        ex_reply_invalid(args->reply, key);
        return NULL;
    }
    agent = number ? ex_user_by_extension(x, json_string_value(number)) : ex_user_by_id(x, id);
    if (!agent)
        ex_reply_unknown(args->reply, 404, key);
    return agent;
}

static bool is_media(const json_t *value)
{
    const char *text = json_string_value(value);
    return !value || str_eq(text, "sendOnly") || str_eq(text, "sendRecv");
}

/* False: the reply is filled. */
static bool read_wish(struct ex *x, struct ex_args *args, bool may_be_number, struct wish *wish)
{
    const json_t *body = args->request->body;
    const json_t *lifted = json_object_get(body, "autoAnswer");
    if (!str_eq(json_string_value(json_object_get(body, "mode")), "Listen")) {
        ex_reply_invalid(args->reply, "mode");
        return false;
    }
    if (lifted && !json_is_boolean(lifted)) {
        ex_reply_invalid(args->reply, "autoAnswer");
        return false;
    }
    if (!is_media(json_object_get(body, "mediaSDP"))) {
        ex_reply_invalid(args->reply, "mediaSDP");
        return false;
    }
    wish->is_lifted = !lifted || json_is_true(lifted);
    wish->agent = read_agent(x, args, may_be_number);
    wish->device = wish->agent ? args_device(x, args, body, "supervisorDeviceId") : NULL;
    return wish->device != NULL;
}

static struct ex_party *party_of_agent(const struct ex_session *session,
                                       const struct ex_user *agent)
{
    for (size_t i = 0; i < session->parties.len; i++) {
        struct ex_party *p = session->parties.items[i];
        if (p->user == agent && party_is_connected(p) && !p->is_supervising)
            return p;
    }
    return NULL;
}

/* One supervisor for a call, each call on a device of its own; the same supervisor may hear the two
 * sides apart. */
static bool is_taken(const struct ex *x, const struct ex_user *supervisor,
                     const struct ex_device *device, const struct ex_party *agent,
                     const struct ex_party *target)
{
    size_t own = 0;
    for (size_t i = 0; i < x->calls->supervisions.len; i++) {
        const struct supervision *s = x->calls->supervisions.items[i];
        bool is_same_call = s->told.agent->session == agent->session;
        if (!is_same_call && s->told.own->device == device)
            return true;
        if (!is_same_call)
            continue;
        if (s->told.supervisor != supervisor || !target || !s->target || s->target == target)
            return true;
        own++;
    }
    return own >= OF_ONE_CALL_MAX;
}

/* The answer's sample in the documents and that of their own mock differ. */
static json_t *answer(struct ex *x, const struct supervision *s)
{
    json_t *body = party_json(x, s->seat);
    json_object_del(body, "park"); /* this answer has none */
    if (!ex_switch_on(x, EX_SUPERVISE_OUTBOUND)) {
        json_object_set_new(body, "direction", json_string("Inbound"));
        json_object_set_new(body, "status", json_pack("{ss, sb}", "code", "Hold", "rcc", 0));
    }
    return body;
}

static void supervise(struct ex *x, struct ex_args *args, const struct wish *wish,
                      struct ex_party *agent, struct ex_party *target)
{
    struct ex_user *caller = args->request->caller;
    struct supervision *s = begin(x, caller, agent, target, wish->device, EX_MONITOR);
    s->told.own = ring_leg(x, caller, wish->device, agent);
    party_set(x, s->told.own, EX_PROCEEDING, NULL);
    if (wish->is_lifted)
        ex_after(x, SUPERVISE_LIFT_MS, lift, s);
    else if (wish->device->is_auto_answering)
        ex_after(x, SUPERVISE_LIFT_SELF_MS, lift, s);
    else
        ex_after(x, SUPERVISE_RING_MS, unanswered, s);
    ex_reply_json(args->reply, 201, answer(x, s));
}

static bool may_supervise(struct ex *x, struct ex_args *args, const struct ex_user *agent)
{
    if (agent != args->request->caller && ex_may_monitor(x, args->request->caller, agent))
        return true;
    reply_forbidden(args->reply);
    return false;
}

void on_supervise_session(struct ex *x, struct ex_args *args)
{
    struct wish wish;
    struct ex_session *session = args_session(x, args);
    if (!session || !read_wish(x, args, true, &wish) || !may_supervise(x, args, wish.agent))
        return;
    struct ex_party *agent = party_of_agent(session, wish.agent);
    if (!agent)
        ex_reply_unknown(args->reply, 404, "agentExtensionId");
    else if (is_taken(x, args->request->caller, wish.device, agent, NULL))
        reply_forbidden(args->reply); /* there is no 409 among the answers of this one */
    else
        supervise(x, args, &wish, agent, NULL);
}

void on_supervise_party(struct ex *x, struct ex_args *args)
{
    struct wish wish;
    struct ex_party *target = args_party(x, args);
    if (!target || !read_wish(x, args, false, &wish) || !may_supervise(x, args, wish.agent))
        return;
    struct ex_party *agent = party_of_agent(target->session, wish.agent);
    bool is_side = agent && (target == agent || target == agent->peer);
    if (!agent)
        ex_reply_unknown(args->reply, 404, "agentExtensionId");
    else if (!is_side || !party_is_connected(target) ||
             is_taken(x, args->request->caller, wish.device, agent, target))
        reply_conflict(args->reply);
    else
        supervise(x, args, &wish, agent, target);
}

/* --- by feature code ------------------------------------------------------------------------- */

bool is_supervise_code(const char *number)
{
    return number[0] == '*' && number[1] == '8' && number[2] >= '0' && number[2] <= '3' &&
           number[3] == '\0';
}

/* The agent's call that a code means: a connected one before a held one, the newest. */
static struct ex_party *call_of_agent(const struct ex_user *agent)
{
    struct ex_party *found = NULL;
    for (size_t i = 0; i < agent->parties.len; i++) {
        struct ex_party *p = agent->parties.items[i];
        bool is_talk = party_is_connected(p) && p->peer && party_is_live(p->peer);
        if (is_talk && (!found || p->code == EX_ANSWERED || found->code == EX_HOLD))
            found = p;
    }
    return found;
}

/* The agent is replaced: the customer goes on with the supervisor. */
static void take_over(struct ex *x, struct ex_party *leg, struct ex_party *agent)
{
    struct ex_party *far = agent->peer;
    struct ex_session *session = agent->session;
    struct ex_user *supervisor = leg->user;
    party_set(x, agent, EX_DISCONNECTED, "TakeOver");
    struct ex_party *own = call_connect(x, session, supervisor, leg->device, far);
    snprintf(leg->peer_session, sizeof leg->peer_session, "%s", session->id);
    snprintf(leg->peer_party, sizeof leg->peer_party, "%s", own->id);
    party_set(x, leg, EX_GONE, "TakeOver");
}

static bool is_of_another(const struct ex *x, const struct ex_user *supervisor,
                          const struct ex_party *agent)
{
    for (size_t i = 0; i < x->calls->supervisions.len; i++) {
        const struct supervision *s = x->calls->supervisions.items[i];
        if (s->told.agent->session == agent->session && s->told.supervisor != supervisor)
            return true;
    }
    return false;
}

/* What the supervisor had of this call before makes way. */
static void end_own(struct ex *x, const struct ex_user *supervisor, const struct ex_party *agent)
{
    for (size_t i = 0; i < x->calls->supervisions.len;) {
        struct supervision *s = x->calls->supervisions.items[i];
        if (s->told.supervisor == supervisor && s->told.agent == agent) {
            end(x, s, NULL);
            i = 0;
        } else {
            i++;
        }
    }
}

void supervise_by_code(struct ex *x, struct ex_party *leg, const char *extension)
{
    struct ex_user *agent = ex_user_by_extension(x, extension);
    char code = leg->number[2];
    const char *refused = NULL;
    struct ex_party *party = agent ? call_of_agent(agent) : NULL;
    if (!agent)
        refused = "NoSuchUser";
    else if (agent == leg->user || !ex_may_monitor(x, leg->user, agent))
        refused = "DestinationBlocked";
    else if (!party || is_of_another(x, leg->user, party) ||
             (code == '3' && call_of(party->session)->is_conference))
        refused = "TargetBusy";
    if (refused) {
        party_set(x, leg, EX_DISCONNECTED, refused);
        return;
    }
    end_own(x, leg->user, party);
    if (code == '3') {
        take_over(x, leg, party);
        return;
    }
    struct supervision *s =
        begin(x, leg->user, party, NULL, leg->device, (enum ex_supervise_mode)(code - '0'));
    s->told.own = leg;
    confirm(x, s);
}
