/* What the keys of the presence settings do. Each change is sent at once, and is shown as pending
 * until it is confirmed. */
#include "callhud/ui/cmd_run.h"
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

void run_presence(const struct cmd_call *call)
{
    call->ui->screen = SCREEN_PRESENCE;
}

unsigned preset_bit(enum preset_row row)
{
    static const unsigned bits[PRESET_COUNT] = {
        [PRESET_RING] = DESK_HAS_RING,       [PRESET_PICKUP] = DESK_HAS_PICKUP,
        [PRESET_SHARE] = DESK_HAS_SHARE,     [PRESET_VISIBLE] = DESK_HAS_VISIBLE,
        [PRESET_DETAILS] = DESK_HAS_DETAILS, [PRESET_ANSWERABLE] = DESK_HAS_ANSWERABLE,
    };
    return bits[row];
}

static const char *missing(const struct desk_settings *settings, unsigned bit)
{
    for (size_t i = 0; i < sizeof settings->missing / sizeof *settings->missing; i++)
        if (bit == 1u << i)
            return settings->missing[i];
    return NULL;
}

const char *preset_why(const struct ui *ui, enum preset_row row)
{
    const struct ui_desk *desk = ui->desk.desk;
    const struct desk_settings *settings = desk->settings;
    const char *fixed = desk_why_fixed(ui);

    if (settings == NULL)
        return desk->settings_state == UI_DESK_FAILED && !str_is_empty(desk->settings_text)
                   ? desk->settings_text
                   : "not read yet";
    if ((settings->has & preset_bit(row)) == 0) {
        const char *why = missing(settings, preset_bit(row));
        return why != NULL ? why : "this telephone system has no such setting";
    }
    if (fixed != NULL || settings->fixed != NULL)
        return fixed != NULL ? fixed : settings->fixed;
    bool needs_presence = row == PRESET_ANSWERABLE || row == PRESET_VISIBLE;
    if (needs_presence && (settings->has & DESK_HAS_SHARE) != 0 && !settings->shares_presence)
        return "needs \"Allow other users to see my Presence status\" on first";
    if (ui->desk.pending != 0)
        return "the change before is still being sent";
    return NULL;
}

void preset_settled(struct ui *ui)
{
    const struct ui_desk *desk = ui->desk.desk;

    if (desk == NULL || desk->settings_state != UI_DESK_ASKED)
        ui->desk.pending = 0;
}

static void send(const struct cmd_call *call, const struct desk_settings *wanted)
{
    struct desk_screens *d = &call->ui->desk;

    d->wanted = *wanted;
    d->wanted.answerable_by = d->wanted.visible_to = NULL;
    d->pending = wanted->has;
    d->ops->set(d->ops->self, wanted);
    preset_settled(call->ui);
}

void preset_people(const struct cmd_call *call, enum pick_kind kind, const char *const *ids,
                   size_t len)
{
    enum preset_row row = kind == PICK_ANSWERABLE ? PRESET_ANSWERABLE : PRESET_VISIBLE;
    const char *why = preset_why(call->ui, row);
    struct desk_settings wanted = {.has = preset_bit(row)};

    if (why != NULL) {
        ui_message(call->ui, UI_WARN, why, NULL, call->now_ms);
        return;
    }
    if (kind == PICK_ANSWERABLE) {
        wanted.answerable_by = ids;
        wanted.answerable_len = len;
    } else {
        wanted.visible_to = ids;
        wanted.visible_len = len;
    }
    send(call, &wanted);
}

void preset_change(const struct cmd_call *call)
{
    struct ui *ui = call->ui;
    enum preset_row row = (enum preset_row)ui->desk.preset;
    const char *why = preset_why(ui, row);
    struct desk_settings wanted = {.has = preset_bit(row)};

    if (why != NULL) {
        ui_message(ui, UI_WARN, why, NULL, call->now_ms);
        return;
    }
    const struct desk_settings *now = ui->desk.desk->settings;
    switch (row) {
    case PRESET_RING: wanted.rings_when_monitored = !now->rings_when_monitored; break;
    case PRESET_PICKUP: wanted.picks_up_held = !now->picks_up_held; break;
    case PRESET_SHARE: wanted.shares_presence = !now->shares_presence; break;
    case PRESET_DETAILS: wanted.details = (enum desk_details)((now->details + 1) % 3); break;
    case PRESET_VISIBLE: picker_open(ui, PICK_VISIBLE); return;
    case PRESET_ANSWERABLE: picker_open(ui, PICK_ANSWERABLE); return;
    case PRESET_COUNT: return;
    }
    send(call, &wanted);
}
