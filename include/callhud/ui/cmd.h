/* THE command table. Keys, key bar, palette, help screen, man page and completions are made from
 * it. */
#ifndef CALLHUD_UI_CMD_H
#define CALLHUD_UI_CMD_H

#include "callhud/base/buf.h"
#include "callhud/draw/key.h"
#include "callhud/model/hud.h"

struct ui;

/* Where a command is at home: bits; ALL: everywhere. */
enum cmd_scope {
    SCOPE_ALL = 0,
    SCOPE_USERS = 1,
    SCOPE_USER = 2,
    SCOPE_LIST = 4, /* the HUD list */
    SCOPE_PICK = 8, /* choosing people for it, or for the presence settings */
    SCOPE_PREVIEW = 16,
    SCOPE_PRESENCE = 32 /* the presence settings */
};
enum cmd_flag {
    CMD_IN_BAR = 1,
    CMD_TAKES_TEXT = 2,
    CMD_DANGEROUS = 4, /* asks before it acts; its keys are capitals without Ctrl or Alt */
    CMD_WRITES = 8,    /* changes something at the backend: impossible with --read-only */
};

struct cmd;
struct cmd_call {
    struct ui *ui;
    const struct cmd *cmd;
    const struct hud *hud;
    int64_t now_ms;
    const char *text; /* argument typed in the palette; ""; of an action: the reason */
};

struct cmd {
    const char *name;  /* ":filter", without the colon: what configuration and palette use */
    const char *keys;  /* default keys, separated by blanks; aliases after the first: "/ F3" */
    const char *group; /* heading in help: "move", "find", "show", "act", "list", "program" */
    const char *label; /* in the key bar: "find" */
    const char *help;  /* one sentence */
    unsigned scope, flags;
    const char *(*why_disabled)(const struct cmd_call *call); /* NULL: always there; its answer
                                                                 holds until the next is asked */
    void (*run)(const struct cmd_call *call);
};

extern const struct cmd cmd_table[];
extern const size_t cmd_table_len;
const struct cmd *cmd_find(const char *name);

#endif
