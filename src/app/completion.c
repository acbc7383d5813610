/* Completions for bash, zsh and fish. Names of profiles are read from the usual configuration file
 * by the shell itself: it starts no program while a person types. */
#include "callhud/app/cli.h"

#include "callhud/app/paths.h"
#include "callhud/base/str.h"
#include "callhud/draw/theme.h"

#include <string.h>

#define THEMES_MAX 64
#define PROFILES                                                                                  \
    "sed -n "                                                                                     \
    "'s/^[[:space:]]*\\[[[:space:]]*profile[[:space:]]\\{1,\\}\\([A-Za-z0-9._-]*\\)[[:space:]]*\\].*/\\1/p' " \
    "\"${XDG_CONFIG_HOME:-$HOME/.config}/callhud/config.ini\" 2>/dev/null"

/* The words of a table cell, with blanks between. */
static void put_words(struct buf *out, const char *words)
{
    for (const char *c = words; *c; c++)
        buf_putc(out, *c == '|' ? ' ' : *c);
}

static void put_themes(struct buf *out)
{
    char names[THEMES_MAX][THEME_NAME_BYTES];
    size_t count = 0;
    theme_list(paths_themes(), names, THEMES_MAX, &count);
    for (size_t i = 0; i < count; i++)
        buf_printf(out, "%s%s", i ? " " : "", names[i]);
}

/* Single quotes in a text that stands in single quotes. */
static void put_quoted(struct buf *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        if (*c == '\'')
            buf_puts(out, "'\\''");
        else
            buf_putc(out, *c);
    }
}

static void put_command_names(struct buf *out)
{
    for (size_t i = 0; i < cli_commands_len; i++)
        buf_printf(out, "%s%s", i ? " " : "", cli_commands[i].name);
}

static void put_global_names(struct buf *out)
{
    for (size_t i = 0; i < cli_options_len; i++) {
        if (cli_options[i].is_global)
            buf_printf(out, "%s ", cli_options[i].name);
    }
}

/* ---- bash ------------------------------------------------------------------------------------ */

static void bash_values(struct buf *out)
{
    for (size_t i = 0; i < cli_options_len; i++) {
        const struct cli_option *row = &cli_options[i];
        switch (row->value) {
        case CLI_FLAG: continue;
        case CLI_TEXT: buf_printf(out, "    %s) return ;;\n", row->name); break;
        case CLI_FILE:
            buf_printf(out, "    %s) compopt -o default 2>/dev/null; return ;;\n", row->name);
            break;
        case CLI_WORD:
            buf_printf(out, "    %s) value=1 words='", row->name);
            put_words(out, row->arg);
            buf_puts(out, "' ;;\n");
            break;
        case CLI_PROFILE:
            buf_printf(out, "    %s) value=1 words=$(" PROFILES ") ;;\n", row->name);
            break;
        case CLI_THEME:
            buf_printf(out, "    %s) value=1 words='", row->name);
            put_themes(out);
            buf_puts(out, "' ;;\n");
            break;
        }
    }
}

static void bash_commands(struct buf *out)
{
    for (size_t i = 0; i < cli_commands_len; i++) {
        const struct cli_command *command = &cli_commands[i];
        buf_printf(out, "    %s) options=\"$options %s\"; words='", command->name,
                   command->options);
        put_words(out, command->words);
        buf_puts(out, "' ;;\n");
    }
}

/* Options and their values, as patterns of a case that counts the words. */
static void bash_skip_options(struct buf *out)
{
    bool is_first = true;
    for (size_t i = 0; i < cli_options_len; i++) {
        if (cli_options[i].value == CLI_FLAG)
            continue;
        buf_printf(out, "%s%s", is_first ? "" : "|", cli_options[i].name);
        is_first = false;
    }
    buf_puts(out, ") [ \"${COMP_WORDS[i+1]}\" = = ] && ((i++)); ((i++)) ;;\n"
                  "    -*|=) ;;\n");
}

/* What may stand in the second place after the command. */
static void bash_second_words(struct buf *out)
{
    buf_puts(out, "  local place=0\n"
                  "  for ((i = command_at + 1; i < COMP_CWORD; i++)); do\n"
                  "    case ${COMP_WORDS[i]} in\n"
                  "    ");
    bash_skip_options(out);
    buf_puts(out, "    *) ((place++)) ;;\n"
                  "    esac\n"
                  "  done\n"
                  "  case $command,$place in\n");
    for (size_t i = 0; i < cli_commands_len; i++) {
        if (!str_is_empty(cli_commands[i].second_words))
            buf_printf(out, "    %s,1) second='%s' ;;\n", cli_commands[i].name,
                       cli_commands[i].second_words);
    }
    buf_puts(out, "  esac\n");
}

static void bash(struct buf *out)
{
    buf_puts(out, "# bash completion for callhud\n"
                  "_callhud() {\n"
                  "  local cur prev words options command='' command_at=0 value='' second='' i\n"
                  "  cur=${COMP_WORDS[COMP_CWORD]}\n"
                  "  prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                  "  [ \"$cur\" = = ] && cur=\n"
                  "  [ \"$prev\" = = ] && prev=${COMP_WORDS[COMP_CWORD-2]}\n"
                  "  COMPREPLY=()\n"
                  "  words=\n"
                  "  case $prev in\n");
    bash_values(out);
    buf_puts(out, "  esac\n"
                  "  if [ -n \"$value\" ]; then\n"
                  "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                  "    return\n"
                  "  fi\n"
                  "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
                  "    case ${COMP_WORDS[i]} in\n"
                  "    ");
    bash_skip_options(out);
    buf_puts(out, "    *) command=${COMP_WORDS[i]}; command_at=$i; break ;;\n"
                  "    esac\n"
                  "  done\n"
                  "  options='");
    put_global_names(out);
    buf_puts(out, "'\n"
                  "  case $command in\n"
                  "    '') words='");
    put_command_names(out);
    buf_puts(out, "' ;;\n");
    bash_commands(out);
    buf_puts(out, "  esac\n");
    bash_second_words(out);
    buf_puts(out, "  if [ \"$command\" = theme ] && ((COMP_CWORD > command_at + 1)); then\n"
                  "    words='");
    put_themes(out);
    buf_puts(out, "'\n"
                  "  elif [ \"$command\" = shot ] && [ \"${cur#-}\" = \"$cur\" ]; then\n"
                  "    compopt -o default 2>/dev/null\n"
                  "    return\n"
                  "  elif [ -n \"$command\" ] && ((COMP_CWORD > command_at + 1)); then\n"
                  "    words=$second\n"
                  "  fi\n"
                  "  case $cur in\n"
                  "    -*) words=$options ;;\n"
                  "  esac\n"
                  "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                  "}\n"
                  "complete -F _callhud callhud\n");
}

/* ---- zsh ------------------------------------------------------------------------------------- */

/* In a description of _arguments, brackets and colons have a meaning. */
static void zsh_text(struct buf *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        if (*c == '[' || *c == ']' || *c == ':')
            buf_putc(out, '\\');
        if (*c == '\'')
            buf_puts(out, "'\\''");
        else
            buf_putc(out, *c);
    }
}

static void zsh_option(struct buf *out, const struct cli_option *row)
{
    buf_printf(out, "    '%s%s[", row->name, row->value == CLI_FLAG ? "" : "=");
    zsh_text(out, row->sentence);
    buf_putc(out, ']');
    switch (row->value) {
    case CLI_FLAG: break;
    case CLI_TEXT: buf_printf(out, ":%s: ", row->arg); break;
    case CLI_FILE: buf_printf(out, ":%s:_files", row->arg); break;
    case CLI_WORD:
        buf_puts(out, ":word:(");
        put_words(out, row->arg);
        buf_putc(out, ')');
        break;
    case CLI_PROFILE: buf_puts(out, ":profile:_callhud_profiles"); break;
    case CLI_THEME:
        buf_puts(out, ":theme:(");
        put_themes(out);
        buf_putc(out, ')');
        break;
    }
    buf_puts(out, "'\n");
}

static void zsh(struct buf *out)
{
    buf_puts(out, "#compdef callhud\n"
                  "_callhud_profiles() { compadd -- ${(f)\"$(" PROFILES ")\"} }\n"
                  "_callhud() {\n"
                  "  local context state state_descr line\n"
                  "  typeset -A opt_args\n"
                  "  local -a options commands\n"
                  "  options=(\n");
    for (size_t i = 0; i < cli_options_len; i++)
        zsh_option(out, &cli_options[i]);
    buf_puts(out, "  )\n  commands=(\n");
    for (size_t i = 0; i < cli_commands_len; i++) {
        buf_printf(out, "    '%s:", cli_commands[i].name);
        zsh_text(out, cli_commands[i].sentence);
        buf_puts(out, "'\n");
    }
    buf_puts(out, "  )\n"
                  "  _arguments -C $options '1: :->command' '*:: :->rest' && return\n"
                  "  case $state in\n"
                  "  command) _describe command commands ;;\n"
                  "  rest)\n"
                  "    case $line[1] in\n");
    for (size_t i = 0; i < cli_commands_len; i++) {
        const struct cli_command *command = &cli_commands[i];
        bool is_theme = str_eq(command->name, "theme");
        bool has_second = !str_is_empty(command->second_words);
        if (!command->words[0] && !has_second && !str_eq(command->name, "shot"))
            continue;
        buf_printf(out, "    %s) _arguments $options ", command->name);
        if (has_second)
            buf_printf(out, "'1:extension: ' '2:word:(%s)'", command->second_words);
        else if (command->words[0])
            buf_printf(out, "'1:word:(%s)'", command->words);
        else
            buf_puts(out, "'1:picture:_files'");
        if (is_theme) {
            buf_puts(out, " '*:theme:(");
            put_themes(out);
            buf_puts(out, ")'");
        }
        buf_puts(out, " ;;\n");
    }
    buf_puts(out, "    *) _arguments $options ;;\n"
                  "    esac ;;\n"
                  "  esac\n"
                  "}\n"
                  "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _callhud \"$@\"\n"
                  "else compdef _callhud callhud; fi\n");
}

/* ---- fish ------------------------------------------------------------------------------------ */

static void fish_option(struct buf *out, const struct cli_option *row, const char *only_for)
{
    buf_puts(out, "complete -c callhud");
    if (only_for)
        buf_printf(out, " -n '__fish_seen_subcommand_from %s'", only_for);
    buf_printf(out, " -l %s", row->name + 2);
    if (row->alias[0])
        buf_printf(out, " -s %s", row->alias + 1);
    switch (row->value) {
    case CLI_FLAG: break;
    case CLI_TEXT: buf_puts(out, " -x"); break;
    case CLI_FILE: buf_puts(out, " -r -F"); break;
    case CLI_WORD:
        buf_puts(out, " -x -a '");
        put_words(out, row->arg);
        buf_putc(out, '\'');
        break;
    case CLI_PROFILE: buf_puts(out, " -x -a '(__callhud_profiles)'"); break;
    case CLI_THEME:
        buf_puts(out, " -x -a '");
        put_themes(out);
        buf_putc(out, '\'');
        break;
    }
    buf_puts(out, " -d '");
    put_quoted(out, row->sentence);
    buf_puts(out, "'\n");
}

static void fish(struct buf *out)
{
    buf_puts(out, "# fish completion for callhud\n"
                  "function __callhud_profiles\n"
                  "    set -l folder $HOME/.config\n"
                  "    set -q XDG_CONFIG_HOME; and set folder $XDG_CONFIG_HOME\n"
                  "    string replace -rf '^\\s*\\[\\s*profile\\s+([A-Za-z0-9._-]+)\\s*\\].*' '$1' "
                  "< $folder/callhud/config.ini 2>/dev/null\n"
                  "end\n"
                  "complete -c callhud -f\n");
    for (size_t i = 0; i < cli_commands_len; i++) {
        const struct cli_command *command = &cli_commands[i];
        buf_printf(out, "complete -c callhud -n __fish_use_subcommand -a %s -d '", command->name);
        put_quoted(out, command->sentence);
        buf_puts(out, "'\n");
        const char *words = command->words[0] ? command->words : command->second_words;
        if (!str_is_empty(words))
            buf_printf(out, "complete -c callhud -n '__fish_seen_subcommand_from %s' -a '%s'\n",
                       command->name, words);
    }
    buf_puts(out, "complete -c callhud -n '__fish_seen_subcommand_from shot' -F\n"
                  "complete -c callhud -n '__fish_seen_subcommand_from show check' -a '");
    put_themes(out);
    buf_puts(out, "'\n");
    for (size_t i = 0; i < cli_options_len; i++) {
        const struct cli_option *row = &cli_options[i];
        for (size_t c = 0; c < cli_commands_len && !row->is_global; c++) {
            if (cli_has_word(cli_commands[c].options, row->name))
                fish_option(out, row, cli_commands[c].name);
        }
        if (row->is_global)
            fish_option(out, row, NULL);
    }
}

enum rc cli_completion(const char *shell, struct buf *out, struct err *err)
{
    if (str_eq(shell, "bash"))
        bash(out);
    else if (str_eq(shell, "zsh"))
        zsh(out);
    else if (str_eq(shell, "fish"))
        fish(out);
    else
        return err_set(err, RC_USAGE, "completion %.60s: write one of bash zsh fish", shell);
    return RC_OK;
}
