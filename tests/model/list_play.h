/* Plays: two callhuds of one person on one file, another editor, and a service that takes its time,
 * in random interleavings; with kills at a random write, times offline, refusals, answers that are
 * lost and lists that arrive late. */
#ifndef CALLHUD_TESTS_MODEL_LIST_PLAY_H
#define CALLHUD_TESTS_MODEL_LIST_PLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* is_told: they are printed step by step. False: an edit was lost, or homes differ without a
 * conflict; it is printed. */
bool list_plays(size_t plays, uint64_t seed, bool is_told);

#endif
