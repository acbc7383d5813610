/* A program that is run for what it prints. */
#ifndef CALLHUD_APP_CHILD_H
#define CALLHUD_APP_CHILD_H

#include <stddef.h>
#include <sys/types.h>

/* Starts argv[0] (looked for in PATH), with the signals of a fresh program, nothing to read, and a
 * group of its own, so that it can be ended with all it started: kill(-pid). complaints_fd below 0:
 * standard error stays ours. 0, or an errno. */
int child_start(char *const argv[], int out_fd, int complaints_fd, pid_t *pid);
/* The first line that it wrote to complaints_fd (a memfd); "" when there is none. */
void child_complaint(int complaints_fd, char *out, size_t size);

#endif
