/* What to subscribe to. Pure. */
#ifndef CALLHUD_BACKEND_RINGCENTRAL_FILTERS_H
#define CALLHUD_BACKEND_RINGCENTRAL_FILTERS_H

#include "callhud/backend/ringcentral/floor.h"
#include "callhud/backend/ringcentral/ringcentral.h"
#include "callhud/backend/ringcentral/sync.h"

enum { /* bits: filters that the service has switched off (2.4); then each extension by itself */
       REX_REFUSED_FLOOR = 1, /* presence of the list or the account */
       REX_REFUSED_SESSIONS = 2,
       REX_REFUSED_PEOPLE = 4, /* no substitute */
       REX_REFUSED_GRANTS = 8, /* the same */
};

/* may_control: CallControl is in the scope; without it sessions are not asked for. */
void rex_filters_make(rex_ids *out, const struct rex_floor *floor, enum rex_monitoring monitoring,
                      unsigned refused, bool may_control);
unsigned rex_filter_refused(const char *filter); /* the bit of a filter; 0: a single one */
bool rex_filters_are_same(const rex_ids *a, const rex_ids *b);

#endif
