/* callhud demo: the console on the built-in exchange. */
#include "callhud/app/demo.h"
#include "callhud/app/start.h"

int cmd_demo(const struct cli *cli)
{
    struct demo demo;
    struct err err = {0};
    int exit_code =
        demo_start(&demo, cli, &err) == RC_OK ? cmd_console(&demo.cli) : start_fail(&err);
    demo_end(&demo);
    return exit_code;
}
