/* What happened: messages of the screen and lines of the log, by time. */
#include "callhud/base/clock.h"
#include "callhud/base/log.h"
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

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

enum { ENTRY_ROWS_MAX = 3 };

/* Everything before the text: time, level. */
static int entry_indent(const struct paint *p)
{
    return p->canvas->cols >= 60 ? 18 : p->canvas->cols >= 40 ? 11 : 8;
}

static void entry_text(const struct entry *entry, char *out, size_t size)
{
    (void)snprintf(out, size, "%s%s%s%s", entry->text, entry->why != NULL ? " (" : "",
                   entry->why != NULL ? entry->why : "", entry->why != NULL ? ")" : "");
}

/* Long lines go on below, at most three in all. Draws nothing where row is below 0; returns the
 * rows. */
static int paint_entry(const struct paint *p, int row, const struct entry *entry)
{
    char time[16], text[2048];
    int indent = entry_indent(p);
    int cells = p->canvas->cols - indent;

    entry_text(entry, text, sizeof text);
    if (row >= 0) {
        struct pen pen = {p->canvas, row, 1, p->canvas->cols};
        clock_format_local(entry->wall_ms, p->canvas->cols >= 40 ? "%H:%M:%S" : "%H:%M", time,
                           sizeof time);
        pen_put(&pen, STYLE(ROLE_DIM), time);
        if (p->canvas->cols >= 60)
            pen_printf(&pen, STYLE(ROLE_DIM), "  %-5s", entry->level);
    }
    int lines = paint_text(p, row, row + ENTRY_ROWS_MAX, indent, cells, STYLE(entry->role), text);
    if (lines <= ENTRY_ROWS_MAX)
        return lines > 0 ? lines : 1;
    if (row >= 0)
        canvas_put(p->canvas, row + ENTRY_ROWS_MAX - 1, p->canvas->cols - 1, 1, STYLE(entry->role),
                   paint_glyph(p, "…", "~"));
    return ENTRY_ROWS_MAX;
}

/* The entries that fill the screen, up to the one that is log_back from the newest. */
static void paint_entries(const struct paint *p, struct walk walk, int first, int rows)
{
    struct entry entries[256];
    int count = 0, used = 0;

    while (count < 256 && walk_back(&walk, &entries[count])) {
        int need = paint_entry(p, -1, &entries[count]);
        if (used + need > rows)
            break;
        used += need;
        count++;
    }
    for (int row = first; count > 0; count--)
        row += paint_entry(p, row, &entries[count - 1]);
}

void view_log(const struct paint *p)
{
    struct ui *ui = p->ui;
    int first = 2, end = layout_end(p->layout);
    struct walk walk = {ui, log_count(), ui->messages.len};
    long total = (long)(walk.log_left + walk.messages_left);
    struct entry entry;
    struct pen pen = {p->canvas, 1, 1, p->canvas->cols};

    ui->screen_rows = end - first > 0 ? end - first : 1;
    long least = ui->screen_rows / ENTRY_ROWS_MAX > 0 ? ui->screen_rows / ENTRY_ROWS_MAX : 1;
    if (ui->log_back > total - least)
        ui->log_back = total > least ? total - least : 0;
    pen_put(&pen, STYLE(ROLE_HEADING), "LOG");
    pen_printf(&pen, STYLE(ROLE_DIM), "  %ld lines, newest last", total);
    if (ui->log_back > 0)
        pen_printf(&pen, STYLE(ROLE_WARN), ", %ld newer below", ui->log_back);
    if (total == 0 && first < end)
        canvas_put(p->canvas, first, 1, p->canvas->cols, STYLE(ROLE_DIM), "nothing happened yet");
    for (long i = 0; i < ui->log_back && walk_back(&walk, &entry); i++)
        ;
    paint_entries(p, walk, first, end - first);
}
