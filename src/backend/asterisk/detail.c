#include "callhud/backend/asterisk/detail.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <string.h>

struct detail {
    struct detail_config config;
    struct name_ask {
        struct detail *detail;
        struct ari_user *user; /* NULL: this slot is free */
    } names[DETAIL_NAMES_PARALLEL];
    bool is_naming_refused;
    struct hold_ask {
        struct detail *detail;
        char id[ARI_ID_BYTES]; /* of the channel; "": this slot is free */
    } holds[DETAIL_HOLDS_PARALLEL];
};

struct detail *detail_new(const struct detail_config *config)
{
    struct detail *detail = mem_zero(1, sizeof *detail);
    detail->config = *config;
    return detail;
}

void detail_free(struct detail *detail)
{
    if (detail == NULL)
        return;
    for (size_t i = 0; i < DETAIL_NAMES_PARALLEL; i++)
        rest_cancel(detail->config.rest, &detail->names[i]);
    for (size_t i = 0; i < DETAIL_HOLDS_PARALLEL; i++)
        rest_cancel(detail->config.rest, &detail->holds[i]);
    mem_free(detail);
}

/* ---- names ---- */

static void ask_names(struct detail *detail);

static void on_name(void *self, const struct rest_answer *answer)
{
    struct name_ask *ask = self;
    struct detail *detail = ask->detail;
    struct ari_user *user = ask->user;
    char name[ARI_TEXT_BYTES];
    ask->user = NULL;
    if (answer->rc != RC_OK) {
        user->is_name_asked = false; /* again after the next snapshot */
        return;
    }
    if (answer->status == 403)
        detail->is_naming_refused = true; /* names then come from caller ids */
    if (answer->status == 200 &&
        ari_callerid_decode(answer->body, answer->body_len, name, sizeof name) == RC_OK &&
        ari_user_named(user, name, ARI_NAME_DYNAMIC))
        detail->config.news(detail->config.self);
    ask_names(detail);
}

static void ask_name(struct name_ask *ask, struct ari_user *user)
{
    struct buf uri;
    buf_init(&uri, 4096);
    buf_puts(&uri, "asterisk/config/dynamic/res_pjsip/endpoint/");
    ari_escape(&uri, user->devices.items[0].name + strlen("PJSIP/"));
    ask->user = user;
    user->is_name_asked = true;
    struct rest_request request = {.method = "GET", .uri = buf_text(&uri)};
    rest_ask(ask->detail->config.rest, &request, on_name, ask);
    buf_fini(&uri);
}

/* One request per user who has no name, once a run; endpoints only, never auth objects. */
static void ask_names(struct detail *detail)
{
    const struct ari_people *people = detail->config.world->people;
    size_t slot = 0;
    for (size_t i = 0; i < people->users.len && !detail->is_naming_refused; i++) {
        struct ari_user *user = people->users.items[i];
        if (user->is_name_asked || user->name_source >= ARI_NAME_DYNAMIC ||
            user->devices.len == 0 || !str_starts(user->devices.items[0].name, "PJSIP/"))
            continue;
        while (slot < DETAIL_NAMES_PARALLEL && detail->names[slot].user != NULL)
            slot++;
        if (slot == DETAIL_NAMES_PARALLEL)
            return;
        detail->names[slot].detail = detail;
        ask_name(&detail->names[slot], user);
    }
}

void detail_forget(struct detail *detail, const struct ari_user *user)
{
    for (size_t i = 0; i < DETAIL_NAMES_PARALLEL; i++) {
        if (detail->names[i].user != user)
            continue;
        rest_cancel(detail->config.rest, &detail->names[i]);
        detail->names[i].user = NULL;
    }
}

/* ---- channels that left a bridge while their phone held ---- */

static void on_hold(void *self, const struct rest_answer *answer)
{
    struct hold_ask *ask = self;
    struct detail *detail = ask->detail;
    char value[ARI_DATA_BYTES] = "";
    if (answer->rc == RC_OK && answer->status == 200)
        ari_variable_decode(answer->body, answer->body_len, value, sizeof value);
    bool is_news = ari_world_hold_told(detail->config.world, ask->id, str_eq(value, "1"));
    ask->id[0] = '\0';
    if (is_news)
        detail->config.news(detail->config.self);
}

/* Transferred, the phone goes on holding and no event says so; retrieved or hung up, the channel is
 * gone when the answer comes. */
void detail_ask_hold(struct detail *detail, const struct ari_chan *chan)
{
    size_t slot = 0;
    if (!chan->is_hold_open || chan->owner == NULL || !str_starts(chan->fact.name, "PJSIP/"))
        return;
    while (slot < DETAIL_HOLDS_PARALLEL && detail->holds[slot].id[0] != '\0')
        slot++;
    if (slot == DETAIL_HOLDS_PARALLEL) {
        detail->config.overflow(detail->config.self);
        return;
    }
    struct hold_ask *ask = &detail->holds[slot];
    ask->detail = detail;
    str_copy(ask->id, sizeof ask->id, chan->fact.id);
    struct buf uri;
    buf_init(&uri, 4096);
    buf_puts(&uri, "channels/");
    ari_escape(&uri, ask->id);
    buf_puts(&uri, "/variable?variable=CHANNEL%28rtp%2Chold%29");
    struct rest_request request = {.method = "GET", .uri = buf_text(&uri)};
    rest_ask(detail->config.rest, &request, on_hold, ask);
    buf_fini(&uri);
}

void detail_ask(struct detail *detail)
{
    ask_names(detail);
    for (size_t i = 0; i < detail->config.world->chans.len; i++)
        detail_ask_hold(detail, detail->config.world->chans.items[i]);
}
