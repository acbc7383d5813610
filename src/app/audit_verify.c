/* Is the audit file as it was written? */
#include "audit_priv.h"

#include "callhud/base/str.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct head {
    unsigned char hash[DIGEST_BYTES];
    bool is_found;
};

struct verify {
    struct audit_verdict *verdict;
    char fault[160]; /* the first */
    uint64_t faults;
    unsigned char since[DIGEST_BYTES];
    bool has_since, is_since_found;
    struct head *heads; /* sorted, each once */
    size_t heads_len;
};

static int by_hash(const void *a, const void *b)
{
    return memcmp(((const struct head *)a)->hash, ((const struct head *)b)->hash, DIGEST_BYTES);
}

static enum rc take_heads(struct verify *v, const char *const *heads, size_t len, struct err *err)
{
    size_t kept = 0;
    v->heads = mem_zero(len, sizeof *v->heads);
    for (size_t i = 0; i < len; i++) {
        if (strlen(heads[i]) != DIGEST_TEXT_BYTES - 1 || !digest_parse(heads[i], v->heads[i].hash))
            return err_set(err, RC_USAGE, "'%.70s' is no hash of a record", heads[i]);
    }
    if (len > 0)
        qsort(v->heads, len, sizeof *v->heads, by_hash);
    for (size_t i = 0; i < len; i++) {
        if (kept == 0 || by_hash(&v->heads[kept - 1], &v->heads[i]) != 0)
            v->heads[kept++] = v->heads[i];
    }
    v->heads_len = kept;
    return RC_OK;
}

static bool visit(void *self, const struct audit_seen *seen)
{
    struct verify *v = self;
    if (seen->fault && v->faults++ == 0) {
        v->verdict->bad_line = seen->number;
        str_copy(v->fault, sizeof v->fault, seen->fault);
    }
    if (!seen->line)
        return true;
    v->verdict->records++;
    digest_text(seen->line->hash, v->verdict->head);
    if (v->has_since && memcmp(v->since, seen->line->hash, DIGEST_BYTES) == 0)
        v->is_since_found = true;
    if (v->heads_len > 0) {
        struct head *found =
            bsearch(seen->line->hash, v->heads, v->heads_len, sizeof *v->heads, by_hash);
        if (found)
            found->is_found = true;
    }
    return true;
}

static enum rc judge_heads(const struct verify *v, const char *path, struct err *err)
{
    size_t missing = 0, first = 0;
    for (size_t i = v->heads_len; i-- > 0;) {
        missing += !v->heads[i].is_found;
        first = v->heads[i].is_found ? first : i;
    }
    if (missing == 0)
        return RC_OK;
    char hash[DIGEST_TEXT_BYTES];
    digest_text(v->heads[first].hash, hash);
    return err_set(err, RC_FAILED,
                   "%s: the journal holds %zu of %zu heads that the chain does not (%s): its tail "
                   "was cut off, or it was written anew",
                   path, missing, v->heads_len, hash);
}

static enum rc judge_all(const struct verify *v, const char *path, const char *since,
                         struct err *err)
{
    if (v->faults > 1)
        return err_set(err, RC_FAILED, "%s: %s (faults after it: %" PRIu64 ")", path, v->fault,
                       v->faults - 1);
    if (v->faults > 0)
        return err_set(err, RC_FAILED, "%s: %s", path, v->fault);
    if (v->has_since && !v->is_since_found) {
        return err_set(err, RC_FAILED,
                       "%s: the chain does not hold %s: its tail was cut off, or it was written "
                       "anew",
                       path, since);
    }
    return judge_heads(v, path, err);
}

enum rc audit_verify(const char *path, const char *since, const char *const *heads,
                     size_t heads_len, struct audit_verdict *verdict, struct err *err)
{
    struct verify v = {.verdict = verdict, .has_since = since != NULL};
    memset(verdict, 0, sizeof *verdict);
    if (since && (strlen(since) != DIGEST_TEXT_BYTES - 1 || !digest_parse(since, v.since))) {
        return err_set(err, RC_USAGE, "'%.70s' is no hash of a record: it has 64 digits 0-9 a-f",
                       since);
    }
    enum rc rc = take_heads(&v, heads, heads_len, err);
    if (rc == RC_OK)
        rc = audit_walk(path, visit, &v, err);
    if (rc == RC_OK) {
        verdict->heads_checked = v.heads_len;
        rc = judge_all(&v, path, since, err);
    }
    mem_free(v.heads);
    return rc;
}
