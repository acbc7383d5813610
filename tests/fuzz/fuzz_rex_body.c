/* What the service (or whoever sits in its place) sends: each line is a frame of the gateway or the
 * body of an answer; it goes through the decoders into a floor, whose events go into a model. */
#include "callhud/backend/ringcentral/floor.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/base/utf8.h"
#include "callhud/model/hud.h"

#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

#define PARTS "multipart/mixed; boundary=B"

struct run {
    struct rex_floor floor;
    struct hud hud;
    int64_t now_ms;
};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    CHECK(setlocale(LC_CTYPE, "C.UTF-8") != NULL);
    return 0;
}

/* Ready for the screen: valid, and with no control character left. */
static void check_text(const char *text)
{
    CHECK(text != NULL);
    size_t len = strlen(text);
    CHECK(utf8_is_valid(text, len));
    for (size_t i = 0; i < len; i++)
        CHECK((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

static void on_event(void *self, const struct event *event)
{
    struct run *run = self;
    switch (event->kind) {
    case EVENT_USER:
        check_text(event->u.user.extension);
        check_text(event->u.user.name);
        check_text(event->u.user.department);
        break;
    case EVENT_PRESENCE: check_text(event->u.presence.note); break;
    case EVENT_CALL:
        check_text(event->u.call.id);
        check_text(event->u.call.number);
        check_text(event->u.call.name);
        for (size_t i = 0; i < event->u.call.supervisors_len; i++)
            check_text(event->u.call.supervisors[i].extension);
        break;
    default: break;
    }
    hud_apply(&run->hud, event, run->now_ms);
}

static void add_people(struct run *run)
{
    static const char *const ids[] = {"1", "2", "3", "500"};
    for (size_t i = 0; i < 4; i++) {
        struct rex_person person = {.is_enabled = true, .type = "User"};
        str_copy(person.id, sizeof person.id, ids[i]);
        str_copy(person.extension, sizeof person.extension, ids[i]);
        struct rex_user *user = rex_floor_person(&run->floor, &person);
        rex_floor_monitor(&run->floor, user, i < 3, (uint32_t)i + 1);
    }
    str_copy(run->floor.own_id, sizeof run->floor.own_id, "500");
}

/* What the model shows of a user is what the floor knows. */
static void check_floor(struct run *run)
{
    uint64_t missing = 0;
    for (size_t i = 0; i < run->floor.users.len; i++) {
        const struct rex_user *user = run->floor.users.items[i];
        const struct user *shown = hud_user_by_id(&run->hud, user->id);
        missing += user->missing;
        CHECK(user->index == i);
        CHECK(rex_floor_user(&run->floor, user->id) == user);
        CHECK((shown != NULL) == user->is_told);
        if (shown == NULL)
            continue;
        bool is_hidden = rex_floor_is_hidden(&run->floor, user);
        CHECK(!is_hidden || (shown->calls.len == 0 && shown->presence == PRESENCE_HIDDEN));
        for (uint32_t k = 0; k < user->calls_len && !is_hidden; k++)
            CHECK(!user->calls[k].is_gone && hud_call_by_id(shown, user->calls[k].id) != NULL);
        CHECK(is_hidden || shown->calls.len == user->calls_len);
    }
    CHECK(missing == run->floor.missing);
}

static void take_frame(struct run *run, const char *line, size_t len)
{
    struct rex_frame frame;
    enum rc rc = rex_wire_frame(&frame, line, len, NULL);
    if (rc == RC_OK && frame.kind == REX_FRAME_NOTICE) {
        if (frame.notice.kind == REX_NOTICE_PRESENCE)
            rex_floor_presence(&run->floor, &frame.notice.presence, frame.notice.at_ms);
        else if (frame.notice.kind == REX_NOTICE_SESSION)
            rex_floor_session(&run->floor, &frame.notice.session, frame.notice.at_ms);
    }
    rex_frame_fini(&frame);
}

static void take_presences(struct run *run, const char *type, const char *line, size_t len)
{
    rex_presences list = {0};
    struct rex_paging paging;
    if (rex_wire_presences(&list, &paging, type, line, len, NULL) == RC_OK) {
        uint32_t asked = rex_floor_asked(&run->floor);
        for (size_t i = 0; i < list.len; i++)
            rex_floor_answer(&run->floor, &list.items[i], asked, 0);
    }
    rex_presences_free(&list);
}

static void take_lists(const char *line, size_t len)
{
    rex_lines lines = {0};
    rex_persons persons = {0};
    rex_grants grants = {0};
    rex_devices devices = {0};
    rex_features features = {0};
    struct rex_person person;
    struct rex_party party;
    rex_wire_lines(&lines, NULL, line, len, NULL);
    if (rex_wire_persons(&persons, NULL, line, len, NULL) == RC_OK)
        for (size_t i = 0; i < persons.len; i++)
            check_text(persons.items[i].name);
    rex_wire_grants(&grants, NULL, line, len, NULL);
    rex_wire_devices(&devices, NULL, line, len, NULL);
    rex_wire_features(&features, line, len, NULL);
    if (rex_wire_person(&person, line, len, NULL) == RC_OK)
        check_text(person.name);
    if (rex_wire_party(&party, line, len, NULL) == RC_OK)
        check_text(party.park);
    bool is_active;
    (void)rex_wire_recording(&is_active, line, len);
    VEC_FREE(&lines);
    VEC_FREE(&persons);
    VEC_FREE(&grants);
    VEC_FREE(&devices);
    VEC_FREE(&features);
}

static void take_line(struct run *run, const char *line, size_t len)
{
    struct rex_session session;
    run->now_ms += 10;
    if (len > 2 && line[0] == '-') { /* an answer in parts; '|' ends its lines */
        char *parts = mem_dup_n(line, len);
        for (size_t i = 0; i < len; i++)
            parts[i] = parts[i] == '|' ? '\n' : parts[i];
        take_presences(run, PARTS, parts, len);
        mem_free(parts);
    } else if (len > 0 && line[0] == '!') {
        rex_floor_mistrust(&run->floor);
        rex_floor_sweep(&run->floor, run->now_ms);
    } else {
        take_frame(run, line, len);
        take_presences(run, "application/json", line, len);
        take_lists(line, len);
        if (rex_wire_session(&session, line, len, NULL) == RC_OK) {
            rex_floor_session(&run->floor, &session, 0);
            rex_session_fini(&session);
        }
    }
    check_floor(run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run run = {.now_ms = 1000};
    const struct backend_sink sink = {.event = on_event, .self = &run};
    hud_init(&run.hud);
    rex_floor_init(&run.floor, &sink);
    add_people(&run);
    char *text = mem_dup_n((const char *)data, size);
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t len = end != NULL ? (size_t)(end - (text + at)) : size - at;
        take_line(&run, text + at, len);
        at += len + 1;
    }
    mem_free(text);
    rex_floor_fini(&run.floor);
    hud_fini(&run.hud);
    return 0;
}
