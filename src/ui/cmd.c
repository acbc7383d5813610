/* THE command table. The order is that of the key bar and, within a group, of the help screen. */
#include "callhud/ui/cmd.h"

#include "callhud/base/str.h"
#include "callhud/ui/cmd_run.h"

const struct cmd cmd_table[] = {
    /* show */
    {"open", "Enter", "show", "user", "Opens the selected user: calls, devices, what you may do.",
     SCOPE_USERS | SCOPE_USER, CMD_IN_BAR, why_no_user, run_open},
    {"find", "/ F3", "find", "find",
     "Shows only who matches: name, number, extension, department, is:hold, -is:offline.",
     SCOPE_ALL, CMD_IN_BAR | CMD_TAKES_TEXT, NULL, run_find},
    {"urgent", "!", "move", "next urgent", "Goes to the next user who rings or holds.", SCOPE_USERS,
     CMD_IN_BAR, why_nothing_urgent, run_urgent},
    {"help", "? F1", "program", "help", "Lists all commands with their keys.", SCOPE_ALL,
     CMD_IN_BAR, NULL, run_help},
    {"palette", ":", "program", "all", "Runs any command by its name.", SCOPE_ALL, CMD_IN_BAR, NULL,
     run_palette},
    {"view", "v F5", "show", "view", "Changes the view: grid, dense, table.", SCOPE_USERS,
     CMD_IN_BAR | CMD_TAKES_TEXT, NULL, run_view},
    {"order", "o F6", "show", "order",
     "Changes the order: line, extension, name, state, longest, hold.", SCOPE_USERS,
     CMD_IN_BAR | CMD_TAKES_TEXT, NULL, run_order},
    {"department", "d", "show", "department", "Shows one department only, then the next, then all.",
     SCOPE_USERS, CMD_IN_BAR | CMD_TAKES_TEXT, why_no_departments, run_department},
    {"why", "i", "show", "why", "Explains the lamp of the selected user, or the message.",
     SCOPE_ALL, CMD_IN_BAR, why_no_reason, run_why},
    {"mark", "Space", "act", "mark", "Marks the selected user, or takes the mark away.",
     SCOPE_USERS | SCOPE_USER, CMD_IN_BAR, why_no_user, run_mark},
    {"freeze", "z", "show", "freeze", "Stops the picture; changes are counted until it goes on.",
     SCOPE_USERS, CMD_IN_BAR, NULL, run_freeze},
    {"copy", "y", "act", "copy", "Copies the other party's number, or else the extension.",
     SCOPE_USER, CMD_IN_BAR, why_no_copy, run_copy},
    {"mute", "M", "program", "mute", "Silences the bell until pressed again.", SCOPE_ALL,
     CMD_IN_BAR, NULL, run_mute},
    {"theme", "t", "program", "theme", "Changes the colours to the next theme.", SCOPE_ALL,
     CMD_IN_BAR | CMD_TAKES_TEXT, why_no_theme, run_theme},
    {"filter-lamp", "f F4", "find", "filter", "Shows only one lamp: the next letter says which.",
     SCOPE_USERS, CMD_TAKES_TEXT, NULL, run_filter_lamp},
    {"jump", "", "find", "jump", "Goes to the extension that follows; digits alone do the same.",
     SCOPE_USERS, CMD_TAKES_TEXT, NULL, run_jump},
    {"group", "", "show", "group", "Groups users by department, or not.", SCOPE_USERS, 0, NULL,
     run_group},
    {"log", "F9", "show", "log", "Shows what happened: messages and the log.", SCOPE_ALL, 0, NULL,
     run_log},
    {"unmark", "", "act", "unmark", "Takes all marks away.", SCOPE_USERS, 0, why_no_mark,
     run_unmark},
    /* move */
    {"up", "k Up", "move", "up", "One row up.", SCOPE_ALL, 0, NULL, run_up},
    {"down", "j Down", "move", "down", "One row down.", SCOPE_ALL, 0, NULL, run_down},
    {"left", "h Left", "move", "left", "One user to the left.", SCOPE_USERS, 0, NULL, run_left},
    {"right", "l Right", "move", "right", "One user to the right.", SCOPE_USERS, 0, NULL,
     run_right},
    {"page-up", "PgUp Ctrl-b", "move", "page up", "One screen up.", SCOPE_ALL, 0, NULL,
     run_page_up},
    {"page-down", "PgDn Ctrl-f", "move", "page down", "One screen down.", SCOPE_ALL, 0, NULL,
     run_page_down},
    {"half-up", "Ctrl-u", "move", "half up", "Half a screen up.", SCOPE_ALL, 0, NULL, run_half_up},
    {"half-down", "Ctrl-d", "move", "half down", "Half a screen down.", SCOPE_ALL, 0, NULL,
     run_half_down},
    {"first", "gg Home", "move", "first", "To the first.", SCOPE_ALL, 0, NULL, run_first},
    {"last", "G End", "move", "last", "To the last.", SCOPE_ALL, 0, NULL, run_last},
    {"next-department", "Tab", "move", "next department", "To the first of the next department.",
     SCOPE_USERS, 0, why_no_departments, run_next_department},
    {"previous-department", "S-Tab", "move", "previous department",
     "To the first of the department before.", SCOPE_USERS, 0, why_no_departments,
     run_previous_department},
    /* program */
    {"mouse", "m", "program", "mouse", "Turns the mouse on or off; off leaves it to the terminal.",
     SCOPE_ALL, 0, NULL, run_mouse},
    {"redraw", "Ctrl-l", "program", "redraw", "Draws the whole screen again.", SCOPE_ALL, 0, NULL,
     run_redraw},
    {"resync", "Ctrl-r", "program", "resync", "Asks the backend for everything again.", SCOPE_ALL,
     0, NULL, run_resync},
    {"reconnect", "", "program", "reconnect", "Tries the connection again at once.", SCOPE_ALL, 0,
     NULL, run_reconnect},
    {"reload", "", "program", "reload", "Reads configuration and themes again.", SCOPE_ALL, 0, NULL,
     run_reload},
    {"shot", "", "program", "picture", "Writes the screen to a file: shot FILE.svg or FILE.txt.",
     SCOPE_ALL, CMD_TAKES_TEXT, NULL, run_shot},
    {"suspend", "Ctrl-z", "program", "suspend", "Gives the terminal back until fg.", SCOPE_ALL, 0,
     NULL, run_suspend},
    {"back", "Esc", "program", "back", "One step back; never quits.", SCOPE_ALL, 0, NULL, run_back},
    {"quit", "q F10", "program", "quit", "Closes this screen; on the board, the program.",
     SCOPE_ALL, 0, NULL, run_quit},
};
const size_t cmd_table_len = sizeof cmd_table / sizeof cmd_table[0];

const struct cmd *cmd_find(const char *name)
{
    for (size_t i = 0; i < cmd_table_len; i++)
        if (str_eq(cmd_table[i].name, name))
            return &cmd_table[i];
    return NULL;
}
