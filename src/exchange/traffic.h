/* The two halves of traffic: traffic_arrive.c makes calls, traffic.c plays the people in them. */
#ifndef CALLHUD_EXCHANGE_TRAFFIC_H
#define CALLHUD_EXCHANGE_TRAFFIC_H

#include "telephony.h"

#define CALL_MEAN_S 185.0 /* how long one call keeps an agent, all in all */
#define OCCUPANCY 0.55    /* of the agents; talk is shortened where the rate would ask for more */

struct traffic {
    double scale;     /* of talk, hold and park times: below 1 where the rate asks for more calls
                         than the agents could carry */
    uint64_t arrived; /* calls made */
    uint64_t turned_away; /* nobody was free */
};

/* A talk before it is scaled: lognormal, 20 s to 20 min. */
int64_t traffic_talk_ms(struct ex *x);
/* An agent with nothing to do, of the same department where there is one; NULL. Looks at a few. */
struct ex_user *traffic_colleague(struct ex *x, const struct ex_user *user);
/* Answers, holds or leaves ringing a call that has just been made, and makes it look older. */
void traffic_begin_under_way(struct ex *x, struct ex_session *session);

#endif
