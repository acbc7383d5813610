/* What the commands on a desk share (list, presence): the session, the keeper, the first reading.
 */
#ifndef CALLHUD_APP_DESK_RUN_H
#define CALLHUD_APP_DESK_RUN_H

#include "callhud/app/cli.h"
#include "callhud/app/keeper.h"
#include "callhud/app/start.h"

#define DESK_RUN_SIGNALS 4

struct desk_run {
    const struct cli *cli;
    bool needs_link;     /* without one it fails; else ready() is called all the same */
    bool needs_people;   /* are known in ready() */
    bool needs_settings; /* likewise; the list is not read then */
    bool is_change;      /* impossible with --read-only */
    /* The list was read and merged, or (is_offline) could not be: then why_offline says why. */
    void (*ready)(struct desk_run *run);
    /* A push or set that ready() asked for has ended. */
    void (*ended)(struct desk_run *run, enum rc rc, const char *text);

    struct start start;
    struct session session;
    struct keeper *keeper;
    struct buf out; /* printed at the end, whatever the exit code */
    bool is_offline, is_refused;
    int64_t waits_until_ms; /* for the service's limits, as was said; 0 */
    char why_offline[ERR_TEXT_BYTES];
    char said[ERR_TEXT_BYTES]; /* the last line on stderr */
    VEC(char *) texts;         /* desk_run_keep() */
    int exit_code;             /* -1: goes on */
    enum { DESK_RUN_LINK, DESK_RUN_LIST, DESK_RUN_REST, DESK_RUN_READY } phase;
    struct loop_timer *deadline;
    struct loop_signal *watched[DESK_RUN_SIGNALS];
};

/* Runs it; the exit code. The caller has zeroed it and set what stands first. */
int desk_run(struct desk_run *run);
void desk_run_end(struct desk_run *run, int exit_code); /* the first counts */
void desk_run_fail(struct desk_run *run, enum rc rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A copy that is good until the end: what the list lends is gone when it is read anew. */
const char *desk_run_keep(struct desk_run *run, const char *text);
/* The person of that extension, as told; NULL. */
const struct desk_person *desk_run_person(const struct desk_run *run, const char *extension);
const struct desk_person *desk_run_person_by_id(const struct desk_run *run, const char *user_id);

#endif
