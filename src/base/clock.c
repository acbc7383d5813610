#include "callhud/base/clock.h"

#include <stdio.h>
#include <string.h>

#define MS_PER_DAY INT64_C(86400000)

static int64_t read_ms(clockid_t id)
{
    struct timespec now = {0};

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_mono_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

int64_t clock_boot_ms(void)
{
    return read_ms(CLOCK_BOOTTIME);
}

int64_t clock_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

struct timespec clock_mono_in(int ms)
{
    struct timespec at = {0};

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += (long)(ms % 1000) * 1000000L;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000L;
    }
    return at;
}

/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar. The year is counted from
 * March, so that the leap day is its last: then a month starts (153 * m + 2) / 5 days into it. */
static int64_t days_of_date(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static void date_of_days(int64_t days, int64_t *year, int *month, int *day)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;

    *day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
    *month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    *year = year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

void clock_format_iso(int64_t epoch_ms, char out[CLOCK_ISO_BYTES])
{
    int64_t days = epoch_ms / MS_PER_DAY;
    int64_t rest = epoch_ms % MS_PER_DAY;
    int64_t year;
    int month, day;

    if (rest < 0) {
        rest += MS_PER_DAY;
        days--;
    }
    date_of_days(days, &year, &month, &day);
    int ms = (int)rest;
    snprintf(out, CLOCK_ISO_BYTES, "%04lld-%02u-%02uT%02u:%02u:%02u.%03uZ", (long long)year,
             (unsigned)month % 100, (unsigned)day % 100, (unsigned)ms / 3600000 % 100,
             (unsigned)ms / 60000 % 60, (unsigned)ms / 1000 % 60, (unsigned)ms % 1000);
}

void clock_format_local(int64_t epoch_ms, const char *format, char *out, size_t size)
{
    int64_t seconds = epoch_ms / 1000 - (epoch_ms % 1000 < 0 ? 1 : 0);
    time_t when = (time_t)seconds;
    struct tm local;

    if (size == 0)
        return;
    out[0] = '\0';
    if (localtime_r(&when, &local) == NULL)
        return;
        /* The format comes from a setting or a caller's table. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (strftime(out, size, format, &local) == 0)
        out[0] = '\0';
#pragma GCC diagnostic pop
}

/* Takes exactly count digits. */
static bool take_digits(const char **at, int count, int *out)
{
    int value = 0;

    for (int i = 0; i < count; i++) {
        char c = (*at)[i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    *at += count;
    *out = value;
    return true;
}

static bool take_char(const char **at, char c)
{
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

static bool is_date(int year, int month, int day)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month >= 1 && month <= 12 && day >= 1 &&
           day <= month_days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

/* Optional fraction of a second; digits after the third are cut off. */
static bool take_fraction(const char **at, int *ms)
{
    *ms = 0;
    if (**at != '.' && **at != ',')
        return true;
    (*at)++;
    int count = 0;
    for (int scale = 100; **at >= '0' && **at <= '9'; (*at)++, count++, scale /= 10)
        *ms += scale * (**at - '0');
    return count > 0;
}

/* Z, +hh:mm, +hhmm, +hh, or the same with a minus. */
static bool take_zone(const char **at, int *east_minutes)
{
    int hours, minutes = 0;

    *east_minutes = 0;
    if (take_char(at, 'Z'))
        return true;
    bool is_west = **at == '-';
    if (!take_char(at, '+') && !take_char(at, '-'))
        return false;
    if (!take_digits(at, 2, &hours))
        return false;
    bool has_colon = take_char(at, ':');
    if ((has_colon || **at != '\0') && !take_digits(at, 2, &minutes))
        return false;
    *east_minutes = (hours * 60 + minutes) * (is_west ? -1 : 1);
    return hours <= 23 && minutes <= 59;
}

bool clock_parse_iso(const char *text, int64_t *epoch_ms)
{
    const char *at = text;
    int year, month, day, hour, minute, second, ms, east_minutes;

    if (text == NULL)
        return false;
    if (!take_digits(&at, 4, &year) || !take_char(&at, '-') || !take_digits(&at, 2, &month) ||
        !take_char(&at, '-') || !take_digits(&at, 2, &day) || !take_char(&at, 'T') ||
        !take_digits(&at, 2, &hour) || !take_char(&at, ':') || !take_digits(&at, 2, &minute) ||
        !take_char(&at, ':') || !take_digits(&at, 2, &second) || !take_fraction(&at, &ms) ||
        !take_zone(&at, &east_minutes) || *at != '\0')
        return false;
    if (!is_date(year, month, day) || hour > 23 || minute > 59 || second > 59)
        return false;
    int64_t minutes = (int64_t)hour * 60 + minute - east_minutes;
    *epoch_ms =
        days_of_date(year, month, day) * MS_PER_DAY + minutes * 60000 + (int64_t)second * 1000 + ms;
    return true;
}
