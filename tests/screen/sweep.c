/* Every view at every size, with people whose names are an attack: nothing may crash or leave the
 * canvas, and the selected user is always to be seen. */
#include "sweep.h"

#include "stage.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/ui/ui_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* As a decoder hands them on: cleaned. */
static char *clean(const char *text)
{
    struct buf buf;

    buf_init(&buf, 65536);
    utf8_clean(&buf, text, strlen(text), 4096);
    char *made = mem_dup(buf_text(&buf));
    buf_fini(&buf);
    return made;
}

static void hostile_floor(struct stage *s)
{
    static const char *const names[] = {
        "Noor Haddad",
        "",
        "x",
        "a name that is far longer than any column on any screen could be",
        "田中花子田中花子田中花子田中花子",
        "\x1b[31mred\x1b[0m\x07",
        "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
        "\u202edrowssap",
        "tab\tnew\nline",
        "👩‍👩‍👧‍👦 family",
        "\xff\xfe\x80 bytes",
        "%s%n%d",
        "🇩🇪🇩🇪",
        "  ",
    };
    static const char *const departments[] = {
        "Sales",
        "",
        "A department with a name that no heading can hold at eighty columns, ever, really",
        "田中",
    };
    for (int i = 0; i < 56; i++) {
        char extension[40];
        (void)snprintf(extension, sizeof extension,
                       i % 9 == 0    ? "100000%d"
                       : i % 13 == 0 ? "9%d"
                                     : "1%02d",
                       i);
        char *name = clean(names[(size_t)i % (sizeof names / sizeof names[0])]);
        char *department = clean(departments[(size_t)i % 4]);
        stage_user(s, extension, name, department);
        stage_presence(s, extension, (enum presence)(i % 6), name, (int64_t)i * 37000);
        for (int call = 0; call < (i % 5 == 0 ? 11 : i % 3 == 0); call++) {
            char id[16];
            (void)snprintf(id, sizeof id, "c%d", call);
            stage_call(s, extension, id, (enum call_state)((i + call) % 5),
                       i % 2 ? CALL_IN : CALL_OUT, "+1212555014299999999999999999999999999", name,
                       i % 7 == 0 ? -1 : (int64_t)i * 1000);
        }
        mem_free(name);
        mem_free(department);
    }
    stage_sync(s);
}

/* Those of the floor stand on the supervisor's list, with names as they come. */
static void hostile_desk(struct stage *s)
{
    struct fake_desk *f = &s->desk;

    for (size_t i = 0; i < s->hud.users.len; i++) {
        const struct user *user = s->hud.users.items[i];
        fake_desk_person(f, user->extension, user->name, user->department, i % 7 != 0);
        if (i % 2 != 0)
            fake_desk_store(f, user->extension, user->name, i < 4);
    }
    fake_desk_phone(f, s->hud.users.items[3]->name, s->hud.users.items[4]->name)->restarts = true;
    f->phones.items[0].is_in_call = true;
    f->settings = (struct desk_settings){.has = DESK_SETTINGS_ALL & ~(unsigned)DESK_HAS_RING,
                                         .shares_presence = true};
    f->settings.missing[0] = "set it in the configuration, where there is a key of this name";
    f->desk.settings = &f->settings;
    f->desk.whose = s->hud.users.items[3]->name;
    fake_desk_read(f, s->now_ms, s->wall_ms);
    ui_set_desk(s->ui, &f->desk, &f->ops);
}

static bool row_is_ascii(const struct canvas *c, int row)
{
    for (int col = 0; col < c->cols; col++)
        for (const char *t = canvas_at(c, row, col)->text; *t != '\0'; t++)
            if ((unsigned char)*t >= 0x80 || (unsigned char)*t < 0x20)
                return false;
    return true;
}

static void check_cells(const struct canvas *c)
{
    for (int row = 0; row < c->rows; row++) {
        int width = 0;
        for (int col = 0; col < c->cols; col++) {
            const struct cell *cell = canvas_at(c, row, col);
            width += cell->width;
            assert_true(cell->width == 0 || (unsigned char)cell->text[0] >= 0x20);
            assert_int_not_equal(cell->text[0], 0x7F);
        }
        assert_int_equal(width, c->cols);
        if (c->is_ascii)
            assert_true(row_is_ascii(c, row));
    }
}

/* The bar at the left of the selected user is on the screen. */
static bool has_selection(const struct canvas *c)
{
    const char *bar = c->is_ascii ? ">" : "▌";

    for (int row = 1; row < c->rows; row++)
        for (int col = 0; col < c->cols; col++) {
            const struct cell *cell = canvas_at(c, row, col);
            if (str_eq(cell->text, bar) && cell->style.role == ROLE_HEADING)
                return true;
        }
    return false;
}

static void draw_at(struct stage *s, int rows, int cols, bool is_board)
{
    canvas_resize(&s->canvas, rows, cols);
    stage_render(s);
    check_cells(&s->canvas);
    assert_true(s->canvas.cursor_row >= 0 && s->canvas.cursor_row < rows);
    assert_true(s->canvas.cursor_col >= 0 && s->canvas.cursor_col < cols);
    if (is_board && rows >= 4 && cols >= 20 && !has_selection(&s->canvas))
        fail_msg("the selection is not on the screen at %dx%d", cols, rows);
}

/* How many sizes apart: 1 is every size (the long run). The usual run takes every third row and
 * column, valgrind, which needs fifty times as long, every ninth; each view begins at another one,
 * so that all views together meet every size. */
static int stride(void)
{
    const char *text = getenv("CALLHUD_SWEEP_STRIDE");
    int stride = text != NULL ? (int)strtol(text, NULL, 10) : 0;

    if (stride > 0)
        return stride;
    return getenv("CALLHUD_ON_VALGRIND") != NULL ? 9 : 3;
}

static void sweep(struct stage *s, size_t turn, bool is_board)
{
    int step = stride();

    for (int rows = 1 + (int)turn % step; rows <= 24; rows += step)
        for (int cols = 1 + (int)turn / step % step; cols <= 80; cols += step)
            draw_at(s, rows, cols, is_board);
    draw_at(s, 1, 1, is_board);
    draw_at(s, 24, 80, is_board);
    draw_at(s, 50, 200, is_board);
    draw_at(s, 30, 140, is_board);
    draw_at(s, 11, 139, is_board);
}

/* A supervision of the one with the longest name; what is waited for is long too. */
static void supervise(struct stage *s)
{
    stage_action(s, 1, ACTION_WHISPER, ACTION_ASKED, "103", "c0", NULL);
    stage_action(s, 1, ACTION_WHISPER, ACTION_CONFIRMED, "103", "c0", NULL);
    stage_action(s, 2, ACTION_TAKEOVER, ACTION_ASKED, "103", "c0", NULL);
    ui_set_audit(s->ui, 18446744073709551615U, "a reason that somebody typed at great length");
}

static void every_view(bool is_ascii)
{
    static const char *const ways[] = {"",
                                       "v",
                                       "vv",
                                       "G",
                                       "20",
                                       "<Enter>",
                                       "?",
                                       "?/mo",
                                       "/is:hold",
                                       ":",
                                       ":th",
                                       "i",
                                       "f",
                                       "z",
                                       "<F9>",
                                       "oooo",
                                       "/nobody at all<Enter>",
                                       "x",
                                       "<Enter>x",
                                       "xGk",
                                       "B",
                                       "R",
                                       "K",
                                       "e",
                                       "eG-p",
                                       "ejj<Enter>",
                                       "e+a",
                                       "eG-S",
                                       ",",
                                       ",G<Enter>"};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct stage s;
        stage_init(&s, 24, 80);
        s.canvas.is_ascii = is_ascii;
        hostile_floor(&s);
        stage_capable(&s);
        hostile_desk(&s);
        if (i % 2 != 0)
            supervise(&s);
        stage_keys(&s, "115"); /* talks, among eleven calls */
        stage_advance(&s, 2000);
        stage_render(&s);
        stage_keys(&s, ways[i]);
        bool is_board = ways[i][0] == '\0' || strchr("vG2zo", ways[i][0]) != NULL;
        ui_message(s.ui, UI_WARN,
                   "a message that is longer than the screen is wide, by far, and more", "a reason",
                   s.now_ms);
        sweep(&s, i, is_board && strcmp(ways[i], "20") != 0);
        stage_fini(&s);
    }
}

void sweep_utf8(void **state)
{
    (void)state;
    every_view(false);
}

void sweep_ascii(void **state)
{
    (void)state;
    every_view(true);
}

/* No users, no link: the empty screens. */
void sweep_empty(void **state)
{
    static const enum link_state states[] = {LINK_IDLE,    LINK_CONNECTING, LINK_LIVE,
                                             LINK_POLLING, LINK_LOST,       LINK_REFUSED};
    (void)state;
    for (int synced = 0; synced < 2; synced++)
        for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
            struct stage s;
            stage_init(&s, 24, 80);
            if (synced)
                stage_sync(&s);
            stage_link(&s, states[i],
                       "a text of the server that is long enough to need two lines "
                       "on every terminal",
                       3000);
            sweep(&s, i, false);
            stage_fini(&s);
        }
}

/* The selected user stays selected through sizes, orders, filters, and the death of others. */
void sweep_selection(void **state)
{
    struct stage s;
    struct event gone = {.kind = EVENT_USER_GONE, .user_id = "150"};

    (void)state;
    stage_init(&s, 24, 80);
    hostile_floor(&s);
    stage_keys(&s, "110");
    assert_string_equal(s.ui->board.selected_extension, "110");
    static const char *const keys[] = {"o", "o", "v", "o", "v", "o", "z", "z", ":group<Enter>",
                                       "v"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        stage_keys(&s, keys[i]);
        draw_at(&s, 4 + (int)i * 2, 20 + (int)i * 13, true);
        assert_string_equal(s.ui->board.selected_extension, "110");
    }
    stage_keys(&s, "/1<Enter>");
    assert_string_equal(s.ui->board.selected_extension, "110");
    stage_apply(&s, &gone);
    stage_render(&s);
    assert_string_equal(s.ui->board.selected_extension, "110");
    gone.user_id = "110";
    stage_apply(&s, &gone);
    stage_render(&s);
    assert_non_null(s.ui->board.selected_extension);
    assert_string_not_equal(s.ui->board.selected_extension, "110");
    stage_fini(&s);
}
