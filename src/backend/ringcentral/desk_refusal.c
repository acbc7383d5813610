/* Which lines of a list the service means when it refuses the whole (6.2): those that its errors
 * name, by extension or by line; where they name none, those that the directory does not know. */
#include "desk_priv.h"

#include "callhud/base/str.h"

#include <stdio.h>

static void why_of(const struct rex_refusal *refusal, char *out, size_t size)
{
    if (str_eq(refusal->code, "BLF-101"))
        snprintf(out, size, "a reserved line, the service does not let it be changed (BLF-101)");
    else if (str_eq(refusal->code, "CMN-102"))
        snprintf(out, size, "there is no such extension (CMN-102)");
    else
        snprintf(out, size, "%s (%s)", refusal->text, refusal->code);
}

/* By who is on the line, or by its number. */
static struct desk_item *named(struct desk_job *job, const char *name)
{
    for (size_t i = 0; i < job->wanted.len; i++) {
        if (str_eq(job->wanted.items[i].user_id, name))
            return &job->wanted.items[i];
    }
    for (size_t i = 0; i < job->wanted.len; i++) {
        if (str_eq(job->wanted.items[i].id, name))
            return &job->wanted.items[i];
    }
    return NULL;
}

static void blame_named(struct desk_job *job, const rex_refusals *refusals)
{
    for (size_t i = 0; i < refusals->len; i++) {
        const struct rex_refusal *refusal = &refusals->items[i];
        char why[REX_TEXT_BYTES + 64];
        why_of(refusal, why, sizeof why);
        for (size_t k = 0; k < refusal->names.len; k++) {
            struct desk_item *item = named(job, refusal->names.items[k].text);
            if (item != NULL)
                rex_desk_item_refuse(item, why);
        }
    }
}

static void blame_unknown(struct desk_job *job)
{
    for (size_t i = 0; i < job->wanted.len && job->has_people; i++) {
        struct desk_item *item = &job->wanted.items[i];
        const struct desk_person *person = rex_desk_person_find(job->desk, item->user_id);
        if (item->is_reserved)
            continue;
        if (person == NULL)
            rex_desk_item_refuse(item, "there is no such extension any more");
        else if (!person->is_listable)
            rex_desk_item_refuse(item,
                                 "this kind of extension cannot stand in a list, or is disabled");
    }
    if (rex_desk_is_any_refused(job))
        rex_desk_end_refused(job);
    else
        rex_desk_end(job, RC_REFUSED, "%s; nothing was stored", job->put_fail.text);
}

void rex_desk_list_refused(struct desk_job *job, const char *body, size_t len)
{
    rex_refusals refusals = {0};
    rex_wire_refusals(&refusals, body, len);
    blame_named(job, &refusals);
    rex_refusals_free(&refusals);
    if (rex_desk_is_any_refused(job))
        rex_desk_end_refused(job);
    else
        rex_desk_need_people(job, 0, blame_unknown);
}
