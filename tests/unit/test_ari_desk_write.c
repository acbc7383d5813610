/* Writing a stored list: whatever fails, at whichever step, nothing is lost and the answer is true.
 */
#include "list_server.h"

#include "callhud/backend/asterisk/desk.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LOCK "callhud-list-104"

struct told {
    unsigned count;
    enum rc rc;
    char text[300], lines[4000], refused[1000];
};

struct desk {
    struct ari_rig rig;
    struct list_server server;
    struct told told;
};

static void on_told(void *self, const struct desk_answer *answer)
{
    struct told *told = self;
    told->count++;
    told->rc = answer->rc;
    str_copy(told->text, sizeof told->text, answer->text);
    told->lines[0] = told->refused[0] = '\0';
    for (size_t i = 0; i < answer->lines_len; i++) {
        const struct desk_line *line = &answer->lines[i];
        size_t at = strlen(told->lines), end = strlen(told->refused);
        snprintf(told->lines + at, sizeof told->lines - at, "%s%s", i > 0 ? "," : "",
                 line->extension);
        if (line->refused != NULL)
            snprintf(told->refused + end, sizeof told->refused - end, "%zu: %s\n", i + 1,
                     line->refused);
    }
}

static void prepare(struct desk *desk, const char *stored)
{
    memset(desk, 0, sizeof *desk);
    ari_rig_init(&desk->rig);
    ari_rig_use_ledger(&desk->rig);
    ari_rig_quiet_office(&desk->rig);
    list_server_init(&desk->server, &desk->rig);
    if (stored != NULL)
        list_server_put(&desk->server, "hud-104", stored);
}

static void open_desk(struct desk *desk)
{
    ari_rig_open(&desk->rig);
    list_server_settle(&desk->server, 1000);
    assert_true(ari_rig_count(&desk->rig, "done") >= 1);
}

static void start(struct desk *desk, const char *stored)
{
    prepare(desk, stored);
    open_desk(desk);
}

static void stop(struct desk *desk)
{
    ari_rig_fini(&desk->rig);
    list_server_fini(&desk->server);
}

static size_t cut(char *copy, struct desk_line *lines)
{
    size_t len = 0;
    for (char *item; copy != NULL && (item = strsep(&copy, ",")) != NULL;)
        lines[len++] = (struct desk_line){.id = "", .user_id = item, .extension = item, .name = ""};
    return len;
}

static void ask_write(struct backend *backend, const char *extension, const char *wanted,
                      const char *before, struct told *told)
{
    static struct desk_line lines[2100], old[2100];
    char *a = mem_dup(wanted), *b = mem_dup(before);
    struct desk_question question = {.kind = DESK_LIST_WRITE,
                                     .extension = extension,
                                     .lines = lines,
                                     .before = old,
                                     .lines_len = cut(a, lines),
                                     .before_len = cut(b, old)};
    memset(told, 0, sizeof *told);
    backend_find("asterisk")->desk(backend, &question, on_told, told);
    assert_int_equal(told->count, 0); /* never before it returns */
    mem_free(a);
    mem_free(b);
}

static void write_list(struct desk *desk, const char *wanted, const char *before)
{
    ask_write(desk->rig.backend, NULL, wanted, before, &desk->told);
}

static void read_list(struct desk *desk)
{
    struct desk_question question = {.kind = DESK_LIST};
    memset(&desk->told, 0, sizeof desk->told);
    backend_find("asterisk")->desk(desk->rig.backend, &question, on_told, &desk->told);
    assert_int_equal(desk->told.count, 0);
}

static bool is_clean(const struct desk *desk)
{
    return list_server_get(&desk->server, "hud-104-next") == NULL &&
           list_server_holder(&desk->server, LOCK) == NULL && desk->rig.ledger.len == 0;
}

/* ---- as it should go ---- */

struct change {
    const char *name, *old, *new;
};
static const struct change changes[] = {
    {"replaced", "101,102,103", "103,101"}, {"in another order", "101,102,103", "102,103,101"},
    {"added to", "101,102", "101,102,103"}, {"the first", NULL, "101,102"},
    {"emptied", "101,102", NULL},
};
#define CHANGES (sizeof changes / sizeof changes[0])

static void test_written_as_asked(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHANGES; i++) {
        struct desk desk;
        start(&desk, changes[i].old);
        desk.server.one = changes[i].new != NULL ? changes[i].old : NULL;
        desk.server.other = changes[i].new;
        write_list(&desk, changes[i].new, changes[i].old);
        ari_rig_serve(&desk.rig);
        assert_true(is_clean(&desk));
        assert_int_equal(desk.told.count, 0); /* it is not on the server's disk yet */
        list_server_settle(&desk.server, ARI_LIST_ON_DISK_MS + 100);
        assert_int_equal(desk.told.count, 1);
        assert_int_equal(desk.told.rc, RC_OK);
        assert_string_equal(desk.told.lines, changes[i].new != NULL ? changes[i].new : "");
        assert_true(str_eq(list_server_get(&desk.server, "hud-104"), changes[i].new));
        assert_true(is_clean(&desk));
        assert_false(desk.server.was_lost);
        assert_string_equal(list_server_device(&desk.server, "Stasis:blf-104"), "INUSE");
        list_server_settle(&desk.server, 1000);
        assert_int_equal(ari_rig_count(&desk.rig, "desk "), 0); /* it was we */
        stop(&desk);
    }
}

/* AstDB comes to disk a second after a change: a server that is killed before has what was before,
 * and what was told as saved would be taken for taken back by others. */
static void test_a_server_that_dies_before_it_is_on_disk(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        struct desk desk;
        start(&desk, "101,102,103");
        desk.server.fault = FAULT_500;
        desk.server.fault_at = kind == 2 ? desk.server.requests + 11 : 0; /* the lock stays */
        write_list(&desk, "103,101", "101,102,103");
        ari_rig_serve(&desk.rig);
        assert_string_equal(list_server_get(&desk.server, "hud-104"), "103,101");
        assert_int_equal(desk.told.count, 0);
        desk.server.lists.len = 0;
        list_server_put(&desk.server, "hud-104", "101,102,103");
        assert_true((list_server_holder(&desk.server, LOCK) != NULL) == (kind == 2));
        desk.server.is_dead = kind == 0;
        list_server_settle(&desk.server, ARI_LIST_ON_DISK_MS + ARI_LIST_ANSWER_MS + 1000);
        assert_int_equal(desk.told.count, 1);
        assert_int_equal(desk.told.rc, RC_FAILED); /* read it again */
        desk.server.is_dead = false;
        stop(&desk);
    }
}

static void test_the_same_is_not_written(void **state)
{
    (void)state;
    struct desk desk;
    start(&desk, "101,102");
    write_list(&desk, "101,102", "103");
    ari_rig_serve(&desk.rig);
    assert_int_equal(desk.told.rc, RC_OK);
    assert_int_equal(desk.server.writes, 0);
    assert_string_equal(list_server_device(&desk.server, "Stasis:blf-104"), "UNKNOWN");
    assert_true(is_clean(&desk));
    stop(&desk);
}

static void test_each_write_flips_the_notice(void **state)
{
    (void)state;
    struct desk desk;
    start(&desk, "101");
    write_list(&desk, "102", "101");
    ari_rig_serve(&desk.rig);
    assert_string_equal(list_server_device(&desk.server, "Stasis:blf-104"), "INUSE");
    write_list(&desk, "103", "102");
    ari_rig_serve(&desk.rig);
    assert_string_equal(list_server_device(&desk.server, "Stasis:blf-104"), "NOT_INUSE");
    stop(&desk);
}

static void test_changed_elsewhere(void **state)
{
    (void)state;
    struct desk desk;
    start(&desk, "101,102");
    list_server_put(&desk.server, "hud-104", "102,101");
    write_list(&desk, "103", "101,102");
    ari_rig_serve(&desk.rig);
    assert_int_equal(desk.told.rc, RC_CHANGED);
    assert_string_equal(desk.told.lines, "102,101");
    assert_int_equal(desk.server.writes, 0);
    assert_true(is_clean(&desk));
    stop(&desk);
}

static void test_a_thousand_lines(void **state)
{
    (void)state;
    struct desk desk;
    struct buf list;
    buf_init(&list, 65536);
    for (int i = 0; i < 700; i++)
        buf_printf(&list, "%s%d", i > 0 ? "," : "", 1000 + i);
    start(&desk, "101");
    write_list(&desk, buf_text(&list), "101");
    ari_rig_serve(&desk.rig);
    assert_int_equal(desk.told.rc, RC_OK);
    assert_string_equal(list_server_get(&desk.server, "hud-104"), buf_text(&list));
    buf_reset(&list);
    for (int i = 0; i < 2001; i++)
        buf_printf(&list, "%s%d", i > 0 ? "," : "", 10000 + i);
    write_list(&desk, buf_text(&list), "");
    ari_rig_serve(&desk.rig);
    assert_int_equal(desk.told.rc, RC_REFUSED);
    assert_true(str_starts(desk.told.refused, "2001: beyond"));
    buf_fini(&list);
    stop(&desk);
}

static void test_lines_that_cannot_be_stored(void **state)
{
    (void)state;
    struct desk desk;
    start(&desk, "101");
    size_t requests = desk.server.requests;
    write_list(&desk, "101,102,101,,1 2", "101");
    fake_io_advance(&desk.rig.fake, 0);
    assert_int_equal(desk.told.count, 1);
    assert_int_equal(desk.told.rc, RC_REFUSED);
    assert_string_equal(desk.told.refused,
                        "3: is in the list already: Asterisk keeps each extension once\n"
                        "4: no extension: Asterisk's list holds extensions\n"
                        "5: not storable: an extension has no blank and no comma, and is short\n");
    assert_int_equal(desk.server.requests, requests);
    stop(&desk);
}

static void test_no_extension_is_that_long(void **state)
{
    (void)state;
    struct desk desk;
    char extension[300];
    start(&desk, "101");
    size_t requests = desk.server.requests;
    memset(extension, '1', sizeof extension - 1);
    extension[sizeof extension - 1] = '\0';
    ask_write(desk.rig.backend, extension, "101,102", "101", &desk.told);
    fake_io_advance(&desk.rig.fake, 0);
    assert_int_equal(desk.told.count, 1);
    assert_int_equal(desk.told.rc, RC_NOT_FOUND);
    assert_int_equal(desk.server.requests, requests);
    assert_true(is_clean(&desk));
    stop(&desk);
}

/* ---- what is not there ---- */

static void test_without_sorcery(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHANGES - 1; i++) {
        struct desk desk;
        start(&desk, changes[i].old);
        desk.server.has_no_sorcery = true;
        write_list(&desk, changes[i].new, changes[i].old);
        ari_rig_serve(&desk.rig);
        assert_int_equal(desk.told.rc, RC_DENIED);
        assert_non_null(strstr(desk.told.text, "astdb,ps_resource_lists"));
        assert_non_null(strstr(desk.told.text, "sorcery.conf"));
        assert_true(str_eq(list_server_get(&desk.server, "hud-104"), changes[i].old));
        assert_true(is_clean(&desk));
        stop(&desk);
    }
}

static void test_read_only(void **state)
{
    (void)state;
    struct desk desk;
    start(&desk, "101");
    desk.server.is_read_only = true;
    write_list(&desk, "102", "101");
    ari_rig_serve(&desk.rig);
    assert_int_equal(desk.told.rc, RC_DENIED);
    assert_non_null(strstr(desk.told.text, "read_only = no"));
    assert_true(is_clean(&desk));
    stop(&desk);

    prepare(&desk, "101");
    desk.rig.config.is_read_only = true;
    open_desk(&desk);
    size_t requests = desk.server.requests;
    write_list(&desk, "102", "101");
    list_server_settle(&desk.server, 250);
    assert_int_equal(desk.told.rc, RC_DENIED);
    assert_int_equal(desk.server.requests, requests);
    stop(&desk);
}

static void test_nothing_without_the_ledger(void **state)
{
    (void)state;
    struct desk desk;
    start(&desk, "101");
    size_t requests = desk.server.requests;
    desk.rig.is_ledger_full = true;
    write_list(&desk, "102", "101");
    fake_io_advance(&desk.rig.fake, 0);
    assert_int_equal(desk.told.rc, RC_REFUSED);
    assert_string_equal(desk.told.text, "the disk is full");
    assert_int_equal(desk.server.requests, requests);
    stop(&desk);
}

static void test_without_a_link(void **state)
{
    (void)state;
    struct desk desk;
    start(&desk, "101");
    desk.server.is_dead = true;
    fake_ws_fail(fake_ws(&desk.rig.fake), RC_UNREACHABLE, -1, "gone");
    write_list(&desk, "102", "101");
    fake_io_advance(&desk.rig.fake, 0);
    assert_int_equal(desk.told.rc, RC_UNREACHABLE);
    assert_int_equal(desk.rig.ledger.len, 0);
    stop(&desk);
}

/* ---- everything that can fail, at every step ---- */

static const char *const fault_names[FAULT_COUNT] = {
    [FAULT_500] = "500",
    [FAULT_404] = "404",
    [FAULT_409] = "409",
    [FAULT_403] = "403",
    [FAULT_SILENT] = "silent",
    [FAULT_DONE_SILENT] = "done, silent",
    [FAULT_LATE] = "late",
    [FAULT_LINK] = "link is lost",
    [FAULT_DEAD] = "dead",
    [FAULT_DONE_LINK] = "done, link is lost",
    [FAULT_KILL] = "kill",
    [FAULT_DONE_DEAD] = "done, dead",
    [FAULT_DONE_KILL] = "done, kill",
};

static bool is_kill(enum list_fault fault)
{
    return fault == FAULT_KILL || fault == FAULT_DONE_KILL;
}

static void forget(void *self, const char *thing)
{
    struct ari_rig *rig = self;
    rig->config.ledger.drop(rig, thing);
}

/* The next run: it is handed what the ledger of the killed one holds. */
static void run_again(struct desk *desk)
{
    const char *things[8];
    size_t len = desk->rig.ledger.len;
    assert_true(len <= 1);
    for (size_t i = 0; i < len; i++)
        things[i] = desk->rig.ledger.items[i];
    ari_rig_forget(&desk->rig);
    ari_rig_open(&desk->rig);
    char *thing = len > 0 ? mem_dup(things[0]) : NULL;
    if (thing != NULL)
        things[0] = thing;
    backend_find("asterisk")->clean(desk->rig.backend, things, len, forget, &desk->rig);
    list_server_settle(&desk->server, 3000);
    mem_free(thing);
}

static void expect_truth(const struct desk *desk, const struct change *change, const char *what)
{
    const char *now = list_server_get(&desk->server, "hud-104");
    bool is_old = str_eq(now, change->old), is_new = str_eq(now, change->new);
    if (!is_old && !is_new)
        fail_msg("%s: the list is %s", what, now);
    if (desk->server.was_lost)
        fail_msg("%s: the list was lost for a moment", what);
    if (!is_clean(desk))
        fail_msg("%s: left: next %s, lock %s, ledger %zu\n%s", what,
                 list_server_get(&desk->server, "hud-104-next"),
                 list_server_holder(&desk->server, LOCK), desk->rig.ledger.len,
                 buf_text(&desk->rig.asked));
    if (desk->told.count == 0)
        return;
    bool is_true =
        desk->told.rc == RC_OK ? is_new
        : desk->told.rc == RC_REFUSED || desk->told.rc == RC_DENIED || desk->told.rc == RC_CHANGED
            ? is_old
            : true;
    if (!is_true)
        fail_msg("%s: told %d %s, but the list is %s", what, (int)desk->told.rc, desk->told.text,
                 now);
}

/* False: the change takes fewer steps than that. */
static bool try_fault(const struct change *change, enum list_fault fault, size_t at)
{
    struct desk desk;
    char what[200];
    snprintf(what, sizeof what, "%s, step %zu: %s", change->name, at, fault_names[fault]);
    start(&desk, change->old);
    desk.server.one = change->new != NULL ? change->old : NULL;
    desk.server.other = change->new;
    desk.server.fault = fault;
    desk.server.fault_at = desk.server.requests + at;
    size_t last = desk.server.fault_at;
    write_list(&desk, change->new, change->old);
    list_server_settle(&desk.server, 12000);
    desk.server.is_dead = false;
    if (is_kill(fault) && desk.rig.backend == NULL)
        run_again(&desk);
    else if (desk.told.count != 1)
        fail_msg("%s: told %u times", what, desk.told.count);
    list_server_settle(&desk.server, 20000);
    expect_truth(&desk, change, what);
    bool was_reached = desk.server.requests >= last;
    stop(&desk);
    return was_reached;
}

static void try_faults(const struct change *change, size_t least_steps)
{
    static const enum list_fault truthful[] = {
        FAULT_500,       FAULT_SILENT, FAULT_DONE_SILENT, FAULT_LATE, FAULT_LINK,
        FAULT_DONE_LINK, FAULT_DEAD,   FAULT_DONE_DEAD,   FAULT_KILL, FAULT_DONE_KILL,
    };
    for (size_t i = 0; i < sizeof truthful / sizeof truthful[0]; i++) {
        size_t at = 1;
        while (at < 40 && try_fault(change, truthful[i], at))
            at++;
        assert_in_range(at, least_steps, 39);
    }
}

static void test_faults_replacing(void **state)
{
    (void)state;
    try_faults(&changes[0], 11);
}

static void test_faults_adding(void **state)
{
    (void)state;
    try_faults(&changes[2], 8);
}

static void test_faults_first(void **state)
{
    (void)state;
    try_faults(&changes[3], 8);
}

static void test_faults_emptying(void **state)
{
    (void)state;
    try_faults(&changes[4], 8);
}

/* A server that says 403, 404 or 409 to what it could do: whatever it means by that, no list is
 * lost and none is said to be stored that is not. */
static void test_strange_answers(void **state)
{
    (void)state;
    static const enum list_fault strange[] = {FAULT_403, FAULT_404, FAULT_409};
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        for (size_t at = 1; at < 14; at++) {
            struct desk desk;
            start(&desk, "101,102,103");
            desk.server.one = "101,102,103";
            desk.server.other = "103,101";
            desk.server.fault = strange[i];
            desk.server.fault_at = desk.server.requests + at;
            write_list(&desk, "103,101", "101,102,103");
            list_server_settle(&desk.server, 40000);
            assert_int_equal(desk.told.count, 1);
            assert_false(desk.server.was_lost);
            if (desk.told.rc == RC_OK)
                assert_string_equal(list_server_get(&desk.server, "hud-104"), "103,101");
            stop(&desk);
        }
    }
}

/* From some step on everything fails: the old list is put back, or laid beside and put back later.
 */
static void test_trouble_that_stays(void **state)
{
    (void)state;
    for (size_t at = 1; at < 12; at++) {
        struct desk desk;
        char what[100];
        snprintf(what, sizeof what, "500 from step %zu on", at);
        start(&desk, "101,102,103");
        desk.server.one = "101,102,103";
        desk.server.other = "103,101";
        desk.server.fault = FAULT_500;
        desk.server.is_stuck = true;
        desk.server.fault_at = desk.server.requests + at;
        write_list(&desk, "103,101", "101,102,103");
        list_server_settle(&desk.server, 12000);
        assert_int_equal(desk.told.count, 1);
        assert_false(desk.server.was_lost);
        desk.server.fault_at = 0;
        list_server_settle(&desk.server, 30000);
        expect_truth(&desk, &changes[0], what);
        stop(&desk);
    }
}

/* ---- others who write ---- */

static void test_a_writer_is_waited_for(void **state)
{
    (void)state;
    struct desk desk;
    start(&desk, "101,102");
    list_server_lock(&desk.server, LOCK, "0badcafe callhud-box-1");
    write_list(&desk, "103", "101,102");
    list_server_settle(&desk.server, 3000);
    assert_int_equal(desk.told.count, 0);
    assert_int_equal(desk.server.writes, 0);
    for (size_t i = 0; i < desk.server.bridges.len; i++)
        VEC_REMOVE(&desk.server.bridges, i);
    list_server_settle(&desk.server, ARI_LIST_ON_DISK_MS + 1000);
    assert_int_equal(desk.told.count, 1);
    assert_int_equal(desk.told.rc, RC_OK);
    assert_true(is_clean(&desk));
    stop(&desk);
}

static void test_a_dead_writers_lock(void **state)
{
    (void)state;
    struct desk desk;
    start(&desk, NULL);
    list_server_lock(&desk.server, LOCK, "0badcafe callhud-box-1");
    list_server_put(&desk.server, "hud-104-next", "101,102");
    write_list(&desk, "103", "101,102"); /* as a reader has read it */
    list_server_settle(&desk.server, 13000);
    assert_int_equal(desk.told.count, 0);
    assert_string_equal(list_server_holder(&desk.server, LOCK), "0badcafe callhud-box-1");
    list_server_settle(&desk.server, 5000);
    assert_int_equal(desk.told.count, 1);
    assert_int_equal(desk.told.rc, RC_OK);
    assert_string_equal(list_server_get(&desk.server, "hud-104"), "103");
    assert_true(is_clean(&desk));
    stop(&desk);
}

static void test_writers_that_follow_each_other(void **state)
{
    (void)state;
    struct desk desk;
    start(&desk, "101,102");
    list_server_lock(&desk.server, LOCK, "00000000 callhud-box-0");
    write_list(&desk, "103", "101,102");
    for (int i = 1; i < 8 && desk.told.count == 0; i++) {
        char name[60];
        list_server_settle(&desk.server, 9000);
        snprintf(name, sizeof name, "0000000%d callhud-box-%d", i, i);
        list_server_lock(&desk.server, LOCK, name);
    }
    assert_int_equal(desk.told.count, 1); /* it does not wait for ever */
    assert_int_equal(desk.told.rc, RC_REFUSED);
    assert_non_null(strstr(desk.told.text, "callhud-box-"));
    assert_int_equal(desk.server.writes, 0);
    assert_int_equal(desk.rig.ledger.len, 0);
    stop(&desk);
}

static void test_a_program_that_knows_no_locks(void **state)
{
    (void)state;
    struct desk desk;
    start(&desk, "101,102");
    write_list(&desk, "103", "101,102");
    while (list_server_get(&desk.server, "hud-104") != NULL) { /* until ours is between */
        struct io_ws *ws = fake_ws(&desk.rig.fake);
        assert_true(ws->served < ws->sent.len);
        size_t wanted = desk.server.requests + 1;
        desk.server.fault_at = wanted + 1; /* one at a time */
        desk.server.fault = FAULT_SILENT;
        ari_rig_serve(&desk.rig);
        if (list_server_get(&desk.server, "hud-104") == NULL)
            break;
        desk.server.fault_at = 0;
        ws->served--; /* asked again: it was not done */
    }
    list_server_put(&desk.server, "hud-104", "104"); /* there it is */
    desk.server.fault_at = 0;
    list_server_settle(&desk.server, 20000);
    assert_int_equal(desk.told.count, 1);
    assert_true(desk.told.rc != RC_OK);
    assert_true(is_clean(&desk));
    stop(&desk);
}

static void no_event(void *self, const struct event *event)
{
    (void)self, (void)event;
}

static void test_two_at_once(void **state)
{
    (void)state;
    struct desk desk;
    struct told other;
    struct err err = {0};
    const struct backend_sink sink = {.event = no_event};
    start(&desk, "101,102");
    struct backend *second =
        backend_find("asterisk")->open(&desk.rig.config, &desk.rig.fake.io, &sink, &err);
    assert_non_null(second);
    fake_io_advance(&desk.rig.fake, 0);
    list_server_settle(&desk.server, 1000);
    desk.server.one = "101,102";
    for (int round = 0; round < 2; round++) {
        const char *before = list_server_get(&desk.server, "hud-104");
        char was[100];
        str_copy(was, sizeof was, before);
        desk.server.one = NULL;
        write_list(&desk, round == 0 ? "103" : "104,101", was);
        ask_write(second, NULL, round == 0 ? "102,101" : "103,102", was, &other);
        list_server_settle(&desk.server, 5000);
        assert_int_equal(desk.told.count, 1);
        assert_int_equal(other.count, 1);
        assert_true((desk.told.rc == RC_OK) != (other.rc == RC_OK));
        const struct told *first = desk.told.rc == RC_OK ? &desk.told : &other;
        const struct told *late = desk.told.rc == RC_OK ? &other : &desk.told;
        assert_int_equal(late->rc, RC_CHANGED);
        assert_string_equal(late->lines, first->lines);
        assert_string_equal(list_server_get(&desk.server, "hud-104"), first->lines);
        assert_true(is_clean(&desk));
    }
    backend_find("asterisk")->close(second);
    stop(&desk);
}

/* ---- changes that somebody has begun ---- */

static void test_a_reader_finishes(void **state)
{
    (void)state;
    struct desk desk;
    prepare(&desk, NULL);
    list_server_put(&desk.server, "hud-104-next", "103,101");
    open_desk(&desk);
    read_list(&desk);
    list_server_settle(&desk.server, 1000);
    assert_int_equal(desk.told.rc, RC_OK);
    assert_string_equal(desk.told.lines, "103,101");
    assert_string_equal(list_server_get(&desk.server, "hud-104"), "103,101");
    assert_true(is_clean(&desk));
    stop(&desk);
}

static void test_a_reader_leaves_a_writer_alone(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        struct desk desk;
        prepare(&desk, NULL);
        list_server_put(&desk.server, "hud-104-next", "103,101");
        if (kind == 0)
            list_server_lock(&desk.server, LOCK, "0badcafe callhud-box-1");
        desk.rig.config.is_read_only = kind == 1;
        open_desk(&desk);
        read_list(&desk);
        list_server_settle(&desk.server, 5000);
        assert_int_equal(desk.told.rc, RC_OK);
        assert_string_equal(desk.told.lines, "103,101");
        assert_int_equal(desk.server.writes, 0);
        assert_null(list_server_get(&desk.server, "hud-104"));
        if (kind == 0) { /* the writer goes on */
            list_server_put(&desk.server, "hud-104", "103,101");
            for (size_t i = 0; i < desk.server.lists.len; i++)
                if (str_eq(desk.server.lists.items[i].id, "hud-104-next"))
                    VEC_REMOVE(&desk.server.lists, i);
            desk.server.bridges.len = 0;
            list_server_settle(&desk.server, 2000);
            assert_int_equal(desk.server.writes, 0);
            assert_true(is_clean(&desk));
        }
        stop(&desk);
    }
}

static void test_a_read_that_races_with_a_change(void **state)
{
    (void)state;
    struct desk desk;
    start(&desk, NULL);
    desk.server.fault = FAULT_404; /* the first reading finds it missing, then it is there */
    list_server_put(&desk.server, "hud-104", "101,103");
    desk.server.fault_at = desk.server.requests + 1;
    read_list(&desk);
    ari_rig_serve(&desk.rig);
    assert_int_equal(desk.told.rc, RC_OK);
    assert_string_equal(desk.told.lines, "101,103");
    stop(&desk);
}

/* ---- leaving ---- */

static void add_one(void *self)
{
    (*(int *)self)++;
}

static void test_leaving_ends_a_write(void **state)
{
    (void)state;
    struct desk desk;
    int left = 0;
    start(&desk, "101,102");
    write_list(&desk, "103", "101,102");
    backend_find("asterisk")->desk_forget(desk.rig.backend, &desk.told);
    assert_true(backend_find("asterisk")->leave(desk.rig.backend, add_one, &left));
    assert_int_equal(left, 0);
    ari_rig_serve(&desk.rig);
    assert_int_equal(left, 1);
    assert_int_equal(desk.told.count, 0); /* nobody wants to know */
    assert_string_equal(list_server_get(&desk.server, "hud-104"), "103");
    assert_true(is_clean(&desk));
    stop(&desk);
}

static void test_leaving_waits_for_nobody_else(void **state)
{
    (void)state;
    struct desk desk;
    int left = 0;
    start(&desk, "101,102");
    list_server_lock(&desk.server, LOCK, "0badcafe callhud-box-1");
    write_list(&desk, "103", "101,102");
    list_server_settle(&desk.server, 1000);
    assert_int_equal(desk.told.count, 0);
    /* the application's devices are taken back; that of the list is not waited for */
    backend_find("asterisk")->leave(desk.rig.backend, add_one, &left);
    assert_int_equal(desk.told.count, 1);
    assert_int_equal(desk.told.rc, RC_UNREACHABLE);
    ari_rig_serve(&desk.rig);
    assert_int_equal(left, 1);
    assert_int_equal(desk.server.writes, 0);
    assert_int_equal(desk.rig.ledger.len, 0);
    stop(&desk);

    left = 0; /* what a reader has begun to finish stays for a later run */
    prepare(&desk, NULL);
    list_server_put(&desk.server, "hud-104-next", "101");
    list_server_lock(&desk.server, LOCK, "0badcafe callhud-box-1");
    open_desk(&desk);
    list_server_settle(&desk.server, 1000);
    assert_int_equal(desk.rig.ledger.len, 1);
    backend_find("asterisk")->leave(desk.rig.backend, add_one, &left);
    ari_rig_serve(&desk.rig);
    assert_int_equal(left, 1);
    assert_int_equal(desk.rig.ledger.len, 1);
    stop(&desk);
}

static void test_closing_in_the_middle(void **state)
{
    (void)state;
    struct desk desk;
    start(&desk, "101,102");
    write_list(&desk, "103", "101,102");
    read_list(&desk);
    stop(&desk); /* nothing may be left in this process: fake_io looks */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_as_asked),
        cmocka_unit_test(test_a_server_that_dies_before_it_is_on_disk),
        cmocka_unit_test(test_the_same_is_not_written),
        cmocka_unit_test(test_each_write_flips_the_notice),
        cmocka_unit_test(test_changed_elsewhere),
        cmocka_unit_test(test_a_thousand_lines),
        cmocka_unit_test(test_lines_that_cannot_be_stored),
        cmocka_unit_test(test_no_extension_is_that_long),
        cmocka_unit_test(test_without_sorcery),
        cmocka_unit_test(test_read_only),
        cmocka_unit_test(test_nothing_without_the_ledger),
        cmocka_unit_test(test_without_a_link),
        cmocka_unit_test(test_faults_replacing),
        cmocka_unit_test(test_faults_adding),
        cmocka_unit_test(test_faults_first),
        cmocka_unit_test(test_faults_emptying),
        cmocka_unit_test(test_strange_answers),
        cmocka_unit_test(test_trouble_that_stays),
        cmocka_unit_test(test_a_writer_is_waited_for),
        cmocka_unit_test(test_a_dead_writers_lock),
        cmocka_unit_test(test_writers_that_follow_each_other),
        cmocka_unit_test(test_a_program_that_knows_no_locks),
        cmocka_unit_test(test_two_at_once),
        cmocka_unit_test(test_a_reader_finishes),
        cmocka_unit_test(test_a_reader_leaves_a_writer_alone),
        cmocka_unit_test(test_a_read_that_races_with_a_change),
        cmocka_unit_test(test_leaving_ends_a_write),
        cmocka_unit_test(test_leaving_waits_for_nobody_else),
        cmocka_unit_test(test_closing_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
