/* The commands that act, run as programs of their own on a played backend: what they print, how
 * they end, and that they always leave. */
#include "callhud/app/cli.h"
#include "callhud/base/clock.h"
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
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

const struct backend_ops *const backend_all[] = {&played_backend, NULL};

const struct backend_ops *backend_find(const char *name)
{
    (void)name;
    return &played_backend;
}

static void write_config(void)
{
    FILE *file = fopen("config.ini", "w");
    assert_non_null(file);
    fputs("[profile x]\nserver = http://127.0.0.1:1/ari\nuser = u\npassword_command = echo secret\n"
          "phone = PJSIP/108\npick_up_held_lines = yes\n",
          file);
    fclose(file);
}

static int run_command(const char *const *words)
{
    static const struct {
        const char *name;
        int (*run)(const struct cli *cli);
    } runs[] = {{"pickup", cmd_act},      {"hangup", cmd_act},        {"dnd", cmd_act},
                {"record", cmd_act},      {"listen", cmd_supervise},  {"whisper", cmd_supervise},
                {"barge", cmd_supervise}, {"takeover", cmd_supervise}};
    const char *args[8];
    struct cli_command command = {.name = words[0]};
    struct cli cli = {
        .command = &command, .config = "config.ini", .args = args, .log = "callhud.log"};
    for (size_t i = 1; words[i]; i++) {
        if (str_eq(words[i], "--json"))
            cli.format = FORMAT_JSON;
        else if (str_eq(words[i], "--read-only"))
            cli.is_read_only = true;
        else if (str_eq(words[i], "--call"))
            cli.call = words[++i];
        else if (str_eq(words[i], "--reason"))
            cli.reason = words[++i];
        else
            args[cli.args_len++] = words[i];
    }
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        if (str_eq(runs[i].name, words[0]))
            return runs[i].run(&cli);
    }
    return 99;
}

#define START(...) program_start(-1, run_command, (const char *const[]){__VA_ARGS__, NULL})

/* ---- pickup hangup dnd record ---------------------------------------------------------------- */

static void an_action_ends_when_it_is_confirmed(void **state)
{
    (void)state;
    struct program p = START("hangup", "104");
    program_ends(&p, 0);
    assert_string_equal(p.said, "");
    assert_string_equal(p.noted, "");
    program_contains(program_read_text("backend.log"),
                     "act hangup 104 c-4 0\nconfirmed hangup\nleave\nleft\n");
}

static void json_tells_what_was_confirmed(void **state)
{
    (void)state;
    struct program p = START("pickup", "103", "--json", "--reason", "lunch\x1b[2J");
    program_ends(&p, 0);
    program_contains(p.noted, "callhud: your phone 108 rings: lift it\n");
    assert_int_equal(program_count_lines(p.said), 1);
    program_contains(p.said, "{\"v\":1,\"time\":\"2");
    program_contains(
        p.said,
        "\"extension\":\"103\",\"call\":\"c-3\",\"action\":\"pickup\",\"confirmed\":true}\n");
    const char *audit = program_read_text("state/callhud/audit.jsonl");
    program_contains(audit, "\"reason\":\"lunch");
    assert_null(strchr(audit, '\x1b'));
}

static void a_failure_is_its_exit_code_and_one_line(void **state)
{
    (void)state;
    static const struct {
        enum rc rc;
        int code;
    } rows[] = {
        {RC_DENIED, 4}, {RC_NOT_FOUND, 4}, {RC_REFUSED, 1}, {RC_FAILED, 1}, {RC_UNREACHABLE, 3}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        played_script.fail = rows[i].rc;
        played_script.fail_kind = ACTION_HANGUP;
        struct program p = START("hangup", "104", "--json");
        program_ends(&p, rows[i].code);
        assert_string_equal(p.said, "");
        assert_string_equal(p.noted, "callhud: your phone 108 was not lifted\n");
        program_contains(program_read_text("backend.log"), "leave\nleft\n");

        played_script.fail = RC_OK;
        played_script.refuse = rows[i].rc;
        p = START("hangup", "104");
        program_ends(&p, rows[i].code);
        assert_string_equal(p.noted, "callhud: taken by 102\n");
        played_script.refuse = RC_OK;
    }
}

static void what_ends_a_recording_says_so(void **state)
{
    (void)state;
    played_script.is_recorded = true;
    struct program p = START("takeover", "104");
    program_ends(&p, 0);
    program_contains(p.noted, "callhud: a recording made by callhud ends with it\n");
    p = START("hangup", "104"); /* with the call: that is no news */
    program_ends(&p, 0);
    assert_string_equal(p.noted, "");
}

/* Not confirmed in time is no failure: it is waited for, and the record says how it was. */
static void what_is_late_is_waited_for(void **state)
{
    (void)state;
    unlink("state/callhud/audit.jsonl");
    played_script.late_ms = 20;
    struct program p = START("hangup", "104");
    program_ends(&p, 0);
    assert_string_equal(p.noted, "callhud: the server is slow: look at the lamp\n");
    const char *audit = program_read_text("state/callhud/audit.jsonl");
    assert_int_equal(program_count_lines(audit), 2);
    program_contains(audit, "\"record\":\"confirmed\",\"action\":\"hangup\"");
}

static void dnd_is_set_or_turned_over(void **state)
{
    (void)state;
    struct program p = START("dnd", "105", "--json");
    program_ends(&p, 0);
    program_contains(program_read_text("backend.log"), "act dnd 105  0\n");
    program_contains(p.said, "\"call\":null,\"action\":\"dnd\",\"on\":false,\"confirmed\":true}");
    p = START("dnd", "104");
    program_ends(&p, 0);
    program_contains(program_read_text("backend.log"), "act dnd 104  1\n");
    p = START("dnd", "105", "off");
    program_ends(&p, 0);
    program_contains(program_read_text("backend.log"), "act dnd 105  0\n");
}

static void what_ends_a_recording_is_said(void **state)
{
    (void)state;
    struct program p = START("record", "104", "on");
    program_ends(&p, 0);
    program_contains(p.noted, "ends with the call");
    program_contains(program_read_text("backend.log"), "act record 104 c-4 1\n");
}

static void what_is_not_there_is_refused(void **state)
{
    (void)state;
    struct program p = START("hangup", "199");
    program_ends(&p, 4);
    program_contains(p.noted, "no monitored user has extension 199");
    p = START("hangup", "104", "--call", "c-9");
    program_ends(&p, 4);
    program_contains(p.noted, "104 has no call c-9");
    program_contains(p.noted, "the call now is c-4");
    p = START("hangup", "105", "--call", "c-9");
    program_ends(&p, 4);
    program_contains(p.noted, "105 has no call c-9");
    p = START("hangup", "105");
    program_ends(&p, 4);
    assert_int_equal(program_count_lines(p.noted), 1);
    p = START("pickup", "104");
    program_ends(&p, 4);
    assert_int_equal(program_count_lines(p.noted), 1);
    p = START("listen", "104", "--read-only");
    program_ends(&p, 4);
    program_contains(p.noted, "callhud: --read-only is on");
    assert_string_equal(program_read_text("backend.log"), "");
    played_script.is_missing = true;
    p = START("hangup", "104");
    program_ends(&p, 4);
    program_contains(p.noted, "the exchange has no such thing");
    played_script.is_missing = false;
    played_script.is_refused = true;
    p = START("hangup", "104");
    program_ends(&p, 3);
    program_contains(p.noted, "callhud: the password is refused\n");
    played_script.is_refused = false;
}

static void a_signal_cleans_up_first(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    static const char *const commands[] = {"pickup", "listen"};
    static const char *const users[] = {"103", "104"};
    played_script.is_phone_silent = true;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        for (size_t c = 0; c < 2; c++) {
            struct program p = START(commands[c], users[c]);
            program_wait_for(&p, "lift it");
            kill(p.pid, signals[i]);
            program_ends(&p, 128 + signals[i]);
            program_contains(program_read_text("backend.log"), "leave\nleft\n");
        }
    }
}

/* ---- listen whisper barge takeover ----------------------------------------------------------- */

static void words_change_the_mode(void **state)
{
    (void)state;
    struct program p = START("listen", "104");
    program_wait_for(&p, ": listen, nobody hears you\n");
    program_contains(p.noted, "your phone 108 rings: lift it");
    program_type(&p, "Whisper\n");
    program_wait_for(&p, "104 Lena Fischer: whisper, Lena Fischer hears you\n");
    program_type(&p, "shout\n\n");
    program_wait_for(&p, "no word 'shout'");
    program_type(&p, "  barge  \n");
    program_wait_for(&p, "104 Lena Fischer: barge, both hear you\n");
    program_type(&p, "STOP\n"); /* words are taken in any case */
    program_ends(&p, 0);
    program_contains(p.said, "barge ended: stopped\n");
    program_contains(program_read_text("backend.log"), "act whisper 104 c-4 0\n");
    program_contains(program_read_text("backend.log"), "act stop 104");
    program_contains(program_read_text("backend.log"), "leave\nleft\n");
    assert_int_equal(program_count_lines(p.said), 4);
}

static void json_lines_are_confirmed_modes(void **state)
{
    (void)state;
    played_script.end_after_ms = 300;
    struct program p = START("whisper", "104", "--json");
    program_type(&p, "barge\nlisten");
    close(p.in); /* the end of input changes nothing */
    p.in = -1;
    program_ends(&p, 0);
    assert_int_equal(program_count_lines(p.said), 3);
    program_contains(
        p.said, "\"extension\":\"104\",\"call\":\"c-4\",\"mode\":\"whisper\",\"confirmed\":true}");
    program_contains(p.said, "\"mode\":\"barge\"");
    program_contains(p.said, "\"mode\":\"listen\"");
    program_contains(p.noted, "the call has ended");
}

static void words_may_come_from_a_file(void **state)
{
    (void)state;
    const char *const words[] = {"listen", "104", NULL};
    FILE *file = fopen("words", "w+");
    assert_non_null(file);
    fputs("whisper\nnonsense\nbarge", file);
    fflush(file);
    rewind(file);
    played_script.end_after_ms = 200;
    struct program p = program_start(fileno(file), run_command, words);
    fclose(file);
    program_ends(&p, 0);
    program_contains(p.said, "whisper, Lena Fischer hears you");
    program_contains(p.said, "barge, both hear you");
    program_contains(p.noted, "no word 'nonsense'");
}

static void take_over_ends_it(void **state)
{
    (void)state;
    struct program p = START("listen", "104", "--json");
    program_wait_for(&p, "\"mode\":\"listen\"");
    program_type(&p, "takeover\n");
    program_ends(&p, 0);
    program_contains(p.said, "\"mode\":\"takeover\",\"confirmed\":true}\n");
    program_contains(program_read_text("backend.log"), "leave\nleft\n");
}

static void a_phone_that_is_not_lifted_is_four(void **state)
{
    (void)state;
    played_script.fail = RC_DENIED;
    played_script.fail_kind = ACTION_LISTEN;
    struct program p = START("listen", "104");
    program_ends(&p, 4);
    program_contains(p.noted, "callhud: your phone 108 was not lifted\n");
    assert_string_equal(p.said, "");
}

static void a_switch_that_fails_changes_nothing(void **state)
{
    (void)state;
    played_script.fail = RC_REFUSED;
    played_script.fail_kind = ACTION_BARGE;
    struct program p = START("listen", "104");
    program_wait_for(&p, "nobody hears you\n");
    program_type(&p, "barge\n");
    program_wait_for(&p, "was not lifted");
    program_type(&p, "whisper\n");
    program_wait_for(&p, "whisper, Lena Fischer hears you\n");
    kill(p.pid, SIGINT);
    program_ends(&p, 130);
    program_contains(program_read_text("backend.log"), "leave\nleft\n");
}

static void stop_waits_for_no_phone(void **state)
{
    (void)state;
    played_script.is_phone_silent = true;
    struct program p = START("barge", "104");
    program_wait_for(&p, "lift it");
    program_type(&p, "stop\n");
    program_ends(&p, 0);
    assert_string_equal(p.said, "");
    program_contains(program_read_text("backend.log"), "leave\nleft\n");
}

static void stop_waits_for_no_word_before_it_while_the_phone_rings(void **state)
{
    (void)state;
    played_script.is_phone_silent = true;
    struct program p = START("listen", "104");
    program_wait_for(&p, "lift it");
    program_type(&p, "barge\n");
    program_type(&p, "whisper\nstop\n");
    program_ends(&p, 0);
    assert_string_equal(p.said, "");
    assert_null(strstr(program_read_text("backend.log"), "act barge"));
}

static void who_reads_no_more_ends_it(void **state)
{
    (void)state;
    struct program p = START("listen", "104");
    program_wait_for(&p, "nobody hears you\n");
    close(p.out);
    p.out = -1;
    program_ends(&p, 0);
    program_contains(program_read_text("backend.log"), "leave\nleft\n");
}

/* More lines than the pipe holds: nobody reads them, and the last word still counts. */
static void a_reader_that_pauses_stops_nothing(void **state)
{
    (void)state;
    struct program p = START("listen", "104");
    program_wait_for(&p, "nobody hears you\n");
    int held = p.out;
    p.out = -1;
    assert_true(fcntl(held, F_SETPIPE_SZ, 4096) >= 4096);
    for (int i = 0; i < 150; i++)
        program_type(&p, i % 2 ? "listen\n" : "whisper\n");
    program_type(&p, "nonsense\n");
    program_wait_for(&p, "no word 'nonsense'");
    int64_t until_ms = clock_mono_ms() + PROGRAM_LIMIT_MS;
    while (program_count_lines(program_read_text("backend.log")) < 302 &&
           clock_mono_ms() < until_ms)
        poll(NULL, 0, 20);
    p.out = held;
    kill(p.pid, SIGTERM);
    program_ends(&p, 143);
    assert_int_equal(program_count_lines(p.said), 151);
    assert_true(strlen(p.said) > 4096);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static tcflag_t modes_of(int tty)
{
    struct termios now;
    assert_int_equal(tcgetattr(tty, &now), 0);
    return now.c_lflag;
}

static void keys_stand_for_the_words(void **state)
{
    (void)state;
    const char *const words[] = {"listen", "104", NULL};
    int master, slave;
    assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
    tcflag_t before = modes_of(slave);
    assert_true(before & ICANON);
    struct program p = program_start(slave, run_command, words);
    program_wait_for(&p, "nobody hears you\n");
    assert_false(modes_of(slave) & (ICANON | ECHO));
    assert_true(modes_of(slave) & ISIG);
    assert_int_equal(write(master, "w", 1), 1);
    program_wait_for(&p, "whisper, Lena Fischer hears you\n");
    assert_int_equal(write(master, "q", 1), 1);
    program_wait_for(&p, "callhud: keys: l listen");
    assert_int_equal(write(master, "b", 1), 1);
    program_wait_for(&p, "both hear you\n");
    assert_int_equal(write(master, "x", 1), 1);
    program_ends(&p, 0);
    assert_int_equal(modes_of(slave), before);
    program_contains(p.said, "barge ended: stopped\n");
    close(master);
    close(slave);
}

/* "bye" is no b: nobody is to be heard for it. */
static void pasted_text_and_arrows_are_no_keys(void **state)
{
    (void)state;
    const char *const words[] = {"listen", "104", NULL};
    int master, slave;
    assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
    struct program p = program_start(slave, run_command, words);
    program_wait_for(&p, "nobody hears you\n");
    assert_int_equal(write(master, "bye", 3), 3);
    program_wait_for(&p, "many keys at once");
    assert_int_equal(write(master, "\033b", 2), 2); /* Alt-b */
    assert_int_equal(write(master, "\033[B", 3), 3);
    usleep(100000);
    assert_int_equal(write(master, "www", 3), 3); /* a key that repeats */
    program_wait_for(&p, "whisper, Lena Fischer hears you\n");
    assert_int_equal(write(master, "barge? x", 8), 8);
    program_ends(&p, 0);
    assert_null(strstr(program_read_text("backend.log"), "act barge"));
    close(master);
    close(slave);
}

static void the_terminal_is_as_before_after_any_end(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    const char *const words[] = {"listen", "104", NULL};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        int master, slave;
        assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
        tcflag_t before = modes_of(slave);
        struct program p = program_start(slave, run_command, words);
        program_wait_for(&p, "nobody hears you\n");
        assert_int_not_equal(modes_of(slave), before);
        kill(p.pid, signals[i]);
        program_ends(&p, 128 + signals[i]);
        assert_int_equal(modes_of(slave), before);
        program_contains(program_read_text("backend.log"), "leave\nleft\n");
        close(master);
        close(slave);
    }
}

/* A crash cannot clean up at the server, but the terminal is usable. */
static void the_terminal_is_as_before_after_a_crash(void **state)
{
    (void)state;
    const char *const words[] = {"listen", "104", NULL};
    int master, slave;
    assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
    tcflag_t before = modes_of(slave);
    struct program p = program_start(slave, run_command, words);
    program_wait_for(&p, "nobody hears you\n");
    kill(p.pid, SIGABRT);
    program_ends(&p, 1000 + SIGABRT);
    assert_int_equal(modes_of(slave), before);
    close(master);
    close(slave);
}

static int fresh_script(void **state)
{
    (void)state;
    played_script = (struct played_script){.refuse = RC_OK, .fail = RC_OK};
    unlink("state/callhud/audit.jsonl");
    return 0;
}

static int enter_folder(void **state)
{
    static char folder[] = "/tmp/callhud-doing-XXXXXX";
    *state = mkdtemp(folder);
    assert_non_null(*state);
    assert_int_equal(chdir(folder), 0);
    char path[64];
    snprintf(path, sizeof path, "%s/state", folder);
    setenv("XDG_STATE_HOME", path, 1);
    setlocale(LC_ALL, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    write_config();
    return 0;
}

static int leave_folder(void **state)
{
    static const char *const files[] = {"config.ini", "words", "backend.log", "callhud.log",
                                        "state/callhud/audit.jsonl"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(files[i]);
    /* Nothing else is left: no list of things made. */
    int failed = rmdir("state/callhud") | rmdir("state");
    failed |= chdir("/") | rmdir(*state);
    return failed;
}

#define TEST(name) cmocka_unit_test_setup(name, fresh_script)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_action_ends_when_it_is_confirmed),
        TEST(json_tells_what_was_confirmed),
        TEST(a_failure_is_its_exit_code_and_one_line),
        TEST(what_ends_a_recording_says_so),
        TEST(what_is_late_is_waited_for),
        TEST(dnd_is_set_or_turned_over),
        TEST(what_ends_a_recording_is_said),
        TEST(what_is_not_there_is_refused),
        TEST(a_signal_cleans_up_first),
        TEST(words_change_the_mode),
        TEST(json_lines_are_confirmed_modes),
        TEST(words_may_come_from_a_file),
        TEST(take_over_ends_it),
        TEST(a_phone_that_is_not_lifted_is_four),
        TEST(a_switch_that_fails_changes_nothing),
        TEST(stop_waits_for_no_phone),
        TEST(stop_waits_for_no_word_before_it_while_the_phone_rings),
        TEST(who_reads_no_more_ends_it),
        TEST(a_reader_that_pauses_stops_nothing),
        TEST(keys_stand_for_the_words),
        TEST(pasted_text_and_arrows_are_no_keys),
        TEST(the_terminal_is_as_before_after_any_end),
        TEST(the_terminal_is_as_before_after_a_crash),
    };
    return cmocka_run_group_tests_name("doing", tests, enter_folder, leave_folder);
}
