/* The server as its events tell it: channels, bridges, who dialled whom; and the calls that
 * monitored users have, which follow from it. Pure: no I/O, no clock.
 *
 * Facts of one channel come in order, but topics are mixed freely: a device state may overtake a
 * channel, and news of a channel may follow its end (seen: ChannelDialplan after ChannelDestroyed
 * when a ringing call is picked up). So ended channels leave a tombstone. */
#ifndef CALLHUD_BACKEND_ASTERISK_WORLD_H
#define CALLHUD_BACKEND_ASTERISK_WORLD_H

#include "callhud/backend/asterisk/ari_wire.h"
#include "callhud/backend/asterisk/people.h"
#include "callhud/base/hash.h"
#include "callhud/model/event.h"

#define ARI_TOMBS_MAX 4096
#define ARI_SUPERVISORS_MAX 8

enum ari_leg { /* of a user's channel: what call it is */
               ARI_LEG_NONE,
               ARI_LEG_RINGING,
               ARI_LEG_DIALLING,
               ARI_LEG_CONNECTED,
               ARI_LEG_HELD,
};

struct ari_bridge_room {
    struct ari_bridge fact;
    VEC(struct ari_chan *) members;
};

struct ari_chan {
    struct ari_channel fact;
    int64_t fact_ms; /* when the server said so; an older saying does not overwrite it */
    struct ari_user *owner;
    struct ari_bridge_room *room;
    struct ari_chan *dialler;       /* whose Dial made this channel */
    struct ari_user *last_user;     /* whose channel it was bridged with last */
    int64_t parked_ms;              /* since when it waits in a parking lot */
    char dialled[ARI_NUMBER_BYTES]; /* what its phone dialled first */
    bool is_called;                 /* the server called this phone, for a call that came in */
    bool is_originated;   /* ARI or AMI called this phone: its caller id is of their choice */
    bool is_dialling;     /* it is up, and its Dial has not been answered */
    bool is_held;         /* its phone holds */
    bool is_hold_open;    /* it left a bridge while its phone held: no event tells whether it still
                             does */
    int64_t held_ms;      /* then: since when it held */
    bool is_recorded;     /* MixMonitor */
    bool is_ari_recorded; /* a recording of ARI, on the channel itself (also a snoop) or its bridge
                           */
    struct ari_chan *recorder;    /* a snoop of this channel that is recorded */
    bool is_leaving;              /* a hang-up was asked: the leg stays as it is until it is gone */
    char far_id[ARI_ID_BYTES];    /* a user's: the channel last at its other end; "" */
    enum supervise_mode spy_mode; /* switched by its phone's digits; unknown: as its options say */
    enum ari_leg leg;
    int64_t leg_ms;      /* when the leg became so; 0 when not told */
    int64_t answered_ms; /* 0 when not answered or not told */
    unsigned visited;    /* number of the walk that saw it last */
};

/* One call as the model is to know it. */
struct ari_call {
    char id[ARI_ID_BYTES];
    enum call_state state;
    enum call_direction direction;
    char number[ARI_NUMBER_BYTES], name[ARI_TEXT_BYTES];
    int64_t since_ms, connected_ms;
    bool is_recorded, is_summons;
    size_t supervisors_len;
    struct {
        char extension[ARI_NUMBER_BYTES];
        enum supervise_mode mode;
    } supervisors[ARI_SUPERVISORS_MAX];
};
typedef VEC(struct ari_call) ari_calls;

struct ari_taken {
    char *leg_id, *far_id, *extension; /* owned; the user whose leg it was */
    bool is_told;                      /* who has the other party */
};

struct ari_world {
    struct ari_people *people; /* borrowed */
    VEC(struct ari_chan *) chans;
    struct map chan_by_id, room_by_id;
    struct map tombs;       /* ids of ended channels */
    VEC(char *) tomb_order; /* ring, oldest at tomb_at */
    size_t tomb_at;
    VEC(struct ari_taken) taken; /* ring of ended legs, oldest at taken_at */
    size_t taken_at;
    unsigned walk; /* number of the last walk, for ari_chan.visited */
};

void ari_world_init(struct ari_world *world, struct ari_people *people);
void ari_world_fini(struct ari_world *world);

/* Applies one event; users whom it may concern get their dirty bits. False when the event speaks of
 * nothing the world has to do with. */
bool ari_world_apply(struct ari_world *world, const struct ari_event *event);

/* The answers of a snapshot, put into a fresh world. `before` is the world until now: what answers
 * do not tell (since when, who dialled, who parked, what has ended) is carried over from it. at_ms:
 * the server's time of the answer, 0 when it does not say. */
void ari_world_put_begin(struct ari_world *world, const struct ari_world *before); /* inits */
void ari_world_put_channel(struct ari_world *world, const struct ari_channel *fact, int64_t at_ms,
                           const struct ari_world *before);
void ari_world_put_bridge(struct ari_world *world, const struct ari_bridge *fact);
void ari_world_put_hold(struct ari_world *world, const char *channel_id, bool is_held);
/* The answer for one channel whose hold is open; true when it was, and users may be dirty. */
bool ari_world_hold_told(struct ari_world *world, const char *channel_id, bool is_held);
void ari_world_put_recorded(struct ari_world *world, const char *channel_id, bool is_recorded);
/* After the last answer and before events are applied again. */
void ari_world_put_done(struct ari_world *world, const struct ari_world *before);
/* Users that are no longer monitored, before they are freed. */
void ari_world_forget_user(struct ari_world *world, const struct ari_user *user);

const struct ari_chan *ari_world_chan(const struct ari_world *world, const char *id);
/* Is the channel a user's, or the other side of a user's call? Its variables are worth asking. */
bool ari_world_matters(const struct ari_world *world, const struct ari_chan *chan);

/* The calls that the user has now, in no order. */
void ari_world_calls(struct ari_world *world, const struct ari_user *user, ari_calls *out);

/* Who is at the other end of a channel: through its bridge and Local pairs to a channel of a
 * person; NULL when nobody, several, or not known. */
const struct ari_chan *ari_world_far(const struct ari_world *world, const struct ari_chan *chan);
/* A user's leg that has ended or changed hands: who talks with its other party now. The extension
 * ("108"), "" when a phone of nobody we know has it; false when the other party is gone, alone or
 * not known. Remembered for the last ARI_TAKEN_MAX ended legs. */
#define ARI_TAKEN_MAX 512
bool ari_world_taker(const struct ari_world *world, const char *leg_id, char *extension,
                     size_t size);
/* The same for people: "the call has ended", "taken by 108", "taken by another phone". */
void ari_world_say_gone(const struct ari_world *world, const char *leg_id, char *text, size_t size);

/* The snoop that callhud records a leg with: "callhud-rec-LEGID", so that each callhud finds it. */
#define ARI_RECORDER_PREFIX "callhud-rec-"

/* Who records the call that a channel is in. */
struct ari_recording {
    bool is_any;
    bool is_monitor;             /* MixMonitor */
    bool is_foreign;             /* ARI, but no callhud */
    const struct ari_chan *ours; /* a callhud's snoop, this one's or another one's; or NULL */
};
void ari_world_recording(const struct ari_world *world, const struct ari_chan *chan,
                         struct ari_recording *out);

/* Shared by world.c and calls.c. */
enum ari_leg ari_chan_leg(const struct ari_chan *chan);
struct ari_chan *ari_chan_other_half(const struct ari_world *world, const struct ari_chan *chan);
struct ari_chan *ari_chan_supervised(const struct ari_world *world, const struct ari_chan *chan);
bool ari_chan_is_snoop(const struct ari_chan *chan);
bool ari_chan_is_spy(const struct ari_chan *chan);
bool ari_chan_is_recorder(const struct ari_chan *chan); /* a callhud's snoop for recording */

#endif
