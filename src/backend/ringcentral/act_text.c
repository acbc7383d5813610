/* What is said when something of our phone's ends or fails: what happened and what to do. */
#include "act_priv.h"

#include "callhud/base/log.h"
#include "callhud/base/str.h"

const char *rex_star_code(enum action_kind kind)
{
    switch (kind) {
    case ACTION_WHISPER: return "*81";
    case ACTION_BARGE: return "*82";
    case ACTION_TAKEOVER: return "*83";
    default: return NULL;
    }
}

static const char *phone_of(const struct rex_act *act)
{
    return act->can.device_name;
}

void rex_say_phone(const struct rex_act *act, const struct rex_order *order, char *out, size_t size)
{
    if (rex_star_code(order->kind) == NULL)
        str_format(out, size, "your phone %.80s rings: lift it", phone_of(act));
    else if (order->kind == ACTION_TAKEOVER)
        str_format(out, size,
                   "your phone %.80s rings: lift it, then key %.32s#; if %s calls it as well, lift "
                   "that too and keep both",
                   phone_of(act), order->extension, rex_star_code(order->kind));
    else
        str_format(out, size, "your phone %.80s rings: lift it, then key %.32s#", phone_of(act),
                   order->extension);
}

/* ---- the call has gone ---- */

static bool is_word(const char *word, const char *const *words)
{
    for (; *words != NULL; words++)
        if (str_eq_nocase(word, *words))
            return true;
    return false;
}

void rex_say_gone(struct rex_act *act, const struct rex_order *order, struct err *err)
{
    static const char *const transfers[] = {"BlindTransfer", "AttendedTransfer", "RccTransfer",
                                            "DtmfTransfer", NULL};
    static const char *const moves[] = {"CallFlip", "CallSwitch", NULL};
    static const char *const parks[] = {"CallPark", "ParkLocation", NULL};
    const struct rex_party *party = rex_view_find(&act->view, order->session, order->party);
    const char *reason = rex_party_is_over(party) ? party->reason : "";
    char taker[REX_NUMBER_BYTES] = "";
    const char *who = order->extension;
    const struct rex_user *own = rex_floor_user(act->config.floor, rex_own_id(act));
    bool is_taken = rex_floor_taker(act->config.floor, order->call_id, taker, sizeof taker) &&
                    taker[0] != '\0' && !str_eq(taker, who);
    if (is_taken && own != NULL && str_eq(taker, own->extension))
        err_set(err, RC_NOT_FOUND, "you have taken the call already");
    else if (is_taken)
        err_set(err, RC_NOT_FOUND, "taken by %s", taker);
    else if (is_word(reason, transfers))
        err_set(err, RC_NOT_FOUND, "%s transferred the call", who);
    else if (is_word(reason, moves))
        err_set(err, RC_NOT_FOUND, "%s moved the call to another phone", who);
    else if (is_word(reason, parks) || (party != NULL && party->code == REX_PARTY_PARKED))
        err_set(err, RC_NOT_FOUND, "%s parked the call", who);
    else if (str_eq_nocase(reason, "Pickup") || str_eq_nocase(reason, "TakeOver"))
        err_set(err, RC_NOT_FOUND, "somebody else has taken the call");
    else if (rex_party_is_live(party) && party->code == REX_ANSWERED &&
             order->kind == ACTION_PICKUP)
        err_set(err, RC_NOT_FOUND, order->is_held ? "%s has taken the call back" : "answered by %s",
                who);
    else
        err_set(err, RC_NOT_FOUND, "the call has ended");
}

/* ---- our phone did not take it ---- */

void rex_say_unlifted(struct rex_act *act, const struct rex_party *party, struct err *err)
{
    const char *reason = party != NULL ? party->reason : "";
    const char *name = phone_of(act);
    if (act->supervise.is_lifted)
        err_set(err, RC_CANCELLED, "you hung up");
    else if (str_eq_nocase(reason, "TargetBusy"))
        err_set(err, RC_DENIED, "your phone %s is busy: end its call, then try again", name);
    else if (str_eq_nocase(reason, "Rejected"))
        err_set(err, RC_DENIED, "your phone %s refused the call", name);
    else if (reason[0] == '\0' || str_eq_nocase(reason, "NoAnswer") ||
             str_eq_nocase(reason, "Timeout") || str_eq_nocase(reason, "Cancelled"))
        err_set(err, RC_DENIED, "your phone %s was not lifted", name);
    else
        err_set(err, RC_DENIED, "your phone %s did not take the call (%s)", name, reason);
}

void rex_say_answer(const struct rex_answer *answer, char *out, size_t size)
{
    const char *code = answer->code != NULL ? answer->code : "";
    bool is_told_well = answer->rc != RC_OK || answer->status == 429 || answer->status == 401;
    if (answer->text[0] != '\0')
        log_info("ringcentral", "%s", answer->text);
    if (is_told_well)
        str_copy(out, size, answer->text[0] != '\0' ? answer->text : "no answer");
    else
        str_format(out, size, "RingCentral %s (%d%s%.24s)",
                   answer->status >= 500 ? "has trouble" : "refuses", answer->status,
                   code[0] != '\0' ? ", " : "", code);
}

/* ---- the service refuses ---- */

static void say_pickup_refused(struct rex_act *act, const struct rex_order *order,
                               const struct rex_answer *answer, struct err *err)
{
    if (str_eq(answer->code, "SUB-404"))
        err_set(err, RC_DENIED,
                "%s does not let you answer these calls: have %s add you in the presence settings",
                order->extension, order->extension);
    else
        err_set(err, RC_DENIED,
                "RingCentral does not let callhud pick up this call of %s (%d%s%s): press the lit "
                "key of %s on your phone %s",
                order->extension, answer->status, answer->code[0] != '\0' ? ", " : "", answer->code,
                order->extension, phone_of(act));
}

/* Whose leg supervises the call, as it was looked at before it was asked for; NULL. */
static const struct rex_party *supervisor_of(const struct rex_act *act,
                                             const struct rex_order *order)
{
    for (size_t i = 0; i < act->view.parties.len; i++) {
        const struct rex_seen *seen = &act->view.parties.items[i];
        const struct rex_party *party = &seen->party;
        bool is_of_agent = str_eq(party->from_extension_id, order->user_id) ||
                           str_eq(party->to_extension_id, order->user_id) ||
                           party->from_extension_id[0] == '\0';
        if (str_eq(seen->session, order->session) && !str_eq(party->id, order->party) &&
            party->code != REX_DISCONNECTED && str_eq_nocase(party->reason, "Supervising") &&
            is_of_agent)
            return party;
    }
    return NULL;
}

/* "107"; "" when the service does not say. */
static void name_supervisor(const struct rex_act *act, const struct rex_party *party, char *out,
                            size_t size)
{
    const struct rex_user *user = rex_floor_user(act->config.floor, party->extension_id);
    bool is_to = str_eq(party->to_extension_id, party->extension_id);
    if (user != NULL && user->extension[0] != '\0')
        str_copy(out, size, user->extension);
    else
        str_copy(out, size, is_to ? party->to_number : party->from_number);
}

/* One supervisor a call (4.4), who is told as little as a group that lacks us. */
static void say_listen_refused(const struct rex_act *act, const struct rex_order *order,
                               const struct rex_answer *answer, struct err *err)
{
    const struct rex_party *other = supervisor_of(act, order);
    char who[REX_NUMBER_BYTES] = "";
    if (other != NULL)
        name_supervisor(act, other, who, sizeof who);
    if (other != NULL && str_eq(other->extension_id, rex_own_id(act)))
        err_set(err, RC_DENIED,
                "your phone %s supervises this call of %s already, for another callhud or by its "
                "keys: end that first",
                phone_of(act), order->extension);
    else if (other != NULL)
        err_set(err, RC_DENIED,
                "%s supervises the call of %s already, and RingCentral lets one do so: wait until "
                "that is over",
                who[0] != '\0' ? who : "somebody", order->extension);
    else if (answer->status == 409)
        err_set(err, RC_DENIED,
                "RingCentral refuses (409): the call of %s has a supervisor already, or has just "
                "changed",
                order->extension);
    else
        err_set(err, RC_DENIED, "RingCentral does not let you listen to %s (%d%s%s): %s",
                order->extension, answer->status, answer->code[0] != '\0' ? ", " : "", answer->code,
                str_starts(answer->code, "CMN-")
                    ? "a call monitoring group must have both of you, an administrator makes it"
                    : "somebody supervises the call already, or no call monitoring group has both "
                      "of you, then an administrator makes one");
}

static void say_assist_refused(struct rex_act *act, const struct rex_order *order,
                               const struct rex_answer *answer, struct err *err)
{
    const char *code = rex_star_code(order->kind);
    err_set(err, RC_REFUSED,
            "RingCentral does not call %s from your phone %s (%d%s%s): dial %s on it, then key %s#",
            code, phone_of(act), answer->status, answer->code[0] != '\0' ? ", " : "", answer->code,
            code, order->extension);
}

void rex_say_refused(struct rex_act *act, const struct rex_order *order,
                     const struct rex_answer *answer, struct err *err)
{
    int status = answer->status;
    char text[ERR_TEXT_BYTES];
    rex_say_answer(answer, text, sizeof text);
    if (answer->rc != RC_OK)
        err_set(err, answer->rc, "%.380s: look whether your phone %.80s rings", text,
                phone_of(act));
    else if (status == 429 || status == 401)
        err_set(err, RC_REFUSED, "%s", text);
    else if (status >= 500)
        err_set(err, RC_REFUSED, "%.380s: look whether your phone %.80s rings", text,
                phone_of(act));
    else if (rex_star_code(order->kind) != NULL)
        say_assist_refused(act, order, answer, err);
    else if (status == 404)
        rex_say_gone(act, order, err);
    else if (order->kind == ACTION_PICKUP && (status == 403 || status == 409))
        say_pickup_refused(act, order, answer, err);
    else if (order->kind == ACTION_LISTEN && (status == 403 || status == 409))
        say_listen_refused(act, order, answer, err);
    else
        err_set(err, RC_REFUSED, "%s", text);
}
