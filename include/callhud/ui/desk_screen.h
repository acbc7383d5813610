/* The screens of a desk as they work: HUD list, its picker of people, its preview, presence
 * settings, the question before a save. Private to the ui floor. */
#ifndef CALLHUD_UI_DESK_SCREEN_H
#define CALLHUD_UI_DESK_SCREEN_H

#include "callhud/base/buf.h"
#include "callhud/base/hash.h"
#include "callhud/base/vec.h"
#include "callhud/ui/cmd.h"
#include "callhud/ui/desk.h"
#include "callhud/ui/prompt.h"

struct paint;

/* --- a list that can be searched and marked ----------------------------------------------------
 */

/* Borrowed from the desk until the next build. */
struct roll_row {
    const char *id; /* of the user */
    uint32_t twin;  /* as in struct appearance_user */
    const char *extension, *name, *department;
    bool is_off;      /* cannot be chosen: shown dim, never marked */
    const char *note; /* why it is off; in a picker shown at its right; never NULL */
    const struct appearance_line *line; /* of the HUD list; NULL in a picker */
};
struct roll {
    VEC(struct roll_row) rows; /* those shown */
    size_t all;                /* rows before search and department */
    size_t at, top;            /* into rows */
    char *at_id;               /* whom the cursor is on: it stays there whatever comes and goes */
    char search[PROMPT_BYTES];
    char *department;  /* NULL: all */
    struct map marked; /* ids, with their twins */
    int height;        /* rows on the screen, as drawn last */

    /* The rows are made anew only when what they are made of has changed: of an account with
     * 100,000 people that takes longer than a key may. */
    struct roll_source {
        uint64_t list_rev, desk_rev;
        uint64_t told; /* of the list: how often it was said to have changed */
        uint64_t what; /* kind of picker; differences only */
        const void *list, *people, *own_id;
        size_t people_len;
    } source;
    char made_search[PROMPT_BYTES];
    char *made_department;
    bool is_made;   /* the rows are those of source, made_search and made_department */
    bool is_of_hud; /* some borrow from the board, which changes with every event */
};
void roll_fini(struct roll *roll);
/* Are the rows those of this source, as it is searched now? */
bool roll_is_made(const struct roll *roll, const struct roll_source *source);
void roll_made(struct roll *roll, const struct roll_source *source); /* after roll_end() */
/* The cursor goes there as soon as there is such a row. */
void roll_go(struct roll *roll, const char *id);
void roll_begin(struct roll *roll); /* then every row, then roll_end() */
void roll_add(struct roll *roll, const struct roll_row *row);
void roll_end(struct roll *roll);
const struct roll_row *roll_at(const struct roll *roll); /* NULL: there is none */
void roll_move(struct roll *roll, long by);
bool roll_jump(struct roll *roll, const char *digits); /* to the extension that begins so */
bool roll_is_marked(const struct roll *roll, const struct roll_row *row);
void roll_mark(struct roll *roll, const struct roll_row *row, bool is_marked);
size_t roll_mark_shown(struct roll *roll); /* how many are marked by that */
void roll_unmark(struct roll *roll);
size_t roll_marked_hidden(const struct roll *roll); /* marked ones that are not shown */
void roll_scroll(struct roll *roll, int height);    /* the cursor within so many rows */

/* --- the picker --------------------------------------------------------------------------------
 */

enum pick_kind { PICK_ADD, PICK_SET, PICK_ANSWERABLE, PICK_VISIBLE };
struct picker {
    enum pick_kind kind;
    struct roll roll;
    char *id;      /* PICK_SET: whose line it is */
    uint32_t twin; /* of that */
    uint32_t key;
    bool was_told; /* PICK_ANSWERABLE, PICK_VISIBLE: who is chosen now is marked already */
};

/* --- the whole ---------------------------------------------------------------------------------
 */

enum preset_row { /* rows of the settings screen, in order */
                  PRESET_RING,
                  PRESET_PICKUP,
                  PRESET_SHARE,
                  PRESET_VISIBLE,
                  PRESET_DETAILS,
                  PRESET_ANSWERABLE,
                  PRESET_COUNT
};

struct desk_screens {
    const struct ui_desk *desk; /* borrowed; NULL: there is none */
    const struct ui_desk_ops *ops;
    bool is_shown;        /* as the program was told last */
    struct map person_at; /* user id -> its place in desk->people, and one */
    uint64_t noted_rev;   /* desk->rev when person_at was made, and the people then */
    const struct desk_person *noted;
    size_t noted_len;
    uint64_t told;   /* how often the program said that something of the desk has changed */
    bool is_ask_due; /* a save is to be asked about when no other question is open */

    struct roll list;
    bool is_diff_only;
    struct picker picker;
    int page, pages; /* of the preview; as drawn last */
    long app_top;    /* first line of the desktop app's list */
    int app_rows;    /* its lines, as drawn last */

    long preset;                 /* the row under the cursor */
    unsigned pending;            /* DESK_HAS_ bit that was sent and is not confirmed */
    struct desk_settings wanted; /* what was sent: no lists */
    uint64_t asked_rev;          /* revision of the list that the save dialog shows */
    uint64_t asked_phones;       /* and which phones restart, and are in a call, as it shows them */
};

/* Is one of these screens open, also below help or log? */
bool desk_is_open(const struct ui *ui);
/* Tells the program when that changes. */
void desk_follow(struct ui *ui);
void desk_fini(struct ui *ui);
/* Rows of what is open, anew where something has changed: before every key and every picture. */
void desk_rebuild(struct ui *ui, const struct hud *hud);
struct roll *desk_roll(struct ui *ui); /* the list that is open; NULL */
bool desk_move(struct ui *ui, long lines);
bool desk_back(struct ui *ui, int64_t now_ms); /* one step back; false: no such screen is open */
void desk_close(struct ui *ui);                /* the screen that is open */
void desk_search(struct ui *ui, const char *text);
const char *desk_title_of(const struct ui *ui, const struct hud *hud); /* "900"; "" not known */
const struct desk_person *desk_person(const struct ui *ui, const char *user_id);
/* Extension and name of a user of the list, as far as anybody knows them; "" is never NULL. */
void desk_user_text(const struct ui *ui, const struct hud *hud, const struct appearance_user *user,
                    char *out, size_t size);
/* What keys that other screens have too do here; false: no such screen is open. */
bool desk_turn(const struct cmd_call *call, int by); /* Left, Right */
bool desk_enter(const struct cmd_call *call);
bool desk_mark(const struct cmd_call *call);
bool desk_department(const struct cmd_call *call);
bool desk_click(struct ui *ui, long line);
unsigned desk_scope(const struct ui *ui); /* SCOPE_ bit of the screen that is open; 0 */
const char *desk_label(const struct ui *ui, const struct cmd *cmd);

/* --- changing the list -------------------------------------------------------------------------
 */

/* Edits to be done at once: their texts are borrowed, and gone when they are done. */
struct edits {
    VEC(struct appearance_edit) items;
    VEC(char *) names; /* edits_do()'s own: whom each is about, for what is said afterwards */
};
void edits_put(struct edits *edits, enum appearance_edit_kind kind,
               const struct appearance_user *user, const struct appearance_user *to, uint32_t key);
/* Does them and says how it went ("2 removed here"), then frees them. hidden: how many of them are
 * about people who are not shown. Returns how many were done. */
size_t edits_do(const struct cmd_call *call, struct edits *edits, const char *done, size_t hidden);
/* Why nothing can be changed; NULL: it can. */
const char *desk_why_fixed(const struct ui *ui);

/* What the rows of a desk's screens are made of, but for search and department. Rows of thousands
 * are not made anew for what changes none of it. */
struct roll_source desk_source(const struct ui *ui, const struct hud *hud, uint64_t what);

void picker_open(struct ui *ui, enum pick_kind kind);
void picker_rows(struct ui *ui, const struct hud *hud);
void picker_accept(const struct cmd_call *call);

void preset_change(const struct cmd_call *call);
void preset_settled(struct ui *ui); /* what was sent is confirmed, or refused */
/* People chosen for the row of the picker. */
void preset_people(const struct cmd_call *call, enum pick_kind kind, const char *const *ids,
                   size_t len);
/* Why the row cannot be changed; NULL: it can. */
const char *preset_why(const struct ui *ui, enum preset_row row);
unsigned preset_bit(enum preset_row row);

/* --- the question before a save ----------------------------------------------------------------
 */

/* Saves, or asks first. */
void save_begin(struct ui *ui, const struct hud *hud, int64_t now_ms);
void save_answer(struct ui *ui, bool is_when_idle, int64_t now_ms);
/* Not now: nor is what was to be saved when phones are idle. */
void save_refuse(struct ui *ui, int64_t now_ms);
/* What is waited for, and the key that calls it off. */
void view_waiting(const struct ui *ui, char *out, size_t size);
/* Before a picture: the question is about what there is now, and one that is due is asked. */
void save_watch(struct ui *ui, const struct hud *hud, int64_t now_ms);
/* The question has closed unanswered. sync = automatic: it is asked again. */
void save_put_off(struct ui *ui);
/* Why the question is void by now; "" while it stands. */
void save_void(struct ui *ui, const struct hud *hud, char *out, size_t size);
void save_title(const struct paint *p, int cols, char *out, size_t size);
void save_body(const struct paint *p, int cols, int lines_max, struct buf *out);
/* "when Desk idle"; "" where nothing in a call restarts. */
void save_idle_text(const struct ui *ui, char *out, size_t size);
bool save_restarts(const struct ui *ui); /* or it is not known */

/* --- pictures -----------------------------------------------------------------------------------
 */

void view_hudlist(const struct paint *p);
void view_picker(const struct paint *p);
void view_preview(const struct paint *p);
void view_presence(const struct paint *p);
/* What that row is, or why it cannot be changed. */
void view_presence_words(const struct paint *p, enum preset_row row, char *out, size_t size);
/* " HUD LIST  14 of 100 keys . 2 unsaved": a title and as many facts as fit, in their order. */
void view_facts(const struct paint *p, int row, const char *title, const struct buf *facts);

#endif
