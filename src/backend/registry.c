#include "callhud/backend/asterisk/asterisk.h"
#include "callhud/backend/backend.h"
#include "callhud/backend/ringcentral/ringcentral.h"
#include "callhud/base/str.h"

const struct backend_ops *const backend_all[] = {&asterisk_backend, &ringcentral_backend, NULL};

const struct backend_ops *backend_find(const char *name)
{
    for (size_t i = 0; backend_all[i] != NULL; i++)
        if (str_eq(backend_all[i]->name, name))
            return backend_all[i];
    return NULL;
}
