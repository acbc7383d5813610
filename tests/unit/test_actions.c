/* From a wish to the backend and the record: what is asked for was written down before. */
#include "callhud/app/actions.h"
#include "callhud/app/session.h"
#include "callhud/base/str.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define LINES_MAX 64

struct line {
    char text[2048];
};

static struct rig {
    char folder[64];
    struct settings settings;
    struct session session;
    /* what the backend was asked last, and what it answers */
    struct action asked;
    char asked_user[64], asked_call[64];
    size_t asked_count;
    size_t lines_when_asked;
    enum rc answer;
    const char *answer_text;
    void (*while_asked)(void);
    /* what the person was told */
    size_t told;
    char told_text[512];
    struct line lines[LINES_MAX];
} r;

/* ---- the record as it is on disk ------------------------------------------------------------- */

static size_t read_record(void)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/callhud/audit.jsonl", r.folder);
    FILE *file = fopen(path, "r");
    size_t count = 0;
    if (!file)
        return 0;
    while (count < LINES_MAX && fgets(r.lines[count].text, sizeof r.lines[count].text, file))
        count++;
    fclose(file);
    return count;
}

/* Line `at` of the record (from 1), of `count` that there must be, has all of these. */
static void says(size_t at, size_t count, const char *const *words)
{
    assert_int_equal(read_record(), count);
    for (size_t i = 0; words[i]; i++) {
        if (!strstr(r.lines[at - 1].text, words[i]))
            fail_msg("no %s in %s", words[i], r.lines[at - 1].text);
    }
}
#define SAYS(at, count, ...) says(at, count, (const char *const[]){__VA_ARGS__, NULL})

/* ---- a backend ------------------------------------------------------------------------------- */

/* What session.c does with an event. */
static void event(const struct event *event)
{
    actions_event(r.session.actions, event);
    hud_apply(&r.session.hud, event, session_now(&r.session));
}

static void tell(uint32_t id, enum action_kind kind, enum action_stage stage,
                 enum supervise_mode mode, const char *text)
{
    struct event e = {.kind = EVENT_ACTION, .user_id = "101"};
    e.u.action.id = id;
    e.u.action.kind = kind;
    e.u.action.stage = stage;
    e.u.action.call_id = "leg-1";
    e.u.action.mode = mode;
    e.u.action.rc = stage == ACTION_FAILED ? RC_FAILED : RC_OK;
    e.u.action.text = text;
    event(&e);
}

static enum rc fake_act(struct backend *backend, const struct action *action, struct err *err)
{
    (void)backend;
    r.lines_when_asked = read_record();
    r.asked = *action;
    str_copy(r.asked_user, sizeof r.asked_user, action->user_id);
    str_copy(r.asked_call, sizeof r.asked_call, action->call_id);
    r.asked_count++;
    if (r.while_asked)
        r.while_asked();
    if (r.answer != RC_OK)
        return err_set(err, r.answer, "%s", r.answer_text);
    struct event e = {.kind = EVENT_ACTION, .user_id = action->user_id};
    e.u.action.id = action->id;
    e.u.action.kind = action->kind;
    e.u.action.stage = ACTION_ASKED;
    e.u.action.call_id = action->call_id;
    event(&e);
    return RC_OK;
}

static void on_told(void *self, bool is_warning, const char *text)
{
    (void)self;
    assert_true(is_warning);
    r.told++;
    str_copy(r.told_text, sizeof r.told_text, text);
}

static void apply(const struct event *e)
{
    hud_apply(&r.session.hud, e, session_now(&r.session));
}

static void put_call(const char *user, const char *id, enum call_state state, const char *number)
{
    struct event e = {.kind = EVENT_CALL, .user_id = user};
    e.u.call.id = id;
    e.u.call.state = state;
    e.u.call.direction = CALL_IN;
    e.u.call.number = number;
    e.u.call.name = "Acme \"Ltd\"";
    apply(&e);
}

static void put_user(const char *extension, const char *name)
{
    struct event e = {.kind = EVENT_USER, .user_id = extension};
    e.u.user.extension = extension;
    e.u.user.name = name;
    e.u.user.department = "";
    apply(&e);
    struct event presence = {.kind = EVENT_PRESENCE, .user_id = extension};
    presence.u.presence.presence = PRESENCE_AVAILABLE;
    apply(&presence);
}

static void fill_floor(void)
{
    apply(&(struct event){.kind = EVENT_LINK, .u.link.state = LINK_LIVE});
    apply(&(struct event){.kind = EVENT_SNAPSHOT_ASKED});
    put_user("101", "Noor Haddad");
    put_user("102", "Rana Aziz");
    apply(&(struct event){.kind = EVENT_SNAPSHOT_DONE});
    put_call("101", "leg-1", CALL_CONNECTED, "5551234");
    put_call("102", "leg-2", CALL_CONNECTED, "");
    for (int kind = 0; kind < ACTION_COUNT; kind++) {
        struct event e = {.kind = EVENT_CAPABILITY};
        e.u.capability.kind = (enum action_kind)kind;
        e.u.capability.level = CAPABILITY_NATIVE;
        e.u.capability.why = "";
        apply(&e);
    }
}

static int set_up(void **state)
{
    (void)state;
    static const struct backend_ops ops = {.name = "fake", .act = fake_act};
    static char lab[] = "lab", phone[] = "PJSIP/108";
    memset(&r, 0, sizeof r);
    (void)snprintf(r.folder, sizeof r.folder, "/tmp/callhud-actions.XXXXXX");
    if (!mkdtemp(r.folder))
        return -1;
    setenv("XDG_STATE_HOME", r.folder, 1);
    r.settings.profile = lab;
    r.settings.phone = phone;
    r.session.settings = &r.settings;
    r.session.ops = &ops;
    r.session.told = on_told;
    hud_init(&r.session.hud);
    fill_floor();
    return actions_new(&r.session.actions, &r.session, NULL) == RC_OK ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    actions_free(r.session.actions);
    hud_fini(&r.session.hud);
    return nftw(r.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static enum rc try_to(enum action_kind kind, const char *user, const char *call, bool is_on,
                      const char *reason, uint32_t *id, struct err *err)
{
    struct wish wish = {
        .kind = kind, .user_id = user, .call_id = call, .is_on = is_on, .reason = reason};
    return actions_do(r.session.actions, &wish, id, err);
}

/* On the first call, or DND of that user. */
static uint32_t done(enum action_kind kind, const char *reason)
{
    uint32_t id = 0;
    struct err err = {0};
    enum rc rc = try_to(kind, "101", NULL, true, reason, &id, &err);
    if (rc != RC_OK)
        fail_msg("%s", err.text);
    assert_int_not_equal(id, 0);
    assert_int_equal(r.asked.id, id);
    return id;
}

/* ---- supervision ----------------------------------------------------------------------------- */

static void the_begin_is_on_disk_before_the_request(void **state)
{
    (void)state;
    uint32_t id = done(ACTION_LISTEN, "training");
    assert_int_equal(r.lines_when_asked, 1);
    assert_int_equal(r.asked_count, 1);
    assert_string_equal(r.asked_user, "101");
    assert_string_equal(r.asked_call, "leg-1");
    SAYS(1, 1, "\"sequence\":1,", "\"record\":\"begin\"", "\"action\":\"listen\"", "\"begin\":null",
         "\"profile\":\"lab\"", "\"supervisor\":\"108\"", "\"extension\":\"101\"",
         "\"name\":\"Noor Haddad\"", "\"call\":\"leg-1\"", "\"party\":\"5551234\"", "\"mode\":null",
         "\"result\":null", "\"reason\":\"training\"");
    assert_int_equal(actions_audit_number(r.session.actions), 1);
    assert_string_equal(actions_reason(r.session.actions), "training");
    tell(id, ACTION_LISTEN, ACTION_PHONE, 0, "your phone 108 rings: lift it");
    assert_int_equal(read_record(), 1);
    tell(id, ACTION_LISTEN, ACTION_CONFIRMED, SUPERVISE_LISTEN, NULL);
    SAYS(2, 2, "\"record\":\"confirmed\"", "\"action\":\"listen\"", "\"begin\":1,",
         "\"mode\":\"listen\"", "\"result\":\"ok\"", "\"reason\":\"training\"");
    tell(id, ACTION_LISTEN, ACTION_ENDED, SUPERVISE_LISTEN, "the call has ended");
    SAYS(3, 3, "\"record\":\"end\"", "\"action\":\"listen\"", "\"begin\":1,", "\"mode\":\"listen\"",
         "\"result\":\"the call has ended\"", "\"reason\":\"training\"", "\"party\":\"5551234\"");
    assert_int_equal(actions_audit_number(r.session.actions), 0);
    assert_string_equal(actions_reason(r.session.actions), "");
    tell(id, ACTION_LISTEN, ACTION_ENDED, SUPERVISE_LISTEN, "told twice");
    assert_int_equal(read_record(), 3);
}

static void another_mode_belongs_to_the_first_begin(void **state)
{
    (void)state;
    uint32_t listen = done(ACTION_LISTEN, "training");
    tell(listen, ACTION_LISTEN, ACTION_CONFIRMED, SUPERVISE_LISTEN, NULL);
    uint32_t barge = done(ACTION_BARGE, "");
    assert_int_not_equal(barge, listen);
    assert_int_equal(r.lines_when_asked, 3);
    SAYS(3, 3, "\"record\":\"switch\"", "\"action\":\"barge\"", "\"begin\":1,", "\"mode\":null",
         "\"reason\":\"training\"");
    tell(barge, ACTION_BARGE, ACTION_CONFIRMED, SUPERVISE_BARGE, NULL);
    SAYS(4, 4, "\"record\":\"confirmed\"", "\"action\":\"barge\"", "\"begin\":1,",
         "\"mode\":\"barge\"");
    uint32_t again = done(ACTION_LISTEN, NULL);
    tell(again, ACTION_LISTEN, ACTION_CONFIRMED, SUPERVISE_LISTEN, NULL);
    SAYS(6, 6, "\"record\":\"confirmed\"", "\"begin\":1,", "\"mode\":\"listen\"");
    assert_int_equal(actions_audit_number(r.session.actions), 1);
    assert_string_equal(actions_reason(r.session.actions), "training");
    tell(again, ACTION_LISTEN, ACTION_ENDED, SUPERVISE_LISTEN, "the phone was put down");
    SAYS(7, 7, "\"record\":\"end\"", "\"begin\":1,", "\"result\":\"the phone was put down\"");
    tell(listen, ACTION_LISTEN, ACTION_ENDED, SUPERVISE_LISTEN, "of the whole");
    assert_int_equal(read_record(), 7);
    done(ACTION_LISTEN, "");
    SAYS(8, 8, "\"record\":\"begin\"", "\"begin\":null", "\"reason\":null");
}

static void a_switch_that_fails_ends_nothing(void **state)
{
    (void)state;
    uint32_t listen = done(ACTION_LISTEN, "");
    tell(listen, ACTION_LISTEN, ACTION_CONFIRMED, SUPERVISE_LISTEN, NULL);
    uint32_t whisper = done(ACTION_WHISPER, "");
    tell(whisper, ACTION_WHISPER, ACTION_FAILED, 0, "the server said no");
    SAYS(4, 4, "\"record\":\"failed\"", "\"action\":\"whisper\"", "\"begin\":1,",
         "\"result\":\"the server said no\"");
    assert_int_equal(actions_audit_number(r.session.actions), 1);
    r.answer = RC_DENIED;
    r.answer_text = "not now";
    struct err err = {0};
    assert_int_equal(try_to(ACTION_BARGE, "101", "leg-1", false, "", NULL, &err), RC_DENIED);
    SAYS(6, 6, "\"record\":\"failed\"", "\"action\":\"barge\"", "\"begin\":1,",
         "\"result\":\"not now\"");
    tell(listen, ACTION_LISTEN, ACTION_ENDED, SUPERVISE_LISTEN, "the call has ended");
    SAYS(7, 7, "\"record\":\"end\"", "\"begin\":1,", "\"mode\":\"listen\"");
}

/* Nothing is confirmed, so there is nothing to switch: the one gives way to the other. */
static void another_wish_while_the_phone_rings_begins_anew(void **state)
{
    (void)state;
    uint32_t listen = done(ACTION_LISTEN, "");
    uint32_t barge = done(ACTION_BARGE, "");
    SAYS(2, 2, "\"record\":\"begin\"", "\"action\":\"barge\"");
    tell(listen, ACTION_LISTEN, ACTION_FAILED, 0, "something else was asked for");
    SAYS(3, 3, "\"record\":\"failed\"", "\"action\":\"listen\"", "\"begin\":1,");
    tell(barge, ACTION_BARGE, ACTION_CONFIRMED, SUPERVISE_BARGE, NULL);
    SAYS(4, 4, "\"record\":\"confirmed\"", "\"begin\":2,");
    tell(barge, ACTION_BARGE, ACTION_ENDED, SUPERVISE_BARGE, "the call has ended");
    SAYS(5, 5, "\"record\":\"end\"", "\"begin\":2,");
}

static void what_is_sure_again_is_not_confirmed_twice(void **state)
{
    (void)state;
    uint32_t id = done(ACTION_WHISPER, "");
    tell(id, ACTION_WHISPER, ACTION_CONFIRMED, SUPERVISE_WHISPER, NULL);
    tell(id, ACTION_WHISPER, ACTION_UNSURE, SUPERVISE_WHISPER, NULL);
    tell(id, ACTION_WHISPER, ACTION_CONFIRMED, SUPERVISE_WHISPER, NULL);
    assert_int_equal(read_record(), 2);
    tell(id, ACTION_WHISPER, ACTION_UNSURE, SUPERVISE_WHISPER, NULL);
    tell(id, ACTION_WHISPER, ACTION_ENDED, SUPERVISE_WHISPER, NULL);
    SAYS(3, 3, "\"record\":\"end\"", "\"result\":\"ended\"");
}

static void a_stop_is_recorded_by_the_end(void **state)
{
    (void)state;
    uint32_t id = done(ACTION_LISTEN, "");
    tell(id, ACTION_LISTEN, ACTION_CONFIRMED, SUPERVISE_LISTEN, NULL);
    uint32_t stop = 0;
    assert_int_equal(try_to(ACTION_STOP, "", "", false, "", &stop, NULL), RC_OK);
    assert_int_equal(r.asked.kind, ACTION_STOP);
    assert_string_equal(r.asked_user, "101");
    assert_int_equal(read_record(), 2);
    /* Asked for while it ends: another supervision. */
    uint32_t other = done(ACTION_WHISPER, "");
    SAYS(3, 3, "\"record\":\"begin\"", "\"action\":\"whisper\"");
    tell(id, ACTION_LISTEN, ACTION_ENDED, SUPERVISE_LISTEN, "you ended it");
    SAYS(4, 4, "\"record\":\"end\"", "\"action\":\"listen\"", "\"begin\":1,",
         "\"result\":\"you ended it\"");
    tell(stop, ACTION_STOP, ACTION_CONFIRMED, 0, NULL);
    assert_int_equal(read_record(), 4);
    assert_int_equal(actions_audit_number(r.session.actions), 3);
    tell(other, ACTION_WHISPER, ACTION_CONFIRMED, SUPERVISE_WHISPER, NULL);
    SAYS(5, 5, "\"record\":\"confirmed\"", "\"begin\":3,");
}

static void a_stop_before_anything_is_confirmed(void **state)
{
    (void)state;
    uint32_t id = done(ACTION_TAKEOVER, "mine");
    assert_string_equal(actions_reason(r.session.actions), "mine");
    uint32_t stop = 0;
    assert_int_equal(try_to(ACTION_STOP, "101", "", false, "", &stop, NULL), RC_OK);
    tell(id, ACTION_TAKEOVER, ACTION_FAILED, 0, "you ended it");
    tell(stop, ACTION_STOP, ACTION_CONFIRMED, 0, NULL);
    SAYS(2, 2, "\"record\":\"failed\"", "\"action\":\"takeover\"", "\"begin\":1,");
    assert_int_equal(actions_audit_number(r.session.actions), 0);
}

/* The backend ends the one before it asks for the other, inside act(). */
static uint32_t first_id;
static void end_the_first(void)
{
    if (r.asked_count == 2)
        tell(first_id, ACTION_LISTEN, ACTION_ENDED, SUPERVISE_LISTEN,
             "something else was asked for");
}

static void a_supervision_of_another_call_ends_the_first(void **state)
{
    (void)state;
    first_id = done(ACTION_LISTEN, "one");
    tell(first_id, ACTION_LISTEN, ACTION_CONFIRMED, SUPERVISE_LISTEN, NULL);
    r.while_asked = end_the_first;
    uint32_t second = 0;
    assert_int_equal(try_to(ACTION_LISTEN, "102", "leg-2", false, "two", &second, NULL), RC_OK);
    SAYS(3, 4, "\"record\":\"begin\"", "\"extension\":\"102\"", "\"party\":\"Acme \\\"Ltd\\\"\"");
    SAYS(4, 4, "\"record\":\"end\"", "\"extension\":\"101\"", "\"begin\":1,");
    assert_int_equal(actions_audit_number(r.session.actions), 3);
    assert_string_equal(actions_reason(r.session.actions), "two");
    tell(second, ACTION_LISTEN, ACTION_CONFIRMED, SUPERVISE_LISTEN, NULL);
    SAYS(5, 5, "\"record\":\"confirmed\"", "\"extension\":\"102\"", "\"begin\":3,");
}

static void a_take_over_ends_the_listening_and_is_its_own(void **state)
{
    (void)state;
    uint32_t listen = done(ACTION_LISTEN, "");
    tell(listen, ACTION_LISTEN, ACTION_CONFIRMED, SUPERVISE_LISTEN, NULL);
    uint32_t take = done(ACTION_TAKEOVER, "agent is ill");
    SAYS(3, 3, "\"record\":\"begin\"", "\"action\":\"takeover\"", "\"begin\":null");
    assert_int_equal(actions_audit_number(r.session.actions), 3);
    tell(listen, ACTION_LISTEN, ACTION_ENDED, SUPERVISE_LISTEN, "you have the call now");
    tell(take, ACTION_TAKEOVER, ACTION_CONFIRMED, 0, NULL);
    SAYS(4, 5, "\"record\":\"end\"", "\"action\":\"listen\"", "\"begin\":1,");
    SAYS(5, 5, "\"record\":\"confirmed\"", "\"action\":\"takeover\"", "\"begin\":3,",
         "\"mode\":null", "\"result\":\"ok\"", "\"reason\":\"agent is ill\"");
    assert_int_equal(actions_audit_number(r.session.actions), 0);
}

/* ---- the others ------------------------------------------------------------------------------ */

static void several_at_once_keep_apart(void **state)
{
    (void)state;
    uint32_t record = done(ACTION_RECORD, "");
    uint32_t dnd = done(ACTION_DND, "lunch");
    uint32_t hangup = done(ACTION_HANGUP, "");
    assert_true(record < dnd && dnd < hangup);
    SAYS(1, 3, "\"action\":\"record\"", "\"value\":\"on\"", "\"call\":\"leg-1\"");
    SAYS(2, 3, "\"action\":\"dnd\"", "\"value\":\"on\"", "\"call\":null", "\"reason\":\"lunch\"");
    SAYS(3, 3, "\"action\":\"hangup\"", "\"value\":null");
    assert_int_equal(actions_audit_number(r.session.actions), 0);
    tell(hangup, ACTION_HANGUP, ACTION_CONFIRMED, 0, NULL);
    SAYS(4, 4, "\"record\":\"confirmed\"", "\"action\":\"hangup\"", "\"begin\":3,");
    tell(record, ACTION_RECORD, ACTION_FAILED, 0, "the call has ended");
    SAYS(5, 5, "\"record\":\"failed\"", "\"action\":\"record\"", "\"begin\":1,",
         "\"result\":\"the call has ended\"");
    tell(dnd, ACTION_DND, ACTION_CONFIRMED, 0, NULL);
    SAYS(6, 6, "\"record\":\"confirmed\"", "\"action\":\"dnd\"", "\"begin\":2,", "\"value\":\"on\"",
         "\"reason\":\"lunch\"");
    tell(dnd, ACTION_DND, ACTION_CONFIRMED, 0, NULL);
    assert_int_equal(read_record(), 6);
}

static void what_the_backend_refuses_is_recorded_as_failed(void **state)
{
    (void)state;
    struct err err = {0};
    r.answer = RC_DENIED;
    r.answer_text = "your phone 108 is busy";
    assert_int_equal(try_to(ACTION_LISTEN, "101", "leg-1", false, "", NULL, &err), RC_DENIED);
    assert_string_equal(err.text, "your phone 108 is busy");
    SAYS(1, 2, "\"record\":\"begin\"");
    SAYS(2, 2, "\"record\":\"failed\"", "\"begin\":1,", "\"result\":\"your phone 108 is busy\"");
    assert_int_equal(actions_audit_number(r.session.actions), 0);
    tell(r.asked.id, ACTION_LISTEN, ACTION_ENDED, 0, "a late word");
    assert_int_equal(read_record(), 2);
}

static void a_failure_without_a_text_says_what_its_code_means(void **state)
{
    (void)state;
    uint32_t id = done(ACTION_HANGUP, "");
    tell(id, ACTION_HANGUP, ACTION_FAILED, 0, NULL);
    SAYS(2, 2, "\"record\":\"failed\"", "\"result\":\"failed\"");
}

/* The model cannot know who has it now; the backend does. */
static void a_call_that_is_gone_is_the_backends_to_explain(void **state)
{
    (void)state;
    struct err err = {0};
    r.answer = RC_NOT_FOUND;
    r.answer_text = "taken by 108";
    assert_int_equal(try_to(ACTION_HANGUP, "101", "leg-old", false, "", NULL, &err), RC_NOT_FOUND);
    assert_string_equal(err.text, "taken by 108");
    assert_string_equal(r.asked_call, "leg-old");
    SAYS(2, 2, "\"record\":\"failed\"", "\"call\":\"leg-old\"", "\"result\":\"taken by 108\"");
    assert_int_equal(try_to(ACTION_RECORD, "101", "leg-old", false, "", NULL, &err), RC_NOT_FOUND);
    assert_int_equal(r.asked_count, 2);
}

static void what_may_not_be_done_is_not_asked_and_not_recorded(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(try_to(ACTION_LISTEN, "199", "leg-1", false, "", NULL, &err), RC_NOT_FOUND);
    assert_int_equal(try_to(ACTION_LISTEN, NULL, NULL, false, NULL, NULL, &err), RC_NOT_FOUND);
    assert_int_equal(try_to(ACTION_LISTEN, "101", "", false, "", NULL, &err), RC_NOT_FOUND);
    assert_int_equal(try_to(ACTION_PICKUP, "101", NULL, false, "", NULL, &err), RC_DENIED);
    assert_string_equal(err.text, "101 has no held or ringing call");
    r.session.hud.is_read_only = true;
    assert_int_equal(try_to(ACTION_LISTEN, "101", "leg-old", false, "", NULL, &err), RC_DENIED);
    assert_non_null(strstr(err.text, "--read-only"));
    r.session.hud.is_read_only = false;
    apply(&(struct event){.kind = EVENT_LINK, .u.link = {.state = LINK_LOST, .text = "gone"}});
    assert_int_equal(try_to(ACTION_LISTEN, "101", "leg-1", false, "", NULL, &err), RC_UNREACHABLE);
    assert_int_equal(r.asked_count, 0);
    assert_int_equal(read_record(), 0);
}

static void put_dnd(bool is_on)
{
    struct event e = {.kind = EVENT_DND, .user_id = "101"};
    e.u.dnd.is_on = is_on;
    apply(&e);
}

static void put_recorded(bool is_recorded, bool is_unsaid)
{
    struct event e = {.kind = EVENT_CALL, .user_id = "101"};
    e.u.call.id = "leg-1";
    e.u.call.state = CALL_CONNECTED;
    e.u.call.direction = CALL_IN;
    e.u.call.number = "5551234";
    e.u.call.name = "";
    e.u.call.is_recorded = is_recorded;
    e.u.call.is_recording_unsaid = is_unsaid;
    apply(&e);
}

static void what_is_so_already_is_not_asked_and_not_recorded(void **state)
{
    (void)state;
    struct err err = {0};
    put_dnd(true);
    assert_int_equal(try_to(ACTION_DND, "101", NULL, true, "", NULL, &err), RC_ALREADY);
    assert_string_equal(err.text, "101 has do not disturb on already");
    put_dnd(false);
    assert_int_equal(try_to(ACTION_DND, "101", NULL, false, "", NULL, &err), RC_ALREADY);
    assert_string_equal(err.text, "101 has do not disturb off already");
    put_recorded(true, false);
    assert_int_equal(try_to(ACTION_RECORD, "101", NULL, true, "", NULL, &err), RC_ALREADY);
    assert_string_equal(err.text, "the call of 101 is recorded already");
    put_recorded(false, false);
    assert_int_equal(try_to(ACTION_RECORD, "101", "leg-1", false, "", NULL, &err), RC_ALREADY);
    assert_string_equal(err.text, "the call of 101 is not recorded");
    assert_int_equal(rc_exit_code(RC_ALREADY), 0);
    assert_int_equal(r.asked_count, 0);
    assert_int_equal(read_record(), 0);
    /* The other way round there is something to do; and where it is not told how it is. */
    assert_int_equal(try_to(ACTION_DND, "101", NULL, true, "", NULL, &err), RC_OK);
    assert_int_equal(try_to(ACTION_RECORD, "101", NULL, true, "", NULL, &err), RC_OK);
    put_recorded(false, true);
    assert_int_equal(try_to(ACTION_RECORD, "101", NULL, false, "", NULL, &err), RC_OK);
    assert_int_equal(r.asked_count, 3);
    assert_int_equal(read_record(), 3);
}

/* ---- a record that cannot be written --------------------------------------------------------- */

static char audit_path[128];

static void break_record(void)
{
    char path[96];
    (void)snprintf(path, sizeof path, "%s/callhud", r.folder);
    (void)snprintf(audit_path, sizeof audit_path, "%s/audit.jsonl", path);
    mkdir(path, 0700);
    remove(audit_path);
    assert_int_equal(mkdir(audit_path, 0700), 0); /* root writes everywhere, but not a folder */
}

static void mend_record(void)
{
    assert_int_equal(rmdir(audit_path), 0);
}

static void required_fails_closed(void **state)
{
    (void)state;
    struct err err = {0};
    r.settings.audit = AUDIT_REQUIRED;
    break_record();
    assert_int_equal(try_to(ACTION_LISTEN, "101", "leg-1", false, "", NULL, &err), RC_DENIED);
    assert_true(str_starts(err.text, "not done, as it cannot be recorded: "));
    assert_int_equal(r.asked_count, 0);
    mend_record();
    uint32_t id = done(ACTION_LISTEN, "");
    tell(id, ACTION_LISTEN, ACTION_CONFIRMED, SUPERVISE_LISTEN, NULL);
    break_record();
    assert_int_equal(try_to(ACTION_BARGE, "101", "leg-1", false, "", NULL, &err), RC_DENIED);
    assert_int_equal(r.asked_count, 1);
    assert_int_equal(actions_audit_number(r.session.actions), 1);
    /* Ending is never refused for the record's sake. */
    assert_int_equal(try_to(ACTION_STOP, "101", "", false, "", NULL, &err), RC_OK);
    assert_int_equal(r.asked.kind, ACTION_STOP);
    tell(id, ACTION_LISTEN, ACTION_ENDED, SUPERVISE_LISTEN, "you ended it");
    assert_int_equal(r.told, 1);
    mend_record();
}

static void otherwise_it_is_done_and_told_once(void **state)
{
    (void)state;
    struct err err = {0};
    break_record();
    uint32_t id = 0;
    assert_int_equal(try_to(ACTION_LISTEN, "101", "leg-1", false, "", &id, &err), RC_OK);
    assert_int_equal(err.rc, RC_OK);
    assert_int_equal(r.asked_count, 1);
    assert_int_equal(r.told, 1);
    assert_true(str_starts(r.told_text, "what is done is not recorded: "));
    tell(id, ACTION_LISTEN, ACTION_CONFIRMED, SUPERVISE_LISTEN, NULL);
    assert_int_equal(r.told, 1);
    mend_record();
    tell(id, ACTION_LISTEN, ACTION_ENDED, SUPERVISE_LISTEN, "the call has ended");
    SAYS(1, 1, "\"record\":\"end\"", "\"begin\":null");
    break_record();
    done(ACTION_HANGUP, "");
    assert_int_equal(r.told, 2);
    mend_record();
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void pass_on(void *self, const struct event *e)
{
    (void)self;
    event(e);
}

static void what_is_abandoned_has_failed_or_ended(void **state)
{
    (void)state;
    uint32_t id = done(ACTION_LISTEN, "");
    tell(id, ACTION_LISTEN, ACTION_CONFIRMED, SUPERVISE_LISTEN, NULL);
    done(ACTION_WHISPER, "");
    done(ACTION_HANGUP, "");
    actions_abandon(r.session.actions, pass_on, NULL);
    size_t count = read_record();
    assert_true(count >= 6);
    SAYS(count, count, "\"record\":\"end\"", "\"begin\":1,");
    assert_false(supervision_is_on(&r.session.hud.supervision));
    assert_int_equal(r.session.hud.users.items[0]->pending, 0);
    assert_int_equal(actions_audit_number(r.session.actions), 0);
    actions_abandon(r.session.actions, pass_on, NULL);
    assert_int_equal(read_record(), count);
}

static void ids_are_never_zero(void **state)
{
    (void)state;
    r.session.last_action_id = UINT32_MAX;
    assert_int_equal(done(ACTION_HANGUP, ""), 1);
}

static void the_chain_is_whole(void **state)
{
    (void)state;
    struct audit_verdict verdict;
    char path[256];
    for (int i = 0; i < 10; i++) {
        uint32_t id = done(ACTION_LISTEN, "x");
        tell(id, ACTION_LISTEN, ACTION_CONFIRMED, SUPERVISE_LISTEN, NULL);
        tell(id, ACTION_LISTEN, ACTION_ENDED, SUPERVISE_LISTEN, "y");
    }
    (void)snprintf(path, sizeof path, "%s/callhud/audit.jsonl", r.folder);
    assert_int_equal(audit_verify(path, NULL, NULL, 0, &verdict, NULL), RC_OK);
    assert_int_equal(verdict.records, 30);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_begin_is_on_disk_before_the_request),
        TEST(another_mode_belongs_to_the_first_begin),
        TEST(a_switch_that_fails_ends_nothing),
        TEST(another_wish_while_the_phone_rings_begins_anew),
        TEST(what_is_sure_again_is_not_confirmed_twice),
        TEST(a_stop_is_recorded_by_the_end),
        TEST(a_stop_before_anything_is_confirmed),
        TEST(a_supervision_of_another_call_ends_the_first),
        TEST(a_take_over_ends_the_listening_and_is_its_own),
        TEST(several_at_once_keep_apart),
        TEST(what_the_backend_refuses_is_recorded_as_failed),
        TEST(a_failure_without_a_text_says_what_its_code_means),
        TEST(a_call_that_is_gone_is_the_backends_to_explain),
        TEST(what_may_not_be_done_is_not_asked_and_not_recorded),
        TEST(what_is_so_already_is_not_asked_and_not_recorded),
        TEST(required_fails_closed),
        TEST(otherwise_it_is_done_and_told_once),
        TEST(what_is_abandoned_has_failed_or_ended),
        TEST(ids_are_never_zero),
        TEST(the_chain_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
