/* Plays NAME.steps and collects what the screens show. A step a line, # begins a comment, "quotes"
 * keep blanks, times are -1:40 5s 12m 2h05 3d 400ms; since=unknown: not told.
 *
 *   include FILE             size 80x24      ascii       time 2026-11-22T14:02:00Z
 *   settings ring=no pickup=yes locks=no     option numbers=last4 bell=auto blink=no
 *   theme NAME ringing=! hold=H              a theme's own signs; mono: no colours
 *   user EXT "NAME" DEPARTMENT               gone EXT
 *   presence EXT available|busy|away|offline|hidden since=-3m note=lunch      dnd EXT on since=-5m
 *   device EXT "NAME" online|offline         withheld EXT yes|no
 *   call EXT ring|dial|talk|hold|park in|out NUMBER|- "NAME" since=-1:40 id=x recorded
 *        supervised=108:listen               end EXT [ID]
 *   link live|polling|lost|connecting|refused|idle "TEXT" retry=3s            gap
 *   sync                     ends the snapshot that is open from the start; later: a whole one
 *   ask                      opens one: facts up to the next sync are its answers
 *   cold                     a model that was never told anything
 *   advance 5s               key gg/hold<Enter>          paste TEXT
 *   mouse press|double|up|down ROW COL       message info|good|warn|error "TEXT" ["WHY"]
 *   screen                   draws, and compares with the next screen of NAME.screen
 *   selected EXT             intent KIND [TEXT]          what must be true now */
#ifndef CALLHUD_TESTS_STEPS_H
#define CALLHUD_TESTS_STEPS_H

#include "stage.h"

/* shown: called at each `screen` step with the canvas just drawn. Fails the test on a bad step. */
void steps_play(const char *path, void (*shown)(void *self, struct stage *s), void *self);

#endif
