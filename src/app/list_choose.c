#include "callhud/app/list_choose.h"

#include "callhud/base/str.h"

#include <stdio.h>

#define NAMED_MOST 8 /* keys in one sentence */

static const char *extension_of(const struct appearance_user *user)
{
    if (!user)
        return "nobody";
    return str_is_empty(user->extension) ? user->id : user->extension;
}

/* As the commands take it. */
static void put_word(struct buf *out, const struct appearance_line *line)
{
    if (line->key)
        buf_printf(out, "%u", (unsigned)line->key);
    else
        buf_puts(out, extension_of(line->stored));
}

static void say_one(struct buf *out, const struct appearance_line *line)
{
    buf_puts(out, line->key ? "key " : "");
    put_word(out, line);
    if (line->here == line->stored)
        buf_printf(out, " is in conflict (%s and its place): ", extension_of(line->here));
    else
        buf_printf(out, " is in conflict (%s here, %s stored): ", extension_of(line->here),
                   extension_of(line->stored));
    if (line->key)
        buf_printf(out, "callhud list set %u EXT chooses", (unsigned)line->key);
    else
        buf_printf(out, "callhud list remove %s keeps it off", extension_of(line->stored));
    buf_puts(out, ", callhud list pull ");
    put_word(out, line);
    buf_puts(out, " takes what is stored");
}

void list_choose_say(const struct appearance *list, char *out, size_t size)
{
    const struct appearance_line *last = NULL;
    struct buf text, words;
    size_t count = 0;
    buf_init(&text, size);
    buf_init(&words, size);
    for (size_t i = 0; i < list->lines.len; i++) {
        const struct appearance_line *line = &list->lines.items[i];
        if (line->state != LINE_CONFLICT)
            continue;
        last = line;
        if (++count > NAMED_MOST)
            continue;
        buf_puts(&words, count > 1 ? " " : "");
        put_word(&words, line);
    }
    if (count == 1)
        say_one(&text, last);
    else if (count > 1)
        buf_printf(&text,
                   "%zu lines are in conflict (%s%s): callhud list diff shows both sides, callhud "
                   "list set KEY EXT chooses, callhud list pull KEY (or all) takes what is stored",
                   count, buf_text(&words), count > NAMED_MOST ? " ..." : "");
    str_copy(out, size, buf_text(&text));
    buf_fini(&text);
    buf_fini(&words);
}

static bool is_on(const struct appearance_user *user, const char *extension)
{
    return user && str_eq(user->extension, extension);
}

const struct appearance_line *list_choose_find(const struct appearance *list, const char *word)
{
    char key[12];
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < list->lines.len; i++) {
            const struct appearance_line *line = &list->lines.items[i];
            (void)snprintf(key, sizeof key, "%u", (unsigned)line->key);
            bool is_named = pass == 0 ? is_on(line->here, word) || is_on(line->stored, word)
                                      : line->key > 0 && str_eq(key, word);
            if (line->state == LINE_CONFLICT && is_named)
                return line;
        }
    }
    return NULL;
}

static bool choose(struct desk_run *run, const char *user_id, enum appearance_choice choice)
{
    struct ui_desk_ops ops;
    struct err err = {0};
    keeper_ops(run->keeper, &ops);
    if (ops.choose(ops.self, user_id, choice, &err) != RC_OK)
        desk_run_fail(run, err.rc, "%s", err.text);
    return run->exit_code < 0;
}

bool list_choose(struct desk_run *run, const struct appearance_line *line,
                 enum appearance_choice choice)
{
    char id[256]; /* the list may be read anew before it is looked for */
    str_copy(id, sizeof id, line->here ? line->here->id : line->stored->id);
    return choose(run, id, choice);
}

bool list_choose_stored(struct desk_run *run, const char *word)
{
    const struct appearance_line *line = list_choose_find(keeper_list(run->keeper), word);
    if (str_eq(word, "all"))
        return choose(run, NULL, CHOOSE_THEIRS);
    if (!line)
        desk_run_fail(run, RC_NOT_FOUND, "%s is not in conflict: callhud list diff shows what is",
                      word);
    return line && list_choose(run, line, CHOOSE_THEIRS);
}
