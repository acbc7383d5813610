/* callhud theme list, show, check. */
#include "callhud/app/cli.h"
#include "callhud/app/paths.h"
#include "callhud/app/report.h"
#include "callhud/app/start.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/draw/theme.h"
#include "callhud/model/lamp.h"

#include <errno.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THEMES_MAX 256
#define FILE_MAX_BYTES 65536
#define OUT_MAX_BYTES (1024 * 1024)
/* In normal sight lamps have to be further apart than THEME_DIFFERENCE_MIN, which is for all. */
#define NORMAL_DIFFERENCE_MIN 10.0

static const char *const sight_names[SIGHT_COUNT] = {"normal", "protan", "deutan", "tritan"};
/* Lamps and roles have the same order in their tables. */
#define LAMP_ROLE(lamp) ((enum role)((int)ROLE_RINGING + (int)(lamp)))

/* ---- loading --------------------------------------------------------------------------------- */

static enum rc load_file(struct theme *theme, const char *path, struct err *err)
{
    char *text = mem_zero(FILE_MAX_BYTES + 1, 1);
    enum rc rc = RC_OK;
    FILE *file = fopen(path, "re");
    size_t len = file ? fread(text, 1, FILE_MAX_BYTES + 1, file) : 0;
    if (!file || ferror(file))
        rc = err_set(err, RC_CONFIG, "cannot read the theme %s: %s", path, strerror(errno));
    else if (len > FILE_MAX_BYTES)
        rc = err_set(err, RC_CONFIG, "%s: a theme file is at most %d bytes", path, FILE_MAX_BYTES);
    else
        rc = theme_parse(theme, text, len, path, err);
    if (file)
        fclose(file);
    mem_free(text);
    return rc;
}

/* A name, or the path of a file that is being written. */
static enum rc load(struct theme *theme, const char *name, struct err *err)
{
    if (strchr(name, '/') || str_ends(name, ".theme"))
        return load_file(theme, name, err);
    return theme_load(theme, name, paths_themes(), err);
}

static void put_colour(struct buf *out, const struct colour *c)
{
    if (c->kind == COLOUR_DEFAULT)
        buf_puts(out, "default");
    else if (c->kind == COLOUR_INDEX)
        buf_printf(out, "%d", c->index);
    else
        buf_printf(out, "#%02x%02x%02x", c->r, c->g, c->b);
}

static void attrs_text(uint8_t attrs, char *out, size_t size)
{
    snprintf(out, size, "%s%s%s", attrs & ATTR_BOLD ? " bold" : "",
             attrs & ATTR_REVERSE ? " reverse" : "", attrs & ATTR_UNDERLINE ? " underline" : "");
}

/* ---- list ------------------------------------------------------------------------------------ */

static int list(const struct cli *cli)
{
    char(*names)[THEME_NAME_BYTES] = mem_zero(THEMES_MAX, sizeof *names);
    size_t count = 0;
    struct buf out;
    bool is_json = cli->format == FORMAT_JSON;
    theme_list(paths_themes(), names, THEMES_MAX, &count);
    buf_init(&out, OUT_MAX_BYTES);
    if (is_json)
        buf_putc(&out, '[');
    for (size_t i = 0; i < count; i++) {
        if (is_json) {
            buf_puts(&out, i ? ",{\"name\":" : "{\"name\":");
            report_json(&out, names[i]);
            buf_putc(&out, '}');
        } else {
            buf_printf(&out, "%s\n", names[i]);
        }
    }
    if (is_json)
        buf_puts(&out, "]\n");
    int exit_code = report_print(&out);
    buf_fini(&out);
    mem_free(names);
    return exit_code;
}

/* ---- show ------------------------------------------------------------------------------------ */

/* What standard output can show; no terminal shows no colours. */
static enum depth output_depth(const struct cli *cli)
{
    const char *term = getenv("TERM"), *colorterm = getenv("COLORTERM");
    if (cli->is_no_color || !str_is_empty(getenv("NO_COLOR")) || !isatty(STDOUT_FILENO) ||
        str_is_empty(term) || str_eq(term, "dumb"))
        return DEPTH_MONO;
    if (str_eq(colorterm, "truecolor") || str_eq(colorterm, "24bit"))
        return DEPTH_RGB;
    return strstr(term, "256") ? DEPTH_256 : DEPTH_8;
}

static void put_sgr_colour(struct buf *out, const struct colour *c, bool is_fg)
{
    if (c->kind == COLOUR_RGB)
        buf_printf(out, ";%d;2;%d;%d;%d", is_fg ? 38 : 48, c->r, c->g, c->b);
    else if (c->kind == COLOUR_INDEX && c->index < 8)
        buf_printf(out, ";%d", (is_fg ? 30 : 40) + c->index);
    else if (c->kind == COLOUR_INDEX)
        buf_printf(out, ";%d;5;%d", is_fg ? 38 : 48, c->index);
}

static void put_sgr(struct buf *out, const struct theme_role *role)
{
    buf_puts(out, "\033[0");
    if (role->attrs & ATTR_BOLD)
        buf_puts(out, ";1");
    if (role->attrs & ATTR_UNDERLINE)
        buf_puts(out, ";4");
    if (role->attrs & ATTR_REVERSE)
        buf_puts(out, ";7");
    put_sgr_colour(out, &role->fg, true);
    put_sgr_colour(out, &role->bg, false);
    buf_putc(out, 'm');
}

struct sample {
    const struct theme *drawn; /* reduced to what the terminal shows */
    bool is_coloured, is_ascii;
};

static void put_in(struct buf *out, const struct sample *s, enum role role, const char *text)
{
    if (s->is_coloured)
        put_sgr(out, &s->drawn->roles[role]);
    buf_puts(out, text);
    if (s->is_coloured)
        buf_puts(out, "\033[0m");
}

static void show_lamps(struct buf *out, const struct sample *s)
{
    for (int lamp = 0; lamp < LAMP_COUNT; lamp++) {
        const struct lamp_row *row = lamp_row((enum lamp)lamp);
        char text[128];
        char ascii[2] = {row->ascii, '\0'};
        const char *own = s->drawn->glyphs[lamp];
        const char *glyph = s->is_ascii ? ascii : own[0] ? own : row->glyph;
        snprintf(text, sizeof text, "%s 101 Noor Haddad", glyph);
        buf_puts(out, "  ");
        put_in(out, s, LAMP_ROLE(lamp), text);
        buf_puts(out, "   ");
        put_in(out, s, LAMP_ROLE(lamp), row->word);
        buf_putc(out, '\n');
    }
}

static void show_roles(struct buf *out, const struct sample *s, const struct theme *theme)
{
    for (int i = 0; i < ROLE_COUNT; i++) {
        const struct theme_role *role = &theme->roles[i];
        struct buf look;
        char name[32], attrs[32];
        buf_init(&look, 256);
        put_colour(&look, &role->fg);
        if (role->bg.kind != COLOUR_DEFAULT) {
            buf_puts(&look, " on ");
            put_colour(&look, &role->bg);
        }
        attrs_text(role->attrs, attrs, sizeof attrs);
        buf_puts(&look, attrs);
        snprintf(name, sizeof name, "%-14s", role_key((enum role)i));
        buf_puts(out, "  ");
        put_in(out, s, (enum role)i, name);
        buf_printf(out, " %s\n", buf_text(&look));
        buf_fini(&look);
    }
}

static void show_json(struct buf *out, const struct theme *theme)
{
    buf_puts(out, "{\"name\":");
    report_json(out, theme->name);
    buf_puts(out, ",\"background\":\"");
    put_colour(out, &theme->judged_bg);
    buf_puts(out, "\",\"roles\":[");
    for (int i = 0; i < ROLE_COUNT; i++) {
        const struct theme_role *role = &theme->roles[i];
        buf_printf(out, "%s{\"role\":\"%s\",\"colour\":\"", i ? "," : "", role_key((enum role)i));
        put_colour(out, &role->fg);
        buf_puts(out, "\",\"background\":\"");
        put_colour(out, &role->bg);
        buf_printf(out, "\",\"bold\":%s,\"reverse\":%s,\"underline\":%s}",
                   role->attrs & ATTR_BOLD ? "true" : "false",
                   role->attrs & ATTR_REVERSE ? "true" : "false",
                   role->attrs & ATTR_UNDERLINE ? "true" : "false");
    }
    buf_puts(out, "]}\n");
}

static int show(const struct cli *cli)
{
    struct theme theme, drawn;
    struct err err = {0};
    struct buf out;
    if (cli->args_len != 2) {
        err_set(&err, RC_USAGE, "write: callhud theme show NAME");
        return start_fail(&err);
    }
    if (load(&theme, cli->args[1], &err) != RC_OK)
        return start_fail(&err);
    enum depth depth = output_depth(cli);
    theme_reduce(&drawn, &theme, depth);
    struct sample sample = {
        .drawn = &drawn,
        .is_coloured = depth != DEPTH_MONO || (theme.is_mono && isatty(STDOUT_FILENO)),
        .is_ascii = cli->is_ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
    };
    buf_init(&out, OUT_MAX_BYTES);
    if (cli->format == FORMAT_JSON) {
        show_json(&out, &theme);
    } else {
        buf_printf(&out, "%s, judged against ", theme.name);
        put_colour(&out, &theme.judged_bg);
        buf_puts(&out, "\n\n");
        show_lamps(&out, &sample);
        buf_putc(&out, '\n');
        show_roles(&out, &sample, &theme);
    }
    int exit_code = report_print(&out);
    buf_fini(&out);
    return exit_code;
}

/* ---- check ----------------------------------------------------------------------------------- */

struct verdict {
    struct theme_measure measure;
    bool is_contrast_low, is_pair_close[SIGHT_COUNT];
    bool is_fault;
};

static void judge(struct verdict *v, const struct theme *theme)
{
    memset(v, 0, sizeof *v);
    theme_measure(&v->measure, theme);
    if (!v->measure.has_colours)
        return;
    v->is_contrast_low = v->measure.least_contrast < THEME_CONTRAST_MIN;
    v->is_fault = v->is_contrast_low;
    for (int i = 0; i < SIGHT_COUNT; i++) {
        double least = i == SIGHT_NORMAL ? NORMAL_DIFFERENCE_MIN : THEME_DIFFERENCE_MIN;
        v->is_pair_close[i] = v->measure.least_difference[i] < least;
        v->is_fault |= v->is_pair_close[i];
    }
}

static void check_line(struct buf *out, const char *name, const char *colours,
                       const struct verdict *v)
{
    const struct theme_measure *m = &v->measure;
    buf_printf(out, "%-4s  %-14s %-4s  ", v->is_fault ? "FAIL" : "ok", name, colours);
    if (!m->has_colours) {
        buf_puts(out, "no colours: nothing to measure\n");
        return;
    }
    buf_printf(out, "contrast %4.1f  differences", m->least_contrast);
    for (int i = 0; i < SIGHT_COUNT; i++)
        buf_printf(out, "  %s %4.1f", sight_names[i], m->least_difference[i]);
    buf_putc(out, '\n');
    if (v->is_contrast_low) {
        buf_printf(out, "      %s has contrast %.2f: at least %.1f is needed to be read\n",
                   role_key(m->least_contrast_role), m->least_contrast, THEME_CONTRAST_MIN);
    }
    for (int i = 0; i < SIGHT_COUNT; i++) {
        if (!v->is_pair_close[i])
            continue;
        buf_printf(out, "      %s and %s differ by %.1f in %s sight: at least %.1f is needed\n",
                   role_key(m->pair[i][0]), role_key(m->pair[i][1]), m->least_difference[i],
                   sight_names[i],
                   i == SIGHT_NORMAL ? NORMAL_DIFFERENCE_MIN : THEME_DIFFERENCE_MIN);
    }
}

static void check_json(struct buf *out, const char *name, const char *colours,
                       const struct verdict *v)
{
    const struct theme_measure *m = &v->measure;
    buf_puts(out, "{\"theme\":");
    report_json(out, name);
    buf_printf(out, ",\"colours\":\"%s\",\"result\":\"%s\"", colours, v->is_fault ? "FAIL" : "ok");
    if (!m->has_colours) {
        buf_puts(out, ",\"contrast\":null,\"differences\":null}");
        return;
    }
    buf_printf(out, ",\"contrast\":{\"least\":%.2f,\"role\":\"%s\"},\"differences\":{",
               m->least_contrast, role_key(m->least_contrast_role));
    for (int i = 0; i < SIGHT_COUNT; i++) {
        buf_printf(out, "%s\"%s\":{\"least\":%.2f,\"lamps\":[\"%s\",\"%s\"]}", i ? "," : "",
                   sight_names[i], m->least_difference[i], role_key(m->pair[i][0]),
                   role_key(m->pair[i][1]));
    }
    buf_puts(out, "}}");
}

/* Returns whether the theme is good in both forms. */
static bool check_theme(struct buf *out, const struct theme *theme, bool is_json, bool is_first)
{
    struct theme reduced;
    struct verdict rgb, few;
    judge(&rgb, theme);
    theme_reduce(&reduced, theme, DEPTH_256);
    judge(&few, &reduced);
    if (is_json) {
        buf_puts(out, is_first ? "" : ",");
        check_json(out, theme->name, "rgb", &rgb);
        buf_putc(out, ',');
        check_json(out, theme->name, "256", &few);
    } else {
        check_line(out, theme->name, "rgb", &rgb);
        check_line(out, theme->name, "256", &few);
    }
    return !rgb.is_fault && !few.is_fault;
}

static int check(const struct cli *cli)
{
    char(*all)[THEME_NAME_BYTES] = mem_zero(THEMES_MAX, sizeof *all);
    size_t count = cli->args_len - 1;
    bool is_json = cli->format == FORMAT_JSON, is_good = true;
    struct err err = {0};
    struct buf out;
    buf_init(&out, OUT_MAX_BYTES);
    if (count == 0)
        theme_list(paths_themes(), all, THEMES_MAX, &count);
    if (is_json)
        buf_putc(&out, '[');
    for (size_t i = 0; i < count && err.rc == RC_OK; i++) {
        struct theme theme;
        if (load(&theme, cli->args_len > 1 ? cli->args[i + 1] : all[i], &err) == RC_OK)
            is_good &= check_theme(&out, &theme, is_json, i == 0);
    }
    if (is_json)
        buf_puts(&out, "]\n");
    int exit_code = err.rc == RC_OK ? report_print(&out) : start_fail(&err);
    buf_fini(&out);
    mem_free(all);
    return exit_code ? exit_code : is_good ? 0 : 1;
}

int cmd_theme(const struct cli *cli)
{
    if (str_eq(cli->args[0], "show"))
        return show(cli);
    if (str_eq(cli->args[0], "check"))
        return check(cli);
    if (cli->args_len > 1) {
        struct err err = {0};
        err_set(&err, RC_USAGE, "'%.60s' is too much: write callhud theme list", cli->args[1]);
        return start_fail(&err);
    }
    return list(cli);
}
