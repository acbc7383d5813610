#include "callhud/app/doc.h"

#include "callhud/app/cli.h"
#include "callhud/app/config.h"
#include "callhud/base/str.h"
#include "callhud/model/lamp.h"
#include "callhud/ui/cmd.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Text as mdoc has it: no line begins with a control character, hyphens of options stay hyphens, a
 * backslash is one. */
static void put_text(struct buf *out, const char *text)
{
    bool is_at_start = out->len == 0 || out->data[out->len - 1] == '\n';
    for (const char *c = text; *c; c++) {
        if (is_at_start && (*c == '.' || *c == '\''))
            buf_puts(out, "\\&");
        if (*c == '\\')
            buf_puts(out, "\\e");
        else if (*c == '-' && (c == text || strchr(" \n-", c[-1])))
            buf_puts(out, "\\-");
        else
            buf_putc(out, *c);
        is_at_start = *c == '\n';
    }
}

/* An argument of a macro: a word that mdoc would take for a macro or for punctuation is no word of
 * ours, so it is quoted and escaped. */
static void put_arg(struct buf *out, const char *text)
{
    buf_puts(out, " \"\\&");
    for (const char *c = text; *c; c++) {
        if (*c == '"')
            buf_puts(out, "\\(dq");
        else if (*c == '\\')
            buf_puts(out, "\\e");
        else if (*c == '-')
            buf_puts(out, "\\-");
        else if (*c == '~')
            buf_puts(out, "\\(ti");
        else if (*c == '^')
            buf_puts(out, "\\(ha");
        else
            buf_putc(out, *c);
    }
    buf_putc(out, '"');
}

static void put_sentence(struct buf *out, const char *text)
{
    /* New sentence, new line, as mdoc wants it. */
    char copy[1024];
    str_copy(copy, sizeof copy, text);
    for (char *c = copy; *c; c++) {
        if (c[0] == ' ' && c > copy && strchr(".:?!", c[-1]) && c[-1] != ':')
            *c = '\n';
    }
    put_text(out, copy);
    buf_putc(out, '\n');
}

static void put_option(struct buf *out, const struct cli_option *row)
{
    buf_puts(out, ".It");
    if (row->alias[0])
        buf_printf(out, " Fl %s ,", row->alias + 1);
    buf_printf(out, " Fl \\-%s", row->name + 2);
    if (row->arg[0]) {
        buf_puts(out, " Ar");
        put_arg(out, row->arg);
    }
    buf_putc(out, '\n');
    put_sentence(out, row->sentence);
}

/* A line of what is said of a command: "push    sends the edits" is an item of a list and goes on
 * in the next line when that begins with blanks; "bash: ..." begins anew; others are sentences. */
static void put_more_line(struct buf *out, char *line, bool *is_list)
{
    char *gap = strstr(line, "  ");
    size_t word = strcspn(line, " ");
    bool is_labelled = word > 1 && line[word] && line[word - 1] == ':';
    bool is_row = gap && gap > line && !is_labelled;
    bool is_rest = *is_list && line[0] == ' ';
    if (is_row && !*is_list)
        buf_puts(out, ".Bl -tag -width Ds -compact\n");
    else if (*is_list && !is_row && !is_rest)
        buf_puts(out, ".El\n");
    *is_list = is_row || is_rest;
    if (is_row) {
        *gap = '\0';
        buf_puts(out, ".It");
        put_arg(out, line);
        buf_putc(out, '\n');
        line = gap + 1;
    } else if (is_labelled) {
        buf_puts(out, ".br\n");
    }
    put_sentence(out, str_trim(line));
}

static void put_more(struct buf *out, const char *more)
{
    bool is_list = false;
    while (*more) {
        size_t len = strcspn(more, "\n");
        char *line = mem_dup_n(more, len);
        put_more_line(out, line, &is_list);
        mem_free(line);
        more += len + (more[len] == '\n');
    }
    buf_puts(out, is_list ? ".El\n" : "");
}

static void put_commands(struct buf *out)
{
    buf_puts(out, ".Bl -tag -width Ds\n");
    for (size_t i = 0; i < cli_commands_len; i++) {
        const struct cli_command *command = &cli_commands[i];
        buf_puts(out, ".It Cm");
        put_arg(out, command->name);
        if (command->args[0]) {
            buf_puts(out, " Ar");
            put_arg(out, command->args);
        }
        buf_putc(out, '\n');
        put_sentence(out, command->sentence);
        put_more(out, command->more);
        bool has_own = false;
        for (size_t k = 0; k < cli_options_len; k++) {
            if (!cli_has_word(command->options, cli_options[k].name))
                continue;
            buf_puts(out, has_own ? "" : ".Bl -tag -width Ds\n");
            has_own = true;
            put_option(out, &cli_options[k]);
        }
        buf_puts(out, has_own ? ".El\n" : "");
    }
    buf_puts(out, ".El\n");
}

static void put_options(struct buf *out)
{
    buf_puts(out, ".Bl -tag -width Ds\n");
    for (size_t i = 0; i < cli_options_len; i++) {
        if (cli_options[i].is_global)
            put_option(out, &cli_options[i]);
    }
    buf_puts(out, ".El\n");
}

/* The groups in the order in which the table names them first. */
static void put_keys(struct buf *out)
{
    for (size_t first = 0; first < cmd_table_len; first++) {
        bool is_new = true;
        for (size_t i = 0; i < first; i++)
            is_new &= !str_eq(cmd_table[i].group, cmd_table[first].group);
        if (!is_new)
            continue;
        buf_puts(out, ".Ss");
        put_arg(out, cmd_table[first].group);
        buf_puts(out, "\n.Bl -tag -width Ds\n");
        for (size_t i = first; i < cmd_table_len; i++) {
            const struct cmd *cmd = &cmd_table[i];
            if (!str_eq(cmd->group, cmd_table[first].group))
                continue;
            buf_puts(out, ".It");
            if (!str_is_empty(cmd->keys)) {
                buf_puts(out, " Sy");
                put_arg(out, cmd->keys);
            }
            buf_puts(out, " Cm");
            char name[64] = ":";
            str_copy(name + 1, sizeof name - 1, cmd->name);
            put_arg(out, name);
            buf_putc(out, '\n');
            char help[512];
            str_copy(help, sizeof help, cmd->help);
            help[0] = (char)toupper((unsigned char)help[0]);
            put_sentence(out, help);
        }
        buf_puts(out, ".El\n");
    }
}

static void put_lamps(struct buf *out)
{
    buf_puts(out,
             ".Bl -column \"do not disturb\" \"UTF-8\" \"ASCII\" \"letter\" \"presence_only\"\n"
             ".It Sy screen Ta Sy UTF-8 Ta Sy ASCII Ta Sy letter Ta Sy JSON\n");
    for (int lamp = 0; lamp < LAMP_COUNT; lamp++) {
        const struct lamp_row *row = lamp_row((enum lamp)lamp);
        char ascii[2] = {row->ascii, '\0'}, letter[2] = {row->letter, '\0'};
        buf_puts(out, ".It");
        put_arg(out, row->word);
        buf_puts(out, " Ta");
        put_arg(out, row->glyph);
        buf_puts(out, " Ta");
        put_arg(out, ascii);
        buf_puts(out, " Ta");
        put_arg(out, letter);
        buf_puts(out, " Ta");
        put_arg(out, row->json);
        buf_putc(out, '\n');
    }
    buf_puts(out, ".El\n");
}

static void put_value(struct buf *out, const struct option_row *row)
{
    char choices[128];
    switch (row->type) {
    case OPTION_TEXT:
    case OPTION_PATH:
        buf_puts(out, " Ar");
        put_arg(out, row->type == OPTION_PATH ? "FILE" : "TEXT");
        break;
    case OPTION_SECRET: break;
    case OPTION_BOOL:
        buf_puts(out, " Cm");
        put_arg(out, "yes|no");
        break;
    case OPTION_CHOICE:
        str_copy(choices, sizeof choices, row->choices);
        buf_puts(out, " Cm");
        put_arg(out, choices);
        break;
    case OPTION_NUMBER:
        buf_puts(out, " Ar");
        put_arg(out, "NUMBER");
        break;
    }
}

static void put_settings(struct buf *out, unsigned where, unsigned not_where)
{
    buf_puts(out, ".Bl -tag -width Ds\n");
    for (size_t i = 0; i < option_table_len; i++) {
        const struct option_row *row = &option_table[i];
        if (!(row->where & where) || (row->where & not_where))
            continue;
        char name[80];
        bool is_secret = row->type == OPTION_SECRET;
        snprintf(name, sizeof name, "%s%s", row->name, is_secret ? "_command" : "");
        buf_puts(out, ".It Ic");
        put_arg(out, name);
        buf_puts(out, " =");
        put_value(out, row);
        if (is_secret) {
            snprintf(name, sizeof name, "%s_file", row->name);
            buf_puts(out, "\n.It Ic");
            put_arg(out, name);
            buf_puts(out, " = Ar FILE");
        }
        buf_putc(out, '\n');
        put_sentence(out, row->sentence);
        if (row->type == OPTION_NUMBER)
            buf_printf(out, "From %d to %d %s.\n", row->min, row->max, row->unit);
        if (row->fallback[0]) {
            buf_puts(out, "The default is\n.Ql");
            put_arg(out, row->fallback);
            buf_puts(out, " .\n");
        }
    }
    buf_puts(out, ".El\n");
}

static void put_config(struct buf *out)
{
    buf_puts(out, ".Ss \"[profile NAME]: one telephone system\"\n");
    put_settings(out, OPTION_IN_PROFILE, OPTION_IN_CALLHUD);
    buf_puts(out, ".Ss \"[callhud]: what all profiles share\"\n"
                  "A profile may say otherwise for itself.\n");
    put_settings(out, OPTION_IN_CALLHUD, 0);
}

static void put_exits(struct buf *out)
{
#define EXIT_ROW(name, code, text) {code, text},
    static const struct {
        int code;
        const char *text;
    } rows[] = {RC_LIST(EXIT_ROW)};
    buf_puts(out, ".Bl -tag -width Ds\n");
    for (int code = 0; code < 5; code++) {
        bool is_first = true;
        buf_printf(out, ".It %d\n", code);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            if (rows[i].code != code)
                continue;
            buf_printf(out, "%s%s", is_first ? "" : ", ", rows[i].text);
            is_first = false;
        }
        if (code == 1)
            buf_puts(out, ", or a check found a fault");
        if (code == 4)
            buf_puts(out, ": refused by rights, capability or setting, a phone that was not "
                          "lifted, a call that has ended or changed hands, lines in "
                          "conflict");
        buf_putc(out, '\n');
    }
    buf_puts(out, ".It 129, 130, 131, 143\nended by SIGHUP, SIGINT, SIGQUIT, SIGTERM\n"
                  ".It 148\nCtrl-Z (SIGTSTP) ended a command that acts: stopped it could not clean "
                  "up\n.El\n");
}

enum rc doc_fill(const char *template, struct buf *out, struct err *err)
{
    static const struct {
        const char *name;
        void (*put)(struct buf *out);
    } markers[] = {{"@COMMANDS@", put_commands}, {"@OPTIONS@", put_options},
                   {"@KEYS@", put_keys},         {"@LAMPS@", put_lamps},
                   {"@CONFIG@", put_config},     {"@EXITS@", put_exits}};
    for (const char *line = template; *line;) {
        size_t len = strcspn(line, "\n"), found = 0, count = sizeof markers / sizeof *markers;
        while (found < count &&
               (strlen(markers[found].name) != len || strncmp(line, markers[found].name, len) != 0))
            found++;
        if (found < count)
            markers[found].put(out);
        else if (line[0] == '@')
            return err_set(err, RC_CONFIG, "no marker %.*s", (int)len, line);
        else
            buf_put(out, line, len + (line[len] == '\n'));
        line += len + (line[len] == '\n');
    }
    return out->is_full ? err_set(err, RC_TOO_BIG, "the page is too big") : RC_OK;
}
