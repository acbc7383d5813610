/* Frames of the gateway (2.2), answers of the sign-in, error bodies, what is sent. */
#include "rex_wire_priv.h"

#include "callhud/backend/json_wire.h"
#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include <limits.h>
#include <string.h>

#define RETRY_MOST_S 3600
#define SAID_MOST_BYTES 8192

/* ---- error bodies ---- */

/* What the service says, without the secrets that it may quote: taken out before it is cut, since
 * half a secret is not known for one. */
static void read_said(const json_t *object, const char *key, char *out, size_t size)
{
    char whole[SAID_MOST_BYTES];
    rex_text(object, key, whole, sizeof whole);
    log_redact(whole);
    str_copy(out, size, whole);
}

/* errors[0] decides before the top (6.2); of the sign-in's own, `error` is the last word (1.4). */
static void read_error(const json_t *body, char *code, size_t code_size, char *text,
                       size_t text_size)
{
    const json_t *first = json_array_get(json_object_get(body, "errors"), 0);
    read_said(first, "errorCode", code, code_size);
    read_said(first, "message", text, text_size);
    if (code[0] == '\0')
        read_said(body, "errorCode", code, code_size);
    if (code[0] == '\0')
        read_said(body, "error", code, code_size);
    if (text[0] == '\0')
        read_said(body, "message", text, text_size);
    if (text[0] == '\0')
        read_said(body, "error_description", text, text_size);
}

void rex_wire_error(char *code, size_t code_size, char *text, size_t text_size, const char *body,
                    size_t len)
{
    json_t *root = json_wire_parse(body, len, REX_BODY_MAX_BYTES, NULL);
    read_error(root, code, code_size, text, text_size);
    json_decref(root);
}

/* ---- frames ---- */

/* Text that goes back as it came: printable ASCII of bounded length, or none. */
static bool read_token(const json_t *object, const char *key, char *out, size_t size)
{
    const json_t *member = json_object_get(object, key);
    const char *text = json_string_value(member);
    size_t len = json_string_length(member);
    out[0] = '\0';
    if (text == NULL || len == 0 || len >= size)
        return false;
    for (size_t i = 0; i < len; i++)
        if (text[i] <= 0x20 || text[i] >= 0x7f)
            return false;
    memcpy(out, text, len + 1);
    return true;
}

static enum rex_frame_kind kind_of(const char *type)
{
    static const struct {
        const char *type;
        enum rex_frame_kind kind;
    } kinds[] = {
        {"ConnectionDetails", REX_FRAME_DETAILS},
        {"ClientRequest", REX_FRAME_REPLY},
        {"ServerNotification", REX_FRAME_NOTICE},
        {"Heartbeat", REX_FRAME_HEARTBEAT},
        {"Error", REX_FRAME_ERROR},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (str_eq_nocase(type, kinds[i].type))
            return kinds[i].kind;
    return REX_FRAME_OTHER;
}

/* Their names are written in several ways (10, 26). */
static void read_headers(struct rex_frame *out, const json_t *headers)
{
    json_t *all = (json_t *)(uintptr_t)headers; /* only read: an iterator wants it so */
    for (void *at = json_object_iter(all); at != NULL; at = json_object_iter_next(all, at)) {
        const char *name = json_object_iter_key(at);
        if (str_eq_nocase(name, "X-Rate-Limit-Group")) {
            rex_text(headers, name, out->limit.group, sizeof out->limit.group);
        } else if (str_eq_nocase(name, "Retry-After")) {
            int64_t s = rex_int(headers, name, 0);
            out->limit.retry_after_ms = s <= 0 ? 0 : (s < RETRY_MOST_S ? s : RETRY_MOST_S) * 1000;
        }
    }
}

static void read_meta(struct rex_frame *out, const json_t *meta)
{
    out->kind = kind_of(rex_word(meta, "type"));
    if (!rex_id(meta, "messageId", out->message_id))
        out->message_id[0] = '\0';
    int64_t status = rex_int(meta, "status", 0);
    out->status = status >= 0 && status <= 999 ? (int)status : 0;
    if (out->status == 429)
        read_headers(out, json_object_get(meta, "headers"));
    const json_t *wsc = json_object_get(meta, "wsc");
    out->wsc.is_there = read_token(wsc, "token", out->wsc.token, sizeof out->wsc.token);
    out->wsc.sequence = rex_int(wsc, "sequence", 0);
}

/* Seconds of the body as milliseconds; what is no time at all is the contract's usual one. */
static int64_t read_timeout(const json_t *body, const char *key, int64_t usual_s)
{
    int64_t s = rex_int(body, key, usual_s);
    return (s > 0 && s <= 366 * 86400LL ? s : usual_s) * 1000;
}

static void read_details(struct rex_frame *out, const json_t *body)
{
    out->details.recovery_timeout_ms = read_timeout(body, "recoveryTimeout", 180);
    out->details.idle_timeout_ms = read_timeout(body, "idleTimeout", 1800);
    out->details.absolute_timeout_ms = read_timeout(body, "absoluteTimeout", 86400);
    int64_t buffer = rex_int(body, "recoveryBufferSize", 100);
    out->details.recovery_buffer = buffer > 0 && buffer < 1000000 ? (uint32_t)buffer : 0;
    const char *state = rex_word(body, "recoveryState");
    out->details.has_recovery = state[0] != '\0';
    out->details.is_recovered = str_eq_nocase(state, "Successful");
    rex_text(body, "recoveryErrorCode", out->details.recovery_code,
             sizeof out->details.recovery_code);
}

static void read_reply(struct rex_frame *out, const json_t *body)
{
    if (out->status >= 400)
        read_error(body, out->code, sizeof out->code, out->text, sizeof out->text);
    if (!rex_id(body, "id", out->reply.subscription_id))
        out->reply.subscription_id[0] = '\0';
    const json_t *disabled = json_object_get(body, "disabledFilters");
    size_t len = json_array_size(disabled);
    for (size_t i = 0; i < len && i < REX_DISABLED_MOST; i++) {
        struct rex_disabled one;
        const json_t *from = json_array_get(disabled, i);
        rex_text(from, "filter", one.filter, sizeof one.filter);
        rex_text(from, "message", one.reason, sizeof one.reason);
        if (one.reason[0] == '\0')
            rex_text(from, "reason", one.reason, sizeof one.reason);
        if (one.filter[0] != '\0')
            VEC_PUSH(&out->reply.disabled, one);
    }
}

static enum rc read_body(struct rex_frame *out, const json_t *body, struct err *err)
{
    switch (out->kind) {
    case REX_FRAME_DETAILS: read_details(out, body); return RC_OK;
    case REX_FRAME_REPLY: read_reply(out, body); return RC_OK;
    case REX_FRAME_NOTICE: return rex_wire_notice(&out->notice, body, err);
    case REX_FRAME_ERROR:
        read_error(body, out->code, sizeof out->code, out->text, sizeof out->text);
        return RC_OK;
    case REX_FRAME_HEARTBEAT:
    case REX_FRAME_OTHER: return RC_OK;
    }
    return RC_OK;
}

/* The length of the object that bytes begin with; 0 when it does not end. */
static size_t object_len(const char *bytes, size_t len)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < len; i++) {
        if (in_string) {
            if (bytes[i] == '\\')
                i++;
            else if (bytes[i] == '"')
                in_string = false;
        } else if (bytes[i] == '"') {
            in_string = true;
        } else if (bytes[i] == '{') {
            depth++;
        } else if (bytes[i] == '}' && (depth == 0 || --depth == 0)) {
            return i + 1;
        }
    }
    return 0;
}

static size_t skip_blanks(const char *bytes, size_t len, size_t at)
{
    while (at < len && strchr(" \t\r\n", bytes[at]) != NULL && bytes[at] != '\0')
        at++;
    return at;
}

/* [{meta},whatever]: a proxied answer that is no JSON. */
static enum rc read_meta_alone(struct rex_frame *out, const char *bytes, size_t len,
                               struct err *err)
{
    size_t at = skip_blanks(bytes, len, 0);
    if (at == len || bytes[at] != '[')
        return err_set(err, RC_PROTO, "a frame of the gateway that is no array");
    at = skip_blanks(bytes, len, at + 1);
    size_t meta_len = at < len && bytes[at] == '{' ? object_len(bytes + at, len - at) : 0;
    json_t *meta =
        meta_len > 0 ? json_wire_parse(bytes + at, meta_len, REX_FRAME_MAX_BYTES, err) : NULL;
    if (meta == NULL)
        return err_set(err, RC_PROTO, "a frame of the gateway without a beginning");
    read_meta(out, meta);
    json_decref(meta);
    if (out->kind != REX_FRAME_REPLY && out->kind != REX_FRAME_OTHER)
        return err_set(err, RC_PROTO, "a frame of the gateway whose body is no JSON");
    return RC_OK;
}

enum rc rex_wire_frame(struct rex_frame *out, const char *bytes, size_t len, struct err *err)
{
    memset(out, 0, sizeof *out);
    out->kind = REX_FRAME_OTHER;
    if (len > REX_FRAME_MAX_BYTES)
        return err_set(err, RC_PROTO, "a frame of %zu bytes", len);
    json_t *root = json_wire_parse(bytes, len, REX_FRAME_MAX_BYTES, err);
    if (root == NULL)
        return read_meta_alone(out, bytes, len, err);
    const json_t *meta = json_array_get(root, 0);
    enum rc rc = RC_OK;
    if (!json_is_object(meta)) {
        rc = err_set(err, RC_PROTO, "a frame of the gateway that does not begin as one");
    } else {
        read_meta(out, meta);
        rc = read_body(out, json_array_get(root, 1), err);
    }
    json_decref(root);
    return rc;
}

void rex_frame_fini(struct rex_frame *frame)
{
    VEC_FREE(&frame->reply.disabled);
    rex_notice_fini(&frame->notice);
    mem_wipe(&frame->wsc, sizeof frame->wsc);
}

/* ---- answers of the sign-in ---- */

/* The tree goes, and what it holds of this is wiped first. */
static void wipe(const json_t *object, const char *key)
{
    const json_t *member = json_object_get(object, key);
    if (json_is_string(member))
        mem_wipe((void *)(uintptr_t)json_string_value(member), json_string_length(member));
}

enum rc rex_wire_token(struct rex_token *out, const char *body, size_t len, struct err *err)
{
    memset(out, 0, sizeof *out);
    json_t *root = json_wire_parse(body, len, REX_FRAME_MAX_BYTES, err);
    bool is_whole = read_token(root, "access_token", out->access, sizeof out->access);
    if (json_object_get(root, "refresh_token") != NULL)
        is_whole &= read_token(root, "refresh_token", out->refresh, sizeof out->refresh);
    out->expires_in_ms = read_timeout(root, "expires_in", 3600);
    out->refresh_expires_in_ms = read_timeout(root, "refresh_token_expires_in", 604800);
    rex_text(root, "scope", out->scope, sizeof out->scope);
    if (!rex_id(root, "owner_id", out->owner_id))
        out->owner_id[0] = '\0';
    wipe(root, "access_token");
    wipe(root, "refresh_token");
    json_decref(root);
    if (is_whole)
        return RC_OK;
    mem_wipe(out, sizeof *out);
    return err_set(err, RC_PROTO, "the answer to the sign-in holds no usable token");
}

enum rc rex_wire_wstoken(struct rex_wstoken *out, const char *body, size_t len, struct err *err)
{
    memset(out, 0, sizeof *out);
    json_t *root = json_wire_parse(body, len, REX_FRAME_MAX_BYTES, err);
    bool is_whole = read_token(root, "uri", out->uri, sizeof out->uri) &&
                    read_token(root, "ws_access_token", out->token, sizeof out->token);
    wipe(root, "ws_access_token");
    json_decref(root);
    if (is_whole)
        return RC_OK;
    mem_wipe(out, sizeof *out);
    return err_set(err, RC_PROTO, "the answer to wstoken holds no usable address and token");
}

/* ---- what is sent ---- */

void rex_wire_text(struct buf *out, const char *text)
{
    json_t *value = json_string(text);
    if (value == NULL) /* no UTF-8 */
        value = json_string("");
    char *quoted = json_dumps(value, JSON_ENCODE_ANY);
    buf_puts(out, quoted != NULL ? quoted : "\"\"");
    json_decref(value);
    mem_free(quoted);
}

void rex_wire_subscription(struct buf *out, const char *const *filters, size_t len)
{
    buf_puts(out, "{\"eventFilters\":[");
    for (size_t i = 0; i < len; i++) {
        if (i > 0)
            buf_putc(out, ',');
        rex_wire_text(out, filters[i]);
    }
    buf_puts(out, "],\"deliveryMode\":{\"transportType\":\"WebSocket\"}}");
}

static void begin(struct buf *out, const char *type, const char *message_id)
{
    buf_printf(out, "[{\"type\":\"%s\",\"messageId\":", type);
    rex_wire_text(out, message_id);
}

void rex_wire_request(struct buf *out, const char *message_id, const char *method, const char *path,
                      const char *body)
{
    begin(out, "ClientRequest", message_id);
    buf_puts(out, ",\"method\":");
    rex_wire_text(out, method);
    buf_puts(out, ",\"path\":");
    rex_wire_text(out, path);
    buf_putc(out, '}');
    if (body != NULL) {
        buf_putc(out, ',');
        buf_puts(out, body);
    }
    buf_putc(out, ']');
}

void rex_wire_heartbeat(struct buf *out, const char *message_id)
{
    begin(out, "Heartbeat", message_id);
    buf_puts(out, "}]");
}
