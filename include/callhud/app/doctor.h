/* Private to cmd_doctor.c and doctor_*.c. */
#ifndef CALLHUD_APP_DOCTOR_H
#define CALLHUD_APP_DOCTOR_H

#include "callhud/app/cli.h"
#include "callhud/app/config.h"
#include "callhud/backend/backend.h"

enum doctor_result { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL, DOCTOR_SKIP };

struct doctor_line {
    const char *check; /* static */
    enum doctor_result result;
    char *text;
};

struct doctor {
    const struct cli *cli;
    VEC(struct doctor_line) lines;
    struct config config;
    struct settings settings;
    bool has_config, has_settings, has_secrets;
    bool is_signed_in;  /* every step of doctor_server() could be tried */
    bool must_exit_now; /* a name lookup still runs: end by _exit() */
};

/* The network while doctor_server() runs. */
struct doctor_net {
    struct doctor *d;
    struct loop *loop;
    struct net *net;
    struct resolve *resolve;
    struct io io;
    struct backend_config config;
    const char *blocked; /* the check that failed, which the later ones need; NULL */
    bool is_late;
};
/* Turns the loop until somebody sets *is_done and calls doctor_wake(); false when limit_ms passed.
 */
bool doctor_wait(struct doctor_net *n, const bool *is_done, int limit_ms);
void doctor_wake(struct doctor_net *n);
/* The server's clock less this machine's, in ms, however it was found. */
void doctor_say_clock(struct doctor *d, int64_t ahead_ms);

/* One result. With --format table it is printed at once. Secrets are blotted out. */
void doctor_say(struct doctor *d, const char *check, enum doctor_result result, const char *format,
                ...) __attribute__((format(printf, 4, 5)));

/* Writes a small file into the folder and removes it: 0, or errno. A disk can be full, a quota used
 * up, where the rights say that one may write. */
int doctor_try_folder(const char *folder);

void doctor_config(struct doctor *d);   /* file, profile, secrets, folders */
void doctor_terminal(struct doctor *d); /* locale, TERM, colours, size, keys, theme, libraries */
void doctor_records(struct doctor *d);  /* the audit file, what killed runs left */
void doctor_server(struct doctor *d);   /* everything over the network */
/* Its part for each kind of system, with n->blocked when the address is no good. */
struct doctor_net;
void doctor_asterisk(struct doctor_net *n);
void doctor_ringcentral(struct doctor_net *n);
void doctor_actions(struct doctor *d);  /* what can be done with calls; removes what was left */
/* What to put on the server and into the configuration; RC_USAGE names what exists. */
enum rc doctor_example(const char *kind, struct buf *out, struct err *err);

#endif
