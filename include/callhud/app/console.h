/* Pieces that the console shares with plain lines and with pictures. */
#ifndef CALLHUD_APP_CONSOLE_H
#define CALLHUD_APP_CONSOLE_H

#include "callhud/app/cli.h"
#include "callhud/app/session.h"
#include "callhud/draw/canvas.h"
#include "callhud/draw/theme.h"
#include "callhud/ui/ui.h"

#define CONSOLE_THEMES_MAX 64

struct console_names {
    char names[CONSOLE_THEMES_MAX][THEME_NAME_BYTES];
    const char *list[CONSOLE_THEMES_MAX + 1]; /* ends with NULL */
};
void console_list_themes(struct console_names *out);

/* Borrowed pointers into settings, session and names. */
void console_ui_settings(struct ui_settings *out, const struct settings *settings,
                         const struct session *session, const struct console_names *names,
                         const struct cli *cli);

/* How an action's answer is shown: what is so already is only a note; a refusal by what is so is
 * the person's to weigh; all else went wrong. */
enum ui_level console_level(enum rc rc);

/* Writes the picture by the file's ending: .svg or .txt. */
enum rc console_shot(const char *file, const struct canvas *canvas, const struct theme *theme,
                     struct err *err);

#endif
