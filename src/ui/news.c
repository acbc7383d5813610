/* What the model tells, as the screens say it: bold changes, the last of them in words, and what
 * became of the link. */
#include "callhud/base/clock.h"
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

static void bolds_expire(struct ui *ui, int64_t now_ms)
{
    for (size_t i = ui->bolds.len; i-- > 0;)
        if (ui->bolds.items[i].until_ms <= now_ms) {
            mem_free(ui->bolds.items[i].id);
            VEC_REMOVE(&ui->bolds, i);
        }
}

/* What a snapshot brings is not news. */
static bool is_news(const struct hud *hud, unsigned bits)
{
    return hud->link.is_synced && !hud->is_snapshot_open &&
           (bits & (HUD_CHANGED_LAMP | HUD_CHANGED_CALLS)) != 0;
}

/* A change is bold for a second, ten at a time. */
static void note_bold(struct ui *ui, const struct hud *hud, unsigned bits, int64_t now_ms)
{
    bolds_expire(ui, now_ms);
    for (size_t i = 0; is_news(hud, bits) && i < hud->changed.len && ui->bolds.len < UI_BOLD_MAX;
         i++) {
        const struct user *user = hud->changed.items[i];
        bool is_known = false;
        if (user->rev <= ui->seen_rev)
            continue;
        for (size_t j = 0; j < ui->bolds.len; j++)
            if (str_eq(ui->bolds.items[j].id, user->id)) {
                ui->bolds.items[j].until_ms = now_ms + UI_BOLD_MS;
                is_known = true;
            }
        if (!is_known) {
            struct bold bold = {mem_dup(user->id), now_ms + UI_BOLD_MS};
            VEC_PUSH(&ui->bolds, bold);
        }
    }
}

static void say_back(struct ui *ui, const struct hud *hud, int64_t now_ms)
{
    char from[16], to[16], text[200];
    int64_t wall_ms = ui_wall_ms(ui, now_ms);
    const char *format = wall_ms - ui->away_wall_ms < 60000 ? "%H:%M:%S" : "%H:%M";

    clock_format_local(ui->away_wall_ms, format, from, sizeof from);
    clock_format_local(wall_ms, format, to, sizeof to);
    (void)snprintf(text, sizeof text, "away %s-%s: %llu lamp%s corrected", from, to,
                   (unsigned long long)hud->stats.last_corrected,
                   hud->stats.last_corrected == 1 ? "" : "s");
    ui_message(ui, hud->stats.last_corrected > 0 ? UI_WARN : UI_INFO, text,
               "calls that came and went meanwhile are not known", now_ms);
}

/* Once for each reason: tries that fail in the same way again are not news. */
static void say_lost(struct ui *ui, const struct link *link, int64_t now_ms)
{
    char text[400];

    if (ui->lost_said != NULL && str_eq(ui->lost_said, link->text))
        return;
    if (link->was_synced)
        (void)snprintf(text, sizeof text, "connection lost%s%.300s",
                       link->text[0] != '\0' ? ": " : "", link->text);
    else
        (void)snprintf(text, sizeof text, "%.300s",
                       link->text[0] != '\0' ? link->text : "cannot connect");
    ui_message(ui, UI_WARN, text, NULL, now_ms);
    mem_free(ui->lost_said);
    ui->lost_said = mem_dup(link->text);
}

static void note_state(struct ui *ui, const struct link *link, int64_t now_ms)
{
    if (link->state == ui->link_seen)
        return;
    ui->link_seen = link->state;
    if (link->state == LINK_LOST) {
        say_lost(ui, link, now_ms);
    } else if (link->state == LINK_REFUSED) {
        ui_message(ui, UI_ERROR, link->text[0] != '\0' ? link->text : "sign-in refused",
                   "callhud doctor checks the sign-in step by step; :reconnect tries again",
                   now_ms);
    } else if (link->state == LINK_LIVE || link->state == LINK_POLLING) {
        mem_free(ui->lost_said);
        ui->lost_said = NULL;
    }
}

static void note_link(struct ui *ui, const struct hud *hud, int64_t now_ms)
{
    enum { BLIP_MS = 5000 }; /* a gap that was mended so soon, and changed nothing, is not told */
    const struct link *link = &hud->link;
    bool is_resynced = hud->stats.resyncs != ui->resyncs_seen;
    char text[80];

    note_state(ui, link, now_ms);
    ui->resyncs_seen = hud->stats.resyncs;
    if (link->was_synced && !link->is_synced && !ui->is_away) {
        ui->is_away = true;
        ui->away_wall_ms = ui_wall_ms(ui, now_ms);
    } else if (link->is_synced && ui->is_away) {
        ui->is_away = false;
        if (hud->stats.last_corrected > 0 || ui_wall_ms(ui, now_ms) - ui->away_wall_ms >= BLIP_MS)
            say_back(ui, hud, now_ms);
    } else if (is_resynced && link->state == LINK_LIVE && link->is_synced &&
               hud->stats.last_corrected > 0) {
        (void)snprintf(text, sizeof text, "read again: %llu lamp%s corrected",
                       (unsigned long long)hud->stats.last_corrected,
                       hud->stats.last_corrected == 1 ? "" : "s");
        ui_message(ui, UI_WARN, text, "what the screen showed had missed a change", now_ms);
    }
}

/* --- the last change in words ------------------------------------------------------------------
 */

/* "Omar Said put 415 555 0100 on hold" */
static void call_news(const struct ui *ui, const struct user *user, const struct call *call,
                      char *out, size_t size)
{
    const char *who = user->name[0] != '\0' ? user->name : user->extension;
    char party[256];

    party_text(ui, call, party, sizeof party);
    const char *whom = party[0] != '\0' ? party : "a call";
    switch (call->state) {
    case CALL_RINGING: (void)snprintf(out, size, "%s rings at %s", whom, who); break;
    case CALL_DIALLING: (void)snprintf(out, size, "%s dials %s", who, party); break;
    case CALL_CONNECTED:
        (void)snprintf(out, size, "%s talks%s%s", who, party[0] != '\0' ? " with " : "", party);
        break;
    case CALL_HELD: (void)snprintf(out, size, "%s put %s on hold", who, whom); break;
    case CALL_PARKED: (void)snprintf(out, size, "%s parked %s", who, whom); break;
    }
}

/* The call of the users that changed whose state is the newest, if it began just now: a call that
 * ended or got a name leaves the others as they were. */
static void note_last(struct ui *ui, const struct hud *hud, int64_t now_ms)
{
    enum { JUST_NOW_MS = 3000 };
    int64_t newest_ms = hud_backend_now(hud, now_ms) - JUST_NOW_MS;
    char text[640], at[16];

    for (size_t i = 0; i < hud->changed.len; i++) {
        const struct user *user = hud->changed.items[i];
        if (user->rev <= ui->seen_rev || user->is_withheld)
            continue;
        for (size_t j = 0; j < user->calls.len; j++) {
            const struct call *call = &user->calls.items[j];
            if (call->since_ms < newest_ms || call->since_ms < ui->last_since_ms)
                continue;
            newest_ms = ui->last_since_ms = call->since_ms;
            call_news(ui, user, call, text, sizeof text);
            clock_format_local(call->since_ms, "%H:%M:%S", at, sizeof at);
            (void)snprintf(ui->last_news, sizeof ui->last_news, "last: %s %s", at, text);
        }
    }
}

void news_note(struct ui *ui, const struct hud *hud, unsigned bits, int64_t now_ms)
{
    note_bold(ui, hud, bits, now_ms);
    if (is_news(hud, bits) && !ui->is_frozen)
        note_last(ui, hud, now_ms);
    ui->seen_rev = hud->rev;
    note_link(ui, hud, now_ms);
    if ((bits & HUD_CHANGED_ACTION) != 0)
        news_action(ui, hud, now_ms);
}
