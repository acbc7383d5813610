/* bench_floor USERS: what the console does on a floor of so many people, without a network: one
 * line each, "NAME ns_each N". A third of them are on a call, one in a thousand rings, one in five
 * hundred holds.
 *
 *     walk    reference: the users looked at one after the other, nothing kept
 *     event   a lamp that changes: the model, and what the screens note of it
 *     unread  the same while the state is read anew and lamps are stale
 *     frame   the board at 200x50 after a change, drawn into cells
 *     key     a key and its frame, nothing else having changed */
#include "callhud/base/mem.h"
#include "callhud/ui/ui.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROWS 50
#define COLS 200
#define ROUND_NS 400000000 /* of each measurement */

struct bench {
    size_t users;
    struct hud hud;
    struct ui *ui;
    struct canvas canvas;
    int64_t now_ms;
    unsigned turn;
    unsigned long long sum;
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

/* As the session does: the model, its next tick, the screens. */
static void apply(struct bench *b, const struct event *event)
{
    unsigned bits = hud_apply(&b->hud, event, b->now_ms);
    b->sum += (unsigned long long)hud_next_tick_ms(&b->hud, b->now_ms);
    if (b->ui && bits)
        ui_hud_changed(b->ui, &b->hud, bits, b->now_ms);
    hud_changed_clear(&b->hud);
}

static void tell(struct bench *b, enum event_kind kind, size_t user)
{
    char id[32], extension[32], name[64], call[40];
    static const char *const departments[] = {"Sales", "Support", "Billing", "Orders", "Export"};
    struct event event = {.kind = kind, .at_ms = 1795304203000, .user_id = id};
    snprintf(id, sizeof id, "4001444%08zu", user);
    if (kind == EVENT_USER) {
        snprintf(extension, sizeof extension, "%zu", 1000 + user);
        snprintf(name, sizeof name, "Person %zu Somebody", user * 7919 % b->users);
        event.u.user.extension = extension;
        event.u.user.name = name;
        event.u.user.department = departments[user * 31 % 5];
    } else if (kind == EVENT_PRESENCE) {
        event.u.presence.presence = PRESENCE_AVAILABLE;
        event.u.presence.note = "";
    } else if (kind == EVENT_CALL) {
        snprintf(call, sizeof call, "s-%zu/p-1", user);
        event.u.call.id = call;
        event.u.call.state = user % 1000 == 3  ? CALL_RINGING
                             : user % 500 == 1 ? CALL_HELD
                                               : CALL_CONNECTED;
        event.u.call.direction = CALL_IN;
        event.u.call.number = "5551234";
        event.u.call.name = "Alice Caller";
    } else if (kind == EVENT_DND) {
        event.u.dnd.is_on = b->turn % 2 != 0;
    }
    apply(b, &event);
}

static void link_live(struct bench *b)
{
    struct event live = {.kind = EVENT_LINK};
    live.u.link.state = LINK_LIVE;
    live.u.link.text = "";
    apply(b, &live);
}

static void open_floor(struct bench *b)
{
    hud_init(&b->hud);
    b->now_ms = 1000000;
    link_live(b);
    apply(b, &(struct event){.kind = EVENT_SNAPSHOT_ASKED});
    for (size_t i = 0; i < b->users; i++) {
        tell(b, EVENT_USER, i);
        tell(b, EVENT_PRESENCE, i);
        if (i % 3 == 0 || i % 1000 == 3 || i % 500 == 1)
            tell(b, EVENT_CALL, i);
    }
    apply(b, &(struct event){.kind = EVENT_SNAPSHOT_DONE});
    if (b->hud.users.len != b->users || !b->hud.link.is_synced)
        abort();
}

static void open_screen(struct bench *b)
{
    static const char *const themes[] = {"default", NULL};
    struct ui_settings settings = {
        .profile = "bench", .backend = "x", .phone_extension = "", .theme = "default"};
    struct err err = {0};
    settings.themes = themes;
    canvas_init(&b->canvas, ROWS, COLS, false);
    if (ui_new(&b->ui, &settings, &err) != RC_OK)
        abort();
    ui_hud_changed(b->ui, &b->hud, HUD_CHANGED_USERS, b->now_ms);
}

static void do_walk(struct bench *b)
{
    for (size_t i = 0; i < b->hud.users.len; i++) {
        const struct user *user = b->hud.users.items[i];
        b->sum += (unsigned char)user->id[0] + (unsigned)user->lamp + user->calls.len;
    }
}

static void do_event(struct bench *b)
{
    b->turn++;
    tell(b, EVENT_DND, b->turn / 2 * 6007 % b->users);
}

static void do_render(struct bench *b)
{
    b->now_ms += 33;
    ui_render(b->ui, &b->canvas, &b->hud, b->now_ms);
}

static void do_frame(struct bench *b)
{
    do_event(b);
    do_render(b);
}

static void do_key(struct bench *b)
{
    struct key key = {.code = b->turn++ % 2 ? KEY_CODE_DOWN : KEY_CODE_UP};
    ui_key(b->ui, &key, &b->hud, b->now_ms);
    do_render(b);
}

int main(int argc, char **argv)
{
    static struct bench b;
    b.users = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
    setlocale(LC_ALL, "C.UTF-8");
    open_floor(&b);
    open_screen(&b);
    measure("walk", &b, do_walk);
    measure("event", &b, do_event);
    measure("frame", &b, do_frame);
    measure("key", &b, do_key);
    apply(&b, &(struct event){.kind = EVENT_GAP});
    measure("unread", &b, do_event);
    ui_free(b.ui);
    canvas_fini(&b.canvas);
    hud_fini(&b.hud);
    return b.sum == 0;
}
