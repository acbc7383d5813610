/* The HUD list as text. Users stand once, in a list of their own; elsewhere a number says which. */
#include "callhud/app/list_file.h"

#include "callhud/base/buf.h"
#include "callhud/base/str.h"
#include "callhud/base/utf8.h"

#include <jansson.h>

#define VERSION 1
#define TEXT_MAX_BYTES 4096

/* ---- writing --------------------------------------------------------------------------------- */

static void put_text(json_t *object, const char *key, const char *text)
{
    struct buf mended;
    buf_init(&mended, TEXT_MAX_BYTES);
    utf8_mend(&mended, text, strlen(text));
    json_object_set_new(object, key, json_string(buf_text(&mended)));
    buf_fini(&mended);
}

static void put_number(json_t *object, const char *key, int64_t number)
{
    if (number)
        json_object_set_new(object, key, json_integer(number));
}

static void put_flag(json_t *object, const char *key, bool is)
{
    if (is)
        json_object_set_new(object, key, json_true());
}

static void put_user(json_t *object, const char *key, const struct appearance_user *user)
{
    if (user)
        json_object_set_new(object, key, json_integer((json_int_t)user->index));
}

static void put_conflict(json_t *object, const struct appearance_conflict *conflict)
{
    json_t *one = json_object();
    put_user(one, "base", conflict->base);
    put_number(one, "base_key", conflict->base_key);
    put_flag(one, "is_place", conflict->is_place);
    put_number(one, "at_ms", conflict->at_ms);
    json_object_set_new(object, "conflict", one);
}

static json_t *user_json(const struct appearance_user *user)
{
    json_t *one = json_object();
    put_text(one, "id", user->id);
    put_text(one, "extension", user->extension);
    put_text(one, "name", user->name);
    put_number(one, "twin", user->twin);
    return one;
}

static json_t *line_json(const struct appearance_line *line)
{
    json_t *one = json_object();
    put_user(one, "here", line->here);
    put_user(one, "stored", line->stored);
    put_number(one, "stored_key", line->stored_key);
    put_flag(one, "is_reserved", line->state == LINE_RESERVED);
    put_flag(one, "is_moved", line->is_moved);
    if (line->state == LINE_CONFLICT)
        put_conflict(one, &line->conflict);
    if (line->refusal)
        put_text(one, "refusal", line->refusal);
    return one;
}

static json_t *undo_json(const struct appearance_undo_entry *entry)
{
    json_t *one = json_object();
    put_number(one, "step", entry->step);
    put_number(one, "kind", entry->kind);
    put_number(one, "place", (int64_t)entry->place);
    put_user(one, "user", entry->user);
    put_user(one, "to", entry->to);
    put_user(one, "before", entry->before);
    if (entry->is_conflict)
        put_conflict(one, &entry->conflict);
    return one;
}

static json_t *users_json(const appearance_users *users)
{
    json_t *all = json_array();
    for (size_t i = 0; i < users->len; i++)
        json_array_append_new(all, json_integer((json_int_t)users->items[i]->index));
    return all;
}

static json_t *sent_json(const struct appearance_sent *sent)
{
    json_t *one = json_object();
    put_number(one, "at_ms", sent->at_ms);
    put_flag(one, "is_overtaken", sent->is_overtaken);
    json_object_set_new(one, "users", users_json(&sent->users));
    json_object_set_new(one, "was_stored", users_json(&sent->was_stored));
    return one;
}

char *list_text(const struct appearance *a, const char *server, const char *own)
{
    json_t *root = json_object(), *users = json_array(), *lines = json_array(),
           *undo = json_array(), *sent = json_array();
    for (size_t i = 0; i < a->sent.len; i++)
        json_array_append_new(sent, sent_json(&a->sent.items[i]));
    for (size_t i = 0; i < a->users.len; i++)
        json_array_append_new(users, user_json(a->users.items[i]));
    for (size_t i = 0; i < a->lines.len; i++)
        json_array_append_new(lines, line_json(&a->lines.items[i]));
    for (size_t i = 0; i < a->undo.len; i++)
        json_array_append_new(undo, undo_json(&a->undo.items[i]));
    put_number(root, "v", VERSION);
    put_text(root, "server", server);
    if (!str_is_empty(own))
        put_text(root, "own", own);
    put_number(root, "max_lines", a->max_lines);
    put_flag(root, "is_read", a->is_read);
    json_object_set_new(root, "users", users);
    json_object_set_new(root, "lines", lines);
    json_object_set_new(root, "undo", undo);
    json_object_set_new(root, "sent", sent);
    put_number(root, "readings", (int64_t)a->readings);
    char *dumped = json_dumps(root, JSON_COMPACT);
    char *text = mem_dup(dumped);
    json_decref(root);
    free(dumped);
    return text;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* What was wrong is noted once, and the rest read as if it were nothing. */
struct reader {
    struct appearance *a;
    bool is_bad;
};

static int64_t number_of(struct reader *r, const json_t *object, const char *key, int64_t max)
{
    const json_t *value = json_object_get(object, key);
    if (!value)
        return 0;
    json_int_t number = json_integer_value(value);
    if (json_is_integer(value) && number >= 0 && number <= max)
        return number;
    r->is_bad = true;
    return 0;
}

static bool flag_of(struct reader *r, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    r->is_bad = r->is_bad || (value && !json_is_boolean(value));
    return json_is_true(value);
}

static const char *text_of(struct reader *r, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    r->is_bad = r->is_bad || !text;
    return text ? text : "";
}

static const struct appearance_user *user_of(struct reader *r, const json_t *object,
                                             const char *key)
{
    if (!json_object_get(object, key))
        return NULL;
    int64_t index = number_of(r, object, key, INT32_MAX);
    if ((size_t)index < r->a->users.len)
        return r->a->users.items[index];
    r->is_bad = true;
    return NULL;
}

static bool read_conflict(struct reader *r, const json_t *object,
                          struct appearance_conflict *conflict)
{
    const json_t *one = json_object_get(object, "conflict");
    if (!one)
        return false;
    conflict->base = user_of(r, one, "base");
    conflict->base_key = (uint32_t)number_of(r, one, "base_key", UINT32_MAX);
    conflict->is_place = flag_of(r, one, "is_place");
    conflict->at_ms = number_of(r, one, "at_ms", INT64_MAX);
    return true;
}

static void read_user(struct reader *r, const json_t *object)
{
    size_t before = r->a->users.len;
    struct appearance_user user = {.id = text_of(r, object, "id"),
                                   .extension = text_of(r, object, "extension"),
                                   .name = text_of(r, object, "name"),
                                   .twin = (uint32_t)number_of(r, object, "twin", UINT32_MAX)};
    if (*user.id)
        appearance_intern(r->a, &user);
    r->is_bad = r->is_bad || r->a->users.len != before + 1;
}

static void read_line(struct reader *r, const json_t *object)
{
    const json_t *refusal = json_object_get(object, "refusal");
    struct appearance_line line = {
        .here = user_of(r, object, "here"),
        .stored = user_of(r, object, "stored"),
        .stored_key = (uint32_t)number_of(r, object, "stored_key", UINT32_MAX),
        .is_moved = flag_of(r, object, "is_moved"),
    };
    if (flag_of(r, object, "is_reserved")) {
        line.state = LINE_RESERVED;
        line.key = line.stored_key;
    } else if (read_conflict(r, object, &line.conflict)) {
        line.state = LINE_CONFLICT;
    }
    if (refusal)
        line.refusal = mem_dup(text_of(r, object, "refusal"));
    VEC_PUSH(&r->a->lines, line);
}

static void read_undo(struct reader *r, const json_t *object)
{
    struct appearance_undo_entry entry = {
        .step = (uint32_t)number_of(r, object, "step", UINT32_MAX),
        .kind = (uint32_t)number_of(r, object, "kind", EDIT_CHOOSE),
        .place = (enum undo_place)number_of(r, object, "place", UNDO_STORED_PLACE),
        .user = user_of(r, object, "user"),
        .to = user_of(r, object, "to"),
        .before = user_of(r, object, "before"),
    };
    entry.is_conflict = read_conflict(r, object, &entry.conflict);
    VEC_PUSH(&r->a->undo, entry);
}

static void read_users(struct reader *r, const json_t *object, const char *key,
                       appearance_users *out)
{
    const json_t *array = json_object_get(object, key), *one;
    size_t i;
    r->is_bad = r->is_bad || !json_is_array(array);
    json_array_foreach(array, i, one)
    {
        json_int_t index = json_is_integer(one) ? json_integer_value(one) : -1;
        if (index >= 0 && (size_t)index < r->a->users.len)
            VEC_PUSH(out, r->a->users.items[index]);
        else
            r->is_bad = true;
    }
}

static void read_sent(struct reader *r, const json_t *object)
{
    struct appearance_sent sent = {.at_ms = number_of(r, object, "at_ms", INT64_MAX),
                                   .is_overtaken = flag_of(r, object, "is_overtaken")};
    read_users(r, object, "users", &sent.users);
    read_users(r, object, "was_stored", &sent.was_stored);
    VEC_PUSH(&r->a->sent, sent);
}

static void read_each(struct reader *r, const json_t *root, const char *key,
                      void (*read)(struct reader *, const json_t *))
{
    const json_t *array = json_object_get(root, key), *one;
    size_t i;
    r->is_bad = r->is_bad || !json_is_array(array);
    json_array_foreach(array, i, one) read(r, one);
}

static enum rc read_list(struct appearance *a, const json_t *root, struct err *err)
{
    struct reader r = {.a = a};
    a->max_lines = (uint32_t)number_of(&r, root, "max_lines", UINT32_MAX);
    a->is_read = flag_of(&r, root, "is_read");
    read_each(&r, root, "users", read_user);
    read_each(&r, root, "lines", read_line);
    read_each(&r, root, "undo", read_undo);
    if (json_object_get(root, "sent"))
        read_each(&r, root, "sent", read_sent);
    r.is_bad = r.is_bad || a->sent.len > APPEARANCE_SENT_MAX; /* none was ever written so */
    a->readings = (uint64_t)number_of(&r, root, "readings", INT64_MAX);
    if (r.is_bad)
        return err_set(err, RC_PROTO, "no list of ours: something is missing in it");
    return appearance_restored(a, err);
}

enum rc list_parse(struct appearance *a, const char *text, size_t len, const char *server,
                   char *own, struct err *err)
{
    json_error_t fault;
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &fault);
    const char *of = json_string_value(json_object_get(root, "server"));
    const json_t *whose = json_object_get(root, "own");
    enum rc rc = RC_OK;
    appearance_init(a);
    if (own)
        own[0] = '\0';
    if (!root)
        rc = err_set(err, RC_PROTO, "no JSON: %s at line %d", fault.text, fault.line);
    else if (json_integer_value(json_object_get(root, "v")) != VERSION || !of)
        rc = err_set(err, RC_PROTO, "no list of this version of callhud");
    else if (server && !str_eq(of, server))
        rc = err_set(err, RC_CONFIG, "a list of another server, %.200s", of);
    else
        rc = read_list(a, root, err);
    if (rc == RC_OK && own && json_string_length(whose) < LIST_OWN_BYTES)
        str_copy(own, LIST_OWN_BYTES, json_is_string(whose) ? json_string_value(whose) : "");
    json_decref(root);
    if (rc != RC_OK) {
        appearance_fini(a);
        appearance_init(a);
    }
    return rc;
}
