/* What keeps the HUD list in its two homes: a fake backend that stores a list, a real file, a real
 * loop. */
#include "../../src/app/keeper_priv.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define LINES_MAX 16
#define TOO_LONG_MS 9000

static struct rig {
    char folder[64];
    struct settings settings;
    struct session session;
    struct keeper *keeper;
    struct backend_sink sink;
    bool is_open;
    /* what is stored, as extensions; the first is reserved */
    char stored[LINES_MAX][8];
    size_t stored_len;
    uint32_t limit;
    int reads, writes, phone_looks, people_looks;
    enum rc next_rc;     /* of the next answer to a write */
    const char *user;    /* whose desk it is opened for; NULL: our own */
    const char *own;     /* our own extension, as the backend knows */
    const char *refused; /* extension that a write refuses */
    bool is_meanwhile;   /* 106 is added by somebody else before the next write */
    bool is_deaf;        /* questions are not answered */
    const char *later; /* is stored after the next answer, though it was before: that one is old */
    bool has_restarting_phone, is_phone_busy, are_phones_unread;
    bool may_not_change; /* DESK_LIST says RC_DENIED */
    desk_done *done;     /* of the question under way */
    void *done_self;
    struct desk_question asked;
    char asked_lines[LINES_MAX][8];
    size_t asked_len;
    char before[LINES_MAX][8];
    size_t before_len;
    unsigned set;
    /* what was told */
    int ended, asks, changes;
    enum rc ended_rc;
    char ended_text[256], told[1024];
    bool is_too_late, is_running;
    struct loop_timer *watchdog, *answer;
} r;

/* ---- the fake backend ------------------------------------------------------------------------ */

static struct backend *fake_open(const struct backend_config *config, const struct io *io,
                                 const struct backend_sink *sink, struct err *err)
{
    (void)config, (void)io, (void)err;
    r.is_open = true;
    r.sink = *sink;
    return (struct backend *)(void *)&r;
}

static void fake_close(struct backend *backend)
{
    (void)backend;
    r.is_open = false;
}

static bool fake_leave(struct backend *backend, void (*done)(void *self), void *self)
{
    (void)backend, (void)done, (void)self;
    return false;
}

static void fill(struct desk_line *lines, char (*ids)[24])
{
    for (size_t i = 0; i < r.stored_len; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "%zu", i + 1);
        lines[i] = (struct desk_line){.id = ids[i],
                                      .user_id = r.stored[i],
                                      .extension = r.stored[i],
                                      .name = "",
                                      .is_reserved = i == 0};
    }
}

static void store(const char *extension)
{
    str_copy(r.stored[r.stored_len++], sizeof r.stored[0], extension);
}

/* "900 101 102" */
static void store_all(const char *list)
{
    char *copy = mem_dup(list), *rest = copy;
    r.stored_len = 0;
    for (char *one = strsep(&rest, " "); one; one = strsep(&rest, " "))
        store(one);
    mem_free(copy);
}

static void answer_write(struct desk_answer *answer, struct desk_line *lines)
{
    r.writes++;
    if (r.is_meanwhile)
        store("106");
    bool is_as_before = r.before_len == r.stored_len;
    for (size_t i = 0; i < r.before_len && is_as_before; i++)
        is_as_before = str_eq(r.before[i], r.stored[i]);
    r.is_meanwhile = false;
    answer->rc = is_as_before ? r.next_rc : RC_CHANGED;
    r.next_rc = RC_OK;
    for (size_t i = 0; i < r.asked_len && answer->rc == RC_OK; i++) {
        if (r.refused && str_eq(r.asked_lines[i], r.refused)) {
            answer->rc = RC_REFUSED;
            lines[0] = (struct desk_line){
                .user_id = r.refused, .extension = r.refused, .refused = "unknown extension"};
            answer->lines_len = 1;
        }
    }
    if (answer->rc == RC_OK) {
        r.stored_len = 0;
        for (size_t i = 0; i < r.asked_len; i++)
            store(r.asked_lines[i]);
    } else if (answer->rc == RC_FAILED) {
        answer->text = "no answer";
    } else if (answer->rc == RC_DENIED) {
        answer->text = "an administrator may: ask one";
    }
}

static void answer_now(void *self)
{
    (void)self;
    struct desk_line lines[LINES_MAX] = {0};
    char ids[LINES_MAX][24];
    const struct desk_phone phone = {.name = "Desk",
                                     .model = "VVX 411",
                                     .is_online = true,
                                     .is_in_call = r.is_phone_busy,
                                     .shows_presence = true,
                                     .restarts = true};
    const struct desk_person person = {"id-102", "102", "Rana Aziz", "Sales", true, false};
    struct desk_answer answer = {.rc = RC_OK, .text = "", .lines = lines, .limit = r.limit};
    answer.own_extension = r.own;
    r.answer = NULL;
    switch (r.asked.kind) {
    case DESK_LIST:
        r.reads++;
        if (r.may_not_change) {
            answer.rc = RC_DENIED;
            answer.text = "this system stores no list";
        }
        break;
    case DESK_LIST_WRITE: answer_write(&answer, lines); break;
    case DESK_LIST_HERE: break;
    case DESK_PHONES:
        r.phone_looks++;
        answer.rc = r.are_phones_unread ? RC_FAILED : RC_OK;
        answer.phones = &phone;
        answer.phones_len = r.has_restarting_phone && !r.are_phones_unread;
        break;
    case DESK_PEOPLE:
        r.people_looks++;
        answer.people = &person;
        answer.people_len = 1;
        break;
    case DESK_SETTINGS_WRITE: r.set = DESK_HAS_PICKUP; break;
    case DESK_SETTINGS:
        answer.settings.has = DESK_SETTINGS_ALL;
        answer.settings.picks_up_held = r.set != 0;
        break;
    }
    if (r.asked.kind == DESK_LIST || (r.asked.kind == DESK_LIST_WRITE && answer.lines_len == 0)) {
        fill(lines, ids);
        answer.lines_len = r.stored_len;
    }
    desk_done *done = r.done;
    char old[LINES_MAX][8];
    memcpy(old, r.stored, sizeof old);
    for (size_t i = 0; i < answer.lines_len && r.later; i++)
        lines[i].user_id = lines[i].extension = old[i];
    if (r.later)
        store_all(r.later);
    r.later = NULL;
    r.done = NULL;
    done(r.done_self, &answer);
}

static void fake_desk(struct backend *backend, const struct desk_question *question,
                      desk_done *done, void *self)
{
    (void)backend;
    assert_true(r.is_open);
    assert_null(r.done); /* one at a time in these tests */
    r.asked = *question;
    r.asked_len = question->lines_len;
    r.before_len = question->before_len;
    for (size_t i = 0; i < question->lines_len; i++)
        str_copy(r.asked_lines[i], sizeof r.asked_lines[0], question->lines[i].user_id);
    for (size_t i = 0; i < question->before_len; i++)
        str_copy(r.before[i], sizeof r.before[0], question->before[i].user_id);
    r.done = done;
    r.done_self = self;
    if (!r.is_deaf)
        r.answer = loop_timer(r.session.loop, 1, answer_now, NULL);
}

static void fake_forget(struct backend *backend, const void *self)
{
    (void)backend;
    if (r.done && self == r.done_self) {
        r.done = NULL;
        loop_timer_stop(r.answer);
        r.answer = NULL;
    }
}

static const struct backend_ops fake = {.name = "fake",
                                        .title = "Fake",
                                        .monitor_default = "all",
                                        .open = fake_open,
                                        .leave = fake_leave,
                                        .desk = fake_desk,
                                        .desk_forget = fake_forget,
                                        .close = fake_close};

/* ---- the rig --------------------------------------------------------------------------------- */

static void stop_loop(void *self)
{
    (void)self;
    loop_stop(r.session.loop);
}

/* A short while is long enough for all that is due at once: longer under valgrind. */
static void run_ms(int64_t ms)
{
    if (ms <= 100 && getenv("CALLHUD_ON_VALGRIND") != NULL)
        ms *= 10;
    loop_timer(r.session.loop, ms, stop_loop, NULL);
    loop_run(r.session.loop);
}

static void on_ended(void *self, enum rc rc, const char *text)
{
    (void)self;
    r.ended++;
    r.ended_rc = rc;
    str_copy(r.ended_text, sizeof r.ended_text, text);
    if (r.is_running)
        loop_stop(r.session.loop);
}

static void on_told(void *self, bool is_warning, const char *text)
{
    (void)self, (void)is_warning;
    size_t used = strlen(r.told);
    (void)snprintf(r.told + used, sizeof r.told - used, "%s\n", text);
}

static void on_ask_save(void *self)
{
    (void)self;
    r.asks++;
}

static void on_passed(void *self, const struct event *event)
{
    (void)self;
    if (r.keeper)
        keeper_event(r.keeper, event);
}

static void on_watchdog(void *self)
{
    (void)self;
    r.is_too_late = true;
    loop_stop(r.session.loop);
}

/* Until a push or pull has ended. */
static void run_to_end(void)
{
    int before = r.ended;
    r.watchdog = loop_timer(r.session.loop, TOO_LONG_MS, on_watchdog, NULL);
    r.is_running = true;
    while (r.ended == before && !r.is_too_late)
        loop_run(r.session.loop);
    r.is_running = false;
    assert_false(r.is_too_late);
    loop_timer_stop(r.watchdog);
}

static int set_up(void **state)
{
    (void)state;
    struct config config;
    struct err err = {0};
    static const char text[] = "[profile lab]\nserver = http://127.0.0.1:1/ari\nuser = hud\n";
    memset(&r, 0, sizeof r);
    (void)snprintf(r.folder, sizeof r.folder, "/tmp/callhud-keeper.XXXXXX");
    if (!mkdtemp(r.folder))
        return -1;
    setenv("XDG_STATE_HOME", r.folder, 1);
    if (config_parse(&config, text, sizeof text - 1, "config.ini", &err) != RC_OK)
        return -1;
    enum rc rc = settings_make(&r.settings, &config, "lab", &err);
    config_fini(&config);
    r.limit = LINES_MAX;
    store("900");
    store("101");
    store("102");
    store("103");
    return rc == RC_OK ? 0 : -1;
}

static void on_changed(void *self)
{
    (void)self;
    r.changes++;
}

static void open_keeper(bool is_automatic)
{
    struct err err = {0};
    struct keeper_config config = {.session = &r.session,
                                   .extension = r.user,
                                   .folder = r.folder,
                                   .is_automatic = is_automatic,
                                   .ask_save = on_ask_save,
                                   .changed = on_changed,
                                   .told = on_told,
                                   .ended = on_ended};
    assert_int_equal(keeper_new(&r.keeper, &config, &err), RC_OK);
}

static void begin(bool is_automatic, bool is_read_only)
{
    struct err err = {0};
    assert_int_equal(session_init(&r.session, &r.settings, is_read_only, &err), RC_OK);
    r.session.ops = &fake;
    r.session.passed = on_passed;
    open_keeper(is_automatic);
    assert_int_equal(session_start(&r.session, &err), RC_OK);
}

static void tell(const struct event *event)
{
    r.sink.event(r.sink.self, event);
}

static void tell_live(void)
{
    tell(&(struct event){.kind = EVENT_LINK, .u.link.state = LINK_LIVE});
    tell(&(struct event){.kind = EVENT_SNAPSHOT_ASKED});
    tell(&(struct event){.kind = EVENT_SNAPSHOT_DONE});
}

static void tell_lost(void)
{
    tell(&(struct event){.kind = EVENT_LINK, .u.link.state = LINK_LOST});
}

static void begin_live(bool is_automatic)
{
    begin(is_automatic, false);
    tell_live();
    run_ms(30);
    assert_int_equal(r.reads, 1);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    keeper_free(r.keeper);
    assert_null(r.done);
    session_fini(&r.session);
    settings_fini(&r.settings);
    return nftw(r.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *here(void)
{
    static char text[256];
    const struct appearance *list = keeper_list(r.keeper);
    text[0] = '\0';
    for (uint32_t key = 1; key <= list->lines.len; key++) {
        const struct appearance_line *line = appearance_by_key(list, key);
        size_t used = strlen(text);
        if (line)
            (void)snprintf(text + used, sizeof text - used, "%s ", line->here->id);
    }
    return text;
}

static const char *stored(void)
{
    static char text[256];
    text[0] = '\0';
    for (size_t i = 0; i < r.stored_len; i++) {
        size_t used = strlen(text);
        (void)snprintf(text + used, sizeof text - used, "%s ", r.stored[i]);
    }
    return text;
}

static void do_edit(enum appearance_edit_kind kind, const char *user)
{
    struct appearance_edit edit = {.kind = kind,
                                   .user = {.id = user, .extension = user, .name = ""}};
    struct err err = {0};
    size_t done = 0;
    assert_int_equal(keeper_edit(r.keeper, &edit, 1, &done, &err), RC_OK);
    assert_int_equal(done, 1);
}

static size_t record_lines(const char *with)
{
    char path[128], line[8192];
    size_t count = 0;
    (void)snprintf(path, sizeof path, "%s/callhud/audit.jsonl", r.folder);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        count += strstr(line, with) != NULL;
    if (file)
        fclose(file);
    return count;
}

static bool is_there(const char *name)
{
    char path[160];
    (void)snprintf(path, sizeof path, "%s/%s", r.folder, name);
    return access(path, F_OK) == 0;
}

/* The list as a callhud that starts now would find it. */
static bool is_on_disk(const char *id)
{
    struct list_file *file = NULL;
    struct err err = {0};
    char note[ERR_TEXT_BYTES];
    assert_int_equal(list_file_open(&file, r.folder, "lab", NULL, r.settings.server, note, &err),
                     RC_OK);
    const struct appearance_line *line = appearance_by_user(list_file_list(file), id);
    bool is_here = line && line->here && str_eq(line->here->id, id);
    list_file_close(file);
    return is_here;
}

static void open_as(const char *user)
{
    keeper_free(r.keeper);
    r.keeper = NULL;
    r.user = user;
    open_keeper(false);
}

/* Another program holds the list's lock, until the descriptor is closed. */
static int hold(const char *name)
{
    char path[160];
    (void)snprintf(path, sizeof path, "%s/%s", r.folder, name);
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    return fd;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void test_reads_and_saves(void **state)
{
    (void)state;
    begin_live(false);
    assert_string_equal(here(), "900 101 102 103 ");
    do_edit(EDIT_REMOVE, "102");
    do_edit(EDIT_ADD, "107");
    run_ms(30);
    assert_int_equal(r.writes, 0); /* on-save */
    keeper_push(r.keeper, false);
    run_to_end();
    assert_int_equal(r.ended_rc, RC_OK);
    assert_string_equal(stored(), "900 101 103 107 ");
    assert_string_equal(here(), "900 101 103 107 ");
    assert_int_equal(r.writes, 1);
    assert_int_equal(appearance_count(keeper_list(r.keeper)).unsaved, 0);
    assert_int_equal(record_lines("\"list push\""), 2);
    keeper_push(r.keeper, false); /* nothing to write: nothing is written */
    assert_int_equal(r.ended, 2);
    assert_int_equal(r.writes, 1);
}

static void test_edits_made_offline_survive(void **state)
{
    (void)state;
    begin_live(false);
    tell_lost();
    run_ms(20);
    do_edit(EDIT_REMOVE, "101");
    keeper_push(r.keeper, false);
    assert_int_equal(r.ended_rc, RC_UNREACHABLE);
    keeper_free(r.keeper); /* and a new start */
    r.keeper = NULL;
    open_keeper(false);
    assert_string_equal(here(), "900 102 103 ");
    store("105"); /* meanwhile, elsewhere */
    tell_live();
    run_ms(30);
    assert_string_equal(here(), "900 102 103 105 ");
    keeper_push(r.keeper, false);
    run_to_end();
    assert_int_equal(r.ended_rc, RC_OK);
    assert_string_equal(stored(), "900 102 103 105 ");
}

static void test_a_change_meanwhile_is_merged(void **state)
{
    (void)state;
    begin_live(false);
    do_edit(EDIT_REMOVE, "102");
    r.is_meanwhile = true;
    keeper_push(r.keeper, false);
    run_to_end();
    assert_int_equal(r.ended_rc, RC_OK);
    assert_int_equal(r.writes, 2);
    assert_string_equal(stored(), "900 101 103 106 ");
    assert_string_equal(here(), "900 101 103 106 ");
}

static void test_a_refused_line_costs_no_other(void **state)
{
    (void)state;
    begin_live(false);
    do_edit(EDIT_ADD, "666");
    do_edit(EDIT_ADD, "107");
    r.refused = "666";
    keeper_push(r.keeper, false);
    run_to_end();
    assert_int_equal(r.ended_rc, RC_OK);
    assert_string_equal(stored(), "900 101 102 103 107 ");
    struct appearance_counts counts = appearance_count(keeper_list(r.keeper));
    assert_int_equal(counts.refused, 1);
    assert_non_null(strstr(r.told, "line of 666 is refused: unknown extension"));
    assert_string_equal(appearance_by_user(keeper_list(r.keeper), "666")->refusal,
                        "unknown extension");
}

static void test_more_than_there_is_room_for(void **state)
{
    (void)state;
    r.limit = 5;
    begin_live(false);
    do_edit(EDIT_REMOVE, "101");
    do_edit(EDIT_ADD, "107");
    do_edit(EDIT_ADD, "108");
    store("104"); /* elsewhere: that was the last room */
    keeper_push(r.keeper, false);
    run_to_end();
    assert_int_equal(r.ended_rc, RC_OK);
    assert_string_equal(stored(), "900 102 103 104 107 ");
    assert_int_equal(appearance_count(keeper_list(r.keeper)).refused, 1);
    assert_non_null(strstr(r.told, "line of 108 is refused: the list has room for 5 keys"));
}

/* All that have no room are refused at once; so many are not named one by one. */
static void test_many_more_than_there_is_room_for(void **state)
{
    (void)state;
    char one[8];
    r.limit = LINES_MAX;
    begin_live(false);
    for (int i = 0; i < 12; i++) { /* 900 101 102 103 and these: full */
        (void)snprintf(one, sizeof one, "%d", 110 + i);
        do_edit(EDIT_ADD, one);
    }
    r.limit = 6; /* which the backend tells next */
    store("104");
    keeper_push(r.keeper, false);
    run_to_end();
    assert_int_equal(r.ended_rc, RC_OK);
    assert_string_equal(stored(), "900 101 102 103 104 110 ");
    assert_int_equal(appearance_count(keeper_list(r.keeper)).refused, 11);
    assert_non_null(strstr(r.told, "line of 111 is refused: the list has room for 6 keys"));
    assert_non_null(strstr(r.told, "line of 114 is refused: the list has room for 6 keys"));
    assert_null(strstr(r.told, "line of 115 is refused"));
    assert_non_null(strstr(r.told, "7 more lines are refused: the list has room for 6 keys"));
}

static void test_no_certain_answer_is_read_again(void **state)
{
    (void)state;
    begin_live(false);
    do_edit(EDIT_REMOVE, "103");
    r.next_rc = RC_FAILED;
    keeper_push(r.keeper, false);
    run_to_end();
    assert_int_equal(r.ended_rc, RC_OK);
    assert_int_equal(r.reads, 2);
    assert_int_equal(r.writes, 2);
    assert_string_equal(stored(), "900 101 102 ");
}

/* What is edited while a save is under way is an edit of what is being saved. */
static void test_an_edit_while_it_is_written(void **state)
{
    (void)state;
    begin_live(false);
    do_edit(EDIT_ADD, "107");
    r.is_deaf = true;
    keeper_push(r.keeper, false);
    do_edit(EDIT_REMOVE, "107");
    r.is_deaf = false;
    r.answer = loop_timer(r.session.loop, 1, answer_now, NULL);
    run_to_end();
    assert_string_equal(stored(), "900 101 102 103 107 ");
    assert_string_equal(here(), "900 101 102 103 ");
    assert_int_equal(appearance_count(keeper_list(r.keeper)).unsaved, 1);
    keeper_push(r.keeper, false);
    run_to_end();
    assert_string_equal(stored(), "900 101 102 103 ");
}

/* Another callhud of the same person reads the old list and edits, while the save is on its way. */
static void test_two_at_once(void **state)
{
    (void)state;
    struct keeper *first;
    begin_live(false);
    do_edit(EDIT_ADD, "107");
    r.is_deaf = true;
    keeper_push(r.keeper, false);
    desk_done *done = r.done;
    void *done_self = r.done_self;
    struct desk_question asked = r.asked;
    size_t asked_len = r.asked_len, before_len = r.before_len;
    char lines[LINES_MAX][8];
    memcpy(lines, r.asked_lines, sizeof lines);
    first = r.keeper;
    r.done = NULL;
    r.is_deaf = false;
    open_keeper(false);
    tell_live();
    run_ms(30); /* the second reads: 107 is not stored yet */
    do_edit(EDIT_REMOVE, "107");
    struct keeper *second = r.keeper;
    r.keeper = first;
    r.done = done;
    r.done_self = done_self;
    r.asked = asked;
    r.asked_len = asked_len;
    r.before_len = before_len; /* r.before itself is as it was: the second only read */
    memcpy(r.asked_lines, lines, sizeof lines);
    r.answer = loop_timer(r.session.loop, 1, answer_now, NULL);
    run_to_end();
    assert_string_equal(stored(), "900 101 102 103 107 ");
    assert_string_equal(here(), "900 101 102 103 ");
    assert_int_equal(appearance_count(keeper_list(r.keeper)).unsaved, 1);
    keeper_free(second);
}

/* Killed after it was written, before the answer; edited before the link is back. */
static void test_an_edit_after_a_killed_save(void **state)
{
    (void)state;
    begin_live(false);
    do_edit(EDIT_ADD, "107");
    do_edit(EDIT_REMOVE, "102");
    r.is_deaf = true;
    keeper_push(r.keeper, false);
    keeper_free(r.keeper);
    r.keeper = NULL;
    r.stored_len = 0;
    for (size_t i = 0; i < r.asked_len; i++)
        store(r.asked_lines[i]);
    r.is_deaf = false;
    open_keeper(false);
    do_edit(EDIT_REMOVE, "107");
    do_edit(EDIT_ADD, "102");
    store("106"); /* and somebody else */
    tell_live();
    run_ms(30);
    assert_string_equal(here(), "900 101 103 102 106 ");
    keeper_push(r.keeper, false);
    run_to_end();
    assert_int_equal(r.ended_rc, RC_OK);
    assert_string_equal(stored(), here());
}

/* The file of the rig's keeper, as another callhud of this person has it. */
static struct list_file *open_other(void)
{
    struct list_file *file;
    struct err err = {0};
    char note[ERR_TEXT_BYTES];
    assert_int_equal(list_file_open(&file, r.folder, "lab", NULL, r.settings.server, note, &err),
                     RC_OK);
    assert_string_equal(note, "");
    return file;
}

/* It has read this list, and keeps it in the file. */
static void merge_in_other(struct list_file *file, const char *list)
{
    struct stored_line lines[LINES_MAX] = {0};
    struct err err = {0};
    uint32_t len = 0;
    char *copy = mem_dup(list), *rest = copy;
    for (char *one = strsep(&rest, " "); one; one = strsep(&rest, " "), len++)
        lines[len] =
            (struct stored_line){len + 1, len == 0, {.id = one, .extension = one, .name = ""}};
    struct appearance *a = list_file_begin(file, &err);
    assert_non_null(a);
    assert_int_equal(appearance_merge(a, lines, len, 1, NULL, &err), RC_OK);
    assert_int_equal(list_file_end(file, false, &err), RC_OK);
    mem_free(copy);
}

/* An answer that is older than what another callhud has merged meanwhile is asked for again: else
 * 103, removed and stored, would seem to have been added elsewhere. */
static void test_an_answer_that_was_overtaken(void **state)
{
    (void)state;
    begin_live(false);
    struct list_file *other = open_other();
    r.is_deaf = true;
    tell(&(struct event){.kind = EVENT_DESK, .user_id = "900", .u.desk.is_list = true});
    run_ms(20);
    assert_non_null(r.done);
    merge_in_other(other, "900 101 102"); /* its save of a removal, say */
    r.later = "900 101 102";
    r.is_deaf = false;
    r.answer = loop_timer(r.session.loop, 1, answer_now, NULL);
    run_ms(40);
    assert_int_equal(r.reads, 3); /* the first, the old one, once more */
    assert_string_equal(here(), "900 101 102 ");
    assert_null(strstr(r.told, "taken over"));
    list_file_close(other);
}

/* The same with the read-back of a save: somebody else has changed the list since, and another
 * callhud has seen that before we heard of our own. */
static void test_a_read_back_that_was_overtaken(void **state)
{
    (void)state;
    begin_live(false);
    struct list_file *other = open_other();
    do_edit(EDIT_REMOVE, "103");
    r.is_deaf = true;
    keeper_push(r.keeper, false);
    run_ms(20);
    assert_non_null(r.done);
    merge_in_other(other, "900 101 102");
    merge_in_other(other, "900 101 102 108");
    merge_in_other(other, "900 102 108");
    r.later = "900 102 108";
    r.is_deaf = false;
    r.answer = loop_timer(r.session.loop, 1, answer_now, NULL);
    run_to_end();
    assert_int_equal(r.ended_rc, RC_OK);
    assert_string_equal(here(), "900 102 108 ");
    assert_string_equal(stored(), "900 102 108 ");
    assert_int_equal(r.writes, 1);
    list_file_close(other);
}

/* Others that always overtake us: it is asked for so often, and then said. */
static void test_answers_that_are_always_overtaken(void **state)
{
    (void)state;
    begin_live(false);
    struct list_file *other = open_other();
    r.is_deaf = true;
    keeper_pull(r.keeper);
    for (int i = 0; i < KEEPER_READS; i++) {
        assert_int_equal(r.ended, 0);
        assert_non_null(r.done);
        merge_in_other(other, i % 2 ? "900 101 104" : "900 101 105");
        store_all("900 102");
        answer_now(NULL);
    }
    assert_int_equal(r.ended, 1);
    assert_int_equal(r.ended_rc, RC_CHANGED);
    assert_non_null(strstr(r.ended_text, "all the time"));
    assert_string_equal(here(), "900 101 104 ");
    list_file_close(other);
}

/* Who was seen on the list is named with its texts; the list is read again before the edit. */
static void test_an_edit_of_a_list_that_was_read_again(void **state)
{
    (void)state;
    struct err err = {0};
    size_t done = 0;
    begin_live(false);
    struct list_file *other = open_other();
    struct appearance_edit edit = {.kind = EDIT_REMOVE,
                                   .user = *appearance_by_user(keeper_list(r.keeper), "102")->here};
    merge_in_other(other, "900 101 104 102 103");
    assert_int_equal(keeper_edit(r.keeper, &edit, 1, &done, &err), RC_OK);
    assert_int_equal(done, 1);
    assert_string_equal(here(), "900 101 104 103 ");
    const struct appearance_user users[] = {
        *appearance_by_user(keeper_list(r.keeper), "103")->here,
        *appearance_by_user(keeper_list(r.keeper), "101")->here,
    };
    merge_in_other(other, "900 101 104 103");
    assert_int_equal(keeper_replace(r.keeper, users, 2, &err), RC_OK);
    assert_string_equal(here(), "900 103 101 ");
    list_file_close(other);
}

/* Saves of one person queue; one that dies frees the others. */
static void test_saves_queue(void **state)
{
    (void)state;
    struct err err = {0};
    begin_live(false);
    struct list_file *other = open_other();
    assert_int_equal(list_file_turn(other, &err), RC_OK);
    do_edit(EDIT_REMOVE, "103");
    keeper_push(r.keeper, false);
    run_ms(3 * KEEPER_TURN_STEP_MS);
    assert_int_equal(r.writes, 0);
    assert_int_equal(r.ended, 0);
    do_edit(EDIT_REMOVE, "101"); /* meanwhile */
    keeper_push(r.keeper, false);
    list_file_close(other); /* as the kernel does it */
    run_to_end();
    assert_int_equal(r.ended_rc, RC_OK);
    assert_string_equal(stored(), "900 102 ");
    assert_int_equal(r.writes, 1);
    other = open_other();
    assert_int_equal(list_file_turn(other, &err), RC_OK); /* and after the save it is free */
    list_file_close(other);
}

static void test_the_link_is_lost_while_it_is_written(void **state)
{
    (void)state;
    begin_live(false);
    do_edit(EDIT_REMOVE, "103");
    r.is_deaf = true;
    keeper_push(r.keeper, false);
    run_ms(20);
    tell_lost();
    run_to_end();
    assert_int_equal(r.ended_rc, RC_UNREACHABLE);
    assert_string_equal(keeper_desk(r.keeper)->list_text,
                        "the link is lost: edits are kept; save when it is back");
    assert_null(r.done);
    r.is_deaf = false;
    tell_live();
    run_ms(30);
    keeper_push(r.keeper, false);
    run_to_end();
    assert_string_equal(stored(), "900 101 102 ");
}

static void test_news_from_elsewhere(void **state)
{
    (void)state;
    begin_live(false);
    store("104");
    struct event news = {.kind = EVENT_DESK, .user_id = "900", .u.desk.is_list = true};
    tell(&news);
    assert_int_equal(r.reads, 1); /* not from inside the event */
    run_ms(30);
    assert_string_equal(here(), "900 101 102 103 104 ");
    assert_non_null(strstr(r.told, "1 line taken over here"));
}

static void test_automatic(void **state)
{
    (void)state;
    begin_live(true);
    do_edit(EDIT_REMOVE, "103");
    run_ms(KEEPER_QUIET_MS - 500);
    assert_int_equal(r.writes, 0);
    for (int i = 0; i < 100 && r.writes == 0; i++)
        run_ms(100);
    run_ms(100);
    assert_int_equal(r.writes, 1);
    assert_string_equal(stored(), "900 101 102 ");
    r.has_restarting_phone = true;
    do_edit(EDIT_REMOVE, "102");
    run_ms(KEEPER_QUIET_MS);
    for (int i = 0; i < 100 && r.asks == 0; i++)
        run_ms(100);
    run_ms(200);
    assert_int_equal(r.writes, 1);
    assert_int_equal(r.asks, 1);
}

/* More than there is room for are sent by themselves as well, but for those. */
static void test_automatic_with_more_than_there_is_room_for(void **state)
{
    (void)state;
    r.limit = 5;
    begin_live(true);
    do_edit(EDIT_REMOVE, "101");
    do_edit(EDIT_ADD, "107");
    do_edit(EDIT_ADD, "108");
    store("104"); /* elsewhere: that was the last room */
    tell(&(struct event){.kind = EVENT_DESK, .user_id = "900", .u.desk.is_list = true});
    run_ms(KEEPER_QUIET_MS + 300);
    assert_string_equal(stored(), "900 102 103 104 107 ");
    assert_int_equal(r.writes, 1);
    assert_non_null(strstr(r.told, "line of 108 is refused: the list has room for 5 keys"));
}

/* A save that was refused leads to a reading, and that to no save: only what is new does. */
static void test_automatic_in_vain(void **state)
{
    (void)state;
    begin_live(true);
    do_edit(EDIT_REMOVE, "103");
    r.next_rc = RC_DENIED;
    for (int i = 0; i < 100 && r.writes == 0; i++)
        run_ms(100);
    run_ms(KEEPER_QUIET_MS + 300);
    assert_int_equal(r.writes, 1);
    assert_string_equal(stored(), "900 101 102 103 ");
    do_edit(EDIT_REMOVE, "102");
    for (int i = 0; i < 100 && r.writes < 2; i++)
        run_ms(100);
    run_ms(100);
    assert_string_equal(stored(), "900 101 ");
}

/* What was edited, and was left in peace, while a save was on its way is sent after it. */
static void test_automatic_after_a_long_save(void **state)
{
    (void)state;
    begin_live(true);
    do_edit(EDIT_REMOVE, "103");
    r.is_deaf = true;
    keeper_push(r.keeper, false);
    do_edit(EDIT_REMOVE, "102");
    run_ms(KEEPER_QUIET_MS + 200);
    r.is_deaf = false;
    answer_now(NULL);
    assert_int_equal(r.writes, 1);
    assert_string_equal(stored(), "900 101 102 ");
    run_ms(KEEPER_QUIET_MS + 200);
    assert_int_equal(r.writes, 2);
    assert_string_equal(stored(), "900 101 ");
}

static void test_when_the_phones_are_idle(void **state)
{
    (void)state;
    begin_live(false);
    r.has_restarting_phone = r.is_phone_busy = true;
    do_edit(EDIT_REMOVE, "103");
    keeper_push(r.keeper, true);
    run_ms(100);
    assert_int_equal(r.writes, 0);
    assert_true(keeper_desk(r.keeper)->is_waiting);
    keeper_push_cancel(r.keeper);
    assert_int_equal(r.ended_rc, RC_CANCELLED);
    assert_false(keeper_desk(r.keeper)->is_waiting);
    assert_int_not_equal(keeper_desk(r.keeper)->writing, UI_DESK_FAILED); /* nothing was tried */
    assert_string_equal(keeper_desk(r.keeper)->list_text, "");
    assert_string_equal(r.told, "");
    r.is_phone_busy = false;
    keeper_push(r.keeper, true);
    run_to_end();
    assert_int_equal(r.writes, 1);
}

/* An answer about the phones that nobody waits for any more. */
/* What was to be saved is taken back: what is edited then needs a yes of its own. */
static void test_a_save_that_waits_for_nothing(void **state)
{
    (void)state;
    struct ui_desk_ops ops;
    char text[APPEARANCE_TEXT_BYTES];
    begin_live(false);
    keeper_ops(r.keeper, &ops);
    r.has_restarting_phone = r.is_phone_busy = true;
    do_edit(EDIT_REMOVE, "103");
    do_edit(EDIT_REMOVE, "102");
    keeper_push(r.keeper, true);
    run_ms(100);
    assert_true(ops.undo(ops.self, text));
    assert_true(keeper_desk(r.keeper)->is_waiting);
    assert_true(ops.undo(ops.self, text));
    assert_false(keeper_desk(r.keeper)->is_waiting);
    assert_non_null(strstr(r.told, "nothing to save any more"));
    r.is_phone_busy = false;
    do_edit(EDIT_REMOVE, "101");
    run_ms(100);
    assert_int_equal(r.writes, 0);
    assert_null(r.keeper->idle);
}

static void test_a_save_is_called_off_while_phones_are_looked_at(void **state)
{
    (void)state;
    begin_live(false);
    r.has_restarting_phone = r.is_phone_busy = true;
    do_edit(EDIT_REMOVE, "103");
    r.is_deaf = true;
    keeper_push(r.keeper, true);
    assert_int_equal(r.asked.kind, DESK_PHONES);
    keeper_push_cancel(r.keeper);
    assert_int_equal(r.ended_rc, RC_CANCELLED);
    r.is_deaf = false;
    r.has_restarting_phone = false;
    answer_now(NULL);
    run_ms(50);
    assert_int_equal(r.writes, 0);
    assert_int_equal(r.asks, 0);
    assert_int_equal(r.ended, 1);
    assert_string_equal(stored(), "900 101 102 103 ");
    keeper_push(r.keeper, true);
    run_to_end();
    assert_int_equal(r.writes, 1);
}

/* Phones that could not be read may restart, and may be in a call. */
static void test_phones_that_cannot_be_read(void **state)
{
    (void)state;
    begin_live(true);
    r.are_phones_unread = true;
    do_edit(EDIT_REMOVE, "103");
    run_ms(KEEPER_QUIET_MS + 200);
    assert_int_equal(r.writes, 0);
    assert_int_equal(r.asks, 1);
    keeper_push(r.keeper, true);
    run_ms(100);
    assert_int_equal(r.writes, 0);
    assert_true(keeper_desk(r.keeper)->is_waiting);
    keeper_push(r.keeper, false);
    run_to_end();
    assert_int_equal(r.writes, 1);
}

static void test_without_a_record_nothing_is_sent(void **state)
{
    (void)state;
    char path[128];
    r.settings.audit = AUDIT_REQUIRED;
    begin_live(false);
    do_edit(EDIT_REMOVE, "103");
    (void)snprintf(path, sizeof path, "%s/callhud/audit.jsonl", r.folder);
    assert_int_equal(mkdir(path, 0700), 0); /* a record cannot be written */
    keeper_push(r.keeper, false);
    assert_int_equal(r.ended_rc, RC_DENIED);
    assert_int_equal(r.writes, 0);
    assert_string_equal(stored(), "900 101 102 103 ");
}

static void test_read_only(void **state)
{
    (void)state;
    begin(false, true);
    tell_live();
    run_ms(30);
    do_edit(EDIT_REMOVE, "103"); /* who holds it back is the screen and the command */
    keeper_push(r.keeper, false);
    assert_int_equal(r.ended_rc, RC_DENIED);
    assert_int_equal(r.writes, 0);
}

static enum rc try_edit(enum appearance_edit_kind kind, const char *user)
{
    struct appearance_edit edit = {.kind = kind,
                                   .user = {.id = user, .extension = user, .name = ""}};
    struct err err = {0};
    size_t done = 0;
    enum rc rc = keeper_edit(r.keeper, &edit, 1, &done, &err);
    str_copy(r.ended_text, sizeof r.ended_text, err.text);
    return rc;
}

/* An edit that may never be sent is not taken, and nothing is kept of it. */
static void test_another_list_that_we_may_not_see(void **state)
{
    (void)state;
    r.user = "103";
    r.may_not_change = true;
    begin_live(false);
    assert_string_equal(keeper_desk(r.keeper)->denied, "this system stores no list");
    assert_int_equal(try_edit(EDIT_ADD, "104"), RC_DENIED);
    assert_string_equal(r.ended_text, "this system stores no list");
    assert_false(is_there("list-lab@103.json"));
    assert_false(is_there("list-lab@103.lock"));
    r.may_not_change = false;
    keeper_pull(r.keeper);
    run_to_end();
    assert_null(keeper_desk(r.keeper)->denied);
    assert_int_equal(try_edit(EDIT_ADD, "104"), RC_OK);
}

static void test_another_list_that_we_may_not_change(void **state)
{
    (void)state;
    r.user = "103";
    begin_live(false);
    do_edit(EDIT_ADD, "104");
    r.next_rc = RC_DENIED;
    keeper_push(r.keeper, false);
    run_to_end();
    assert_int_equal(r.ended_rc, RC_DENIED);
    assert_int_equal(try_edit(EDIT_ADD, "105"), RC_DENIED);
    assert_string_equal(r.ended_text, "an administrator may: ask one");
    keeper_pull(r.keeper);
    run_to_end(); /* it may still be read */
    assert_int_equal(try_edit(EDIT_ADD, "105"), RC_DENIED);
    keeper_push(r.keeper, false);
    run_to_end(); /* granted meanwhile */
    assert_int_equal(r.ended_rc, RC_OK);
    assert_int_equal(try_edit(EDIT_ADD, "105"), RC_OK);
}

/* That a phone is in a call is shown while a screen of the desk is open: the end of the call, too.
 */
static void test_phones_follow_the_calls(void **state)
{
    (void)state;
    begin_live(false);
    r.has_restarting_phone = r.is_phone_busy = true;
    tell(&(struct event){.kind = EVENT_SELF, .user_id = "900"});
    keeper_want(r.keeper, false, true, false);
    run_ms(50);
    assert_true(keeper_desk(r.keeper)->phones[0].is_in_call);
    r.is_phone_busy = false;
    struct event ended = {.kind = EVENT_CALL_ENDED, .user_id = "101", .u.ended.id = "c"};
    tell(&ended);
    run_ms(KEEPER_CALLS_QUIET_MS + 100);
    assert_int_equal(r.phone_looks, 1); /* somebody else's */
    ended.user_id = "900";
    tell(&ended);
    tell(&ended);
    run_ms(KEEPER_CALLS_QUIET_MS + 100);
    assert_int_equal(r.phone_looks, 2);
    assert_false(keeper_desk(r.keeper)->phones[0].is_in_call);
    keeper_want(r.keeper, false, false, false);
    tell(&ended);
    run_ms(KEEPER_CALLS_QUIET_MS + 100);
    assert_int_equal(r.phone_looks, 2);
}

/* Who is new is found by a console that has run for weeks: the people are asked for again when a
 * screen opens a while later, and when the list is asked for. Those that were told stay. */
static void test_people_are_asked_for_again(void **state)
{
    (void)state;
    struct ui_desk_ops ops;
    begin_live(false);
    keeper_ops(r.keeper, &ops);
    keeper_want(r.keeper, true, false, false);
    run_ms(30);
    keeper_want(r.keeper, false, false, false);
    keeper_want(r.keeper, true, false, false);
    run_ms(30);
    assert_int_equal(r.people_looks, 1);
    r.keeper->people_ms -= KEEPER_PEOPLE_MS;
    keeper_want(r.keeper, true, false, false);
    assert_int_equal(keeper_desk(r.keeper)->people_len, 1);
    run_ms(30);
    assert_int_equal(r.people_looks, 2);
    keeper_want(r.keeper, true, false, false);
    run_ms(30);
    assert_int_equal(r.people_looks, 2);
    r.keeper->desk.reading = UI_DESK_ASKED; /* that reading is under way */
    ops.pull(ops.self);
    run_ms(30);
    assert_int_equal(r.people_looks, 3);
    keeper_want(r.keeper, false, false, false);
    ops.pull(ops.self);
    run_ms(30);
    assert_int_equal(r.people_looks, 3);
}

static void test_a_backend_without_a_list(void **state)
{
    (void)state;
    r.may_not_change = true;
    begin_live(false);
    assert_true(keeper_desk(r.keeper)->is_local);
    assert_string_equal(keeper_desk(r.keeper)->list_text, "this system stores no list");
}

/* That there are lines here is said with the question: a backend that has none then may be one that
 * can store none, and what was stored once is not taken for removed. */
static void test_lines_that_would_be_missed(void **state)
{
    (void)state;
    begin_live(false);
    assert_false(r.asked.is_missed); /* the first reading: none here yet */
    keeper_pull(r.keeper);
    run_to_end();
    assert_true(r.asked.is_missed);
    size_t lines = keeper_list(r.keeper)->lines.len;
    assert_true(lines > 0);
    r.may_not_change = true;
    r.stored_len = 0;
    keeper_pull(r.keeper);
    run_to_end();
    assert_int_equal(r.ended_rc, RC_DENIED);
    assert_true(keeper_desk(r.keeper)->is_local);
    assert_int_equal(keeper_list(r.keeper)->lines.len, lines);
}

/* Whoever shows them learns of it, also when there is nobody to ask. */
static void test_settings_without_a_link(void **state)
{
    (void)state;
    begin_live(false);
    tell_lost();
    run_ms(30);
    r.changes = 0;
    struct desk_settings wish = {.has = DESK_HAS_PICKUP, .picks_up_held = true};
    keeper_set(r.keeper, &wish);
    assert_int_equal(r.ended_rc, RC_UNREACHABLE);
    assert_non_null(strstr(r.told, "not changed: there is no link"));
    run_ms(20);
    assert_int_equal(r.changes, 1);
    assert_int_equal(record_lines("\"presence set\""), 2); /* begun, and failed */
}

static void test_settings(void **state)
{
    (void)state;
    begin_live(false);
    keeper_want(r.keeper, false, false, true);
    run_ms(30);
    assert_non_null(keeper_desk(r.keeper)->settings);
    assert_false(keeper_desk(r.keeper)->settings->picks_up_held);
    struct desk_settings wish = {.has = DESK_HAS_PICKUP, .picks_up_held = true};
    keeper_set(r.keeper, &wish);
    run_to_end();
    assert_int_equal(r.ended_rc, RC_OK);
    assert_int_equal(record_lines("\"presence set\""), 2);
    assert_int_equal(record_lines("\"value\":\"pick_up_held_lines=on\""), 2);
}

/* With audit = on a change is made although its record cannot be written; it ends all the same. */
static void test_the_link_is_lost_while_settings_are_changed(void **state)
{
    (void)state;
    char path[128];
    begin_live(false);
    (void)snprintf(path, sizeof path, "%s/callhud/audit.jsonl", r.folder);
    assert_int_equal(mkdir(path, 0700), 0);
    r.is_deaf = true;
    struct desk_settings wish = {.has = DESK_HAS_PICKUP, .picks_up_held = true};
    keeper_set(r.keeper, &wish);
    keeper_set(r.keeper, &wish);
    assert_non_null(strstr(r.told, "the change before is still being sent"));
    assert_int_equal(r.ended, 0);
    tell_lost();
    run_ms(30);
    assert_int_equal(r.ended, 1);
    assert_int_equal(r.ended_rc, RC_UNREACHABLE);
}

static void test_the_record_says_what_was_set(void **state)
{
    (void)state;
    static const char *const answerable[] = {"id-102", "gone"};
    begin_live(false);
    keeper_want(r.keeper, true, false, false);
    run_ms(30);
    keeper_want(r.keeper, true, false, true);
    run_ms(30);
    struct desk_settings wish = {.has = DESK_HAS_ANSWERABLE | DESK_HAS_DETAILS | DESK_HAS_VISIBLE,
                                 .details = DESK_DETAILS_PERMITTED,
                                 .answerable_by = answerable,
                                 .answerable_len = 2};
    keeper_set(r.keeper, &wish);
    run_to_end();
    assert_int_equal(record_lines("\"value\":\"call_details=permitted "
                                  "answerable_by=102,gone visible_to=all\""),
                     2);
}

/* Asked for by the own extension it is the own list: one file, one turn. What was edited in a file
 * of its own, before that was known, is taken over with its conflicts, its undo and all. */
static void test_our_own_extension(void **state)
{
    (void)state;
    char text[APPEARANCE_TEXT_BYTES];
    struct ui_desk_ops ops;
    r.user = "900";
    begin(false, false);
    do_edit(EDIT_ADD, "107"); /* offline, and nobody knows yet who is 900 */
    do_edit(EDIT_ADD, "108");
    assert_true(is_there("list-lab@900.json"));
    assert_false(is_there("list-lab.json"));
    assert_false(keeper_is_own(r.keeper));
    r.own = "900";
    tell_live();
    run_ms(30);
    assert_true(keeper_is_own(r.keeper));
    assert_string_equal(keeper_desk(r.keeper)->whose, "");
    assert_string_equal(here(), "900 101 102 103 107 108 ");
    assert_false(is_there("list-lab@900.json"));
    assert_true(is_on_disk("107"));
    assert_non_null(strstr(r.told, "2 are in your list now"));
    keeper_ops(r.keeper, &ops);
    assert_true(ops.undo(ops.self, text));
    assert_string_equal(here(), "900 101 102 103 107 ");

    open_as(NULL); /* without --user it is the same list */
    assert_string_equal(here(), "900 101 102 103 107 ");
    open_as("900"); /* and known without a link from now on */
    assert_true(keeper_is_own(r.keeper));
    do_edit(EDIT_REMOVE, "101");
    assert_false(is_there("list-lab@900.json"));
    assert_false(is_on_disk("101"));
    tell_live();
    run_ms(30);
    keeper_push(r.keeper, false);
    run_to_end();
    assert_string_equal(stored(), "900 102 103 107 ");

    open_as("102"); /* another one's stays another one's */
    do_edit(EDIT_ADD, "109");
    tell_live();
    run_ms(30);
    assert_false(keeper_is_own(r.keeper));
    assert_true(is_there("list-lab@102.json"));
    assert_false(is_on_disk("109"));
}

/* Edits in both files, of other lines: all of them are in the one afterwards. */
static void test_edits_in_both_files(void **state)
{
    (void)state;
    r.user = "900";
    begin_live(false); /* the backend does not tell who we are: another file */
    do_edit(EDIT_REMOVE, "101");
    do_edit(EDIT_ADD, "107");
    struct appearance_edit set = {.kind = EDIT_SET,
                                  .user = {.id = "102"},
                                  .to = {.id = "108", .extension = "108", .name = ""}};
    struct err err = {0};
    size_t done = 0;
    assert_int_equal(keeper_edit(r.keeper, &set, 1, &done, &err), RC_OK);
    assert_string_equal(here(), "900 108 103 107 ");
    tell_lost();
    run_ms(20);
    open_as(NULL);
    tell_live();
    run_ms(30);
    assert_string_equal(here(), "900 101 102 103 ");
    do_edit(EDIT_ADD, "109");
    do_edit(EDIT_REMOVE, "103");
    store_all("900 101 102 103 110"); /* and elsewhere */
    r.own = "900";
    keeper_pull(r.keeper);
    run_to_end();
    run_ms(30);
    assert_false(is_there("list-lab@900.json"));
    assert_null(strstr(here(), "101 "));
    assert_null(strstr(here(), "102 "));
    assert_null(strstr(here(), "103 "));
    assert_non_null(strstr(here(), "107 "));
    assert_non_null(strstr(here(), "108 "));
    assert_non_null(strstr(here(), "109 "));
    assert_non_null(strstr(here(), "110 "));
    assert_true(is_on_disk("108"));
    keeper_push(r.keeper, false);
    run_to_end();
    assert_int_equal(r.ended_rc, RC_OK);
    assert_int_equal(r.stored_len, 5); /* 900 107 108 109 110 */
}

static size_t told_times(const char *text)
{
    size_t times = 0;
    for (const char *at = r.told; (at = strstr(at, text)) != NULL; at++)
        times++;
    return times;
}

static void set_in_line(const char *user, const char *to)
{
    struct appearance_edit set = {
        .kind = EDIT_SET, .user = {.id = user}, .to = {.id = to, .extension = to, .name = ""}};
    struct err err = {0};
    size_t done = 0;
    assert_int_equal(keeper_edit(r.keeper, &set, 1, &done, &err), RC_OK);
    assert_int_equal(done, 1);
}

enum misfit { NO_ROOM, IN_CONFLICT, ONE_LINE, MISFITS };

static void edit_second(enum misfit misfit)
{
    if (misfit == NO_ROOM)
        do_edit(EDIT_ADD, "108");
    else
        set_in_line("102", "108");
    if (misfit != IN_CONFLICT)
        return;
    store_all("900 101 105 103");
    keeper_pull(r.keeper);
    run_to_end();
    assert_int_equal(appearance_count(keeper_list(r.keeper)).conflicts, 1);
}

/* What does not fit is not lost, and nothing of it is decided: both files are as they were, and
 * the second is in use for who asks for it, until its edits are saved or taken back. */
static void edits_do_not_fit(enum misfit misfit)
{
    char before[256];
    r.limit = misfit == NO_ROOM ? 5 : LINES_MAX;
    r.user = "900";
    begin_live(false);
    edit_second(misfit);
    tell_lost();
    run_ms(20);
    open_as(NULL);
    tell_live();
    run_ms(30);
    do_edit(misfit == ONE_LINE ? EDIT_REMOVE : EDIT_ADD, misfit == ONE_LINE ? "102" : "109");
    str_copy(before, sizeof before, here());
    r.own = "900";
    for (int i = 0; i < 3; i++) {
        keeper_pull(r.keeper);
        run_to_end();
        run_ms(20);
    }
    assert_true(is_there("list-lab@900.json"));
    assert_string_equal(here(), before);
    assert_false(is_on_disk("108"));
    assert_int_equal(told_times("do not fit"), 1);
    open_as("900");
    assert_false(keeper_is_own(r.keeper));
    assert_non_null(strstr(here(), "108 "));
    tell_live();
    run_ms(30);
    assert_non_null(strstr(here(), "108 "));
    assert_null(strstr(here(), "109 "));
    if (misfit == NO_ROOM) {
        keeper_push(r.keeper, false);
        run_to_end();
        assert_string_equal(stored(), "900 101 102 103 108 ");
        open_as(NULL);
        tell_live();
        run_ms(30);
        assert_false(is_there("list-lab@900.json"));
    }
}

static void test_a_full_list_takes_nothing_over(void **state)
{
    (void)state;
    edits_do_not_fit(NO_ROOM);
}

static void test_a_conflict_stays_to_be_chosen(void **state)
{
    (void)state;
    edits_do_not_fit(IN_CONFLICT);
}

static void test_one_line_edited_in_both_files(void **state)
{
    (void)state;
    edits_do_not_fit(ONE_LINE);
}

/* Another callhud learns who 900 is; what it makes of the second file is left to it. */
static void take_over_by_another(const char *list, const char *added)
{
    struct list_file *other = open_other();
    struct err err = {0};
    struct appearance_edit edit = {.kind = EDIT_ADD,
                                   .user = {.id = added, .extension = added, .name = ""}};
    merge_in_other(other, list);
    struct appearance *a = list_file_begin(other, &err);
    assert_int_equal(appearance_edit(a, &edit, 1), 1);
    list_file_set_own(other, "900");
    assert_int_equal(list_file_end(other, false, &err), RC_OK);
    list_file_close(other);
    char path[160];
    (void)snprintf(path, sizeof path, "%s/list-lab@900.json", r.folder);
    assert_int_equal(unlink(path), 0);
}

/* An edit that waited for the lock of a file that is gone goes where the others have gone. */
static void test_an_edit_waits_while_the_file_is_taken_over(void **state)
{
    (void)state;
    r.user = "900";
    begin(false, false);
    do_edit(EDIT_ADD, "107");
    int fd = hold("list-lab@900.lock");
    do_edit(EDIT_ADD, "108");
    take_over_by_another("900 101", "109"); /* 107 was saved, and removed since, say */
    close(fd);
    run_ms(200);
    assert_false(is_there("list-lab@900.json"));
    assert_true(is_on_disk("108"));
    assert_true(is_on_disk("109"));
    assert_false(is_on_disk("107"));
    assert_true(keeper_is_own(r.keeper));
}

/* Who had the turn of a file that is gone has not that of the other one. */
static void test_a_save_while_the_file_is_taken_over(void **state)
{
    (void)state;
    r.user = "900";
    begin_live(false);
    do_edit(EDIT_ADD, "107");
    take_over_by_another("900 101 102 103", "107");
    int fd = hold("list-lab.turn");
    keeper_push(r.keeper, false);
    run_ms(100);
    assert_int_equal(r.writes, 0);
    assert_int_equal(r.ended, 0);
    close(fd);
    run_to_end();
    assert_int_equal(r.ended_rc, RC_OK);
    assert_int_equal(r.writes, 1);
    assert_string_equal(stored(), "900 101 102 103 107 ");
}

/* Another callhud that has the second file open finds it gone, and goes on in the one list. */
static void test_the_second_file_goes_under_another(void **state)
{
    (void)state;
    struct list_file *other = NULL;
    struct err err = {0};
    char note[ERR_TEXT_BYTES];
    r.user = "900";
    begin(false, false);
    do_edit(EDIT_ADD, "107");
    assert_int_equal(list_file_open(&other, r.folder, "lab", NULL, r.settings.server, note, &err),
                     RC_OK);
    assert_non_null(list_file_begin(other, &err)); /* it learns who 900 is, and takes all over */
    list_file_set_own(other, "900");
    assert_int_equal(list_file_end(other, false, &err), RC_OK);
    list_file_close(other);
    assert_int_equal(list_file_open(&other, r.folder, "lab", "900", r.settings.server, note, &err),
                     RC_OK);
    assert_non_null(list_file_begin(other, &err));
    assert_int_equal(list_file_remove(other, &err), RC_OK);
    list_file_close(other);
    do_edit(EDIT_ADD, "108");
    assert_false(is_there("list-lab@900.json"));
    assert_true(is_on_disk("108"));
    assert_true(keeper_is_own(r.keeper));
}

/* The number of our own extension is another one's now. */
static void test_an_extension_that_was_ours(void **state)
{
    (void)state;
    r.own = "900";
    begin_live(false);
    do_edit(EDIT_ADD, "107");
    open_as("900");
    assert_true(keeper_is_own(r.keeper));
    r.own = "910";
    tell_live();
    run_ms(30);
    assert_false(keeper_is_own(r.keeper));
    assert_string_equal(here(), "900 101 102 103 ");
    open_as("910");
    assert_true(keeper_is_own(r.keeper));
    assert_string_equal(here(), "900 101 102 103 107 ");
}

static int64_t edit_ms(enum appearance_edit_kind kind, const char *user)
{
    int64_t start_ms = session_now(&r.session);
    do_edit(kind, user);
    return session_now(&r.session) - start_ms;
}

/* Another program holds the lock: the loop does not wait for it, what is edited is shown, and said
 * not to be on disk; then it is. */
static void test_a_held_lock(void **state)
{
    (void)state;
    char text[APPEARANCE_TEXT_BYTES];
    struct ui_desk_ops ops;
    begin_live(false);
    int fd = hold("list-lab.lock");
    assert_in_range(edit_ms(EDIT_ADD, "107"), 0, 100);
    assert_in_range(edit_ms(EDIT_REMOVE, "101"), 0, 100);
    assert_string_equal(here(), "900 102 103 107 ");
    assert_false(is_on_disk("107"));
    keeper_ops(r.keeper, &ops);
    assert_true(ops.undo(ops.self, text));
    assert_non_null(strstr(text, "not undone: another program holds"));
    assert_false(keeper_desk(r.keeper)->is_behind); /* not worth a word yet */
    run_ms(KEEPER_LATE_MS + 200);
    assert_true(keeper_desk(r.keeper)->is_behind);
    assert_non_null(strstr(r.told, "not on disk yet: another program holds"));
    int reads = r.reads;
    store("105"); /* read meanwhile: waits, too */
    tell(&(struct event){.kind = EVENT_DESK, .user_id = "900", .u.desk.is_list = true});
    run_ms(300);
    keeper_push(r.keeper, false);
    run_ms(200);
    assert_int_equal(r.writes, 0);
    assert_in_range(r.reads - reads, 1, 2);
    close(fd);
    run_to_end();
    assert_int_equal(r.ended_rc, RC_OK);
    assert_false(keeper_desk(r.keeper)->is_behind);
    assert_non_null(strstr(r.told, "the edits are on disk"));
    assert_true(is_on_disk("107"));
    assert_false(is_on_disk("101"));
    assert_string_equal(stored(), "900 102 103 105 107 ");
    assert_string_equal(here(), "900 102 103 105 107 ");
}

/* Where nothing can be opened for writing: root as well cannot open this. */
static void block(const char *name, bool is_blocked)
{
    char path[160];
    (void)snprintf(path, sizeof path, "%s/%s", r.folder, name);
    if (is_blocked)
        (void)unlink(path);
    assert_int_equal(is_blocked ? mkdir(path, 0700) : rmdir(path), 0);
}

static void refused_edit(const char *why)
{
    struct appearance_edit edit = {.kind = EDIT_REMOVE, .user = {.id = "102"}};
    struct err err = {0};
    size_t done = 0;
    assert_int_equal(keeper_edit(r.keeper, &edit, 1, &done, &err), RC_IO);
    assert_non_null(strstr(err.text, why));
    assert_int_equal(done, 0);
    assert_non_null(keeper_desk(r.keeper)->fixed);
    assert_string_equal(keeper_desk(r.keeper)->fixed, err.text);
}

/* The list can be looked at: what is stored is shown as it changes, nothing is changed or sent, and
 * all of it can be again as soon as the file can be written. */
static void look_at(const char *blocked, const char *why)
{
    begin_live(false);
    do_edit(EDIT_ADD, "107");
    block(blocked, true);
    refused_edit(why);
    assert_non_null(strstr(r.told, "the HUD list can only be looked at: "));
    store("105");
    tell(&(struct event){.kind = EVENT_DESK, .user_id = "900", .u.desk.is_list = true});
    run_ms(100);
    assert_string_equal(here(), "900 101 102 103 105 107 ");
    assert_int_equal(keeper_desk(r.keeper)->reading, UI_DESK_TOLD);
    refused_edit(why);
    assert_string_equal(here(), "900 101 102 103 105 107 ");
    r.ended = 0;
    keeper_push(r.keeper, false);
    if (r.ended == 0)
        run_to_end();
    assert_int_equal(r.ended_rc, RC_IO);
    assert_int_equal(r.writes, 0);
    r.told[0] = '\0';
    open_as(NULL); /* who comes now */
    assert_non_null(strstr(r.told, why));
    tell_live();
    run_ms(KEEPER_FILE_LOOK_MS + 200);
    assert_string_equal(here(), "900 101 102 103 105 107 ");
    refused_edit(why);
    assert_null(strstr(strstr(r.told, why) + 1, why)); /* said once */
    block(blocked, false);
    run_ms(KEEPER_FILE_LOOK_MS + 200);
    assert_null(keeper_desk(r.keeper)->fixed);
    assert_non_null(strstr(r.told, "the HUD list can be changed again"));
    assert_true(is_on_disk("105") && is_on_disk("107"));
    do_edit(EDIT_REMOVE, "102");
    assert_false(is_on_disk("102"));
    keeper_push(r.keeper, false);
    run_to_end();
    assert_int_equal(r.ended_rc, RC_OK);
    assert_string_equal(stored(), here());
}

static void test_looking_without_a_lock(void **state)
{
    (void)state;
    look_at("list-lab.lock", "list-lab.lock is in the way: move it away");
}

static void test_looking_without_room(void **state)
{
    (void)state;
    look_at("list-lab.json.new", "list-lab.json.new is in the way: move it away");
}

/* An edit that is made before anybody has seen that it can be. */
static void test_looking_ends_with_an_edit(void **state)
{
    (void)state;
    begin_live(true);
    block("list-lab.lock", true);
    refused_edit("is in the way");
    store("105");
    tell(&(struct event){.kind = EVENT_DESK, .user_id = "900", .u.desk.is_list = true});
    run_ms(100);
    assert_string_equal(here(), "900 101 102 103 105 ");
    block("list-lab.lock", false);
    do_edit(EDIT_REMOVE, "102");
    assert_false(is_on_disk("102"));
    assert_null(keeper_desk(r.keeper)->fixed);
    run_ms(100);
    assert_string_equal(here(), "900 101 103 105 ");
    assert_true(is_on_disk("105"));
    run_ms(KEEPER_QUIET_MS + 300);
    assert_string_equal(stored(), "900 101 103 105 ");
}

/* What another callhud has changed while it held the lock stays, and ours comes on top. */
static void test_both_edit_under_a_held_lock(void **state)
{
    (void)state;
    struct list_file *other = NULL;
    struct err err = {0};
    char note[ERR_TEXT_BYTES];
    begin_live(false);
    assert_int_equal(list_file_open(&other, r.folder, "lab", NULL, r.settings.server, note, &err),
                     RC_OK);
    struct appearance *list = list_file_begin(other, &err);
    struct appearance_edit theirs[] = {
        {.kind = EDIT_ADD, .user = {.id = "108", .extension = "108", .name = ""}},
        {.kind = EDIT_REMOVE, .user = {.id = "102"}}};
    assert_int_equal(appearance_edit(list, theirs, 2), 2);
    do_edit(EDIT_ADD, "107");
    do_edit(EDIT_MOVE, "102"); /* who is gone there */
    assert_int_equal(list_file_end(other, false, &err), RC_OK);
    list_file_close(other);
    run_ms(200);
    assert_string_equal(here(), "900 101 103 108 107 ");
    assert_true(is_on_disk("107"));
    assert_true(is_on_disk("108"));
    assert_non_null(strstr(r.told, "an edit could not be kept"));
}

/* Who leaves waits for the lock, and says what is lost if that does not help. */
static void test_leaving_under_a_held_lock(void **state)
{
    (void)state;
    struct err err = {0};
    begin_live(false);
    int fd = hold("list-lab.lock");
    do_edit(EDIT_ADD, "107");
    assert_false(keeper_settle(r.keeper, 100, &err));
    assert_int_equal(err.rc, RC_TIMEOUT);
    close(fd);
    assert_true(keeper_settle(r.keeper, 100, &err));
    assert_true(is_on_disk("107"));
}

/* A save has been answered, and the lock is held: it was saved all the same. */
static void test_a_lock_that_is_held_when_the_save_is_answered(void **state)
{
    (void)state;
    begin_live(false);
    do_edit(EDIT_ADD, "107");
    r.is_deaf = true;
    keeper_push(r.keeper, false);
    int fd = hold("list-lab.lock");
    r.is_deaf = false;
    r.answer = loop_timer(r.session.loop, 1, answer_now, NULL);
    run_ms(200);
    assert_int_equal(r.writes, 1);
    assert_int_equal(r.ended, 0);
    close(fd);
    run_to_end();
    assert_int_equal(r.ended_rc, RC_OK);
    assert_int_equal(r.writes, 1);
    assert_int_equal(appearance_count(keeper_list(r.keeper)).unsaved, 0);
}

/* Whoever holds the lock for ever (a stopped program) does not keep the turn of a save. */
static void test_a_lock_that_is_never_let_go(void **state)
{
    (void)state;
    begin_live(false);
    do_edit(EDIT_ADD, "107");
    r.is_deaf = true;
    keeper_push(r.keeper, false);
    int fd = hold("list-lab.lock");
    r.is_deaf = false;
    r.answer = loop_timer(r.session.loop, 1, answer_now, NULL);
    run_ms(KEEPER_LATE_MS + 200);
    assert_int_equal(r.ended, 0);
    assert_true(keeper_desk(r.keeper)->is_behind);
    r.keeper->lock_ms -= KEEPER_TURN_MS; /* a minute has passed */
    run_to_end();
    assert_int_equal(r.ended_rc, RC_TIMEOUT);
    assert_non_null(strstr(r.ended_text, "another program has held"));
    close(hold("list-lab.turn"));
    close(fd);
    keeper_pull(r.keeper);
    run_to_end();
    assert_int_equal(r.ended_rc, RC_OK);
    assert_false(keeper_desk(r.keeper)->is_behind);
    assert_int_equal(appearance_count(keeper_list(r.keeper)).unsaved, 0);
}

/* An edit that cannot be, under a held lock: what others write is seen all the same afterwards. */
static void test_a_vain_edit_under_a_held_lock(void **state)
{
    (void)state;
    begin_live(false);
    struct list_file *other = open_other();
    int fd = hold("list-lab.lock");
    struct appearance_edit edit = {.kind = EDIT_REMOVE, .user = {.id = "199"}};
    struct err err = {0};
    size_t done = 1;
    assert_int_equal(keeper_edit(r.keeper, &edit, 1, &done, &err), RC_OK);
    assert_int_equal(done, 0);
    close(fd);
    merge_in_other(other, "900 101 102");
    list_file_close(other);
    assert_true(list_file_refresh(r.keeper->file));
    assert_string_equal(here(), "900 101 102 ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_reads_and_saves),
        TEST(test_edits_made_offline_survive),
        TEST(test_a_change_meanwhile_is_merged),
        TEST(test_a_refused_line_costs_no_other),
        TEST(test_more_than_there_is_room_for),
        TEST(test_many_more_than_there_is_room_for),
        TEST(test_no_certain_answer_is_read_again),
        TEST(test_an_edit_while_it_is_written),
        TEST(test_an_edit_after_a_killed_save),
        TEST(test_two_at_once),
        TEST(test_an_answer_that_was_overtaken),
        TEST(test_a_read_back_that_was_overtaken),
        TEST(test_answers_that_are_always_overtaken),
        TEST(test_an_edit_of_a_list_that_was_read_again),
        TEST(test_saves_queue),
        TEST(test_the_link_is_lost_while_it_is_written),
        TEST(test_news_from_elsewhere),
        TEST(test_automatic),
        TEST(test_automatic_with_more_than_there_is_room_for),
        TEST(test_automatic_in_vain),
        TEST(test_automatic_after_a_long_save),
        TEST(test_when_the_phones_are_idle),
        TEST(test_a_save_that_waits_for_nothing),
        TEST(test_a_save_is_called_off_while_phones_are_looked_at),
        TEST(test_phones_that_cannot_be_read),
        TEST(test_without_a_record_nothing_is_sent),
        TEST(test_read_only),
        TEST(test_another_list_that_we_may_not_see),
        TEST(test_another_list_that_we_may_not_change),
        TEST(test_phones_follow_the_calls),
        TEST(test_people_are_asked_for_again),
        TEST(test_a_backend_without_a_list),
        TEST(test_lines_that_would_be_missed),
        TEST(test_settings),
        TEST(test_settings_without_a_link),
        TEST(test_the_link_is_lost_while_settings_are_changed),
        TEST(test_the_record_says_what_was_set),
        TEST(test_our_own_extension),
        TEST(test_edits_in_both_files),
        TEST(test_a_full_list_takes_nothing_over),
        TEST(test_a_conflict_stays_to_be_chosen),
        TEST(test_one_line_edited_in_both_files),
        TEST(test_an_edit_waits_while_the_file_is_taken_over),
        TEST(test_a_save_while_the_file_is_taken_over),
        TEST(test_a_lock_that_is_never_let_go),
        TEST(test_a_vain_edit_under_a_held_lock),
        TEST(test_the_second_file_goes_under_another),
        TEST(test_an_extension_that_was_ours),
        TEST(test_a_held_lock),
        TEST(test_looking_without_a_lock),
        TEST(test_looking_without_room),
        TEST(test_looking_ends_with_an_edit),
        TEST(test_both_edit_under_a_held_lock),
        TEST(test_leaving_under_a_held_lock),
        TEST(test_a_lock_that_is_held_when_the_save_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
