/* The link where questions of a desk are all that is asked: the token is what there is to wait for,
 * and the service's limits. */
#include "callhud/base/str.h"

#include "backend_priv.h"

#define LOOK_MS 500        /* between two looks whether requests wait */
#define WAIT_TOLD_MS 2000  /* shorter ones are nobody's trouble */
#define WAIT_OTHER_MS 2000 /* an end that moves by less is the same wait */

int64_t rex_wait_ms(const struct backend *b)
{
    int64_t most_ms = 0;
    for (size_t i = 0; i < REX_GROUPS; i++) {
        int64_t one_ms = rex_rest_wait_ms(b->rest, (enum rex_group)i);
        most_ms = one_ms > most_ms ? one_ms : most_ms;
    }
    return most_ms;
}

static void on_look(void *self)
{
    struct backend *b = self;
    int64_t left_ms = rex_wait_ms(b), until_ms = rex_now(b) + left_ms;
    b->waits = NULL;
    if (b->link_state != LINK_LIVE)
        return;
    if (left_ms >= WAIT_TOLD_MS && until_ms > b->waits_until_ms + WAIT_OTHER_MS) {
        b->waits_until_ms = until_ms;
        rex_tell_link(b, LINK_LIVE, rex_rest_waits(b->rest), until_ms);
    } else if (left_ms == 0 && b->waits_until_ms > 0 && b->waits_until_ms <= rex_now(b)) {
        b->waits_until_ms = 0;
        rex_tell_link(b, LINK_LIVE, "", 0);
    }
    rex_start(b, &b->waits, LOOK_MS, on_look);
}

void rex_desk_only_up(struct backend *b)
{
    str_copy(b->floor.own_id, sizeof b->floor.own_id, rex_signin_owner(b->signin));
    b->waits_until_ms = 0;
    b->unreached[0] = '\0';
    rex_tell_link(b, LINK_LIVE, "", 0);
    rex_tell(b, EVENT_SNAPSHOT_ASKED);
    rex_tell(b, EVENT_SNAPSHOT_DONE);
    rex_start(b, &b->waits, LOOK_MS, on_look);
}

void rex_desk_only_failed(struct backend *b, enum rc rc, const char *text)
{
    int64_t left_ms = rex_signin_wait_ms(b->signin);
    bool was_unreached = b->unreached[0] != '\0';
    bool is_unreached = rc == RC_UNREACHABLE || rc == RC_TIMEOUT;
    if (left_ms > 0 && was_unreached) /* the limit was used up by what never arrived */
        rex_tell_link(b, LINK_REFUSED, b->unreached, 0);
    else if (left_ms > 0)
        rex_tell_link(b, LINK_CONNECTING, text, rex_now(b) + left_ms);
    else if (rc == RC_AUTH || rc == RC_REDIRECT || rc == RC_TLS || (is_unreached && was_unreached))
        rex_tell_link(b, LINK_REFUSED, text, 0);
    else
        rex_tell_link(b, LINK_LOST, text, 0);
    if (is_unreached)
        str_copy(b->unreached, sizeof b->unreached, text);
}
