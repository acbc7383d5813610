/* The presence settings: four in the presence itself (3.1, 3.3), who may answer in
 * presence/permission (3.5). Who may see the presence has no request. */
#include "desk_priv.h"

#include "callhud/base/str.h"

#include <stdio.h>

#define IN_PRESENCE (DESK_HAS_RING | DESK_HAS_PICKUP | DESK_HAS_SHARE | DESK_HAS_DETAILS)
#define BODY_MAX_BYTES (1024 * 1024)
#define LOOKS_MOST 3       /* after a yes: until it is told back */
#define LOOK_AGAIN_MS 2000 /* between them */

static const char not_told[] = "the service does not tell this setting: look into its portal";
static const char no_hidden[] =
    "not told of one who does not share presence: set it together with share_presence=on";
static const char no_visible_to[] =
    "the service has no request for who may see your presence: share_presence shows it to "
    "everybody or to nobody; choose people in its portal";

/* Positions of the bits, as in desk_settings.missing. */
enum { AT_ANSWERABLE = 4, AT_VISIBLE = 5 };

/* ---- reading ---- */

/* Of another who does not share presence a GET tells no settings, the answer to a PUT does. */
static bool is_hidden(const struct desk_job *job)
{
    const struct desk_settings *found = &job->found.told;
    return job->extension[0] != '\0' && found->has & DESK_HAS_SHARE && !found->shares_presence;
}

static void take_put_answer(struct desk_job *job)
{
    struct desk_settings *found = &job->found.told;
    const struct desk_settings *told = &job->put_told;
    unsigned lacks = told->has & ~found->has;
    if (lacks & DESK_HAS_RING)
        found->rings_when_monitored = told->rings_when_monitored;
    if (lacks & DESK_HAS_PICKUP)
        found->picks_up_held = told->picks_up_held;
    if (lacks & DESK_HAS_DETAILS)
        found->details = told->details;
    found->has |= lacks & (DESK_HAS_RING | DESK_HAS_PICKUP | DESK_HAS_DETAILS);
}

static void found_all(struct desk_job *job)
{
    struct desk_settings *found = &job->found.told;
    if (is_hidden(job))
        take_put_answer(job);
    const char *why = is_hidden(job) ? no_hidden : not_told;
    for (unsigned at = 0; at < AT_ANSWERABLE; at++)
        found->missing[at] = found->has & (1u << at) ? NULL : why;
    found->missing[AT_ANSWERABLE] =
        found->has & DESK_HAS_ANSWERABLE ? NULL : job->missing_answerable;
    found->missing[AT_VISIBLE] = no_visible_to;
    found->fixed = job->fixed[0] != '\0' ? job->fixed : NULL;
    if (job->extension[0] == '\0') {
        job->desk->seen = *found;
        job->desk->seen.answerable_by = NULL;
    }
    job->settings_then(job, true);
}

static enum rc take_answerable(struct desk_job *job, const struct rex_answer *answer,
                               struct rex_paging *page, size_t *taken, struct err *err)
{
    size_t before = job->found.answerable.len;
    enum rc rc =
        rex_wire_permission(&job->found.answerable, page, answer->body, answer->body_len, err);
    *taken = job->found.answerable.len - before;
    return rc;
}

static void reset_answerable(struct desk_job *job)
{
    VEC_FREE(&job->found.answerable);
}

static bool is_answerable_whole(struct desk_job *job)
{
    const rex_desk_ids *ids = &job->found.answerable;
    struct map seen = {0};
    bool is_each_once = true;
    for (size_t i = 0; i < ids->len && is_each_once; i++)
        is_each_once = map_put(&seen, ids->items[i].text, job) == NULL;
    map_fini(&seen, NULL);
    return is_each_once;
}

/* Rights may keep it from us while the presence is told: the rest is good all the same. */
static void on_answerable(struct desk_job *job, bool is_ok)
{
    bool is_kept =
        rex_desk_is_rights(&job->fail) || job->fail.status == 404 || job->fail.status == 405;
    if (is_ok) {
        job->found.told.has |= DESK_HAS_ANSWERABLE;
    } else if (is_kept) {
        reset_answerable(job);
        if (rex_desk_explain_rights(job, "see and change", "settings", &job->fail))
            str_copy(job->fixed, sizeof job->fixed, job->fail.text);
        str_copy(job->missing_answerable, sizeof job->missing_answerable, job->fail.text);
    } else {
        job->settings_then(job, false);
        return;
    }
    found_all(job);
}

static void on_presence(struct desk_job *job, const struct rex_answer *answer)
{
    struct err err = {0};
    if (rex_desk_failed(job, answer)) {
        job->settings_then(job, false);
        return;
    }
    if (rex_wire_desk_settings(&job->found.told, answer->body, answer->body_len, &err) != RC_OK) {
        rex_desk_fail_set(job, RC_FAILED, "the service's answer cannot be read: %s", err.text);
        job->settings_then(job, false);
        return;
    }
    job->pages = (struct desk_pages){
        .group = REX_LIGHT,
        .take = take_answerable,
        .reset = reset_answerable,
        .is_whole = is_answerable_whole,
        .done = on_answerable,
    };
    rex_desk_path(job, job->pages.path, "/presence/permission?perPage=1000&page=");
    rex_desk_read_pages(job);
}

static void read_settings(struct desk_job *job, rex_desk_read_done *then)
{
    char path[DESK_PATH_BYTES];
    job->settings_then = then;
    job->found.told = (struct desk_settings){0};
    reset_answerable(job);
    rex_desk_path(job, path, "/presence");
    rex_desk_get(job, path, REX_LIGHT, DESK_READ_PATIENCE_MS, on_presence);
}

static void settings_read(struct desk_job *job, bool is_ok)
{
    if (is_ok)
        rex_desk_end(job, RC_OK, " ");
    else
        rex_desk_end_failed(job);
}

void rex_desk_settings_job(struct desk_job *job)
{
    read_settings(job, settings_read);
}

/* ---- what differs ---- */

/* Those in the presence that are wished for and are not so. */
static unsigned to_change(const struct desk_job *job)
{
    const struct desk_settings *wish = &job->wish.told, *found = &job->found.told;
    unsigned same = found->has;
    if (wish->rings_when_monitored != found->rings_when_monitored)
        same &= ~(unsigned)DESK_HAS_RING;
    if (wish->picks_up_held != found->picks_up_held)
        same &= ~(unsigned)DESK_HAS_PICKUP;
    if (wish->shares_presence != found->shares_presence)
        same &= ~(unsigned)DESK_HAS_SHARE;
    if (wish->details != found->details)
        same &= ~(unsigned)DESK_HAS_DETAILS;
    return wish->has & IN_PRESENCE & ~same;
}

static bool is_among(const rex_desk_ids *ids, const char *id)
{
    for (size_t i = 0; i < ids->len; i++) {
        if (str_eq(ids->items[i].text, id))
            return true;
    }
    return false;
}

/* A set: the service may tell it in another order. */
static bool is_answerable_to_change(const struct desk_job *job)
{
    const rex_desk_ids *wish = &job->wish.answerable, *found = &job->found.answerable;
    if (!(job->wish.told.has & DESK_HAS_ANSWERABLE))
        return false;
    if (!(job->found.told.has & DESK_HAS_ANSWERABLE))
        return true;
    for (size_t i = 0; i < wish->len; i++) {
        if (!is_among(found, wish->items[i].text))
            return true;
    }
    for (size_t i = 0; i < found->len; i++) {
        if (!is_among(wish, found->items[i].text))
            return true;
    }
    return false;
}

/* ---- writing: read, what differs of the presence, what differs of who may answer, read ---- */

static void look(struct desk_job *job);

static void on_put(struct desk_job *job, const struct rex_answer *answer);

/* What was stored before the part that failed stays stored. */
static void end_put(struct desk_job *job, enum rc rc, const char *text)
{
    if (job->is_partly)
        rex_desk_end(job, RC_FAILED, "a part was stored, and then: %s", text);
    else
        rex_desk_end(job, rc, rc == RC_DENIED ? "%s" : "%s; nothing was stored", text);
}

/* The extension of somebody of whom only the id is known. */
static const char *extension_of(const struct desk_job *job, const char *id)
{
    const struct rex_user *user = rex_floor_user(job->desk->config.floor, id);
    const struct desk_person *person = rex_desk_person_find(job->desk, id);
    if (user != NULL && user->extension != NULL && user->extension[0] != '\0')
        return user->extension;
    return person != NULL && person->extension[0] != '\0' ? person->extension : id;
}

/* The service names nobody: those whom the directory does not know. */
static void blame_unknown(struct desk_job *job)
{
    char text[ERR_TEXT_BYTES];
    const rex_desk_ids *wish = &job->wish.answerable;
    str_copy(text, sizeof text, job->put_fail.text);
    for (size_t i = 0; i < wish->len && job->has_people; i++) {
        const char *id = wish->items[i].text;
        if (rex_desk_person_find(job->desk, id) == NULL)
            snprintf(text, sizeof text, "%s may not answer: there is no such extension",
                     extension_of(job, id));
    }
    end_put(job, RC_REFUSED, text);
}

static void end_refused(struct desk_job *job, const char *body, size_t len)
{
    char text[ERR_TEXT_BYTES] = "";
    rex_refusals refusals = {0};
    rex_wire_refusals(&refusals, body, len);
    for (size_t i = 0; i < refusals.len; i++) {
        for (size_t k = 0; k < refusals.items[i].names.len; k++) {
            const char *id = refusals.items[i].names.items[k].text;
            if (is_among(&job->wish.answerable, id))
                snprintf(text, sizeof text, "%s may not answer: %s (%s)", extension_of(job, id),
                         refusals.items[i].text, refusals.items[i].code);
        }
    }
    rex_refusals_free(&refusals);
    if (text[0] == '\0' && job->is_put_answerable)
        rex_desk_need_people(job, 0, blame_unknown);
    else
        end_put(job, RC_REFUSED, text[0] != '\0' ? text : job->put_fail.text);
}

static void on_put(struct desk_job *job, const struct rex_answer *answer)
{
    struct err err = {0};
    if (!rex_desk_failed(job, answer)) {
        job->is_accepted = true;
        if (!job->is_put_answerable) /* what it does not tell is read */
            (void)rex_wire_desk_settings(&job->put_told, answer->body, answer->body_len, &err);
        look(job);
        return;
    }
    job->put_fail = job->fail;
    if (rex_desk_is_refused(&job->fail)) {
        end_refused(job, answer->body, answer->body_len);
    } else if (rex_desk_is_rights(&job->fail) || job->fail.status == 404 ||
               job->fail.status == 405) {
        (void)rex_desk_explain_rights(job, "change", "settings", &job->put_fail);
        end_put(job, RC_DENIED, job->put_fail.text);
    } else {
        if (rex_desk_try_again(job, look))
            return;
        job->is_last_look = true;
        look(job);
    }
}

static void put_presence(struct desk_job *job, unsigned bits)
{
    char path[DESK_PATH_BYTES];
    struct desk_settings settings = job->wish.told;
    struct buf body;
    settings.has = bits;
    buf_init(&body, BODY_MAX_BYTES);
    rex_wire_desk_settings_body(&body, &settings);
    rex_desk_path(job, path, "/presence");
    job->sent |= bits;
    job->is_accepted = job->is_put_answerable = false;
    rex_desk_put(job, path, buf_text(&body), on_put);
    buf_fini(&body);
}

static void put_answerable(struct desk_job *job)
{
    char path[DESK_PATH_BYTES];
    const rex_desk_ids *wish = &job->wish.answerable;
    const char **ids = mem_zero(wish->len + 1, sizeof *ids);
    struct buf body;
    for (size_t i = 0; i < wish->len; i++)
        ids[i] = wish->items[i].text;
    buf_init(&body, BODY_MAX_BYTES);
    rex_wire_permission_body(&body, ids, wish->len);
    rex_desk_path(job, path, "/presence/permission");
    job->sent |= DESK_HAS_ANSWERABLE;
    job->is_accepted = false;
    job->is_put_answerable = true;
    rex_desk_put(job, path, buf_text(&body), on_put);
    buf_fini(&body);
    mem_free(ids);
}

/* Who may answer is asked only of one who shares presence: it must be on first. */
static bool needs_presence(const struct desk_job *job)
{
    const struct desk_settings *wish = &job->wish.told, *found = &job->found.told;
    bool is_shared = wish->has & DESK_HAS_SHARE
                         ? wish->shares_presence
                         : !(found->has & DESK_HAS_SHARE) || found->shares_presence;
    return job->wish.answerable.len > 0 && is_answerable_to_change(job) && !is_shared;
}

/* After a yes what is read may be old for a moment. */
static bool is_looking_again(struct desk_job *job, unsigned still)
{
    if (!job->is_accepted || !(still & job->sent))
        return false;
    if (++job->looks < LOOKS_MOST)
        rex_desk_later(job, LOOK_AGAIN_MS, look);
    else
        rex_desk_end(
            job, RC_FAILED,
            "the service has taken the settings, but tells others: look at them before you "
            "change them again");
    return true;
}

static void on_look(struct desk_job *job, bool is_ok)
{
    if (!is_ok && job->sent != 0) {
        rex_desk_end(job, RC_FAILED, "it is not certain what was stored, read it again: %s",
                     job->fail.text);
        return;
    }
    if (!is_ok) {
        rex_desk_end_failed(job);
        return;
    }
    unsigned bits = to_change(job);
    bool is_answerable = is_answerable_to_change(job);
    unsigned still = bits | (is_answerable ? DESK_HAS_ANSWERABLE : 0u);
    job->is_partly |= (job->sent & ~still) != 0;
    if (still == 0)
        rex_desk_end(job, RC_OK, " ");
    else if (is_looking_again(job, still))
        return;
    else if (job->is_last_look)
        end_put(job, job->put_fail.rc, job->put_fail.text);
    else if (needs_presence(job))
        end_put(job, RC_REFUSED, "who may answer your calls needs share_presence=on first");
    else if (is_answerable && job->missing_answerable[0] != '\0')
        end_put(job, RC_DENIED, job->missing_answerable);
    else if (bits != 0)
        put_presence(job, bits);
    else
        put_answerable(job);
}

static void look(struct desk_job *job)
{
    read_settings(job, on_look);
}

void rex_desk_settings_write_job(struct desk_job *job)
{
    const char *owner = job->extension[0] == '\0' ? job->desk->config.floor->own_id : job->user_id;
    if (job->wish.told.has & DESK_HAS_VISIBLE)
        rex_desk_end(job, RC_DENIED, "%s", no_visible_to);
    else if (owner[0] != '\0' && is_among(&job->wish.answerable, owner))
        rex_desk_end(job, RC_REFUSED, "nobody can be named to answer their own calls");
    else
        look(job);
}
