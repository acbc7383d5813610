/* What to subscribe to (sections 3.6, 4.2). */
#include "filters.h"

#include "callhud/base/buf.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <string.h>

#define ACCOUNT "/restapi/v1.0/account/~"
#define DETAILED "?detailedTelephonyState=true&sipData=true"

static void add(rex_ids *out, const char *filter)
{
    VEC_PUSH(out, mem_dup(filter));
}

static void add_each(rex_ids *out, const struct rex_floor *floor, const char *after)
{
    struct buf filter;
    size_t count = 0;
    buf_init(&filter, 1024);
    for (size_t i = 0; i < floor->users.len && count < REX_FILTERS_MOST; i++) {
        const struct rex_user *user = floor->users.items[i];
        if (!user->is_monitored)
            continue;
        buf_reset(&filter);
        buf_printf(&filter, ACCOUNT "/extension/%s%s", user->id, after);
        add(out, buf_text(&filter));
        count++;
    }
    buf_fini(&filter);
}

void rex_filters_make(rex_ids *out, const struct rex_floor *floor, enum rex_monitoring monitoring,
                      unsigned refused, bool may_control)
{
    bool is_each = monitoring == REX_MONITOR_OWN || (refused & REX_REFUSED_FLOOR);
    add(out, ACCOUNT "/extension/~/presence" DETAILED);
    if (monitoring != REX_MONITOR_OWN)
        add(out, ACCOUNT "/extension/~/presence/line");
    if (is_each)
        add_each(out, floor, "/presence" DETAILED);
    else if (monitoring == REX_MONITOR_LIST)
        add(out, ACCOUNT "/extension/~/presence/line/presence" DETAILED);
    else
        add(out, ACCOUNT "/presence" DETAILED);
    if (may_control && !(refused & REX_REFUSED_SESSIONS))
        add(out, ACCOUNT "/telephony/sessions");
    else if (may_control)
        add_each(out, floor, "/telephony/sessions");
    if (!(refused & REX_REFUSED_PEOPLE))
        add(out, ACCOUNT "/directory/entries");
    if (!(refused & REX_REFUSED_GRANTS))
        add(out, ACCOUNT "/extension/~/grant");
}

/* Filters come back with numbers for the "~" (2.4): only the end is the same, and whether an
 * extension is named. */
unsigned rex_filter_refused(const char *filter)
{
    char path[256];
    str_copy(path, sizeof path, filter);
    path[strcspn(path, "?")] = '\0';
    bool has_extension = strstr(path, "/extension/") != NULL;
    if (str_ends(path, "/presence/line/presence") ||
        (!has_extension && str_ends(path, "/presence")))
        return REX_REFUSED_FLOOR;
    if (!has_extension && str_ends(path, "/telephony/sessions"))
        return REX_REFUSED_SESSIONS;
    if (str_ends(path, "/directory/entries"))
        return REX_REFUSED_PEOPLE;
    return str_ends(path, "/grant") ? REX_REFUSED_GRANTS : 0;
}

bool rex_filters_are_same(const rex_ids *a, const rex_ids *b)
{
    bool is_same = a->len == b->len;
    for (size_t i = 0; is_same && i < a->len; i++)
        is_same = str_eq(a->items[i], b->items[i]);
    return is_same;
}
