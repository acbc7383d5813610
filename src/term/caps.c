#include "callhud/term/caps.h"

#include "callhud/base/str.h"
#include "callhud/term/curses_quiet.h"
#include "callhud/term/input.h"

#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <term.h>

const char *term_why_not(void)
{
    const char *name = getenv("TERM"), *why = NULL, *cup;
    int error = 0;

    if (!isatty(STDIN_FILENO))
        return "standard input is not a terminal";
    if (!isatty(STDOUT_FILENO))
        return "standard output is not a terminal";
    if (str_is_empty(name))
        return "TERM is not set";
    if (str_eq(name, "dumb"))
        return "TERM=dumb cannot place the cursor";
    TERMINAL *before = set_curterm(NULL);
    if (setupterm(name, STDOUT_FILENO, &error) != OK) {
        set_curterm(before);
        return error == 0 ? "TERM names a terminal that terminfo does not know"
                          : "terminfo has no entry for TERM that can be used";
    }
    cup = tigetstr("cup");
    if (cup == NULL || cup == (char *)-1)
        why = "the terminal cannot place the cursor";
    TERMINAL *own = set_curterm(before);
    del_curterm(own);
    return why;
}

static bool is_one_of(const char *name, const char *const *prefixes)
{
    for (; *prefixes != NULL; prefixes++)
        if (str_starts(name, *prefixes))
            return true;
    return false;
}

static void copy_string(char to[CAPS_STRING_BYTES], const char *capability)
{
    const char *text = tigetstr(capability);
    size_t len = 0;

    to[0] = '\0';
    if (text == NULL || text == (char *)-1)
        return;
    while (*text != '\0' && len + 1 < CAPS_STRING_BYTES) {
        if (text[0] == '$' && text[1] == '<') { /* padding, for glass ttys of 1980 */
            const char *end = strchr(text, '>');
            if (end != NULL) {
                text = end + 1;
                continue;
            }
        }
        /* Saving the title is our own affair: it happens once, this string may go out often. */
        if (str_starts(text, "\x1b[22;0;0t") || str_starts(text, "\x1b[23;0;0t")) {
            text += strlen("\x1b[22;0;0t");
            continue;
        }
        to[len++] = *text++;
    }
    to[len] = '\0';
}

static bool has_rgb_flag(void)
{
    const char *text = tigetstr("RGB");

    return tigetflag("RGB") == 1 || tigetnum("RGB") > 0 || (text != NULL && text != (char *)-1) ||
           tigetflag("Tc") == 1;
}

static void read_depth(struct caps *caps, bool is_no_color)
{
    const char *env = getenv("COLORTERM");
    const char *setaf = tigetstr("setaf");
    int colors = tigetnum("colors");
    /* GNU screen hands the outer terminal's COLORTERM down and does not know 38;2. */
    bool is_screen = str_starts(caps->name, "screen") && !caps->told.is_tmux;
    bool is_told = env != NULL && !is_screen && (str_eq(env, "truecolor") || str_eq(env, "24bit"));

    if (is_no_color || colors < 8 || setaf == NULL || setaf == (char *)-1) {
        caps->told.depth = DEPTH_MONO;
    } else if (colors > 256) {
        caps->is_rgb_direct = tigetflag("RGB") == 1 && colors >= 0x1000000;
        caps->told.depth = caps->is_rgb_direct ? DEPTH_RGB : DEPTH_8;
    } else if (colors < 256) {
        caps->told.depth = colors < 16 ? DEPTH_8 : DEPTH_16;
    } else {
        caps->told.depth = DEPTH_256;
        const char *sample = tiparm(setaf, 200);
        if (sample != NULL && str_eq(sample, "\x1b[38;5;200m") && (is_told || has_rgb_flag())) {
            caps->is_rgb_by_index = true;
            caps->told.depth = DEPTH_RGB;
        }
    }
}

void caps_read(struct caps *caps, const struct term_options *options)
{
    static const char *const plain_names[] = {"linux", "vt1", "vt2",    "vt5", "ansi",
                                              "sun",   "wy",  "cons25", NULL};
    static const char *const no_answer[] = {"vt5", "sun", "wy", "cons25", NULL};
    const char *name = getenv("TERM");

    memset(caps, 0, sizeof *caps);
    str_copy(caps->name, sizeof caps->name, name != NULL ? name : "");
    caps->told.name = name != NULL ? name : ""; /* outlives the terminal */
    caps->told.is_tmux = !str_is_empty(getenv("TMUX")) || str_starts(caps->name, "tmux");
    caps->told.is_ascii = options->is_ascii || !str_eq(nl_langinfo(CODESET), "UTF-8");
    read_depth(caps, options->is_no_color);
    caps->has_modes = !is_one_of(caps->name, plain_names);
    caps->has_title = caps->has_modes;
    caps->has_sync = caps->has_modes && options->is_sync_output;
    caps->can_measure = !is_one_of(caps->name, no_answer);
    copy_string(caps->enter, "smcup");
    copy_string(caps->leave, "rmcup");
    if (caps->enter[0] == '\0' || caps->leave[0] == '\0')
        caps->enter[0] = caps->leave[0] = '\0';
    copy_string(caps->plain, "sgr0");
    if (caps->told.depth != DEPTH_MONO) {
        char reset[CAPS_STRING_BYTES];
        size_t len = strlen(caps->plain);
        copy_string(reset, "op");
        if (len + strlen(reset) < sizeof caps->plain)
            memcpy(caps->plain + len, reset, strlen(reset) + 1);
    }
    copy_string(caps->show, "cnorm");
    copy_string(caps->hide, "civis");
}

size_t caps_goto_row(char *to, size_t size, int row)
{
    const char *cup = tigetstr("cup");
    const char *text = cup != NULL && cup != (char *)-1 ? tiparm(cup, row, 0) : NULL;
    size_t len = 0;

    for (; text != NULL && *text != '\0' && len < size; text++) {
        if (text[0] == '$' && text[1] == '<' && strchr(text, '>') != NULL)
            text = strchr(text, '>');
        else
            to[len++] = *text;
    }
    return len;
}

void caps_add_keys(struct input *in)
{
    static const struct {
        const char *capability;
        uint32_t code;
    } keys[] = {
        {"kcuu1", KEY_CODE_UP},     {"kcud1", KEY_CODE_DOWN},    {"kcub1", KEY_CODE_LEFT},
        {"kcuf1", KEY_CODE_RIGHT},  {"kpp", KEY_CODE_PAGE_UP},   {"knp", KEY_CODE_PAGE_DOWN},
        {"khome", KEY_CODE_HOME},   {"kend", KEY_CODE_END},      {"kich1", KEY_CODE_INSERT},
        {"kdch1", KEY_CODE_DELETE}, {"kcbt", KEY_CODE_BACK_TAB}, {"kent", KEY_CODE_ENTER},
        {"kf1", KEY_CODE_F1},       {"kf2", KEY_CODE_F2},        {"kf3", KEY_CODE_F3},
        {"kf4", KEY_CODE_F4},       {"kf5", KEY_CODE_F5},        {"kf6", KEY_CODE_F6},
        {"kf7", KEY_CODE_F7},       {"kf8", KEY_CODE_F8},        {"kf9", KEY_CODE_F9},
        {"kf10", KEY_CODE_F10},     {"kf11", KEY_CODE_F11},      {"kf12", KEY_CODE_F12},
    };

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *bytes = tigetstr(keys[i].capability);
        if (bytes != NULL && bytes != (char *)-1)
            input_add(in, bytes, &(struct key){.code = keys[i].code});
    }
    const char *backspace = tigetstr("kbs");
    if (backspace != NULL && backspace != (char *)-1 && str_eq(backspace, "\b"))
        in->is_backspace_ctrl_h = true;
}
