/* What the commands of the table do. One function a command; private to the ui floor. */
#ifndef CALLHUD_UI_CMD_RUN_H
#define CALLHUD_UI_CMD_RUN_H

#include "callhud/ui/cmd.h"

void run_up(const struct cmd_call *call);
void run_down(const struct cmd_call *call);
void run_left(const struct cmd_call *call);
void run_right(const struct cmd_call *call);
void run_page_up(const struct cmd_call *call);
void run_page_down(const struct cmd_call *call);
void run_half_up(const struct cmd_call *call);
void run_half_down(const struct cmd_call *call);
void run_first(const struct cmd_call *call);
void run_last(const struct cmd_call *call);
void run_next_department(const struct cmd_call *call);
void run_previous_department(const struct cmd_call *call);
void run_urgent(const struct cmd_call *call);
void run_jump(const struct cmd_call *call);

void run_find(const struct cmd_call *call);
void run_filter_lamp(const struct cmd_call *call);
void run_department(const struct cmd_call *call);
void run_order(const struct cmd_call *call);
void run_group(const struct cmd_call *call);
void run_view(const struct cmd_call *call);
void run_mark(const struct cmd_call *call);
void run_unmark(const struct cmd_call *call);

void run_open(const struct cmd_call *call);
void run_back(const struct cmd_call *call);
void run_quit(const struct cmd_call *call);
void run_why(const struct cmd_call *call);
void run_freeze(const struct cmd_call *call);
void run_log(const struct cmd_call *call);
void run_help(const struct cmd_call *call);
void run_palette(const struct cmd_call *call);

void run_copy(const struct cmd_call *call);
void run_theme(const struct cmd_call *call);
void run_mouse(const struct cmd_call *call);
void run_mute(const struct cmd_call *call);
void run_redraw(const struct cmd_call *call);
void run_resync(const struct cmd_call *call);
void run_reconnect(const struct cmd_call *call);
void run_reload(const struct cmd_call *call);
void run_shot(const struct cmd_call *call);
void run_suspend(const struct cmd_call *call);

void run_act(const struct cmd_call *call); /* whatever action the command is called after */
void run_menu(const struct cmd_call *call);

void run_list(const struct cmd_call *call);
void run_list_add(const struct cmd_call *call);
void run_list_remove(const struct cmd_call *call);
void run_list_up(const struct cmd_call *call);
void run_list_down(const struct cmd_call *call);
void run_list_place(const struct cmd_call *call);
void run_list_undo(const struct cmd_call *call);
void run_list_differences(const struct cmd_call *call);
void run_keep_here(const struct cmd_call *call);
void run_keep_stored(const struct cmd_call *call);
void run_keep_both(const struct cmd_call *call);
void run_preview(const struct cmd_call *call);
void run_mark_shown(const struct cmd_call *call);
void run_pull(const struct cmd_call *call);
void run_save(const struct cmd_call *call);
void run_save_cancel(const struct cmd_call *call);
void run_desk(const struct cmd_call *call);
void run_presence(const struct cmd_call *call);

const char *why_no_desk(const struct cmd_call *call);
const char *why_no_list(const struct cmd_call *call);
const char *why_no_edit(const struct cmd_call *call);
const char *why_no_line(const struct cmd_call *call);
const char *why_no_undo(const struct cmd_call *call);
const char *why_no_conflict(const struct cmd_call *call);
const char *why_no_save(const struct cmd_call *call);
const char *why_no_wait(const struct cmd_call *call);
const char *why_no_preview(const struct cmd_call *call);
const char *why_no_marks(const struct cmd_call *call);
const char *why_no_roll(const struct cmd_call *call);

const char *why_no_act(const struct cmd_call *call);
const char *why_no_open(const struct cmd_call *call);
const char *why_no_user(const struct cmd_call *call);
const char *why_no_departments(const struct cmd_call *call);
const char *why_nothing_urgent(const struct cmd_call *call);
const char *why_no_copy(const struct cmd_call *call);
const char *why_no_theme(const struct cmd_call *call);
const char *why_no_mark(const struct cmd_call *call);
const char *why_no_reason(const struct cmd_call *call);

#endif
