/* A user as every view draws it: glyph, age, words, marks. */
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

enum role lamp_role(enum lamp lamp)
{
    static const enum role roles[LAMP_COUNT] = {
        [LAMP_RINGING] = ROLE_RINGING,
        [LAMP_HOLD] = ROLE_HOLD,
        [LAMP_PARKED] = ROLE_PARKED,
        [LAMP_ON_CALL] = ROLE_ON_CALL,
        [LAMP_HIDDEN] = ROLE_HIDDEN,
        [LAMP_OFFLINE] = ROLE_OFFLINE,
        [LAMP_DND] = ROLE_DND,
        [LAMP_AWAY] = ROLE_AWAY,
        [LAMP_PRESENCE_ONLY] = ROLE_PRESENCE_ONLY,
        [LAMP_AVAILABLE] = ROLE_AVAILABLE,
        [LAMP_UNKNOWN] = ROLE_UNKNOWN,
    };
    return roles[lamp];
}

/* The age of these says nothing that helps a supervisor. */
static bool has_age(enum lamp lamp)
{
    return lamp != LAMP_HIDDEN && lamp != LAMP_OFFLINE && lamp != LAMP_PRESENCE_ONLY;
}

static void make_age(struct face *face, const struct paint *p)
{
    bool is_at_least = face->view.since_ms == 0;
    int64_t since_ms = is_at_least ? face->view.at_least_ms : face->view.since_ms;

    face->age[0] = '\0';
    if (since_ms == 0 || !has_age(face->view.lamp))
        return;
    int64_t age_ms = hud_age_ms(p->hud, since_ms, p->now_ms);
    enum age_style style = age_style_of(face->view.lamp);
    age_text(face->age, age_ms, style, is_at_least, p->canvas->is_ascii);
    if (age_ms >= 0)
        paint_due_in(p, age_next_ms(age_ms, style));
}

static bool is_bold(const struct paint *p, const struct user *user)
{
    for (size_t i = 0; i < p->ui->bolds.len; i++) {
        const struct bold *bold = &p->ui->bolds.items[i];
        if (bold->until_ms > p->live_ms && str_eq(bold->id, user->id)) {
            paint_due(p, bold->until_ms);
            return true;
        }
    }
    return false;
}

/* Blinking changes the colour's role, never whether the glyph can be read. */
static bool is_dark(const struct face *face, const struct paint *p)
{
    if (!p->ui->settings.is_blinking || p->ui->is_frozen || face->view.is_stale ||
        !lamp_blinks(face->view.lamp, &p->hud->settings))
        return false;
    paint_due(p, (p->live_ms / UI_BLINK_MS + 1) * UI_BLINK_MS);
    return p->live_ms / UI_BLINK_MS % 2 != 0;
}

void face_make(struct face *face, const struct paint *p, const struct user *user, bool is_selected)
{
    memset(face, 0, sizeof *face);
    face->user = user;
    face->view = hud_lamp(p->hud, user, p->now_ms);
    face->row = lamp_row(face->view.lamp);
    bool is_known = face->view.lamp != LAMP_UNKNOWN && !user->is_withheld;
    face->call = is_known ? hud_call(user) : NULL;
    face->calls = is_known ? user->calls.len + user->calls_beyond : 0;
    face->is_selected = is_selected;
    face->is_marked = ui_is_marked(p->ui, user);
    paint_sign(p, face->view.lamp, face->glyph);
    make_age(face, p);

    uint8_t bold = is_bold(p, user) ? ATTR_BOLD : 0;
    enum role lamp = is_dark(face, p) ? ROLE_DIM : lamp_role(face->view.lamp);
    face->lamp = style_with(lamp, (uint8_t)(bold | (is_selected ? ATTR_REVERSE : 0)));
    face->text = style_with(is_selected           ? ROLE_SELECTION
                            : face->view.is_stale ? ROLE_DIM
                                                  : ROLE_TEXT,
                            bold);
    face->dim = style_with(is_selected ? ROLE_SELECTION : ROLE_DIM, 0);

    bool is_waiting = face->view.lamp == LAMP_RINGING || face->view.lamp == LAMP_HOLD;
    face->is_pickup =
        is_waiting && !face->view.is_stale && hud_pickup(p->hud, user, p->now_ms).is_ok;
    for (size_t i = 0; is_known && i < user->calls.len; i++) {
        face->is_supervised |= user->calls.items[i].supervisors_len > 0;
        face->is_recorded |= user->calls.items[i].is_recorded;
    }
    face->is_supervised |= p->hud->supervision.mode != SUPERVISE_UNKNOWN &&
                           supervision_is_of(&p->hud->supervision, user->id, NULL);
    face->is_pending = user->pending != 0;
}

const char *face_bar(const struct face *face, const struct paint *p)
{
    return face->is_selected ? paint_bar(p) : " ";
}

void face_party(const struct face *face, const struct paint *p, char *out, size_t size)
{
    party_text(p->ui, face->call, out, size);
}

const char *face_arrow(const struct face *face, const struct paint *p)
{
    if (face->view.lamp != LAMP_ON_CALL || face->call == NULL)
        return "";
    return face->call->direction == CALL_OUT ? paint_glyph(p, "→", ">") : paint_glyph(p, "←", "<");
}

void face_words(const struct face *face, const struct paint *p, char *out, size_t size)
{
    char party[256];
    enum lamp lamp = face->view.lamp;

    face_party(face, p, party, sizeof party);
    if (lamp == LAMP_ON_CALL) {
        if (party[0] == '\0')
            str_copy(out, size, "on a call");
        else if (face->call->state == CALL_DIALLING)
            (void)snprintf(out, size, "dials %s", party);
        else
            (void)snprintf(out, size, "%s %s", face_arrow(face, p), party);
    } else if (lamp <= LAMP_PARKED && party[0] != '\0') {
        (void)snprintf(out, size, "%s %s", face->row->word, party);
    } else if (lamp == LAMP_AWAY && face->user->presence_note[0] != '\0') {
        (void)snprintf(out, size, "%s: %s", face->row->word, face->user->presence_note);
    } else {
        str_copy(out, size, face->row->word);
    }
}

void face_marks(const struct face *face, const struct paint *p, int max, char *out, size_t size)
{
    /* In the order on the screen; rank 0 is the last to be left off. */
    const struct {
        bool is_on;
        int rank;
        const char *text;
    } marks[] = {
        {face->is_marked, 4, "*"},
        {face->view.is_stale, 2, "?"},
        {face->is_pending, 0, paint_glyph(p, "…", "~")},
        {face->is_supervised, 3, paint_glyph(p, "♪", "^")},
        {face->is_recorded, 5, "r"},
        {face->is_pickup, 1, "P"},
    };
    enum { COUNT = sizeof marks / sizeof marks[0] };
    int room = max, limit = -1;

    for (int rank = 0; rank < COUNT && room > 0; rank++)
        for (int i = 0; i < COUNT; i++)
            if (marks[i].rank == rank) {
                room -= marks[i].is_on;
                limit = rank;
            }
    out[0] = '\0';
    for (int i = 0; i < COUNT; i++)
        if (marks[i].is_on && marks[i].rank <= limit) {
            size_t used = strlen(out);
            str_copy(out + used, size - used, marks[i].text);
        }
}
