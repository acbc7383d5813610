/* A picture of the model at one moment, for the frozen screen. */
#ifndef CALLHUD_MODEL_HUD_COPY_H
#define CALLHUD_MODEL_HUD_COPY_H

#include "callhud/model/hud.h"

/* Copies users, calls, link, counts, settings and the backend's clock; shares no memory with from.
 * What is only needed to apply further events (the open snapshot, the list of changed users) is
 * left empty: the copy is for reading. *to must not be initialised; hud_fini() frees it. */
void hud_copy(struct hud *to, const struct hud *from);

/* One call, with texts and supervisors of its own. */
struct call call_copy(const struct call *from);
void call_fini(struct call *call);

#endif
