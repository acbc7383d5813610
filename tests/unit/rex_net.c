#include "rex_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static enum rc update(void *self, bool (*change)(void *owner, struct buf *text), void *owner,
                      struct err *err)
{
    struct rex_file *file = self;
    struct buf text;
    if (file->is_held)
        return err_set(err, RC_TIMEOUT, "another one has it");
    buf_init(&text, sizeof file->text - 1);
    file->updates++;
    if (!file->is_broken)
        buf_puts(&text, file->text);
    bool is_changed = change(owner, &text);
    if (is_changed && !file->is_broken && !file->is_full) {
        assert_false(text.is_full);
        memcpy(file->text, buf_text(&text), text.len + 1);
        file->writes++;
    }
    buf_fini(&text);
    return file->is_broken || (file->is_full && is_changed)
               ? err_set(err, RC_IO, "the disk is full")
               : RC_OK;
}

static void read_only(void *self, bool (*change)(void *owner, struct buf *text), void *owner)
{
    struct rex_file *file = self;
    struct buf text;
    buf_init(&text, sizeof file->text - 1);
    buf_puts(&text, file->text);
    change(owner, &text);
    buf_fini(&text);
}

struct backend_shared rex_file_shared(struct rex_file *file)
{
    return (struct backend_shared){.update = update, .read = read_only, .self = file};
}

static enum rc update_of(void *self, bool (*change)(void *owner, struct buf *text), void *owner,
                         struct err *err)
{
    const struct rex_process *process = self;
    return update(process->file, change, owner, err);
}

static void read_of(void *self, bool (*change)(void *owner, struct buf *text), void *owner)
{
    const struct rex_process *process = self;
    read_only(process->file, change, owner);
}

static bool claim(void *self)
{
    const struct rex_process *process = self;
    if (process->file->claimed_by == NULL)
        process->file->claimed_by = process;
    return process->file->claimed_by == process;
}

static void unclaim(void *self)
{
    const struct rex_process *process = self;
    assert_ptr_equal(process->file->claimed_by, process);
    process->file->claimed_by = NULL;
}

struct backend_shared rex_process_shared(struct rex_process *process)
{
    return (struct backend_shared){
        .update = update_of, .read = read_of, .claim = claim, .unclaim = unclaim, .self = process};
}

void rex_process_dies(struct rex_process *process)
{
    if (process->file->claimed_by == process)
        process->file->claimed_by = NULL;
}

void rex_config(struct backend_config *config, const struct backend_shared *shared)
{
    memset(config, 0, sizeof *config);
    config->profile = "work";
    config->server = "https://rc.example.com";
    config->client_id = "cid";
    config->client_secret = "sec";
    config->jwt = "the.jwt+/=";
    config->device = "";
    config->monitor = "list";
    config->access.ca_file = "/ca.pem";
    if (shared != NULL)
        config->shared = *shared;
}

void rex_give_token(struct io_http *http, const char *name, int expires_s, int refresh_s)
{
    char body[512], refresh[128] = "";
    if (refresh_s > 0)
        snprintf(refresh, sizeof refresh,
                 ",\"refresh_token\":\"r-%s\",\"refresh_token_expires_in\":%d", name, refresh_s);
    snprintf(body, sizeof body,
             "{\"access_token\":\"%s\",\"token_type\":\"bearer\",\"expires_in\":%d,"
             "\"scope\":\"ReadPresence CallControl\",\"owner_id\":\"400144455008\"%s}",
             name, expires_s, refresh);
    fake_http_answer(http, RC_OK, 200, body, NULL);
}

void rex_refuse(struct io_http *http, int status, const char *code, const char *group,
                int64_t retry_after_ms)
{
    char body[256];
    struct io_header headers[] = {{"x-rate-limit-group", group}};
    snprintf(body, sizeof body,
             "{\"errorCode\":\"Top\",\"message\":\"m\",\"errors\":[{\"errorCode\":\"%s\","
             "\"message\":\"why it is so\"}]}",
             code);
    fake_http_answer_with(http, &(struct io_http_answer){.rc = RC_OK,
                                                         .status = status,
                                                         .body = body,
                                                         .headers = headers,
                                                         .headers_len = group != NULL ? 1 : 0,
                                                         .retry_after_ms = retry_after_ms});
}

void rex_answer_in(struct io_http *http, int status, const char *body, const char *group,
                   const char *limit, const char *remaining, const char *window)
{
    struct io_header headers[] = {{"X-Rate-Limit-Group", group},
                                  {"X-RATE-LIMIT-LIMIT", limit},
                                  {"x-rate-limit-remaining", remaining},
                                  {"X-Rate-Limit-Window", window},
                                  {"Date", "Fri, 02 Jul 2026 13:04:51 GMT"}};
    fake_http_answer_with(
        http,
        &(struct io_http_answer){
            .rc = RC_OK, .status = status, .body = body, .headers = headers, .headers_len = 5});
}
