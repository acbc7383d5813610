/* What is recorded: on demand for the account, by rule for each extension. */
#include "directory.h"

#include "callhud/base/str.h"

static const struct {
    char letter;
    const char *word;
} directions[] = {{'I', "Inbound"}, {'O', "Outbound"}, {'A', "All"}};

static const char *direction_word(char letter)
{
    for (size_t i = 0; i < 3; i++) {
        if (directions[i].letter == letter)
            return directions[i].word;
    }
    return NULL;
}

static char direction_letter(const char *word)
{
    for (size_t i = 0; i < 3; i++) {
        if (str_eq(directions[i].word, word))
            return directions[i].letter;
    }
    return '\0';
}

static size_t recorded_len(const struct ex *x)
{
    size_t count = 0;
    for (size_t i = 0; i < ex_users_len(x); i++)
        count += ex_user_at(x, i)->recording != 'N';
    return count;
}

void ex_get_recording(struct ex *x, struct ex_args *args)
{
    ex_reply_json(args->reply, 200,
                  json_pack("{s{sb}, s{sb, sb, sb, sb, sI}, s[{ss, ss}, {ss, ss}]}", "onDemand",
                            "enabled", x->records_on_demand, "automatic", "enabled",
                            x->records_by_rule, "outboundCallTones", 0, "outboundCallAnnouncement",
                            0, "allowMute", 1, "extensionCount", (json_int_t)recorded_len(x),
                            "greetings", "type", "StartRecording", "mode", "Default", "type",
                            "StopRecording", "mode", "Default"));
}

void ex_put_recording(struct ex *x, struct ex_args *args)
{
    const json_t *body = args->request->body;
    const json_t *demand = json_object_get(json_object_get(body, "onDemand"), "enabled");
    const json_t *rule = json_object_get(json_object_get(body, "automatic"), "enabled");
    if ((demand && !json_is_boolean(demand)) || (rule && !json_is_boolean(rule))) {
        ex_reply_invalid(args->reply, "enabled");
        return;
    }
    if (demand)
        x->records_on_demand = json_is_true(demand);
    if (rule)
        x->records_by_rule = json_is_true(rule);
    ex_save(x);
    ex_get_recording(x, args);
}

void ex_get_recorded(struct ex *x, struct ex_args *args)
{
    struct ex_page page;
    if (!ex_page_read(args, 100, 1000, &page))
        return;
    ex_page_of(&page, recorded_len(x));
    json_t *records = json_array();
    for (size_t i = 0, at = 0; i < ex_users_len(x) && at < page.end; i++) {
        const struct ex_user *user = ex_user_at(x, i);
        if (user->recording == 'N')
            continue;
        if (at >= page.start)
            json_array_append_new(
                records, json_pack("{so, so, ss, ss, ss}", "id", ex_text_id(user->id), "uri",
                                   ex_uri(args->request->base_url, "/extension/%llu",
                                          (unsigned long long)user->id),
                                   "extensionNumber", user->extension, "type", user->type,
                                   "callDirection", direction_word(user->recording)));
        at++;
    }
    ex_reply_json(args->reply, 200, ex_page_body(args, &page, records));
}

/* The user and the direction of one element; NULL: the reply is filled. */
static struct ex_user *read_rule(struct ex *x, struct ex_args *args, const json_t *item,
                                 bool is_removed, char *letter)
{
    uint64_t id;
    if (!ex_json_id(json_object_get(item, "id"), &id)) {
        ex_reply_invalid(args->reply, "id");
        return NULL;
    }
    struct ex_user *user = ex_user_by_id(x, id);
    const json_t *direction = json_object_get(item, "callDirection");
    *letter = is_removed ? 'N' : direction ? direction_letter(json_string_value(direction)) : 'A';
    if (!user)
        ex_reply_unknown(args->reply, 400, "id");
    else if (!*letter)
        ex_reply_invalid(args->reply, "callDirection");
    return *letter ? user : NULL;
}

void ex_assign_recorded(struct ex *x, struct ex_args *args)
{
    static const char *const lists[] = {"addedExtensions", "updatedExtensions",
                                        "removedExtensions"};
    for (int is_trial = 1; is_trial >= 0; is_trial--) {
        for (size_t l = 0; l < 3; l++) {
            const json_t *list = json_object_get(args->request->body, lists[l]), *item;
            size_t i;
            json_array_foreach(list, i, item)
            {
                char letter;
                struct ex_user *user = read_rule(x, args, item, l == 2, &letter);
                if (!user)
                    return;
                if (!is_trial) {
                    user->recording = letter;
                    ex_keep(x, user);
                }
            }
        }
    }
    ex_reply_empty(args->reply, 204);
}
