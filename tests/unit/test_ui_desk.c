/* The screens of a desk on a real list: what they ask of the program, and what they never do. */
#include "fake_desk.h"

#include "callhud/base/str.h"
#include "callhud/draw/canvas.h"
#include "callhud/model/hud.h"
#include "callhud/ui/ui_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct room {
    struct hud hud;
    struct ui *ui;
    struct canvas canvas;
    struct fake_desk desk;
    int64_t now_ms;
};

static void sync(struct hud *hud, int64_t now_ms)
{
    struct event event = {.kind = EVENT_LINK};

    event.u.link.state = LINK_LIVE;
    event.u.link.text = "";
    (void)hud_apply(hud, &event, now_ms);
    (void)hud_apply(hud, &(struct event){.kind = EVENT_SNAPSHOT_ASKED}, now_ms);
    (void)hud_apply(hud, &(struct event){.kind = EVENT_SNAPSHOT_DONE, .at_ms = 1}, now_ms);
}

static void open_room(struct room *r, int people, int stored)
{
    struct ui_settings settings = {.profile = "work", .backend = "", .phone_extension = ""};
    struct err err = {0};
    char extension[16], name[32];

    memset(r, 0, sizeof *r);
    r->now_ms = 100000;
    hud_init(&r->hud);
    sync(&r->hud, r->now_ms);
    assert_int_equal(ui_new(&r->ui, &settings, &err), RC_OK);
    canvas_init(&r->canvas, 24, 80, false);
    fake_desk_init(&r->desk);
    for (int i = 0; i < people; i++) {
        (void)snprintf(extension, sizeof extension, "%d", 1000 + i);
        (void)snprintf(name, sizeof name, "Person %d", i);
        fake_desk_person(&r->desk, extension, name, i % 2 == 0 ? "Even" : "Odd", true);
        if (i < stored)
            fake_desk_store(&r->desk, extension, name, i < 2);
    }
    fake_desk_read(&r->desk, r->now_ms, 1);
    ui_set_desk(r->ui, &r->desk.desk, &r->desk.ops);
}

static void close_room(struct room *r)
{
    ui_free(r->ui);
    canvas_fini(&r->canvas);
    fake_desk_fini(&r->desk);
    hud_fini(&r->hud);
}

static void draw(struct room *r)
{
    ui_render(r->ui, &r->canvas, &r->hud, r->now_ms);
}

static void type(struct room *r, const char *keys)
{
    for (; *keys != '\0'; keys++) {
        struct key key = {.code = *keys == '\n'     ? (uint32_t)KEY_CODE_ENTER
                                  : *keys == '\033' ? (uint32_t)KEY_CODE_ESCAPE
                                                    : (uint32_t)*keys};
        ui_key(r->ui, &key, &r->hud, r->now_ms);
    }
    draw(r);
}

static bool shows(struct room *r, const char *text)
{
    struct buf out;

    draw(r);
    buf_init(&out, 1 << 20);
    canvas_text(&r->canvas, &out);
    bool is_there = strstr(buf_text(&out), text) != NULL;
    if (!is_there)
        print_message("%s\n", buf_text(&out));
    buf_fini(&out);
    return is_there;
}

static void wait_ms(struct room *r, int64_t ms)
{
    draw(r);
    r->now_ms += ms;
    draw(r);
}

static size_t unsaved(const struct room *r)
{
    return appearance_count(&r->desk.list).unsaved;
}

/* --- tests --------------------------------------------------------------------------------------
 */

/* The program is asked for people, phones and settings while a screen of the desk is open. */
static void it_is_told_what_is_open(void **state)
{
    struct room r;

    (void)state;
    open_room(&r, 10, 5);
    assert_false(r.desk.is_shown);
    type(&r, "e");
    assert_true(r.desk.is_shown);
    type(&r, "p,+?"); /* preview, settings; + is nothing there; help over it */
    assert_true(r.desk.is_shown);
    assert_int_equal(r.desk.shows, 1);
    type(&r, "q");
    assert_true(r.desk.is_shown); /* back from help */
    type(&r, "q");
    assert_false(r.desk.is_shown);
    assert_int_equal(r.desk.shows, 2);
    close_room(&r);
}

/* All that are shown: those of the department, and nobody else. */
static void all_shown_are_removed_and_come_back(void **state)
{
    struct room r;

    (void)state;
    open_room(&r, 40, 20);
    type(&r, "ed");
    assert_true(shows(&r, "10 shown"));
    type(&r, "a-");
    /* one of ten is reserved: it is not marked */
    assert_int_equal(unsaved(&r), 9);
    assert_true(shows(&r, "9 removed here"));
    for (size_t i = 0; i < r.desk.list.lines.len; i++) {
        const struct appearance_line *line = &r.desk.list.lines.items[i];
        bool is_even = (line->stored->id[3] - '0') % 2 == 0;
        assert_int_equal(line->here == NULL, is_even && line->state != LINE_RESERVED);
    }
    type(&r, "u");
    assert_int_equal(unsaved(&r), 0);
    close_room(&r);
}

static void added_are_added_once_and_whole(void **state)
{
    struct room r;

    (void)state;
    open_room(&r, 1000, 20);
    type(&r, "e+a\n");
    assert_int_equal(appearance_count(&r.desk.list).keys, 1000);
    assert_int_equal(unsaved(&r), 980);
    assert_true(shows(&r, "980 added here"));
    type(&r, "+a\n"); /* nobody is left: the picker stays */
    assert_int_equal(appearance_count(&r.desk.list).keys, 1000);
    close_room(&r);
}

/* The room is for 21: the first is added, the others say why not. */
static void a_full_list_refuses_the_rest(void **state)
{
    struct room r;

    (void)state;
    open_room(&r, 30, 20);
    r.desk.list.max_lines = 21;
    type(&r, "e+a\n");
    assert_int_equal(appearance_count(&r.desk.list).keys, 21);
    assert_true(shows(&r, "1 added here; 9 refused: the list is full"));
    close_room(&r);
}

/* Marked lines keep their order, stop at the top, and stay marked. */
static void marked_lines_move_together(void **state)
{
    static const char *const want[] = {"1000", "1001", "1003", "1004", "1002", "1005"};
    struct room r;

    (void)state;
    open_room(&r, 6, 6);
    type(&r, "e1003");
    r.now_ms += 3000;
    type(&r, "  ["); /* marks 1003 and 1004 */
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(r.desk.list.lines.items[i].here->id, want[i]);
    type(&r, "[");
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(r.desk.list.lines.items[i].here->id, want[i]);
    type(&r, "]]");
    assert_string_equal(r.desk.list.lines.items[4].here->id, "1003");
    assert_string_equal(r.desk.list.lines.items[5].here->id, "1004");
    close_room(&r);
}

/* Marked lines come to stand side by side from the key that was said on, in their order, wherever
 * they came from; where there is no room for all of them behind it, as far behind as there is. */
static void marked_lines_come_to_a_key(void **state)
{
    static const struct {
        const char *marks, *to, *want;
    } cases[] = {
        {"34", "6", "0125634789"},   {"67", "3", "0167234589"}, {"28", "5", "0134285679"},
        {"234", "9", "0156789234"},  {"57", "1", "0157234689"}, {"4", "5", "0123456789"},
        {"23", "500", "0145678923"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct room r;
        char keys[64], got[16] = "";
        open_room(&r, 10, 10);
        type(&r, "e");
        for (const char *c = cases[i].marks; *c != '\0'; c++) {
            (void)snprintf(keys, sizeof keys, "100%c", *c);
            r.now_ms += 3000;
            type(&r, keys);
            type(&r, " ");
        }
        (void)snprintf(keys, sizeof keys, ":list-place %s\n", cases[i].to);
        type(&r, keys);
        for (size_t at = 0; at < 10; at++)
            got[at] = r.desk.list.lines.items[at].here->id[3];
        assert_string_equal(got, cases[i].want);
        close_room(&r);
    }
}

/* The restart of another's phones ends their calls, and never what our phone does. */
static void a_restart_ends_what_is_on_those_phones(void **state)
{
    struct room r;

    (void)state;
    open_room(&r, 10, 5);
    struct desk_phone *phone = fake_desk_phone(&r.desk, "Desk", "VVX 411");
    phone->restarts = phone->is_online = phone->is_in_call = true;
    r.hud.supervision.state = SUPERVISION_CONFIRMED;
    r.hud.supervision.mode = SUPERVISE_LISTEN;
    r.hud.supervision.user_id = mem_dup("1004");
    type(&r, "e1003");
    r.now_ms += 3000;
    type(&r, "-S");
    assert_true(shows(&r, "the restart ends that"));
    type(&r, "\033");
    r.desk.desk.whose = "1003 Person 3";
    ui_desk_changed(r.ui);
    type(&r, "S");
    assert_true(shows(&r, "The restart ends the call on Desk."));
    assert_false(shows(&r, "You are"));
    close_room(&r);
}

/* Nothing that was typed before the question could be read is an answer to it. */
static void a_save_that_restarts_asks(void **state)
{
    struct room r;

    (void)state;
    open_room(&r, 10, 5);
    fake_desk_phone(&r.desk, "Desk", "VVX 411")->restarts = true;
    type(&r, "e1003");
    r.now_ms += 3000;
    type(&r, "-Sy");
    assert_int_equal(r.desk.pushes, 0);
    wait_ms(&r, 249);
    type(&r, "y");
    assert_int_equal(r.desk.pushes, 0);
    assert_true(shows(&r, "Desk (VVX 411)"));
    wait_ms(&r, 1);
    type(&r, "w"); /* none is in a call: there is nothing to wait for */
    assert_int_equal(r.desk.pushes, 0);
    type(&r, "\n"); /* the default is not now */
    assert_int_equal(r.desk.pushes, 0);
    type(&r, "S");
    wait_ms(&r, 250);
    type(&r, "y");
    assert_int_equal(r.desk.pushes, 1);
    assert_int_equal(r.desk.idle_pushes, 0);
    close_room(&r);
}

/* Another text in the question: what was typed at the old one is no answer to it. */
static void a_question_that_changed_is_read_again(void **state)
{
    struct room r;
    struct appearance_edit edit = {.kind = EDIT_REMOVE, .user = {.id = "1004"}};

    (void)state;
    open_room(&r, 10, 6);
    fake_desk_phone(&r.desk, "Desk", "")->restarts = true;
    type(&r, "e1003");
    r.now_ms += 3000;
    type(&r, "-S");
    wait_ms(&r, 1000);
    assert_int_equal(appearance_edit(&r.desk.list, &edit, 1), 1); /* by another callhud */
    ui_desk_changed(r.ui);
    type(&r, "y");
    assert_int_equal(r.desk.pushes, 0);
    assert_true(shows(&r, "Save 2 changes"));
    wait_ms(&r, 250);
    type(&r, "y");
    assert_int_equal(r.desk.pushes, 1);
    close_room(&r);
}

/* Which phones are in a call is asked for when the question opens; an answer that changes it is to
 * be read before anything counts as an answer. */
static void phones_are_looked_at_again(void **state)
{
    struct room r;

    (void)state;
    open_room(&r, 10, 6);
    struct desk_phone *phone = fake_desk_phone(&r.desk, "Desk", "");
    phone->restarts = true;
    type(&r, "e1003");
    r.now_ms += 3000;
    size_t before = r.desk.shows;
    type(&r, "-S");
    assert_int_equal(r.desk.shows, before + 1);
    wait_ms(&r, 1000);
    phone->is_in_call = true;
    ui_desk_changed(r.ui);
    type(&r, "y");
    assert_int_equal(r.desk.pushes, 0);
    assert_true(shows(&r, "Desk (in a call now)"));
    assert_true(shows(&r, "w  when Desk idle"));
    wait_ms(&r, 250);
    type(&r, "w");
    assert_int_equal(r.desk.idle_pushes, 1);
    close_room(&r);
}

static void a_save_that_restarts_nothing_does_not_ask(void **state)
{
    struct room r;

    (void)state;
    open_room(&r, 10, 5);
    (void)fake_desk_phone(&r.desk, "Soft", "");
    type(&r, "e1003");
    r.now_ms += 3000;
    type(&r, "-S");
    assert_int_equal(r.desk.pushes, 1);
    close_room(&r);
}

/* sync = automatic asks when nothing else is asked, and not twice. */
static void the_program_asks_when_it_may(void **state)
{
    struct room r;

    (void)state;
    open_room(&r, 10, 5);
    fake_desk_phone(&r.desk, "Desk", "")->restarts = true;
    type(&r, "e1003");
    r.now_ms += 3000;
    type(&r, "-/per");
    ui_desk_ask_save(r.ui, r.now_ms);
    type(&r, "son");
    assert_int_equal(r.desk.pushes, 0);
    type(&r, "\n");
    ui_desk_changed(r.ui);
    assert_true(shows(&r, "Save 1 change"));
    wait_ms(&r, 250);
    type(&r, "\033");
    ui_desk_changed(r.ui);
    assert_false(ui_is_typing(r.ui));
    close_room(&r);
}

/* Nothing needs to change for it: the prompt that was in the way is closed. What the link or a
 * small window has closed is asked again. */
static void the_program_asks_again(void **state)
{
    struct room r;

    (void)state;
    open_room(&r, 10, 5);
    fake_desk_phone(&r.desk, "Desk", "")->restarts = true;
    r.desk.desk.is_automatic = true;
    type(&r, "e1003");
    r.now_ms += 3000;
    type(&r, "-/per");
    ui_desk_ask_save(r.ui, r.now_ms);
    type(&r, "\n");
    assert_true(shows(&r, "Save 1 change"));
    r.hud.link.is_synced = false;
    assert_true(shows(&r, "the link is lost"));
    assert_false(ui_is_typing(r.ui));
    ui_desk_changed(r.ui);
    draw(&r);
    assert_false(ui_is_typing(r.ui));
    r.hud.link.is_synced = true;
    assert_true(shows(&r, "Save 1 change"));
    canvas_fini(&r.canvas);
    canvas_init(&r.canvas, 2, 10, false);
    draw(&r);
    draw(&r);
    assert_false(ui_is_typing(r.ui));
    canvas_fini(&r.canvas);
    canvas_init(&r.canvas, 24, 80, false);
    assert_true(shows(&r, "Save 1 change"));
    wait_ms(&r, 250);
    type(&r, "y");
    assert_int_equal(r.desk.pushes, 1);
    close_room(&r);
}

/* The text on the screen is that of now, and the first answer to it counts. */
static void a_question_shows_what_there_is_now(void **state)
{
    struct room r;
    struct appearance_edit edit = {.kind = EDIT_REMOVE, .user = {.id = "1004"}};
    char text[APPEARANCE_TEXT_BYTES];

    (void)state;
    open_room(&r, 10, 6);
    fake_desk_phone(&r.desk, "Desk", "")->restarts = true;
    type(&r, "e1003");
    r.now_ms += 3000;
    type(&r, "-S");
    wait_ms(&r, 1000);
    assert_int_equal(appearance_edit(&r.desk.list, &edit, 1), 1); /* by another callhud */
    ui_desk_changed(r.ui);
    wait_ms(&r, 250);
    type(&r, "y");
    assert_int_equal(r.desk.pushes, 1);
    r.desk.desk.writing = UI_DESK_FAILED;
    type(&r, "S");
    assert_true(appearance_undo(&r.desk.list, text));
    assert_true(appearance_undo(&r.desk.list, text));
    ui_desk_changed(r.ui);
    assert_true(shows(&r, "there is nothing to save any more"));
    assert_false(ui_is_typing(r.ui));
    close_room(&r);
}

/* That a save waits is said where there is room for little; no is no to that one as well. */
static void a_save_that_waits_is_seen(void **state)
{
    struct room r;

    (void)state;
    open_room(&r, 10, 6);
    struct desk_phone *phone = fake_desk_phone(&r.desk, "Desk", "");
    phone->restarts = phone->is_in_call = true;
    type(&r, "e1003");
    r.now_ms += 3000;
    type(&r, "-S");
    wait_ms(&r, 250);
    type(&r, "w");
    assert_int_equal(r.desk.idle_pushes, 1);
    assert_true(shows(&r, "saved when Desk idle; w calls it off"));
    r.desk.desk.is_waiting = true;
    r.desk.desk.writing = UI_DESK_UNKNOWN;
    wait_ms(&r, 60000);
    assert_true(shows(&r, "waits to save"));
    assert_true(shows(&r, "saved when Desk idle; w calls it off"));
    type(&r, "S");
    wait_ms(&r, 250);
    assert_int_equal(r.desk.cancels, 0);
    type(&r, "\n");
    assert_int_equal(r.desk.cancels, 1);
    assert_true(shows(&r, "the save was called off"));
    close_room(&r);
}

/* A list that is refused to us is not one that does not exist. */
static void a_list_that_is_denied(void **state)
{
    struct room r;

    (void)state;
    open_room(&r, 10, 6);
    r.desk.desk.is_local = true;
    r.desk.desk.list_text = "an administrator may change it";
    type(&r, "eS");
    assert_true(shows(&r, "save: an administrator may change it"));
    close_room(&r);
}

/* Who monitors the list adds people to the list. */
static void nobody_is_monitored_by_a_list(void **state)
{
    struct ui_settings set = {.profile = "work", .backend = "", .phone_extension = ""};
    struct err err = {0};
    struct room r;

    (void)state;
    open_room(&r, 10, 2);
    set.monitor = "list";
    assert_int_equal(ui_configure(r.ui, &set, &err), RC_OK);
    assert_true(shows(&r, "e opens the HUD list, and + adds people"));
    set.monitor = "all";
    assert_int_equal(ui_configure(r.ui, &set, &err), RC_OK);
    assert_true(shows(&r, "name people in [users]"));
    close_room(&r);
}

/* The picker of somebody else for a line that goes meanwhile. */
static void a_line_goes_while_another_is_picked(void **state)
{
    struct room r;
    struct appearance_edit edit = {.kind = EDIT_REMOVE, .user = {.id = "1003"}};

    (void)state;
    open_room(&r, 10, 6);
    type(&r, "e1003");
    r.now_ms += 3000;
    type(&r, "\n");
    assert_true(shows(&r, "KEY 4: INSTEAD OF 1003 Person 3"));
    assert_int_equal(appearance_edit(&r.desk.list, &edit, 1), 1);
    ui_desk_changed(r.ui);
    assert_true(shows(&r, "KEY 4: INSTEAD OF a line that is gone"));
    close_room(&r);
}

static void read_only_changes_nothing(void **state)
{
    static const char *const keys[] = {"-", "+",  "u",  "[",       "]",
                                       "<", ">",  "b",  "\n",      "S",
                                       "w", " -", "a-", ":save\n", ":list-place 3\n"};
    struct room r;

    (void)state;
    open_room(&r, 10, 5);
    fake_desk_phone(&r.desk, "Desk", "")->restarts = true;
    r.desk.settings.has = DESK_SETTINGS_ALL;
    r.desk.desk.settings = &r.desk.settings;
    type(&r, "e1003");
    r.now_ms += 3000;
    type(&r, "-");
    size_t before = unsaved(&r);
    uint64_t rev = r.desk.list.rev;
    r.desk.desk.is_read_only = true;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        type(&r, keys[i]);
        wait_ms(&r, 300);
    }
    assert_true(shows(&r, "HUD LIST"));
    type(&r, ",\nj\nj\nj\nj\nj\n");
    assert_true(shows(&r, "--read-only is on"));
    assert_int_equal(unsaved(&r), before);
    assert_int_equal(r.desk.list.rev, rev);
    assert_int_equal(r.desk.pushes + r.desk.sets + r.desk.cancels, 0);
    close_room(&r);
}

/* A pasted text is no commands here either; in the search it is text. */
static void pasted_text_is_no_command(void **state)
{
    struct room r;
    struct key paste = {.code = KEY_CODE_PASTE, .text = "-Sy", .text_len = 3};

    (void)state;
    open_room(&r, 10, 5);
    type(&r, "e1003");
    ui_key(r.ui, &paste, &r.hud, r.now_ms);
    assert_int_equal(unsaved(&r), 0);
    assert_int_equal(r.desk.pushes, 0);
    type(&r, "/");
    ui_key(r.ui, &paste, &r.hud, r.now_ms);
    assert_true(shows(&r, "/-Sy"));
    close_room(&r);
}

/* The program may tell the people anew, in other memory, before it says that they changed. */
static void people_may_be_told_anew(void **state)
{
    struct room r;

    (void)state;
    open_room(&r, 50, 20);
    type(&r, "e+");
    struct desk_person other = {.user_id = "1030",
                                .extension = "1030",
                                .name = "Renamed",
                                .department = "New",
                                .is_listable = true};
    r.desk.desk.people = &other;
    r.desk.desk.people_len = 1;
    assert_true(shows(&r, "Renamed"));
    type(&r, "\n");
    assert_int_equal(appearance_count(&r.desk.list).keys, 21);
    assert_string_equal(r.desk.list.lines.items[20].here->name, "Renamed");
    ui_desk_changed(r.ui);
    draw(&r);
    ui_set_desk(r.ui, NULL, NULL);
    draw(&r);
    type(&r, "jk-+a\nS\033\033e");
    close_room(&r);
}

/* Each change is sent at once, alone; the next waits until it is confirmed. */
static void settings_are_sent_one_by_one(void **state)
{
    struct room r;

    (void)state;
    open_room(&r, 10, 5);
    r.desk.settings.has = DESK_SETTINGS_ALL & ~(unsigned)DESK_HAS_VISIBLE;
    r.desk.desk.settings = &r.desk.settings;
    r.desk.desk.settings_state = UI_DESK_TOLD;
    ui_desk_changed(r.ui);
    type(&r, ",j\n");
    assert_int_equal(r.desk.sets, 1);
    assert_int_equal(r.desk.set.has, DESK_HAS_PICKUP);
    assert_true(r.desk.set.picks_up_held);
    type(&r, "k\n");
    assert_int_equal(r.desk.sets, 1);
    fake_desk_confirm(&r.desk);
    ui_desk_changed(r.ui);
    type(&r, "jjjjj\n"); /* presence is not shared: nobody may answer */
    assert_int_equal(r.desk.sets, 1);
    assert_true(shows(&r, "on first"));
    type(&r, "kkk\n");
    assert_int_equal(r.desk.set.has, DESK_HAS_SHARE);
    fake_desk_confirm(&r.desk);
    ui_desk_changed(r.ui);
    type(&r, "j\n"); /* who may see it: the telephone system has none */
    assert_int_equal(r.desk.sets, 2);
    type(&r, "jj\n/1003\n \n");
    assert_int_equal(r.desk.sets, 3);
    assert_int_equal(r.desk.set.has, DESK_HAS_ANSWERABLE);
    assert_string_equal(r.desk.set_ids, "1003");
    close_room(&r);
}

/* What is not told of another's desk is not known: our own settings are not shown as theirs. And
 * where people are chosen it is said for whom. */
static void settings_of_another_are_not_ours(void **state)
{
    struct event ours = {.kind = EVENT_SETTINGS};
    struct room r;

    (void)state;
    open_room(&r, 10, 5);
    ours.u.settings = (struct monitor_settings){.ring_when_monitored_rings = true};
    (void)hud_apply(&r.hud, &ours, r.now_ms);
    r.desk.settings.has = DESK_HAS_SHARE;
    r.desk.settings.missing[0] = r.desk.settings.missing[1] = "not told of this one";
    r.desk.desk.settings = &r.desk.settings;
    r.desk.desk.settings_state = UI_DESK_TOLD;
    ui_desk_changed(r.ui);
    type(&r, ",");
    assert_true(shows(&r, "any user I am monitoring rings   on"));
    assert_true(shows(&r, "So a held line is lit steadily"));
    r.desk.desk.whose = "1003 Person 3";
    ui_desk_changed(r.ui);
    assert_true(shows(&r, "any user I am monitoring rings   -"));
    assert_true(shows(&r, "pick up a monitored line on hold       -"));
    assert_true(shows(&r, "not told of this one"));
    assert_true(shows(&r, "Allow other users to see my Presence status         off"));
    assert_false(shows(&r, "So a held line"));
    type(&r, "\033e+");
    assert_true(shows(&r, "ADD TO THE HUD LIST of 1003 Person 3"));
    r.desk.settings.has |= DESK_HAS_ANSWERABLE;
    r.desk.settings.shares_presence = true;
    type(&r, "\033,G\n");
    assert_true(shows(&r, "WHO MAY ANSWER THE CALLS of 1003 Person 3"));
    close_room(&r);
}

/* Who is chosen and not among the people told stays chosen when others are added. */
static void nobody_is_dropped_from_who_may_answer(void **state)
{
    static const char *const ids[] = {"777", "1002", "555"};
    struct event on_board = {.kind = EVENT_USER, .user_id = "555"};
    struct room r;

    (void)state;
    open_room(&r, 10, 5);
    on_board.u.user.extension = on_board.u.user.name = on_board.u.user.department = "";
    (void)hud_apply(&r.hud, &on_board, r.now_ms); /* came after the people were told */
    r.desk.settings = (struct desk_settings){.has = DESK_SETTINGS_ALL,
                                             .shares_presence = true,
                                             .answerable_by = ids,
                                             .answerable_len = 3};
    r.desk.desk.settings = &r.desk.settings;
    type(&r, ",G\n/1003\n \n");
    assert_int_equal(r.desk.sets, 1);
    assert_true(str_starts(r.desk.set_ids, "1002 1003 "));
    assert_non_null(strstr(r.desk.set_ids, " 777"));
    assert_non_null(strstr(r.desk.set_ids, " 555"));
    close_room(&r);
}

static void another_desk_is_asked_for(void **state)
{
    struct room r;
    struct intent intent;

    (void)state;
    open_room(&r, 10, 5);
    type(&r, ":desk 108\n");
    assert_true(ui_next_intent(r.ui, &intent));
    assert_int_equal(intent.kind, INTENT_DESK);
    assert_string_equal(intent.text, "108");
    r.desk.desk.whose = "108 Noor Haddad";
    assert_true(shows(&r, "HUD LIST of 108 Noor Haddad"));
    close_room(&r);
}

/* Of many that are refused for one reason it is said once, with the first of them. */
static void one_reason_of_many_is_said_once(void **state)
{
    struct room r;

    (void)state;
    open_room(&r, 70, 5);
    r.desk.list.max_lines = 7;
    type(&r, "e+a\n"); /* 65 more than there are */
    assert_int_equal(unsaved(&r), 2);
    assert_true(shows(&r, "2 added here; 63 refused: the list is full"));
    type(&r, "i");
    assert_true(shows(&r, "1007 Person 7, 1008 Person"));
    assert_true(shows(&r, "and 60 more "));
    assert_false(shows(&r, "1010"));
    assert_true(shows(&r, "┌ Why ─")); /* and about nobody on the board */
    close_room(&r);
}

/* The file of the list cannot be written: the list is there, why is said, a save does not even ask.
 */
static void a_list_for_looking(void **state)
{
    struct room r;

    (void)state;
    open_room(&r, 10, 6);
    type(&r, "e");
    assert_false(shows(&r, "for looking only"));
    type(&r, "1003-");
    r.desk.desk.fixed = "cannot open list-x.json: Permission denied";
    ui_desk_changed(r.ui);
    assert_true(shows(&r, "· for looking only · 1 unsaved ·"));
    assert_true(shows(&r, " cannot open list-x.json: Permission denied"));
    assert_true(shows(&r, "1004 Person 4"));
    type(&r, "S");
    assert_true(shows(&r, "not saved, the edits are kept here: cannot open list-x.json"));
    assert_int_equal(r.desk.pushes, 0);
    close_room(&r);
}

/* The disk is full: the list is as it was, in other memory, and who is meant is said all the same.
 */
static void edits_that_cannot_be_kept(void **state)
{
    struct room r;

    (void)state;
    open_room(&r, 10, 6);
    r.desk.is_read_again = true;
    r.desk.edit_fault = "cannot write the list: No space left on device";
    type(&r, "e1003");
    r.now_ms += 3000;
    type(&r, "  -");
    assert_int_equal(unsaved(&r), 0);
    assert_true(shows(&r, "2 refused: cannot write the list: No space left on device"));
    type(&r, "i");
    assert_true(shows(&r, "No space left on device: 1003 Person"));
    assert_true(shows(&r, "3, 1004 Person 4"));
    close_room(&r);
}

/* What is chosen comes to a list that is in other memory then; marks are used up, shown or not. */
static void a_choice_for_marked_lines(void **state)
{
    static const char *const there[] = {"1000", "1001", "1002", "1007", "1004", "1005"};
    struct appearance_edit edit = {.kind = EDIT_SET,
                                   .user = {.id = "1003"},
                                   .to = {.id = "1009", .extension = "1009", .name = "Ours"}};
    struct room r;

    (void)state;
    open_room(&r, 10, 6);
    r.desk.is_read_again = true;
    assert_int_equal(appearance_edit(&r.desk.list, &edit, 1), 1);
    for (size_t i = 0; i < 6; i++)
        fake_desk_store(&r.desk, there[i], "", i < 2);
    fake_desk_read(&r.desk, r.now_ms, 2);
    ui_desk_changed(r.ui);
    assert_int_equal(appearance_count(&r.desk.list).conflicts, 1);
    type(&r, "e1009");
    r.now_ms += 3000;
    type(&r, " /Ours\n<");
    assert_int_equal(appearance_count(&r.desk.list).conflicts, 0);
    assert_true(shows(&r, "what is here is kept"));
    assert_int_equal(r.ui->desk.list.marked.len, 0);
    close_room(&r);
}

/* A choice between two of one first name says which of them; undone, that it was a choice. */
static void namesakes_are_told_apart(void **state)
{
    struct appearance_edit edit = {.kind = EDIT_SET,
                                   .user = {.id = "1003"},
                                   .to = {.id = "1009", .extension = "1009", .name = "Person 9"}};
    struct room r;

    (void)state;
    open_room(&r, 10, 4);
    assert_int_equal(appearance_edit(&r.desk.list, &edit, 1), 1);
    for (int i = 0; i < 3; i++)
        fake_desk_store(&r.desk, (const char *[]){"1000", "1001", "1002"}[i], "", i < 2);
    fake_desk_store(&r.desk, "1007", "Person 7", false);
    fake_desk_read(&r.desk, r.now_ms, 2);
    ui_desk_changed(r.ui);
    type(&r, "e1009");
    assert_true(shows(&r, "keep 1009 Person 9 (here)"));
    assert_true(shows(&r, "keep 1007 Person 7 (stored)"));
    assert_true(shows(&r, "both, 1007 Person 7 on a new key"));
    type(&r, ">u");
    assert_true(shows(&r, "undone: the choice for 1009 Person 9"));
    close_room(&r);
}

/* Somebody else's list, without the right: nothing is taken, and why is said. */
static void no_right_takes_no_edits(void **state)
{
    struct room r;

    (void)state;
    open_room(&r, 10, 5);
    r.desk.desk.denied = "an administrator may: ask one";
    type(&r, "e+");
    assert_true(shows(&r, "an administrator may: ask one"));
    assert_true(shows(&r, "HUD LIST"));
    type(&r, "jjj-");
    assert_int_equal(unsaved(&r), 0);
    assert_true(shows(&r, "an administrator may: ask one"));
    r.desk.desk.denied = NULL;
    type(&r, "-");
    assert_int_equal(unsaved(&r), 1);
    r.desk.desk.denied = "an administrator may: ask one";
    type(&r, "u"); /* what was taken before can be given up */
    assert_int_equal(unsaved(&r), 0);
    close_room(&r);
}

static void no_right_sets_nothing(void **state)
{
    struct room r;

    (void)state;
    open_room(&r, 10, 5);
    r.desk.settings = (struct desk_settings){.has = DESK_SETTINGS_ALL, .shares_presence = true};
    r.desk.desk.settings = &r.desk.settings;
    r.desk.desk.settings_state = UI_DESK_TOLD;
    type(&r, "e,");
    assert_true(shows(&r, "Enter turns it on or off"));
    r.desk.settings.fixed = "an administrator may: ask one";
    assert_true(shows(&r, "an administrator may: ask one"));
    assert_true(shows(&r, "not yours to change"));
    type(&r, "\n");
    assert_int_equal(r.desk.sets, 0);
    close_room(&r);
}

/* Queues and places cannot answer, nor can one whose calls they are. */
static void people_answer_and_nobody_else(void **state)
{
    struct room r;
    struct event self = {.kind = EVENT_SELF, .user_id = "1003"};

    (void)state;
    open_room(&r, 10, 5);
    (void)hud_apply(&r.hud, &self, r.now_ms);
    r.desk.people.items[7].is_other = true;
    r.desk.people.items[8].is_other = true;
    r.desk.settings = (struct desk_settings){.has = DESK_SETTINGS_ALL, .shares_presence = true};
    r.desk.settings.answerable_by = fake_desk_ids(&r.desk, "1008", &r.desk.settings.answerable_len);
    r.desk.desk.settings = &r.desk.settings;
    r.desk.desk.settings_state = UI_DESK_TOLD;
    type(&r, "e,jjjjj\n");
    assert_true(shows(&r, "1 chosen"));
    assert_true(shows(&r, "8 of 8 shown")); /* all but ours and the queue that is not chosen */
    type(&r, "a\n");
    assert_int_equal(r.desk.sets, 1);
    assert_string_equal(r.desk.set_ids, "1000 1001 1002 1004 1005 1006 1008 1009");
    close_room(&r);
}

/* An administrator at the desk of another one. What is shown of that one is text. */
static void nobody_answers_his_own_calls(void **state)
{
    struct room r;
    struct event self = {.kind = EVENT_SELF, .user_id = "1003"};

    (void)state;
    open_room(&r, 6, 5);
    (void)hud_apply(&r.hud, &self, r.now_ms);
    r.desk.desk.owner = "1004";
    r.desk.desk.whose = "1002 as told by somebody";
    r.desk.settings = (struct desk_settings){.has = DESK_SETTINGS_ALL, .shares_presence = true};
    r.desk.desk.settings = &r.desk.settings;
    r.desk.desk.settings_state = UI_DESK_TOLD;
    type(&r, "e,jjjjj\n");
    assert_true(shows(&r, "5 of 5 shown"));
    type(&r, "a\n");
    assert_string_equal(r.desk.set_ids, "1000 1001 1002 1003 1005");
    close_room(&r);
}

/* Were the rows made anew since this was asked last? Those that were have no such note. */
static bool are_made_anew(const struct roll *roll)
{
    static const char seen[] = "seen";
    bool are_anew = false;

    assert_true(roll->rows.len > 0);
    for (size_t i = 0; i < roll->rows.len; i++) {
        are_anew = are_anew || roll->rows.items[i].note != seen;
        roll->rows.items[i].note = seen;
    }
    return are_anew;
}

/* Rows of thousands are made when something has changed, not for every key and picture. */
static void rows_are_made_once(void **state)
{
    struct room r;

    (void)state;
    open_room(&r, 3000, 5);
    const struct roll *picker = &r.ui->desk.picker.roll, *list = &r.ui->desk.list;
    type(&r, "e");
    assert_true(are_made_anew(list));
    type(&r, "jjkkjj");
    draw(&r);
    assert_false(are_made_anew(list));
    type(&r, "+");
    assert_true(are_made_anew(picker));
    for (int i = 0; i < 50; i++)
        type(&r, "j ");
    assert_false(are_made_anew(picker));
    type(&r, "/7\n");
    assert_true(shows(&r, "search: 7"));
    assert_true(are_made_anew(picker) && picker->rows.len < 3000);
    type(&r, "jjkk");
    assert_false(are_made_anew(picker));
    type(&r, "d");
    assert_true(are_made_anew(picker));
    fake_desk_person(&r.desk, "7777", "New One", "Even", true); /* before anybody says so */
    draw(&r);
    assert_true(are_made_anew(picker));
    ui_desk_changed(r.ui); /* what it tells is shown already */
    draw(&r);
    assert_false(are_made_anew(picker));
    type(&r, "\033\033\033"); /* search, department, back */
    (void)are_made_anew(list);
    type(&r, "jjjjj");
    assert_false(are_made_anew(list));
    type(&r, "-");
    assert_true(are_made_anew(list));
    assert_true(shows(&r, "- removed here"));
    close_room(&r);
}

/* The people are noted when they are told, not for every edit. */
static void people_are_noted_once(void **state)
{
    struct room r;

    (void)state;
    open_room(&r, 30, 5);
    struct map *noted = &r.ui->desk.person_at;
    (void)map_put(noted, "nobody", &r); /* is there for as long as the notes are kept */
    type(&r, "e1003");
    r.now_ms += 3000;
    type(&r, "-");
    ui_desk_changed(r.ui);
    r.desk.desk.reading = UI_DESK_ASKED;
    ui_desk_changed(r.ui);
    assert_non_null(map_get(noted, "nobody"));
    fake_desk_person(&r.desk, "7777", "New One", "Even", true);
    ui_desk_changed(r.ui);
    assert_null(map_get(noted, "nobody"));
    assert_non_null(desk_person(r.ui, "7777"));
    (void)map_put(noted, "nobody", &r);
    r.desk.desk.rev++;
    ui_desk_changed(r.ui);
    assert_null(map_get(noted, "nobody"));
    close_room(&r);
}

/* Why it is not read now. */
static void what_is_stored_is_read_after_the_save(void **state)
{
    struct room r;

    (void)state;
    open_room(&r, 10, 5);
    r.desk.desk.writing = UI_DESK_ASKED;
    type(&r, "er");
    assert_int_equal(r.desk.pulls, 1);
    assert_true(shows(&r, "it is read after the save"));
    r.desk.desk.writing = UI_DESK_TOLD;
    type(&r, "r");
    assert_true(shows(&r, "reading what is stored"));
    close_room(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_told_what_is_open),
        cmocka_unit_test(all_shown_are_removed_and_come_back),
        cmocka_unit_test(added_are_added_once_and_whole),
        cmocka_unit_test(a_full_list_refuses_the_rest),
        cmocka_unit_test(marked_lines_move_together),
        cmocka_unit_test(marked_lines_come_to_a_key),
        cmocka_unit_test(a_save_that_restarts_asks),
        cmocka_unit_test(a_restart_ends_what_is_on_those_phones),
        cmocka_unit_test(a_question_that_changed_is_read_again),
        cmocka_unit_test(phones_are_looked_at_again),
        cmocka_unit_test(the_program_asks_again),
        cmocka_unit_test(a_save_that_waits_is_seen),
        cmocka_unit_test(a_list_that_is_denied),
        cmocka_unit_test(nobody_is_monitored_by_a_list),
        cmocka_unit_test(a_line_goes_while_another_is_picked),
        cmocka_unit_test(a_question_shows_what_there_is_now),
        cmocka_unit_test(a_save_that_restarts_nothing_does_not_ask),
        cmocka_unit_test(the_program_asks_when_it_may),
        cmocka_unit_test(read_only_changes_nothing),
        cmocka_unit_test(pasted_text_is_no_command),
        cmocka_unit_test(people_may_be_told_anew),
        cmocka_unit_test(settings_are_sent_one_by_one),
        cmocka_unit_test(settings_of_another_are_not_ours),
        cmocka_unit_test(nobody_is_dropped_from_who_may_answer),
        cmocka_unit_test(another_desk_is_asked_for),
        cmocka_unit_test(one_reason_of_many_is_said_once),
        cmocka_unit_test(edits_that_cannot_be_kept),
        cmocka_unit_test(a_choice_for_marked_lines),
        cmocka_unit_test(namesakes_are_told_apart),
        cmocka_unit_test(no_right_takes_no_edits),
        cmocka_unit_test(no_right_sets_nothing),
        cmocka_unit_test(people_answer_and_nobody_else),
        cmocka_unit_test(nobody_answers_his_own_calls),
        cmocka_unit_test(a_list_for_looking),
        cmocka_unit_test(rows_are_made_once),
        cmocka_unit_test(people_are_noted_once),
        cmocka_unit_test(what_is_stored_is_read_after_the_save),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
