/* Private to cmd_doctor.c and doctor_*.c. */
#ifndef CALLHUD_APP_DOCTOR_H
#define CALLHUD_APP_DOCTOR_H

#include "callhud/app/cli.h"
#include "callhud/app/config.h"

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

/* One result. With --format table it is printed at once. Secrets are blotted out. */
void doctor_say(struct doctor *d, const char *check, enum doctor_result result, const char *format,
                ...) __attribute__((format(printf, 4, 5)));

void doctor_config(struct doctor *d);   /* file, profile, secrets, folders */
void doctor_terminal(struct doctor *d); /* locale, TERM, colours, size, keys, theme, libraries */
void doctor_records(struct doctor *d);  /* the audit file, what killed runs left */
void doctor_server(struct doctor *d);   /* everything over the network */
void doctor_actions(struct doctor *d);  /* what can be done with calls; removes what was left */
/* What to put on the server and into the configuration; RC_USAGE names what exists. */
enum rc doctor_example(const char *kind, struct buf *out, struct err *err);

#endif
