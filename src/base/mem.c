#include "callhud/base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void (*exhausted_handler)(void);

void mem_on_exhausted(void (*handler)(void))
{
    exhausted_handler = handler;
}

static _Noreturn void exhausted(void)
{
    void (*handler)(void) = exhausted_handler;

    /* Forgotten first, so that a handler that allocates cannot come back here for ever. */
    exhausted_handler = NULL;
    if (handler != NULL)
        handler();
    abort();
}

void *mem_zero(size_t count, size_t size)
{
    void *p = count == 0 || size == 0 ? calloc(1, 1) : calloc(count, size);

    if (p == NULL)
        exhausted();
    return p;
}

void *mem_grow(void *old, size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX)
        exhausted();
    void *p = realloc(old, bytes == 0 ? 1 : bytes);
    if (p == NULL)
        exhausted();
    return p;
}

char *mem_dup(const char *text)
{
    return text == NULL ? NULL : mem_dup_n(text, strlen(text));
}

char *mem_dup_n(const char *bytes, size_t len)
{
    if (len >= PTRDIFF_MAX)
        exhausted();
    char *copy = mem_grow(NULL, len + 1, 1);
    if (len > 0)
        memcpy(copy, bytes, len);
    copy[len] = '\0';
    return copy;
}

void mem_free(void *p)
{
    free(p);
}

void mem_wipe(void *p, size_t len)
{
    if (p != NULL && len > 0)
        explicit_bzero(p, len);
}

void mem_free_secret(char *text)
{
    if (text == NULL)
        return;
    mem_wipe(text, strlen(text));
    free(text);
}
