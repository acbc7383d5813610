/* Subscriptions: event filters, what they match, how they are told (contracts:
 * ringcentral 2.4, 2.5, 3.6, 4.2). */
#ifndef CALLHUD_EXCHANGE_SUBSCRIPTION_H
#define CALLHUD_EXCHANGE_SUBSCRIPTION_H

#include "callhud/exchange/auth.h"
#include "callhud/exchange/http.h"
#include "callhud/exchange/world.h"

#define SUBSCRIPTION_LIFE_S 86400

enum sub_kind {
    SUB_PRESENCE,
    SUB_LINES,         /* the list of lines was changed */
    SUB_LINE_PRESENCE, /* of every extension in that list */
    SUB_FAVORITE_PRESENCE,
    SUB_DND,
    SUB_EXTENSION,
    SUB_GRANT,
    SUB_TELEPHONY,
    SUB_SILENT, /* known, but nothing in this exchange makes such events */
};

struct sub_filter {
    enum sub_kind kind;
    uint64_t extension_id; /* 0: the account */
    bool is_detailed, has_sip;
    char *text;                    /* as it is told: ids in place of ~ */
    char *query;                   /* "?detailedTelephonyState=true"; "" */
    char *direction, *status_code; /* telephony: only those; NULL */
    char *phone_number;
    bool is_missed_only;
};

struct subscription {
    char id[40];
    uint64_t user_id;
    int64_t created_wall_ms;
    VEC(struct sub_filter) filters;
    json_t *disabled; /* array of {filter, reason, message}; NULL: none */
};

void subscription_free(struct subscription *s);
/* Sets the filters from {"eventFilters", "deliveryMode"}. False: nothing was changed, and the reply
 * is the error. A new one has is_new: then deliveryMode must be there. */
bool subscription_set(struct subscription *s, struct ex *x, const struct auth_session *session,
                      json_t *body, bool is_new, struct http_reply *reply);
/* SubscriptionInfo. New reference. */
json_t *subscription_json(const struct subscription *s, const struct ex *x, const char *base_url);
/* The filter by which the event is told: the richest one that matches; NULL. */
const struct sub_filter *subscription_match(const struct subscription *s, const struct ex *x,
                                            const struct ex_event *event);
/* The "event" of the notification. */
void subscription_event_path(struct buf *out, const struct ex *x, const struct sub_filter *filter,
                             const struct ex_event *event);

#endif
