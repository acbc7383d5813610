/* The commands and options of the command line. Parser, help, completions and man page are driven
 * by these two tables. */
#include "callhud/app/cli.h"

#include "callhud/base/str.h"

#include <string.h>

#define SUPERVISE_MORE                                                                             \
    "Your own phone rings; lift it. A line is printed for each mode that the exchange confirms.\n" \
    "Words on standard input, one a line, change the mode: listen whisper barge takeover stop. "   \
    "On\n"                                                                                         \
    "a terminal the keys l w b t and x do. The end of input changes nothing. Ends with 0 when "    \
    "the\n"                                                                                        \
    "call ends or on stop, and always cleans up behind itself. It asks nothing.\n"

const struct cli_command cli_commands[] = {
    {.name = "console",
     .args = "",
     .sentence = "The screens: a lamp for each user, live. The default.",
     .more = "Where no full screen is possible (a pipe, TERM=dumb), and with --plain, it writes a\n"
             "line per change and takes typed commands. In the console ? shows all keys.\n"
             "With --user its HUD list (e) and presence settings (,) are those of EXT.\n",
     .options = "--user",
     .words = "",
     .formats = "",
     .run = cmd_console},
    {.name = "status",
     .args = "[EXT...]",
     .sentence = "The lamps once, then ends.",
     .more = "With extensions, only those users. --json prints one array.\n",
     .max_args = CLI_ANY_ARGS,
     .options = "",
     .words = "",
     .formats = "table json csv",
     .run = cmd_status},
    {.name = "watch",
     .args = "[EXT...]",
     .sentence = "A line for each user, then one per change, until interrupted.",
     .more = "With extensions, only those users. --json prints an object a line.\n",
     .max_args = CLI_ANY_ARGS,
     .options = "",
     .words = "",
     .formats = "table json csv",
     .run = cmd_watch},
    {.name = "pickup",
     .args = "EXT",
     .sentence = "Answers a call that rings at, or is held by, a user.",
     .more = "Your own phone rings; when it is lifted, the call is on it. Ends with 0 when the\n"
             "exchange confirms it, with 4 when somebody else was first, and asks nothing.\n",
     .min_args = 1,
     .max_args = 1,
     .options = "--call --reason",
     .words = "",
     .formats = "table json",
     .run = cmd_act},
    {.name = "listen",
     .args = "EXT",
     .sentence = "Listens to a call: nobody hears you.",
     .more = SUPERVISE_MORE,
     .min_args = 1,
     .max_args = 1,
     .options = "--call --reason",
     .words = "",
     .formats = "table json",
     .run = cmd_supervise},
    {.name = "whisper",
     .args = "EXT",
     .sentence = "Listens to a call and speaks to the agent only.",
     .more = SUPERVISE_MORE,
     .min_args = 1,
     .max_args = 1,
     .options = "--call --reason",
     .words = "",
     .formats = "table json",
     .run = cmd_supervise},
    {.name = "barge",
     .args = "EXT",
     .sentence = "Joins a call: both parties hear you.",
     .more = SUPERVISE_MORE,
     .min_args = 1,
     .max_args = 1,
     .options = "--call --reason",
     .words = "",
     .formats = "table json",
     .run = cmd_supervise},
    {.name = "takeover",
     .args = "EXT",
     .sentence = "Takes the agent's place in a call.",
     .more = "Your own phone rings; when it is lifted, the call is on it and the agent is out of\n"
             "it. Ends when the exchange confirms it. Until then it reads the words of listen.\n",
     .min_args = 1,
     .max_args = 1,
     .options = "--call --reason",
     .words = "",
     .formats = "table json",
     .run = cmd_supervise},
    {.name = "hangup",
     .args = "EXT",
     .sentence = "Ends a call of a user.",
     .more = "",
     .min_args = 1,
     .max_args = 1,
     .options = "--call --reason",
     .words = "",
     .formats = "table json",
     .run = cmd_act},
    {.name = "dnd",
     .args = "EXT [on|off]",
     .sentence = "Turns do not disturb of a user on or off, or over.",
     .more = "",
     .min_args = 1,
     .max_args = 2,
     .options = "--reason",
     .words = "",
     .formats = "table json",
     .second_words = "on off",
     .run = cmd_act},
    {.name = "record",
     .args = "EXT on|off",
     .sentence = "Begins or ends the recording of a call.",
     .more =
         "A recording goes on after this command has ended; it ends with the call, or with off.\n",
     .min_args = 2,
     .max_args = 2,
     .options = "--call --reason",
     .words = "",
     .formats = "table json",
     .second_words = "on off",
     .run = cmd_act},
    {.name = "list",
     .args = "show|add|remove|move|set|diff|pull|push|export|import [...]",
     .sentence = "The HUD list, which is also the list of the lamp keys stored in the backend.",
     .more =
         "show                what is here and what is stored, key by key\n"
         "add EXT [--at KEY]  a new key; the last one when none is named\n"
         "remove EXT|KEY      takes a line away\n"
         "move KEY KEY        takes a line to another key\n"
         "set KEY EXT         puts somebody else on a key\n"
         "diff                what a push would change; writes nothing\n"
         "pull [KEY|EXT|all]  takes over what was changed elsewhere; with a key, an extension or\n"
         "                    all, for lines in conflict, what is stored\n"
         "push                sends the edits; desk phones may restart\n"
         "export [FILE]       writes the list: as CSV, or as JSON with --json\n"
         "import FILE         makes the list what a file says\n"
         "An import needs the column extension alone; keys give the order. Between the columns of\n"
         "a CSV stand commas, semicolons or tabs. What is wrong in it is named by its line, and\n"
         "then nothing is changed.\n"
         "A line that was changed here and elsewhere is in conflict: it stays as it is stored\n"
         "and a push, which sends the others, ends with 4, until set, add, move or remove of that\n"
         "line says how it shall be, or pull KEY.\n"
         "Edits are kept on this machine until push; with sync = automatic each is pushed at\n"
         "once, and desk phones may restart as by push. Whom they put on which key, or took off\n"
         "it, is said on standard error. --user is for administrators: the list of somebody else.\n"
         "With --json an array of objects with key, extension, name, stored and state (same added\n"
         "removed changed conflict reserved).\n",
     .min_args = 1,
     .max_args = 3,
     .options = "--user --at --reason",
     .words = "show add remove move set diff pull push export import",
     .formats = "table json csv",
     .run = cmd_list},
    {.name = "presence",
     .args = "show|set KEY=VALUE...",
     .sentence = "The presence settings stored in the backend.",
     .more = "ring_when_monitored_rings, pick_up_held_lines and share_presence are on or off;\n"
             "call_details is all, permitted or none; answerable_by and visible_to are extensions\n"
             "with commas between, or none (visible_to: all). --user is for administrators.\n",
     .min_args = 1,
     .max_args = CLI_ANY_ARGS,
     .options = "--user --reason",
     .words = "show set",
     .formats = "table json",
     .run = cmd_presence},
    {.name = "audit",
     .args = "show|verify",
     .sentence = "Shows and proves the record of what was done.",
     .more = "show prints the records, oldest first; with --since HASH those after that one.\n"
             "verify looks at every byte: each record holds the hash of the one before. It ends\n"
             "with 1 and names the first line that is wrong. A tail that was cut off and a file\n"
             "that was rewritten whole do not show in the file itself: --since HASH (a head that\n"
             "was kept elsewhere) and --against journald find them. Needs no profile.\n",
     .min_args = 1,
     .max_args = 1,
     .options = "--since --against",
     .words = "show verify",
     .formats = "table json csv",
     .run = cmd_audit},
    {.name = "doctor",
     .args = "",
     .sentence = "Checks configuration, terminal, network and sign-in, and says what to do.",
     .more =
         "A line per check: ok, warn, FAIL or skip. Secrets are never shown, so the output can be\n"
         "pasted into a report. Ends with 1 when a check failed.\n",
     .options = "--example",
     .words = "",
     .formats = "table json",
     .run = cmd_doctor},
    {.name = "theme",
     .args = "list|show NAME|check [NAME...]",
     .sentence = "Lists, shows and measures themes.",
     .more =
         "check computes the least contrast of a theme and the least difference between any two\n"
         "lamps, for normal and for colour-blind sight, in RGB and in 256 colours. It ends with 1\n"
         "when a figure is below what can be told apart. Without a name it checks all.\n",
     .min_args = 1,
     .max_args = CLI_ANY_ARGS,
     .options = "",
     .words = "list show check",
     .formats = "table json",
     .run = cmd_theme},
    {.name = "shot",
     .args = "FILE.svg|FILE.txt",
     .sentence = "Writes the first view as a picture.",
     .more = "With --demo that of the demo, which --users, --rate and --seed change.\n",
     .min_args = 1,
     .max_args = 1,
     .options = "--size --demo --users --rate --seed",
     .words = "",
     .formats = "",
     .run = cmd_shot},
    {.name = "demo",
     .args = "",
     .sentence = "The console on a telephone floor of its own: no account, no network.",
     .more = "Starts the built-in exchange beside it, with calls under way, and signs in as the\n"
             "supervisor of its people. Your own desk phone there lifts itself, so all keys work.\n"
             "Nothing is kept: record and log of it are gone when it ends, and the exchange too.\n",
     .options = "--users --rate --seed",
     .words = "",
     .formats = "",
     .run = cmd_demo},
    {.name = "exchange",
     .args = "",
     .sentence = "A small telephone exchange with calls of its own, to try and to test with.",
     .more =
         "Speaks the RingCentral protocol on this machine alone; official clients work with it\n"
         "too. Prints its address when it is ready and runs until it is interrupted. The port\n"
         "file says how to sign in; credentials in one of an earlier run are kept. The JWT of\n"
         "another user differs in the extension alone.\n"
         "/exchange/... scripts calls, moves desk phones and orders faults.\n",
     .options = "--listen --users --rate --seed --speed --demo --state --port-file --switch",
     .words = "",
     .formats = "",
     .run = cmd_exchange},
    {.name = "completion",
     .args = "bash|zsh|fish",
     .sentence = "Prints the completion of a shell.",
     .more = "bash: put  eval \"$(callhud completion bash)\"  into ~/.bashrc\n"
             "zsh:  callhud completion zsh > ~/.zfunc/_callhud, with ~/.zfunc in fpath before "
             "compinit\n"
             "fish: callhud completion fish > ~/.config/fish/completions/callhud.fish\n",
     .min_args = 1,
     .max_args = 1,
     .options = "",
     .words = "bash zsh fish",
     .formats = "",
     .run = cmd_completion},
};
const size_t cli_commands_len = sizeof cli_commands / sizeof *cli_commands;

/* ---- options --------------------------------------------------------------------------------- */

/* The words of an option's table row, in the order of the enum that they become. */
static enum rc word_of(const char *name, const char *text, int *out, struct err *err)
{
    char words[64];
    for (size_t i = 0; i < cli_options_len; i++) {
        if (str_eq(cli_options[i].name, name))
            str_copy(words, sizeof words, cli_options[i].arg);
    }
    char *rest = words;
    *out = 0;
    for (const char *one; (one = str_next_field(&rest, '|')); (*out)++) {
        if (str_eq(one, text))
            return RC_OK;
    }
    for (size_t i = 0; i < cli_options_len; i++) {
        if (str_eq(cli_options[i].name, name))
            return err_set(err, RC_USAGE, "%s %.60s: it can be %s", name, text, cli_options[i].arg);
    }
    return RC_USAGE;
}

static enum rc set_format(struct cli *cli, const char *text, struct err *err)
{
    int word;
    enum rc rc = word_of("--format", text, &word, err);
    if (rc == RC_OK)
        cli->format = (enum cli_format)word;
    return rc;
}

static enum rc set_json(struct cli *cli, const char *text, struct err *err)
{
    (void)text, (void)err;
    cli->format = FORMAT_JSON;
    return RC_OK;
}

static enum rc set_log_level(struct cli *cli, const char *text, struct err *err)
{
    int word;
    enum rc rc = word_of("--log-level", text, &word, err);
    if (rc == RC_OK)
        cli->log_level = (enum log_level)word;
    return rc;
}

static enum rc set_call(struct cli *cli, const char *text, struct err *err)
{
    if (!text[0])
        return err_set(err, RC_USAGE, "--call needs the id of a call: status --json shows them");
    cli->call = text;
    return RC_OK;
}

/* An empty one is a variable of a script that was not set: never one's own list for another's. */
static enum rc set_user(struct cli *cli, const char *text, struct err *err)
{
    if (!text[0])
        return err_set(err, RC_USAGE, "--user needs an extension; leave it off for your own");
    cli->user = text;
    return RC_OK;
}

static enum rc set_against(struct cli *cli, const char *text, struct err *err)
{
    int word;
    cli->against = text;
    return word_of("--against", text, &word, err);
}

static enum rc set_listen(struct cli *cli, const char *text, struct err *err)
{
    if (!text[0])
        return err_set(err, RC_USAGE, "--listen needs ADDRESS:PORT");
    cli->listen = text;
    return RC_OK;
}

/* What takes a flag or a text as it is, and what looks at it first. */
#define TO(field) NULL, offsetof(struct cli, field)
#define BY(setter) setter, 0

const struct cli_option cli_options[] = {
    {"--profile", "", CLI_PROFILE, "NAME",
     "The profile to use; needed when the configuration has several.", true, TO(profile)},
    {"--config", "", CLI_FILE, "FILE", "Another configuration file.", true, TO(config)},
    {"--theme", "", CLI_THEME, "NAME", "Another theme.", true, TO(theme)},
    {"--format", "", CLI_WORD, "table|json|csv", "How output is written; table is for people.",
     true, BY(set_format)},
    {"--json", "", CLI_FLAG, "", "The same as --format json.", true, BY(set_json)},
    {"--plain", "", CLI_FLAG, "", "Plain lines in place of screens, also for screen readers.", true,
     TO(is_plain)},
    {"--read-only", "", CLI_FLAG, "", "Makes every action impossible.", true, TO(is_read_only)},
    {"--ascii", "", CLI_FLAG, "", "ASCII signs alone.", true, TO(is_ascii)},
    {"--no-color", "", CLI_FLAG, "", "No colours, as with NO_COLOR set.", true, TO(is_no_color)},
    {"--log", "", CLI_FILE, "FILE", "Another log file.", true, TO(log)},
    {"--log-level", "", CLI_WORD, "debug|info|warn|error", "The least that is logged; else info.",
     true, BY(set_log_level)},
    {"--size", "", CLI_TEXT, "COLUMNSxROWS", "The size of the picture; else 100x30.", false,
     TO(size)},
    {"--example", "", CLI_WORD, "asterisk|ringcentral",
     "Prints what to put on the server and into the configuration, and ends.", false, TO(example)},
    {"--call", "", CLI_TEXT, "ID",
     "The call to act on, as status --json names it; else the one that the action fits best.",
     false, BY(set_call)},
    {"--reason", "", CLI_TEXT, "TEXT", "Why, for the audit record.", false, TO(reason)},
    {"--user", "", CLI_TEXT, "EXT",
     "Whose list or settings; else your own. Needs an administrator's rights.", false,
     BY(set_user)},
    {"--at", "", CLI_TEXT, "KEY", "The key that the new line gets.", false, TO(at)},
    {"--since", "", CLI_TEXT, "HASH",
     "A hash that the audit file must hold; show: only what came after it.", false, TO(since)},
    {"--against", "", CLI_WORD, "journald",
     "Also compares with the heads that the system's journal holds.", false, BY(set_against)},
    {"--listen", "", CLI_TEXT, "ADDRESS:PORT",
     "Where the exchange listens; else 127.0.0.1 and a free port.", false, BY(set_listen)},
    {"--users", "", CLI_TEXT, "N", "How many people it has, from 1 to 100000; else 48.", false,
     TO(users)},
    {"--rate", "", CLI_TEXT, "N", "New calls a second; 0 for none but scripted ones.", false,
     TO(rate)},
    {"--seed", "", CLI_TEXT, "N", "The same seed makes the same people and calls; else 1.", false,
     TO(seed)},
    {"--speed", "", CLI_TEXT, "N", "How many times as fast as ours its clock runs; else 1.", false,
     TO(speed)},
    {"--demo", "", CLI_FLAG, "",
     "The floor of the demo: calls are under way at once, some people are away or do not share.",
     false, TO(is_demo)},
    {"--state", "", CLI_FILE, "FILE", "Keeps what is set up, lines and rights, in a file.", false,
     TO(state)},
    {"--port-file", "", CLI_FILE, "FILE",
     "Written when it is ready: the port and how to sign in; for the owner alone.", false,
     TO(port_file)},
    {"--switch", "", CLI_TEXT, "NAME=on|off,...",
     "Behaviour that the service's documents leave open, one way or the other.", false,
     TO(switches)},
    {"--help", "-h", CLI_FLAG, "", "Prints help, also on a command.", true, TO(is_help)},
    {"--version", "-V", CLI_FLAG, "", "Prints the version.", true, TO(is_version)},
};
const size_t cli_options_len = sizeof cli_options / sizeof *cli_options;

/* ---- lookups --------------------------------------------------------------------------------- */

const struct cli_command *cli_command_find(const char *name)
{
    for (size_t i = 0; i < cli_commands_len; i++) {
        if (str_eq(cli_commands[i].name, name))
            return &cli_commands[i];
    }
    return NULL;
}

bool cli_has_word(const char *list, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = list; len > 0 && *at; at += strspn(at, " ")) {
        size_t one = strcspn(at, " ");
        if (one == len && strncmp(at, word, len) == 0)
            return true;
        at += one;
    }
    return false;
}
