/* Plays: two callhuds of one person on one file, another editor, and a service that takes its time,
 * in random interleavings; with kills at a random write, times offline, refusals, answers that are
 * lost and lists that arrive late. */
#ifndef CALLHUD_TESTS_MODEL_LIST_PLAY_H
#define CALLHUD_TESTS_MODEL_LIST_PLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct play_counts {
    size_t plays, edits, remote, kills, refusals, offline, late, conflicts, taken, lost;
};

/* One play. is_told: it is printed. False: an edit was lost, or the homes differ without a
 * conflict; why has 400 bytes. */
bool list_play(uint64_t seed, bool is_told, const char *folder, struct play_counts *counts,
               char *why);

#endif
