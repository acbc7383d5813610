/* Keys as people write them: what is read can be written and read again as the same. */
#include "callhud/base/mem.h"
#include "callhud/draw/key.h"

#include <stdlib.h>

#define KEYS_MAX 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_dup_n((const char *)data, size);
    struct key keys[KEYS_MAX], again[KEYS_MAX];
    struct err err = {0};
    char name[64];
    size_t count, one;
    enum rc rc = key_parse(text, keys, KEYS_MAX, &count, &err);

    if (count > KEYS_MAX || (rc == RC_OK) != (err.text[0] == '\0'))
        abort();
    for (size_t i = 0; rc == RC_OK && i < count; i++) {
        key_text(&keys[i], name, sizeof name);
        if (key_parse(name, again, KEYS_MAX, &one, &err) != RC_OK || one != 1 ||
            !key_equal(&again[0], &keys[i]))
            abort();
    }
    mem_free(text);
    return 0;
}
