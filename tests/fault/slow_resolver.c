/* A resolver that hangs, for names ending in ".slow.test": getaddrinfo() sleeps
 * CALLHUD_TEST_RESOLVER_MS, then finds 127.0.0.1. Names ending in ".fast.test" are 127.0.0.1 at
 * once, ".two.test" has 127.0.0.2 and then 127.0.0.1, ".none.test" does not exist. All others are
 * asked for as usual. Preloaded into a program, or linked into a test. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int (*getaddrinfo_function)(const char *, const char *, const struct addrinfo *,
                                    struct addrinfo **);

static bool ends_in(const char *name, const char *end)
{
    size_t name_len = strlen(name), end_len = strlen(end);

    return name_len >= end_len && strcmp(name + name_len - end_len, end) == 0;
}

static void sleep_ms(long ms)
{
    struct timespec rest = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    while (nanosleep(&rest, &rest) != 0)
        ;
}

static int real(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    getaddrinfo_function next;
    void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");

    memcpy(&next, &symbol, sizeof next);
    return next(node, service, hints, out);
}

int getaddrinfo(const char *restrict node, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict out)
{
    const char *ms = getenv("CALLHUD_TEST_RESOLVER_MS");
    struct addrinfo numeric = {
        .ai_family = AF_INET, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};

    if (node == NULL || !ends_in(node, ".test"))
        return real(node, service, hints, out);
    if (ends_in(node, ".none.test"))
        return EAI_NONAME;
    if (ends_in(node, ".slow.test"))
        sleep_ms(ms != NULL ? strtol(ms, NULL, 10) : 0);
    if (!ends_in(node, ".two.test"))
        return real("127.0.0.1", service, &numeric, out);
    int status = real("127.0.0.2", service, &numeric, out);

    return status != 0 ? status : real("127.0.0.1", service, &numeric, &(*out)->ai_next);
}
