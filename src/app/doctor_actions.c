/* doctor: what can be done with calls, the record of it, what killed runs left, and whether a list
 * can be stored. */
#include "callhud/app/doctor.h"

#include "callhud/app/audit.h"
#include "callhud/app/paths.h"
#include "callhud/app/session.h"
#include "callhud/base/str.h"
#include "callhud/net/net.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIMIT_MS 20000 /* for the first snapshot, what can be done, and the cleaning up */
#define SETTLE_MS 500  /* what was told may be corrected by what the server is asked further */

/* ---- the record ------------------------------------------------------------------------------ */

static void say_unwritable(struct doctor *d, const char *path, const char *why)
{
    bool is_required = d->has_settings && d->settings.audit == AUDIT_REQUIRED;
    doctor_say(d, "audit", DOCTOR_FAIL, "%s: %s: %s", path, why,
               is_required ? "with audit = required no action is possible"
                           : "what is done is not recorded");
}

/* errno; 0: the record can be made, or grow. In a folder that is closed to us it may grow all the
 * same. */
static int why_unwritable(char *path, bool is_there)
{
    if (is_there && access(path, W_OK) != 0)
        return errno;
    char *slash = strrchr(path, '/');
    *slash = '\0';
    int why = doctor_try_folder(path);
    *slash = '/';
    return is_there && why == EACCES ? 0 : why;
}

static void check_audit(struct doctor *d)
{
    char path[PATH_BYTES];
    struct err err = {0};
    struct stat st;
    struct audit_verdict verdict = {0};
    if (paths_state(path, "audit.jsonl", true, &err) != RC_OK) {
        say_unwritable(d, "audit.jsonl", err.text);
        return;
    }
    bool is_there = lstat(path, &st) == 0;
    int why = why_unwritable(path, is_there);
    if (is_there && !S_ISREG(st.st_mode))
        say_unwritable(d, path, "is no regular file");
    else if (why != 0)
        say_unwritable(d, path, strerror(why));
    else if (!is_there)
        doctor_say(d, "audit", DOCTOR_OK, "no record yet; it will be %s", path);
    else if (audit_verify(path, NULL, NULL, 0, &verdict, &err) != RC_OK)
        doctor_say(d, "audit", DOCTOR_FAIL, "%s: %s; see callhud audit verify", path, err.text);
    else
        doctor_say(d, "audit", DOCTOR_OK, "%" PRIu64 " records, whole, in %s", verdict.records,
                   path);
}

/* ---- what killed runs left ------------------------------------------------------------------- */

/* Lines "+THING" and "-THING" after that of the server. */
static size_t count_things(FILE *file)
{
    char line[1024];
    size_t made = 0, gone = 0;
    while (fgets(line, sizeof line, file)) {
        made += line[0] == '+';
        gone += line[0] == '-';
    }
    return made > gone ? made - gone : 0;
}

/* A file whose lock is free has no program any more. It is looked at, nothing else. */
static void look_at_file(const char *path, size_t *runs, size_t *things)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    FILE *file = NULL;
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && flock(fd, LOCK_SH | LOCK_NB) == 0)
        file = fdopen(fd, "r");
    if (!file) {
        if (fd >= 0)
            close(fd);
        return;
    }
    (*runs)++;
    *things += count_things(file);
    (void)fclose(file);
}

static void check_leftovers(struct doctor *d)
{
    char folder[PATH_BYTES], path[PATH_BYTES + NAME_MAX + 2];
    size_t runs = 0, things = 0;
    if (paths_state(folder, "", false, NULL) != RC_OK)
        return;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (!str_starts(entry->d_name, "made-"))
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        look_at_file(path, &runs, &things);
    }
    if (dir)
        closedir(dir);
    if (things)
        doctor_say(d, "leftovers", DOCTOR_WARN,
                   "%zu killed run%s left %zu thing%s at a server: the next callhud with the same "
                   "profile and without --read-only removes %s",
                   runs, runs == 1 ? "" : "s", things, things == 1 ? "" : "s",
                   things == 1 ? "it" : "them");
    else
        doctor_say(d, "leftovers", DOCTOR_OK, "killed runs left nothing behind");
}

void doctor_records(struct doctor *d)
{
    check_audit(d);
    check_leftovers(d);
}

/* ---- what can be done ------------------------------------------------------------------------ */

struct look {
    struct doctor *d;
    struct session session;
    struct loop_timer *limit, *settle;
    bool is_told; /* everything that can be done was told */
    bool is_leaving;
};

static bool is_all_told(const struct hud *hud)
{
    for (int kind = 0; kind < ACTION_COUNT; kind++) {
        if (!hud->capabilities[kind].is_told)
            return false;
    }
    return hud->link.is_synced;
}

static void on_left(void *self)
{
    struct look *look = self;
    loop_stop(look->session.loop);
}

static void leave(struct look *look)
{
    if (!look->is_leaving)
        session_leave(&look->session, on_left, look);
    look->is_leaving = true;
}

static void on_limit(void *self)
{
    struct look *look = self;
    look->limit = NULL;
    leave(look);
}

/* ---- the stored list ------------------------------------------------------------------------- */

static void on_list(void *self, const struct desk_answer *answer)
{
    struct look *look = self;
    if (answer->rc != RC_OK)
        doctor_say(look->d, "list", DOCTOR_WARN, "kept on this machine alone: %s", answer->text);
    else if (answer->lines_len == 0)
        doctor_say(look->d, "list", DOCTOR_OK, "can be stored; none is yet");
    else
        doctor_say(look->d, "list", DOCTOR_OK, "can be stored; %zu line%s stored now",
                   answer->lines_len, answer->lines_len == 1 ? " is" : "s are");
    leave(look);
}

static void on_settled(void *self)
{
    struct look *look = self;
    const struct desk_question question = {.kind = DESK_LIST};
    look->settle = NULL;
    if (look->is_leaving || !look->session.backend || !look->session.ops->desk)
        leave(look);
    else
        look->session.ops->desk(look->session.backend, &question, on_list, look);
}

static void on_turned(void *self)
{
    struct look *look = self;
    const struct hud *hud = &look->session.hud;
    if (hud->link.state == LINK_REFUSED)
        leave(look);
    if (look->is_told || look->is_leaving || !is_all_told(hud))
        return;
    look->is_told = true;
    look->settle = loop_timer(look->session.loop, SETTLE_MS, on_settled, look);
}

static void on_told(void *self, bool is_warning, const char *text)
{
    struct look *look = self;
    doctor_say(look->d, "cleaning", is_warning ? DOCTOR_WARN : DOCTOR_OK, "%s", text);
}

/* Those whose level and reason are the same, on one line. */
static void say_same(struct doctor *d, const struct hud *hud, int first)
{
    static const char *const words[] = {"missing", "assisted", "native"};
    const struct capability_fact *fact = &hud->capabilities[first];
    char names[128] = "";
    for (int kind = 0; kind < ACTION_COUNT; kind++) {
        const struct capability_fact *one = &hud->capabilities[kind];
        size_t used = strlen(names);
        if (kind == ACTION_STOP || one->level != fact->level || !str_eq(one->why, fact->why))
            continue;
        if (kind < first)
            return; /* said already */
        (void)snprintf(names + used, sizeof names - used, "%s%s", used ? " " : "",
                       action_row((enum action_kind)kind)->name);
    }
    bool is_native = fact->level == CAPABILITY_NATIVE;
    doctor_say(d, is_native ? "actions" : words[fact->level], is_native ? DOCTOR_OK : DOCTOR_WARN,
               "%s: %s", names, is_native ? words[fact->level] : fact->why);
}

/* Who is monitored, and whether anything is told of them. Asterisk has asked for both before. */
static void say_floor(struct doctor *d, const struct session *s)
{
    const char *monitor = s->backend_config.monitor;
    const char *lack = session_lack_of_users(s), *silence = session_lack(s, LACK_PRESENCE);
    size_t users = s->hud.users.len;
    if (!str_eq(d->settings.backend, "ringcentral"))
        return;
    if (!str_eq(monitor, "list") && users == 0)
        doctor_say(d, "users", DOCTOR_FAIL, "monitor = %.200s matches nobody: %s", monitor,
                   lack ? lack : "correct it in the profile");
    else if (!str_eq(monitor, "list"))
        doctor_say(d, "users", DOCTOR_OK, "monitor = %.200s matches %zu %s", monitor, users,
                   users == 1 ? "person" : "people");
    if (silence)
        doctor_say(d, "presence", DOCTOR_FAIL, "%s", silence);
    else if (users > 0)
        doctor_say(d, "presence", DOCTOR_OK, "told of %zu monitored", users);
    else
        doctor_say(d, "presence", DOCTOR_SKIP, "needs somebody who is monitored");
}

static void run(struct look *look)
{
    struct err err = {0};
    struct session *s = &look->session;
    s->turned = on_turned;
    s->told = on_told;
    s->self = look;
    if (session_start(s, &err) != RC_OK) {
        doctor_say(look->d, "actions", DOCTOR_FAIL, "%s", err.text);
        return;
    }
    look->limit = loop_timer(s->loop, LIMIT_MS, on_limit, look);
    loop_run(s->loop);
    loop_timer_stop(look->limit);
    loop_timer_stop(look->settle);
    if (s->backend && s->ops->desk_forget)
        s->ops->desk_forget(s->backend, look);
    if (!look->is_told) {
        doctor_say(look->d, "actions", DOCTOR_FAIL, "the server has not shown its calls: %s",
                   s->hud.link.text[0] ? s->hud.link.text : "no answer in time");
        return;
    }
    say_floor(look->d, s);
    for (int kind = 0; kind < ACTION_COUNT; kind++) {
        if (kind != ACTION_STOP)
            say_same(look->d, &s->hud, kind);
    }
}

void doctor_actions(struct doctor *d)
{
    struct look look = {.d = d};
    struct err err = {0};
    if (d->cli->is_read_only || !d->is_signed_in) {
        doctor_say(d, "actions", DOCTOR_SKIP, "%s",
                   d->cli->is_read_only ? "not tried: --read-only" : "needs the server");
        return;
    }
    if (session_init(&look.session, &d->settings, false, &err) != RC_OK) {
        doctor_say(d, "actions", DOCTOR_FAIL, "%s", err.text);
        return;
    }
    look.session.is_checking = true;
    run(&look);
    d->must_exit_now |= session_fini(&look.session);
}
