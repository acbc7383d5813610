/* Time. Two clocks, never mixed: mono_ms for intervals and ages, wall (UTC epoch ms) for stamps. */
#ifndef CALLHUD_BASE_CLOCK_H
#define CALLHUD_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define CLOCK_ISO_BYTES 32

int64_t clock_mono_ms(void); /* CLOCK_MONOTONIC */
int64_t clock_boot_ms(void); /* CLOCK_BOOTTIME: goes on while the machine sleeps */
int64_t clock_wall_ms(void); /* CLOCK_REALTIME */
/* When ms from now are over, on CLOCK_MONOTONIC. */
struct timespec clock_mono_in(int ms);

/* 2026-11-21T23:36:44.772Z */
void clock_format_iso(int64_t epoch_ms, char out[CLOCK_ISO_BYTES]);
/* Local time by a strftime format. */
void clock_format_local(int64_t epoch_ms, const char *format, char *out, size_t size);
/* ISO 8601 with date, time, optional fraction, and Z, +hh:mm, +hhmm or +hh. False on anything else,
 * also on impossible dates. Asterisk sends +0000 (contracts: asterisk, section 3). */
bool clock_parse_iso(const char *text, int64_t *epoch_ms);

#endif
