/* Members of JSON as the service writes them. */
#include "rex_wire_priv.h"

#include "callhud/backend/json_wire.h"
#include "callhud/base/clock.h"
#include "callhud/base/str.h"
#include "callhud/base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool rex_id(const json_t *object, const char *key, char out[REX_ID_BYTES])
{
    static const char plain[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.~:/+=";
    const json_t *member = json_object_get(object, key);
    out[0] = '\0';
    if (member == NULL || json_is_null(member))
        return true;
    if (json_is_integer(member)) {
        snprintf(out, REX_ID_BYTES, "%" PRId64, (int64_t)json_integer_value(member));
        return true;
    }
    const char *text = json_string_value(member);
    size_t len = json_string_length(member);
    if (text == NULL || len >= REX_ID_BYTES || strspn(text, plain) != len)
        return false;
    memcpy(out, text, len + 1);
    return true;
}

void rex_text(const json_t *object, const char *key, char *out, size_t size)
{
    const json_t *member = json_object_get(object, key);
    out[0] = '\0';
    if (json_is_integer(member)) {
        snprintf(out, size, "%" PRId64, (int64_t)json_integer_value(member));
        return;
    }
    if (!json_is_string(member))
        return;
    size_t len = json_string_length(member);
    struct buf clean;
    buf_init(&clean, size * 4);
    utf8_clean(&clean, json_string_value(member), len < size * 3 ? len : size * 3, size);
    str_copy(out, size, buf_text(&clean));
    buf_fini(&clean);
}

const char *rex_word(const json_t *object, const char *key)
{
    const char *text = json_wire_id(object, key);
    return text != NULL ? text : "";
}

bool rex_bool(const json_t *object, const char *key, bool fallback)
{
    const json_t *member = json_object_get(object, key);
    return json_is_boolean(member) ? json_is_true(member) : fallback;
}

int64_t rex_int(const json_t *object, const char *key, int64_t fallback)
{
    const json_t *member = json_object_get(object, key);
    int64_t value;
    if (json_is_integer(member))
        return (int64_t)json_integer_value(member);
    if (json_is_real(member)) {
        double real = json_real_value(member);
        return real > -9e18 && real < 9e18 ? (int64_t)real : fallback;
    }
    return json_is_string(member) &&
                   str_to_int(json_string_value(member), INT64_MIN, INT64_MAX, &value)
               ? value
               : fallback;
}

int64_t rex_time(const json_t *object, const char *key)
{
    int64_t ms = 0;
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL && clock_parse_iso(text, &ms) && ms > 0 ? ms : 0;
}

static const char *const details_words[] = {
    [DESK_DETAILS_ALL] = "All",
    [DESK_DETAILS_PERMITTED] = "PermittedUsers",
    [DESK_DETAILS_NONE] = "None",
};

bool rex_details(const json_t *presence, enum desk_details *out)
{
    const char *word = rex_word(presence, "callerIdVisibility");
    for (size_t i = 0; i < sizeof details_words / sizeof details_words[0]; i++) {
        if (str_eq_nocase(word, details_words[i])) {
            *out = (enum desk_details)i;
            return true;
        }
    }
    return false;
}

const char *rex_details_word(enum desk_details details)
{
    return details_words[details];
}

/* ---- lists of records ---- */

enum rc rex_check_size(const json_t *list, struct err *err)
{
    if (json_array_size(list) <= REX_RECORDS_MOST)
        return RC_OK;
    return err_set(err, RC_PROTO, "an answer of %zu records: %d are asked for at most",
                   json_array_size(list), REX_RECORDS_MOST);
}

static uint32_t small(const json_t *object, const char *key)
{
    int64_t value = rex_int(object, key, 0);
    return value > 0 && value < UINT32_MAX ? (uint32_t)value : 0;
}

void rex_read_paging(struct rex_paging *out, const json_t *root)
{
    if (out == NULL)
        return;
    const json_t *paging = json_object_get(root, "paging");
    const json_t *next = json_object_get(json_object_get(root, "navigation"), "nextPage");
    *out = (struct rex_paging){
        .page = small(paging, "page"),
        .total_pages = small(paging, "totalPages"),
        .total = rex_int(paging, "totalElements", -1),
        .has_next = json_is_object(next),
        .records = json_array_size(json_object_get(root, "records")),
    };
}

json_t *rex_records(const json_t **records, struct rex_paging *paging, const char *body, size_t len,
                    const char *what, struct err *err)
{
    json_t *root = json_wire_parse(body, len, REX_BODY_MAX_BYTES, err);
    if (root == NULL)
        return NULL;
    *records = json_object_get(root, "records");
    rex_read_paging(paging, root);
    if (json_is_array(*records) && rex_check_size(*records, err) == RC_OK)
        return root;
    if (!json_is_array(*records))
        err_set(err, RC_PROTO, "an answer that is no list of %s", what);
    json_decref(root);
    return NULL;
}
