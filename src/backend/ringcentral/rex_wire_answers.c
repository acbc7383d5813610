/* Answers of REST: presence of one, many and all; list, people, grants, devices, features, calls.
 */
#include "callhud/backend/json_wire.h"
#include "callhud/base/str.h"

#include "rex_wire_read.h"

#include <string.h>

static json_t *parse(const char *body, size_t len, struct err *err)
{
    return json_wire_parse(body, len, REX_BODY_MAX_BYTES, err);
}

/* ---- presence ---- */

static void add_presence(rex_presences *out, const json_t *body)
{
    struct rex_presence presence;
    if (rex_read_presence(&presence, body))
        VEC_PUSH(out, presence);
}

/* SUB-402: presence does not exist for this kind of extension; any other 403 is the person's will.
 */
static void add_refused(rex_presences *out, const char *id, int status, const json_t *body)
{
    struct rex_presence presence;
    const json_t *first = json_array_get(json_object_get(body, "errors"), 0);
    const char *code = rex_word(first, "errorCode");
    memset(&presence, 0, sizeof presence);
    presence.status = presence.user_status = REX_STATUS_AVAILABLE;
    presence.refused = status;
    presence.is_shared =
        status != 403 || str_eq(code, "SUB-402") || str_eq(rex_word(body, "errorCode"), "SUB-402");
    if (!presence.is_shared)
        presence.has = REX_HAS_SHARED;
    if (str_copy(presence.extension_id, sizeof presence.extension_id, id) && id[0] != '\0')
        VEC_PUSH(out, presence);
}

static void add_items(rex_presences *out, const json_t *items)
{
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        const json_t *body = json_object_get(item, "body");
        int64_t status = rex_int(item, "status", 0);
        char id[REX_ID_BYTES];
        if (status == 200)
            add_presence(out, body);
        else if (status > 0 && status < 1000 && rex_id(item, "resourceId", id))
            add_refused(out, id, (int)status, body);
    }
}

/* "…/extension/400144456008/presence" */
static void id_of_href(const char *href, char out[REX_ID_BYTES])
{
    static const char mark[] = "/extension/";
    const char *at = strstr(href, mark);
    out[0] = '\0';
    if (at == NULL)
        return;
    at += sizeof mark - 1;
    size_t len = strcspn(at, "/?");
    if (len < REX_ID_BYTES && strspn(at, "0123456789") == len) {
        memcpy(out, at, len);
        out[len] = '\0';
    }
}

/* The next part after *at: its bytes without headers. False at the end. */
static bool next_part(const char *body, size_t len, const char *mark, size_t mark_len, size_t *at,
                      const char **part, size_t *part_len)
{
    const char *from = memmem(body + *at, len - *at, mark, mark_len);
    if (from == NULL)
        return false;
    from += mark_len;
    const char *end = body + len;
    if (end - from >= 2 && from[0] == '-' && from[1] == '-')
        return false;
    const char *to = memmem(from, (size_t)(end - from), mark, mark_len);
    to = to != NULL ? to : end;
    size_t size = (size_t)(to - from);
    *at = (size_t)(to - body);
    const char *head = memmem(from, size, "\r\n\r\n", 4);
    size_t head_len = 4;
    if (head == NULL) {
        head = memmem(from, size, "\n\n", 2);
        head_len = 2;
    }
    *part = head != NULL ? head + head_len : from;
    *part_len = (size_t)(to - *part);
    return true;
}

/* "--" and the boundary; "" when the type tells none. */
static void mark_of(const char *content_type, char *out, size_t size)
{
    const char *at = content_type != NULL ? strcasestr(content_type, "boundary=") : NULL;
    out[0] = '\0';
    if (at == NULL)
        return;
    at += strlen("boundary=");
    bool is_quoted = *at == '"';
    at += is_quoted;
    size_t len = strcspn(at, is_quoted ? "\"" : "; ");
    if (len == 0 || len + 3 > size)
        return;
    out[0] = out[1] = '-';
    memcpy(out + 2, at, len);
    out[len + 2] = '\0';
}

/* One part of an answer in parts; head: what the first part says became of it. */
static void add_part(rex_presences *out, const json_t *head, const char *part, size_t len)
{
    char id[REX_ID_BYTES];
    int64_t status = rex_int(head, "status", 200);
    json_t *body = parse(part, len, NULL);
    id_of_href(rex_word(head, "href"), id);
    if (status == 200)
        add_presence(out, body);
    else if (status > 0 && status < 1000)
        add_refused(out, id, (int)status, body);
    json_decref(body);
}

static enum rc read_parts(rex_presences *out, const char *content_type, const char *body,
                          size_t len, struct err *err)
{
    char mark[128];
    const char *part;
    size_t part_len, at = 0;
    mark_of(content_type, mark, sizeof mark);
    size_t mark_len = strlen(mark);
    if (mark_len == 0 || !next_part(body, len, mark, mark_len, &at, &part, &part_len))
        return err_set(err, RC_PROTO, "an answer in parts without their boundary");
    json_t *root = parse(part, part_len, err);
    if (root == NULL)
        return RC_PROTO;
    const json_t *heads = json_object_get(root, "response");
    size_t i = 0;
    while (i < REX_RECORDS_MOST && next_part(body, len, mark, mark_len, &at, &part, &part_len))
        add_part(out, json_array_get(heads, i++), part, part_len);
    json_decref(root);
    return RC_OK;
}

enum rc rex_wire_presences(rex_presences *out, struct rex_paging *paging, const char *content_type,
                           const char *body, size_t len, struct err *err)
{
    if (paging != NULL)
        memset(paging, 0, sizeof *paging);
    if (content_type != NULL && strncasecmp(content_type, "multipart/", 10) == 0)
        return read_parts(out, content_type, body, len, err);
    json_t *root = parse(body, len, err);
    if (root == NULL)
        return RC_PROTO;
    enum rc rc = RC_OK;
    const json_t *records = json_object_get(root, "records");
    rex_read_paging(paging, root);
    if (json_is_array(root)) {
        rc = rex_check_size(root, err);
        if (rc == RC_OK)
            add_items(out, root);
    } else if (json_is_array(records)) {
        rc = rex_check_size(records, err);
        for (size_t i = 0; rc == RC_OK && i < json_array_size(records); i++)
            add_presence(out, json_array_get(records, i));
    } else {
        size_t before = out->len;
        add_presence(out, root);
        if (out->len == before)
            rc = err_set(err, RC_PROTO, "an answer that is no presence");
    }
    json_decref(root);
    return rc;
}

void rex_presences_free(rex_presences *list)
{
    for (size_t i = 0; i < list->len; i++)
        VEC_FREE(&list->items[i].calls);
    VEC_FREE(list);
}

/* ---- lists of records ---- */

static enum rc read_records(void *out, struct rex_paging *paging, const char *body, size_t len,
                            void (*add)(void *out, const json_t *record), const char *what,
                            struct err *err)
{
    const json_t *records = NULL;
    json_t *root = rex_records(&records, paging, body, len, what, err);
    if (root == NULL)
        return RC_PROTO;
    for (size_t i = 0; i < json_array_size(records); i++)
        add(out, json_array_get(records, i));
    json_decref(root);
    return RC_OK;
}

static void add_line(void *out, const json_t *record)
{
    rex_lines *lines = out;
    struct rex_line line;
    const json_t *extension = json_object_get(record, "extension");
    memset(&line, 0, sizeof line);
    if (!rex_id(record, "id", line.id) || !rex_id(extension, "id", line.extension_id) ||
        line.extension_id[0] == '\0')
        return;
    rex_text(extension, "extensionNumber", line.extension, sizeof line.extension);
    rex_text(extension, "type", line.type, sizeof line.type);
    line.is_reserved = rex_bool(record, "notEditableOnHud", false);
    VEC_PUSH(lines, line);
}

enum rc rex_wire_lines(rex_lines *out, struct rex_paging *paging, const char *body, size_t len,
                       struct err *err)
{
    return read_records(out, paging, body, len, add_line, "lines", err);
}

static void full_name(const json_t *record, char *out, size_t size)
{
    rex_text(record, "name", out, size);
    if (out[0] != '\0')
        return;
    rex_text(record, "firstName", out, size);
    size_t len = strlen(out);
    if (len > 0 && len + 2 < size) {
        out[len++] = ' ';
        out[len] = '\0';
    }
    rex_text(record, "lastName", out + len, size - len);
    len = strlen(out);
    if (len > 0 && out[len - 1] == ' ')
        out[len - 1] = '\0';
}

static bool read_person(struct rex_person *out, const json_t *record)
{
    memset(out, 0, sizeof *out);
    if (!rex_id(record, "id", out->id) || out->id[0] == '\0')
        return false;
    const json_t *contact = json_object_get(record, "contact");
    rex_text(record, "extensionNumber", out->extension, sizeof out->extension);
    full_name(record, out->name, sizeof out->name);
    if (out->name[0] == '\0')
        full_name(contact, out->name, sizeof out->name);
    rex_text(record, "department", out->department, sizeof out->department);
    if (out->department[0] == '\0')
        rex_text(contact, "department", out->department, sizeof out->department);
    rex_text(record, "type", out->type, sizeof out->type);
    const char *status = rex_word(record, "status");
    out->is_enabled = status[0] == '\0' || str_eq_nocase(status, "Enabled");
    out->is_foreign = str_eq_nocase(out->type, "External");
    return true;
}

static void add_person(void *out, const json_t *record)
{
    rex_persons *persons = out;
    struct rex_person person;
    if (read_person(&person, record))
        VEC_PUSH(persons, person);
}

enum rc rex_wire_persons(rex_persons *out, struct rex_paging *paging, const char *body, size_t len,
                         struct err *err)
{
    return read_records(out, paging, body, len, add_person, "people", err);
}

enum rc rex_wire_person(struct rex_person *out, const char *body, size_t len, struct err *err)
{
    memset(out, 0, sizeof *out);
    json_t *root = parse(body, len, err);
    if (root == NULL)
        return RC_PROTO;
    bool is_good = read_person(out, root);
    json_decref(root);
    return is_good ? RC_OK : err_set(err, RC_PROTO, "an answer that is no extension");
}

static void add_grant(void *out, const json_t *record)
{
    rex_grants *grants = out;
    struct rex_grant grant;
    memset(&grant, 0, sizeof grant);
    if (!rex_id(json_object_get(record, "extension"), "id", grant.extension_id) ||
        grant.extension_id[0] == '\0')
        return;
    grant.may_pick_up = rex_bool(record, "callPickup", false);
    grant.may_monitor = rex_bool(record, "callMonitoring", false);
    VEC_PUSH(grants, grant);
}

enum rc rex_wire_grants(rex_grants *out, struct rex_paging *paging, const char *body, size_t len,
                        struct err *err)
{
    return read_records(out, paging, body, len, add_grant, "grants", err);
}

static bool has_lamps(const struct rex_device *device, const json_t *features)
{
    for (size_t i = 0; i < json_array_size(features); i++) {
        if (str_eq(json_string_value(json_array_get(features, i)), "BLA"))
            return true;
    }
    return str_eq_nocase(device->type, "HardPhone") || str_eq_nocase(device->type, "BLA");
}

static void add_device(void *out, const json_t *record)
{
    rex_devices *devices = out;
    struct rex_device device;
    const json_t *model = json_object_get(record, "model");
    memset(&device, 0, sizeof device);
    if (!rex_id(record, "id", device.id) || device.id[0] == '\0')
        return;
    rex_text(record, "name", device.name, sizeof device.name);
    rex_text(record, "type", device.type, sizeof device.type);
    rex_text(model, "name", device.model, sizeof device.model);
    device.is_online = str_eq_nocase(rex_word(record, "status"), "Online");
    device.has_lamps = has_lamps(&device, json_object_get(model, "features"));
    VEC_PUSH(devices, device);
}

enum rc rex_wire_devices(rex_devices *out, struct rex_paging *paging, const char *body, size_t len,
                         struct err *err)
{
    return read_records(out, paging, body, len, add_device, "devices", err);
}

static void read_feature_params(struct rex_feature *feature, const json_t *params)
{
    for (size_t i = 0; i < json_array_size(params); i++) {
        const json_t *param = json_array_get(params, i);
        int64_t value = rex_int(param, "value", 0);
        if (str_eq(rex_word(param, "name"), "limitMax") && value > 0 && value < UINT32_MAX)
            feature->limit = (uint32_t)value;
    }
}

static void add_feature(void *out, const json_t *record)
{
    rex_features *features = out;
    struct rex_feature feature;
    memset(&feature, 0, sizeof feature);
    rex_text(record, "id", feature.id, sizeof feature.id);
    if (feature.id[0] == '\0')
        return;
    const json_t *reason = json_object_get(record, "reason");
    feature.is_available = rex_bool(record, "available", false);
    rex_text(reason, "message", feature.reason, sizeof feature.reason);
    if (feature.reason[0] == '\0')
        rex_text(reason, "code", feature.reason, sizeof feature.reason);
    read_feature_params(&feature, json_object_get(record, "params"));
    VEC_PUSH(features, feature);
}

enum rc rex_wire_features(rex_features *out, const char *body, size_t len, struct err *err)
{
    return read_records(out, NULL, body, len, add_feature, "features", err);
}

/* ---- calls ---- */

enum rc rex_wire_session(struct rex_session *out, const char *body, size_t len, struct err *err)
{
    memset(out, 0, sizeof *out);
    json_t *root = parse(body, len, err);
    if (root == NULL)
        return RC_PROTO;
    const json_t *inner = json_object_get(root, "session"); /* of a call-out (4.3) */
    bool is_good = rex_read_session(out, json_is_object(inner) ? inner : root);
    json_decref(root);
    return is_good ? RC_OK : err_set(err, RC_PROTO, "an answer that is no call");
}

enum rc rex_wire_party(struct rex_party *out, const char *body, size_t len, struct err *err)
{
    memset(out, 0, sizeof *out);
    json_t *root = parse(body, len, err);
    if (root == NULL)
        return RC_PROTO;
    bool is_good = rex_read_party(out, root);
    json_decref(root);
    return is_good ? RC_OK : err_set(err, RC_PROTO, "an answer that is no party of a call");
}

bool rex_wire_recording(bool *is_active, const char *body, size_t len)
{
    json_t *root = parse(body, len, NULL);
    const json_t *active = json_object_get(root, "active");
    bool is_told = json_is_boolean(active);
    *is_active = is_told && json_is_true(active);
    json_decref(root);
    return is_told;
}
