/* Why: one or more plain lines that explain what the screen shows. */
#ifndef CALLHUD_MODEL_WHY_H
#define CALLHUD_MODEL_WHY_H

#include "callhud/base/buf.h"
#include "callhud/model/hud.h"

/* "101 shows hold because a call with Acme Ltd has been held by 101 since 14:02:11 (1:40)" and so on:
 * the rule of the lamp table that matched, what else is true of the user (DND, several calls, other
 * presence), staleness and the link's part in it, who supervises. Lines separated by '\n'. Number and
 * name are passed through as they are. */
void why_lamp(struct buf *out, const struct hud *hud, const struct user *user, int64_t now_ms);

/* What may be done with the user now, and why not: "listen, whisper, barge: yes", "pickup: 104 has
 * no held or ringing call". A line an answer, with the names of action_row() that have it in common,
 * in the order of the actions; "record off", "dnd off" where that is what the key would do; "stop"
 * only while we supervise. Lines separated by '\n', none at the end. */
void why_actions(struct buf *out, const struct hud *hud, const struct user *user, int64_t now_ms);

/* Age as on screen, at most four columns. is_at_least puts '≥' ('>' when is_ascii) before it, still
 * within four columns by leaving off the smaller unit. age_ms < 0 gives "". */
enum age_style {
    AGE_CLOCK,   /* ringing and hold: "0:07" up to 9:59, then "12m" "2h05" "3d" */
    AGE_SECONDS, /* talk, not heard from: "42s", then as above */
    AGE_CALM,    /* all others: "<1m" ("" for at least so long), then as above: no seconds tick */
};
enum age_style age_style_of(enum lamp lamp);
#define AGE_BYTES 16
void age_text(char out[AGE_BYTES], int64_t age_ms, enum age_style style, bool is_at_least,
              bool is_ascii);
/* Monotonic milliseconds from now until age_text() would print something else; INT64_MAX: never. */
int64_t age_next_ms(int64_t age_ms, enum age_style style);

#endif
