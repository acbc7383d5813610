/* libcurl, opened at the first HTTP request and not at the program's start.
 *
 * Linking it maps about thirty libraries (Kerberos, LDAP, SSH, ...): measured 3.8 MB of memory and
 * about 10 ms before main(). The console needs it only where the server has no REST over its
 * websocket, so a person should not wait for it. */
#ifndef CALLHUD_NET_CURL_LIBRARY_H
#define CALLHUD_NET_CURL_LIBRARY_H

#include "callhud/base/err.h"

#define CURL_DISABLE_TYPECHECK /* its checks name the functions and so would link them */
#include <curl/curl.h>

#define CURL_FUNCTIONS(X)                                                                          \
    X(curl_global_init)                                                                            \
    X(curl_global_cleanup)                                                                         \
    X(curl_easy_init)                                                                              \
    X(curl_easy_cleanup)                                                                           \
    X(curl_easy_setopt)                                                                            \
    X(curl_easy_getinfo)                                                                           \
    X(curl_easy_header)                                                                            \
    X(curl_easy_nextheader)                                                                        \
    X(curl_easy_strerror)                                                                          \
    X(curl_multi_init)                                                                             \
    X(curl_multi_cleanup)                                                                          \
    X(curl_multi_setopt)                                                                           \
    X(curl_multi_assign)                                                                           \
    X(curl_multi_add_handle)                                                                       \
    X(curl_multi_remove_handle)                                                                    \
    X(curl_multi_info_read)                                                                        \
    X(curl_multi_socket_action)                                                                    \
    X(curl_multi_strerror)                                                                         \
    X(curl_slist_append)                                                                           \
    X(curl_slist_free_all)

struct curl_library {
#define CURL_MEMBER(name) __typeof__(name) *name;
    CURL_FUNCTIONS(CURL_MEMBER)
#undef CURL_MEMBER
};

/* Opens it on the caller's storage and initialises it; it stays mapped until the process ends.
 * RC_FAILED with the package to install when it is not there. */
enum rc curl_library_open(struct curl_library *out, struct err *err);

#endif
