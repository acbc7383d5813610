/* What the tests of RingCentral's connection share: a file that two "processes" have in common, and
 * answers as the service gives them. */
#ifndef TESTS_UNIT_REX_NET_H
#define TESTS_UNIT_REX_NET_H

#include "callhud/backend/backend.h"

#include "fake_io.h"

struct rex_file {
    char text[65536];
    size_t updates, writes;
    bool is_broken; /* neither read nor written */
    bool is_full;   /* read, not written */
    bool is_held;   /* another process has it */
    const void *claimed_by;
};
/* backend_shared over it, without a claim. */
struct backend_shared rex_file_shared(struct rex_file *file);
/* One of the processes that have it in common, and a claim. */
struct rex_process {
    struct rex_file *file;
};
struct backend_shared rex_process_shared(struct rex_process *process);
/* It is killed: what it had claimed is free. */
void rex_process_dies(struct rex_process *process);

/* A profile of https://rc.example.com with the application "cid" and its secret "sec". */
void rex_config(struct backend_config *config, const struct backend_shared *shared);

/* 200 with a token named so, and a refresh token "r-NAME"; refresh_s 0: none. */
void rex_give_token(struct io_http *http, const char *name, int expires_s, int refresh_s);
/* An error body. group: X-Rate-Limit-Group; NULL: no such headers. */
void rex_refuse(struct io_http *http, int status, const char *code, const char *group,
                int64_t retry_after_ms);
/* The answer with the headers of a group. */
void rex_answer_in(struct io_http *http, int status, const char *body, const char *group,
                   const char *limit, const char *remaining, const char *window);

#endif
