#ifndef CALLHUD_TESTS_SWEEP_H
#define CALLHUD_TESTS_SWEEP_H

void sweep_utf8(void **state);
void sweep_ascii(void **state);
void sweep_empty(void **state);
void sweep_selection(void **state);

#endif
