/* The command line: one table of commands and one of global options; help, completions and the man
 * page are made from them. */
#ifndef CALLHUD_APP_CLI_H
#define CALLHUD_APP_CLI_H

#include "callhud/base/buf.h"
#include "callhud/base/err.h"
#include "callhud/base/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cli_format { FORMAT_TABLE, FORMAT_JSON, FORMAT_CSV };

/* What was typed. Strings are argv's; cli_fini() frees the list of args. */
struct cli {
    const struct cli_command *command;
    const char *profile, *config, *theme, *log; /* NULL when not given */
    enum cli_format format;
    bool is_demo;    /* --demo, and with the command demo: on the built-in exchange */
    int hand_fd;     /* of a demo, see demo_acted(); 0: none */
    int lifeline_fd; /* of a demo: at its end of file the exchange has ended; 0: none */
    bool is_plain, is_read_only, is_ascii, is_no_color, is_help, is_version;
    enum log_level log_level;
    const char *size;    /* shot --size */
    const char *example; /* doctor --example */
    const char *call;    /* --call: the id of the call that is acted on */
    const char *reason;  /* --reason: for the record */
    const char *user;    /* list, presence --user: whose */
    const char *at;      /* list add --at: the key, as typed */
    const char *since;   /* audit --since: a hash, as typed */
    const char *against; /* audit --against: "journald" */
    /* exchange: as typed; NULL when not given */
    const char *listen, *users, *rate, *seed, *speed, *state, *port_file, *switches;
    const char *const *args; /* positional, after the command */
    size_t args_len;
};

#define CLI_ANY_ARGS SIZE_MAX

struct cli_command {
    const char *name;
    const char *args; /* "[EXT...]" */
    const char *sentence;
    const char *more; /* for its help and the man page; lines end with '\n'; "" */
    size_t min_args, max_args;
    const char *options; /* its own options, blank-separated: "--size" */
    const char *words; /* fixed choices of the first argument, blank-separated: "list show check" */
    const char
        *formats; /* that it can write, blank-separated: "table json"; "": --format is wrong */
    const char *second_words;          /* fixed choices of the second argument; NULL: anything */
    int (*run)(const struct cli *cli); /* the exit code */
};
extern const struct cli_command cli_commands[]; /* the first is the default */
extern const size_t cli_commands_len;
const struct cli_command *cli_command_find(const char *name); /* NULL */

enum cli_value { CLI_FLAG, CLI_TEXT, CLI_FILE, CLI_WORD, CLI_PROFILE, CLI_THEME };
struct cli_option {
    const char *name;  /* "--profile" */
    const char *alias; /* "-h"; "" */
    enum cli_value value;
    const char *arg; /* "NAME", "table|json|csv" for CLI_WORD; "" for a flag */
    const char *sentence;
    bool is_global; /* else only with the commands that list it */
    /* Stores it; text is NULL for a flag. RC_USAGE when the text cannot be right. NULL: a flag or a
     * text goes as it is to the bool or const char * at this place of struct cli. */
    enum rc (*set)(struct cli *cli, const char *text, struct err *err);
    size_t at;
};
extern const struct cli_option cli_options[];
extern const size_t cli_options_len;
/* Is word one of the blank-separated list? */
bool cli_has_word(const char *list, const char *word);

/* Options may stand anywhere, "--x=y" and "--x y", "--" ends them. An error is RC_USAGE and names
 * the nearest command or option, or what shows them. With is_help or is_version, command may be
 * NULL. */
enum rc cli_parse(struct cli *out, int argc, char **argv, struct err *err);
void cli_fini(struct cli *cli);
void cli_help(const struct cli_command *command, struct buf *out); /* NULL: the whole program */
void cli_version(struct buf *out);
enum rc cli_completion(const char *shell, struct buf *out, struct err *err); /* bash zsh fish */

/* The commands, each in src/app/cmd_NAME.c. */
int cmd_console(const struct cli *cli);
int cmd_status(const struct cli *cli);
int cmd_watch(const struct cli *cli);
int cmd_act(const struct cli *cli);       /* pickup hangup dnd record */
int cmd_supervise(const struct cli *cli); /* listen whisper barge takeover */
int cmd_audit(const struct cli *cli);
int cmd_list(const struct cli *cli);
int cmd_presence(const struct cli *cli);
int cmd_doctor(const struct cli *cli);
int cmd_theme(const struct cli *cli);
int cmd_shot(const struct cli *cli);
int cmd_exchange(const struct cli *cli);
int cmd_demo(const struct cli *cli);
int cmd_completion(const struct cli *cli);

#endif
