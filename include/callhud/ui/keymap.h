/* Which key runs which command: the defaults of the command table, overridden by the person. */
#ifndef CALLHUD_UI_KEYMAP_H
#define CALLHUD_UI_KEYMAP_H

#include "callhud/base/buf.h"
#include "callhud/base/err.h"
#include "callhud/base/vec.h"
#include "callhud/draw/key.h"
#include "callhud/ui/cmd.h"

#define KEYMAP_CHORD_MAX 3
#define KEYMAP_NAME_BYTES 48

struct binding {
    struct key keys[KEYMAP_CHORD_MAX];
    size_t len;
    const struct cmd *cmd; /* NULL: the person took this key away */
    bool is_own;           /* bound by the person, not by the table */
};
struct keymap {
    VEC(struct binding) bindings;
};

/* own: NULL-terminated pairs (key text, command name; "none" takes the key away), or NULL. On an
 * error (a key or a command that does not exist) the map holds the defaults only. */
enum rc keymap_init(struct keymap *map, const char *const *own, struct err *err);
void keymap_fini(struct keymap *map);

enum keymap_match { KEYMAP_NONE, KEYMAP_PREFIX, KEYMAP_EXACT };
enum keymap_match keymap_find(const struct keymap *map, const struct key *keys, size_t len,
                              const struct cmd **out);
/* The first key of a command, as people write it; "" when it has none. */
void keymap_first(const struct keymap *map, const struct cmd *cmd, char *out, size_t size);
/* All its keys, separated by blanks. */
void keymap_all(const struct keymap *map, const struct cmd *cmd, char *out, size_t size);

/* The keys that acting on calls uses; nothing else may be bound to them. */
bool keymap_is_reserved(const struct key *key);

/* What is wrong with a person's keys, one line each into out: keys and commands that do not exist,
 * a key bound twice, a key that begins a chord, a key kept for telephony, an action on calls with a
 * key that is typed in passing. Returns how many. */
size_t ui_keymap_check(const char *const *own, struct buf *out);

#endif
