/* Reads theme files. inih is not used: it cuts lines at 200 bytes, takes an indented line for more
 * of the one before and does not say in which line a value stood. */
#include "callhud/draw/theme.h"

#include "callhud/base/str.h"
#include "callhud/base/utf8.h"
#include "callhud/draw/theme_sources.h"
#include "theme_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 512

_Static_assert(ROLE_UNKNOWN - ROLE_RINGING + 1 == THEME_GLYPHS, "the lamps' roles are in a row");

enum section { SECTION_TOP, SECTION_ROLES, SECTION_GLYPHS };

/* A file while it is read. */
struct reading {
    struct theme theme;
    const char *source;
    int line;
    enum section section;
    bool has_name, has_background;
    bool has_role[ROLE_COUNT], has_glyph[THEME_GLYPHS];
    struct err *err;
};

/* --- what is wrong ---------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static enum rc wrong(struct reading *r, const char *format,
                                                           ...)
{
    char text[ERR_TEXT_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return err_set(r->err, RC_CONFIG, "%s:%d: %s", r->source, r->line, text);
}

static enum rc unknown(struct reading *r, const char *what, const char *word,
                       const char *const *names, size_t count)
{
    const char *nearest = str_nearest(word, names, count);

    if (nearest != NULL)
        return wrong(r, "unknown %s '%s': did you mean '%s'?", what, word, nearest);
    return wrong(r, "unknown %s '%s'", what, word);
}

/* --- colours ---------------------------------------------------------------------------------- */

static const char *const colour_words[] = {
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright-black",
    "bright-red",
    "bright-green",
    "bright-yellow",
    "bright-blue",
    "bright-magenta",
    "bright-cyan",
    "bright-white",
    /* What follows is no index. */
    "grey",
    "default",
    "bold",
    "reverse",
    "underline",
    "on",
};
#define COLOUR_NAMES 16
#define WORD_COUNT (sizeof colour_words / sizeof colour_words[0])

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool parse_hex(const char *word, struct colour *out)
{
    uint8_t bytes[3];

    if (strlen(word) != 7 || word[0] != '#')
        return false;
    for (size_t i = 0; i < 3; i++) {
        int high = hex_digit(word[1 + 2 * i]), low = hex_digit(word[2 + 2 * i]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high * 16 + low);
    }
    *out = (struct colour){.kind = COLOUR_RGB, .r = bytes[0], .g = bytes[1], .b = bytes[2]};
    return true;
}

static bool parse_colour(const char *word, struct colour *out)
{
    int64_t number;

    if (parse_hex(word, out))
        return true;
    *out = (struct colour){.kind = COLOUR_DEFAULT};
    if (strcmp(word, "default") == 0)
        return true;
    out->kind = COLOUR_INDEX;
    if (str_to_int(word, 0, 255, &number)) {
        out->index = (uint8_t)number;
        return true;
    }
    for (uint8_t i = 0; i < COLOUR_NAMES; i++) {
        if (strcmp(word, colour_words[i]) == 0) {
            out->index = i;
            return true;
        }
    }
    out->index = 8;
    return strcmp(word, "grey") == 0;
}

static enum rc bad_colour(struct reading *r, const char *word)
{
    const char *nearest = str_nearest(word, colour_words, WORD_COUNT);

    if (word[0] == '#')
        return wrong(r, "bad colour '%s': write #rrggbb", word);
    if (nearest != NULL)
        return wrong(r, "bad colour '%s': did you mean '%s'?", word, nearest);
    return wrong(r, "bad colour '%s': write a name, 0-255, #rrggbb or default", word);
}

/* --- the value of a role ---------------------------------------------------------------------- */

/* Copies the next word of *rest; a '/' is a word of its own. False at the end. */
static bool next_word(const char **rest, char word[LINE_MAX_BYTES])
{
    const char *start = *rest + strspn(*rest, " \t");
    size_t len = start[0] == '/' ? 1 : strcspn(start, " \t/");

    memcpy(word, start, len);
    word[len] = '\0';
    *rest = start + len;
    return len > 0;
}

static uint8_t attr_of(const char *word)
{
    if (strcmp(word, "bold") == 0)
        return ATTR_BOLD;
    if (strcmp(word, "reverse") == 0)
        return ATTR_REVERSE;
    return strcmp(word, "underline") == 0 ? ATTR_UNDERLINE : 0;
}

/* "FG [/ N] [on BG [/ N]] [ATTRIBUTE...]" in any order that leaves each part where it belongs. */
static enum rc parse_role(struct reading *r, const char *value, struct theme_role *out)
{
    struct theme_role role = {0};
    struct colour colour;
    bool is_bg = false, has_fg = false, has_bg = false, has_word = false;
    char word[LINE_MAX_BYTES];
    int64_t number;

    for (; next_word(&value, word); has_word = true) {
        bool *has = is_bg ? &has_bg : &has_fg;
        if (strcmp(word, "on") == 0) {
            if (is_bg)
                return wrong(r, "'on' given twice");
            is_bg = true;
        } else if (strcmp(word, "/") == 0) {
            if (!*has || !next_word(&value, word) || !str_to_int(word, 16, 255, &number))
                return wrong(r, "after '/' comes one of the 256 colours, 16-255");
            *(is_bg ? &role.bg_256 : &role.fg_256) = (uint8_t)number;
        } else if (attr_of(word) != 0) {
            role.attrs |= attr_of(word);
        } else if (!parse_colour(word, &colour)) {
            return bad_colour(r, word);
        } else if (*has) {
            return wrong(r, "two colours: write 'on' before '%s' if it is the background", word);
        } else {
            *has = true;
            *(is_bg ? &role.bg : &role.fg) = colour;
        }
    }
    if (!has_word)
        return wrong(r, "a colour or an attribute is missing after '='");
    if (is_bg && !has_bg)
        return wrong(r, "a colour is missing after 'on'");
    *out = role;
    return RC_OK;
}

static enum rc put_role(struct reading *r, const char *key, const char *value)
{
    const char *names[ROLE_COUNT];

    for (int i = 0; i < ROLE_COUNT; i++) {
        names[i] = role_key((enum role)i);
        if (strcmp(names[i], key) != 0)
            continue;
        if (r->has_role[i])
            return wrong(r, "'%s' given twice", key);
        r->has_role[i] = true;
        return parse_role(r, value, &r->theme.roles[i]);
    }
    return unknown(r, "role", key, names, ROLE_COUNT);
}

/* --- glyphs and the lines at the top ---------------------------------------------------------- */

static enum rc put_glyph(struct reading *r, const char *key, const char *value)
{
    const char *names[THEME_GLYPHS];
    struct utf8_grapheme grapheme;
    size_t len = strlen(value);

    for (size_t i = 0; i < THEME_GLYPHS; i++) {
        names[i] = role_key((enum role)(ROLE_RINGING + i));
        if (strcmp(names[i], key) != 0)
            continue;
        if (r->has_glyph[i])
            return wrong(r, "'%s' given twice", key);
        if (len == 0 || utf8_next_grapheme(value, len, false, &grapheme) != len ||
            strcmp(grapheme.text, value) != 0 || grapheme.width_cells != 1 ||
            len >= sizeof r->theme.glyphs[i])
            return wrong(r, "a glyph is one character, one column wide; '%s' is not", value);
        r->has_glyph[i] = true;
        memcpy(r->theme.glyphs[i], value, len + 1);
        return RC_OK;
    }
    return unknown(r, "lamp", key, names, THEME_GLYPHS);
}

bool theme_name_is_valid(const char *name)
{
    size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    return len > 0 && len < THEME_NAME_BYTES && name[len] == '\0' && name[0] != '.';
}

/* theme[KEY]="VALUE": a colour is #rrggbb, #gg (a grey), "R G B", or "" for the terminal's own. */
static bool parse_btop_colour(const char *value, struct colour *out)
{
    size_t len = strlen(value);
    unsigned r, g, b;
    char grey[8], more;

    *out = (struct colour){.kind = COLOUR_DEFAULT};
    if (len == 0)
        return true;
    if (len == 3 && value[0] == '#') {
        snprintf(grey, sizeof grey, "#%.2s%.2s%.2s", value + 1, value + 1, value + 1);
        return parse_hex(grey, out);
    }
    if (len <= 11 && sscanf(value, "%3u %3u %3u%c", &r, &g, &b, &more) == 3 && r < 256 && g < 256 &&
        b < 256) {
        *out =
            (struct colour){.kind = COLOUR_RGB, .r = (uint8_t)r, .g = (uint8_t)g, .b = (uint8_t)b};
        return true;
    }
    return parse_hex(value, out);
}

static enum rc put_btop(struct reading *r, const char *key, char *value)
{
    static const struct {
        const char *key;
        enum role role;
        bool is_bg;
    } keys[] = {
        {"theme[main_fg]", ROLE_TEXT, false},
        {"theme[title]", ROLE_HEADING, false},
        {"theme[hi_fg]", ROLE_KEY, false},
        {"theme[inactive_fg]", ROLE_DIM, false},
        {"theme[selected_fg]", ROLE_SELECTION, false},
        {"theme[selected_bg]", ROLE_SELECTION, true},
    };
    struct colour colour;
    size_t len = strlen(value);

    if (len >= 2 && (value[0] == '"' || value[0] == '\'') && value[len - 1] == value[0]) {
        value[len - 1] = '\0';
        value++;
    }
    if (!parse_btop_colour(value, &colour))
        return bad_colour(r, value);
    if (strcmp(key, "theme[main_bg]") == 0 && colour.kind != COLOUR_DEFAULT) {
        r->theme.judged_bg = colour;
        r->has_background = true;
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(key, keys[i].key) != 0)
            continue;
        struct theme_role *role = &r->theme.roles[keys[i].role];
        *(keys[i].is_bg ? &role->bg : &role->fg) = colour;
        r->has_role[keys[i].role] = true;
    }
    return RC_OK;
}

static enum rc put_top(struct reading *r, const char *key, const char *value)
{
    static const char *const names[] = {"name", "background"};
    struct colour colour;

    if (strcmp(key, "name") == 0) {
        if (r->has_name)
            return wrong(r, "'name' given twice");
        if (!theme_name_is_valid(value))
            return wrong(r, "a theme's name is letters, digits, '-', '_' and '.', less than %d",
                         THEME_NAME_BYTES);
        r->has_name = true;
        memcpy(r->theme.name, value, strlen(value) + 1);
        return RC_OK;
    }
    if (strcmp(key, "background") == 0) {
        if (r->has_background)
            return wrong(r, "'background' given twice");
        if (!parse_colour(value, &colour))
            return bad_colour(r, value);
        if (colour.kind == COLOUR_DEFAULT)
            return wrong(r, "background names the colour that contrast is judged against");
        r->has_background = true;
        r->theme.judged_bg = colour;
        return RC_OK;
    }
    for (int i = 0; i < ROLE_COUNT; i++)
        if (strcmp(key, role_key((enum role)i)) == 0)
            return wrong(r, "'%s' belongs below a line [roles] or [glyphs]", key);
    return unknown(r, "key", key, names, sizeof names / sizeof names[0]);
}

/* --- lines ------------------------------------------------------------------------------------ */

static enum rc read_section(struct reading *r, char *line)
{
    static const char *const names[] = {"roles", "glyphs"};
    size_t len = strlen(line);

    if (line[len - 1] != ']')
        return wrong(r, "']' is missing");
    line[len - 1] = '\0';
    char *name = str_trim(line + 1);
    if (strcmp(name, names[0]) == 0)
        r->section = SECTION_ROLES;
    else if (strcmp(name, names[1]) == 0)
        r->section = SECTION_GLYPHS;
    else
        return unknown(r, "section", name, names, sizeof names / sizeof names[0]);
    return RC_OK;
}

static enum rc read_line(struct reading *r, char *line)
{
    line = str_trim(line);
    if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
        return RC_OK;
    if (line[0] == '[')
        return read_section(r, line);
    char *equals = strchr(line, '=');
    if (equals == NULL)
        return wrong(r, "write KEY = VALUE");
    *equals = '\0';
    char *key = str_trim(line), *value = str_trim(equals + 1);
    if (str_starts(key, "theme[") && str_ends(key, "]"))
        return put_btop(r, key, value);
    switch (r->section) {
    case SECTION_ROLES: return put_role(r, key, value);
    case SECTION_GLYPHS: return put_glyph(r, key, value);
    case SECTION_TOP: break;
    }
    return put_top(r, key, value);
}

static enum rc read_lines(struct reading *r, const char *text, size_t len)
{
    char line[LINE_MAX_BYTES];

    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) { /* a byte order mark */
        text += 3;
        len -= 3;
    }
    while (len > 0) {
        const char *newline = memchr(text, '\n', len);
        size_t line_len = newline == NULL ? len : (size_t)(newline - text);
        r->line++;
        if (line_len >= sizeof line)
            return wrong(r, "the line is longer than %zu bytes", sizeof line - 1);
        if (memchr(text, '\0', line_len) != NULL || !utf8_is_valid(text, line_len))
            return wrong(r, "the line is not UTF-8 text");
        memcpy(line, text, line_len);
        line[line_len] = '\0';
        enum rc rc = read_line(r, line);
        if (rc != RC_OK)
            return rc;
        line_len += newline == NULL ? 0 : 1;
        text += line_len;
        len -= line_len;
    }
    return RC_OK;
}

/* --- the whole -------------------------------------------------------------------------------- */

/* DIR/NAME.theme -> NAME, where that can be a name. */
static void name_from_source(struct theme *theme, const char *source)
{
    char name[THEME_NAME_BYTES];
    const char *slash = strrchr(source, '/');
    const char *last = slash == NULL ? source : slash + 1;

    str_copy(name, sizeof name, last);
    if (str_ends(name, ".theme"))
        name[strlen(name) - strlen(".theme")] = '\0';
    str_copy(theme->name, sizeof theme->name, theme_name_is_valid(name) ? name : "theme");
}

static bool is_without_colours(const struct theme *theme)
{
    for (int i = 0; i < ROLE_COUNT; i++)
        if (theme->roles[i].fg.kind != COLOUR_DEFAULT || theme->roles[i].bg.kind != COLOUR_DEFAULT)
            return false;
    return true;
}

/* Gives the roles that the file does not name the looks of a built-in theme. */
static void fill_gaps(struct reading *r)
{
    static const uint8_t white[3] = {255, 255, 255}, black[3] = {0, 0, 0};
    struct reading base = {.source = "built-in"};
    uint8_t background[3];
    bool is_complete = r->has_background;

    for (int i = 0; i < ROLE_COUNT; i++)
        is_complete = is_complete && r->has_role[i];
    r->theme.is_mono = is_complete && is_without_colours(&r->theme);
    if (is_complete)
        return;
    colour_rgb(&r->theme.judged_bg, background);
    bool is_light = r->has_background &&
                    colour_contrast(background, black) > colour_contrast(background, white);
    const char *text = theme_builtin_text(is_light ? "light" : "default");
    if (text == NULL || read_lines(&base, text, strlen(text)) != RC_OK)
        return;
    if (!r->has_background)
        r->theme.judged_bg = base.theme.judged_bg;
    for (int i = 0; i < ROLE_COUNT; i++)
        if (!r->has_role[i])
            r->theme.roles[i] = base.theme.roles[i];
}

enum rc theme_parse(struct theme *out, const char *text, size_t len, const char *source,
                    struct err *err)
{
    struct reading r = {.source = source, .err = err};
    enum rc rc = read_lines(&r, text, len);

    if (rc != RC_OK)
        return rc;
    if (!r.has_name)
        name_from_source(&r.theme, source);
    fill_gaps(&r);
    *out = r.theme;
    return RC_OK;
}
