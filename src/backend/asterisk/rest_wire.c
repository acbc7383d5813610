/* Requests and their answers. */
#include "callhud/backend/asterisk/ari_wire.h"

#include "callhud/backend/json_wire.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/base/utf8.h"

#include "ari_wire_parts.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *parse_array(const char *body, size_t len, const char *what, struct err *err)
{
    json_t *root = json_wire_parse(body, len, ARI_FRAME_MAX_BYTES, err);
    if (root == NULL) {
        err_prefix(err, "%s", what);
        return NULL;
    }
    if (!json_is_array(root) || json_array_size(root) > ARI_ITEMS_MAX) {
        json_decref(root);
        err_set(err, RC_PROTO, "%s: not a list of at most %d", what, ARI_ITEMS_MAX);
        return NULL;
    }
    return root;
}

enum rc ari_channels_decode(struct ari_channels *out, const char *body, size_t len, struct err *err)
{
    memset(out, 0, sizeof *out);
    json_t *root = parse_array(body, len, "list of channels", err);
    if (root == NULL)
        return RC_PROTO;
    for (size_t i = 0; i < json_array_size(root); i++) {
        struct ari_channel channel;
        if (ari_read_channel(&channel, json_array_get(root, i)))
            VEC_PUSH(&out->list, channel);
        else
            out->bad++;
    }
    json_decref(root);
    return RC_OK;
}

enum rc ari_bridges_decode(struct ari_bridges *out, const char *body, size_t len, struct err *err)
{
    memset(out, 0, sizeof *out);
    json_t *root = parse_array(body, len, "list of bridges", err);
    if (root == NULL)
        return RC_PROTO;
    for (size_t i = 0; i < json_array_size(root); i++) {
        struct ari_bridge bridge;
        if (ari_read_bridge(&bridge, json_array_get(root, i))) {
            VEC_PUSH(&out->list, bridge);
        } else {
            VEC_FREE(&bridge.members);
            out->bad++;
        }
    }
    json_decref(root);
    return RC_OK;
}

enum rc ari_endpoints_decode(struct ari_endpoints *out, const char *body, size_t len,
                             struct err *err)
{
    memset(out, 0, sizeof *out);
    json_t *root = parse_array(body, len, "list of endpoints", err);
    if (root == NULL)
        return RC_PROTO;
    for (size_t i = 0; i < json_array_size(root); i++) {
        struct ari_endpoint endpoint;
        if (ari_read_endpoint(&endpoint, json_array_get(root, i)))
            VEC_PUSH(&out->list, endpoint);
        else
            out->bad++;
    }
    json_decref(root);
    return RC_OK;
}

void ari_channels_fini(struct ari_channels *list)
{
    VEC_FREE(&list->list);
}

void ari_bridges_fini(struct ari_bridges *list)
{
    for (size_t i = 0; i < list->list.len; i++)
        VEC_FREE(&list->list.items[i].members);
    VEC_FREE(&list->list);
}

void ari_endpoints_fini(struct ari_endpoints *list)
{
    VEC_FREE(&list->list);
}

/* The text of one member of the body's object, which may be one level down in `inside`. */
static enum rc decode_member(const char *body, size_t len, const char *inside, const char *key,
                             char *to, size_t size)
{
    to[0] = '\0';
    json_t *root = json_wire_parse(body, len, ARI_FRAME_MAX_BYTES, NULL);
    const json_t *object = inside != NULL ? json_object_get(root, inside) : root;
    enum rc rc = json_is_string(json_object_get(object, key)) ? RC_OK : RC_PROTO;
    if (rc == RC_OK)
        ari_copy_text(to, size, object, key);
    json_decref(root);
    return rc;
}

enum rc ari_variable_decode(const char *body, size_t len, char *to, size_t size)
{
    return decode_member(body, len, NULL, "value", to, size);
}

enum rc ari_device_state_decode(const char *body, size_t len, char *to, size_t size)
{
    return decode_member(body, len, NULL, "state", to, size);
}

enum rc ari_application_devices_decode(struct ari_names *out, const char *body, size_t len)
{
    memset(out, 0, sizeof *out);
    json_t *root = json_wire_parse(body, len, ARI_FRAME_MAX_BYTES, NULL);
    const json_t *names = json_object_get(root, "device_names");
    enum rc rc = json_is_array(names) ? RC_OK : RC_PROTO;
    for (size_t i = 0; i < json_array_size(names) && i < ARI_ITEMS_MAX; i++) {
        struct ari_id name = {0};
        ari_copy_string(name.text, sizeof name.text, json_array_get(names, i));
        if (name.text[0] != '\0')
            VEC_PUSH(&out->list, name);
    }
    json_decref(root);
    return rc;
}

void ari_names_fini(struct ari_names *names)
{
    VEC_FREE(&names->list);
}

enum rc ari_bridge_name_decode(const char *body, size_t len, char *to, size_t size)
{
    return decode_member(body, len, NULL, "name", to, size);
}

enum rc ari_version_decode(const char *body, size_t len, char *to, size_t size)
{
    return decode_member(body, len, "system", "version", to, size);
}

/* "Ada 101" <101>  ->  Ada 101; also without the quotes; a bare <101> or 101 has no name. */
static void display_name(char *text)
{
    char *angle = strchr(text, '<');
    if (angle == NULL) {
        text[0] = '\0';
        return;
    }
    *angle = '\0';
    char *start = str_trim(text);
    size_t len = strlen(start);
    if (len >= 2 && start[0] == '"' && start[len - 1] == '"') {
        start[len - 1] = '\0';
        start++;
    }
    memmove(text, start, strlen(start) + 1);
}

/* The value of an attribute of a dynamic configuration object; NULL: it has none. */
static const json_t *attribute_of(const json_t *root, const char *name)
{
    for (size_t i = 0; i < json_array_size(root); i++) {
        const json_t *entry = json_array_get(root, i);
        if (str_eq(json_wire_id(entry, "attribute"), name))
            return json_object_get(entry, "value");
    }
    return NULL;
}

enum rc ari_callerid_decode(const char *body, size_t len, char *to, size_t size)
{
    to[0] = '\0';
    json_t *root = json_wire_parse(body, len, ARI_FRAME_MAX_BYTES, NULL);
    enum rc rc = json_is_array(root) ? RC_OK : RC_PROTO;
    ari_copy_string(to, size, attribute_of(root, "callerid"));
    display_name(to);
    json_decref(root);
    return rc;
}

enum rc ari_flag_decode(const char *body, size_t len, const char *attribute, bool *is_on)
{
    json_t *root = json_wire_parse(body, len, ARI_FRAME_MAX_BYTES, NULL);
    const json_t *value = attribute_of(root, attribute);
    enum rc rc = json_is_string(value) ? RC_OK : RC_PROTO;
    *is_on = rc == RC_OK && str_eq(json_string_value(value), "true");
    json_decref(root);
    return rc;
}

static void cut_list(struct ari_names *out, const char *text)
{
    char *copy = mem_dup(text), *rest = copy;
    for (char *piece; (piece = str_next_field(&rest, ',')) != NULL;) {
        struct ari_id name = {0};
        struct buf clean;
        buf_init(&clean, sizeof name.text);
        utf8_clean(&clean, piece, strlen(piece), sizeof name.text);
        str_copy(name.text, sizeof name.text, buf_text(&clean));
        buf_fini(&clean);
        if (name.text[0] != '\0')
            VEC_PUSH(&out->list, name);
    }
    mem_free(copy);
}

enum rc ari_list_decode(struct ari_names *out, const char *body, size_t len)
{
    memset(out, 0, sizeof *out);
    json_t *root = json_wire_parse(body, len, ARI_FRAME_MAX_BYTES, NULL);
    const json_t *value = attribute_of(root, "list_item");
    enum rc rc = json_is_string(value) ? RC_OK : RC_PROTO;
    if (rc == RC_OK)
        cut_list(out, json_string_value(value));
    if (out->list.len > ARI_ITEMS_MAX) {
        ari_names_fini(out);
        rc = RC_PROTO;
    }
    json_decref(root);
    return rc;
}

void ari_error_text(const char *body, size_t len, char *to, size_t size)
{
    if (decode_member(body, len, NULL, "message", to, size) == RC_OK ||
        decode_member(body, len, NULL, "error", to, size) == RC_OK)
        return;
    size_t at = 0;
    while (at < len && strchr(" \t\r\n", body[at]) != NULL)
        at++;
    if (at < len && body[at] == '<')
        str_copy(to, size, "a web page came, not ARI's answer");
    else
        str_copy(to, size, at == len ? "no reason given" : "an answer that ARI does not give");
}

bool ari_version_has_rest_over_ws(const char *version)
{
    char *end = NULL;
    long major = strtol(version, &end, 10);
    if (end == version || major < 0 || major > 1000)
        return false;
    long minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
    switch (major) {
    case 20: return minor >= 14;
    case 21: return minor >= 9;
    case 22: return minor >= 4;
    default: return major >= 23;
    }
}

static bool encode(struct buf *out, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    bool is_put = text != NULL && buf_puts(out, text);
    free(text);
    return is_put;
}

bool ari_rest_request_encode(struct buf *out, const char *id, const char *method, const char *uri,
                             const char *body)
{
    json_t *request = json_pack("{s:s,s:s,s:s,s:s,s:s}", "type", "RESTRequest", "transaction_id",
                                id, "request_id", id, "method", method, "uri", uri);
    if (request == NULL)
        return false;
    if (body != NULL) {
        json_object_set_new(request, "content_type", json_string("application/json"));
        json_object_set_new(request, "message_body", json_string(body));
    }
    return encode(out, request);
}

bool ari_variables_encode(struct buf *out, const struct ari_variable *list, size_t len)
{
    json_t *variables = json_object();
    for (size_t i = 0; i < len; i++)
        json_object_set_new(variables, list[i].name, json_string(list[i].value));
    return encode(out, json_pack("{s:o}", "variables", variables));
}

bool ari_list_encode(struct buf *out, const struct ari_names *list)
{
    struct buf items;
    buf_init(&items, ARI_FRAME_MAX_BYTES);
    for (size_t i = 0; i < list->list.len; i++)
        buf_printf(&items, "%s%s", i > 0 ? "," : "", list->list.items[i].text);
    json_t *fields = json_pack("[{s:s,s:s},{s:s,s:s},{s:s,s:s}]", "attribute", "event", "value",
                               "presence", "attribute", "list_item", "value", buf_text(&items),
                               "attribute", "full_state", "value", "yes");
    buf_fini(&items);
    return fields != NULL && encode(out, json_pack("{s:o}", "fields", fields));
}

bool ari_filter_encode(struct buf *out)
{
    /* Left in although unused: ChannelUserevent. */
    static const char *const unused[] = {
        "ApplicationMoveFailed",    "ApplicationRegistered",  "ApplicationUnregistered",
        "BridgeAttendedTransfer",   "BridgeBlindTransfer",    "BridgeMerged",
        "BridgeVideoSourceChanged", "ChannelTalkingFinished", "ChannelTalkingStarted",
        "ChannelToneDetected",      "PlaybackContinuing",     "PlaybackFinished",
        "PlaybackStarted",          "TextMessageReceived",
    };
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof unused / sizeof unused[0]; i++)
        json_array_append_new(list, json_pack("{s:s}", "type", unused[i]));
    return encode(out, json_pack("{s:o}", "disallowed", list));
}

void ari_escape(struct buf *out, const char *text)
{
    buf_put_escaped(out, text, "-_.~");
}
