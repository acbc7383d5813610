#include "desk_priv.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <stdint.h>
#include <stdio.h>

static void drop_items(struct desk_person *items, size_t len)
{
    union { /* user_id is the block that all its texts are in */
        const char *text;
        char *block;
    } of;
    for (size_t i = 0; i < len; i++) {
        of.text = items[i].user_id;
        mem_free(of.block);
    }
}

void rex_desk_people_free(struct desk_people *people)
{
    drop_items(people->items.items, people->items.len);
    VEC_FREE(&people->items);
    map_fini(&people->by_id, NULL);
}

void rex_desk_people_drop_read(struct desk_job *job)
{
    drop_items(job->people_read.items, job->people_read.len);
    VEC_FREE(&job->people_read);
}

/* Who can stand in a list, by the types that lines are told with (3.5). */
static bool is_listable(const char *type)
{
    static const char *const types[] = {
        "User",       "FaxUser",      "VirtualUser",          "DigitalUser",
        "Department", "ParkLocation", "ApplicationExtension", "GroupCallPickup",
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (str_eq(type, types[i]))
            return true;
    }
    return false;
}

/* Who can answer a call: the others are queues, places, menus. */
static bool is_person(const char *type)
{
    static const char *const types[] = {
        "User", "FaxUser", "VirtualUser", "DigitalUser", "FlexibleUser", "Limited",
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (str_eq(type, types[i]))
            return true;
    }
    return false;
}

static struct desk_person person_of(const struct rex_person *from)
{
    const char *const texts[] = {from->id, from->extension, from->name, from->department};
    const char *at[4];
    size_t size = 0;
    for (size_t i = 0; i < 4; i++)
        size += strlen(texts[i]) + 1;
    char *block = mem_zero(size, 1);
    for (size_t i = 0, used = 0; i < 4; i++) {
        size_t bytes = strlen(texts[i]) + 1;
        memcpy(block + used, texts[i], bytes);
        at[i] = block + used;
        used += bytes;
    }
    return (struct desk_person){
        .user_id = at[0],
        .extension = at[1],
        .name = at[2],
        .department = at[3],
        .is_listable = is_listable(from->type) && from->is_enabled,
        .is_other = !is_person(from->type),
    };
}

static enum rc take_people(struct desk_job *job, const struct rex_answer *answer,
                           struct rex_paging *page, size_t *taken, struct err *err)
{
    rex_persons persons = {0};
    enum rc rc = rex_wire_persons(&persons, page, answer->body, answer->body_len, err);
    for (size_t i = 0; i < persons.len && rc == RC_OK; i++) {
        if (!persons.items[i].is_foreign)
            VEC_PUSH(&job->people_read, person_of(&persons.items[i]));
    }
    *taken = persons.len;
    VEC_FREE(&persons);
    return rc;
}

/* What was read becomes what is known. */
static void on_people(struct desk_job *job, bool is_ok)
{
    struct desk_people *people = &job->desk->people;
    job->has_people = is_ok;
    if (!is_ok) {
        job->people_then(job);
        return;
    }
    rex_desk_people_free(people);
    for (size_t i = 0; i < job->people_read.len; i++) {
        VEC_PUSH(&people->items, job->people_read.items[i]);
        map_put(&people->by_id, people->items.items[i].user_id, (void *)(uintptr_t)(i + 1));
    }
    VEC_FREE(&job->people_read);
    people->read_ms = rex_desk_now(job);
    job->people_then(job);
}

void rex_desk_need_people(struct desk_job *job, int64_t max_age_ms, rex_desk_step *then)
{
    const struct desk_people *people = &job->desk->people;
    if (people->read_ms != INT64_MIN && rex_desk_now(job) - people->read_ms < max_age_ms) {
        job->has_people = true;
        then(job);
        return;
    }
    job->people_then = then;
    job->pages = (struct desk_pages){
        .path = "/restapi/v1.0/account/~/directory/entries?showFederated=false&perPage=2000&page=",
        .group = REX_MEDIUM,
        .take = take_people,
        .reset = rex_desk_people_drop_read,
        .is_lenient = true,
        .done = on_people,
    };
    rex_desk_read_pages(job);
}

const struct desk_person *rex_desk_person_find(const struct rex_desk *desk, const char *user_id)
{
    uintptr_t at = (uintptr_t)map_get(&desk->people.by_id, user_id);
    return at != 0 ? &desk->people.items.items[at - 1] : NULL;
}

const struct desk_person *rex_desk_person_by_extension(const struct rex_desk *desk,
                                                       const char *extension)
{
    for (size_t i = 0; i < desk->people.items.len; i++) {
        const struct desk_person *person = &desk->people.items.items[i];
        if (extension[0] != '\0' && str_eq(person->extension, extension))
            return person;
    }
    return NULL;
}

static void people_told(struct desk_job *job)
{
    if (job->has_people)
        rex_desk_end(job, RC_OK, " ");
    else
        rex_desk_end_failed(job);
}

void rex_desk_people_job(struct desk_job *job)
{
    /* A command asks once, and has just read them for the list's names. */
    bool is_once = job->desk->config.config->is_desk_only;
    rex_desk_need_people(job, is_once ? REX_DESK_PEOPLE_MS : 0, people_told);
}
