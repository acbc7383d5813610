#include "callhud/net/curl_library.h"

#include <dlfcn.h>
#include <string.h>

/* The name that the package of libcurl promises for as long as the functions keep their meaning. */
#define CURL_FILE "libcurl.so.4"

static enum rc find(void *library, const char *name, void *member, struct err *err)
{
    void *symbol = dlsym(library, name);
    if (symbol == NULL)
        return err_set(err, RC_FAILED, "%s has no %s: install a newer libcurl4", CURL_FILE, name);
    memcpy(member, &symbol, sizeof symbol); /* ISO C has no cast from object to function pointer */
    return RC_OK;
}

enum rc curl_library_open(struct curl_library *out, struct err *err)
{
    void *library = dlopen(CURL_FILE, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        const char *why = dlerror();
        return err_set(err, RC_FAILED, "HTTP needs libcurl: %s: install the package libcurl4",
                       why != NULL ? why : CURL_FILE);
    }
    enum rc rc = RC_OK;
#define CURL_FIND(name)                                                                            \
    if (rc == RC_OK)                                                                               \
        rc = find(library, #name, &out->name, err);
    CURL_FUNCTIONS(CURL_FIND)
#undef CURL_FIND
    if (rc == RC_OK && out->curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        rc = err_set(err, RC_FAILED, "HTTP needs libcurl, which does not start: install libcurl4 anew");
    return rc;
}
