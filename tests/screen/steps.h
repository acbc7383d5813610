/* Plays NAME.steps and collects what the screens show. */
#ifndef CALLHUD_TESTS_STEPS_H
#define CALLHUD_TESTS_STEPS_H

#include "stage.h"

/* shown: called at each `screen` step with the canvas just drawn. Fails the test on a bad step. */
void steps_play(const char *path, void (*shown)(void *self, struct stage *s), void *self);

#endif
