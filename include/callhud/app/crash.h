/* What is put right before a crash ends the program. */
#ifndef CALLHUD_APP_CRASH_H
#define CALLHUD_APP_CRASH_H

/* restore() runs in a handler of SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT: only what is allowed
 * there. The signal then ends the program as it would have. One at a time: the last call counts. */
void crash_restores_by(void (*restore)(void));

#endif
