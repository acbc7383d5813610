#include "callhud/exchange/faults.h"

#include "callhud/base/str.h"

#define COUNT_MAX 1000000
#define MS_MAX (24LL * 60 * 60 * 1000)

static const struct kind {
    const char *word;
    unsigned count;
    int64_t ms;
} kinds[FAULT_COUNT] = {
#define FAULT_ROW(name, word, count, ms) {word, count, ms},
    FAULT_LIST(FAULT_ROW)
#undef FAULT_ROW
};

static enum fault_kind kind_of(const char *word)
{
    size_t i = 0;
    while (i < FAULT_COUNT && !str_eq(kinds[i].word, word))
        i++;
    return (enum fault_kind)i;
}

/* A whole number of the body within bounds. */
static bool number_of(json_t *body, const char *key, int64_t most, int64_t *out)
{
    json_t *value = json_object_get(body, key);
    if (!value)
        return true;
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > most)
        return false;
    *out = json_integer_value(value);
    return true;
}

static enum fault_kind wrong(struct http_reply *reply, const char *message)
{
    http_reply_error(reply, 400, "InvalidParameter", "CMN-101", message);
    return FAULT_COUNT;
}

enum fault_kind faults_order(struct faults *f, json_t *body, int64_t now_ms,
                             struct http_reply *reply)
{
    enum fault_kind kind = kind_of(json_string_value(json_object_get(body, "kind")));
    if (kind == FAULT_COUNT)
        return wrong(reply, "Parameter [kind] value is invalid");
    int64_t count = kinds[kind].count, ms = kinds[kind].ms;
    if (!number_of(body, "count", COUNT_MAX, &count))
        return wrong(reply, "Parameter [count] value is invalid");
    if (!number_of(body, "ms", MS_MAX, &ms))
        return wrong(reply, "Parameter [ms] value is invalid");
    struct fault *fault = &f->armed[kind];
    fault->count = (unsigned)count;
    fault->ms = ms;
    fault->until_ms = now_ms + ms;
    /* Refused by time, and then not by number as well. */
    if (kind == FAULT_REFUSE && ms > 0 && !json_object_get(body, "count"))
        fault->count = 0;
    http_reply_json(reply, 200,
                    json_pack("{s:s, s:I, s:I}", "kind", kinds[kind].word, "count",
                              (json_int_t)fault->count, "ms", (json_int_t)ms));
    return kind;
}

bool faults_take(struct faults *f, enum fault_kind kind)
{
    if (f->armed[kind].count == 0)
        return false;
    f->armed[kind].count--;
    f->armed[kind].done++;
    return true;
}

bool faults_is_on(const struct faults *f, enum fault_kind kind, int64_t now_ms)
{
    return f->armed[kind].ms > 0 && now_ms < f->armed[kind].until_ms;
}

int64_t faults_ms(const struct faults *f, enum fault_kind kind)
{
    return f->armed[kind].ms;
}

json_t *faults_json(const struct faults *f, int64_t now_ms)
{
    json_t *out = json_object();
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        const struct fault *fault = &f->armed[i];
        int64_t left_ms = fault->until_ms > now_ms ? fault->until_ms - now_ms : 0;
        json_object_set_new(out, kinds[i].word,
                            json_pack("{s:I, s:I, s:I}", "left", (json_int_t)fault->count,
                                      "left_ms", (json_int_t)left_ms, "done",
                                      (json_int_t)fault->done));
    }
    return out;
}
