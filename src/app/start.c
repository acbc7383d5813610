#include "callhud/app/start.h"

#include "callhud/app/paths.h"
#include "callhud/base/log.h"
#include "callhud/base/mem.h"

#include <stdio.h>
#include <string.h>

int start_fail(const struct err *err)
{
    fprintf(stderr, "callhud: %s\n", err->text[0] ? err->text : rc_text(err->rc));
    return rc_exit_code(err->rc);
}

static enum rc load(struct config *config, struct settings *settings, const struct cli *cli,
                    struct err *err)
{
    char path[PATH_BYTES];
    enum rc rc = RC_OK;
    if (cli->config)
        snprintf(path, sizeof path, "%s", cli->config);
    else
        rc = paths_config(path, err);
    if (rc != RC_OK)
        return rc;
    rc = config_load(config, path, cli->config != NULL, err);
    if (rc != RC_OK)
        return rc;
    rc = settings_make(settings, config, cli->profile, err);
    if (rc != RC_OK) {
        config_fini(config);
        return rc;
    }
    if (cli->theme) {
        mem_free(settings->theme);
        settings->theme = mem_dup(cli->theme);
    }
    rc = settings_secrets(settings, config, err);
    if (rc != RC_OK) {
        settings_fini(settings);
        config_fini(config);
    }
    return rc;
}

void start_log(const struct cli *cli)
{
    char path[PATH_BYTES];
    struct err err = {0};
    const char *file = cli->log;
    if (!file && paths_state(path, "callhud.log", true, &err) == RC_OK)
        file = path;
    /* Without a file the ring still serves the Log screen: not a reason to refuse work. */
    if (log_open(file, cli->log_level, &err) != RC_OK) {
        log_open(NULL, cli->log_level, NULL);
        log_warn("app", "no log file: %s", err.text);
    }
}

int start_profile(struct start *start, const struct cli *cli)
{
    struct err err = {0};
    memset(start, 0, sizeof *start);
    start_log(cli);
    if (load(&start->config, &start->settings, cli, &err) != RC_OK)
        return start_fail(&err);
    start->has_settings = true;
    return 0;
}

enum rc start_reload(struct start *fresh, const struct cli *cli, struct err *err)
{
    memset(fresh, 0, sizeof *fresh);
    enum rc rc = load(&fresh->config, &fresh->settings, cli, err);
    fresh->has_settings = rc == RC_OK;
    return rc;
}

void start_forget(struct start *start)
{
    if (start->has_settings) {
        settings_fini(&start->settings);
        config_fini(&start->config);
    }
    start->has_settings = false;
}

void start_replace(struct start *start, struct start *fresh)
{
    start_forget(start);
    *start = *fresh;
}

void start_fini(struct start *start)
{
    start_forget(start);
    log_close();
}
