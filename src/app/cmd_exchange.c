/* callhud exchange: the built-in exchange as a command of its own. Needs no profile. */
#include "callhud/app/demo.h"
#include "callhud/app/start.h"
#include "callhud/base/clock.h"
#include "callhud/base/log.h"
#include "callhud/base/str.h"
#include "callhud/exchange/server.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define USERS_USUAL 48
#define USERS_MAX 100000
#define RATE_MAX 1000
#define SPEED_MAX 1000

/* A decimal number within [least, most], as "0.5". */
static enum rc read_number(const char *option, const char *text, double least, double most,
                           double *out, struct err *err)
{
    char *end = NULL;
    bool is_number = text[0] && strspn(text, "0123456789.") == strlen(text);
    double number = is_number ? strtod(text, &end) : 0;
    if (!is_number || *end || number < least || number > most)
        return err_set(err, RC_USAGE, "%s %.40s: give a number from %g to %g", option, text, least,
                       most);
    *out = number;
    return RC_OK;
}

static enum rc read_whole(const char *option, const char *text, int64_t least, int64_t most,
                          int64_t *out, struct err *err)
{
    if (!str_to_int(text, least, most, out))
        return err_set(err, RC_USAGE, "%s %.40s: give a whole number from %" PRId64 " to %" PRId64,
                       option, text, least, most);
    return RC_OK;
}

/* "HOST:PORT", "[::1]:PORT" or "PORT". */
static enum rc read_address(const char *text, char *host, size_t size, int *port, struct err *err)
{
    const char *colon = strrchr(text, ':'), *digits = colon ? colon + 1 : text;
    int64_t number;
    if (!str_to_int(digits, 0, 65535, &number))
        return err_set(err, RC_USAGE, "--listen %.60s: write ADDRESS:PORT, port 0 for a free one",
                       text);
    *port = (int)number;
    if (!colon)
        return RC_OK;
    size_t len = (size_t)(colon - text);
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (len == 0 || len >= size)
        return err_set(err, RC_USAGE, "--listen needs an address before the colon");
    str_copy(host, len + 1, text);
    if (str_eq(host, "localhost"))
        str_copy(host, size, "127.0.0.1");
    return RC_OK;
}

enum rc demo_world(const struct cli *cli, struct ex_options *world, struct err *err)
{
    int64_t users = USERS_USUAL, seed = 1;
    enum rc rc = RC_OK;
    *world = (struct ex_options){
        .rate = -1, .speed = 1, .state_file = cli->state, .is_demo = cli->is_demo};
    if (cli->users)
        rc = read_whole("--users", cli->users, 1, USERS_MAX, &users, err);
    if (rc == RC_OK && cli->seed)
        rc = read_whole("--seed", cli->seed, 0, INT64_MAX, &seed, err);
    if (rc == RC_OK && cli->rate)
        rc = read_number("--rate", cli->rate, 0, RATE_MAX, &world->rate, err);
    if (rc == RC_OK && cli->speed)
        rc = read_number("--speed", cli->speed, 0.01, SPEED_MAX, &world->speed, err);
    world->users = (size_t)users;
    world->seed = (uint64_t)seed;
    if (world->rate <
        0) /* a third of the people are on the telephone: a call lasts for 3 minutes */
        world->rate = (double)users / 3 / 180;
    world->start_wall_ms = clock_wall_ms();
    return rc;
}

int cmd_exchange(const struct cli *cli)
{
    char host[64] = "127.0.0.1";
    struct err err = {0};
    struct exchange_config config = {
        .host = host, .port_file = cli->port_file, .switches = cli->switches ? cli->switches : ""};
    enum rc rc = demo_world(cli, &config.world, &err);
    if (rc == RC_OK && cli->listen)
        rc = read_address(cli->listen, host, sizeof host, &config.port, &err);
    if (rc != RC_OK)
        return start_fail(&err);
    start_log(cli);
    int exit_code = exchange_run(&config);
    log_close();
    return exit_code;
}
