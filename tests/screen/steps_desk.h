/* desk on [limit=100] [auto] [readonly] ["local=WHY"] ["whose=108 Noor"]
 * desk person EXT "NAME" DEPARTMENT [unlistable]
 * desk stored EXT "NAME" [reserved]    a line of the next reading, in order
 * desk read                            the backend's list is what was stored since the last one
 * desk saved                           the save under way has ended well
 * desk phone "NAME" "MODEL" [restarts] [incall] [offline] [blind]        desk idle
 * desk settings ring=on pickup=off share=on details=all "answerable=101 102" missing=ring
 * desk confirm                         the change of settings that was sent holds
 * desk refuse EXT "WHY"                desk ask: the program asks about a save
 * desk asked pushes=1 idle=0 pulls=0 sets=0 cancels=0 shown=1 "ids=101 102"  what must be true now */
#ifndef CALLHUD_TESTS_STEPS_DESK_H
#define CALLHUD_TESTS_STEPS_DESK_H

#include "stage.h"

/* NULL, or what is wrong. */
const char *steps_desk(struct stage *s, char *const *words, size_t count);

#endif
