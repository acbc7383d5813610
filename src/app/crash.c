#include "callhud/app/crash.h"

#include <signal.h>
#include <stddef.h>

static void (*restore_terminal)(void);

static void on_crash(int signum)
{
    restore_terminal();
    signal(signum, SIG_DFL);
    raise(signum);
}

void crash_restores_by(void (*restore)(void))
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND};
    restore_terminal = restore;
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        sigaction(crashes[i], &action, NULL);
}
