/* Plain lines with typed actions, run as a program of its own on a played backend. */
#include "callhud/app/plain.h"
#include "callhud/base/str.h"
#include "played.h"

#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

const struct backend_ops *const backend_all[] = {&played_backend, NULL};

const struct backend_ops *backend_find(const char *name)
{
    (void)name;
    return &played_backend;
}

static void write_config(const char *more)
{
    FILE *file = fopen("config.ini", "w");
    assert_non_null(file);
    fprintf(file,
            "[profile x]\nserver = http://127.0.0.1:1/ari\nuser = u\n"
            "password_command = echo secret\nphone = PJSIP/108\npick_up_held_lines = yes\n%s\n",
            more);
    fclose(file);
}

static int run_plain(const char *const *words)
{
    struct cli cli = {.config = "config.ini", .log = "callhud.log", .is_plain = true};
    for (; *words; words++)
        cli.is_read_only |= str_eq(*words, "--read-only");
    return plain_run(&cli, "");
}

static struct program start(const char *option)
{
    const char *const words[] = {option, NULL};
    struct program p = program_start(-1, run_plain, words);
    program_wait_for(&p, "3 users\n");
    return p;
}

/* An answer counts only some time after the question. */
static void answer(struct program *p, const char *text)
{
    poll(NULL, 0, 300);
    program_type(p, text);
}

static void leaves(struct program *p)
{
    kill(p->pid, SIGTERM);
    program_ends(p, 128 + SIGTERM);
    program_contains(program_read_text("backend.log"), "leave\nleft\n");
}

static void listening_asks_nothing(void **state)
{
    (void)state;
    struct program p = start(NULL);
    program_type(&p, "listen 104\n");
    program_wait_for(&p, "104 Lena Fischer: your phone 108 rings: lift it\n");
    program_wait_for(&p, "104 Lena Fischer: listen, nobody hears you\n");
    program_type(&p, "whisper\n"); /* of the same call */
    program_wait_for(&p, "whisper, Lena Fischer hears you\n");
    program_type(&p, "Stop\n");
    program_wait_for(&p, "whisper ended: stopped\n");
    program_type(&p, "stop\n");
    program_wait_for(&p, "you supervise nobody: there is nothing to stop\n");
    leaves(&p);
}

static void what_is_dangerous_asks(void **state)
{
    (void)state;
    static const struct {
        const char *typed, *effect, *act, *done;
    } rows[] = {{"barge 104\n", "both parties will hear you", "act barge", "both hear you"},
                {"takeover 104\n", "the agent is out of it", "act takeover", "the call is yours"},
                {"hangup 104\n", "the call ends for both", "act hangup", "hung up"},
                {"pickup 103\n", "the call moves to your phone", "act pickup", "picked up"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct program p = start(NULL);
        program_type(&p, rows[i].typed);
        program_wait_for(&p, rows[i].effect);
        program_wait_for(&p, "Acme Ltd");
        answer(&p, "n\n");
        program_wait_for(&p, "left as it is\n");
        assert_string_equal(program_read_text("backend.log"), "");
        p.said[0] = '\0';
        program_type(&p, rows[i].typed);
        program_wait_for(&p, rows[i].effect);
        answer(&p, "y\n");
        program_wait_for(&p, rows[i].done);
        program_contains(program_read_text("backend.log"), rows[i].act);
        leaves(&p);
    }
}

static void what_ends_a_recording_says_so(void **state)
{
    (void)state;
    played_script.is_recorded = true;
    struct program p = start(NULL);
    program_type(&p, "takeover 104\n");
    program_wait_for(&p, "the agent is out of it; a recording made by callhud ends with it. y ");
    leaves(&p);
    p = start(NULL);
    program_type(&p, "barge 104\n");
    program_wait_for(&p, "both parties will hear you. y ");
    leaves(&p);
}

static void an_answer_typed_before_is_none(void **state)
{
    (void)state;
    struct program p = start(NULL);
    program_type(&p, "barge 104\ny\n");
    program_wait_for(&p, "too early");
    assert_string_equal(program_read_text("backend.log"), "");
    p.said[0] = '\0';
    answer(&p, "list\n"); /* another command takes the question back, and is done */
    program_wait_for(&p, "left as it is\n");
    program_wait_for(&p, "3 users\n");
    answer(&p, "y\n");
    program_wait_for(&p, "no such command");
    leaves(&p);
    assert_null(strstr(program_read_text("backend.log"), "act"));
}

static void a_setting_skips_the_question_of_pickup(void **state)
{
    (void)state;
    write_config("confirm_pickup = no");
    struct program p = start(NULL);
    program_type(&p, "pickup 103\n");
    program_wait_for(&p, "103 Omar Said: picked up, the call is yours\n");
    leaves(&p);
    write_config("");
}

static void a_question_goes_with_its_call(void **state)
{
    (void)state;
    for (int is_taken = 0; is_taken < 2; is_taken++) {
        played_script.drop_after_ms = 500;
        played_script.taken_by = is_taken ? "107" : "";
        struct program p = start(NULL);
        program_type(&p, "hangup 104\n");
        program_wait_for(&p, "the call ends for both parties");
        program_wait_for(&p, is_taken
                                 ? "the call was taken by 107: nothing was done\n"
                                 : "the call has ended or was taken meanwhile: nothing was done\n");
        answer(&p, "y\n");
        program_wait_for(&p, "no such command");
        leaves(&p);
        assert_null(strstr(program_read_text("backend.log"), "act"));
    }
}

/* A transfer leaves the leg as it is: the question was about somebody else. */
static void a_question_goes_with_its_party(void **state)
{
    (void)state;
    played_script.drop_after_ms = 500;
    played_script.is_drop_swap = true;
    struct program p = start(NULL);
    program_contains(p.said, "supervised by 109 (listen)\n");
    program_type(&p, "takeover 104\n");
    program_wait_for(&p, "the agent is out of it");
    program_wait_for(&p, "the call has another party now: nothing was done\n");
    answer(&p, "y\n");
    program_wait_for(&p, "no such command");
    leaves(&p);
    assert_null(strstr(program_read_text("backend.log"), "act"));
}

static void dnd_and_record(void **state)
{
    (void)state;
    struct program p = start(NULL);
    program_type(&p, "dnd 104\n");
    program_wait_for(&p, "104 Lena Fischer: do not disturb is on\n");
    program_type(&p, "DND 105 Off\n");
    program_wait_for(&p, "105 Ken Ito: do not disturb is off\n");
    program_type(&p, "record 104\n");
    program_wait_for(&p, "write on or off after the extension\n");
    program_type(&p, "record 104 on\n");
    program_wait_for(&p, "a recording ends with the call, or when it is turned off\n");
    program_wait_for(&p, "104 Lena Fischer: is recorded\n");
    leaves(&p);
}

static void refusals_are_said(void **state)
{
    (void)state;
    struct program p = start(NULL);
    program_type(&p, "listen 199\n");
    program_wait_for(&p, "no user has extension '199'\n");
    program_type(&p, "listen\n");
    program_wait_for(&p, "write the extension after it\n");
    program_type(&p, "listen 104 now\n");
    program_wait_for(&p, "that is too much");
    program_type(&p, "listen 105\n");
    program_wait_for(&p, "listen: ");
    assert_string_equal(program_read_text("backend.log"), "");
    leaves(&p);
    p = start("--read-only");
    program_type(&p, "listen 104\n");
    program_wait_for(&p, "--read-only");
    kill(p.pid, SIGTERM);
    program_ends(&p, 128 + SIGTERM);
    assert_null(strstr(program_read_text("backend.log"), "act"));
}

static void a_failure_is_said(void **state)
{
    (void)state;
    played_script.fail = RC_DENIED;
    played_script.fail_kind = ACTION_LISTEN;
    struct program p = start(NULL);
    program_type(&p, "listen 104\n");
    program_wait_for(&p, "104 Lena Fischer: listen failed: your phone 108 was not lifted\n");
    leaves(&p);
}

static void what_is_late_is_said_as_it_was(void **state)
{
    (void)state;
    played_script.late_ms = 20;
    struct program p = start(NULL);
    program_type(&p, "dnd 104 on\n");
    program_wait_for(&p, "dnd, not confirmed yet: the server is slow: look at the lamp\n");
    program_wait_for(&p, "104 Lena Fischer: do not disturb is on\n");
    leaves(&p);
}

static void quit_asks_while_supervising(void **state)
{
    (void)state;
    struct program p = start(NULL);
    program_type(&p, "listen 104\n");
    program_wait_for(&p, "nobody hears you\n");
    program_type(&p, "quit\n");
    program_wait_for(&p, "quit? that ends the supervision");
    answer(&p, "\n");
    program_wait_for(&p, "left as it is\n");
    p.said[0] = '\0';
    program_type(&p, "q\n");
    program_wait_for(&p, "quit? that ends the supervision");
    answer(&p, "y\n");
    program_ends(&p, 0);
    program_contains(program_read_text("backend.log"), "leave\nleft\n");
    p = start(NULL);
    program_type(&p, "quit\n"); /* nothing goes on: no question */
    program_ends(&p, 0);
}

static int fresh_script(void **state)
{
    (void)state;
    played_script = (struct played_script){.refuse = RC_OK, .fail = RC_OK};
    return 0;
}

static int enter_folder(void **state)
{
    static char folder[] = "/tmp/callhud-plain-XXXXXX";
    *state = mkdtemp(folder);
    assert_non_null(*state);
    assert_int_equal(chdir(folder), 0);
    char path[64];
    snprintf(path, sizeof path, "%s/state", folder);
    setenv("XDG_STATE_HOME", path, 1);
    setlocale(LC_ALL, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    write_config("");
    return 0;
}

static int leave_folder(void **state)
{
    static const char *const files[] = {"config.ini", "backend.log", "callhud.log",
                                        "state/callhud/audit.jsonl"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(files[i]);
    int failed = rmdir("state/callhud") | rmdir("state");
    failed |= chdir("/") | rmdir(*state);
    return failed;
}

#define TEST(name) cmocka_unit_test_setup(name, fresh_script)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(listening_asks_nothing),
        TEST(what_is_dangerous_asks),
        TEST(what_ends_a_recording_says_so),
        TEST(an_answer_typed_before_is_none),
        TEST(a_setting_skips_the_question_of_pickup),
        TEST(a_question_goes_with_its_call),
        TEST(a_question_goes_with_its_party),
        TEST(dnd_and_record),
        TEST(refusals_are_said),
        TEST(a_failure_is_said),
        TEST(what_is_late_is_said_as_it_was),
        TEST(quit_asks_while_supervising),
    };
    return cmocka_run_group_tests_name("plain", tests, enter_folder, leave_folder);
}
