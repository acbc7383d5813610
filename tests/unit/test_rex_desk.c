/* What is stored for a desk: asked and written through the real requests and sign-in, over a
 * scripted network, at a server that keeps the rules of the contract. */
#include "rex_desk_server.h"

#include "callhud/backend/ringcentral/desk.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BOB "400144456008"
#define EVE "400144457008"
#define KEN "400144458008"
#define ANA "400144459008"
#define LIMIT_MS 400000

static const char before[] = "1r=" OWN_ID " 2r=" OWN_ID " 3=" BOB " 4=" EVE;

/* An answer, kept. */
struct told {
    bool is_told;
    unsigned count;
    enum rc rc;
    char text[ERR_TEXT_BYTES];
    struct buf lines; /* as server_say_lines() */
    size_t lines_len;
    char names[512];    /* of lines, "101 Sue Supervisor,..." */
    char refused[1024]; /* "KEY EXTENSION: why;..." */
    uint32_t limit;
    char fixed[ERR_TEXT_BYTES];
    char people[1024];
    char phones[512];
    struct desk_settings settings;
    char answerable[256], missing[6][ERR_TEXT_BYTES];
};

struct rig {
    struct fake_io fake;
    struct server server;
    struct backend_config config;
    struct rex_shared *shared;
    struct rex_signin *signin;
    struct rex_rest *rest;
    struct rex_floor floor;
    struct rex_desk *desk;
    struct told told;
    unsigned list_news, settings_news, phones_news, written;
};

/* ---- the rig ---- */

static void add(char *out, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void add(char *out, size_t size, const char *format, ...)
{
    va_list args;
    size_t len = strlen(out);
    va_start(args, format);
    vsnprintf(out + len, size - len, format, args);
    va_end(args);
}

static void keep_lines(struct told *told, const struct desk_answer *answer)
{
    for (size_t i = 0; i < answer->lines_len; i++) {
        const struct desk_line *line = &answer->lines[i];
        buf_printf(&told->lines, "%s%s%s=%s", i > 0 ? " " : "", line->id,
                   line->is_reserved ? "r" : "", line->user_id);
        add(told->names, sizeof told->names, "%s%s %s", i > 0 ? "," : "", line->extension,
            line->name);
        if (line->refused != NULL)
            add(told->refused, sizeof told->refused, "%s %s: %s;", line->id, line->extension,
                line->refused);
    }
    told->lines_len = answer->lines_len;
}

static void on_told(void *self, const struct desk_answer *answer)
{
    struct told *told = self;
    told->is_told = true;
    told->count++;
    told->rc = answer->rc;
    str_copy(told->text, sizeof told->text, answer->text);
    keep_lines(told, answer);
    told->limit = answer->limit;
    for (size_t i = 0; i < answer->people_len; i++) {
        const struct desk_person *person = &answer->people[i];
        add(told->people, sizeof told->people, "%s %s %s/%s%s%s;", person->user_id,
            person->extension, person->name, person->department,
            person->is_listable ? "" : " not listable", person->is_other ? " no person" : "");
    }
    for (size_t i = 0; i < answer->phones_len; i++) {
        const struct desk_phone *phone = &answer->phones[i];
        add(told->phones, sizeof told->phones, "%s|%s%s%s%s%s;", phone->name, phone->model,
            phone->is_online ? " online" : "", phone->is_in_call ? " call" : "",
            phone->shows_presence ? " lamps" : "", phone->restarts ? " restarts" : "");
    }
    told->settings = answer->settings;
    for (size_t i = 0; i < answer->settings.answerable_len; i++)
        add(told->answerable, sizeof told->answerable, "%s ", answer->settings.answerable_by[i]);
    str_copy(told->fixed, sizeof told->fixed,
             answer->settings.fixed != NULL ? answer->settings.fixed : "");
    for (size_t i = 0; i < 6; i++) {
        const char *missing = answer->settings.missing[i];
        str_copy(told->missing[i], sizeof told->missing[i], missing != NULL ? missing : "");
    }
}

static void on_ready(void *self)
{
    struct rig *rig = self;
    if (rig->rest != NULL)
        rex_rest_ready(rig->rest);
}

static void on_failed(void *self, enum rc rc, const char *text)
{
    (void)self;
    (void)rc;
    fail_msg("sign-in failed: %s", text);
}

static void on_event(void *self, const struct event *event)
{
    struct rig *rig = self;
    if (event->kind != EVENT_DESK)
        return;
    assert_string_equal(event->user_id, OWN_ID);
    rig->list_news += event->u.desk.is_list;
    rig->settings_news += event->u.desk.is_settings;
    rig->phones_news += event->u.desk.is_phones;
}

static void on_written(void *self)
{
    ((struct rig *)self)->written++;
}

static void put_person(struct rig *rig, const char *id, const char *extension, const char *name)
{
    struct rex_person person = {.type = "User", .is_enabled = true};
    str_copy(person.id, sizeof person.id, id);
    str_copy(person.extension, sizeof person.extension, extension);
    str_copy(person.name, sizeof person.name, name);
    rex_floor_person(&rig->floor, &person);
}

static int setup(void **state)
{
    struct rig *rig = mem_zero(1, sizeof *rig);
    struct backend_sink sink = {on_event, rig};
    fake_io_init(&rig->fake);
    server_init(&rig->server, &rig->fake);
    rig->server.test = rig;
    rig->config = (struct backend_config){.profile = "rc",
                                          .server = "http://rc.test",
                                          .client_id = "id",
                                          .client_secret = "secret",
                                          .jwt = "jwt"};
    rig->shared = rex_shared_new(&rig->config.shared);
    rig->signin = rex_signin_new(&(struct rex_signin_config){.io = &rig->fake.io,
                                                             .config = &rig->config,
                                                             .shared = rig->shared,
                                                             .ready = on_ready,
                                                             .failed = on_failed,
                                                             .self = rig});
    rig->rest = rex_rest_new(&(struct rex_rest_config){
        .io = &rig->fake.io, .config = &rig->config, .shared = rig->shared, .signin = rig->signin});
    rex_floor_init(&rig->floor, &sink);
    str_copy(rig->floor.own_id, sizeof rig->floor.own_id, OWN_ID);
    put_person(rig, OWN_ID, "101", "Sue Supervisor");
    put_person(rig, BOB, "102", "Bob Agent");
    rig->desk = rex_desk_new(&(struct rex_desk_config){.io = &rig->fake.io,
                                                       .config = &rig->config,
                                                       .rest = rig->rest,
                                                       .floor = &rig->floor,
                                                       .sink = sink,
                                                       .list_written = on_written,
                                                       .self = rig});
    buf_init(&rig->told.lines, 1 << 16);
    server_run(&rig->server, NULL, 1000); /* signs in */
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;
    rex_desk_free(rig->desk);
    rex_rest_free(rig->rest);
    rex_signin_free(rig->signin);
    rex_shared_free(rig->shared);
    rex_floor_fini(&rig->floor);
    server_fini(&rig->server);
    fake_io_fini(&rig->fake);
    buf_fini(&rig->told.lines);
    mem_free(rig);
    return 0;
}

static void reset_told(struct rig *rig)
{
    struct buf lines = rig->told.lines;
    buf_reset(&lines);
    memset(&rig->told, 0, sizeof rig->told);
    rig->told.lines = lines;
}

static const struct told *ask(struct rig *rig, const struct desk_question *question)
{
    reset_told(rig);
    rex_desk_ask(rig->desk, question, on_told, &rig->told);
    assert_false(rig->told.is_told); /* never before it returns */
    server_run(&rig->server, &rig->told.is_told, LIMIT_MS);
    assert_int_equal(rig->told.count, 1);
    return &rig->told;
}

static const struct told *ask_kind(struct rig *rig, enum desk_kind kind, const char *extension)
{
    return ask(rig, &(struct desk_question){.kind = kind, .extension = extension});
}

/* "1r=4001 3=4002" as lines; a user that starts with "x" is an extension alone. */
struct list {
    struct desk_line lines[SERVER_MOST];
    size_t len;
    char text[4096];
};

static void list_of(struct list *list, const char *said)
{
    char *rest = list->text;
    memset(list->lines, 0, sizeof list->lines);
    list->len = 0;
    str_copy(list->text, sizeof list->text, said);
    for (char *item = str_next_field(&rest, ' '); item != NULL; item = str_next_field(&rest, ' ')) {
        struct desk_line *line = &list->lines[list->len++];
        char *user = strchr(item, '=');
        assert_non_null(user);
        line->is_reserved = user > item && user[-1] == 'r';
        user[line->is_reserved ? -1 : 0] = '\0';
        user++;
        line->id = item;
        line->user_id = user[0] == 'x' ? "" : user;
        line->extension = user[0] == 'x' ? user + 1 : "";
        line->name = "";
    }
}

static const struct told *write_list(struct rig *rig, const char *was, const char *wanted)
{
    struct list from, to;
    list_of(&from, was);
    list_of(&to, wanted);
    return ask(rig, &(struct desk_question){.kind = DESK_LIST_WRITE,
                                            .lines = to.lines,
                                            .lines_len = to.len,
                                            .before = from.lines,
                                            .before_len = from.len});
}

static void assert_stored(struct rig *rig, const char *expected)
{
    struct buf said;
    buf_init(&said, 1 << 16);
    server_say_lines(&rig->server, &said);
    assert_string_equal(buf_text(&said), expected);
    buf_fini(&said);
}

static void set_fault(struct rig *rig, const struct fault *fault)
{
    rig->server.fault = *fault;
    if (rig->server.fault.count == 0)
        rig->server.fault.count = SIZE_MAX;
}

static void assert_says(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

/* ---- reading the list ---- */

static void list_is_read_with_reserved_lines_and_names(void **state)
{
    struct rig *rig = *state;
    const struct told *told = ask_kind(rig, DESK_LIST, NULL);
    assert_int_equal(told->rc, RC_OK);
    assert_string_equal(told->text, "");
    assert_string_equal(buf_text(&told->lines), before);
    assert_string_equal(told->names,
                        "101 Sue Supervisor,101 Sue Supervisor,102 Bob Agent,103 Eve Desk");
    assert_int_equal(told->limit, 100);
    assert_int_equal(server_count(&rig->server, "directory/entries"), 1); /* Eve's name */
    ask_kind(rig, DESK_LIST, NULL);
    assert_int_equal(server_count(&rig->server, "directory/entries"), 1);
    assert_int_equal(server_count(&rig->server, "/features"), 1);
}

static void list_comes_whole_from_many_pages(void **state)
{
    struct rig *rig = *state;
    rig->server.page_lines = 1;
    server_line(&rig->server, 7, KEN, false);
    const struct told *told = ask_kind(rig, DESK_LIST, NULL);
    assert_int_equal(told->rc, RC_OK);
    assert_string_equal(buf_text(&told->lines),
                        "1r=" OWN_ID " 2r=" OWN_ID " 3=" BOB " 4=" EVE " 7=" KEN);
    rig->server.counts_nothing = true;
    told = ask_kind(rig, DESK_LIST, NULL);
    assert_int_equal(told->lines_len, 5);
}

/* Somebody removes a line between the first page and the second: one would be skipped. */
static void remove_at_page_2(struct server *server, const char *method, const char *path)
{
    (void)method;
    if (strstr(path, "presence/line") == NULL || strstr(path, "&page=2") == NULL ||
        server->test == NULL)
        return;
    server->test = NULL;
    memmove(server->lines, server->lines + 1, 4 * sizeof server->lines[0]);
    server->lines_len--;
}

static void pages_that_do_not_fit_are_read_again(void **state)
{
    struct rig *rig = *state;
    rig->server.page_lines = 2;
    server_line(&rig->server, 5, KEN, false);
    rig->server.before = remove_at_page_2;
    const struct told *told = ask_kind(rig, DESK_LIST, NULL);
    assert_int_equal(told->rc, RC_OK);
    assert_string_equal(buf_text(&told->lines), "2r=" OWN_ID " 3=" BOB " 4=" EVE " 5=" KEN);
}

static void change_at_every_page(struct server *server, const char *method, const char *path)
{
    (void)method;
    if (strstr(path, "presence/line") != NULL && server->lines_len < SERVER_MOST)
        server_line(server, (int)server->lines_len + 1, KEN, false);
}

static void pages_that_never_fit_are_no_list(void **state)
{
    struct rig *rig = *state;
    rig->server.page_lines = 4;
    rig->server.before = change_at_every_page;
    const struct told *told = ask_kind(rig, DESK_LIST, NULL);
    assert_int_equal(told->rc, RC_FAILED);
    assert_int_equal(told->lines_len, 0);
    assert_says(told->text, "not whole");
}

static void a_line_that_cannot_be_read_is_never_left_out(void **state)
{
    struct rig *rig = *state;
    static const char *const bodies[] = {
        /* a line without its extension; one without its number; the same number twice; fewer than
         * are said; no records at all */
        "{\"records\":[{\"id\":\"1\",\"extension\":{\"id\":\"5\"}},{\"id\":\"2\"}]}",
        "{\"records\":[{\"id\":\"one\",\"extension\":{\"id\":\"5\"}}]}",
        "{\"records\":[{\"id\":\"1\",\"extension\":{\"id\":\"5\"}},"
        "{\"id\":\"1\",\"extension\":{\"id\":\"6\"}}]}",
        "{\"records\":[{\"id\":\"1\",\"extension\":{\"id\":\"5\"}}],"
        "\"paging\":{\"totalElements\":2}}",
        "{}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        set_fault(rig, &(struct fault){.kind = FAULT_STATUS,
                                       .status = 200,
                                       .body = bodies[i],
                                       .path = "presence/line"});
        const struct told *told = ask_kind(rig, DESK_LIST, NULL);
        assert_int_equal(told->rc, RC_FAILED);
        assert_int_equal(told->lines_len, 0);
    }
}

#define ERROR(code, text)                                                              \
    "{\"errorCode\":\"X\",\"message\":\"" text "\",\"errors\":[{\"errorCode\":\"" code \
    "\",\"message\":\"" text "\"}]}"

static void a_refused_list_lives_here_alone(void **state)
{
    struct rig *rig = *state;
    set_fault(rig, &(struct fault){.kind = FAULT_STATUS,
                                   .status = 403,
                                   .body = ERROR("CMN-401", "needs to have [ReadPresence]"),
                                   .path = "presence/line"});
    const struct told *told = ask_kind(rig, DESK_LIST, NULL);
    assert_int_equal(told->rc, RC_DENIED);
    assert_says(told->text, "callhud's own file");
    assert_says(told->text, "ReadPresence");
    set_fault(rig, &(struct fault){.kind = FAULT_STATUS, .status = 404, .path = "presence/line"});
    told = ask_kind(rig, DESK_LIST, NULL);
    assert_int_equal(told->rc, RC_DENIED);
    assert_says(told->text, "callhud's own file");
    told = write_list(rig, before, before);
    assert_int_equal(told->rc, RC_DENIED);
}

static void list_needs_neither_directory_nor_limit(void **state)
{
    struct rig *rig = *state;
    set_fault(rig,
              &(struct fault){.kind = FAULT_STATUS, .status = 403, .path = "directory/entries"});
    const struct told *told = ask_kind(rig, DESK_LIST, NULL);
    assert_int_equal(told->rc, RC_OK);
    assert_string_equal(buf_text(&told->lines), before);
    set_fault(rig, &(struct fault){.kind = FAULT_STATUS, .status = 404, .path = "/features"});
    rex_desk_free(rig->desk);
    rig->desk = rex_desk_new(&(struct rex_desk_config){.io = &rig->fake.io,
                                                       .config = &rig->config,
                                                       .rest = rig->rest,
                                                       .floor = &rig->floor,
                                                       .sink = {on_event, rig}});
    told = ask_kind(rig, DESK_LIST, NULL);
    assert_int_equal(told->rc, RC_OK);
    assert_int_equal(told->limit, 0);
}

/* ---- writing it ---- */

static void list_is_replaced_whole_and_read_back(void **state)
{
    struct rig *rig = *state;
    const struct told *told =
        write_list(rig, before, "1r=" OWN_ID " 2r=" OWN_ID " =" ANA " 4=" EVE " =" KEN);
    assert_int_equal(told->rc, RC_OK);
    assert_string_equal(buf_text(&rig->server.last_put),
                        "[{\"id\":\"1\",\"extension\":{\"id\":\"" OWN_ID "\"}},"
                        "{\"id\":\"2\",\"extension\":{\"id\":\"" OWN_ID "\"}},"
                        "{\"id\":\"3\",\"extension\":{\"id\":\"" ANA "\"}},"
                        "{\"id\":\"4\",\"extension\":{\"id\":\"" EVE "\"}},"
                        "{\"id\":\"5\",\"extension\":{\"id\":\"" KEN "\"}}]");
    assert_string_equal(rig->server.last_put_path,
                        "/restapi/v1.0/account/~/extension/~/presence/line");
    assert_stored(rig, "1r=" OWN_ID " 2r=" OWN_ID " 3=" ANA " 4=" EVE " 5=" KEN);
    assert_string_equal(buf_text(&told->lines),
                        "1r=" OWN_ID " 2r=" OWN_ID " 3=" ANA " 4=" EVE " 5=" KEN);
    assert_int_equal(rig->server.puts, 1);
    assert_int_equal(rig->written, 1);
}

static void reserved_lines_are_known_by_their_flag(void **state)
{
    struct rig *rig = *state;
    server_clear_lines(&rig->server);
    server_line(&rig->server, 1, OWN_ID, true); /* one alone */
    server_line(&rig->server, 4, BOB, false);   /* after a gap */
    const struct told *told = write_list(rig, "1r=" OWN_ID " 4=" BOB, "=" EVE " 4=" BOB);
    assert_int_equal(told->rc, RC_OK); /* a list without them, from a file: they stay */
    assert_stored(rig, "1r=" OWN_ID " 2=" EVE " 3=" BOB);

    server_clear_lines(&rig->server); /* numbers before it are nobody's */
    server_line(&rig->server, 2, OWN_ID, true);
    server_line(&rig->server, 4, BOB, false);
    told = write_list(rig, "2r=" OWN_ID " 4=" BOB, "=" EVE);
    assert_int_equal(told->rc, RC_OK);
    assert_stored(rig, "2r=" OWN_ID " 3=" EVE);

    server_clear_lines(&rig->server); /* hidden, or none: the others begin behind */
    server_line(&rig->server, 3, BOB, false);
    told = write_list(rig, "3=" BOB, "3=" EVE " 4=" BOB);
    assert_int_equal(told->rc, RC_OK);
    assert_stored(rig, "3=" EVE " 4=" BOB);

    server_clear_lines(&rig->server); /* in between */
    server_line(&rig->server, 1, BOB, false);
    server_line(&rig->server, 2, OWN_ID, true);
    server_line(&rig->server, 3, EVE, false);
    told = write_list(rig, "1=" BOB " 2r=" OWN_ID " 3=" EVE, "1=" BOB " 2r=" OWN_ID " 3=" KEN);
    assert_int_equal(told->rc, RC_OK);
    assert_string_equal(buf_text(&told->lines), "1=" BOB " 2r=" OWN_ID " 3=" KEN);
}

static void a_list_that_is_so_already_is_not_written(void **state)
{
    struct rig *rig = *state;
    const struct told *told = write_list(rig, "3=" BOB, before);
    assert_int_equal(told->rc, RC_OK);
    assert_int_equal(rig->server.line_puts, 0);
    assert_int_equal(rig->written, 0);
}

static void a_list_changed_elsewhere_is_not_overwritten(void **state)
{
    struct rig *rig = *state;
    server_line(&rig->server, 5, KEN, false);
    const struct told *told = write_list(rig, before, "1r=" OWN_ID " 2r=" OWN_ID " 3=" ANA);
    assert_int_equal(told->rc, RC_CHANGED);
    assert_string_equal(buf_text(&told->lines),
                        "1r=" OWN_ID " 2r=" OWN_ID " 3=" BOB " 4=" EVE " 5=" KEN);
    assert_int_equal(rig->server.line_puts, 0);
    assert_says(told->text, "changed elsewhere");
    assert_says(told->names, "102 Bob Agent");
}

static void who_cannot_stand_in_a_list_is_named_before_anything_is_sent(void **state)
{
    struct rig *rig = *state;
    const struct told *told = write_list(
        rig, before, "1r=" OWN_ID " 2r=" OWN_ID " 3=" BOB " =400100000008 =400144461008 =x999");
    assert_int_equal(told->rc, RC_REFUSED);
    assert_int_equal(told->lines_len, 3);
    assert_says(told->refused, "there is no such extension (any more);");
    assert_says(told->refused, " 900: this kind of extension cannot stand in a list");
    assert_says(told->refused, " 999: there is no such extension;");
    assert_says(told->text, "400100000008 is refused: there is no such extension (any more), and 2 "
                            "more; nothing was stored");
    assert_says(told->text, "and 2 more");
    assert_int_equal(rig->server.line_puts, 0);
    assert_stored(rig, before);
}

static void a_line_by_its_extension_alone_finds_its_user(void **state)
{
    struct rig *rig = *state;
    const struct told *told = write_list(rig, before, "3=" BOB " =x104");
    assert_int_equal(told->rc, RC_OK);
    assert_stored(rig, "1r=" OWN_ID " 2r=" OWN_ID " 3=" BOB " 4=" KEN);
}

static void too_many_lines_are_named(void **state)
{
    struct rig *rig = *state;
    rig->server.limit = 4;
    const struct told *told = write_list(rig, before, "3=" BOB " 4=" EVE " =" KEN);
    assert_int_equal(told->rc, RC_REFUSED);
    assert_int_equal(told->lines_len, 1);
    assert_says(told->refused, "104: the list may have 4 lines");
    assert_int_equal(told->limit, 4);
    assert_int_equal(rig->server.line_puts, 0);
}

/* The limit was lowered since: what is stored can be made shorter all the same, and when reserved
 * lines alone are more than the limit there is nobody to blame. */
static void a_list_above_the_limit_can_be_made_shorter(void **state)
{
    struct rig *rig = *state;
    rig->server.limit = 1;
    const struct told *told = write_list(rig, before, "1r=" OWN_ID " 2r=" OWN_ID);
    assert_int_equal(rig->server.line_puts, 1);
    assert_int_equal(told->rc, RC_REFUSED); /* this service does not take it, and says so */
    told = write_list(rig, before, "3=" BOB);
    assert_int_equal(rig->server.line_puts, 2);
    assert_int_equal(told->rc, RC_REFUSED);
    assert_says(told->text, "nothing was stored");
    assert_stored(rig, before);
}

static void a_changed_reserved_line_is_refused(void **state)
{
    struct rig *rig = *state;
    const struct told *told = write_list(rig, before, "1r=" OWN_ID " 2r=" KEN " 3=" BOB " 4=" EVE);
    assert_int_equal(told->rc, RC_REFUSED);
    assert_says(told->refused, "2 : a reserved line can neither");
    assert_int_equal(rig->server.line_puts, 0);
}

/* Removed after the directory was read: it is the service that notices. */
static void drop_ken(struct server *server, const char *method, const char *path)
{
    if (str_eq(method, "PUT") && strstr(path, "presence/line") != NULL)
        server_drop_person(server, KEN);
}

static void the_service_names_the_line_it_refuses(void **state)
{
    struct rig *rig = *state;
    rig->server.before = drop_ken;
    const struct told *told = write_list(rig, before, "3=" BOB " =" KEN " 4=" EVE);
    assert_int_equal(told->rc, RC_REFUSED);
    assert_int_equal(told->lines_len, 1);
    assert_string_equal(told->refused, "4 104: there is no such extension (CMN-102);");
    assert_int_equal(rig->server.line_puts, 1);
    assert_stored(rig, before);
}

static void a_refusal_that_names_nobody_is_looked_up(void **state)
{
    struct rig *rig = *state;
    rig->server.before = drop_ken;
    rig->server.names_refused = false;
    const struct told *told = write_list(rig, before, "3=" BOB " =" KEN " 4=" EVE);
    assert_int_equal(told->rc, RC_REFUSED);
    assert_int_equal(told->lines_len, 1);
    assert_string_equal(told->refused, "4 104: there is no such extension any more;");
}

static void reserved_lines_without_a_flag_are_named_by_their_number(void **state)
{
    struct rig *rig = *state;
    set_fault(rig,
              &(struct fault){.kind = FAULT_STATUS,
                              .status = 400,
                              .body = ERROR("BLF-101", "Unable to modify reserved line, id: [3]"),
                              .method = "PUT"});
    const struct told *told = write_list(rig, before, "3=" KEN " 4=" EVE);
    assert_int_equal(told->rc, RC_REFUSED);
    assert_int_equal(told->lines_len, 1);
    assert_says(told->refused, "3 104: a reserved line");
    assert_says(told->refused, "BLF-101");
}

static void a_refusal_that_nobody_explains_is_told_as_it_is(void **state)
{
    struct rig *rig = *state;
    set_fault(rig, &(struct fault){.kind = FAULT_STATUS,
                                   .status = 403,
                                   .body = ERROR("CMN-101", "Parameter [] value is invalid"),
                                   .method = "PUT"});
    const struct told *told = write_list(rig, before, "3=" KEN " 4=" EVE);
    assert_int_equal(told->rc, RC_REFUSED);
    assert_int_equal(told->lines_len, 0);
    assert_says(told->text, "Parameter [] value is invalid");
    assert_stored(rig, before);
}

static void no_right_to_change_the_list_is_no_refusal_of_lines(void **state)
{
    struct rig *rig = *state;
    set_fault(rig, &(struct fault){.kind = FAULT_STATUS,
                                   .status = 403,
                                   .body = ERROR("CMN-408", "[EditPresenceSettings] required"),
                                   .method = "PUT"});
    const struct told *told = write_list(rig, before, "3=" KEN " 4=" EVE);
    assert_int_equal(told->rc, RC_DENIED);
    assert_says(told->text, "your list may not be changed");
    assert_says(told->text, "EditPresenceSettings");
}

static void read_only_writes_nothing(void **state)
{
    struct rig *rig = *state;
    rig->config.is_read_only = true;
    size_t requests = rig->server.requests;
    const struct told *told = write_list(rig, before, "3=" KEN);
    assert_int_equal(told->rc, RC_DENIED);
    assert_int_equal(rig->server.requests, requests);
}

/* ---- trouble while it is written ---- */

static void trouble_that_passes_is_waited_out(void **state)
{
    struct rig *rig = *state;
    static const struct fault faults[] = {
        {.kind = FAULT_STATUS, .status = 500, .method = "PUT", .count = 2},
        {.kind = FAULT_STATUS, .status = 503, .method = "PUT", .count = 1},
        {.kind = FAULT_STATUS, .status = 429, .method = "PUT", .count = 1},
        {.kind = FAULT_STATUS, .status = 429, .method = "PUT", .count = 4},
        {.kind = FAULT_LOST, .method = "PUT", .count = 1},
        {.kind = FAULT_UNREACHABLE, .method = "PUT", .count = 3},
        {.kind = FAULT_STATUS, .status = 500, .method = "GET", .count = 2},
        {.kind = FAULT_STATUS, .status = 503, .method = "GET", .count = 2},
        {.kind = FAULT_STATUS, .status = 429, .method = "GET", .count = 1},
    };
    static const char *const wanted[] = {"3=" KEN, "3=" ANA};
    static const char *const stored[] = {"1r=" OWN_ID " 2r=" OWN_ID " 3=" KEN,
                                         "1r=" OWN_ID " 2r=" OWN_ID " 3=" ANA};
    const char *was = before;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        set_fault(rig, &faults[i]);
        const struct told *told = write_list(rig, was, wanted[i % 2]);
        assert_int_equal(told->rc, RC_OK);
        assert_stored(rig, stored[i % 2]);
        was = stored[i % 2];
        fake_io_advance(&rig->fake, 120000);
    }
}

static void a_write_that_nobody_confirmed_is_found_by_reading(void **state)
{
    struct rig *rig = *state;
    set_fault(rig, &(struct fault){.kind = FAULT_UNHEARD, .method = "PUT"});
    const struct told *told = write_list(rig, before, "3=" KEN);
    assert_int_equal(told->rc, RC_OK);
    assert_int_equal(rig->server.line_puts, 1);
    assert_int_equal(rig->written, 1);
}

static void trouble_that_stays_is_told_with_what_is_stored(void **state)
{
    struct rig *rig = *state;
    static const struct {
        struct fault fault;
        enum rc rc;
    } cases[] = {
        {{.kind = FAULT_STATUS, .status = 503, .method = "PUT"}, RC_UNREACHABLE},
        {{.kind = FAULT_STATUS, .status = 429, .method = "PUT"}, RC_TIMEOUT},
        {{.kind = FAULT_LOST, .method = "PUT"}, RC_TIMEOUT},
        {{.kind = FAULT_UNREACHABLE, .method = "PUT"}, RC_UNREACHABLE},
        {{.kind = FAULT_STATUS, .status = 302, .method = "PUT"}, RC_DENIED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        set_fault(rig, &cases[i].fault);
        const struct told *told = write_list(rig, before, "3=" KEN);
        assert_int_equal(told->rc, cases[i].rc);
        assert_says(told->text, "nothing was stored");
        assert_stored(rig, before);
        fake_io_advance(&rig->fake, 120000);
    }
}

/* The answer is lost, and then there is no reading either. */
static void lose_all_after_put(struct server *server, const char *method, const char *path)
{
    (void)path;
    if (str_eq(method, "PUT"))
        server->fault = (struct fault){.kind = FAULT_UNHEARD, .count = SIZE_MAX};
}

static void what_cannot_be_known_is_not_said(void **state)
{
    struct rig *rig = *state;
    rig->server.before = lose_all_after_put;
    const struct told *told = write_list(rig, before, "3=" KEN);
    assert_int_equal(told->rc, RC_FAILED);
    assert_int_equal(told->lines_len, 0);
    assert_says(told->text, "not certain");
}

static void trouble_after_put(struct server *server, const char *method, const char *path)
{
    (void)path;
    if (str_eq(method, "PUT"))
        server->fault =
            (struct fault){.kind = FAULT_STATUS, .status = 500, .method = "GET", .count = SIZE_MAX};
}

static void a_yes_that_cannot_be_read_back_is_not_certain(void **state)
{
    struct rig *rig = *state;
    rig->server.before = trouble_after_put;
    const struct told *told = write_list(rig, before, "3=" KEN);
    assert_int_equal(told->rc, RC_FAILED);
    assert_says(told->text, "could not be read back");
}

static void a_list_stored_otherwise_than_sent_is_told(void **state)
{
    struct rig *rig = *state;
    rig->server.drops_last_put = true;
    const struct told *told = write_list(rig, before, "3=" KEN " =" ANA);
    assert_int_equal(told->rc, RC_FAILED);
    assert_says(told->text, "stores another one");
    assert_int_equal(rig->server.line_puts, 1); /* never written over */
}

static void be_stale(struct server *server, const char *method, const char *path)
{
    (void)path;
    if (str_eq(method, "PUT"))
        server->stale_reads = 2;
}

static void a_moment_of_old_answers_is_waited_out(void **state)
{
    struct rig *rig = *state;
    rig->server.before = be_stale;
    const struct told *told = write_list(rig, before, "3=" KEN);
    assert_int_equal(told->rc, RC_OK);
    assert_int_equal(rig->server.line_puts, 1);
}

/* While the budget keeps us waiting, somebody else adds a line. */
static void other_edit_at_first_put(struct server *server, const char *method, const char *path)
{
    (void)path;
    if (str_eq(method, "PUT") && server->lines_len == 4)
        server_line(server, 5, ANA, false);
}

static void a_line_added_while_we_waited_is_not_lost(void **state)
{
    struct rig *rig = *state;
    static const struct {
        struct fault fault;
        enum rc rc;
    } cases[] = {
        {{.kind = FAULT_STATUS, .status = 429, .method = "PUT", .count = 1}, RC_CHANGED},
        {{.kind = FAULT_STATUS, .status = 503, .method = "PUT", .count = 1}, RC_CHANGED},
        {{.kind = FAULT_LOST, .method = "PUT", .count = 1}, RC_FAILED},
    };
    rig->server.before = other_edit_at_first_put;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rig->server.lines_len = 4;
        set_fault(rig, &cases[i].fault);
        const struct told *told = write_list(rig, before, "3=" KEN);
        assert_true(told->rc == cases[i].rc || told->rc == RC_FAILED);
        assert_stored(rig, "1r=" OWN_ID " 2r=" OWN_ID " 3=" BOB " 4=" EVE " 5=" ANA);
        assert_int_equal(rig->server.puts, 0);
        fake_io_advance(&rig->fake, 120000);
    }
}

/* Every failure at every request of a write: the answer comes once, and never lies. */
static const struct fault sweep[] = {
    {.kind = FAULT_STATUS, .status = 500},
    {.kind = FAULT_STATUS, .status = 503},
    {.kind = FAULT_STATUS, .status = 429},
    {.kind = FAULT_STATUS, .status = 401},
    {.kind = FAULT_STATUS, .status = 403},
    {.kind = FAULT_STATUS, .status = 404},
    {.kind = FAULT_STATUS, .status = 400},
    {.kind = FAULT_STATUS, .status = 302},
    {.kind = FAULT_STATUS, .status = 200},
    {.kind = FAULT_STATUS, .status = 204},
    {.kind = FAULT_GARBAGE},
    {.kind = FAULT_LOST},
    {.kind = FAULT_UNHEARD},
    {.kind = FAULT_UNREACHABLE},
};
#define SWEEP (sizeof sweep / sizeof sweep[0])

static void every_failure_at_every_step_of_a_write(void **state)
{
    static const char wanted[] = "3=" KEN " =" ANA;
    static const char stored[] = "1r=" OWN_ID " 2r=" OWN_ID " 3=" KEN " 4=" ANA;
    static const size_t counts[] = {1, 2, SIZE_MAX};
    size_t kinds[RC_CANCELLED + 1] = {0};
    teardown(state);
    for (size_t i = 0; i < SWEEP * 3; i++) {
        for (size_t step = 0; step < 6; step++) {
            setup(state);
            struct rig *rig = *state;
            struct fault fault = sweep[i / 3];
            struct buf said;
            fault.from = step;
            fault.count = counts[i % 3];
            set_fault(rig, &fault);
            const struct told *told = write_list(rig, before, wanted);
            kinds[told->rc]++;
            buf_init(&said, 1 << 16);
            server_say_lines(&rig->server, &said);
            bool is_new = str_eq(buf_text(&said), stored);
            assert_true(is_new || str_eq(buf_text(&said), before));
            if (told->rc == RC_OK)
                assert_true(is_new && str_eq(buf_text(&told->lines), stored));
            else if (told->rc != RC_FAILED)
                assert_false(is_new); /* REFUSED, DENIED, UNREACHABLE, TIMEOUT: nothing */
            assert_true(told->rc == RC_OK || told->text[0] != '\0');
            assert_true(told->rc != RC_CHANGED && told->rc != RC_PROTO);
            buf_fini(&said);
            teardown(state);
        }
    }
    assert_true(kinds[RC_OK] > 20 && kinds[RC_FAILED] > 0 && kinds[RC_DENIED] > 0 &&
                kinds[RC_UNREACHABLE] > 0 && kinds[RC_TIMEOUT] > 0);
    setup(state);
}

static void writes_wait_for_each_other(void **state)
{
    struct rig *rig = *state;
    struct list from, first, second;
    struct told other = {0};
    list_of(&from, before);
    list_of(&first, "3=" KEN);
    list_of(&second, "3=" ANA);
    buf_init(&other.lines, 1 << 16);
    struct desk_question question = {.kind = DESK_LIST_WRITE,
                                     .lines = first.lines,
                                     .lines_len = first.len,
                                     .before = from.lines,
                                     .before_len = from.len};
    rex_desk_ask(rig->desk, &question, on_told, &rig->told);
    question.lines = second.lines;
    rex_desk_ask(rig->desk, &question, on_told, &other);
    server_run(&rig->server, &other.is_told, LIMIT_MS);
    assert_int_equal(rig->told.rc, RC_OK);
    assert_int_equal(other.rc, RC_CHANGED); /* the first was not overwritten unseen */
    assert_stored(rig, "1r=" OWN_ID " 2r=" OWN_ID " 3=" KEN);
    buf_fini(&other.lines);
}

static void a_forgotten_question_is_never_answered(void **state)
{
    struct rig *rig = *state;
    static const enum desk_kind kinds[] = {DESK_PEOPLE, DESK_LIST, DESK_LIST_WRITE, DESK_PHONES,
                                           DESK_SETTINGS_WRITE};
    struct list from, to;
    list_of(&from, before);
    list_of(&to, "3=" KEN);
    struct desk_settings settings = {.has = DESK_HAS_RING, .rings_when_monitored = true};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        for (size_t after = 0; after < 12; after++) {
            struct desk_question question = {.kind = kinds[i],
                                             .lines = to.lines,
                                             .lines_len = to.len,
                                             .before = from.lines,
                                             .before_len = from.len,
                                             .settings = &settings};
            reset_told(rig);
            rex_desk_ask(rig->desk, &question, on_told, &rig->told);
            server_run(&rig->server, &rig->told.is_told, (int64_t)after * 50);
            bool was_told = rig->told.is_told;
            rex_desk_forget(rig->desk, &rig->told);
            server_run(&rig->server, NULL, 1000);
            assert_int_equal(rig->told.is_told, was_told);
            fake_io_advance(&rig->fake, 60000);
        }
    }
}

/* ---- another user's desk ---- */

static void another_desk_is_found_by_its_extension(void **state)
{
    struct rig *rig = *state;
    const struct told *told = ask_kind(rig, DESK_LIST, "102"); /* known to the floor */
    assert_int_equal(told->rc, RC_OK);
    assert_int_equal(server_count(&rig->server, "extension/" BOB "/presence/line"), 1);
    told = ask_kind(rig, DESK_LIST, "104"); /* to the directory alone */
    assert_int_equal(told->rc, RC_OK);
    assert_int_equal(server_count(&rig->server, "extension/" KEN "/presence/line"), 1);
    told = ask_kind(rig, DESK_LIST, "101"); /* our own */
    assert_int_equal(told->rc, RC_OK);
    assert_int_equal(server_count(&rig->server, "extension/~/presence/line"), 1);
    told = ask_kind(rig, DESK_LIST, "555");
    assert_int_equal(told->rc, RC_NOT_FOUND);
    assert_says(told->text, "there is no extension 555");
}

static void another_desk_needs_rights_and_says_so(void **state)
{
    struct rig *rig = *state;
    static const enum desk_kind kinds[] = {DESK_LIST, DESK_PHONES, DESK_SETTINGS};
    for (size_t i = 0; i < 3; i++) {
        set_fault(rig, &(struct fault){.kind = FAULT_STATUS,
                                       .status = 403,
                                       .body = ERROR("CMN-402", "admin only"),
                                       .path = "extension/" BOB});
        const struct told *told = ask_kind(rig, kinds[i], "102");
        assert_int_equal(told->rc, RC_DENIED);
        assert_says(told->text, "extension 102's");
        assert_says(told->text, "an administrator of the account may");
    }
}

/* ---- people and phones ---- */

static void people_are_those_of_the_account(void **state)
{
    struct rig *rig = *state;
    rig->server.people_len--; /* the foreign one */
    const struct told *told = ask_kind(rig, DESK_PEOPLE, NULL);
    assert_int_equal(told->rc, RC_OK);
    assert_says(told->people, BOB " 102 Bob Agent/Sales;");
    assert_says(told->people, "400144460008 801 Lobby/ no person;");
    assert_says(told->people, "900 Menu/ not listable no person;");
    assert_says(told->people, "106 Old Hand/ not listable;");
    rig->server.people_len++;
    told = ask_kind(rig, DESK_PEOPLE, NULL);
    assert_null(strstr(told->people, "Not Ours"));
    set_fault(rig, &(struct fault){.kind = FAULT_STATUS, .status = 403, .path = "directory"});
    assert_int_equal(ask_kind(rig, DESK_PEOPLE, NULL)->rc, RC_DENIED);
}

static const char phones[] =
    "{\"id\":\"60727004\",\"type\":\"HardPhone\",\"name\":\"Desk\",\"status\":\"Online\",\"model\":"
    "{\"id\":\"51\",\"name\":\"VVX 411\",\"features\":[\"BLA\",\"HELD\"]}},"
    "{\"id\":\"60727005\",\"type\":\"HardPhone\",\"name\":\"Home\",\"status\":\"Offline\"},"
    "{\"id\":\"60727006\",\"type\":\"SoftPhone\",\"name\":\"App\",\"status\":\"Online\",\"model\":"
    "{\"name\":\"RC\",\"features\":[\"BLA\"]}},"
    "{\"id\":60727007,\"type\":\"WebPhone\",\"status\":\"Online\",\"model\":{\"name\":\"Web\"}}";

static void phones_say_what_they_can(void **state)
{
    struct rig *rig = *state;
    rig->server.devices = phones;
    const struct told *told = ask_kind(rig, DESK_PHONES, NULL);
    assert_int_equal(told->rc, RC_OK);
    assert_string_equal(told->phones, "Desk|VVX 411 online lamps restarts;Home| lamps restarts;"
                                      "App|RC online lamps;Web|Web online;");
    rig->server.devices = "";
    told = ask_kind(rig, DESK_PHONES, NULL);
    assert_int_equal(told->rc, RC_OK);
    assert_string_equal(told->phones, "");
}

static void call_own_phone(struct rig *rig, enum rex_telephony state)
{
    struct rex_presence presence = {.has = REX_HAS_CALLS | REX_HAS_TELEPHONY, .telephony = state};
    struct rex_active_call call = {
        .id = "c1", .session_id = "s-1", .party_id = "p-1", .is_inbound = true, .state = state};
    str_copy(presence.extension_id, sizeof presence.extension_id, OWN_ID);
    VEC_PUSH(&presence.calls, call);
    rex_floor_answer(&rig->floor, &presence, rex_floor_asked(&rig->floor), 0);
    VEC_FREE(&presence.calls);
}

static void a_call_is_on_its_phone(void **state)
{
    struct rig *rig = *state;
    rig->server.devices = phones;
    call_own_phone(rig, REX_PARKED); /* waits elsewhere */
    assert_null(strstr(ask_kind(rig, DESK_PHONES, NULL)->phones, "call"));
    call_own_phone(rig, REX_CONNECTED);
    const struct told *told = ask_kind(rig, DESK_PHONES, NULL); /* nobody says which device */
    assert_string_equal(told->phones,
                        "Desk|VVX 411 online call lamps restarts;Home| lamps restarts;"
                        "App|RC online call lamps;Web|Web online call;");
    struct rex_session session = {.id = "s-1", .sequence = 3};
    struct rex_party party = {.id = "p-1", .is_inbound = true, .code = REX_ANSWERED};
    str_copy(party.extension_id, sizeof party.extension_id, OWN_ID);
    str_copy(party.device_id, sizeof party.device_id, "60727006");
    VEC_PUSH(&session.parties, party);
    rex_floor_session(&rig->floor, &session, 0);
    VEC_FREE(&session.parties);
    told = ask_kind(rig, DESK_PHONES, NULL);
    assert_string_equal(told->phones, "Desk|VVX 411 online lamps restarts;Home| lamps restarts;"
                                      "App|RC online call lamps;Web|Web online;");
}

static void phones_of_one_who_is_not_followed_ask_for_the_calls(void **state)
{
    struct rig *rig = *state;
    rig->server.devices = phones;
    rig->server.other_presence =
        "{\"extension\":{\"id\":" BOB "},\"telephonyStatus\":\"OnHold\",\"activeCalls\":"
        "[{\"id\":\"x\",\"direction\":\"Inbound\",\"telephonyStatus\":\"OnHold\"}]}";
    const struct told *told = ask_kind(rig, DESK_PHONES, "102");
    assert_says(told->phones, "Desk|VVX 411 online call");
    rig->server.other_presence =
        "{\"extension\":{\"id\":" BOB "},\"telephonyStatus\":\"NoCall\",\"activeCalls\":[]}";
    told = ask_kind(rig, DESK_PHONES, "102");
    assert_says(told->phones, "Desk|VVX 411 online lamps");
}

/* ---- settings ---- */

static void settings_are_told_with_what_is_missing(void **state)
{
    struct rig *rig = *state;
    rig->server.rings = true;
    str_copy(rig->server.visibility, sizeof rig->server.visibility, "PermittedUsers");
    str_copy(rig->server.answerable[0], sizeof rig->server.answerable[0], EVE);
    rig->server.answerable_len = 1;
    const struct told *told = ask_kind(rig, DESK_SETTINGS, NULL);
    assert_int_equal(told->rc, RC_OK);
    assert_int_equal(told->settings.has, DESK_SETTINGS_ALL & ~DESK_HAS_VISIBLE);
    assert_true(told->settings.rings_when_monitored);
    assert_false(told->settings.picks_up_held);
    assert_true(told->settings.shares_presence);
    assert_int_equal(told->settings.details, DESK_DETAILS_PERMITTED);
    assert_string_equal(told->answerable, EVE " ");
    assert_says(told->missing[5], "share_presence");
    assert_string_equal(told->missing[4], "");
}

static void settings_without_the_right_to_some(void **state)
{
    struct rig *rig = *state;
    set_fault(rig, &(struct fault){.kind = FAULT_STATUS,
                                   .status = 403,
                                   .body = ERROR("CMN-408", "[ReadPresenceSettings] required"),
                                   .path = "presence/permission"});
    const struct told *told = ask_kind(rig, DESK_SETTINGS, NULL);
    assert_int_equal(told->rc, RC_OK);
    assert_int_equal(told->settings.has, 15);
    assert_says(told->missing[4], "ReadPresenceSettings");
}

/* What is refused of somebody else's is said in words, without the request and its ids; and that
 * nothing may be changed is known before it is tried. */
static void settings_of_another_without_rights_say_who_may(void **state)
{
    struct rig *rig = *state;
    static const char who_may[] = "an administrator of the account may see and change extension "
                                  "102's settings: ask one (403 CMN-408)";
    const struct desk_settings settings = {.has = DESK_HAS_RING, .rings_when_monitored = true};
    const struct desk_question question = {
        .kind = DESK_SETTINGS_WRITE, .extension = "102", .settings = &settings};
    set_fault(rig, &(struct fault){.kind = FAULT_STATUS,
                                   .status = 403,
                                   .body = ERROR("CMN-408", "[ReadPresenceSettings] required"),
                                   .path = "presence/permission"});
    const struct told *told = ask_kind(rig, DESK_SETTINGS, "102");
    assert_int_equal(told->rc, RC_OK);
    assert_string_equal(told->fixed, who_may);
    assert_string_equal(told->missing[4], who_may);
    set_fault(rig, &(struct fault){.kind = FAULT_STATUS,
                                   .status = 403,
                                   .body = ERROR("CMN-401", "needs to have [ReadPresence]"),
                                   .path = "presence/permission"});
    told = ask_kind(rig, DESK_SETTINGS, "102"); /* the application's lack, not the person's */
    assert_int_equal(told->rc, RC_OK);
    assert_string_equal(told->fixed, "");
    assert_string_equal(told->missing[4],
                        "needs to have [ReadPresence]: give the application that permission in the "
                        "developer console (403 CMN-401)");
    set_fault(rig, &(struct fault){.kind = FAULT_STATUS,
                                   .status = 403,
                                   .body = ERROR("CMN-408", "[EditPresence] required"),
                                   .method = "PUT"});
    told = ask(rig, &question);
    assert_int_equal(told->rc, RC_DENIED);
    assert_string_equal(told->text, "an administrator of the account may change extension 102's "
                                    "settings: ask one (403 CMN-408)");
}

static const struct told *set(struct rig *rig, const struct desk_settings *settings)
{
    return ask(rig, &(struct desk_question){.kind = DESK_SETTINGS_WRITE, .settings = settings});
}

static void settings_that_are_named_change_and_no_others(void **state)
{
    struct rig *rig = *state;
    rig->server.picks = true;
    const char *const who[] = {EVE, BOB};
    const struct told *told =
        set(rig, &(struct desk_settings){.has = DESK_HAS_RING, .rings_when_monitored = true});
    assert_int_equal(told->rc, RC_OK);
    assert_string_equal(buf_text(&rig->server.last_put), "{\"ringOnMonitoredCall\":true}");
    assert_true(rig->server.rings && rig->server.picks && told->settings.rings_when_monitored);
    told = set(rig, &(struct desk_settings){.has = DESK_HAS_ANSWERABLE | DESK_HAS_DETAILS,
                                            .details = DESK_DETAILS_NONE,
                                            .answerable_by = who,
                                            .answerable_len = 2});
    assert_int_equal(told->rc, RC_OK);
    assert_string_equal(buf_text(&rig->server.last_put),
                        "{\"extensions\":[{\"id\":\"" EVE "\"},{\"id\":\"" BOB "\"}]}");
    assert_string_equal(rig->server.visibility, "None");
    assert_string_equal(told->answerable, EVE " " BOB " ");
    size_t puts = rig->server.puts;
    told = set(rig, &(struct desk_settings){.has = DESK_HAS_PICKUP, .picks_up_held = true});
    assert_int_equal(told->rc, RC_OK);
    assert_int_equal(rig->server.puts, puts); /* it was so already */
    told = set(rig, &(struct desk_settings){.has = DESK_HAS_ANSWERABLE});
    assert_int_equal(told->rc, RC_OK);
    assert_int_equal(rig->server.answerable_len, 0);
}

static void settings_that_cannot_be_are_refused_before_anything_is_sent(void **state)
{
    struct rig *rig = *state;
    const char *const eve[] = {EVE}, *const own[] = {OWN_ID};
    const struct told *told = set(
        rig, &(struct desk_settings){.has = DESK_HAS_VISIBLE, .visible_to = eve, .visible_len = 1});
    assert_int_equal(told->rc, RC_DENIED);
    assert_says(told->text, "no request for who may see your presence");
    told = set(rig, &(struct desk_settings){
                        .has = DESK_HAS_ANSWERABLE, .answerable_by = own, .answerable_len = 1});
    assert_int_equal(told->rc, RC_REFUSED);
    rig->server.shares = false;
    told = set(rig, &(struct desk_settings){
                        .has = DESK_HAS_ANSWERABLE, .answerable_by = eve, .answerable_len = 1});
    assert_int_equal(told->rc, RC_REFUSED);
    assert_says(told->text, "share_presence=on first");
    assert_int_equal(rig->server.puts, 0);
    told = set(rig, &(struct desk_settings){.has = DESK_HAS_ANSWERABLE | DESK_HAS_SHARE,
                                            .shares_presence = true,
                                            .answerable_by = eve,
                                            .answerable_len = 1});
    assert_int_equal(told->rc, RC_OK); /* on first, then who */
    assert_true(rig->server.shares && rig->server.answerable_len == 1);
}

static void settings_of_one_who_hides_are_told_by_the_answer_to_a_put(void **state)
{
    struct rig *rig = *state;
    const struct desk_settings settings = {.has = DESK_HAS_DETAILS, .details = DESK_DETAILS_NONE};
    const struct desk_question question = {
        .kind = DESK_SETTINGS_WRITE, .extension = "102", .settings = &settings};
    rig->server.shares = false;
    rig->server.other_presence = "{\"extension\":{\"id\":" BOB "},\"allowSeeMyPresence\":false}";
    const struct told *told = ask_kind(rig, DESK_SETTINGS, "102");
    assert_int_equal(told->rc, RC_OK);
    assert_int_equal(told->settings.has, DESK_HAS_SHARE | DESK_HAS_ANSWERABLE);
    assert_says(told->missing[3], "together with share_presence=on");
    told = ask(rig, &question);
    assert_int_equal(told->rc, RC_OK);
    assert_string_equal(rig->server.visibility, "None");
    assert_int_equal(told->settings.details, DESK_DETAILS_NONE);
}

static void settings_that_wait_for_the_limits_in_vain_say_so(void **state)
{
    struct rig *rig = *state;
    set_fault(rig, &(struct fault){.kind = FAULT_STATUS, .status = 429, .method = "PUT"});
    const struct told *told =
        set(rig, &(struct desk_settings){.has = DESK_HAS_RING, .rings_when_monitored = true});
    assert_int_equal(told->rc, RC_TIMEOUT);
    assert_says(told->text, "the service allows no more requests for ");
    assert_says(told->text, "nothing was stored");
    assert_int_equal(rig->server.puts, 0);
}

static void settings_that_are_taken_and_not_stored_are_told(void **state)
{
    struct rig *rig = *state;
    rig->server.ignores_settings = true;
    const struct told *told =
        set(rig, &(struct desk_settings){.has = DESK_HAS_RING, .rings_when_monitored = true});
    assert_int_equal(told->rc, RC_FAILED);
    assert_says(told->text, "tells others");
    assert_int_equal(rig->server.puts, 1);
}

static void a_half_that_was_stored_is_told(void **state)
{
    struct rig *rig = *state;
    const char *const nobody[] = {EVE, "400100000008"};
    struct desk_settings settings = {.has = DESK_HAS_ANSWERABLE,
                                     .rings_when_monitored = true,
                                     .answerable_by = nobody,
                                     .answerable_len = 2};
    const struct told *told = set(rig, &settings);
    assert_int_equal(told->rc, RC_REFUSED);
    assert_says(told->text, "400100000008 may not answer");
    rig->server.names_refused = false;
    told = set(rig, &settings);
    assert_int_equal(told->rc, RC_REFUSED);
    assert_says(told->text, "400100000008 may not answer: there is no such extension");
    rig->server.names_refused = true;
    settings.has |= DESK_HAS_RING;
    told = set(rig, &settings);
    assert_int_equal(told->rc, RC_FAILED);
    assert_says(told->text, "a part was stored, and then: 400100000008");
    assert_true(rig->server.rings && rig->server.answerable_len == 0);
}

static void every_failure_at_every_step_of_settings(void **state)
{
    static const size_t counts[] = {1, 2, SIZE_MAX};
    const char *const who[] = {EVE};
    const struct desk_settings settings = {
        .has = DESK_HAS_RING | DESK_HAS_PICKUP | DESK_HAS_ANSWERABLE,
        .rings_when_monitored = true,
        .picks_up_held = true,
        .answerable_by = who,
        .answerable_len = 1,
    };
    size_t kinds[RC_CANCELLED + 1] = {0};
    teardown(state);
    for (size_t i = 0; i < SWEEP * 3; i++) {
        for (size_t step = 0; step < 8; step++) {
            setup(state);
            struct rig *rig = *state;
            struct fault fault = sweep[i / 3];
            fault.from = step;
            fault.count = counts[i % 3];
            set_fault(rig, &fault);
            const struct told *told = set(rig, &settings);
            const struct server *server = &rig->server;
            bool is_first = server->rings && server->picks;
            bool is_second = server->answerable_len == 1;
            kinds[told->rc]++;
            if (told->rc == RC_OK)
                assert_true(is_first && is_second);
            else if (told->rc != RC_FAILED)
                assert_false(is_first || is_second);
            assert_true(told->rc == RC_OK || told->text[0] != '\0');
            teardown(state);
        }
    }
    assert_true(kinds[RC_OK] > 20 && kinds[RC_FAILED] > 0 && kinds[RC_DENIED] > 0 &&
                kinds[RC_UNREACHABLE] > 0 && kinds[RC_TIMEOUT] > 0);
    setup(state);
}

/* ---- news ---- */

static void own_presence(struct rig *rig, const char *id, bool rings)
{
    struct rex_notice notice = {.kind = REX_NOTICE_PRESENCE};
    str_copy(notice.presence.extension_id, sizeof notice.presence.extension_id, id);
    notice.presence.has = REX_HAS_SETTINGS | REX_HAS_SHARED | REX_HAS_CALLS;
    notice.presence.rings_when_monitored = rings;
    notice.presence.is_shared = true;
    rex_desk_notice(rig->desk, &notice);
}

static void news_are_told_when_something_is_another(void **state)
{
    struct rig *rig = *state;
    rex_desk_notice(rig->desk, &(struct rex_notice){.kind = REX_NOTICE_LINES});
    assert_int_equal(rig->list_news, 1);
    own_presence(rig, OWN_ID, true); /* nobody has read the settings yet */
    assert_int_equal(rig->settings_news, 0);
    ask_kind(rig, DESK_SETTINGS, NULL);
    own_presence(rig, OWN_ID, false); /* a call of ours: as before */
    own_presence(rig, BOB, true);
    assert_int_equal(rig->settings_news, 0);
    own_presence(rig, OWN_ID, true);
    own_presence(rig, OWN_ID, true);
    assert_int_equal(rig->settings_news, 1);
    rex_desk_missed(rig->desk);
    assert_int_equal(rig->list_news, 2);
    assert_int_equal(rig->settings_news, 2);
}

/* Our own calls are on the board only where we are monitored: the desk is told of each. */
static void our_own_calls_are_news_of_our_phones(void **state)
{
    struct rig *rig = *state;
    struct rex_notice notice = {.kind = REX_NOTICE_PRESENCE};
    str_copy(notice.presence.extension_id, sizeof notice.presence.extension_id, OWN_ID);
    notice.presence.has = REX_HAS_TELEPHONY;
    rex_desk_notice(rig->desk, &notice);
    unsigned had = rig->phones_news;
    notice.presence.telephony = REX_CONNECTED;
    rex_desk_notice(rig->desk, &notice);
    rex_desk_notice(rig->desk, &notice);
    assert_int_equal(rig->phones_news, had + 1);
    notice.presence.telephony = REX_NO_CALL;
    rex_desk_notice(rig->desk, &notice);
    assert_int_equal(rig->phones_news, had + 2);
    str_copy(notice.presence.extension_id, sizeof notice.presence.extension_id, BOB);
    notice.presence.telephony = REX_CONNECTED;
    rex_desk_notice(rig->desk, &notice);
    assert_int_equal(rig->phones_news, had + 2);
    assert_int_equal(rig->settings_news, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(list_is_read_with_reserved_lines_and_names),
        TEST(list_comes_whole_from_many_pages),
        TEST(pages_that_do_not_fit_are_read_again),
        TEST(pages_that_never_fit_are_no_list),
        TEST(a_line_that_cannot_be_read_is_never_left_out),
        TEST(a_refused_list_lives_here_alone),
        TEST(list_needs_neither_directory_nor_limit),
        TEST(list_is_replaced_whole_and_read_back),
        TEST(reserved_lines_are_known_by_their_flag),
        TEST(a_list_that_is_so_already_is_not_written),
        TEST(a_list_changed_elsewhere_is_not_overwritten),
        TEST(who_cannot_stand_in_a_list_is_named_before_anything_is_sent),
        TEST(a_line_by_its_extension_alone_finds_its_user),
        TEST(too_many_lines_are_named),
        TEST(a_list_above_the_limit_can_be_made_shorter),
        TEST(a_changed_reserved_line_is_refused),
        TEST(the_service_names_the_line_it_refuses),
        TEST(a_refusal_that_names_nobody_is_looked_up),
        TEST(reserved_lines_without_a_flag_are_named_by_their_number),
        TEST(a_refusal_that_nobody_explains_is_told_as_it_is),
        TEST(no_right_to_change_the_list_is_no_refusal_of_lines),
        TEST(read_only_writes_nothing),
        TEST(trouble_that_passes_is_waited_out),
        TEST(a_write_that_nobody_confirmed_is_found_by_reading),
        TEST(trouble_that_stays_is_told_with_what_is_stored),
        TEST(what_cannot_be_known_is_not_said),
        TEST(a_yes_that_cannot_be_read_back_is_not_certain),
        TEST(a_list_stored_otherwise_than_sent_is_told),
        TEST(a_moment_of_old_answers_is_waited_out),
        TEST(a_line_added_while_we_waited_is_not_lost),
        TEST(every_failure_at_every_step_of_a_write),
        TEST(writes_wait_for_each_other),
        TEST(a_forgotten_question_is_never_answered),
        TEST(another_desk_is_found_by_its_extension),
        TEST(another_desk_needs_rights_and_says_so),
        TEST(people_are_those_of_the_account),
        TEST(phones_say_what_they_can),
        TEST(a_call_is_on_its_phone),
        TEST(phones_of_one_who_is_not_followed_ask_for_the_calls),
        TEST(settings_are_told_with_what_is_missing),
        TEST(settings_without_the_right_to_some),
        TEST(settings_that_are_named_change_and_no_others),
        TEST(settings_that_cannot_be_are_refused_before_anything_is_sent),
        TEST(settings_of_another_without_rights_say_who_may),
        TEST(settings_of_one_who_hides_are_told_by_the_answer_to_a_put),
        TEST(settings_that_wait_for_the_limits_in_vain_say_so),
        TEST(settings_that_are_taken_and_not_stored_are_told),
        TEST(a_half_that_was_stored_is_told),
        TEST(every_failure_at_every_step_of_settings),
        TEST(news_are_told_when_something_is_another),
        TEST(our_own_calls_are_news_of_our_phones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
