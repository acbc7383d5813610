/* The console's screens: keys in, cells out. Knows the model and a canvas; no terminal, no network,
 * no clock, no files. */
#ifndef CALLHUD_UI_UI_H
#define CALLHUD_UI_UI_H

#include "callhud/base/err.h"
#include "callhud/draw/canvas.h"
#include "callhud/draw/key.h"
#include "callhud/draw/theme.h"
#include "callhud/model/action.h"
#include "callhud/model/hud.h"
#include "callhud/model/order.h"

struct ui;

enum ui_numbers { NUMBERS_FULL, NUMBERS_LAST4, NUMBERS_HIDDEN };
enum ui_bell { BELL_ON, BELL_OFF, BELL_AUTO };

struct ui_settings {
    const char *profile;         /* shown first in the first line; copied */
    const char *backend;         /* title of the backend, for texts; copied */
    const char *monitor;         /* what is monitored, for the empty screen; copied */
    const char *phone_extension; /* the supervisor's own, for bell = auto; "" */
    bool is_blinking;
    bool is_read_only;
    bool is_pickup_confirmed; /* pick up shows who is on the line and asks (confirm_pickup) */
    bool is_mouse;            /* the mouse is on when the screens start; `m` changes it */
    enum ui_bell bell;
    enum ui_numbers numbers;
    enum order_by order;
    const char *view;          /* "grid" "dense" "table"; NULL: grid */
    const char *theme;         /* name of the theme in use, for `t` */
    const char *const *themes; /* NULL-terminated names for `t` to go round */
    const char *const *keys;   /* NULL-terminated pairs: key text, command name; from [keys] */
};

enum rc ui_new(struct ui **out, const struct ui_settings *settings, struct err *err);
/* Settings after a reload; keeps selection, view, filter. */
enum rc ui_configure(struct ui *ui, const struct ui_settings *settings, struct err *err);
void ui_free(struct ui *ui);
/* What the screens need of the theme in use: its own signs for the lamps; and whether it is shown
 * without colours (is_mono), where the selection is marked by more than reverse. Copied. */
void ui_set_theme(struct ui *ui, const struct theme *theme, bool is_mono);

/* Feeds. bits are hud_change bits of hud_apply()/hud_tick(); hud->changed is read, not cleared. */
void ui_hud_changed(struct ui *ui, const struct hud *hud, unsigned bits, int64_t now_ms);
void ui_key(struct ui *ui, const struct key *key, const struct hud *hud, int64_t now_ms);
enum ui_level { UI_INFO, UI_GOOD, UI_WARN, UI_ERROR };
/* The message line; why (may be NULL) is shown by `i`. Both copied; kept in the message history. */
void ui_message(struct ui *ui, enum ui_level level, const char *text, const char *why,
                int64_t now_ms);
/* For a newcomer: a line with five keys, where no message stands; until the first key, for a minute
 * at most. */
void ui_teach(struct ui *ui, int64_t now_ms);

/* Every EVENT_ACTION, after the model has it: tells how a hang up, DND or record went, which the
 * model does not remember. What our phone takes part in is told by ui_hud_changed(). */
void ui_action(struct ui *ui, const struct hud *hud, const struct event *event, int64_t now_ms);
/* For the supervision bar: the audit record and the reason of what goes on; 0 and "": none. Copied.
 */
void ui_set_audit(struct ui *ui, uint64_t number, const char *reason);

/* Draws everything: pure but for the canvas and what ui remembers of the layout (scroll, hit map).
 */
void ui_render(struct ui *ui, struct canvas *canvas, const struct hud *hud, int64_t now_ms);
/* Monotonic time at which the picture changes by itself (ages, blinking, bold, messages);
 * INT64_MAX. */
int64_t ui_next_frame_ms(const struct ui *ui, const struct hud *hud, int64_t now_ms);

/* What the screens ask of the program. */
enum intent_kind {
    INTENT_NONE,
    INTENT_QUIT,
    INTENT_RESYNC,
    INTENT_REDRAW,
    INTENT_SUSPEND,
    INTENT_COPY,
    INTENT_THEME,
    INTENT_MOUSE,
    INTENT_RELOAD,
    INTENT_BELL,
    INTENT_SHOT,
    INTENT_RECONNECT,
    INTENT_ACT,
    INTENT_DESK
};
struct intent {
    enum intent_kind kind;
    char text[512]; /* COPY: what; THEME: name; SHOT: file; DESK: whose, "": our own */
    bool is_on;     /* MOUSE; ACT: DND, RECORD; RELOAD: whatever it ends */
    /* ACT: text is the reason typed, or "" */
    enum action_kind action;
    char user_id[128];
    char call_id[256]; /* of the call that was on the screen when the key was pressed; "" for DND,
                          STOP */
};
/* Asks before a reload that ends the supervision; `y` is INTENT_RELOAD with is_on. */
void ui_ask_reload(struct ui *ui);
/* To be asked until false after ui_key(), ui_hud_changed() and ui_render(): the bell may come from
 * any. */
bool ui_next_intent(struct ui *ui, struct intent *out);

/* "callhud: 3 ringing 2 held" for the terminal's title. */
void ui_title(const struct ui *ui, const struct hud *hud, char *out, size_t size);

/* Is a prompt or a question open? Ctrl-c leaves that one and not the program. */
bool ui_is_typing(const struct ui *ui);

#endif
