/* All of it into a file, however many writes that takes. */
#ifndef CALLHUD_APP_WRITE_ALL_H
#define CALLHUD_APP_WRITE_ALL_H

#include <stdbool.h>
#include <stddef.h>

/* False: errno says why; ENOSPC also when nothing more is taken. */
bool write_all(int fd, const char *bytes, size_t len);
/* The same; written gets the bytes that are in the file, also when it failed. */
bool write_all_counted(int fd, const char *bytes, size_t len, size_t *written);
/* What to do about an error of writing, as it stands behind the error; "" when nothing is known. */
const char *write_advice(int error);

#endif
