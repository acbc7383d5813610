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

const char *write_advice(int error)
{
    switch (error) {
    case ENOSPC: return "; make room on the disk";
    case EDQUOT: return "; the quota is used up";
    case EFBIG: return "; raise the limit on file sizes (ulimit -f)";
    case EROFS: return "; XDG_STATE_HOME can name a folder elsewhere";
    default: return "";
    }
}
