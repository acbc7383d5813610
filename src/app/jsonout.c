#include "callhud/app/jsonout.h"

#include "callhud/base/clock.h"
#include "callhud/base/str.h"
#include "callhud/base/utf8.h"
#include "callhud/model/action.h"
#include "callhud/model/why.h"

#include <inttypes.h>
#include <jansson.h>

static json_t *text_or_null(const char *text)
{
    return str_is_empty(text) ? json_null() : json_string(text);
}

static json_t *time_or_null(int64_t epoch_ms)
{
    char iso[CLOCK_ISO_BYTES];
    if (epoch_ms <= 0)
        return json_null();
    clock_format_iso(epoch_ms, iso);
    return json_string(iso);
}

static json_t *call_json(const struct call *call)
{
    json_t *supervisors = json_array();
    for (size_t i = 0; i < call->supervisors_len; i++) {
        const struct supervisor *s = &call->supervisors[i];
        json_t *one = json_object();
        json_object_set_new(one, "extension", text_or_null(s->extension));
        json_object_set_new(one, "mode", text_or_null(supervise_mode_json(s->mode)));
        json_array_append_new(supervisors, one);
    }
    json_t *o = json_object();
    json_object_set_new(o, "id", json_string(call->id));
    json_object_set_new(o, "state", json_string(call_state_json(call->state)));
    json_object_set_new(o, "direction", json_string(call_direction_json(call->direction)));
    json_object_set_new(o, "number", text_or_null(call->number));
    json_object_set_new(o, "name", text_or_null(call->name));
    json_object_set_new(o, "since", time_or_null(call->since_ms));
    json_object_set_new(o, "recorded", json_boolean(call->is_recorded));
    json_object_set_new(o, "supervised_by", supervisors);
    return o;
}

static json_t *calls_json(const struct user *user)
{
    if (user->is_withheld)
        return json_null();
    json_t *calls = json_array();
    for (size_t i = 0; i < user->calls.len; i++)
        json_array_append_new(calls, call_json(&user->calls.items[i]));
    return calls;
}

static int append(const char *bytes, size_t len, void *out)
{
    return buf_put(out, bytes, len) ? 0 : -1;
}

void jsonout_user(struct buf *out, const struct hud *hud, const struct user *user,
                  const char *profile, uint64_t sequence, int64_t now_ms)
{
    struct lamp_view view = hud_lamp(hud, user, now_ms);
    struct pickup pickup = hud_pickup(hud, user, now_ms);
    int64_t age_ms = hud_age_ms(hud, view.since_ms, now_ms);
    bool is_dnd_known = user->touched_dnd.any != 0;

    json_t *may = json_object();
    json_object_set_new(may, "ok", json_boolean(pickup.is_ok));
    json_object_set_new(may, "why", text_or_null(pickup.why));

    json_t *o = json_object();
    json_object_set_new(o, "v", json_integer(1));
    json_object_set_new(o, "profile", json_string(profile));
    json_object_set_new(o, "time", time_or_null(hud_backend_now(hud, now_ms)));
    json_object_set_new(o, "extension", json_string(user->extension));
    json_object_set_new(o, "name", text_or_null(user->name));
    json_object_set_new(o, "department", text_or_null(user->department));
    json_object_set_new(o, "lamp", json_string(lamp_row(view.lamp)->json));
    json_object_set_new(o, "since", time_or_null(view.since_ms));
    json_object_set_new(o, "age_ms", age_ms < 0 ? json_null() : json_integer(age_ms));
    json_object_set_new(o, "presence", text_or_null(presence_json(user->presence)));
    json_object_set_new(o, "dnd", is_dnd_known ? json_boolean(user->is_dnd) : json_null());
    json_object_set_new(o, "stale", json_boolean(view.is_stale));
    json_object_set_new(o, "sequence", json_integer((json_int_t)sequence));
    json_object_set_new(o, "pickup", may);
    json_object_set_new(o, "calls", calls_json(user));
    json_dump_callback(o, append, out, JSON_COMPACT);
    json_decref(o);
}

/* {"v":1,"time","extension","call", NAME: the action's, ..., "confirmed":true} */
static void put_confirmed(struct buf *out, int64_t at_ms, const char *extension,
                          const struct event *event, const char *name)
{
    enum action_kind kind = event->u.action.kind;
    json_t *o = json_object();
    json_object_set_new(o, "v", json_integer(1));
    json_object_set_new(o, "time", time_or_null(at_ms));
    json_object_set_new(o, "extension", json_string(extension));
    json_object_set_new(o, "call", text_or_null(event->u.action.call_id));
    json_object_set_new(o, name, json_string(action_row(kind)->name));
    if (kind == ACTION_DND || kind == ACTION_RECORD)
        json_object_set_new(o, "on", json_boolean(event->u.action.is_on));
    json_object_set_new(o, "confirmed", json_true());
    json_dump_callback(o, append, out, JSON_COMPACT);
    buf_putc(out, '\n');
    json_decref(o);
}

void jsonout_action(struct buf *out, int64_t at_ms, const char *extension,
                    const struct event *event)
{
    put_confirmed(out, at_ms, extension, event, "action");
}

void jsonout_mode(struct buf *out, int64_t at_ms, const char *extension, const struct event *event)
{
    put_confirmed(out, at_ms, extension, event, "mode");
}

static void csv_text(struct buf *out, const char *text, char end)
{
    bool is_quoted = false;
    for (const char *c = text; *c; c++)
        is_quoted |= *c == ',' || *c == '"' || *c == '\n' || *c == '\r';
    /* A sheet must not take a name from outside for a formula. */
    bool is_formula = *text == '=' || *text == '+' || *text == '-' || *text == '@';
    if (is_quoted || is_formula)
        buf_putc(out, '"');
    if (is_formula && !(text[0] == '+' && text[1] >= '0' && text[1] <= '9'))
        buf_putc(out, '\'');
    for (const char *c = text; *c; c++) {
        if (*c == '"')
            buf_putc(out, '"');
        buf_putc(out, *c);
    }
    if (is_quoted || is_formula)
        buf_putc(out, '"');
    buf_putc(out, end);
}

static void csv_time(struct buf *out, int64_t epoch_ms, char end)
{
    char iso[CLOCK_ISO_BYTES] = "";
    if (epoch_ms > 0)
        clock_format_iso(epoch_ms, iso);
    csv_text(out, iso, end);
}

void jsonout_csv_header(struct buf *out)
{
    buf_puts(out, "v,profile,time,extension,name,department,lamp,since,age_ms,presence,dnd,stale,"
                  "sequence,pickup_ok,pickup_why,calls,call_id,call_state,call_direction,"
                  "call_number,call_name,call_since,call_recorded\n");
}

void jsonout_csv_user(struct buf *out, const struct hud *hud, const struct user *user,
                      const char *profile, uint64_t sequence, int64_t now_ms)
{
    struct lamp_view view = hud_lamp(hud, user, now_ms);
    struct pickup pickup = hud_pickup(hud, user, now_ms);
    int64_t age_ms = hud_age_ms(hud, view.since_ms, now_ms);
    const char *presence = presence_json(user->presence);
    const struct call *call = user->is_withheld ? NULL : hud_call(user);

    buf_puts(out, "1,");
    csv_text(out, profile, ',');
    csv_time(out, hud_backend_now(hud, now_ms), ',');
    csv_text(out, user->extension, ',');
    csv_text(out, user->name, ',');
    csv_text(out, user->department, ',');
    csv_text(out, lamp_row(view.lamp)->json, ',');
    csv_time(out, view.since_ms, ',');
    if (age_ms >= 0)
        buf_printf(out, "%" PRId64, age_ms);
    buf_putc(out, ',');
    csv_text(out, presence ? presence : "", ',');
    buf_printf(out, "%s,%s,%" PRIu64 ",%s,",
               user->touched_dnd.any ? (user->is_dnd ? "true" : "false") : "",
               view.is_stale ? "true" : "false", sequence, pickup.is_ok ? "true" : "false");
    csv_text(out, pickup.why ? pickup.why : "", ',');
    if (!user->is_withheld)
        buf_printf(out, "%zu", user->calls.len + user->calls_beyond);
    buf_putc(out, ',');
    csv_text(out, call ? call->id : "", ',');
    csv_text(out, call ? call_state_json(call->state) : "", ',');
    csv_text(out, call ? call_direction_json(call->direction) : "", ',');
    csv_text(out, call ? call->number : "", ',');
    csv_text(out, call ? call->name : "", ',');
    csv_time(out, call ? call->since_ms : 0, ',');
    csv_text(out, call ? (call->is_recorded ? "true" : "false") : "", '\n');
}

/* Pads to a column; text is measured in cells. */
static void column(struct buf *out, const char *text, int cells, bool is_ascii)
{
    int used = utf8_fit(out, text, cells, is_ascii);
    for (; used < cells; used++)
        buf_putc(out, ' ');
    buf_putc(out, ' ');
}

void jsonout_words(struct buf *out, const struct hud *hud, const struct user *user,
                   enum ui_numbers numbers, bool is_ascii, int64_t now_ms)
{
    struct lamp_view view = hud_lamp(hud, user, now_ms);
    const struct lamp_row *row = lamp_row(view.lamp);
    const struct call *call = user->is_withheld ? NULL : hud_call(user);
    bool is_at_least = view.since_ms == 0;
    char age[AGE_BYTES];
    age_text(age, hud_age_ms(hud, is_at_least ? view.at_least_ms : view.since_ms, now_ms),
             age_style_of(view.lamp), is_at_least, is_ascii);

    if (is_ascii)
        buf_putc(out, row->ascii);
    else
        buf_puts(out, row->glyph);
    buf_putc(out, ' ');
    column(out, user->extension, 6, is_ascii);
    column(out, user->name, 20, is_ascii);
    column(out, row->word, 16, is_ascii);
    buf_printf(out, "%5s%s", age, view.is_stale ? " stale" : "");
    if (call) {
        const char *arrow =
            call->direction == CALL_IN ? (is_ascii ? "<-" : "←") : (is_ascii ? "->" : "→");
        buf_printf(out, "  %s", arrow);
        const char *name = numbers_is_number(call->name) ? "" : call->name;
        char number[64];
        numbers_text(number, sizeof number, call->number[0] || *name ? call->number : call->name,
                     numbers);
        if (*name) {
            buf_putc(out, ' ');
            utf8_fit(out, name, 30, is_ascii);
        }
        if (*number) {
            buf_putc(out, ' ');
            utf8_fit(out, number, 24, is_ascii);
        }
        size_t calls = user->calls.len + user->calls_beyond;
        if (calls > 1)
            buf_printf(out, "  (%zu calls)", calls);
    }
    while (out->len && out->data[out->len - 1] == ' ')
        out->data[--out->len] = '\0';
    buf_putc(out, '\n');
}
