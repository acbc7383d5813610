/* Private to plain.c (life, lines) and plain_act.c (typed actions and what becomes of them). */
#ifndef CALLHUD_APP_PLAIN_PRIV_H
#define CALLHUD_APP_PLAIN_PRIV_H

#include "callhud/app/cli.h"
#include "callhud/app/out.h"
#include "callhud/app/session.h"
#include "callhud/model/filter.h"
#include "callhud/ui/numbers.h"

#define PLAIN_SIGNALS 8
#define PLAIN_EARLY_MS 250 /* an answer before that was not meant for the question */

/* A question that waits for y: about the very call that was there when it was asked. */
struct plain_question {
    bool is_asked;
    bool is_quit; /* leave although a supervision goes on; the rest is unused then */
    enum action_kind kind;
    char *user_id, *call_id; /* owned */
    char *number;            /* owned: of the other party that was shown; "" */
    int64_t asked_ms;
};

struct plain {
    const struct cli *cli;
    struct session session;
    struct out *out;
    struct buf line;
    struct buf typed;
    struct filter filter;
    struct plain_question question;
    struct loop_signal *watched[PLAIN_SIGNALS];
    struct loop_watch *input;
    enum link_state told_state;
    bool is_told_synced;
    bool is_end_told; /* session.is_peer_ended was */
    bool is_ascii, is_prompting;
    bool is_prompt_shown; /* and nothing was written since */
    bool is_leaving;
    int exit_code; /* -1: goes on */
};

void plain_end(struct plain *p, int exit_code);
void plain_send(struct plain *p); /* line, and empties it */
void plain_say(struct plain *p, const char *text);
void plain_put_party(struct plain *p, const struct call *call); /* ", from Acme 212 555 0142" */
const struct user *plain_user(struct plain *p, const char *extension); /* NULL, having said so */

/* "barge 104", "dnd 104 on", "stop". False when word is no action. */
bool plain_act(struct plain *p, const char *word, char *arguments);
/* Takes the line when a question waits: true. False: it is a command, and no question is left. */
bool plain_answer(struct plain *p, const char *line);
void plain_ask_quit(struct plain *p);
/* After changes: a question whose call is gone, or has another party now, is taken back. */
void plain_check_question(struct plain *p);
void plain_forget_question(struct plain *p);
void plain_acted(void *self, const struct event *event);
void plain_told(void *self, bool is_warning, const char *text);

#endif
