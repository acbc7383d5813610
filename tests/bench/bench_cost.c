/* bench_cost USERS: what an event, a snapshot and a frame cost with so many users, beside reference
 * loops in the same process and run. One line each: "NAME ns_each N". A fifth of the users are on a
 * call.
 *
 *     jansson   reference: jansson alone decodes the same event and throws it away
 *     event     decoder, world, telling, model
 *     snapshot  the lists of endpoints and channels, decoded, put together and told to the model
 *     frame     the board at 200x50 drawn into cells: nothing else than drawing
 *     paint     a 200x50 canvas of which every cell changed, to bytes
 *     one       one lamp changed: event to model, drawn and painted */
#include "callhud/backend/asterisk/tell.h"
#include "callhud/backend/asterisk/world.h"
#include "callhud/base/mem.h"
#include "callhud/draw/theme.h"
#include "callhud/model/hud.h"
#include "callhud/term/paint.h"
#include "callhud/ui/ui.h"

#include <fcntl.h>
#include <jansson.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROWS 50
#define COLS 200
#define ROUND_NS 400000000 /* of each measurement */
#define FIRST 10001

struct bench {
    size_t users;
    struct hud hud;
    struct ari_people people;
    struct ari_world world;
    struct buf endpoints, channels, events[2]; /* hold and unhold of the first call */
    struct ui *ui;
    struct canvas canvas;
    struct paint *paint;
    struct buf out;
    struct ari_user *user;
    int64_t now_ms;
    unsigned turn;
};

static long long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void measure(const char *name, struct bench *b, void (*work)(struct bench *b))
{
    long long best_ns = 0;
    work(b);
    for (int part = 0; part < 4; part++) { /* the quietest quarter counts */
        long long start_ns = now_ns(), took_ns = 0, count = 0;
        do {
            work(b);
            count++;
            took_ns = now_ns() - start_ns;
        } while (took_ns < ROUND_NS / 4);
        if (best_ns == 0 || took_ns / count < best_ns)
            best_ns = took_ns / count;
    }
    printf("%s ns_each %lld\n", name, best_ns);
}

static void sink(void *self, const struct event *event)
{
    struct bench *b = self;
    unsigned bits = hud_apply(&b->hud, event, b->now_ms);
    if (b->ui && bits)
        ui_hud_changed(b->ui, &b->hud, bits, b->now_ms);
    hud_changed_clear(&b->hud);
}

static void put_channel(struct buf *out, size_t user)
{
    buf_printf(out,
               "{\"id\":\"pbx-1795304203.%zu\",\"name\":\"PJSIP/%zu-%08zx\",\"state\":\"Up\","
               "\"protocol_id\":\"c76c1d20\",\"caller\":{\"name\":\"\",\"number\":\"%zu\"},"
               "\"connected\":{\"name\":\"Alice Caller\",\"number\":\"5551234\"},\"accountcode\":"
               "\"\",\"dialplan\":{\"context\":\"internal\",\"exten\":\"\",\"priority\":1,"
               "\"app_name\":\"AppDial\",\"app_data\":\"(Outgoing Line)\"},\"creationtime\":"
               "\"2026-11-21T23:36:43.604+0000\",\"language\":\"en\"}",
               user, user, user, user);
}

static void make_texts(struct bench *b)
{
    struct buf *texts[] = {&b->endpoints, &b->channels, &b->events[0], &b->events[1]};
    for (size_t i = 0; i < 4; i++)
        buf_init(texts[i], 16u * 1024 * 1024);
    for (size_t i = 0; i < b->users; i++) {
        buf_printf(&b->endpoints,
                   "%s{\"technology\":\"PJSIP\",\"resource\":\"%zu\",\"state\":\"online\","
                   "\"channel_ids\":[]}",
                   i ? "," : "[", FIRST + i);
        if (i % 5 == 0) {
            buf_puts(&b->channels, i ? "," : "[");
            put_channel(&b->channels, FIRST + i);
        }
    }
    buf_putc(&b->endpoints, ']');
    buf_putc(&b->channels, ']');
    for (int i = 0; i < 2; i++) {
        buf_printf(&b->events[i],
                   "{\"type\":\"%s\",\"timestamp\":\"2026-11-21T23:36:44.772+0000\",\"channel\":",
                   i ? "ChannelUnhold" : "ChannelHold");
        put_channel(&b->events[i], FIRST);
        buf_puts(&b->events[i], ",\"asterisk_id\":\"02:fc\",\"application\":\"hud\"}");
    }
}

static void do_jansson(struct bench *b)
{
    const struct buf *text = &b->events[b->turn++ % 2];
    json_decref(json_loadb(text->data, text->len, 0, NULL));
}

static void do_event(struct bench *b)
{
    const struct buf *text = &b->events[b->turn++ % 2];
    const struct backend_sink to = {.event = sink, .self = b};
    struct ari_event event;
    if (ari_event_decode(&event, text->data, text->len, NULL) != RC_OK)
        abort();
    ari_world_apply(&b->world, &event);
    ari_tell_news(&to, &b->world, b->user, event.at_ms);
    ari_event_fini(&event);
}

static void do_snapshot(struct bench *b)
{
    struct ari_endpoints endpoints;
    struct ari_channels channels;
    struct ari_world next;
    ari_users gone = {0};
    const struct backend_sink to = {.event = sink, .self = b};
    struct event asked = {.kind = EVENT_SNAPSHOT_ASKED}, done = {.kind = EVENT_SNAPSHOT_DONE};
    if (ari_endpoints_decode(&endpoints, b->endpoints.data, b->endpoints.len, NULL) != RC_OK ||
        ari_channels_decode(&channels, b->channels.data, b->channels.len, NULL) != RC_OK)
        abort();
    ari_people_listed(&b->people, &endpoints, false, &gone);
    ari_world_put_begin(&next, &b->world);
    for (size_t i = 0; i < channels.list.len; i++)
        ari_world_put_channel(&next, &channels.list.items[i], 0, &b->world);
    ari_world_put_done(&next, &b->world);
    ari_endpoints_fini(&endpoints);
    ari_channels_fini(&channels);
    ari_world_fini(&b->world);
    b->world = next;
    sink(b, &asked);
    for (size_t i = 0; i < b->people.users.len; i++)
        ari_tell_whole(&to, &b->world, b->people.users.items[i], 0);
    sink(b, &done);
    VEC_FREE(&gone);
}

static void do_frame(struct bench *b)
{
    ui_render(b->ui, &b->canvas, &b->hud, b->now_ms);
}

static void do_one(struct bench *b)
{
    do_event(b);
    do_frame(b);
    buf_reset(&b->out);
    paint_frame(b->paint, &b->canvas, false, &b->out);
    if (b->out.len == 0)
        abort(); /* a lamp that changed and was not painted */
}

static void do_paint(struct bench *b)
{
    canvas_fill(&b->canvas, 0, 0, ROWS, COLS, (struct style){.role = ROLE_TEXT},
                b->turn++ % 2 ? "x" : "y");
    buf_reset(&b->out);
    paint_frame(b->paint, &b->canvas, false, &b->out);
}

static void open_model(struct bench *b)
{
    char monitor[64];
    struct err err = {0};
    snprintf(monitor, sizeof monitor, "%d-%zu", FIRST, FIRST + b->users - 1);
    struct backend_config config = {
        .profile = "bench", .server = "http://127.0.0.1/ari", .monitor = monitor};
    config.phone = "", config.dnd_device = "";
    hud_init(&b->hud);
    if (ari_people_init(&b->people, &config, &err) != RC_OK)
        abort();
    ari_world_init(&b->world, &b->people);
    struct event live = {.kind = EVENT_LINK};
    live.u.link.state = LINK_LIVE;
    live.u.link.text = "";
    b->now_ms = 1000000;
    sink(b, &live);
    do_snapshot(b);
    b->user = b->people.users.items[0];
    if (b->hud.users.len != b->users)
        abort();
}

static void open_screen(struct bench *b)
{
    static const char *const themes[] = {"default", NULL};
    struct ui_settings settings = {
        .profile = "bench", .backend = "x", .phone_extension = "", .theme = "default"};
    struct err err = {0};
    struct theme theme;
    struct caps caps;
    struct term_options options = {0};
    settings.themes = themes;
    buf_init(&b->out, 1024 * 1024);
    canvas_init(&b->canvas, ROWS, COLS, false);
    if (ui_new(&b->ui, &settings, &err) != RC_OK || paint_open(&b->paint, &err) != RC_OK ||
        theme_load(&theme, "default", NULL, &err) != RC_OK)
        abort();
    caps_read(&caps, &options);
    ui_hud_changed(b->ui, &b->hud, HUD_CHANGED_USERS, b->now_ms);
    paint_resize(b->paint, ROWS, COLS);
    paint_set_theme(b->paint, &theme, &caps);
}

int main(int argc, char **argv)
{
    static struct bench b;
    b.users = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
    setlocale(LC_ALL, "C.UTF-8");
    make_texts(&b);
    open_model(&b);
    measure("jansson", &b, do_jansson);
    measure("event", &b, do_event);
    measure("snapshot", &b, do_snapshot);
    open_screen(&b);
    measure("frame", &b, do_frame);
    measure("one", &b, do_one);
    measure("paint", &b, do_paint);
    paint_close(b.paint);
    ui_free(b.ui);
    canvas_fini(&b.canvas);
    ari_world_fini(&b.world);
    ari_people_fini(&b.people);
    hud_fini(&b.hud);
    for (int i = 0; i < 2; i++)
        buf_fini(&b.events[i]);
    buf_fini(&b.endpoints);
    buf_fini(&b.channels);
    buf_fini(&b.out);
    return 0;
}
