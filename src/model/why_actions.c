/* Why an action may or may not be done with a user: the answers of action_check(), joined. */
#include "callhud/model/why.h"

#include "callhud/base/str.h"
#include "callhud/model/action.h"

#include <stdio.h>

struct answer {
    enum action_kind kind;
    bool is_on; /* what would be asked for: DND and record are switched */
    bool is_told;
    char text[sizeof((struct action_check *)0)->why];
};

static void answer_make(struct answer *out, const struct hud *hud, const struct user *user,
                        enum action_kind kind, int64_t now_ms)
{
    const struct call *call = action_call(hud, user, kind);
    const struct capability_fact *can = &hud->capabilities[kind];
    struct action_check check;

    out->kind = kind;
    out->is_told = kind == ACTION_STOP && !supervision_is_on(&hud->supervision);
    out->is_on = kind == ACTION_DND ? !user->is_dnd : call == NULL || !call->is_recorded;
    action_check(&check, hud, user, call, kind, out->is_on, now_ms);
    if (!check.is_ok)
        str_copy(out->text, sizeof out->text, check.why);
    else if (can->level == CAPABILITY_ASSISTED && can->why[0] != '\0')
        (void)str_format(out->text, sizeof out->text, "yes, by your phone: %.200s", can->why);
    else
        str_copy(out->text, sizeof out->text, "yes");
}

static void put_name(struct buf *out, const struct answer *answer)
{
    bool is_switch = answer->kind == ACTION_DND || answer->kind == ACTION_RECORD;

    buf_printf(out, "%s%s", action_row(answer->kind)->name,
               is_switch && !answer->is_on ? " off" : "");
}

void why_actions(struct buf *out, const struct hud *hud, const struct user *user, int64_t now_ms)
{
    struct answer answers[ACTION_COUNT];
    bool is_first = true;

    for (int kind = 0; kind < ACTION_COUNT; kind++)
        answer_make(&answers[kind], hud, user, (enum action_kind)kind, now_ms);
    for (int kind = 0; kind < ACTION_COUNT; kind++) {
        if (answers[kind].is_told)
            continue;
        buf_puts(out, is_first ? "" : "\n");
        is_first = false;
        put_name(out, &answers[kind]);
        for (int other = kind + 1; other < ACTION_COUNT; other++) {
            if (answers[other].is_told || !str_eq(answers[other].text, answers[kind].text))
                continue;
            answers[other].is_told = true;
            buf_puts(out, ", ");
            put_name(out, &answers[other]);
        }
        buf_printf(out, ": %s", answers[kind].text);
    }
}
