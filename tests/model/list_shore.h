/* What the keepers of a play stand on: a clock, timers, files that fail when their owner is killed,
 * and a service that stores one list and takes its time. All of it moves only when the play says
 * so. The keepers themselves, and the file between them, are the real ones. */
#ifndef CALLHUD_TESTS_MODEL_LIST_SHORE_H
#define CALLHUD_TESTS_MODEL_LIST_SHORE_H

#include "list_oracle.h"

#include "callhud/app/keeper.h"
#include "callhud/base/vec.h"

#define PROCESSES 2
#define NOBODY (-1)
#define RESERVED (LIST_USERS - 1) /* on the reserved lines */
#define RESERVED_MAX 2

enum ask_stage {
    ASK_NEW,      /* of a write: the list is looked at next */
    ASK_SENT,     /* of a write: on its way, will replace the list whatever it is by then */
    ASK_DONE,     /* of a write: is read back next */
    ASK_ANSWERED, /* what the answer says is known; it is on its way back */
};

struct ask {
    int process; /* NOBODY: who asked is dead, or has given up; a list on its way arrives all the
                    same */
    enum desk_kind kind;
    enum ask_stage stage;
    struct plain wanted, before, told;
    enum rc rc;
    int refused; /* user; NOBODY */
    desk_done *done;
    void *self;
};

struct process {
    struct session session;
    struct keeper *keeper; /* NULL: does not run */
    bool is_online;
    bool is_killed;      /* by its own doing, see die_at; nothing it does has an effect any more */
    int die_at;          /* at so many more writes of the file; 0: not */
    bool dies_too_early; /* before that write is done, not after */
    bool has_ended;      /* a push or pull that was asked for */
    enum rc ended_rc;
};

struct shore {
    int64_t now_ms;
    struct plain stored; /* without the reserved lines */
    /* The numbers that lines have: in Asterisk their places; in RingCentral there are reserved
     * ones, not always at the front, and a gap where another program has removed one. */
    uint32_t reserved[RESERVED_MAX], gap;
    size_t reserved_len;
    const char *wrong; /* a list that no backend can take was sent: why; NULL */
    int refuses;       /* a user whom the service does not take now; NOBODY */
    VEC(struct ask) asks;
    struct process processes[PROCESSES];
    bool is_automatic;
    char folder[64];
};
extern struct shore shore;

void shore_begin(const char *folder);
void shore_end(void);

void shore_start(int process); /* the program starts; not online yet */
void shore_kill(int process);  /* what it has on its way may arrive */
void shore_online(int process, bool is_online);
void shore_news(int process); /* the service says that the list was changed */
/* What is called now is called by this program: its writes may kill it. NOBODY: no more. */
void shore_run_as(int process);
/* Runs what is due. Returns false when there was nothing. */
bool shore_turn(int process);
/* The request goes a step on. is_lost: this step goes wrong. */
void shore_serve(size_t ask, bool is_lost);
bool shore_is_any_sent(void); /* a list is on its way that nothing can stop */

int shore_number(const char *id); /* "u7" */
const char *shore_id(int user, char out[8]);

#endif
