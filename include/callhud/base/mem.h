/* Allocation that does not fail: out of memory calls the handler set by the program (which restores
 * the terminal and ends) and, should that return, aborts. Sizes are checked for overflow. */
#ifndef CALLHUD_BASE_MEM_H
#define CALLHUD_BASE_MEM_H

#include <stddef.h>

void *mem_zero(size_t count, size_t size);             /* calloc */
void *mem_grow(void *old, size_t count, size_t size);  /* realloc; old may be NULL */
char *mem_dup(const char *text);                       /* NULL gives NULL */
char *mem_dup_n(const char *bytes, size_t len);        /* adds the final NUL */
void mem_free(void *p);
void mem_wipe(void *p, size_t len);                    /* zeroes; not optimised away */
void mem_free_secret(char *text);                      /* wipes, then frees; NULL is fine */
void mem_on_exhausted(void (*handler)(void));

#endif
