/* The command line, and what is made from its tables. */
#include "callhud/app/cli.h"
#include "callhud/app/report.h"
#include "callhud/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define WORDS_MAX 32

/* Splits at blanks; "''" is an empty word. */
static enum rc parse(struct cli *cli, const char *line, struct err *err)
{
    static char copy[300];
    char *argv[WORDS_MAX + 1] = {copy};
    int argc = 0;
    str_copy(copy, sizeof copy, line);
    char *rest = copy;
    for (char *word; (word = strsep(&rest, " "));)
        argv[argc++] = str_eq(word, "''") ? word + 2 : word;
    argv[argc] = NULL;
    err_clear(err);
    return cli_parse(cli, argc, argv, err);
}

static void refused(const char *line, const char *why)
{
    struct cli cli;
    struct err err;
    assert_int_equal(parse(&cli, line, &err), RC_USAGE);
    assert_string_equal(err.text, why);
}

static void alone_it_is_the_console(void **state)
{
    (void)state;
    struct cli cli;
    struct err err;
    assert_int_equal(parse(&cli, "callhud", &err), RC_OK);
    assert_string_equal(cli.command->name, "console");
    assert_int_equal(cli.log_level, LOG_INFO);
    assert_int_equal(cli.format, FORMAT_TABLE);
    assert_null(cli.profile);
    assert_int_equal(cli.args_len, 0);
    cli_fini(&cli);
    assert_int_equal(parse(&cli, "callhud --plain", &err), RC_OK);
    assert_string_equal(cli.command->name, "console");
    assert_true(cli.is_plain);
    cli_fini(&cli);
}

static void options_stand_anywhere(void **state)
{
    (void)state;
    struct cli cli;
    struct err err;
    assert_int_equal(parse(&cli,
                           "callhud --profile lab status 101 --config=/a=b --read-only 102 --ascii "
                           "--no-color --log /l --log-level debug --theme light --format csv",
                           &err),
                     RC_OK);
    assert_string_equal(cli.command->name, "status");
    assert_string_equal(cli.profile, "lab");
    assert_string_equal(cli.config, "/a=b");
    assert_string_equal(cli.log, "/l");
    assert_string_equal(cli.theme, "light");
    assert_int_equal(cli.log_level, LOG_DEBUG);
    assert_int_equal(cli.format, FORMAT_CSV);
    assert_true(cli.is_read_only && cli.is_ascii && cli.is_no_color);
    assert_int_equal(cli.args_len, 2);
    assert_string_equal(cli.args[0], "101");
    assert_string_equal(cli.args[1], "102");
    cli_fini(&cli);
    assert_int_equal(parse(&cli, "callhud watch --json -- --x -", &err), RC_OK);
    assert_int_equal(cli.format, FORMAT_JSON);
    assert_int_equal(cli.args_len, 2);
    assert_string_equal(cli.args[0], "--x");
    assert_string_equal(cli.args[1], "-");
    cli_fini(&cli);
    assert_int_equal(parse(&cli, "callhud shot a.svg --size 80x24", &err), RC_OK);
    assert_string_equal(cli.size, "80x24");
    cli_fini(&cli);
}

static void what_acts_takes_call_and_reason(void **state)
{
    (void)state;
    struct cli cli;
    struct err err;
    static const char *const names[] = {"pickup", "listen",   "whisper",
                                        "barge",  "takeover", "hangup"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char line[100];
        snprintf(line, sizeof line, "callhud %s --call pbx-1.7 104 --reason=training --json",
                 names[i]);
        assert_int_equal(parse(&cli, line, &err), RC_OK);
        assert_string_equal(cli.command->name, names[i]);
        assert_string_equal(cli.call, "pbx-1.7");
        assert_string_equal(cli.reason, "training");
        assert_int_equal(cli.format, FORMAT_JSON);
        cli_fini(&cli);
    }
    assert_int_equal(parse(&cli, "callhud record 104 off --call c --reason r", &err), RC_OK);
    assert_string_equal(cli.args[1], "off");
    cli_fini(&cli);
    assert_int_equal(parse(&cli, "callhud dnd 104", &err), RC_OK);
    assert_null(cli.call);
    assert_null(cli.reason);
    cli_fini(&cli);
    assert_int_equal(parse(&cli, "callhud audit verify --since ab --against journald", &err),
                     RC_OK);
    assert_string_equal(cli.since, "ab");
    assert_string_equal(cli.against, "journald");
    cli_fini(&cli);
}

static void help_needs_nothing_else(void **state)
{
    (void)state;
    struct cli cli;
    struct err err;
    assert_int_equal(parse(&cli, "callhud -h", &err), RC_OK);
    assert_true(cli.is_help);
    assert_null(cli.command);
    cli_fini(&cli);
    /* shot without its file is wrong, its help is not. */
    assert_int_equal(parse(&cli, "callhud shot --help", &err), RC_OK);
    assert_string_equal(cli.command->name, "shot");
    cli_fini(&cli);
    assert_int_equal(parse(&cli, "callhud --version", &err), RC_OK);
    assert_true(cli.is_version);
    cli_fini(&cli);
}

static void mistakes_name_what_is_near(void **state)
{
    (void)state;
    refused("callhud statsu", "no command 'statsu': did you mean 'status'?");
    refused("callhud 12345", "no command '12345': 'callhud --help' lists them");
    refused("callhud --profil=x", "no option --profil: did you mean --profile?");
    refused("callhud -x", "no option -x: 'callhud --help' lists them");
    refused("callhud status --profile", "--profile needs a value: --profile NAME");
    refused("callhud --plain=yes", "--plain takes no value");
    refused("callhud status --format xml", "--format xml: it can be table|json|csv");
    refused("callhud --log-level ''", "--log-level : it can be debug|info|warn|error");
    refused("callhud status --size 1x1",
            "'callhud status' has no option --size: see callhud status --help");
    refused("callhud doctor --format csv",
            "'callhud doctor' writes no csv: choose one of table json");
    refused("callhud --json", "'callhud console' has no --format: status and watch do");
    refused("callhud theme", "write: callhud theme list|show NAME|check [NAME...]");
    refused("callhud theme shwo x", "theme shwo: did you mean 'show'?");
    refused("callhud doctor x", "'x' is too much: write callhud doctor");
    refused("callhud record 101", "write: callhud record EXT on|off");
    refused("callhud record 101 of", "record of: write one of on off");
    refused("callhud dnd 101 sometimes", "dnd sometimes: write one of on off");
    refused("callhud dnd 101 on x", "'x' is too much: write callhud dnd EXT [on|off]");
    refused("callhud listen", "write: callhud listen EXT");
    refused("callhud lisen 101", "no command 'lisen': did you mean 'listen'?");
    refused("callhud status --call x",
            "'callhud status' has no option --call: see callhud status --help");
    refused("callhud dnd 101 --call x",
            "'callhud dnd' has no option --call: see callhud dnd --help");
    refused("callhud pickup 101 --call ''",
            "--call needs the id of a call: status --json shows them");
    refused("callhud list show --user ''", "--user needs an extension; leave it off for your own");
    refused("callhud barge 101 --format csv",
            "'callhud barge' writes no csv: choose one of table json");
    refused("callhud audit verify --against syslog", "--against syslog: it can be journald");
    refused("callhud shot a b", "'b' is too much: write callhud shot FILE.svg|FILE.txt");
}

static void tables_are_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < cli_commands_len; i++) {
        const struct cli_command *command = &cli_commands[i];
        struct buf help;
        assert_non_null(command->run);
        assert_true(str_ends(command->sentence, "."));
        assert_true(!command->more[0] || str_ends(command->more, "\n"));
        assert_true(command->min_args <= command->max_args);
        assert_ptr_equal(cli_command_find(command->name), command);
        buf_init(&help, 65536);
        cli_help(command, &help);
        assert_non_null(strstr(buf_text(&help), command->sentence));
        buf_fini(&help);
    }
    for (size_t i = 0; i < cli_options_len; i++) {
        const struct cli_option *row = &cli_options[i];
        bool is_used = row->is_global;
        assert_true(str_starts(row->name, "--"));
        assert_true(str_ends(row->sentence, "."));
        assert_int_equal(row->value == CLI_FLAG, row->arg[0] == '\0');
        for (size_t c = 0; c < cli_commands_len; c++)
            is_used |= cli_has_word(cli_commands[c].options, row->name);
        assert_true(is_used);
    }
}

static void words_of_a_list(void **state)
{
    (void)state;
    assert_true(cli_has_word("list show check", "show"));
    assert_true(cli_has_word("list", "list"));
    assert_false(cli_has_word("list show", "lis"));
    assert_false(cli_has_word("list show", "ist"));
    assert_false(cli_has_word("", "x"));
    assert_false(cli_has_word("a b", ""));
}

static void the_whole_help_names_all(void **state)
{
    (void)state;
    struct buf help;
    buf_init(&help, 65536);
    cli_help(NULL, &help);
    for (size_t i = 0; i < cli_commands_len; i++)
        assert_non_null(strstr(buf_text(&help), cli_commands[i].sentence));
    for (size_t i = 0; i < cli_options_len; i++)
        assert_int_equal(strstr(buf_text(&help), cli_options[i].sentence) != NULL,
                         cli_options[i].is_global);
    buf_fini(&help);
}

static void completions_name_every_command_and_option(void **state)
{
    (void)state;
    static const char *const shells[] = {"bash", "zsh", "fish"};
    struct err err = {0};
    for (size_t s = 0; s < 3; s++) {
        struct buf out;
        buf_init(&out, 1024 * 1024);
        assert_int_equal(cli_completion(shells[s], &out, &err), RC_OK);
        for (size_t i = 0; i < cli_commands_len; i++)
            assert_non_null(strstr(buf_text(&out), cli_commands[i].name));
        for (size_t i = 0; i < cli_options_len; i++)
            assert_non_null(strstr(buf_text(&out), cli_options[i].name + 2));
        buf_fini(&out);
    }
    assert_int_equal(cli_completion("tcsh", NULL, &err), RC_USAGE);
}

static void json_text(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 4096);
    report_json(&out, "a\"b\\c\n\x1b"
                      "Zoë \xff");
    assert_string_equal(buf_text(&out), "\"a\\\"b\\\\c\\u000a\\u001bZoë \xEF\xBF\xBD\"");
    buf_reset(&out);
    report_json(&out, NULL);
    assert_string_equal(buf_text(&out), "null");
    buf_reset(&out);
    report_json(&out, "");
    assert_string_equal(buf_text(&out), "\"\"");
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alone_it_is_the_console),
        cmocka_unit_test(options_stand_anywhere),
        cmocka_unit_test(what_acts_takes_call_and_reason),
        cmocka_unit_test(help_needs_nothing_else),
        cmocka_unit_test(mistakes_name_what_is_near),
        cmocka_unit_test(tables_are_whole),
        cmocka_unit_test(words_of_a_list),
        cmocka_unit_test(the_whole_help_names_all),
        cmocka_unit_test(completions_name_every_command_and_option),
        cmocka_unit_test(json_text),
    };
    return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
