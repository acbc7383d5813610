/* The effects of the table: what is asked of the server, and what is told. */
#include "supervise_parts.h"

#include "callhud/base/err.h"

#include <stdio.h>
#include <string.h>

#define DIAL_VARIABLES 6 /* names of our phone, and what lifts it by itself */

void supervise_stay(struct supervise *s)
{
    (void)s;
}

/* ---- requests of a step that make nothing ---- */

enum supervise_input supervise_classify(struct supervise *s, const struct rest_answer *answer)
{
    char why[sizeof s->answer - 8];
    s->status = answer->status;
    str_copy(s->answer, sizeof s->answer, answer->text);
    if (answer->rc != RC_OK)
        return IN_SILENCE;
    ari_error_text(answer->body, answer->body_len, why, sizeof why);
    snprintf(s->answer, sizeof s->answer, "%d %s", answer->status, why);
    if (answer->status >= 200 && answer->status < 300)
        return IN_OK;
    switch (answer->status) {
    case 403: return IN_DENIED;
    case 404: return IN_MISSING;
    case 409:
    case 422: return IN_CONFLICT;
    default: return IN_ERROR;
    }
}

static void on_step(void *self, const struct rest_answer *answer)
{
    struct supervise *s = self;
    supervise_feed(s, supervise_classify(s, answer));
}

void supervise_cancel_step(struct supervise *s)
{
    rest_cancel(s->config.rest, s);
}

static void ask(struct supervise *s, const char *method, struct buf *uri, rest_done *done)
{
    struct rest_request request = {
        .method = method, .uri = buf_text(uri), .timeout_ms = SUPERVISE_STEP_MS};
    supervise_cancel_step(s);
    rest_ask(s->config.rest, &request, done, s);
    buf_fini(uri);
}

static void put_query(struct buf *uri, const char *name, const char *value)
{
    buf_printf(uri, "%c%s=", strchr(buf_text(uri), '?') == NULL ? '?' : '&', name);
    ari_escape(uri, value);
}

static void begin_uri(struct buf *uri, const char *start, const char *id, const char *end)
{
    buf_init(uri, 8192);
    buf_puts(uri, start);
    ari_escape(uri, id);
    buf_puts(uri, end);
}

static const char *app_of(const struct supervise *s)
{
    const char *app = s->config.app(s->config.self);
    return app != NULL ? app : "";
}

/* ---- our phone ---- */

/* What our phone shows while it rings: "Listen 104" <104>. Its own name is another thing: after a
 * pick up the other party's phone shows that, and it must be the supervisor's. The request's
 * callerId would set both (seen on 22.10). */
static size_t put_names(const struct supervise *s, struct ari_variable *to, char *shown,
                        size_t shown_size, char *number, size_t number_size)
{
    static const char *const words[] = {
        [ACTION_LISTEN] = "Listen",      [ACTION_WHISPER] = "Whisper", [ACTION_BARGE] = "Barge",
        [ACTION_TAKEOVER] = "Take over", [ACTION_PICKUP] = "Pick up",
    };
    const struct order *order = &s->asked;
    const struct ari_user *own =
        ari_people_by_endpoint(s->config.world->people, s->config.config->phone);
    size_t len = 0;
    snprintf(shown, shown_size, "%s %s", words[order->kind], order->user_id);
    supervise_phone_number(s, number, number_size);
    to[len++] = (struct ari_variable){"CONNECTEDLINE(name,i)", shown};
    to[len++] = (struct ari_variable){"CONNECTEDLINE(num,i)", order->user_id};
    to[len++] = (struct ari_variable){"CALLERID(num)", number};
    if (own != NULL && !str_is_empty(own->name))
        to[len++] = (struct ari_variable){"CALLERID(name)", own->name};
    return len;
}

void supervise_dial(struct supervise *s)
{
    const struct backend_config *config = s->config.config;
    struct ari_variable variables[DIAL_VARIABLES];
    char seconds[24], shown[2 * ARI_NUMBER_BYTES], number[ARI_NUMBER_BYTES];
    struct buf uri, body;
    begin_uri(&uri, "channels", "", "");
    buf_init(&body, 4096);
    put_query(&uri, "endpoint", config->phone);
    put_query(&uri, "app", app_of(s));
    put_query(&uri, "appArgs", "callhud");
    put_query(&uri, "channelId", s->phone->id);
    snprintf(seconds, sizeof seconds, "%lld", (long long)((supervise_ring_ms(s) + 999) / 1000));
    put_query(&uri, "timeout", seconds);
    size_t len = put_names(s, variables, shown, sizeof shown, number, sizeof number);
    if (config->is_auto_answer) {
        variables[len++] =
            (struct ari_variable){"PJSIP_HEADER(add,Call-Info)", "<sip:callhud>;answer-after=0"};
        variables[len++] = (struct ari_variable){"PJSIP_HEADER(add,Alert-Info)",
                                                 "<http://callhud>;info=alert-autoanswer"};
    }
    ari_variables_encode(&body, variables, len);
    s->dialled_ms = supervise_now(s);
    s->cause = 0;
    s->is_phone_leaving = false;
    supervise_post(s->phone, buf_text(&uri), buf_text(&body));
    buf_fini(&uri);
    buf_fini(&body);
}

void supervise_ring(struct supervise *s)
{
    char number[ARI_NUMBER_BYTES], text[ARI_NUMBER_BYTES + 40];
    if (s->asked.is_phone_told)
        return;
    s->asked.is_phone_told = true;
    snprintf(text, sizeof text, "your phone %s rings: lift it",
             supervise_phone_number(s, number, sizeof number));
    supervise_tell(s, &s->asked, ACTION_PHONE, RC_OK, text);
}

/* The phone rings for another way of acting on the same call. */
void supervise_retarget(struct supervise *s)
{
    if (s->state == AT_RING)
        supervise_ring(s);
}

/* ---- listen, whisper, barge ---- */

void supervise_ask_bridge(struct supervise *s)
{
    struct buf uri;
    if (supervise_make(s, PART_BRIDGE, SUPERVISE_UNKNOWN) == NULL) {
        supervise_feed(s, IN_LEDGER);
        return;
    }
    begin_uri(&uri, "bridges/", s->bridge->id, "?type=mixing&name=callhud");
    supervise_post(s->bridge, buf_text(&uri), NULL);
    buf_fini(&uri);
}

static void ask_of_bridge(struct supervise *s, const char *verb, const struct thing *thing)
{
    struct buf uri;
    if (thing == NULL)
        return; /* it ended with the call, of whose end the next event tells (watch_doubts) */
    if (s->bridge == NULL) { /* somebody destroyed it meanwhile */
        str_copy(s->answer, sizeof s->answer, "our bridge is gone");
        supervise_feed(s, IN_ERROR);
        return;
    }
    begin_uri(&uri, "bridges/", s->bridge->id, verb);
    put_query(&uri, "channel", thing->id);
    ask(s, "POST", &uri, on_step);
}

void supervise_join(struct supervise *s)
{
    ask_of_bridge(s, "/addChannel", s->phone);
}

void supervise_ask_snoop(struct supervise *s)
{
    /* whisper: what the target hears (out), what both hear (both); contract 5 */
    static const char *const whispers[] = {"none", "none", "out", "both"};
    enum supervise_mode mode = action_mode(s->asked.kind);
    struct buf uri;
    s->old_snoop = s->snoop;
    s->snoop = NULL;
    if (supervise_make(s, PART_SNOOP, mode) == NULL) {
        supervise_feed(s, IN_LEDGER);
        return;
    }
    begin_uri(&uri, "channels/", s->asked.target_id, "/snoop/");
    ari_escape(&uri, s->snoop->id);
    buf_printf(&uri, "?spy=both&whisper=%s", whispers[mode]);
    put_query(&uri, "app", app_of(s));
    put_query(&uri, "appArgs", "callhud");
    supervise_post(s->snoop, buf_text(&uri), NULL);
    buf_fini(&uri);
}

/* The new snoop is made and can be used: only now the old one goes. Both in the bridge at once
 * would hear and speak to each other. It is deleted when it is out: a deleted one stays locked
 * until its target's next audio frame, and nobody is to be bridged with it then (see
 * supervise_doom_all). */
void supervise_drop_old(struct supervise *s)
{
    if (s->old_snoop != NULL)
        str_copy(s->old_id, sizeof s->old_id, s->old_snoop->id);
    ask_of_bridge(s, "/removeChannel", s->old_snoop);
}

/* It could not be taken out, or was out already: deleted it leaves as well. */
void supervise_delete_old(struct supervise *s)
{
    supervise_doom(s->old_snoop);
}

void supervise_add(struct supervise *s)
{
    ask_of_bridge(s, "/addChannel", s->snoop);
    supervise_doom(s->old_snoop);
}

/* What waited for the end of the last switch. */
static void take_next(struct supervise *s)
{
    if (s->next.id == 0)
        return;
    struct err err = {0};
    if (supervise_look_again(s, &s->next, &err) != RC_OK) {
        supervise_drop_next(s, err.rc, err.text);
        return;
    }
    s->asked = s->next;
    s->next.id = 0;
    supervise_feed(s, action_mode(s->asked.kind) != SUPERVISE_UNKNOWN ? IN_SWITCH : IN_TAKE);
}

void supervise_confirm(struct supervise *s)
{
    s->on = s->asked;
    s->asked.id = 0;
    s->old_id[0] = '\0';
    supervise_tell(s, &s->on, ACTION_CONFIRMED, RC_OK, NULL);
    take_next(s);
}

static void undo(struct supervise *s)
{
    struct order failed = s->asked;
    s->asked.id = 0;
    if (action_mode(failed.kind) != SUPERVISE_UNKNOWN) {
        struct thing *old = s->old_snoop;
        supervise_doom(s->snoop);
        s->old_snoop = NULL;
        s->snoop = old;
    }
    supervise_doom(s->claim);
    if (s->phone != NULL && s->phone->is_on_its_way) {
        s->phone->is_on_its_way = false;
        supervise_list(s->phone);
    }
    supervise_tell(s, &failed, ACTION_FAILED, s->why.rc, s->why.text);
}

void supervise_fail_back(struct supervise *s)
{
    undo(s);
    take_next(s);
}

void supervise_fail_unsure(struct supervise *s)
{
    undo(s);
    supervise_unsure(s);
}

void supervise_unsure(struct supervise *s)
{
    supervise_drop_next(s, RC_UNREACHABLE, "the link to the server was lost");
    supervise_tell(s, &s->on, ACTION_UNSURE, RC_OK, "the link to the server was lost");
}

void supervise_sure(struct supervise *s)
{
    supervise_tell(s, &s->on, ACTION_CONFIRMED, RC_OK, NULL);
}

/* ---- take over, pick up ---- */

void supervise_ask_claim(struct supervise *s)
{
    char number[ARI_NUMBER_BYTES], name[ARI_NUMBER_BYTES + 24];
    struct buf uri;
    if (supervise_make(s, PART_CLAIM, SUPERVISE_UNKNOWN) == NULL) {
        supervise_feed(s, IN_LEDGER);
        return;
    }
    snprintf(name, sizeof name, "%s %.8s", supervise_phone_number(s, number, sizeof number),
             s->prefix + strlen("callhud-"));
    begin_uri(&uri, "bridges/", s->claim->id, "?type=mixing");
    put_query(&uri, "name", name);
    supervise_post(s->claim, buf_text(&uri), NULL);
    buf_fini(&uri);
}

static void on_hold(void *self, const struct rest_answer *answer)
{
    struct supervise *s = self;
    char value[ARI_DATA_BYTES] = "";
    enum supervise_input input = supervise_classify(s, answer);
    if (input == IN_OK && s->asked.kind == ACTION_PICKUP &&
        ari_variable_decode(answer->body, answer->body_len, value, sizeof value) == RC_OK &&
        str_eq(value, "0")) {
        snprintf(s->changed, sizeof s->changed, "%s resumed the call", s->asked.user_id);
        input = IN_RESUMED;
    }
    supervise_feed(s, input);
}

void supervise_ask_hold(struct supervise *s)
{
    struct buf uri;
    begin_uri(&uri, "channels/", s->asked.target_id, "/variable");
    put_query(&uri, "variable", "CHANNEL(rtp,hold)");
    ask(s, "GET", &uri, on_hold);
}

static bool is_ringing(const struct supervise *s)
{
    return s->asked.leg == ARI_LEG_RINGING;
}

/* Whom the dialplan is to connect: read now, for a Local pair may have been optimised away while
 * our phone rang. */
static const struct ari_chan *wanted(const struct supervise *s)
{
    const struct ari_chan *target = ari_world_chan(s->config.world, s->asked.target_id);
    return target == NULL || is_ringing(s) ? target : supervise_mate(target);
}

void supervise_ask_vars(struct supervise *s)
{
    const struct ari_chan *chan = wanted(s);
    struct buf uri;
    if (ari_world_chan(s->config.world, s->asked.target_id) == NULL) {
        supervise_feed(s, IN_TARGET_GONE);
        return;
    }
    if (chan == NULL) {
        str_copy(s->changed, sizeof s->changed, "the other party has left");
        supervise_feed(s, IN_RESUMED);
        return;
    }
    if (!is_ringing(s))
        str_copy(s->asked.mate_id, sizeof s->asked.mate_id, chan->fact.id);
    begin_uri(&uri, "channels/", s->phone->id, "/variable");
    put_query(&uri, "variable", is_ringing(s) ? "PICKUP_CHAN" : "RETRIEVE_CHAN");
    put_query(&uri, "value", chan->fact.name);
    ask(s, "POST", &uri, on_step);
}

void supervise_go(struct supervise *s)
{
    const char *context = s->config.config->retrieve_context;
    struct buf uri;
    /* From here on it may be in a person's call: whoever finds it in the ledger must not end it. */
    supervise_unlist(s->phone);
    s->phone->is_on_its_way = true;
    begin_uri(&uri, "channels/", s->phone->id, "/continue");
    put_query(&uri, "context", str_is_empty(context) ? "retrieve" : context);
    put_query(&uri, "extension", is_ringing(s) ? "pickupchan" : "bridge");
    buf_puts(&uri, "&priority=1");
    ask(s, "POST", &uri, on_step);
}

static void tell_taken(struct supervise *s, const struct order *taken, const struct order *on)
{
    if (on->id != 0)
        supervise_tell(s, on, ACTION_ENDED, RC_OK, "you have the call now");
    supervise_tell(s, taken, ACTION_CONFIRMED, RC_OK, NULL);
}

void supervise_taken(struct supervise *s)
{
    struct order taken = s->asked, on = s->on;
    s->asked.id = s->on.id = 0;
    supervise_forget(s->phone); /* the call stays on the phone */
    supervise_doom_all(s, false);
    tell_taken(s, &taken, &on);
    if (s->state == AT_STOP && supervise_is_clean(s))
        supervise_feed(s, IN_CLEAN);
}

/* The phone is back from the dialplan: what follows says whether somebody else was faster. */
void supervise_wonder(struct supervise *s)
{
    supervise_cancel_step(s);
}

/* ---- the end ---- */

static void leave_state(struct supervise *s, bool is_phone_kept)
{
    supervise_cancel_step(s);
    supervise_undoubt(s);
    supervise_doom_all(s, is_phone_kept);
    if (s->state == AT_STOP && supervise_is_clean(s))
        supervise_feed(s, IN_CLEAN);
}

void supervise_end(struct supervise *s)
{
    leave_state(s, false);
}

void supervise_move(struct supervise *s)
{
    leave_state(s, s->phone != NULL && s->phone->is_up);
}

/* Somebody has led our phone elsewhere: into the dialplan, to another call. There it is a person's.
 */
void supervise_part(struct supervise *s)
{
    const struct ari_chan *chan =
        s->phone != NULL ? ari_world_chan(s->config.world, s->phone->id) : NULL;
    if (chan != NULL && (chan->room != NULL || !str_eq(chan->fact.app, "Stasis")))
        supervise_forget(s->phone);
    leave_state(s, false);
}

/* Time is over, and a person may still be heard or hear: that is said. */
static void doubt_end(const struct supervise *s, struct err *why)
{
    char text[ERR_TEXT_BYTES];
    bool is_sure = true;
    for (size_t i = 0; i < s->things.len; i++) {
        const struct thing *thing = s->things.items[i];
        is_sure &= !thing->is_doomed || thing->is_deleted ||
                   (thing->part != PART_PHONE && thing->part != PART_SNOOP);
    }
    if (is_sure)
        return;
    str_copy(text, sizeof text, why->text);
    err_set(why, why->rc, "%s; the server has not confirmed that all is removed", text);
}

void supervise_finish(struct supervise *s)
{
    struct order asked = s->asked, on = s->on, stop = s->stop;
    struct err why = s->why;
    bool is_taken = s->is_taken;
    s->asked.id = s->on.id = s->stop.id = 0;
    s->old_id[0] = '\0';
    s->is_taken = s->is_doubted = false;
    err_clear(&s->why);
    doubt_end(s, &why);
    if (is_taken)
        tell_taken(s, &asked, &on);
    else if (asked.id != 0)
        supervise_tell(s, &asked, ACTION_FAILED, why.rc, why.text);
    if (on.id != 0 && !is_taken)
        supervise_tell(s, &on, ACTION_ENDED, RC_OK, why.text);
    if (stop.id != 0)
        supervise_tell(s, &stop, ACTION_CONFIRMED, RC_OK, NULL);
    if (s->next.id != 0 && s->state == AT_IDLE)
        supervise_begin(s);
}
