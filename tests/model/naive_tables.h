/* The tables of the naive implementation, and its deliberate mistakes. */
#ifndef CALLHUD_TESTS_MODEL_NAIVE_TABLES_H
#define CALLHUD_TESTS_MODEL_NAIVE_TABLES_H

#include "naive.h"

/* A deliberate mistake, for mutants.sh: the property test must notice every one of them. */
#ifndef NAIVE_MUTANT
#define NAIVE_MUTANT 0
#endif
#define MUTANT(n) (NAIVE_MUTANT == (n))

/* Order of urgency: ringing 0, held, parked, connected, dialling 4. */
int naive_call_rank(enum call_state state);
bool naive_has_call(const struct view_call *calls, size_t len, enum call_state state);
/* Ringing may always be picked up; held as the table of the two settings says; else nothing. */
bool naive_is_pickup_allowed(const struct monitor_settings *s, bool has_ringing, bool has_held);

#endif
