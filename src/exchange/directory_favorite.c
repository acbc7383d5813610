#include "directory.h"

#include "callhud/base/mem.h"
#include "callhud/base/str.h"

#define FAVORITES_MAX 1000

void ex_get_favorites(struct ex *x, struct ex_args *args)
{
    (void)x;
    const struct ex_user *user = args->user;
    json_t *records = json_array();
    for (size_t i = 0; i < user->favorites.len; i++)
        json_array_append_new(
            records, json_pack("{sI, so, so}", "id", (json_int_t)user->favorites.items[i].id,
                               "extensionId", ex_text_id(user->favorites.items[i].extension_id),
                               "accountId", ex_text_id(EX_ACCOUNT_ID)));
    ex_reply_json(args->reply, 200,
                  json_pack("{so, so}", "uri",
                            ex_uri(args->request->base_url, "/extension/%llu/favorite",
                                   (unsigned long long)user->id),
                            "records", records));
}

static bool read_favorite(struct ex *x, struct ex_args *args, const json_t *item, size_t place,
                          struct ex_favorite *favorite)
{
    if (!ex_json_id(json_object_get(item, "id"), &favorite->id))
        favorite->id = place + 1;
    if (!ex_json_id(json_object_get(item, "extensionId"), &favorite->extension_id)) {
        ex_reply_invalid(args->reply, "extensionId");
        return false;
    }
    if (!ex_user_by_id(x, favorite->extension_id)) {
        ex_reply_unknown(args->reply, 400, "extensionId");
        return false;
    }
    return true;
}

void ex_put_favorites(struct ex *x, struct ex_args *args)
{
    const json_t *list = json_object_get(args->request->body, "records"), *item;
    size_t i;
    struct ex_favorite favorite;
    if (!json_is_array(list) || json_array_size(list) > FAVORITES_MAX) {
        ex_reply_invalid(args->reply, "records");
        return;
    }
    json_array_foreach(list, i, item)
    {
        if (!read_favorite(x, args, item, i, &favorite))
            return;
    }
    args->user->favorites.len = 0;
    json_array_foreach(list, i, item)
    {
        read_favorite(x, args, item, i, &favorite);
        VEC_PUSH(&args->user->favorites, favorite);
    }
    ex_keep(x, args->user);
    ex_get_favorites(x, args);
}
