#include "callhud/app/child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

int child_start(char *const argv[], int out_fd, int complaints_fd, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attrs;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
    if (complaints_fd >= 0)
        posix_spawn_file_actions_adddup2(&actions, complaints_fd, STDERR_FILENO);
    posix_spawnattr_init(&attrs);
    posix_spawnattr_setpgroup(&attrs, 0);
    posix_spawnattr_setsigmask(&attrs, &none);
    posix_spawnattr_setsigdefault(&attrs, &all);
    posix_spawnattr_setflags(&attrs, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                         POSIX_SPAWN_SETSIGDEF);
    int failed = posix_spawnp(pid, argv[0], &actions, &attrs, argv, environ);
    posix_spawnattr_destroy(&attrs);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

void child_complaint(int complaints_fd, char *out, size_t size)
{
    ssize_t n = complaints_fd >= 0 ? pread(complaints_fd, out, size - 1, 0) : 0;
    out[n > 0 ? n : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
}
