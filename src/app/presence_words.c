#include "callhud/app/presence_words.h"

#include "callhud/base/str.h"

const char *const presence_keys[PRESENCE_KEYS] = {
    "ring_when_monitored_rings",
    "pick_up_held_lines",
    "share_presence",
    "call_details",
    "answerable_by",
    "visible_to",
};

const struct desk_person *presence_person(const struct desk_person *people, size_t len,
                                          const char *user_id)
{
    for (size_t i = 0; i < len; i++)
        if (str_eq(people[i].user_id, user_id))
            return &people[i];
    return NULL;
}

static void put_names(struct buf *out, const char *const *ids, size_t len,
                      const struct desk_person *people, size_t people_len)
{
    for (size_t i = 0; i < len; i++) {
        const struct desk_person *person = presence_person(people, people_len, ids[i]);
        buf_puts(out, i == 0 ? "" : ",");
        buf_puts(out, person && person->extension[0] ? person->extension : ids[i]);
    }
}

void presence_put_value(struct buf *out, const struct desk_settings *settings, size_t key,
                        const struct desk_person *people, size_t people_len)
{
    const bool flags[] = {settings->rings_when_monitored, settings->picks_up_held,
                          settings->shares_presence};
    bool is_answerable = 1U << key == DESK_HAS_ANSWERABLE;
    const char *const *ids = is_answerable ? settings->answerable_by : settings->visible_to;
    size_t len = is_answerable ? settings->answerable_len : settings->visible_len;
    if (!(settings->has & 1U << key))
        buf_puts(out, "-");
    else if (key < sizeof flags / sizeof *flags)
        buf_puts(out, flags[key] ? "on" : "off");
    else if (1U << key == DESK_HAS_DETAILS)
        buf_puts(out, desk_details_word(settings->details));
    else if (len > 0)
        put_names(out, ids, len, people, people_len);
    else
        buf_puts(out, is_answerable ? "none" : "all");
}

void presence_put(struct buf *out, const struct desk_settings *settings,
                  const struct desk_person *people, size_t people_len)
{
    const char *before = "";
    for (size_t i = 0; i < PRESENCE_KEYS; i++) {
        if (!(settings->has & 1U << i))
            continue;
        buf_printf(out, "%s%s=", before, presence_keys[i]);
        presence_put_value(out, settings, i, people, people_len);
        before = " ";
    }
}
