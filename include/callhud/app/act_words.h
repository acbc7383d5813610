/* Actions in lines for people and for programs. */
#ifndef CALLHUD_APP_ACT_WORDS_H
#define CALLHUD_APP_ACT_WORDS_H

#include "callhud/base/buf.h"
#include "callhud/model/hud.h"

/* "104 Lena Fischer", without a newline. */
void act_words_user(struct buf *out, const char *extension, const char *name, bool is_ascii);
/* What became of an action, for a line that begins with whom it is about: "listen, nobody hears
 * you", "barge, both hear you", "picked up", "recorded", "do not disturb is on", "listen ended: the
 * call has ended", "pickup failed: ...". name is the user's. "" for what nobody needs to know. */
void act_words(struct buf *out, const struct event *event, const char *name, bool is_ascii);
/* What a dangerous action does, for who is asked: "both parties will hear you". */
const char *act_words_effect(enum action_kind kind);
/* What it ends besides: "a recording made by callhud ends with it"; "". call may be NULL. */
const char *act_words_ending(enum action_kind kind, const struct call *call);
/* "HH:MM:SS " in local time, of the backend's clock where it is known. */
void act_words_clock(struct buf *out, const struct hud *hud, int64_t now_ms);

#endif
