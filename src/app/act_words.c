#include "callhud/app/act_words.h"

#include "callhud/base/clock.h"
#include "callhud/base/str.h"
#include "callhud/base/utf8.h"
#include "callhud/model/action.h"

#define NAME_CELLS 40
#define TEXT_CELLS 300

void act_words_user(struct buf *out, const char *extension, const char *name, bool is_ascii)
{
    utf8_fit(out, extension, NAME_CELLS, is_ascii);
    if (str_is_empty(name))
        return;
    buf_putc(out, ' ');
    utf8_fit(out, name, NAME_CELLS, is_ascii);
}

void act_words_clock(struct buf *out, const struct hud *hud, int64_t now_ms)
{
    char clock[16];
    int64_t at_ms = hud_backend_now(hud, now_ms);
    clock_format_local(at_ms ? at_ms : clock_wall_ms(), "%H:%M:%S", clock, sizeof clock);
    buf_printf(out, "%s ", clock);
}

const char *act_words_effect(enum action_kind kind)
{
    switch (kind) {
    case ACTION_LISTEN: return "nobody will hear you";
    case ACTION_WHISPER: return "the agent will hear you";
    case ACTION_BARGE: return "both parties will hear you";
    case ACTION_TAKEOVER: return "the call moves to your phone, the agent is out of it";
    case ACTION_PICKUP: return "the call moves to your phone";
    case ACTION_HANGUP: return "the call ends for both parties";
    case ACTION_RECORD: return "a recording ends with the call, or when it is turned off";
    case ACTION_DND:
    case ACTION_STOP:
    case ACTION_COUNT: break;
    }
    return "";
}

const char *act_words_ending(enum action_kind kind, const struct call *call)
{
    return action_ends_recording(kind, call) ? "a recording made by callhud ends with it" : "";
}

static void put_confirmed(struct buf *out, const struct event *event, const char *name,
                          bool is_ascii)
{
    bool is_on = event->u.action.is_on;
    switch (event->u.action.kind) {
    case ACTION_LISTEN: buf_puts(out, "listen, nobody hears you"); break;
    case ACTION_WHISPER:
        buf_puts(out, "whisper, ");
        if (str_is_empty(name))
            buf_puts(out, "the agent");
        utf8_fit(out, name, NAME_CELLS, is_ascii);
        buf_puts(out, " hears you");
        break;
    case ACTION_BARGE: buf_puts(out, "barge, both hear you"); break;
    case ACTION_TAKEOVER: buf_puts(out, "takeover, the call is yours"); break;
    case ACTION_PICKUP: buf_puts(out, "picked up, the call is yours"); break;
    case ACTION_HANGUP: buf_puts(out, "hung up"); break;
    case ACTION_DND: buf_printf(out, "do not disturb is %s", is_on ? "on" : "off"); break;
    case ACTION_RECORD: buf_puts(out, is_on ? "is recorded" : "is not recorded any more"); break;
    case ACTION_STOP:
    case ACTION_COUNT: break;
    }
}

void act_words(struct buf *out, const struct event *event, const char *name, bool is_ascii)
{
    const char *what = action_row(event->u.action.kind)->name;
    const char *text = event->u.action.text ? event->u.action.text : "";
    switch (event->u.action.stage) {
    case ACTION_ASKED: return;
    case ACTION_CONFIRMED: put_confirmed(out, event, name, is_ascii); return;
    case ACTION_PHONE: break;
    case ACTION_UNSURE:
        buf_printf(out, "%s, not %s", what,
                   action_row(event->u.action.kind)->is_mode ? "known whether it goes on"
                                                             : "confirmed yet");
        break;
    case ACTION_ENDED: buf_printf(out, "%s ended", what); break;
    case ACTION_FAILED:
        buf_printf(out, "%s failed", what);
        text = *text ? text : rc_text(event->u.action.rc);
        break;
    }
    if (event->u.action.stage != ACTION_PHONE && *text)
        buf_puts(out, ": ");
    utf8_fit(out, text, TEXT_CELLS, is_ascii);
}
