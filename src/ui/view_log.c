/* What happened: messages of the screen and lines of the log, by time. */
#include "callhud/base/clock.h"
#include "callhud/base/log.h"
#include "callhud/ui/ui_priv.h"

struct entry {
    int64_t wall_ms;
    enum role role;
    const char *level, *text, *why;
};

static const enum role level_roles[] = {[LOG_DEBUG] = ROLE_DIM,
                                        [LOG_INFO] = ROLE_TEXT,
                                        [LOG_WARN] = ROLE_WARN,
                                        [LOG_ERROR] = ROLE_ERROR};

/* Both lists are sorted: walks them from the newest on. */
struct walk {
    const struct ui *ui;
    size_t log_left, messages_left;
};

static bool walk_back(struct walk *walk, struct entry *out)
{
    struct log_line log = {0};
    bool has_log = walk->log_left > 0 && log_get(walk->log_left - 1, &log);
    bool has_message = walk->messages_left > 0;
    const struct message *message =
        has_message ? &walk->ui->messages.items[walk->messages_left - 1] : NULL;

    if (!has_log && !has_message)
        return false;
    if (has_message && (!has_log || message->wall_ms >= log.wall_ms)) {
        static const enum role roles[] = {[UI_INFO] = ROLE_TEXT,
                                          [UI_GOOD] = ROLE_GOOD,
                                          [UI_WARN] = ROLE_WARN,
                                          [UI_ERROR] = ROLE_ERROR};
        *out = (struct entry){message->wall_ms, roles[message->level], "shown", message->text,
                              message->why};
        walk->messages_left--;
        return true;
    }
    *out = (struct entry){log.wall_ms, level_roles[log.level], log_level_name(log.level), log.text,
                          NULL};
    walk->log_left--;
    return true;
}

static void paint_entry(const struct paint *p, int row, const struct entry *entry)
{
    struct pen pen = {p->canvas, row, 1, p->canvas->cols};
    char time[16];

    clock_format_local(entry->wall_ms, p->canvas->cols >= 40 ? "%H:%M:%S" : "%H:%M", time,
                       sizeof time);
    pen_put(&pen, STYLE(ROLE_DIM), time);
    if (p->canvas->cols >= 60)
        pen_printf(&pen, STYLE(ROLE_DIM), "  %-5s", entry->level);
    pen_put(&pen, STYLE(ROLE_DIM), "  ");
    pen_put(&pen, STYLE(entry->role), entry->text);
    if (entry->why != NULL)
        pen_printf(&pen, STYLE(ROLE_DIM), " (%s)", entry->why);
}

void view_log(const struct paint *p)
{
    struct ui *ui = p->ui;
    int first = 2, end = p->layout->message_row;
    struct walk walk = {ui, log_count(), ui->messages.len};
    long total = (long)(walk.log_left + walk.messages_left);
    struct entry entry;
    struct pen pen = {p->canvas, 1, 1, p->canvas->cols};

    ui->screen_rows = end - first > 0 ? end - first : 1;
    if (ui->log_back > total - ui->screen_rows)
        ui->log_back = total > ui->screen_rows ? total - ui->screen_rows : 0;
    pen_put(&pen, STYLE(ROLE_HEADING), "LOG");
    pen_printf(&pen, STYLE(ROLE_DIM), "  %ld lines, newest last", total);
    if (ui->log_back > 0)
        pen_printf(&pen, STYLE(ROLE_WARN), ", %ld newer below", ui->log_back);
    if (total == 0 && first < end)
        canvas_put(p->canvas, first, 1, p->canvas->cols, STYLE(ROLE_DIM), "nothing happened yet");
    for (long i = 0; i < ui->log_back && walk_back(&walk, &entry); i++)
        ;
    long shown = total - ui->log_back < ui->screen_rows ? total - ui->log_back : ui->screen_rows;
    for (int row = first + (int)shown - 1; row >= first && walk_back(&walk, &entry); row--)
        if (row < end)
            paint_entry(p, row, &entry);
}
