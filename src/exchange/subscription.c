#include "callhud/exchange/subscription.h"

#include "callhud/base/clock.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "ex.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "/restapi/v1.0"
#define FILTER_MAX_BYTES 1024
#define FILTERS_MAX 10000

#define PRESENCE "ReadPresence EditPresence" /* who may edit may read */

/* Whose a filter may be besides the subscriber's own. */
enum others { OTHERS_ANY, OTHERS_SHARING, OTHERS_ADMIN };

/* {a} an account, {e} an extension, {i} an id that is not looked at. */
static const struct row {
    const char *pattern;
    enum sub_kind kind;
    const char *scopes; /* any of them */
    enum others others;
} rows[] = {
    {"/account/{a}/presence", SUB_PRESENCE, PRESENCE " ReadAccounts", OTHERS_ANY},
    {"/account/{a}/extension/{e}/presence", SUB_PRESENCE, PRESENCE, OTHERS_SHARING},
    {"/account/{a}/extension/{e}/presence/line", SUB_LINES, PRESENCE, OTHERS_ADMIN},
    {"/account/{a}/extension/{e}/presence/line/presence", SUB_LINE_PRESENCE, PRESENCE,
     OTHERS_ADMIN},
    {"/account/{a}/extension/{e}/presence/dnd", SUB_DND, "ReadAccounts", OTHERS_SHARING},
    {"/account/{a}/extension/{e}/favorite/presence", SUB_FAVORITE_PRESENCE, PRESENCE, OTHERS_ADMIN},
    {"/account/{a}/extension/{e}/favorite", SUB_SILENT, "ReadContacts", OTHERS_ADMIN},
    {"/account/{a}/extension/{e}/grant", SUB_GRANT, "ReadAccounts", OTHERS_ADMIN},
    {"/account/{a}/extension", SUB_EXTENSION, "ReadAccounts", OTHERS_ANY},
    {"/account/{a}/extension/{e}", SUB_EXTENSION, "ReadAccounts", OTHERS_ANY},
    {"/account/{a}/directory/entries", SUB_EXTENSION, "ReadAccounts", OTHERS_ANY},
    {"/account/{a}/call-queues/{i}/presence", SUB_SILENT, PRESENCE, OTHERS_ANY},
    {"/account/{a}/telephony/sessions", SUB_TELEPHONY, "CallControl", OTHERS_ANY},
    {"/account/{a}/extension/{e}/telephony/sessions", SUB_TELEPHONY, "CallControl", OTHERS_ANY},
};

/* Why a filter is not taken. */
struct problem {
    int status;
    const char *word, *code;
    char message[256];
    const char *permission; /* NULL */
};

/* ---- one filter ------------------------------------------------------------------------------ */

static void filter_fini(struct sub_filter *filter)
{
    mem_free(filter->text);
    mem_free(filter->query);
    mem_free(filter->direction);
    mem_free(filter->status_code);
    mem_free(filter->phone_number);
}

struct ids {
    char account[24], extension[24];
    uint64_t id; /* the extension's */
    bool has_extension;
};

static bool take_piece(const char **at, char *out, size_t size)
{
    size_t len = strcspn(*at, "/");
    if (len == 0 || len >= size)
        return false;
    str_copy(out, len + 1, *at);
    *at += len;
    return true;
}

static bool row_fits(const struct row *row, const char *path, struct ids *ids)
{
    char other[64];
    ids->has_extension = false;
    for (const char *want = row->pattern; *want || *path;) {
        if (str_starts(want, "{a}")) {
            if (!take_piece(&path, ids->account, sizeof ids->account))
                return false;
            want += 3;
        } else if (str_starts(want, "{e}")) {
            if (!take_piece(&path, ids->extension, sizeof ids->extension))
                return false;
            ids->has_extension = true;
            want += 3;
        } else if (str_starts(want, "{i}")) {
            if (!take_piece(&path, other, sizeof other))
                return false;
            want += 3;
        } else if (*want++ != *path++) {
            return false;
        }
    }
    return true;
}

static bool refuse(struct problem *problem, int status, const char *word, const char *code,
                   const char *message)
{
    *problem = (struct problem){.status = status, .word = word, .code = code};
    str_copy(problem->message, sizeof problem->message, message);
    return false;
}

static bool is_malformed(struct problem *problem, const char *text)
{
    char shown[150];
    str_copy(shown, sizeof shown, text); /* never half a character: it would be no JSON */
    refuse(problem, 400, "SUB-508", "SUB-508", "");
    snprintf(problem->message, sizeof problem->message, "Event filter [%s] is not valid", shown);
    return false;
}

static bool has_scope(const struct row *row, const struct auth_session *session,
                      struct problem *problem)
{
    char words[64];
    str_copy(words, sizeof words, row->scopes);
    char *rest = words;
    for (const char *one; (one = str_next_field(&rest, ' '));) {
        if (auth_has_scope(session, one))
            return true;
    }
    refuse(problem, 403, "InsufficientPermissions", "CMN-401", "");
    problem->permission = strchr(row->scopes, ' ') ? "ReadPresence" : row->scopes;
    snprintf(problem->message, sizeof problem->message,
             "In order to call this API endpoint, application needs to have [%s] permission",
             problem->permission);
    return false;
}

/* whose is NULL for an extension without a person. */
static bool may_watch(const struct row *row, const struct ex_user *viewer,
                      const struct ex_user *whose, struct problem *problem)
{
    if (whose == viewer || row->others == OTHERS_ANY)
        return true;
    if (row->others == OTHERS_SHARING)
        return !whose || whose->shares_presence ||
               refuse(problem, 403, "SUB-403", "SUB-403",
                      "The user does not allow to monitor his presence");
    return viewer->is_admin ||
           refuse(problem, 403, "CMN-404", "CMN-404", "Access to another extension is not allowed");
}

static char *query_copy(json_t *query, const char *key)
{
    return mem_dup(http_query_get(query, key));
}

static bool is_true(json_t *query, const char *key)
{
    const char *text = http_query_get(query, key);
    return text && str_eq_nocase(text, "true");
}

static void read_query(struct sub_filter *filter, json_t *query, const char *text)
{
    const char *mark = strchr(text, '?');
    filter->query = mem_dup(mark ? mark : "");
    filter->is_detailed = is_true(query, "detailedTelephonyState");
    filter->has_sip =
        is_true(query, "sipData") && (filter->is_detailed || filter->kind == SUB_TELEPHONY);
    filter->direction = query_copy(query, "direction");
    filter->status_code = query_copy(query, "statusCode");
    filter->phone_number = query_copy(query, "phoneNumber");
    filter->is_missed_only = is_true(query, "missedCall");
}

/* The pattern with its ids in place. */
static char *canonical(const struct ids *ids, const char *path, const char *query)
{
    char *text = NULL;
    struct buf out;
    buf_init(&out, FILTER_MAX_BYTES * 2);
    buf_puts(&out, PREFIX "/account/");
    buf_puts(&out, ids->account);
    const char *rest = strchr(path + strlen("/account/"), '/');
    if (ids->has_extension) {
        buf_printf(&out, "/extension/%s", ids->extension);
        rest = strchr(rest + strlen("/extension/"), '/');
    }
    buf_puts(&out, rest ? rest : "");
    buf_puts(&out, query);
    text = buf_take(&out);
    buf_fini(&out);
    return text;
}

/* Whose it is, when it is not the subscriber's own: a person or a park location. */
static bool resolve_other(const struct ex *x, const struct row *row, uint64_t id,
                          const struct ex_user **whose, struct problem *problem)
{
    *whose = ex_user_by_id(x, id);
    if (*whose || ex_location_by_id(x, id))
        return true;
    if (ex_queue_by_id(x, id) && row->kind != SUB_EXTENSION && row->kind != SUB_TELEPHONY)
        return refuse(problem, 403, "SUB-402", "SUB-402",
                      "Presence is not available for this type of extension");
    return ex_queue_by_id(x, id) || refuse(problem, 403, "SUB-408", "SUB-408",
                                           "The extension of the event filter is unknown");
}

/* Finds out whose it is and puts numbers for "~". */
static bool resolve(const struct ex *x, const struct row *row, struct ids *ids,
                    const struct ex_user *viewer, const struct ex_user **whose,
                    struct problem *problem)
{
    char account[24];
    int64_t id = 0;
    *whose = viewer;
    snprintf(account, sizeof account, "%" PRIu64, ex_account_id(x));
    if (!str_eq(ids->account, "~") && !str_eq(ids->account, account))
        return refuse(problem, 403, "SUB-406", "SUB-406",
                      "Events of another account are not available");
    str_copy(ids->account, sizeof ids->account, account);
    ids->id = viewer->id;
    if (ids->has_extension && !str_eq(ids->extension, "~")) {
        str_to_int(ids->extension, 1, INT64_MAX, &id);
        ids->id = (uint64_t)id;
        if (!resolve_other(x, row, ids->id, whose, problem))
            return false;
    }
    snprintf(ids->extension, sizeof ids->extension, "%" PRIu64, ids->id);
    return true;
}

static bool filter_parse(struct sub_filter *filter, const struct ex *x,
                         const struct auth_session *session, const char *text,
                         struct problem *problem)
{
    const struct ex_user *viewer = ex_user_by_id(x, session->user_id);
    const struct row *row = NULL;
    struct ids ids;
    struct buf path;
    json_t *query = NULL;
    *filter = (struct sub_filter){0};
    if (!viewer || strlen(text) > FILTER_MAX_BYTES || !str_starts(text, PREFIX "/"))
        return is_malformed(problem, text);
    buf_init(&path, FILTER_MAX_BYTES);
    if (!http_target_split(text + strlen(PREFIX), &path, &query)) {
        buf_fini(&path);
        return is_malformed(problem, text);
    }
    for (size_t i = 0; !row && i < sizeof rows / sizeof *rows; i++)
        row = row_fits(&rows[i], buf_text(&path), &ids) ? &rows[i] : NULL;
    const struct ex_user *whose = NULL;
    bool is_good = row || is_malformed(problem, text);
    is_good = is_good && resolve(x, row, &ids, viewer, &whose, problem) &&
              has_scope(row, session, problem) && may_watch(row, viewer, whose, problem);
    if (is_good) {
        filter->kind = row->kind;
        filter->extension_id = ids.has_extension ? ids.id : 0;
        read_query(filter, query, text);
        filter->text = canonical(&ids, buf_text(&path), filter->query);
    }
    json_decref(query);
    buf_fini(&path);
    return is_good;
}

/* ---- the whole ------------------------------------------------------------------------------- */

void subscription_free(struct subscription *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->filters.len; i++)
        filter_fini(&s->filters.items[i]);
    VEC_FREE(&s->filters);
    json_decref(s->disabled);
    mem_free(s);
}

static bool wrong_parameter(struct http_reply *reply, const char *name)
{
    char text[128];
    snprintf(text, sizeof text, "Parameter [%s] value is invalid", name);
    http_reply_error(reply, 400, "InvalidParameter", "CMN-101", text);
    json_object_set_new(json_array_get(json_object_get(reply->json, "errors"), 0), "parameterName",
                        json_string(name));
    json_object_set_new(reply->json, "parameterName", json_string(name));
    return false;
}

static bool fail(struct http_reply *reply, const struct problem *problem)
{
    http_reply_error(reply, problem->status, problem->word, problem->code, problem->message);
    if (problem->permission) {
        json_object_set_new(json_array_get(json_object_get(reply->json, "errors"), 0),
                            "permissionName", json_string(problem->permission));
        json_object_set_new(reply->json, "permissionName", json_string(problem->permission));
    }
    return false;
}

static bool delivery_is_right(json_t *body, bool is_new, struct http_reply *reply)
{
    json_t *mode = json_object_get(body, "deliveryMode");
    if (!mode)
        return !is_new || wrong_parameter(reply, "deliveryMode");
    return str_eq(json_string_value(json_object_get(mode, "transportType")), "WebSocket") ||
           wrong_parameter(reply, "deliveryMode.transportType");
}

bool subscription_set(struct subscription *s, struct ex *x, const struct auth_session *session,
                      json_t *body, bool is_new, struct http_reply *reply)
{
    json_t *texts = json_object_get(body, "eventFilters"), *text;
    size_t i;
    if (!json_is_array(texts) || json_array_size(texts) == 0 ||
        json_array_size(texts) > FILTERS_MAX)
        return wrong_parameter(reply, "eventFilters");
    if (!delivery_is_right(body, is_new, reply))
        return false;
    struct subscription draft = {.disabled = json_array()};
    struct problem problem = {0}, first = {0};
    bool is_good = true;
    json_array_foreach(texts, i, text)
    {
        struct sub_filter filter;
        const char *one = json_string_value(text);
        if (filter_parse(&filter, x, session, one ? one : "", &problem)) {
            VEC_PUSH(&draft.filters, filter);
            continue;
        }
        if (!first.status || problem.status == 400)
            first = problem;
        is_good = is_good && problem.status != 400;
        json_array_append_new(draft.disabled,
                              json_pack("{s:s, s:s, s:s}", "filter", one ? one : "", "reason",
                                        problem.code, "message", problem.message));
    }
    is_good = is_good && draft.filters.len > 0;
    /* What is not taken over goes with the draft. */
    struct subscription old = *s;
    if (is_good) {
        s->filters.items = draft.filters.items;
        s->filters.len = draft.filters.len;
        s->filters.cap = draft.filters.cap;
        s->disabled = draft.disabled;
        draft.filters.items = old.filters.items;
        draft.filters.len = old.filters.len;
        draft.disabled = old.disabled;
    }
    for (i = 0; i < draft.filters.len; i++)
        filter_fini(&draft.filters.items[i]);
    mem_free(draft.filters.items);
    json_decref(draft.disabled);
    return is_good || fail(reply, &first);
}

json_t *subscription_json(const struct subscription *s, const struct ex *x, const char *base_url)
{
    char uri[256], created[CLOCK_ISO_BYTES], expires[CLOCK_ISO_BYTES];
    json_t *filters = json_array();
    snprintf(uri, sizeof uri, "%s" PREFIX "/subscription/%s", base_url, s->id);
    clock_format_iso(s->created_wall_ms, created);
    clock_format_iso(ex_wall(x) + SUBSCRIPTION_LIFE_S * 1000LL, expires);
    for (size_t i = 0; i < s->filters.len; i++)
        json_array_append_new(filters, json_string(s->filters.items[i].text));
    json_t *out =
        json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:i, s:{s:s, s:b}}", "uri", uri, "id", s->id,
                  "creationTime", created, "status", "Active", "eventFilters", filters,
                  "expirationTime", expires, "expiresIn", SUBSCRIPTION_LIFE_S - 1, "deliveryMode",
                  "transportType", "WebSocket", "encryption", 0);
    if (json_array_size(s->disabled) > 0)
        json_object_set(out, "disabledFilters", s->disabled);
    return out;
}

/* ---- matching -------------------------------------------------------------------------------- */

static bool has_line(const struct ex *x, uint64_t owner_id, uint64_t extension_id)
{
    const struct ex_user *owner = ex_user_by_id(x, owner_id);
    for (size_t i = 0; owner && i < owner->lines.len; i++) {
        if (owner->lines.items[i].extension_id == extension_id)
            return true;
    }
    return false;
}

static bool has_favorite(const struct ex *x, uint64_t owner_id, uint64_t extension_id)
{
    const struct ex_user *owner = ex_user_by_id(x, owner_id);
    for (size_t i = 0; owner && i < owner->favorites.len; i++) {
        if (owner->favorites.items[i].extension_id == extension_id)
            return true;
    }
    return false;
}

static bool party_says(json_t *party, const char *key, const char *want)
{
    return !want || str_eq_nocase(json_string_value(json_object_get(party, key)), want);
}

static bool party_has_number(json_t *party, const char *side, const char *number)
{
    return str_eq(json_string_value(json_object_get(json_object_get(party, side), "phoneNumber")),
                  number);
}

static bool party_fits(const struct sub_filter *filter, const struct ex_event *event)
{
    json_t *party = json_array_get(json_object_get(event->body, "parties"), 0);
    if (filter->is_missed_only && !json_is_true(json_object_get(party, "missedCall")))
        return false;
    return party_says(party, "direction", filter->direction) &&
           party_says(json_object_get(party, "status"), "code", filter->status_code) &&
           (!filter->phone_number || party_has_number(party, "from", filter->phone_number) ||
            party_has_number(party, "to", filter->phone_number));
}

static bool filter_fits(const struct sub_filter *filter, const struct ex *x,
                        const struct ex_event *event)
{
    bool is_whose = !filter->extension_id || filter->extension_id == event->extension_id;
    switch (filter->kind) {
    case SUB_PRESENCE: return event->kind == EX_EVENT_PRESENCE && is_whose;
    case SUB_LINE_PRESENCE:
        return event->kind == EX_EVENT_PRESENCE &&
               has_line(x, filter->extension_id, event->extension_id);
    case SUB_FAVORITE_PRESENCE:
        return event->kind == EX_EVENT_PRESENCE &&
               has_favorite(x, filter->extension_id, event->extension_id);
    case SUB_LINES: return event->kind == EX_EVENT_LINES && is_whose;
    case SUB_DND: return event->kind == EX_EVENT_DND && is_whose;
    case SUB_EXTENSION: return event->kind == EX_EVENT_EXTENSION && is_whose;
    case SUB_GRANT: return event->kind == EX_EVENT_GRANT && (is_whose || !event->extension_id);
    case SUB_TELEPHONY:
        return event->kind == EX_EVENT_TELEPHONY && is_whose && party_fits(filter, event);
    case SUB_SILENT: return false;
    }
    return false;
}

const struct sub_filter *subscription_match(const struct subscription *s, const struct ex *x,
                                            const struct ex_event *event)
{
    const struct sub_filter *best = NULL;
    for (size_t i = 0; i < s->filters.len; i++) {
        const struct sub_filter *one = &s->filters.items[i];
        int more =
            best ? (one->is_detailed * 2 + one->has_sip) - (best->is_detailed * 2 + best->has_sip)
                 : 1;
        if (more > 0 && filter_fits(one, x, event))
            best = one;
    }
    return best;
}

void subscription_event_path(struct buf *out, const struct ex *x, const struct sub_filter *filter,
                             const struct ex_event *event)
{
    uint64_t account = ex_account_id(x);
    switch (event->kind) {
    case EX_EVENT_PRESENCE:
        buf_printf(out, PREFIX "/account/%" PRIu64 "/extension/%" PRIu64 "/presence%s", account,
                   event->extension_id, filter->query);
        return;
    case EX_EVENT_TELEPHONY:
        buf_printf(out, PREFIX "/account/%" PRIu64, account);
        if (event->extension_id)
            buf_printf(out, "/extension/%" PRIu64, event->extension_id);
        buf_puts(out, "/telephony/sessions");
        return;
    case EX_EVENT_LINES:
    case EX_EVENT_DND:
    case EX_EVENT_EXTENSION:
    case EX_EVENT_GRANT: buf_puts(out, filter->text); return;
    }
}
