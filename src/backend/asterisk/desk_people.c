/* Who can stand in a list, and which phones a desk has: from the [users] lines and from the
 * endpoints of the server. */
#include "desk_parts.h"

#include "callhud/base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PJSIP "PJSIP/"

static void step(struct desk_ask *ask);

static void ask_endpoint(struct rest *rest, const char *endpoint, rest_done *done, void *self)
{
    struct buf uri;
    buf_init(&uri, 4096);
    buf_puts(&uri, "asterisk/config/dynamic/res_pjsip/endpoint/");
    ari_escape(&uri, endpoint + strlen(PJSIP));
    struct rest_request request = {.method = "GET", .uri = buf_text(&uri)};
    rest_ask(rest, &request, done, self);
    buf_fini(&uri);
}

/* ---- people ---- */

static void add_person(struct desk_ask *ask, const char *extension)
{
    struct people_row *row = mem_zero(1, sizeof *row);
    row->ask = ask;
    row->extension = mem_dup(extension);
    VEC_PUSH(&ask->people, row);
}

static int by_extension(const void *a, const void *b)
{
    const struct people_row *x = *(struct people_row *const *)a;
    const struct people_row *y = *(struct people_row *const *)b;
    return str_compare_natural(x->extension, y->extension);
}

/* In the order of the configuration; then who is found on the server alone, by extension. */
static void gather_people(struct desk_ask *ask, const struct ari_endpoints *endpoints)
{
    const struct ari_people *people = ask->desk->config.people;
    struct map seen = {0}; /* extensions, and endpoints with their slash */
    char own[ARI_NAME_BYTES];
    for (size_t i = 0; i < people->lines_len; i++) {
        const struct backend_user *line = &people->lines[i];
        add_person(ask, line->extension);
        map_put(&seen, line->extension, ask);
        snprintf(own, sizeof own, PJSIP "%s", line->extension);
        if (line->endpoints_len == 0)
            map_put(&seen, own, ask);
        for (size_t k = 0; k < line->endpoints_len; k++)
            map_put(&seen, line->endpoints[k], ask);
    }
    size_t first = ask->people.len;
    for (size_t i = 0; i < endpoints->list.len; i++) {
        const char *endpoint = endpoints->list.items[i].name;
        const char *resource = strchr(endpoint, '/') + 1;
        bool is_person = strspn(resource, "0123456789") == strlen(resource) && resource[0] != '\0';
        if (is_person && map_get(&seen, endpoint) == NULL && map_put(&seen, resource, ask) == NULL)
            add_person(ask, resource);
    }
    for (size_t i = 0; i < people->users.len; i++) /* numbers that monitor names */
        if (map_put(&seen, people->users.items[i]->extension, ask) == NULL)
            add_person(ask, people->users.items[i]->extension);
    if (ask->people.len - first > 1)
        qsort(ask->people.items + first, ask->people.len - first, sizeof *ask->people.items,
              by_extension);
    map_fini(&seen, NULL);
}

static void tell_people(struct desk_ask *ask)
{
    VEC(struct desk_person) people = {0};
    for (size_t i = 0; i < ask->people.len; i++) {
        const char *extension = ask->people.items[i]->extension;
        const struct backend_user *line = ari_people_line(ask->desk->config.people, extension);
        struct desk_person person = {
            .user_id = extension,
            .extension = extension,
            .name = desk_name_of(ask->desk, extension),
            .department = line != NULL && line->department != NULL ? line->department : "",
            .is_listable = strpbrk(extension, ", \t") == NULL,
            .is_other = false}; /* who has a line or an endpoint is taken for a person */
        VEC_PUSH(&people, person);
    }
    struct desk_answer answer = {.rc = RC_OK, .people = people.items, .people_len = people.len};
    desk_ask_tell(ask, &answer);
    VEC_FREE(&people);
}

static void on_name(void *self, const struct rest_answer *answer)
{
    const struct people_row *row = self;
    struct desk_ask *ask = row->ask;
    struct ari_desk *desk = ask->desk;
    char name[ARI_TEXT_BYTES];
    ask->waits--;
    if (answer->rc == RC_OK && answer->status == 403)
        desk->is_naming_refused = true;
    if (answer->rc == RC_OK && answer->status == 200 &&
        ari_callerid_decode(answer->body, answer->body_len, name, sizeof name) == RC_OK &&
        name[0] != '\0')
        mem_free(map_put(&desk->names, row->extension, mem_dup(name)));
    step(ask);
}

static void ask_names(struct desk_ask *ask)
{
    const struct ari_desk *desk = ask->desk;
    while (ask->next < ask->people.len && ask->waits < ARI_DESK_PARALLEL &&
           !desk->is_naming_refused) {
        struct people_row *row = ask->people.items[ask->next++];
        char endpoint[ARI_NAME_BYTES];
        if (desk_name_of(desk, row->extension)[0] != '\0' ||
            ari_people_line(desk->config.people, row->extension) != NULL)
            continue;
        snprintf(endpoint, sizeof endpoint, PJSIP "%s", row->extension);
        ask->waits++;
        ask_endpoint(desk->config.part.rest, endpoint, on_name, row);
    }
}

/* ---- phones ---- */

static void add_phone(struct desk_ask *ask, const char *endpoint)
{
    for (size_t i = 0; i < ask->phones.len; i++)
        if (str_eq(ask->phones.items[i]->endpoint, endpoint))
            return;
    struct phone_row *row = mem_zero(1, sizeof *row);
    row->ask = ask;
    row->endpoint = mem_dup(endpoint);
    row->shows_presence = str_starts(endpoint, PJSIP);
    VEC_PUSH(&ask->phones, row);
}

static void gather_phones(struct desk_ask *ask, const struct ari_endpoints *endpoints)
{
    const struct ari_people *people = ask->desk->config.people;
    const struct backend_user *line = ari_people_line(people, ask->extension);
    const struct ari_user *user = ari_people_by_extension(people, ask->extension);
    char own[ARI_NAME_BYTES];
    snprintf(own, sizeof own, PJSIP "%s", ask->extension);
    for (size_t i = 0; line != NULL && i < line->endpoints_len; i++)
        add_phone(ask, line->endpoints[i]);
    for (size_t i = 0; user != NULL && i < user->devices.len; i++)
        add_phone(ask, user->devices.items[i].name);
    if (ask->phones.len == 0)
        add_phone(ask, own);
    for (size_t i = 0; i < ask->phones.len; i++) {
        struct phone_row *row = ask->phones.items[i];
        for (size_t k = 0; k < endpoints->list.len; k++) {
            if (!str_eq(row->endpoint, endpoints->list.items[k].name))
                continue;
            row->is_listed = true;
            row->is_online = endpoints->list.items[k].online == ARI_ONLINE_YES;
        }
    }
}

static bool is_in_call(const struct ari_world *world, const char *endpoint)
{
    char name[ARI_NAME_BYTES];
    for (size_t i = 0; i < world->chans.len; i++)
        if (ari_channel_endpoint(world->chans.items[i]->fact.name, name, sizeof name) &&
            str_eq(name, endpoint))
            return true;
    return false;
}

static void tell_phones(struct desk_ask *ask)
{
    VEC(struct desk_phone) phones = {0};
    size_t listed = 0;
    for (size_t i = 0; i < ask->phones.len; i++) {
        const struct phone_row *row = ask->phones.items[i];
        struct desk_phone phone = {.name = row->endpoint,
                                   .model = "",
                                   .is_online = row->is_online,
                                   .is_in_call =
                                       is_in_call(ask->desk->config.part.world, row->endpoint),
                                   .shows_presence = row->shows_presence};
        VEC_PUSH(&phones, phone);
        listed += row->is_listed;
    }
    struct desk_answer answer = {.rc = RC_OK, .phones = phones.items, .phones_len = phones.len};
    char text[ARI_NUMBER_BYTES + 64];
    snprintf(text, sizeof text, "the server has no phone of %s", ask->extension);
    if (listed == 0 && ari_people_line(ask->desk->config.people, ask->extension) == NULL)
        desk_ask_fail(ask, RC_NOT_FOUND, text);
    else
        desk_ask_tell(ask, &answer);
    VEC_FREE(&phones);
}

/* A phone that the server lets subscribe can show the list; where the server does not say, it is
 * taken to let it. */
static void on_phone(void *self, const struct rest_answer *answer)
{
    struct phone_row *row = self;
    bool is_on = false;
    row->ask->waits--;
    if (answer->rc == RC_OK && answer->status == 200 &&
        ari_flag_decode(answer->body, answer->body_len, "allow_subscribe", &is_on) == RC_OK)
        row->shows_presence = is_on;
    step(row->ask);
}

static void ask_phones(struct desk_ask *ask)
{
    while (ask->next < ask->phones.len && ask->waits < ARI_DESK_PARALLEL) {
        struct phone_row *row = ask->phones.items[ask->next++];
        if (!row->is_listed || !row->shows_presence)
            continue;
        ask->waits++;
        ask_endpoint(ask->desk->config.part.rest, row->endpoint, on_phone, row);
    }
}

/* ---- both ---- */

static void step(struct desk_ask *ask)
{
    if (ask->kind == DESK_PEOPLE)
        ask_names(ask);
    else
        ask_phones(ask);
    if (ask->waits > 0)
        return;
    if (ask->kind == DESK_PEOPLE)
        tell_people(ask);
    else
        tell_phones(ask);
}

static void on_endpoints(void *self, const struct rest_answer *answer)
{
    struct desk_ask *ask = self;
    struct ari_endpoints endpoints;
    struct err err = {0};
    if (answer->rc != RC_OK) {
        desk_ask_fail(ask, answer->rc == RC_TIMEOUT ? RC_TIMEOUT : RC_UNREACHABLE, answer->text);
    } else if (answer->status != 200) {
        desk_ask_fail(ask, answer->status == 403 ? RC_DENIED : RC_FAILED, answer->text);
    } else if (ari_endpoints_decode(&endpoints, answer->body, answer->body_len, &err) != RC_OK) {
        desk_ask_fail(ask, RC_FAILED, err.text);
    } else {
        if (ask->kind == DESK_PEOPLE)
            gather_people(ask, &endpoints);
        else
            gather_phones(ask, &endpoints);
        ari_endpoints_fini(&endpoints);
        step(ask);
    }
}

void desk_people_ask(struct desk_ask *ask)
{
    struct rest_request request = {.method = "GET", .uri = "endpoints"};
    rest_ask(ask->desk->config.part.rest, &request, on_endpoints, ask);
}

void desk_people_free(struct desk_ask *ask)
{
    struct rest *rest = ask->desk->config.part.rest;
    rest_cancel(rest, ask);
    for (size_t i = 0; i < ask->people.len; i++) {
        rest_cancel(rest, ask->people.items[i]);
        mem_free(ask->people.items[i]->extension);
        mem_free(ask->people.items[i]);
    }
    VEC_FREE(&ask->people);
    for (size_t i = 0; i < ask->phones.len; i++) {
        rest_cancel(rest, ask->phones.items[i]);
        mem_free(ask->phones.items[i]->endpoint);
        mem_free(ask->phones.items[i]);
    }
    VEC_FREE(&ask->phones);
}
