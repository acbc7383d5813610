#include "callhud/ui/ui_priv.h"

#include "callhud/base/clock.h"

#include <stdio.h>

/* --- settings --------------------------------------------------------------------------------- */

static void free_text(const char **text)
{
    union {
        const char *read;
        char *owned;
    } both = {*text};

    mem_free(both.owned);
    *text = NULL;
}

static void settings_fini(struct ui *ui)
{
    free_text(&ui->settings.profile);
    free_text(&ui->settings.backend);
    free_text(&ui->settings.monitor);
    free_text(&ui->settings.phone_extension);
    free_text(&ui->settings.theme);
    for (size_t i = 0; ui->themes != NULL && ui->themes[i] != NULL; i++)
        mem_free(ui->themes[i]);
    mem_free(ui->themes);
    ui->themes = NULL;
}

static void settings_copy(struct ui *ui, const struct ui_settings *from)
{
    size_t count = 0;

    ui->settings = *from;
    ui->settings.profile = mem_dup(from->profile);
    ui->settings.backend = mem_dup(from->backend);
    ui->settings.monitor = mem_dup(from->monitor);
    ui->settings.phone_extension = mem_dup(from->phone_extension);
    ui->settings.theme = mem_dup(from->theme);
    ui->settings.view = NULL;
    ui->settings.keys = NULL;
    ui->settings.themes = NULL;
    if (from->themes == NULL)
        return;
    while (from->themes[count] != NULL)
        count++;
    ui->themes = mem_zero(count + 1, sizeof *ui->themes);
    for (size_t i = 0; i < count; i++)
        ui->themes[i] = mem_dup(from->themes[i]);
}

enum rc ui_configure(struct ui *ui, const struct ui_settings *settings, struct err *err)
{
    struct keymap keymap;
    enum rc rc = keymap_init(&keymap, settings->keys, err);

    if (rc != RC_OK) {
        keymap_fini(&keymap);
        return rc;
    }
    keymap_fini(&ui->keymap);
    ui->keymap = keymap;
    settings_fini(ui);
    settings_copy(ui, settings);
    ui->last_news[0] = '\0'; /* its number was masked as the settings before wanted */
    return RC_OK;
}

enum rc ui_new(struct ui **out, const struct ui_settings *settings, struct err *err)
{
    struct ui *ui = mem_zero(1, sizeof *ui);
    enum rc rc = RC_OK;

    *out = NULL;
    if (settings->view != NULL && !view_from_word(settings->view, &ui->view))
        rc = err_set(err, RC_CONFIG, "view = %s: use grid, dense or table", settings->view);
    if (rc == RC_OK)
        rc = ui_configure(ui, settings, err);
    if (rc != RC_OK) {
        ui_free(ui);
        return rc;
    }
    ui->order = settings->order;
    ui->rows = 24;
    ui->cols = 80;
    ui->is_mouse_on = settings->is_mouse;
    ui->wall_offset_ms = INT64_MIN;
    ui->due_ms = INT64_MAX;
    layout_make(&ui->layout, ui->rows, ui->cols, ui->view);
    *out = ui;
    return RC_OK;
}

void ui_set_theme(struct ui *ui, const struct theme *theme, bool is_mono)
{
    _Static_assert(THEME_GLYPHS == LAMP_COUNT, "a sign for each lamp");

    memcpy(ui->signs, theme->glyphs, sizeof ui->signs);
    ui->is_mono = is_mono || theme->is_mono;
}

static void hits_clear(struct ui *ui)
{
    for (size_t i = 0; i < ui->hits.len; i++)
        mem_free(ui->hits.items[i].user_id);
    ui->hits.len = 0;
}

static void message_fini(struct message *message)
{
    mem_free(message->text);
    mem_free(message->why);
}

void ui_free(struct ui *ui)
{
    if (ui == NULL)
        return;
    ui_unfreeze(ui);
    settings_fini(ui);
    keymap_fini(&ui->keymap);
    board_fini(&ui->board);
    seen_clear(&ui->seen);
    VEC_FREE(&ui->menu.rows);
    mem_free(ui->audit_reason);
    bell_fini(&ui->bell);
    desk_fini(ui);
    hits_clear(ui);
    VEC_FREE(&ui->hits);
    for (size_t i = 0; i < ui->marked.len; i++)
        mem_free(ui->marked.items[i]);
    VEC_FREE(&ui->marked);
    for (size_t i = 0; i < ui->bolds.len; i++)
        mem_free(ui->bolds.items[i].id);
    VEC_FREE(&ui->bolds);
    for (size_t i = 0; i < ui->messages.len; i++)
        message_fini(&ui->messages.items[i]);
    VEC_FREE(&ui->messages);
    message_fini(&ui->lesson);
    VEC_FREE(&ui->intents);
    mem_free(ui->department);
    mem_free(ui->lost_said);
    mem_free(ui);
}

/* --- small answers ---------------------------------------------------------------------------- */

const struct hud *ui_shown(const struct ui *ui, const struct hud *hud)
{
    return ui->is_frozen ? &ui->frozen : hud;
}

int64_t ui_shown_ms(const struct ui *ui, int64_t now_ms)
{
    return ui->is_frozen ? ui->frozen_ms : now_ms;
}

void ui_unfreeze(struct ui *ui)
{
    if (ui->is_frozen)
        hud_fini(&ui->frozen);
    ui->is_frozen = false;
}

int64_t ui_wall_ms(const struct ui *ui, int64_t now_ms)
{
    return ui->wall_offset_ms == INT64_MIN ? clock_wall_ms() : now_ms + ui->wall_offset_ms;
}

/* The backend's clock is the one that the calls are told in. */
static void note_wall(struct ui *ui, const struct hud *hud, int64_t now_ms)
{
    int64_t backend_ms = hud_backend_now(hud, now_ms);

    if (backend_ms > 0)
        ui->wall_offset_ms = backend_ms - now_ms;
    else if (ui->wall_offset_ms == INT64_MIN)
        ui->wall_offset_ms = clock_wall_ms() - now_ms;
}

/* The table has a column for the department: ordered by something else it is one list. */
static bool is_grouped(const struct ui *ui)
{
    return !ui->is_ungrouped && (ui->view != VIEW_TABLE || ui->order == ORDER_LINE);
}

void ui_rebuild(struct ui *ui, const struct hud *hud, int64_t now_ms)
{
    struct board_request request = {
        .order = {.by = ui->order,
                  .is_grouped = is_grouped(ui),
                  .department = ui->department,
                  .filter = &ui->filter},
        .layout = &ui->layout,
        .is_refiltered = ui->is_refiltered,
    };

    layout_make(&ui->layout, ui->rows, ui->cols, ui->view);
    if (supervision_is_on(&hud->supervision))
        layout_add_bar(&ui->layout);
    board_build(&ui->board, ui_shown(ui, hud), &request, ui_shown_ms(ui, now_ms));
    ui->is_refiltered = false;
    desk_rebuild(ui, hud);
}

bool ui_is_marked(const struct ui *ui, const struct user *user)
{
    for (size_t i = 0; i < ui->marked.len; i++)
        if (str_eq(ui->marked.items[i], user->id))
            return true;
    return false;
}

enum rc ui_filter(struct ui *ui, const char *text, struct err *err)
{
    enum rc rc = filter_parse(&ui->filter, text, err);

    ui->is_refiltered |= rc == RC_OK;
    return rc;
}

void ui_department(struct ui *ui, const char *department)
{
    char *made = mem_dup(department);

    mem_free(ui->department);
    ui->department = made;
    ui->is_refiltered = true;
}

bool ui_is_typing(const struct ui *ui)
{
    return ui->prompt.kind != PROMPT_NONE || ui->dialog.kind != DIALOG_NONE;
}

void ui_set_audit(struct ui *ui, uint64_t number, const char *reason)
{
    char *made = mem_dup(reason);

    mem_free(ui->audit_reason);
    ui->audit_reason = made;
    ui->audit_number = number;
}

void ui_title(const struct ui *ui, const struct hud *hud, char *out, size_t size)
{
    size_t ringing = hud->counts[LAMP_RINGING], held = hud->counts[LAMP_HOLD];

    (void)ui;
    if (hud->link.state != LINK_LIVE && hud->link.state != LINK_POLLING)
        (void)snprintf(out, size, "callhud: not connected");
    else if (ringing > 0 && held > 0)
        (void)snprintf(out, size, "callhud: %zu ringing %zu held", ringing, held);
    else if (ringing > 0)
        (void)snprintf(out, size, "callhud: %zu ringing", ringing);
    else if (held > 0)
        (void)snprintf(out, size, "callhud: %zu held", held);
    else
        (void)snprintf(out, size, "callhud");
}

/* --- intents and messages --------------------------------------------------------------------- */

void ui_ask(struct ui *ui, enum intent_kind kind, const char *text)
{
    struct intent intent = {.kind = kind};

    str_copy(intent.text, sizeof intent.text, text);
    VEC_PUSH(&ui->intents, intent);
}

bool ui_next_intent(struct ui *ui, struct intent *out)
{
    if (ui->intents.len == 0)
        return false;
    *out = ui->intents.items[0];
    VEC_REMOVE(&ui->intents, 0);
    return true;
}

void ui_message(struct ui *ui, enum ui_level level, const char *text, const char *why,
                int64_t now_ms)
{
    struct message message = {.level = level, .at_ms = now_ms};

    message.text = mem_dup(text);
    message.why = mem_dup(why);
    message.wall_ms = ui_wall_ms(ui, now_ms);
    if (ui->messages.len == UI_HISTORY_MAX) {
        message_fini(&ui->messages.items[0]);
        VEC_REMOVE(&ui->messages, 0);
    }
    VEC_PUSH(&ui->messages, message);
}

void ui_teach(struct ui *ui, int64_t now_ms)
{
    static const char *const names[] = {"urgent", "pickup", "listen", "stop", "help"};
    static const char *const words[] = {"who rings", "pick up", "listen", "stop", "all keys"};
    char text[200] = "";
    size_t len = 0;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char key[KEYMAP_NAME_BYTES];
        keymap_first(&ui->keymap, cmd_find(names[i]), key, sizeof key);
        if (key[0] != '\0')
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%s %s",
                                    len > 0 ? "   " : "try  ", key, words[i]);
    }
    message_fini(&ui->lesson);
    ui->lesson = (struct message){.level = UI_INFO,
                                  .text = mem_dup(text),
                                  .at_ms = now_ms,
                                  .wall_ms = ui_wall_ms(ui, now_ms)};
}

void ui_taught(struct ui *ui)
{
    message_fini(&ui->lesson);
    ui->lesson = (struct message){0};
}

static int64_t message_end_ms(const struct ui *ui, const struct message *message)
{
    enum { CALM_MS = 6000, SERIOUS_MS = 20000, LESSON_MS = 60000 };

    if (message == &ui->lesson)
        return message->at_ms + LESSON_MS;
    return message->at_ms +
           (message->level == UI_WARN || message->level == UI_ERROR ? SERIOUS_MS : CALM_MS);
}

const struct message *ui_message_shown(const struct ui *ui, int64_t now_ms)
{
    const struct message *last =
        ui->messages.len > 0 ? &ui->messages.items[ui->messages.len - 1] : NULL;

    if (last != NULL && now_ms < message_end_ms(ui, last))
        return last;
    return ui->lesson.text != NULL && now_ms < message_end_ms(ui, &ui->lesson) ? &ui->lesson : NULL;
}

bool ui_message_has_more(const struct ui *ui, const struct message *message)
{
    return message->why != NULL || utf8_width(message->text) > ui->layout.cols - 2;
}

/* --- what the model tells --------------------------------------------------------------------- */

static void ring_bell(struct ui *ui, const struct hud *hud, int64_t now_ms)
{
    if (bell_tick(&ui->bell, hud, &ui->settings, now_ms))
        ui_ask(ui, INTENT_BELL, "");
}

void ui_hud_changed(struct ui *ui, const struct hud *hud, unsigned bits, int64_t now_ms)
{
    enum { COUNTED = HUD_CHANGED_LAMP | HUD_CHANGED_CALLS | HUD_CHANGED_USER | HUD_CHANGED_USERS };

    note_wall(ui, hud, now_ms);
    if ((bits & COUNTED) != 0)
        ui->told_ms = now_ms;
    if (ui->is_frozen && (bits & COUNTED) != 0)
        ui->frozen_changes++;
    news_note(ui, hud, bits, now_ms);
    ring_bell(ui, hud, now_ms);
    dialog_watch(ui, hud, now_ms);
    if ((bits & HUD_CHANGED_USERS) != 0 && !ui->is_frozen)
        board_forget(&ui->board);
}

/* --- the picture ------------------------------------------------------------------------------ */

static void render_screen(const struct paint *p)
{
    switch (p->ui->screen) {
    case SCREEN_USER: view_user(p); break;
    case SCREEN_LOG: view_log(p); break;
    case SCREEN_HELP: view_help(p); break;
    case SCREEN_LIST: view_hudlist(p); break;
    case SCREEN_PICK: view_picker(p); break;
    case SCREEN_PREVIEW: view_preview(p); break;
    case SCREEN_PRESENCE: view_presence(p); break;
    case SCREEN_BOARD:
        if (p->layout->now_row >= 0)
            statusbar_now(p);
        view_board(p);
        if (p->layout->pane_col >= 0)
            view_pane(p);
        break;
    }
}

/* Screen readers and braille lines follow the hardware cursor: it rests on the selected user, or in
 * the window that asks or lists. */
static void rest_cursor(const struct paint *p)
{
    const struct user *user = board_selected(&p->ui->board);

    if (p->canvas->is_cursor_visible)
        return;
    p->canvas->cursor_row = p->canvas->cursor_col = 0;
    if (p->ui->rest_row >= 0) {
        p->canvas->cursor_row = p->ui->rest_row;
        p->canvas->cursor_col = p->ui->rest_col;
        return;
    }
    for (size_t i = 0; user != NULL && i < p->ui->hits.len; i++) {
        const struct hit *hit = &p->ui->hits.items[i];
        if (hit->user_id != NULL && str_eq(hit->user_id, user->id) &&
            hit->row != p->layout->now_row) {
            p->canvas->cursor_row = hit->row;
            p->canvas->cursor_col = hit->col;
            return;
        }
    }
}

/* What keys act on: the selected user as it is on the screen now. Where it is not drawn there is
 * none. */
static void remember(struct ui *ui, const struct hud *shown)
{
    bool is_drawn = (ui->screen == SCREEN_BOARD || ui->screen == SCREEN_USER) &&
                    ui->layout.shape != SHAPE_COUNTS;

    seen_take(&ui->seen, is_drawn ? board_selected(&ui->board) : NULL);
    ui->drawn_rev = shown->rev;
}

/* Windows over the screen, the one that asks last. */
static void render_windows(const struct paint *p)
{
    struct ui *ui = p->ui;

    if (ui->menu.is_open)
        view_menu(p);
    if (ui->is_why_open)
        view_why(p);
    if (ui->dialog.kind != DIALOG_NONE)
        view_dialog(p);
}

/* What cannot be read cannot be answered. */
static void close_unread(struct ui *ui, int64_t now_ms)
{
    if (ui->dialog.kind == DIALOG_NONE)
        return;
    if (ui->dialog.kind == DIALOG_SAVE)
        save_put_off(ui);
    dialog_close(ui);
    ui_message(ui, UI_WARN, "nothing was done: the window became too small for the question", NULL,
               now_ms);
}

void ui_render(struct ui *ui, struct canvas *canvas, const struct hud *hud, int64_t now_ms)
{
    note_wall(ui, hud, now_ms);
    ui->rows = canvas->rows;
    ui->cols = canvas->cols;
    ui_rebuild(ui, hud, now_ms);
    ring_bell(ui, hud, now_ms);
    hits_clear(ui);
    canvas_clear(canvas);
    canvas->is_cursor_visible = false;
    ui->due_ms = INT64_MAX;
    ui->is_drawn = true;

    struct layout layout = ui->layout;
    struct paint p = {ui, canvas, ui_shown(ui, hud), hud, ui_shown_ms(ui, now_ms), now_ms, &layout};
    remember(ui, p.hud);
    if (layout.shape == SHAPE_COUNTS) {
        statusbar_counts(&p);
        menu_close(ui);
        close_unread(ui, now_ms);
        return;
    }
    save_watch(ui, hud, now_ms);
    if (ui->screen != SCREEN_BOARD)
        layout_make_screen(&layout, supervision_is_on(&hud->supervision));
    else if (layout.is_message_over_body && statusbar_has_message(ui, now_ms))
        layout.body_rows--;
    ui->rest_row = -1;
    statusbar_header(&p);
    render_screen(&p);
    if (layout.keys_row >= 0)
        statusbar_keys(&p);
    if (ui->prompt.kind == PROMPT_PALETTE)
        palette_paint(&p);
    statusbar_message(&p);
    const struct message *message = ui_message_shown(ui, now_ms);
    if (message != NULL)
        paint_due(&p, message_end_ms(ui, message));
    view_bar(&p);
    render_windows(&p);
    rest_cursor(&p);
}

int64_t ui_next_frame_ms(const struct ui *ui, const struct hud *hud, int64_t now_ms)
{
    int64_t bell_ms = bell_next_ms(&ui->bell, &ui->settings, now_ms);

    (void)hud;
    if (!ui->is_drawn)
        return now_ms;
    return ui->due_ms < bell_ms ? ui->due_ms : bell_ms;
}
