/* callhud completion: what a shell needs to complete a command line, out of the tables. */
#include "callhud/app/cli.h"
#include "callhud/app/start.h"

#include <stdio.h>

int cmd_completion(const struct cli *cli)
{
    struct buf out;
    struct err err = {0};
    int exit_code = 0;
    buf_init(&out, 1024 * 1024);
    if (cli_completion(cli->args[0], &out, &err) != RC_OK) {
        exit_code = start_fail(&err);
    } else if (fputs(buf_text(&out), stdout) < 0 || fflush(stdout) != 0) {
        err_set(&err, RC_IO, "cannot write to standard output");
        exit_code = start_fail(&err);
    }
    buf_fini(&out);
    return exit_code;
}
