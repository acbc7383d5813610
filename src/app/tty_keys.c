#include "callhud/app/tty_keys.h"

#include "callhud/app/crash.h"

#include <errno.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

/* What a handler of a crash restores the terminal by. */
static struct {
    volatile sig_atomic_t is_on;
    int fd;
    struct termios saved;
} terminal;

bool tty_keys_on(int fd)
{
    struct termios keys;
    /* In the background, changing a terminal stops the program. */
    if (terminal.is_on || tcgetpgrp(fd) != getpgrp() || tcgetattr(fd, &keys) != 0)
        return false;
    terminal.saved = keys;
    terminal.fd = fd;
    keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    keys.c_cc[VMIN] = 1;
    keys.c_cc[VTIME] = 0;
    crash_restores_by(tty_keys_off);
    terminal.is_on = 1;
    if (tcsetattr(fd, TCSANOW, &keys) != 0)
        terminal.is_on = 0;
    return terminal.is_on;
}

void tty_keys_off(void)
{
    int error = errno;
    if (terminal.is_on) {
        terminal.is_on = 0;
        tcsetattr(terminal.fd, TCSANOW, &terminal.saved);
    }
    errno = error;
}
