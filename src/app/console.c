#include "callhud/app/console.h"

#include "callhud/app/paths.h"
#include "callhud/app/write_all.h"
#include "callhud/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void console_list_themes(struct console_names *out)
{
    size_t count = 0;
    if (theme_list(paths_themes(), out->names, CONSOLE_THEMES_MAX, &count) != RC_OK)
        count = 0;
    for (size_t i = 0; i < count; i++)
        out->list[i] = out->names[i];
    out->list[count] = NULL;
}

void console_ui_settings(struct ui_settings *out, const struct settings *settings,
                         const struct session *session, const struct console_names *names,
                         const struct cli *cli)
{
    static const char *const views[] = {"grid", "dense", "table"};
    const char *slash = strrchr(settings->phone, '/');
    *out = (struct ui_settings){
        .profile = settings->profile,
        .backend = session->ops->title,
        .monitor =
            str_is_empty(settings->monitor) ? session->ops->monitor_default : settings->monitor,
        .phone_extension = slash ? slash + 1 : settings->phone,
        .is_mouse = settings->is_mouse,
        .is_blinking = settings->is_blinking,
        .is_read_only = cli->is_read_only,
        .is_pickup_confirmed = settings->is_pickup_confirmed,
        .bell = (enum ui_bell)settings->bell,
        .numbers = (enum ui_numbers)settings->numbers,
        .order = (enum order_by)settings->order,
        .view = views[settings->view],
        .theme = settings->theme,
        .themes = names->list,
        .keys = (const char *const *)settings->keys.items,
    };
}

enum ui_level console_level(enum rc rc)
{
    if (rc == RC_OK || rc == RC_ALREADY)
        return UI_INFO;
    return rc == RC_DENIED || rc == RC_NOT_FOUND ? UI_WARN : UI_ERROR;
}

static enum rc write_file(const char *file, const struct buf *bytes, struct err *err)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_set(err, RC_IO, "cannot write %s: %s", file, strerror(errno));
    if (!write_all(fd, buf_text(bytes), bytes->len)) {
        int why = errno;
        close(fd);
        return err_set(err, RC_IO, "cannot write %s: %s", file, strerror(why));
    }
    if (close(fd) != 0)
        return err_set(err, RC_IO, "cannot write %s: %s", file, strerror(errno));
    return RC_OK;
}

enum rc console_shot(const char *file, const struct canvas *canvas, const struct theme *theme,
                     struct err *err)
{
    bool is_svg = str_ends(file, ".svg");
    if (!is_svg && !str_ends(file, ".txt"))
        return err_set(err, RC_USAGE, "%s: a picture's name ends with .svg or .txt", file);
    struct buf bytes;
    buf_init(&bytes, 64u * 1024 * 1024);
    if (is_svg)
        canvas_svg(canvas, theme, &bytes);
    else
        canvas_text(canvas, &bytes);
    enum rc rc = write_file(file, &bytes, err);
    buf_fini(&bytes);
    return rc;
}
