/* The command line: one table of commands and one of global options; help, completions and the man
 * page are made from them. */
#ifndef CALLHUD_APP_CLI_H
#define CALLHUD_APP_CLI_H

#include "callhud/base/buf.h"
#include "callhud/base/err.h"
#include "callhud/base/log.h"

#include <stdbool.h>
#include <stddef.h>

enum cli_format { FORMAT_TABLE, FORMAT_JSON, FORMAT_CSV };

/* What was typed. Strings are argv's. */
struct cli {
    const struct cli_command *command;
    const char *profile, *config, *theme, *log; /* NULL when not given */
    enum cli_format format;
    bool is_plain, is_read_only, is_ascii, is_no_color, is_help, is_version;
    enum log_level log_level;
    const char *size;    /* shot --size */
    const char *example; /* doctor --example */
    const char *const *args; /* positional, after the command */
    size_t args_len;
};

struct cli_command {
    const char *name;
    const char *args;     /* "[EXT...]" */
    const char *sentence;
    size_t min_args, max_args;
    const char *options;  /* its own options, blank-separated: "--size" */
    const char *words;    /* fixed choices of the first argument, blank-separated: "list show check" */
    int (*run)(const struct cli *cli); /* the exit code */
};
extern const struct cli_command cli_commands[];
extern const size_t cli_commands_len;

/* Options may stand anywhere, "--x=y" and "--x y", "--" ends them. An error is RC_USAGE and names the
 * nearest command or option and `callhud --help`. */
enum rc cli_parse(struct cli *out, int argc, char **argv, struct err *err);
void cli_help(const struct cli_command *command, struct buf *out); /* NULL: the whole program */
enum rc cli_completion(const char *shell, struct buf *out, struct err *err); /* bash zsh fish */

/* The commands, each in src/app/cmd_NAME.c. */
int cmd_console(const struct cli *cli);
int cmd_status(const struct cli *cli);
int cmd_watch(const struct cli *cli);
int cmd_doctor(const struct cli *cli);
int cmd_theme(const struct cli *cli);
int cmd_shot(const struct cli *cli);
int cmd_completion(const struct cli *cli);

#endif
