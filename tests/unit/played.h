/* A backend that a test plays, and commands run on it as programs of their own (fork). The test
 * program defines backend_find() and backend_all with played_backend. Everything is in the current
 * folder: backend.log says what the backend was asked. */
#ifndef TESTS_UNIT_PLAYED_H
#define TESTS_UNIT_PLAYED_H

#include "callhud/backend/backend.h"

#include <sys/types.h>

/* How it behaves; set before the program is started. Users: 103 rings (c-3), 104 talks (c-4;
 * 109 listens), 105 has DND on. */
struct played_script {
    bool is_phone_silent;       /* the phone rings and is never lifted nor given up */
    enum rc refuse;             /* act() itself says no */
    enum rc fail;               /* told after the phone has rung */
    enum action_kind fail_kind; /* which action that is */
    int late_ms;          /* what needs no phone is confirmed so late, and is UNSURE till then */
    int end_after_ms;     /* the call ends so long after the first confirmation; 0: never */
    int drop_after_ms;    /* 104's call is gone so long after the beginning; 0: never */
    const char *taken_by; /* who has it then */
    bool is_drop_swap;    /* then it is not gone but has another party */
    bool is_recorded;     /* 104's call */
    bool is_missing;      /* the capability */
    bool is_refused;      /* signing in */
};
extern struct played_script played_script;
extern const struct backend_ops played_backend;

#define PROGRAM_LIMIT_MS 15000

struct program {
    pid_t pid;
    int in, out, err;
    char said[16384], noted[16384]; /* standard output, standard error so far */
};

/* words end with NULL; run() gets them in the child, its answer is the exit code. in: a descriptor
 * for its standard input (a terminal becomes its own), or -1 for a pipe. */
struct program program_start(int in, int (*run)(const char *const *words),
                             const char *const *words);
/* Until text is in what it said or noted; the test fails after PROGRAM_LIMIT_MS. */
void program_wait_for(struct program *p, const char *text);
void program_type(const struct program *p, const char *text);
/* Reads to the end. The exit code; 1000+n for a signal that killed it. */
int program_finish(struct program *p);
void program_ends(struct program *p,
                  int wanted); /* finishes; the test fails on another exit code */

void program_contains(const char *text, const char *part);
const char *program_read_text(const char *name); /* of a file; "" when there is none; static */
size_t program_count_lines(const char *text);

#endif
