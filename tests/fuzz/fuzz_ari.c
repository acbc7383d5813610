/* What an Asterisk (or whoever sits in its place) sends: lines of frames go through decoder, world
 * and calls; a line that begins with '[' is the answer of a list and begins a new world. */
#include "callhud/backend/asterisk/world.h"
#include "callhud/backend/json_wire.h"
#include "callhud/base/mem.h"
#include "callhud/base/utf8.h"

#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    CHECK(setlocale(LC_CTYPE, "C.UTF-8") != NULL);
    return 0;
}

/* Ready for the screen: valid, and with no control character left. */
static void check_text(const char *text, size_t size)
{
    size_t len = strnlen(text, size);
    CHECK(len < size);
    CHECK(utf8_is_valid(text, len));
    for (size_t i = 0; i < len; i++)
        CHECK((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

static void check_channel(const struct ari_channel *channel)
{
    check_text(channel->id, sizeof channel->id);
    check_text(channel->name, sizeof channel->name);
    check_text(channel->caller_name, sizeof channel->caller_name);
    check_text(channel->connected_number, sizeof channel->connected_number);
    check_text(channel->app_data, sizeof channel->app_data);
}

static void check_world(struct ari_world *world)
{
    ari_calls calls = {0};
    for (size_t i = 0; i < world->people->users.len; i++) {
        ari_world_calls(world, world->people->users.items[i], &calls);
        for (size_t k = 0; k < calls.len; k++) {
            check_text(calls.items[k].id, sizeof calls.items[k].id);
            check_text(calls.items[k].number, sizeof calls.items[k].number);
            check_text(calls.items[k].name, sizeof calls.items[k].name);
            CHECK(calls.items[k].supervisors_len <= ARI_SUPERVISORS_MAX);
        }
    }
    for (size_t i = 0; i < world->chans.len; i++) {
        const struct ari_chan *chan = world->chans.items[i];
        CHECK(map_get(&world->chan_by_id, chan->fact.id) == chan);
        struct buf tomb;
        buf_init(&tomb, 1024);
        buf_printf(&tomb, "c%s", chan->fact.id);
        CHECK(map_get(&world->tombs, buf_text(&tomb)) == NULL);
        buf_fini(&tomb);
        bool is_member = chan->room == NULL;
        for (size_t k = 0; chan->room != NULL && k < chan->room->members.len; k++)
            is_member |= chan->room->members.items[k] == chan;
        CHECK(is_member);
    }
    VEC_FREE(&calls);
}

static void new_world(struct ari_world *world, const char *line, size_t len)
{
    struct ari_channels channels;
    struct ari_bridges bridges;
    struct ari_endpoints endpoints;
    struct ari_world next;
    ari_users gone = {0};
    ari_world_put_begin(&next, world);
    if (ari_endpoints_decode(&endpoints, line, len, NULL) == RC_OK) {
        ari_people_listed(world->people, &endpoints, false, &gone);
        ari_endpoints_fini(&endpoints);
    }
    if (ari_channels_decode(&channels, line, len, NULL) == RC_OK) {
        for (size_t i = 0; i < channels.list.len; i++) {
            check_channel(&channels.list.items[i]);
            ari_world_put_channel(&next, &channels.list.items[i], 0, world);
            ari_world_put_hold(&next, channels.list.items[i].id, i % 2 == 0);
        }
        ari_channels_fini(&channels);
    }
    if (ari_bridges_decode(&bridges, line, len, NULL) == RC_OK) {
        for (size_t i = 0; i < bridges.list.len; i++)
            ari_world_put_bridge(&next, &bridges.list.items[i]);
        ari_bridges_fini(&bridges);
    }
    ari_world_put_done(&next, world);
    ari_world_fini(world);
    *world = next;
}

static void small_answers(const char *line, size_t len)
{
    char text[ARI_TEXT_BYTES];
    ari_variable_decode(line, len, text, sizeof text);
    check_text(text, sizeof text);
    ari_device_state_decode(line, len, text, sizeof text);
    ari_version_decode(line, len, text, sizeof text);
    ari_version_has_rest_over_ws(text);
    ari_callerid_decode(line, len, text, sizeof text);
    check_text(text, sizeof text);
    ari_error_text(line, len, text, sizeof text);
    check_text(text, sizeof text);
}

static void take_line(struct ari_world *world, const char *line, size_t len)
{
    struct ari_event event;
    if (len > 0 && line[0] == '[')
        new_world(world, line, len);
    else if (ari_event_decode(&event, line, len, NULL) == RC_OK) {
        check_channel(&event.channel);
        check_channel(&event.peer);
        check_text(event.text, sizeof event.text);
        ari_world_apply(world, &event);
        ari_event_fini(&event);
    } else {
        small_answers(line, len);
    }
    check_world(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct backend_user lines[] = {
        {"101", "A", "", NULL, 0}, {"102", "", "", NULL, 0}, {"104", "", "", NULL, 0}};
    const struct backend_config config = {
        .monitor = "all", .dnd_device = "Custom:DND%s", .users = lines, .users_len = 3};
    struct ari_people people;
    struct ari_world world;
    CHECK(ari_people_init(&people, &config, NULL) == RC_OK);
    ari_world_init(&world, &people);
    char *text = mem_dup_n((const char *)data, size);
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t len = end != NULL ? (size_t)(end - (text + at)) : size - at;
        take_line(&world, text + at, len);
        at += len + 1;
    }
    mem_free(text);
    ari_world_fini(&world);
    ari_people_fini(&people);
    return 0;
}
