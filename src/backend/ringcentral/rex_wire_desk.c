#include "rex_wire_desk.h"

#include "rex_wire_priv.h"

#include "callhud/backend/json_wire.h"
#include "callhud/base/str.h"

#include <string.h>

/* ---- presence settings ---- */

static void take_bool(struct desk_settings *out, unsigned bit, bool *value, const json_t *object,
                      const char *key)
{
    if (!json_is_boolean(json_object_get(object, key)))
        return;
    *value = rex_bool(object, key, false);
    out->has |= bit;
}

enum rc rex_wire_desk_settings(struct desk_settings *out, const char *body, size_t len,
                               struct err *err)
{
    json_t *root = json_wire_parse(body, len, REX_BODY_MAX_BYTES, err);
    if (!json_is_object(root)) {
        json_decref(root);
        return root != NULL ? err_set(err, RC_PROTO, "a presence that is no object") : RC_PROTO;
    }
    take_bool(out, DESK_HAS_RING, &out->rings_when_monitored, root, "ringOnMonitoredCall");
    take_bool(out, DESK_HAS_PICKUP, &out->picks_up_held, root, "pickUpCallsOnHold");
    take_bool(out, DESK_HAS_SHARE, &out->shares_presence, root, "allowSeeMyPresence");
    if (rex_details(root, &out->details))
        out->has |= DESK_HAS_DETAILS;
    json_decref(root);
    return RC_OK;
}

static void put_member(struct buf *out, const char *key, const char *json)
{
    buf_printf(out, "%s\"%s\":%s", out->len > 1 ? "," : "", key, json);
}

void rex_wire_desk_settings_body(struct buf *out, const struct desk_settings *settings)
{
    buf_reset(out);
    buf_putc(out, '{');
    if (settings->has & DESK_HAS_RING)
        put_member(out, "ringOnMonitoredCall", settings->rings_when_monitored ? "true" : "false");
    if (settings->has & DESK_HAS_PICKUP)
        put_member(out, "pickUpCallsOnHold", settings->picks_up_held ? "true" : "false");
    if (settings->has & DESK_HAS_SHARE)
        put_member(out, "allowSeeMyPresence", settings->shares_presence ? "true" : "false");
    if (settings->has & DESK_HAS_DETAILS) {
        char word[24];
        snprintf(word, sizeof word, "\"%s\"", rex_details_word(settings->details));
        put_member(out, "callerIdVisibility", word);
    }
    buf_putc(out, '}');
}

/* ---- who may answer ---- */

enum rc rex_wire_permission(rex_desk_ids *out, struct rex_paging *paging, const char *body,
                            size_t len, struct err *err)
{
    const json_t *records = NULL;
    json_t *root = rex_records(&records, paging, body, len, "people", err);
    if (root == NULL)
        return RC_PROTO;
    enum rc rc = RC_OK;
    for (size_t i = 0; i < json_array_size(records) && rc == RC_OK; i++) {
        struct rex_desk_id id;
        if (rex_id(json_array_get(records, i), "id", id.text) && id.text[0] != '\0')
            VEC_PUSH(out, id);
        else
            rc = err_set(err, RC_PROTO, "somebody without an id may answer calls");
    }
    json_decref(root);
    return rc;
}

/* ---- requests ---- */

static void put_id(struct buf *out, const char *id)
{
    buf_puts(out, "{\"id\":");
    rex_wire_text(out, id);
    buf_putc(out, '}');
}

void rex_wire_permission_body(struct buf *out, const char *const *ids, size_t len)
{
    buf_reset(out);
    buf_puts(out, "{\"extensions\":[");
    for (size_t i = 0; i < len; i++) {
        if (i > 0)
            buf_putc(out, ',');
        put_id(out, ids[i]);
    }
    buf_puts(out, "]}");
}

void rex_wire_desk_lines_body(struct buf *out, const struct rex_desk_row *lines, size_t len)
{
    buf_reset(out);
    buf_putc(out, '[');
    for (size_t i = 0; i < len; i++) {
        buf_puts(out, i > 0 ? ",{\"id\":" : "{\"id\":");
        rex_wire_text(out, lines[i].id);
        buf_puts(out, ",\"extension\":");
        put_id(out, lines[i].extension_id);
        buf_putc(out, '}');
    }
    buf_putc(out, ']');
}

/* ---- refusals ---- */

static void add_name(struct rex_refusal *refusal, const char *text, size_t len)
{
    struct rex_desk_id id;
    if (len == 0 || len >= sizeof id.text)
        return;
    memcpy(id.text, text, len);
    id.text[len] = '\0';
    VEC_PUSH(&refusal->names, id);
}

static void take_refusal(rex_refusals *out, const json_t *error)
{
    struct rex_refusal refusal = {0};
    struct rex_desk_id value;
    rex_text(error, "errorCode", refusal.code, sizeof refusal.code);
    rex_text(error, "message", refusal.text, sizeof refusal.text);
    if (rex_id(error, "parameterValue", value.text))
        add_name(&refusal, value.text, strlen(value.text));
    for (const char *at = strchr(refusal.text, '['); at != NULL; at = strchr(at + 1, '[')) {
        size_t len = strcspn(at + 1, "]");
        if (at[1 + len] == ']')
            add_name(&refusal, at + 1, len);
    }
    VEC_PUSH(out, refusal);
}

void rex_wire_refusals(rex_refusals *out, const char *body, size_t len)
{
    json_t *root = json_wire_parse(body, len, REX_BODY_MAX_BYTES, NULL);
    const json_t *errors = json_object_get(root, "errors");
    for (size_t i = 0; i < json_array_size(errors); i++)
        take_refusal(out, json_array_get(errors, i));
    if (out->len == 0 && json_is_object(root) && rex_word(root, "errorCode")[0] != '\0')
        take_refusal(out, root);
    json_decref(root);
}

void rex_refusals_free(rex_refusals *list)
{
    for (size_t i = 0; i < list->len; i++)
        VEC_FREE(&list->items[i].names);
    VEC_FREE(list);
}
