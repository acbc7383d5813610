/* curses.h without its function macros and without its key_name(), which draw/key.h has too.
 * Private to term. */
#ifndef CALLHUD_TERM_CURSES_QUIET_H
#define CALLHUD_TERM_CURSES_QUIET_H

#define NCURSES_NOMACROS
#define key_name curses_key_name
#include <curses.h>
#undef key_name

#endif
