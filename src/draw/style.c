#include "callhud/draw/style.h"

#include <stddef.h>

const char *role_key(enum role role)
{
    static const char *const keys[ROLE_COUNT] = {
#define ROLE_KEY_TEXT(name, key, text) [name] = (key),
        ROLE_LIST(ROLE_KEY_TEXT)
#undef ROLE_KEY_TEXT
    };

    return (unsigned)role < ROLE_COUNT ? keys[role] : "";
}
