/* Roles, not colours: what a cell means. A theme says how a role looks. */
#ifndef CALLHUD_DRAW_STYLE_H
#define CALLHUD_DRAW_STYLE_H

#include <stdint.h>

/* X(enum, key in a theme file, what it is for) */
#define ROLE_LIST(X)                                                                               \
    X(ROLE_TEXT, "text", "names, words, everything not named below")                               \
    X(ROLE_DIM, "dim", "rules, labels, clocks, a count of zero")                                   \
    X(ROLE_RINGING, "ringing", "lamp")                                                             \
    X(ROLE_HOLD, "hold", "lamp")                                                                   \
    X(ROLE_PARKED, "parked", "lamp")                                                               \
    X(ROLE_ON_CALL, "on_call", "lamp")                                                             \
    X(ROLE_HIDDEN, "hidden", "lamp")                                                               \
    X(ROLE_OFFLINE, "offline", "lamp")                                                             \
    X(ROLE_DND, "dnd", "lamp")                                                                     \
    X(ROLE_AWAY, "away", "lamp")                                                                   \
    X(ROLE_PRESENCE_ONLY, "presence_only", "lamp")                                                 \
    X(ROLE_AVAILABLE, "available", "lamp")                                                         \
    X(ROLE_UNKNOWN, "unknown", "lamp")                                                             \
    X(ROLE_HEADING, "heading", "department names, titles")                                         \
    X(ROLE_KEY, "key", "a key in the key bar and in help")                                         \
    X(ROLE_BAR, "bar", "background of the supervision bar and of prompts")                         \
    X(ROLE_SELECTION, "selection", "the selected cell")                                            \
    X(ROLE_GOOD, "good", "the link is live")                                                       \
    X(ROLE_WARN, "warn", "stale, reconnecting, FROZEN, MUTE")                                      \
    X(ROLE_ERROR, "error", "refused, failed")                                                      \
    X(ROLE_DIALOG, "dialog", "dialogs")

enum role {
#define ROLE_ENUM(name, key, text) name,
    ROLE_LIST(ROLE_ENUM)
#undef ROLE_ENUM
    ROLE_COUNT
};

enum attr { ATTR_BOLD = 1, ATTR_REVERSE = 2, ATTR_UNDERLINE = 4 }; /* bits */

struct style {
    uint8_t role;  /* enum role */
    uint8_t attrs; /* added to the role's own */
};

#define STYLE(role_) ((struct style){.role = (uint8_t)(role_)})

const char *role_key(enum role role);

#endif
