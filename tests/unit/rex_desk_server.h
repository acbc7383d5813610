/* What stores a desk, written from sections 3 to 6 of contracts/ringcentral.md alone: a directory,
 * presence/line with its rules, presence/permission, presence, devices, features. It answers
 * through a fake_io, one request after the other, and can be told to fail. */
#ifndef TESTS_UNIT_REX_DESK_SERVER_H
#define TESTS_UNIT_REX_DESK_SERVER_H

#include "fake_io.h"

#include "callhud/base/buf.h"

#define SERVER_MOST 64
#define OWN_ID "400144455008"

struct server_line {
    int id;
    char extension_id[24];
    bool is_reserved;
};
struct server_person {
    const char *id, *extension, *name, *type, *status, *department;
};

enum fault_kind {
    FAULT_NONE,
    FAULT_STATUS,      /* answered with status and body, nothing is done */
    FAULT_LOST,        /* nothing is done, and no answer comes */
    FAULT_UNHEARD,     /* it is done, and no answer comes */
    FAULT_GARBAGE,     /* 200, and a page of HTML */
    FAULT_UNREACHABLE, /* at once */
};
struct fault {
    enum fault_kind kind;
    int status;
    const char *body;
    const char *method, *path; /* of which requests: NULL all; path: a part of it */
    size_t from, count;        /* the first of those that fails, from 0; how many */
    size_t seen;
};

struct server {
    struct fake_io *fake;
    struct server_line lines[SERVER_MOST];
    size_t lines_len;
    struct server_person people[SERVER_MOST];
    size_t people_len;
    char answerable[SERVER_MOST][24];
    size_t answerable_len;
    bool rings, picks, shares;
    char visibility[24];
    const char *devices; /* records, as JSON */
    const char *other_presence;
    size_t page_lines; /* of presence/line; 0: as many as are asked for */
    size_t limit;
    struct fault fault;
    /* Before each request is looked at: somebody else may change something. */
    void (*before)(struct server *server, const char *method, const char *path);
    void *test;
    bool names_refused;    /* CMN-102 says which extension it does not know */
    bool ignores_settings; /* a presence is taken, and not stored */
    bool counts_nothing;   /* pages say whether there is a next one, no more */
    bool drops_last_put;   /* a list is taken, and stored without its last line */
    size_t stale_reads;    /* so often what was there before a PUT is told after it */
    struct server_line stale[SERVER_MOST];
    size_t stale_len;

    size_t requests, puts, gets; /* puts: that changed something */
    size_t line_puts;            /* asked for, of presence/line */
    struct buf last_put;         /* body of the last PUT */
    char last_put_path[256];
    struct buf paths; /* "GET /restapi/...\n" of all */
};

void server_init(struct server *server, struct fake_io *fake);
void server_fini(struct server *server);
/* Answers what is asked, moving the clock, until nothing is asked any more and *is_over, or
 * limit_ms have passed; NULL: until limit_ms have passed. */
void server_run(struct server *server, const bool *is_over, int64_t limit_ms);
void server_line(struct server *server, int id, const char *extension_id, bool is_reserved);
void server_clear_lines(struct server *server);
void server_drop_person(struct server *server, const char *id);
/* "1r=400144455008 3=400144456008" */
void server_say_lines(const struct server *server, struct buf *out);
size_t server_count(const struct server *server, const char *what); /* of "PUT .../presence" */

#endif
