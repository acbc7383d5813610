/* callhud completion: what a shell needs to complete a command line, out of the tables. */
#include "callhud/app/cli.h"
#include "callhud/app/report.h"
#include "callhud/app/start.h"

int cmd_completion(const struct cli *cli)
{
    struct buf out;
    struct err err = {0};
    buf_init(&out, 1024 * 1024);
    enum rc rc = cli_completion(cli->args[0], &out, &err);
    int exit_code = rc == RC_OK ? report_print(&out) : start_fail(&err);
    buf_fini(&out);
    return exit_code;
}
