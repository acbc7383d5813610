#include "ws_library.h"

#include "callhud/base/log.h"
#include "callhud/base/mem.h"
#include "callhud/base/str.h"
#include "callhud/net/tls.h"
#include "callhud/net/ws.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <uv.h>

#define READ_BYTES 65536
#define HEADER_BYTES 16384
/* Timers of net/ws rule; these only have to be longer. */
#define TIMEOUT_S 600
/* The library would make a table of as many as the process may open. */
#define DESCRIPTORS 64

/* One for each kind of trust: libwebsockets keeps the TLS context with the vhost. */
struct trust {
    struct trust *next;
    struct lws_vhost *vhost;
    struct ssl_ctx_st *tls; /* NULL: plain text */
    char *ca_file;
    struct timespec changed; /* of ca_file */
};

struct ws_library {
    struct loop *loop;
    struct lws_protocols protocols[2];
    void (*note)(const struct ssl_st *ssl, int where, int ret);
    void *owner;
    struct lws_context *context; /* NULL until the first websocket */
    struct trust *trusts;
};

const lws_retry_bo_t ws_library_no_pings = {.secs_since_valid_ping = 0};

/* One level lower than the library thinks. */
static void take_log(int level, const char *line)
{
    char text[400];
    size_t len = strcspn(line, "\n");

    str_format(text, sizeof text, "%.*s", (int)(len < sizeof text ? len : sizeof text - 1), line);
    if (level == LLL_ERR)
        log_warn("lws", "%s", text);
    else if (level == LLL_WARN)
        log_info("lws", "%s", text);
    else
        log_debug("lws", "%s", text);
}

bool ws_has_uv_plugin(void)
{
    void *plugin = dlopen("libwebsockets-evlib_uv.so", RTLD_NOW | RTLD_LOCAL);

    if (plugin == NULL)
        return false;
    dlclose(plugin);
    return true;
}

struct ws_library *ws_library_new(struct loop *loop, lws_callback_function *callback,
                                  void (*note)(const struct ssl_st *ssl, int where, int ret),
                                  void *owner)
{
    struct ws_library *library = mem_zero(1, sizeof *library);

    library->loop = loop;
    library->protocols[0].name = WS_LIBRARY_PROTOCOL;
    library->protocols[0].callback = callback;
    library->protocols[0].rx_buffer_size = READ_BYTES;
    library->note = note;
    library->owner = owner;
    return library;
}

static enum rc start(struct ws_library *library, struct err *err)
{
    struct lws_context_creation_info info = {0};
    void *loops[1] = {loop_uv(library->loop)};

    if (library->context != NULL)
        return RC_OK;
    lws_set_log_level(LLL_ERR | LLL_WARN | LLL_NOTICE, take_log);
    info.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                   LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.foreign_loops = loops;
    info.pt_serv_buf_size = READ_BYTES;
    info.max_http_header_data = HEADER_BYTES;
    info.timeout_secs = TIMEOUT_S;
    info.connect_timeout_secs = TIMEOUT_S;
    info.fd_limit_per_thread = DESCRIPTORS;
    info.retry_and_idle_policy = &ws_library_no_pings;
    info.user = library;
    library->context = lws_create_context(&info);
    if (library->context != NULL)
        return RC_OK;
    if (!ws_has_uv_plugin())
        return err_set(err, RC_FAILED,
                       "libwebsockets has no libuv plug-in here: install libwebsockets-evlib-uv");
    return err_set(err, RC_FAILED, "cannot start libwebsockets; see the log");
}

struct lws_context *ws_library_context(struct ws_library *library)
{
    return library->context;
}

void ws_library_wake(struct ws_library *library)
{
    lws_cancel_service(library->context);
}

static void free_trust(struct trust *trust)
{
    tls_context_free(trust->tls);
    mem_free(trust->ca_file);
    mem_free(trust);
}

static enum rc new_trust(struct ws_library *library, bool is_tls, const char *ca_file,
                         struct timespec changed, struct err *err)
{
    struct lws_context_creation_info info = {0};
    struct trust *trust = mem_zero(1, sizeof *trust);

    if (is_tls &&
        tls_context_new(&trust->tls, ca_file, library->note, library->owner, err) != RC_OK) {
        free_trust(trust);
        return err->rc;
    }
    trust->ca_file = is_tls ? mem_dup(ca_file) : NULL;
    trust->changed = changed;
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = library->protocols;
    info.vhost_name = "callhud";
    info.options = is_tls ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0;
    info.provided_client_ssl_ctx = trust->tls;
    info.connect_timeout_secs = TIMEOUT_S;
    info.http_proxy_address = "none:0"; /* port 0: no proxy, whatever http_proxy says */
    trust->vhost = lws_create_vhost(library->context, &info);
    if (trust->vhost == NULL) {
        free_trust(trust);
        return err_set(err, RC_FAILED, "libwebsockets cannot set up a client; see the log");
    }
    trust->next = library->trusts;
    library->trusts = trust;
    return RC_OK;
}

enum rc ws_library_trust(struct ws_library *library, bool is_tls, const char *ca_file,
                         struct lws_vhost **out, struct err *err)
{
    struct stat st = {0};

    if (!is_tls)
        ca_file = NULL;
    if (ca_file != NULL && stat(ca_file, &st) != 0)
        return err_set(err, RC_CONFIG, "cannot read ca_file %s: %s", ca_file, strerror(errno));
    if (start(library, err) != RC_OK)
        return err->rc;
    struct trust *trust = library->trusts;

    while (trust != NULL && ((trust->tls != NULL) != is_tls || !str_eq(trust->ca_file, ca_file) ||
                             trust->changed.tv_sec != st.st_mtim.tv_sec ||
                             trust->changed.tv_nsec != st.st_mtim.tv_nsec))
        trust = trust->next;
    if (trust == NULL) {
        if (new_trust(library, is_tls, ca_file, st.st_mtim, err) != RC_OK)
            return err->rc;
        trust = library->trusts;
    }
    *out = trust->vhost;
    return RC_OK;
}

/* The second step: the library's handles are closed now. Destroyed once only, it leaks 330 kB. */
static void end(void *self)
{
    struct ws_library *library = self;

    if (library->context != NULL)
        lws_context_destroy(library->context);
    while (library->trusts != NULL) {
        struct trust *trust = library->trusts;

        library->trusts = trust->next;
        free_trust(trust);
    }
    mem_free(library);
}

void ws_library_free(struct ws_library *library)
{
    if (library->context != NULL)
        lws_context_destroy(library->context);
    loop_at_end(library->loop, end, library);
}

static void free_orphan(uv_handle_t *handle)
{
    free(handle); /* the library's own allocation */
}

static void close_orphan(uv_handle_t *handle, void *wsi)
{
    if (handle->type == UV_POLL && handle->data == wsi && !uv_is_closing(handle))
        uv_close(handle, free_orphan);
}

void ws_library_close_orphans(struct lws *wsi)
{
    struct ws_library *library = lws_context_user(lws_get_context(wsi));

    uv_walk(loop_uv(library->loop), close_orphan, wsi);
}
