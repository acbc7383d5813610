/* Commands that ask the program for something. */
#include "callhud/ui/cmd_run.h"
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

static void say(const struct cmd_call *call, const char *text)
{
    ui_message(call->ui, UI_INFO, text, NULL, call->now_ms);
}

/* The number of the call the lamp speaks of; NULL when there is none. */
static const char *number_of(const struct user *user)
{
    const struct call *call = user != NULL ? hud_call(user) : NULL;

    return call != NULL && call->number[0] != '\0' ? call->number : NULL;
}

const char *why_no_copy(const struct cmd_call *call)
{
    const struct user *user = board_selected(&call->ui->board);

    if (user == NULL)
        return "nobody is selected";
    if (number_of(user) != NULL && call->ui->settings.numbers != NUMBERS_FULL)
        return "numbers are masked by the setting \"numbers\"";
    return NULL;
}

void run_copy(const struct cmd_call *call)
{
    const struct user *user = board_selected(&call->ui->board);
    char shown[128], text[200];

    if (user == NULL)
        return;
    const char *number = number_of(user);
    ui_ask(call->ui, INTENT_COPY, number != NULL ? number : user->extension);
    number_text(call->ui, number, shown, sizeof shown);
    (void)snprintf(text, sizeof text, "copied %.100s", number != NULL ? shown : user->extension);
    say(call, text);
}

const char *why_no_theme(const struct cmd_call *call)
{
    return call->ui->themes == NULL || call->ui->themes[0] == NULL ? "there is no other theme"
                                                                   : NULL;
}

void run_theme(const struct cmd_call *call)
{
    struct ui *ui = call->ui;
    char text[128];
    size_t next = 0;
    bool is_known = false;

    for (size_t i = 0; ui->themes[i] != NULL; i++) {
        if (call->text[0] != '\0' && str_eq(ui->themes[i], call->text)) {
            next = i;
            is_known = true;
        } else if (call->text[0] == '\0' && str_eq(ui->themes[i], ui->settings.theme)) {
            next = ui->themes[i + 1] != NULL ? i + 1 : 0;
        }
    }
    if (call->text[0] != '\0' && !is_known) {
        (void)snprintf(text, sizeof text, "no such theme: %.64s", call->text);
        ui_message(ui, UI_WARN, text, NULL, call->now_ms);
        return;
    }
    char *name = mem_dup(ui->themes[next]);
    union {
        const char *read;
        char *owned;
    } old = {ui->settings.theme};
    mem_free(old.owned);
    ui->settings.theme = name;
    ui_ask(ui, INTENT_THEME, name);
    (void)snprintf(text, sizeof text, "theme: %.64s", name);
    say(call, text);
}

void run_mouse(const struct cmd_call *call)
{
    struct ui *ui = call->ui;

    ui->is_mouse_on = !ui->is_mouse_on;
    ui_ask(ui, INTENT_MOUSE, "");
    ui->intents.items[ui->intents.len - 1].is_on = ui->is_mouse_on;
    say(call, ui->is_mouse_on ? "mouse on; hold Shift to select text"
                              : "mouse off: the terminal selects text");
}

void run_mute(const struct cmd_call *call)
{
    call->ui->bell.is_muted = !call->ui->bell.is_muted;
    say(call, call->ui->bell.is_muted ? "the bell is mute" : "the bell is on again");
}

void run_redraw(const struct cmd_call *call)
{
    ui_ask(call->ui, INTENT_REDRAW, "");
}

void run_resync(const struct cmd_call *call)
{
    ui_ask(call->ui, INTENT_RESYNC, "");
    say(call, "asked for everything again");
}

void run_reconnect(const struct cmd_call *call)
{
    ui_ask(call->ui, INTENT_RECONNECT, "");
}

void run_reload(const struct cmd_call *call)
{
    ui_ask(call->ui, INTENT_RELOAD, "");
}

void run_shot(const struct cmd_call *call)
{
    if (call->text[0] == '\0')
        say(call, "shot needs a file: shot board.svg");
    else
        ui_ask(call->ui, INTENT_SHOT, call->text);
}

void run_suspend(const struct cmd_call *call)
{
    if (supervision_is_on(&call->hud->supervision))
        dialog_open_leave(call->ui, DIALOG_SUSPEND);
    else
        ui_ask(call->ui, INTENT_SUSPEND, "");
}
