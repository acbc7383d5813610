/* Shared by the files of the ui floor only. */
#ifndef CALLHUD_UI_UI_PRIV_H
#define CALLHUD_UI_UI_PRIV_H

#include "callhud/base/str.h"
#include "callhud/model/hud_copy.h"
#include "callhud/model/why.h"
#include "callhud/ui/act.h"
#include "callhud/ui/board.h"
#include "callhud/ui/cmd.h"
#include "callhud/ui/desk_screen.h"
#include "callhud/ui/keymap.h"
#include "callhud/ui/layout.h"
#include "callhud/ui/prompt.h"
#include "callhud/ui/ui.h"

enum {
    UI_BLINK_MS = 500,
    UI_BOLD_MS = 1000,
    UI_BOLD_MAX = 10,
    UI_JUMP_MS = 1500,
    UI_HISTORY_MAX = 200,
    UI_MARKS_MAX = 4, /* columns for marks in a grid cell */
};

enum screen {
    SCREEN_BOARD,
    SCREEN_USER,
    SCREEN_LOG,
    SCREEN_HELP,
    SCREEN_LIST,
    SCREEN_PICK,
    SCREEN_PREVIEW,
    SCREEN_PRESENCE
};

/* --- bell ------------------------------------------------------------------------------------- */

#define BELL_DELAY_MS 400
#define BELL_EVERY_MS 2000

struct bell_ring {
    char *id;         /* of the user */
    int64_t first_ms; /* when the ring was first seen */
};
struct bell {
    VEC(struct bell_ring) rings;
    int64_t last_ms; /* when it last sounded */
    bool has_sounded;
    bool is_muted;
};
/* Looks who rings. True when the bell has to sound now. */
bool bell_tick(struct bell *bell, const struct hud *hud, const struct ui_settings *settings,
               int64_t now_ms);
/* When bell_tick() has to be asked again; INT64_MAX: after the next change. */
int64_t bell_next_ms(const struct bell *bell, const struct ui_settings *settings, int64_t now_ms);
void bell_fini(struct bell *bell);

/* --- messages --------------------------------------------------------------------------------- */

struct message {
    enum ui_level level;
    char *text, *why; /* why may be NULL */
    int64_t at_ms, wall_ms;
};

/* --- what can be clicked -----------------------------------------------------------------------
 */

struct hit {
    int row, col, rows, cols;
    char *user_id;         /* NULL: a command */
    const struct cmd *cmd; /* what a click runs */
    long line;             /* of a list on the screen; -1: none */
};

struct bold {
    char *id;
    int64_t until_ms;
};

/* --- the whole -------------------------------------------------------------------------------- */

struct ui {
    struct ui_settings settings; /* strings owned */
    char **themes;               /* owned, NULL-terminated */
    struct keymap keymap;
    char signs[THEME_GLYPHS][8]; /* of the theme; "": the lamp table's */
    bool is_mono;

    enum ui_view view;
    enum screen screen;
    enum screen
        under; /* below help or log: the screen of a desk that they came from; else the board */
    enum order_by order;
    bool is_ungrouped;
    struct filter filter;
    char *department;   /* NULL: all */
    bool is_refiltered; /* filter or department changed since the board was built */
    struct layout layout;
    struct board board;
    int rows, cols; /* as drawn last */

    VEC(char *) marked; /* user ids */
    VEC(struct hit) hits;
    VEC(struct bold) bolds;
    int64_t told_ms; /* when the backend last told anything of a user */
    uint64_t seen_rev;
    char last_news[704];   /* "last: 14:01:12 Omar Said put 415 555 0100 on hold" */
    int64_t last_since_ms; /* backend time of that */

    struct prompt prompt;
    struct key chord[KEYMAP_CHORD_MAX];
    size_t chord_len;
    bool is_lamp_asked; /* after `f`: the next letter is a lamp */
    char jump[16];
    int64_t jump_ms;

    VEC(struct message) messages; /* oldest first */
    struct message lesson;        /* of ui_teach(); its text is NULL without one */
    VEC(struct intent) intents;
    struct bell bell;
    bool is_mouse_on;
    struct seen seen;
    uint64_t drawn_rev; /* hud.rev of the picture drawn last */
    struct dialog dialog;
    struct menu menu;
    struct desk_screens desk;
    struct told told;
    uint64_t audit_number;
    char *audit_reason;
    int rest_row, rest_col; /* of the window that asks or lists, for the cursor; -1: none */
    bool is_caps;           /* Caps Lock seems to be on: capitals do not act on calls */
    char why_not[256];      /* what the last why_disabled() of an action said */
    bool is_why_open;
    int why_top, why_more; /* lines above the window's first; below its last, as drawn last */

    char help_search[64];
    long help_at, help_top, help_len; /* lines of the help screen */
    long log_back;                    /* lines back from the newest */
    int screen_rows;                  /* lines of the open screen, as drawn last */

    bool is_frozen;
    struct hud frozen;
    int64_t frozen_ms;
    uint64_t frozen_changes;

    enum link_state link_seen;
    char *lost_said; /* the reason of a loss that was told last; NULL: none since live */
    uint64_t resyncs_seen;
    bool is_away;
    int64_t away_wall_ms;
    int64_t wall_offset_ms; /* wall clock minus monotonic clock, as last seen */

    bool is_drawn;
    int64_t due_ms; /* when the picture drawn last changes by itself */
};

/* What is on the screen: the frozen picture, or the model. */
const struct hud *ui_shown(const struct ui *ui, const struct hud *hud);
int64_t ui_shown_ms(const struct ui *ui, int64_t now_ms);
void ui_rebuild(struct ui *ui, const struct hud *hud, int64_t now_ms);
int64_t ui_wall_ms(const struct ui *ui, int64_t now_ms);
void ui_ask(struct ui *ui, enum intent_kind kind, const char *text);
bool ui_is_marked(const struct ui *ui, const struct user *user);
const struct message *ui_message_shown(const struct ui *ui, int64_t now_ms);
void ui_taught(struct ui *ui); /* ends ui_teach() */
/* Is there more to it than the message line can show? `i` tells it. */
bool ui_message_has_more(const struct ui *ui, const struct message *message);
enum rc ui_filter(struct ui *ui, const char *text, struct err *err);
void ui_department(struct ui *ui, const char *department); /* NULL: all */
void ui_run(struct ui *ui, const struct cmd *cmd, const char *text, const struct hud *hud,
            int64_t now_ms);
void ui_close(struct ui *ui); /* the screen that is open: back to the one below */
void ui_unfreeze(struct ui *ui);
void ui_jump(struct ui *ui, const char *digits, const struct hud *hud, int64_t now_ms);

/* To be told of every change: bold cells, messages about the link, the last change in words. */
void news_note(struct ui *ui, const struct hud *hud, unsigned bits, int64_t now_ms);

/* --- painting --------------------------------------------------------------------------------- */

struct paint {
    struct ui *ui;
    struct canvas *canvas;
    const struct hud *hud; /* what is shown: frozen or not */
    const struct hud *live;
    int64_t now_ms; /* of what is shown */
    int64_t live_ms;
    const struct layout *layout;
};

/* The picture changes by itself at that time. */
void paint_due(const struct paint *p, int64_t live_ms);
/* The same for ages: a frozen picture has no time. */
void paint_due_in(const struct paint *p, int64_t ms);
void paint_hit(const struct paint *p, int row, int col, int rows, int cols, const char *user_id,
               const struct cmd *cmd, long line);

/* Where the next text of a line goes. */
struct pen {
    struct canvas *canvas;
    int row, col, end;
};
/* True when all of it fitted. */
bool pen_put(struct pen *pen, struct style style, const char *text);
bool pen_printf(struct pen *pen, struct style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct style style_with(enum role role, uint8_t attrs);
/* One of two texts: the second where only ASCII can be shown. */
const char *paint_glyph(const struct paint *p, const char *utf8, const char *ascii);
/* What a lamp is drawn as: one column. */
void paint_sign(const struct paint *p, enum lamp lamp, char out[8]);
const char *paint_bar(const struct paint *p); /* left of what is selected */
/* A text over as many lines of cols cells as it needs, from row to before end; below row 0 nothing
 * is drawn. Returns the lines that the whole text takes. */
int paint_text(const struct paint *p, int row, int end, int col, int cols, struct style style,
               const char *text);
/* The same, but what does not fit ends in an ellipsis. Returns the lines drawn. */
int paint_text_fit(const struct paint *p, int row, int end, int col, int cols, struct style style,
                   const char *text);
/* The text without its first lines of cols cells. */
const char *paint_text_from(const struct paint *p, const char *text, int cols, int lines);
void paint_rule(const struct paint *p, int row, int col, int cols);

/* Lines one below the other, in the screen of a user and in the side pane. */
struct sheet {
    int row, col, cols, end;
};
/* A text after a label, over as many lines as it needs. */
void sheet_labelled(const struct paint *p, struct sheet *sheet, const char *label,
                    const char *text);
struct pen sheet_line(const struct paint *p, struct sheet *sheet);

/* An empty window with its title in the border. */
void paint_box(const struct paint *p, int row, int col, int rows, int cols, const char *title);
/* Lines that windows may cover: the supervision bar stays to be seen. */
int paint_window_rows(const struct paint *p);
/* Clock of a call: "12:55" since it was answered, else since its state began; "" when not known.
 * The answer is its age, -1. */
int64_t call_clock(const struct paint *p, const struct hud *hud, int64_t now_ms,
                   const struct call *call, char *out, size_t size);

/* A user as drawn. */
struct face {
    const struct user *user;
    struct lamp_view view;
    const struct lamp_row *row;
    const struct call *call; /* the one that the lamp speaks of; NULL */
    size_t calls; /* 0 where the lamp is unknown or they are withheld: nothing is shown */
    char glyph[8];
    char age[AGE_BYTES];
    struct style lamp, text, dim;
    bool is_selected, is_marked, is_pickup, is_supervised, is_recorded, is_pending;
};
void face_make(struct face *face, const struct paint *p, const struct user *user, bool is_selected);
/* "rings 212 555 0142", "→ Acme Ltd", "away: lunch". */
void face_words(const struct face *face, const struct paint *p, char *out, size_t size);
/* The other party alone: name, else number; "" when not known. */
void face_party(const struct face *face, const struct paint *p, char *out, size_t size);
const char *face_arrow(const struct face *face, const struct paint *p); /* "→", "←"; "" */
/* At most max marks, the least important left off. */
void face_marks(const struct face *face, const struct paint *p, int max, char *out, size_t size);
const char *face_bar(const struct face *face, const struct paint *p); /* left of a selected cell */
enum role lamp_role(enum lamp lamp);

/* Numbers as the settings allow: +1 grouped, masked, or as sent. */
void number_text(const struct ui *ui, const char *number, char *out, size_t size);
/* Name of a party, its number where the name is none or only repeats a number. */
void party_text(const struct ui *ui, const struct call *call, char *out, size_t size);

void statusbar_header(const struct paint *p);
void statusbar_now(const struct paint *p);
void statusbar_message(const struct paint *p);
/* Is there anything for the message line? */
bool statusbar_has_message(const struct ui *ui, int64_t now_ms);
void statusbar_keys(const struct paint *p);
void statusbar_counts(const struct paint *p); /* the whole screen below 20x4 */

void view_board(const struct paint *p);
void view_cells_row(const struct paint *p, int row, const struct board_row *line); /* grid, dense */
void view_list_row(const struct paint *p, int row, const struct user *user);
void view_table_head(const struct paint *p, int row);
void view_table_row(const struct paint *p, int row, const struct user *user);
void view_heading(const struct paint *p, int row, const struct order_group *group);
void view_empty(const struct paint *p);
void view_user(const struct paint *p);
void view_pane(const struct paint *p);
void view_log(const struct paint *p);
void view_help(const struct paint *p);
void view_why(const struct paint *p);
void view_may(const struct paint *p, struct sheet *sheet, const struct user *user);
void view_may_table(const struct paint *p, struct sheet *sheet, const struct user *user);
void view_menu(const struct paint *p);
void view_dialog(const struct paint *p);
void view_bar(const struct paint *p);
void palette_paint(const struct paint *p);

/* The command under the cursor of the help screen; NULL on a heading. */
const struct cmd *help_command(const struct ui *ui);
/* Commands whose name, label or help have the text, in the order of the table, those whose name
 * begins with it first, and of those the actions on calls last. */
size_t palette_match(const char *text, const struct cmd **out, size_t max);

void prompt_open(struct ui *ui, enum prompt_kind kind, const char *text);
bool prompt_key(struct ui *ui, const struct key *key, const struct hud *hud, int64_t now_ms);

#endif
