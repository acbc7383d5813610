/* What every command that watches a profile does first. */
#ifndef CALLHUD_APP_START_H
#define CALLHUD_APP_START_H

#include "callhud/app/cli.h"
#include "callhud/app/config.h"

struct start {
    struct config config;
    struct settings settings;
    bool has_settings;
};

/* Prints "callhud: TEXT" to standard error and returns the exit code of err. */
int start_fail(const struct err *err);

/* Opens the log where --log says, or beside the state; without either the ring alone. */
void start_log(const struct cli *cli);
/* Loads the configuration, makes the profile's settings, fetches its secrets, opens the log. 0, or
 * the exit code after having said what is wrong on standard error. start_fini() in both cases. */
int start_profile(struct start *start, const struct cli *cli);
/* Reads the configuration again into fresh, for a reload: on RC_OK the caller takes it over with
 * start_replace() once nothing borrows the old settings. */
enum rc start_reload(struct start *fresh, const struct cli *cli, struct err *err);
void start_replace(struct start *start, struct start *fresh);
void start_forget(struct start *start); /* as start_fini(), but that the log stays open */
void start_fini(struct start *start);

#endif
