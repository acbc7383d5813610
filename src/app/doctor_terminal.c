/* doctor: the terminal and the libraries at hand. */
#include "callhud/app/doctor.h"

#include "callhud/app/paths.h"
#include "callhud/base/str.h"
#include "callhud/draw/theme.h"
#include "callhud/net/loop.h"
#include "callhud/net/net.h"
#include "callhud/term/term.h"
#include "callhud/ui/keymap.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* How long a terminal may take to answer how wide a sign is. */
#define ANSWER_MS 250

static void check_locale(struct doctor *d)
{
    const char *codeset = nl_langinfo(CODESET);
    locale_t asked = newlocale(LC_ALL_MASK, "", (locale_t)0);
    if (asked == (locale_t)0) {
        doctor_say(
            d, "locale", DOCTOR_WARN,
            "the locale that LANG and LC_* ask for is not installed: 'locale -a' lists those "
            "that are; C.UTF-8 is always there");
        return;
    }
    freelocale(asked);
    if (str_eq(codeset, "UTF-8"))
        doctor_say(d, "locale", DOCTOR_OK, "%s, %s", setlocale(LC_CTYPE, NULL), codeset);
    else
        doctor_say(d, "locale", DOCTOR_WARN,
                   "%s, %s: lamps are drawn in ASCII; with LANG=C.UTF-8 they are not",
                   setlocale(LC_CTYPE, NULL), codeset);
}

/* ---- the terminal itself --------------------------------------------------------------------- */

static void check_size(struct doctor *d)
{
    struct winsize size = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
        doctor_say(d, "size", DOCTOR_WARN, "the terminal does not tell: 80x24 is taken");
    else if (size.ws_row < 4 || size.ws_col < 20)
        doctor_say(d, "size", DOCTOR_WARN, "%dx%d: from 20x4 on there is a grid", size.ws_col,
                   size.ws_row);
    else
        doctor_say(d, "size", DOCTOR_OK, "%dx%d", size.ws_col, size.ws_row);
}

static void check_reopen(struct doctor *d)
{
    const char *name = ttyname(STDOUT_FILENO);
    int fd = name ? open(name, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) : -1;
    if (fd < 0)
        doctor_say(d, "tty", DOCTOR_WARN,
                   "%s cannot be opened again (%s), as after su: writing goes through a thread",
                   name ? name : "the terminal", strerror(errno));
    else
        doctor_say(d, "tty", DOCTOR_OK, "%s", name);
    if (fd >= 0)
        close(fd);
}

static void on_answer_time(void *self)
{
    loop_stop(self);
}

static void ignore_key(void *self, const struct key *key)
{
    (void)self, (void)key;
}
static void ignore_size(void *self, int rows, int cols)
{
    (void)self, (void)rows, (void)cols;
}
static void ignore_drained(void *self)
{
    (void)self;
}
static void ignore_vanished(void *self, const char *why)
{
    (void)self, (void)why;
}

static void say_caps(struct doctor *d, const struct term_caps *caps)
{
    static const char *const depths[] = {"none: told apart by bold, reverse and underline",
                                         "8 colours", "16 colours", "256 colours",
                                         "24-bit colours"};
    bool is_utf8 = str_eq(nl_langinfo(CODESET), "UTF-8");
    doctor_say(d, "colours", DOCTOR_OK, "%s%s", depths[caps->depth],
               caps->depth == DEPTH_256
                   ? "; COLORTERM=truecolor gives 24 bits where the terminal can"
                   : "");
    if (caps->is_ascii && is_utf8 && !d->cli->is_ascii)
        doctor_say(d, "glyphs", DOCTOR_WARN,
                   "the terminal draws the lamps' signs two columns wide: ASCII is used");
    else
        doctor_say(d, "glyphs", DOCTOR_OK, "%s",
                   caps->is_ascii ? "ASCII" : "UTF-8, one column each");
}

/* The terminal is asked what only it knows, as the console does when it starts. */
static void ask_terminal(struct doctor *d)
{
    struct term_handler handler = {.key = ignore_key,
                                   .resized = ignore_size,
                                   .drained = ignore_drained,
                                   .vanished = ignore_vanished};
    struct term_options options = {.is_ascii = d->cli->is_ascii,
                                   .is_no_color =
                                       d->cli->is_no_color || !str_is_empty(getenv("NO_COLOR"))};
    struct term *term;
    struct loop *loop;
    struct err err = {0};
    if (loop_new(&loop, &err) != RC_OK) {
        doctor_say(d, "colours", DOCTOR_FAIL, "%s", err.text);
        return;
    }
    if (term_open(&term, &options, &err) == RC_OK) {
        term_attach(term, loop_uv(loop), &handler);
        loop_timer(loop, ANSWER_MS, on_answer_time, loop);
        loop_run(loop);
        struct term_caps caps = *term_caps(term);
        term_close(term);
        say_caps(d, &caps);
    } else {
        doctor_say(d, "colours", DOCTOR_FAIL, "%s", err.text);
    }
    loop_free(loop);
}

static void check_terminal(struct doctor *d)
{
    const char *name = getenv("TERM");
    const char *why = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) ? term_why_not() : NULL;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        doctor_say(d, "terminal", DOCTOR_SKIP,
                   "input or output is no terminal: the console writes plain lines here");
        return;
    }
    if (why) {
        doctor_say(d, "terminal", DOCTOR_WARN, "%s: the console writes plain lines here", why);
        return;
    }
    doctor_say(d, "terminal", DOCTOR_OK, "TERM=%s%s%s%s", name ? name : "",
               str_is_empty(getenv("COLORTERM")) ? "" : ", COLORTERM=",
               str_is_empty(getenv("COLORTERM")) ? "" : getenv("COLORTERM"),
               str_is_empty(getenv("TMUX")) ? "" : ", in tmux");
    check_size(d);
    check_reopen(d);
    ask_terminal(d);
}

/* ---- keys, theme, libraries ------------------------------------------------------------------ */

static void check_keys(struct doctor *d)
{
    VEC(const char *) pairs = {0};
    struct buf faults;
    /* Out of the file, so that keys are checked also when the profile has a fault. */
    for (size_t i = 0; d->has_config && i < d->config.entries.len; i++) {
        const struct config_entry *entry = &d->config.entries.items[i];
        if (!str_eq(entry->section, "keys"))
            continue;
        VEC_PUSH(&pairs, entry->key);
        VEC_PUSH(&pairs, entry->value);
    }
    size_t own = pairs.len / 2;
    VEC_PUSH(&pairs, NULL);
    buf_init(&faults, 256 * 1024);
    size_t count = ui_keymap_check(pairs.items, &faults);
    char *rest = faults.data;
    for (const char *line; (line = str_next_field(&rest, '\n'));) {
        if (line[0])
            doctor_say(d, "keys", DOCTOR_FAIL, "%s", line);
    }
    if (count == 0)
        doctor_say(d, "keys", DOCTOR_OK, "%zu of your own, no conflict", own);
    buf_fini(&faults);
    VEC_FREE(&pairs);
}

static const char *theme_name(const struct doctor *d)
{
    if (d->cli->theme)
        return d->cli->theme;
    if (d->has_settings)
        return d->settings.theme;
    const struct config_entry *entry =
        d->has_config ? config_find(&d->config, "callhud", "theme") : NULL;
    return entry ? entry->value : "default";
}

static void check_theme(struct doctor *d)
{
    struct theme theme;
    struct theme_measure measure;
    struct err err = {0};
    const char *name = theme_name(d);
    if (theme_load(&theme, name, paths_themes(), &err) != RC_OK) {
        doctor_say(d, "theme", DOCTOR_FAIL, "%s", err.text);
        return;
    }
    theme_measure(&measure, &theme);
    if (!measure.has_colours)
        doctor_say(d, "theme", DOCTOR_OK, "%s, without colours", name);
    else if (measure.least_contrast < THEME_CONTRAST_MIN)
        doctor_say(d, "theme", DOCTOR_WARN,
                   "%s: contrast %.1f is hard to read: 'callhud theme check %s' tells more", name,
                   measure.least_contrast, name);
    else
        doctor_say(d, "theme", DOCTOR_OK, "%s, contrast %.1f", name, measure.least_contrast);
}

static void check_libraries(struct doctor *d)
{
    if (net_has_uv_plugin())
        doctor_say(d, "libwebsockets", DOCTOR_OK, "its libuv plug-in is there");
    else
        doctor_say(d, "libwebsockets", DOCTOR_FAIL,
                   "its libuv plug-in is missing: install the package libwebsockets-evlib-uv");
}

void doctor_terminal(struct doctor *d)
{
    check_locale(d);
    check_terminal(d);
    check_keys(d);
    check_theme(d);
    check_libraries(d);
}
