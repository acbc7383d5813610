/* Reads the command line by the tables of cli_table.c. */
#include "callhud/app/cli.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <string.h>

#define NAMES_MAX 64

struct parser {
    struct cli *cli;
    struct err *err;
    const char **args;
    const struct cli_option *own[NAMES_MAX]; /* of a command, to be checked once it is known */
    size_t own_len;
    bool is_format_given;
};

static const struct cli_option *option_named(const char *text, size_t len)
{
    for (size_t i = 0; i < cli_options_len; i++) {
        const struct cli_option *row = &cli_options[i];
        if (strlen(row->name) == len && strncmp(row->name, text, len) == 0)
            return row;
        if (row->alias[0] && strlen(row->alias) == len && strncmp(row->alias, text, len) == 0)
            return row;
    }
    return NULL;
}

static enum rc unknown_option(const char *text, struct err *err)
{
    const char *names[NAMES_MAX];
    char name[64];
    size_t count = 0;
    str_copy(name, sizeof name, text);
    name[strcspn(name, "=")] = '\0';
    for (size_t i = 0; i < cli_options_len && count < NAMES_MAX; i++)
        names[count++] = cli_options[i].name;
    const char *near = str_nearest(name, names, count);
    if (near)
        return err_set(err, RC_USAGE, "no option %s: did you mean %s?", name, near);
    return err_set(err, RC_USAGE, "no option %s: 'callhud --help' lists them", name);
}

static enum rc store(struct cli *cli, const struct cli_option *row, const char *text,
                     struct err *err)
{
    char *place = (char *)cli + row->at;
    bool is_on = true;
    if (row->value == CLI_FILE && !text[0])
        return err_set(err, RC_USAGE, "%s needs the name of a file", row->name);
    if (row->value == CLI_FLAG)
        memcpy(place, &is_on, sizeof is_on);
    else
        memcpy(place, &text, sizeof text);
    return RC_OK;
}

/* Takes the option at argv[*at], and its value from the same or the next word. */
static enum rc take_option(struct parser *p, int argc, char **argv, int *at)
{
    const char *text = argv[*at];
    const char *equals = str_starts(text, "--") ? strchr(text, '=') : NULL;
    size_t len = equals ? (size_t)(equals - text) : strlen(text);
    const struct cli_option *row = option_named(text, len);
    const char *value = equals ? equals + 1 : NULL;
    if (!row)
        return unknown_option(text, p->err);
    if (row->value == CLI_FLAG && value)
        return err_set(p->err, RC_USAGE, "%s takes no value", row->name);
    if (row->value != CLI_FLAG && !value) {
        if (*at + 1 >= argc)
            return err_set(p->err, RC_USAGE, "%s needs a value: %s %s", row->name, row->name,
                           row->arg);
        value = argv[++*at];
    }
    if (!row->is_global && p->own_len < NAMES_MAX)
        p->own[p->own_len++] = row;
    p->is_format_given |= str_eq(row->name, "--format") || str_eq(row->name, "--json");
    return row->set ? row->set(p->cli, value, p->err) : store(p->cli, row, value, p->err);
}

static enum rc take_command(struct parser *p, const char *name)
{
    const char *names[NAMES_MAX];
    size_t count = 0;
    p->cli->command = cli_command_find(name);
    if (p->cli->command)
        return RC_OK;
    for (size_t i = 0; i < cli_commands_len && count < NAMES_MAX; i++)
        names[count++] = cli_commands[i].name;
    const char *near = str_nearest(name, names, count);
    if (near)
        return err_set(p->err, RC_USAGE, "no command '%.60s': did you mean '%s'?", name, near);
    return err_set(p->err, RC_USAGE, "no command '%.60s': 'callhud --help' lists them", name);
}

/* Is args[at] one of the words, if those are fixed? */
static enum rc check_word(const struct parser *p, const char *list, size_t at)
{
    const struct cli_command *command = p->cli->command;
    if (str_is_empty(list) || p->cli->args_len <= at || cli_has_word(list, p->args[at]))
        return RC_OK;
    char words[128];
    const char *names[NAMES_MAX];
    size_t count = 0;
    str_copy(words, sizeof words, list);
    char *rest = words;
    for (const char *one; count < NAMES_MAX && (one = str_next_field(&rest, ' '));)
        names[count++] = one;
    const char *near = str_nearest(p->args[at], names, count);
    if (near && strlen(near) > 3) /* of shorter ones any is near: "of" is no guess for "on" */
        return err_set(p->err, RC_USAGE, "%s %.60s: did you mean '%s'?", command->name, p->args[at],
                       near);
    return err_set(p->err, RC_USAGE, "%s %.60s: write one of %s", command->name, p->args[at], list);
}

static enum rc check_together(const struct parser *p)
{
    static const char *const formats[] = {"table", "json", "csv"};
    const struct cli_command *command = p->cli->command;
    for (size_t i = 0; i < p->own_len; i++) {
        if (!cli_has_word(command->options, p->own[i]->name))
            return err_set(p->err, RC_USAGE, "'callhud %s' has no option %s: see callhud %s --help",
                           command->name, p->own[i]->name, command->name);
    }
    if (p->is_format_given && !command->formats[0])
        return err_set(p->err, RC_USAGE, "'callhud %s' has no --format: status and watch do",
                       command->name);
    if (p->is_format_given && !cli_has_word(command->formats, formats[p->cli->format]))
        return err_set(p->err, RC_USAGE, "'callhud %s' writes no %s: choose one of %s",
                       command->name, formats[p->cli->format], command->formats);
    if (p->cli->args_len < command->min_args)
        return err_set(p->err, RC_USAGE, "write: callhud %s %s", command->name, command->args);
    if (p->cli->args_len > command->max_args)
        return err_set(p->err, RC_USAGE, "'%.60s' is too much: write callhud %s%s%s",
                       p->args[command->max_args], command->name, command->args[0] ? " " : "",
                       command->args);
    enum rc rc = check_word(p, command->words, 0);
    return rc == RC_OK ? check_word(p, command->second_words, 1) : rc;
}

enum rc cli_parse(struct cli *out, int argc, char **argv, struct err *err)
{
    struct parser p = {.cli = out, .err = err};
    enum rc rc = RC_OK;
    bool are_options_over = false;
    *out = (struct cli){.log_level = LOG_INFO};
    p.args = mem_zero((size_t)argc + 1, sizeof *p.args);
    for (int i = 1; i < argc && rc == RC_OK; i++) {
        const char *word = argv[i];
        if (!are_options_over && str_eq(word, "--"))
            are_options_over = true;
        else if (!are_options_over && word[0] == '-' && word[1])
            rc = take_option(&p, argc, argv, &i);
        else if (!out->command)
            rc = take_command(&p, word);
        else
            p.args[out->args_len++] = word;
    }
    out->args = p.args;
    if (rc == RC_OK && !out->is_help && !out->is_version) {
        if (!out->command)
            out->command = &cli_commands[0];
        rc = check_together(&p);
    }
    if (rc != RC_OK)
        cli_fini(out);
    return rc;
}

void cli_fini(struct cli *cli)
{
    mem_free((void *)(uintptr_t)cli->args);
    *cli = (struct cli){0};
}

/* ---- help ------------------------------------------------------------------------------------ */

void cli_version(struct buf *out)
{
    buf_printf(out, "callhud %s\n", CALLHUD_VERSION);
}

static void put_option(struct buf *out, const struct cli_option *row)
{
    char name[64];
    size_t len = 0;
    str_copy(name, sizeof name, row->name);
    if (row->arg[0]) {
        len = strlen(name);
        name[len++] = ' ';
        str_copy(name + len, sizeof name - len, row->arg);
    }
    if (row->alias[0]) {
        len = strlen(name);
        str_copy(name + len, sizeof name - len, ", ");
        str_copy(name + len + 2, sizeof name - len - 2, row->alias);
    }
    buf_printf(out, "  %-34s %s\n", name, row->sentence);
}

static void help_all(struct buf *out)
{
    buf_puts(out, "callhud: the lamps of a telephone floor in a terminal, live.\n\n"
                  "usage: callhud [COMMAND] [OPTIONS]\n\ncommands:\n");
    for (size_t i = 0; i < cli_commands_len; i++)
        buf_printf(out, "  %-12s %s\n", cli_commands[i].name, cli_commands[i].sentence);
    buf_puts(out, "\noptions:\n");
    for (size_t i = 0; i < cli_options_len; i++) {
        if (cli_options[i].is_global)
            put_option(out, &cli_options[i]);
    }
    buf_puts(out, "\n'callhud COMMAND --help' tells more of a command. To begin: callhud doctor\n");
}

void cli_help(const struct cli_command *command, struct buf *out)
{
    if (!command) {
        help_all(out);
        return;
    }
    buf_printf(out, "usage: callhud %s%s%s [OPTIONS]\n\n%s\n", command->name,
               command->args[0] ? " " : "", command->args, command->sentence);
    if (command->more[0])
        buf_printf(out, "\n%s", command->more);
    bool is_first = true;
    for (size_t i = 0; i < cli_options_len; i++) {
        if (!cli_has_word(command->options, cli_options[i].name))
            continue;
        if (is_first)
            buf_puts(out, "\noptions of its own:\n");
        is_first = false;
        put_option(out, &cli_options[i]);
    }
    buf_puts(out, "\n'callhud --help' lists the options that every command takes.\n");
}
