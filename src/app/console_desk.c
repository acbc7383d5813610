#include "callhud/app/console_desk.h"

#include "callhud/app/paths.h"
#include "callhud/base/str.h"

/* Another program holds the file, and edits wait for it: who leaves waits so long for them. */
#define LAST_WAIT_MS 3000

static void on_changed(void *self)
{
    struct console_desk *d = self;
    ui_desk_changed(d->ui);
    d->want_frame(d->self);
}

static void on_ask_save(void *self)
{
    struct console_desk *d = self;
    ui_desk_ask_save(d->ui, session_now(d->session));
    d->want_frame(d->self);
}

static void on_told(void *self, bool is_warning, const char *text)
{
    struct console_desk *d = self;
    ui_message(d->ui, is_warning ? UI_WARN : UI_GOOD, text, NULL, session_now(d->session));
    d->want_frame(d->self);
}

static enum rc open_keeper(struct console_desk *d, struct err *err)
{
    char folder[PATH_BYTES];
    enum rc rc = paths_state(folder, "", true, err);
    if (rc == RC_IO) /* what that means for the list is said of the list */
        rc = paths_state(folder, "", false, err);
    if (rc != RC_OK)
        return rc;
    err_clear(err);
    struct keeper_config config = {.session = d->session,
                                   .extension = d->extension[0] ? d->extension : NULL,
                                   .folder = folder,
                                   .is_automatic = d->is_automatic,
                                   .reason = d->reason,
                                   .changed = on_changed,
                                   .ask_save = on_ask_save,
                                   .told = on_told,
                                   .self = d};
    return keeper_new(&d->keeper, &config, err);
}

void console_desk_open(struct console_desk *d, const char *extension)
{
    struct err err = {0};
    if (console_desk_close(d, &err) != RC_OK)
        ui_message(d->ui, UI_ERROR, err.text, NULL, session_now(d->session));
    if (extension)
        str_copy(d->extension, sizeof d->extension, extension);
    d->is_automatic = d->session->settings->sync == SYNC_AUTOMATIC;
    if (open_keeper(d, &err) != RC_OK) {
        ui_message(d->ui, UI_ERROR, "the HUD list cannot be opened", err.text,
                   session_now(d->session));
        return;
    }
    keeper_ops(d->keeper, &d->ops);
    ui_set_desk(d->ui, keeper_desk(d->keeper), &d->ops);
    /* It comes to a session that runs already. */
    struct event done = {.kind = EVENT_SNAPSHOT_DONE};
    if (d->session->hud.link.is_synced)
        keeper_event(d->keeper, &done);
}

enum rc console_desk_close(struct console_desk *d, struct err *err)
{
    enum rc rc = RC_OK;
    struct err why = {0};
    if (d->keeper && !keeper_settle(d->keeper, LAST_WAIT_MS, &why))
        rc = err_set(err, RC_IO, "the last edits of the HUD list are not kept: %.300s", why.text);
    ui_set_desk(d->ui, NULL, NULL);
    keeper_free(d->keeper);
    d->keeper = NULL;
    return rc;
}

void console_desk_reloaded(struct console_desk *d)
{
    if (d->is_automatic != (d->session->settings->sync == SYNC_AUTOMATIC))
        console_desk_open(d, NULL);
}

void console_desk_event(struct console_desk *d, const struct event *event)
{
    if (d->keeper)
        keeper_event(d->keeper, event);
}
