/* curses.h without its function macros. Private to term. */
#ifndef CALLHUD_TERM_CURSES_QUIET_H
#define CALLHUD_TERM_CURSES_QUIET_H

#define NCURSES_NOMACROS
#include <curses.h>

#endif
