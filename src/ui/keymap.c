#include "callhud/ui/keymap.h"

#include "callhud/base/str.h"

#include <string.h>

static bool keys_equal(const struct key *a, const struct key *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!key_equal(&a[i], &b[i]))
            return false;
    return true;
}

static void chord_name(const struct binding *binding, char *out, size_t size)
{
    char name[KEYMAP_NAME_BYTES];

    out[0] = '\0';
    for (size_t i = 0; i < binding->len; i++) {
        key_text(&binding->keys[i], name, sizeof name);
        size_t used = strlen(out);
        /* Plain characters run together ("gg"), named keys are kept apart. */
        if (used > 0 && (name[1] != '\0' || out[used - 1] == ' ')) {
            str_copy(out + used, size - used, " ");
            used = strlen(out);
        }
        str_copy(out + used, size - used, name);
    }
}

static struct binding *binding_of(struct keymap *map, const struct key *keys, size_t len)
{
    for (size_t i = 0; i < map->bindings.len; i++) {
        struct binding *binding = &map->bindings.items[i];
        if (binding->len == len && keys_equal(binding->keys, keys, len))
            return binding;
    }
    return NULL;
}

static enum rc bind(struct keymap *map, const char *text, const struct cmd *cmd, bool is_own,
                    struct err *err)
{
    struct binding made = {.cmd = cmd, .is_own = is_own};
    enum rc rc = key_parse(text, made.keys, KEYMAP_CHORD_MAX, &made.len, err);

    if (rc != RC_OK)
        return rc;
    if (made.len == 0)
        return err_set(err, RC_CONFIG, "keys: \"%s\" names no key", text);
    const struct key *last = &made.keys[made.len - 1];
    /* Held down it would ask and say yes. */
    if (cmd != NULL && (cmd->flags & CMD_WRITES) != 0 && last->code == 'y' && !last->is_ctrl &&
        !last->is_alt)
        return err_set(err, RC_CONFIG,
                       "keys: y is the answer to what %s asks: take a capital or an F key for it",
                       cmd->name);
    struct binding *old = binding_of(map, made.keys, made.len);
    if (old != NULL)
        *old = made;
    else
        VEC_PUSH(&map->bindings, made);
    return RC_OK;
}

static void bind_defaults(struct keymap *map)
{
    for (size_t i = 0; i < cmd_table_len; i++) {
        char keys[64];
        char *rest = keys;
        str_copy(keys, sizeof keys, cmd_table[i].keys);
        for (char *one = strsep(&rest, " "); one != NULL; one = strsep(&rest, " "))
            if (one[0] != '\0')
                (void)bind(map, one, &cmd_table[i], false, NULL);
    }
}

static enum rc command_of(const char *name, const struct cmd **out, struct err *err)
{
    *out = NULL;
    if (str_eq(name, "none") || str_is_empty(name))
        return RC_OK;
    *out = cmd_find(name[0] == ':' ? name + 1 : name);
    if (*out != NULL)
        return RC_OK;
    const char *names[128];
    size_t count = 0;
    for (size_t i = 0; i < cmd_table_len && count < 128; i++)
        names[count++] = cmd_table[i].name;
    const char *near = str_nearest(name, names, count);
    if (near != NULL)
        return err_set(err, RC_CONFIG, "keys: no command \"%s\", did you mean \"%s\"?", name, near);
    return err_set(err, RC_CONFIG, "keys: no command \"%s\"; the help screen lists them all", name);
}

enum rc keymap_init(struct keymap *map, const char *const *own, struct err *err)
{
    memset(map, 0, sizeof *map);
    bind_defaults(map);
    if (own == NULL)
        return RC_OK;
    for (size_t i = 0; own[i] != NULL && own[i + 1] != NULL; i += 2) {
        const struct cmd *cmd;
        enum rc rc = command_of(own[i + 1], &cmd, err);
        if (rc == RC_OK)
            rc = bind(map, own[i], cmd, true, err);
        if (rc != RC_OK) {
            map->bindings.len = 0;
            bind_defaults(map);
            return rc;
        }
    }
    return RC_OK;
}

void keymap_fini(struct keymap *map)
{
    VEC_FREE(&map->bindings);
}

enum keymap_match keymap_find(const struct keymap *map, const struct key *keys, size_t len,
                              const struct cmd **out)
{
    enum keymap_match match = KEYMAP_NONE;

    *out = NULL;
    for (size_t i = 0; i < map->bindings.len; i++) {
        const struct binding *binding = &map->bindings.items[i];
        if (binding->cmd == NULL || binding->len < len || !keys_equal(binding->keys, keys, len))
            continue;
        if (binding->len == len) {
            *out = binding->cmd;
            return KEYMAP_EXACT;
        }
        match = KEYMAP_PREFIX;
    }
    return match;
}

void keymap_all(const struct keymap *map, const struct cmd *cmd, char *out, size_t size)
{
    char name[KEYMAP_NAME_BYTES];

    out[0] = '\0';
    for (int own = 1; own >= 0; own--)
        for (size_t i = 0; i < map->bindings.len; i++) {
            const struct binding *binding = &map->bindings.items[i];
            if (binding->cmd != cmd || binding->is_own != (own == 1))
                continue;
            chord_name(binding, name, sizeof name);
            size_t used = strlen(out);
            if (used > 0 && used + 1 < size)
                out[used++] = ' ';
            str_copy(out + used, size - used, name);
        }
}

void keymap_first(const struct keymap *map, const struct cmd *cmd, char *out, size_t size)
{
    out[0] = '\0';
    for (int own = 1; own >= 0; own--)
        for (size_t i = 0; i < map->bindings.len; i++) {
            const struct binding *binding = &map->bindings.items[i];
            if (binding->cmd != cmd || binding->is_own != (own == 1))
                continue;
            chord_name(binding, out, size);
            return;
        }
}

bool keymap_is_reserved(const struct key *key)
{
    return !key->is_ctrl && !key->is_alt && key->code != 0 && key->code < 0x80 &&
           strchr("PLWBTXKDRS", (int)key->code) != NULL;
}

/* --- checking --------------------------------------------------------------------------------- */

/* Two bindings get in each other's way when one begins the other. */
static bool is_prefix_of(const struct binding *a, const struct binding *b)
{
    return a->len < b->len && keys_equal(a->keys, b->keys, a->len);
}

static size_t check_chords(const struct keymap *map, struct buf *out)
{
    size_t faults = 0;

    for (size_t i = 0; i < map->bindings.len; i++)
        for (size_t j = 0; j < map->bindings.len; j++) {
            const struct binding *a = &map->bindings.items[i], *b = &map->bindings.items[j];
            if (a->cmd == NULL || b->cmd == NULL || !is_prefix_of(a, b))
                continue;
            char one[KEYMAP_NAME_BYTES], two[KEYMAP_NAME_BYTES];
            chord_name(a, one, sizeof one);
            chord_name(b, two, sizeof two);
            buf_printf(out, "keys: %s (%s) begins %s (%s), which can then not be typed\n", one,
                       a->cmd->name, two, b->cmd->name);
            faults++;
        }
    return faults;
}

/* One key that is not typed in passing, nor by answering a question: a capital, or F1 to F12. */
static bool is_for_acting(const struct binding *binding)
{
    const struct key *key = &binding->keys[0];

    return binding->len == 1 && !key->is_ctrl && !key->is_alt &&
           ((key->code >= 'A' && key->code <= 'Z') ||
            (key->code >= KEY_CODE_F1 && key->code <= KEY_CODE_F12));
}

static size_t check_one(const char *const *own, size_t at, struct buf *out)
{
    struct binding made = {0}, other = {0};
    struct err err = {0};
    const struct cmd *cmd;

    if (command_of(own[at + 1], &cmd, &err) != RC_OK ||
        key_parse(own[at], made.keys, KEYMAP_CHORD_MAX, &made.len, &err) != RC_OK) {
        buf_printf(out, "%s\n", err.text);
        return 1;
    }
    char name[KEYMAP_NAME_BYTES];
    chord_name(&made, name, sizeof name);
    if (cmd != NULL && made.len > 0 && (cmd->flags & CMD_WRITES) != 0 && !is_for_acting(&made)) {
        buf_printf(out, "keys: %s acts on calls, so it needs a capital or an F key, not %s\n",
                   cmd->name, name);
        return 1;
    }
    if (cmd != NULL && made.len > 0 && (cmd->flags & CMD_WRITES) == 0 &&
        keymap_is_reserved(&made.keys[0])) {
        buf_printf(out, "keys: %s is kept for acting on calls, so %s cannot have it\n", name,
                   cmd->name);
        return 1;
    }
    for (size_t i = 0; i < at; i += 2)
        if (key_parse(own[i], other.keys, KEYMAP_CHORD_MAX, &other.len, NULL) == RC_OK &&
            other.len == made.len && keys_equal(other.keys, made.keys, made.len)) {
            buf_printf(out, "keys: %s is bound twice, to %s and to %s\n", name, own[i + 1],
                       own[at + 1]);
            return 1;
        }
    return 0;
}

size_t ui_keymap_check(const char *const *own, struct buf *out)
{
    struct keymap map;
    size_t faults = 0;

    for (size_t i = 0; own != NULL && own[i] != NULL && own[i + 1] != NULL; i += 2)
        faults += check_one(own, i, out);
    if (keymap_init(&map, own, NULL) == RC_OK)
        faults += check_chords(&map, out);
    keymap_fini(&map);
    return faults;
}
