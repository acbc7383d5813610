/* A terminal that gives single keys in place of lines. Ctrl-C and its like stay signals. */
#ifndef CALLHUD_APP_TTY_KEYS_H
#define CALLHUD_APP_TTY_KEYS_H

#include <stdbool.h>

/* False, and nothing is changed, when fd is no terminal or this program is not in its foreground. A
 * crash restores it too. */
bool tty_keys_on(int fd);
/* As it was. May be called at any time, also from a signal handler. */
void tty_keys_off(void);

#endif
