/* Plain lines instead of screens: for pipes, TERM=dumb, screen readers, --plain. A line per change,
 * urgent first, and typed commands at a prompt. */
#ifndef CALLHUD_APP_PLAIN_H
#define CALLHUD_APP_PLAIN_H

#include "callhud/app/cli.h"

/* why: what keeps the screens away, said once on standard error; "" when asked for by --plain. */
int plain_run(const struct cli *cli, const char *why);

#endif
