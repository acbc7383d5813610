/* The log: a file under the state directory and a ring in memory for the Log screen; never the tty.
 */
#ifndef CALLHUD_BASE_LOG_H
#define CALLHUD_BASE_LOG_H

#include "callhud/base/err.h"

#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

#define LOG_RING_LINES 2000
#define LOG_FILE_MAX_BYTES (5 * 1024 * 1024) /* then FILE becomes FILE.old */

struct log_line {
    int64_t wall_ms;
    enum log_level level;
    uint64_t number;  /* counts all lines of the run from 1 */
    const char *text; /* one line, cleaned and redacted; valid until the ring laps it */
};

/* path NULL: ring only. The file is made 0600 and appended to; a link or anything but a regular
 * file is refused. Lines reach the ring also when this failed, and before it was called. A full
 * disk costs the lines in the file only. One line is at most 1,000 bytes. */
enum rc log_open(const char *path, enum log_level least, struct err *err);
void log_close(void);
/* tag: the floor or module ("net", "ari"); the text becomes one clean line, secrets blotted out. */
void log_write(enum log_level level, const char *tag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
#define log_debug(tag, ...) log_write(LOG_DEBUG, tag, __VA_ARGS__)
#define log_info(tag, ...) log_write(LOG_INFO, tag, __VA_ARGS__)
#define log_warn(tag, ...) log_write(LOG_WARN, tag, __VA_ARGS__)
#define log_error(tag, ...) log_write(LOG_ERROR, tag, __VA_ARGS__)

/* Every later line has this text replaced by "***". Copied and kept locked to the process; texts
 * shorter than 4 bytes are ignored. The first 32 stay; of later ones (tokens, renewed again and
 * again) the newest 224. log_close() wipes them and empties the ring. */
void log_secret(const char *text);
/* Blots the registered secrets, and what looks like one (Authorization:, api_key=, password=), in
 * place, for texts that go elsewhere than the log. */
void log_redact(char *text);

size_t log_count(void); /* lines in the ring */
/* index 0 is the oldest line in the ring. False when out of range. */
int log_get(size_t index, struct log_line *out);
const char *log_level_name(enum log_level level);

#endif
