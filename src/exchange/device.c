/* A desk phone under somebody's hand: digits, lifting, hold, hanging up. */
#include "telephony.h"

#include "callhud/base/str.h"

#include <stdio.h>
#include <string.h>

/* --- what the phone is doing ----------------------------------------------------------------- */

static bool waits_for_lift(const struct ex_party *p)
{
    return p->is_outbound && party_is_ringing(p) && call_of(p->session)->target[0] != '\0';
}

static bool is_talking(const struct ex_party *p)
{
    return p->code == EX_ANSWERED;
}

static bool is_dialling(const struct ex_party *p)
{
    return p->is_outbound && party_is_ringing(p);
}

static bool rings(const struct ex_party *p)
{
    return !p->is_outbound && party_is_ringing(p);
}

static bool is_held(const struct ex_party *p)
{
    return p->code == EX_HOLD;
}

/* A feature code that waits for the extension. */
static bool is_prompt(const struct ex_party *p)
{
    return p->code == EX_ANSWERED && !p->peer && p->is_outbound && is_supervise_code(p->number);
}

/* The newest call of the phone that is so; NULL. What rings, rings at every phone of its owner. */
static struct ex_party *newest(const struct ex_device *device, bool (*is)(const struct ex_party *))
{
    struct ex_user *user = device->owner;
    for (size_t i = user->parties.len; i-- > 0;) {
        struct ex_party *p = user->parties.items[i];
        if (is(p) && (p->device == device || rings(p)))
            return p;
    }
    return NULL;
}

void device_takes(struct ex *x, struct ex_device *device, const struct ex_party *but)
{
    for (size_t i = 0; device && i < device->owner->parties.len; i++) {
        struct ex_party *p = device->owner->parties.items[i];
        if (p != but && p->device == device && is_talking(p) && p->peer)
            ex_hold(x, p, true);
    }
}

/* --- lifting, hold, hanging up --------------------------------------------------------------- */

bool device_answer(struct ex *x, struct ex_device *device)
{
    struct ex_party *p = device->is_online ? newest(device, rings) : NULL;
    if (p) {
        device_takes(x, device, p);
        p->device = device;
        return ex_answer(x, p);
    }
    p = device->is_online ? newest(device, waits_for_lift) : NULL;
    if (!p)
        return false;
    call_lifted(x, p);
    return true;
}

bool device_hold(struct ex *x, struct ex_device *device)
{
    struct ex_party *p = newest(device, is_talking);
    if (p)
        return p->peer && ex_hold(x, p, true);
    p = newest(device, is_held);
    return p && ex_hold(x, p, false);
}

static void forget_digits(struct ex *x, struct ex_device *device)
{
    device->digits[0] = '\0';
    ex_cancel(x, device);
}

bool device_hangup(struct ex *x, struct ex_device *device)
{
    static bool (*const order[])(const struct ex_party *) = {is_talking, is_dialling, rings,
                                                             is_held};
    bool had_digits = device->digits[0] != '\0';
    forget_digits(x, device);
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        struct ex_party *p = newest(device, order[i]);
        if (p && rings(p))
            return queue_refused(x, p, "Rejected") || ex_hangup(x, p, "Rejected");
        if (p)
            return ex_hangup(x, p, NULL);
    }
    return had_digits;
}

/* --- feature codes --------------------------------------------------------------------------- */

static void prompt_over(struct ex *x, void *self)
{
    struct ex_party *leg = self;
    if (is_prompt(leg) && !supervision_of_leg(x, leg))
        party_set(x, leg, EX_DISCONNECTED, "Timeout");
}

void device_prompt(struct ex *x, struct ex_party *leg)
{
    if (leg->device)
        forget_digits(x, leg->device);
    ex_after(x, DEVICE_PROMPT_MS, prompt_over, leg);
}

void device_left(struct ex *x, struct ex_party *party)
{
    if (party->device && is_supervise_code(party->number))
        forget_digits(x, party->device);
}

static void add_digits(struct ex_device *device, const char *digits)
{
    size_t len = strlen(device->digits);
    snprintf(device->digits + len, sizeof device->digits - len, "%s", digits);
}

/* "102#" to a prompt. What comes after the sign is for nobody. */
static void feed_prompt(struct ex *x, struct ex_device *device, struct ex_party *leg,
                        const char *digits)
{
    add_digits(device, digits);
    char *end = strchr(device->digits, '#');
    if (!end)
        return;
    char extension[sizeof device->digits];
    *end = '\0';
    str_copy(extension, sizeof extension, device->digits);
    forget_digits(x, device);
    supervise_by_code(x, leg, extension);
}

static struct ex_party *prompt_at(struct ex *x, const struct ex_device *device)
{
    struct ex_party *p = newest(device, is_prompt);
    return p && !supervision_of_leg(x, p) ? p : NULL;
}

static void hand_due(struct ex *x, void *self)
{
    struct ex_hand *hand = self;
    struct ex_party *leg = prompt_at(x, hand->device);
    if (leg)
        feed_prompt(x, hand->device, leg, hand->digits);
    else if (--hand->tries > 0)
        ex_after(x, DEVICE_HAND_MS, hand_due, hand);
}

void ex_hand(struct ex *x, const char *digits)
{
    enum { TRIES = 30 };
    struct ex_user *supervisor = ex_supervisor(x);
    struct ex_device *device = supervisor->devices.len > 0 ? supervisor->devices.items[0] : NULL;
    if (!device || !digits[0] || strspn(digits, "#0123456789") != strlen(digits))
        return;
    ex_cancel(x, &device->hand);
    device->hand = (struct ex_hand){.device = device, .tries = TRIES};
    str_copy(device->hand.digits, sizeof device->hand.digits, digits);
    ex_after(x, DEVICE_HAND_MS, hand_due, &device->hand);
}

/* *80 on a leg that whispers or barges makes it silent again. */
static struct ex_session *silence(struct ex *x, const struct ex_device *device, const char *digits)
{
    struct ex_party *leg = newest(device, is_prompt);
    struct supervision *s = leg ? supervision_of_leg(x, leg) : NULL;
    if (!s || !str_eq(digits, "*80") || device->digits[0])
        return NULL;
    s->told.mode = EX_MONITOR;
    return leg->session;
}

/* --- dialling -------------------------------------------------------------------------------- */

static struct ex_session *dial(struct ex *x, struct ex_device *device, const char *number)
{
    char wanted[sizeof device->digits];
    str_copy(wanted, sizeof wanted, number);
    forget_digits(x, device);
    struct ex_party *talking = newest(device, is_talking);
    if (talking && !supervision_of_leg(x, talking))
        device_takes(x, device, NULL);
    return ex_dial(x, device->owner, device, wanted);
}

static void dial_due(struct ex *x, void *self)
{
    struct ex_device *device = self;
    if (device->digits[0] && device->is_online)
        dial(x, device, device->digits);
    else
        forget_digits(x, device);
}

/* "*82102#" is *82 and then 102#; "*80" to "*83" alone wait for the rest; "*801" is an orbit. */
static struct ex_session *dial_star(struct ex *x, struct ex_device *device)
{
    char rest[sizeof device->digits] = "";
    size_t len = strlen(device->digits);
    if (len == 4 && orbit_party(x, device->digits))
        return dial(x, device, device->digits);
    char code[4] = {device->digits[0], device->digits[1], device->digits[2], '\0'};
    if (len < 3)
        return NULL;
    if (!is_supervise_code(code))
        return len >= 4 ? dial(x, device, device->digits) : NULL;
    str_copy(rest, sizeof rest, device->digits + 3);
    struct ex_session *session = dial(x, device, code);
    struct ex_party *leg = prompt_at(x, device);
    if (leg && rest[0])
        feed_prompt(x, device, leg, rest);
    return session;
}

/* Is no further digit to be expected? */
static bool is_complete(struct ex *x, const char *digits)
{
    struct place place;
    if (!place_of_number(x, digits, &place))
        return false;
    return place.kind != TO_OUTSIDE || strlen(digits) >= (digits[0] == '+' ? 12u : 10u);
}

bool device_dial(struct ex *x, struct ex_device *device, const char *digits,
                 struct ex_session **session)
{
    *session = NULL;
    if (!device->is_online || !digits[0] || strspn(digits, "+*#0123456789") != strlen(digits) ||
        strlen(device->digits) + strlen(digits) >= sizeof device->digits)
        return false;
    struct ex_party *leg = prompt_at(x, device);
    if (leg) {
        *session = leg->session;
        feed_prompt(x, device, leg, digits);
        return true;
    }
    *session = silence(x, device, digits);
    if (*session)
        return true;
    ex_cancel(x, device);
    add_digits(device, digits);
    char *end = device->digits[0] == '*' ? NULL : strchr(device->digits, '#');
    if (end)
        *end = '\0';
    if (device->digits[0] == '*')
        *session = dial_star(x, device);
    else if (device->digits[0] && (end || is_complete(x, device->digits)))
        *session = dial(x, device, device->digits);
    if (!*session && device->digits[0])
        ex_after(x, DEVICE_DIGIT_MS, dial_due, device);
    return true;
}
