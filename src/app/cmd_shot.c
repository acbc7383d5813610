/* callhud shot: the grid as a picture, once the floor is known. */
#include "callhud/app/console.h"
#include "callhud/app/demo.h"
#include "callhud/app/paths.h"
#include "callhud/app/session.h"
#include "callhud/app/start.h"
#include "callhud/base/str.h"

#include <langinfo.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SHOT_WAIT_MS 15000

struct shot {
    struct session session;
    struct loop_timer *deadline;
    bool is_ready;
    struct err err;
};

static enum rc parse_size(const char *text, int *cols, int *rows, struct err *err)
{
    char copy[32];
    int64_t width = 0, height = 0;
    bool is_whole = str_copy(copy, sizeof copy, text);
    char *rest = copy;
    const char *left = str_next_field(&rest, 'x');
    const char *right = str_next_field(&rest, 'x');
    if (!is_whole || !left || !right || rest || !str_to_int(left, 1, 1000, &width) ||
        !str_to_int(right, 1, 1000, &height))
        return err_set(err, RC_USAGE, "--size %s: write it as COLUMNSxROWS, such as 100x30", text);
    *cols = (int)width;
    *rows = (int)height;
    return RC_OK;
}

static void on_changed(void *self, unsigned bits)
{
    struct shot *shot = self;
    const struct link *link = &shot->session.hud.link;
    (void)bits;
    if (link->is_synced)
        shot->is_ready = true;
    else if (link->state == LINK_REFUSED)
        err_set(&shot->err, RC_AUTH, "%s", link->text);
    else
        return;
    loop_stop(shot->session.loop);
}

static void on_deadline(void *self)
{
    struct shot *shot = self;
    shot->deadline = NULL;
    err_set(&shot->err, RC_UNREACHABLE,
            "no answer from %s in %d s: is the server right and running?",
            shot->session.settings->server, SHOT_WAIT_MS / 1000);
    loop_stop(shot->session.loop);
}

static enum rc draw(struct shot *shot, const struct cli *cli, int cols, int rows)
{
    const struct settings *settings = shot->session.settings;
    struct console_names names;
    struct ui_settings ui_settings;
    struct theme theme;
    struct ui *ui = NULL;
    enum rc rc = theme_load(&theme, settings->theme, paths_themes(), &shot->err);
    if (rc != RC_OK)
        return rc;
    console_list_themes(&names);
    console_ui_settings(&ui_settings, settings, &shot->session, &names, cli);
    ui_settings.is_blinking = false; /* a picture taken in the dark half of it would look calm */
    rc = ui_new(&ui, &ui_settings, &shot->err);
    if (rc != RC_OK)
        return rc;
    bool is_ascii = cli->is_ascii || settings->glyphs == GLYPHS_ASCII ||
                    strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    struct canvas canvas;
    canvas_init(&canvas, rows, cols, is_ascii);
    ui_set_theme(ui, &theme, false);
    int64_t now_ms = session_now(&shot->session);
    ui_hud_changed(ui, &shot->session.hud, HUD_CHANGED_USERS | HUD_CHANGED_LINK, now_ms);
    ui_render(ui, &canvas, &shot->session.hud, now_ms);
    rc = console_shot(cli->args[0], &canvas, &theme, &shot->err);
    canvas_fini(&canvas);
    ui_free(ui);
    return rc;
}

static int take(const struct cli *cli)
{
    struct shot shot = {0};
    struct start start;
    int cols = 100, rows = 30;
    if (cli->size && parse_size(cli->size, &cols, &rows, &shot.err) != RC_OK)
        return start_fail(&shot.err);
    if (!str_ends(cli->args[0], ".svg") && !str_ends(cli->args[0], ".txt")) {
        err_set(&shot.err, RC_USAGE, "%s: a picture's name ends with .svg or .txt", cli->args[0]);
        return start_fail(&shot.err);
    }
    int failed = start_profile(&start, cli);
    if (failed)
        return start_fini(&start), failed;
    bool is_looking_up = false;
    if (session_init(&shot.session, &start.settings, true, &shot.err) == RC_OK) {
        shot.session.changed = on_changed;
        shot.session.self = &shot;
        if (session_start(&shot.session, &shot.err) == RC_OK) {
            shot.deadline = loop_timer(shot.session.loop, SHOT_WAIT_MS, on_deadline, &shot);
            loop_run(shot.session.loop);
            loop_timer_stop(shot.deadline);
        }
        if (shot.is_ready)
            draw(&shot, cli, cols, rows);
        is_looking_up = session_fini(&shot.session);
    }
    start_fini(&start);
    int exit_code = shot.err.rc == RC_OK ? 0 : start_fail(&shot.err);
    if (is_looking_up)
        _exit(exit_code);
    return exit_code;
}

int cmd_shot(const struct cli *cli)
{
    struct demo demo;
    struct err err = {0};
    if (!cli->is_demo)
        return take(cli);
    int exit_code = demo_start(&demo, cli, &err) == RC_OK ? take(&demo.cli) : start_fail(&err);
    demo_end(&demo);
    return exit_code;
}
