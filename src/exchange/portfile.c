#include "server_priv.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX_BYTES 4096

static bool take(json_t *root, const char *key, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(root, key));
    return text && strlen(text) >= 16 && str_copy(out, size, text);
}

static bool take_jwt(json_t *root, struct auth_credentials *out)
{
    const char *jwt = json_string_value(json_object_get(root, "jwt"));
    const char *dash = jwt && str_starts(jwt, "jwt-") ? strchr(jwt + 4, '-') : NULL;
    return dash && strlen(dash + 1) >= 16 &&
           str_copy(out->jwt_secret, sizeof out->jwt_secret, dash + 1);
}

/* A new reference; NULL: no file of ours alone, or no JSON. */
static json_t *load(const char *path)
{
    char text[FILE_MAX_BYTES];
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return NULL;
    bool is_ours = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
                   (st.st_mode & 077) == 0;
    ssize_t len = is_ours ? read(fd, text, sizeof text) : -1;
    close(fd);
    json_t *root = len > 0 ? json_loadb(text, (size_t)len, 0, NULL) : NULL;
    mem_wipe(text, sizeof text);
    return root;
}

bool portfile_read(const char *path, struct auth_credentials *out)
{
    struct auth_credentials got = {0};
    json_t *root = load(path);
    bool is_whole = take(root, "client_id", got.client_id, sizeof got.client_id) &&
                    take(root, "client_secret", got.client_secret, sizeof got.client_secret) &&
                    take(root, "control_token", got.control_token, sizeof got.control_token) &&
                    take_jwt(root, &got);
    if (is_whole)
        *out = got;
    json_decref(root);
    return is_whole;
}

enum rc exchange_port_read(const char *path, struct exchange_port *out, struct err *err)
{
    json_t *root = load(path);
    const char *device = json_string_value(json_object_get(root, "device"));
    *out = (struct exchange_port){.port = (int)json_integer_value(json_object_get(root, "port"))};
    bool is_whole = out->port > 0 && device && str_copy(out->device, sizeof out->device, device) &&
                    take(root, "client_id", out->client_id, sizeof out->client_id) &&
                    take(root, "client_secret", out->client_secret, sizeof out->client_secret) &&
                    take(root, "jwt", out->jwt, sizeof out->jwt);
    json_decref(root);
    if (!is_whole)
        return err_set(err, RC_IO, "cannot read the port file %.200s", path);
    return RC_OK;
}

static json_t *contents(const struct ex *x, int port, const struct auth_credentials *credentials)
{
    char jwt[AUTH_TEXT_BYTES * 2];
    const struct ex_user *supervisor = ex_supervisor(x);
    const char *device = supervisor->devices.len > 0 ? supervisor->devices.items[0]->id : "";
    auth_jwt(credentials, supervisor->extension, jwt, sizeof jwt);
    return json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s}", "port", port, "client_id",
                     credentials->client_id, "client_secret", credentials->client_secret, "jwt",
                     jwt, "supervisor", supervisor->extension, "device", device, "control_token",
                     credentials->control_token);
}

/* Nothing, an empty file, or what looks like the port file of an earlier run, whoever may read it.
 */
static bool may_be_replaced(const char *path)
{
    char text[FILE_MAX_BYTES];
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR; /* the second is told when it is written */
    bool is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    ssize_t len = is_file ? read(fd, text, sizeof text) : -1;
    close(fd);
    json_t *root = len > 0 ? json_loadb(text, (size_t)len, 0, NULL) : NULL;
    bool is_one = json_object_get(root, "port") && json_object_get(root, "control_token");
    json_decref(root);
    mem_wipe(text, sizeof text);
    return len == 0 || is_one;
}

enum rc portfile_clear(const char *path, struct err *err)
{
    if (!may_be_replaced(path))
        return err_set(err, RC_USAGE,
                       "--port-file %.200s: this is there and is no port file: give another name",
                       path);
    unlink(path);
    return RC_OK;
}

static enum rc fail(struct err *err, const char *path, const char *draft)
{
    int why = errno;
    unlink(draft);
    return err_set(err, RC_IO, "cannot write the port file %.200s: %s", path, strerror(why));
}

enum rc portfile_write(const char *path, const struct ex *x, int port,
                       const struct auth_credentials *credentials, struct err *err)
{
    char draft[4096];
    if ((size_t)snprintf(draft, sizeof draft, "%s.%ld", path, (long)getpid()) >= sizeof draft)
        return err_set(err, RC_IO, "the name of the port file is too long");
    unlink(draft);
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(err, path, draft);
    json_t *root = contents(x, port, credentials);
    bool is_good = json_dumpfd(root, fd, JSON_COMPACT) == 0 && write(fd, "\n", 1) == 1;
    json_decref(root);
    if (close(fd) != 0 || !is_good || rename(draft, path) != 0)
        return fail(err, path, draft);
    return RC_OK;
}
