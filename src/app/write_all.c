#include "callhud/app/write_all.h"

#include <errno.h>
#include <unistd.h>

bool write_all_counted(int fd, const char *bytes, size_t len, size_t *written)
{
    *written = 0;
    while (*written < len) {
        ssize_t n = write(fd, bytes + *written, len - *written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            errno = n == 0 ? ENOSPC : errno;
            return false;
        }
        *written += (size_t)n;
    }
    return true;
}

bool write_all(int fd, const char *bytes, size_t len)
{
    size_t written;
    return write_all_counted(fd, bytes, len, &written);
}
