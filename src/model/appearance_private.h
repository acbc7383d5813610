/* What the files of the appearance share. */
#ifndef CALLHUD_MODEL_APPEARANCE_PRIVATE_H
#define CALLHUD_MODEL_APPEARANCE_PRIVATE_H

#include "callhud/model/appearance.h"

#include <stdint.h>

#define NO_LINE SIZE_MAX

/* Of n different places in some order: which can stay, so that those that stay ascend and together
 * weigh most? */
void appearance_longest(const uint32_t *places, const uint64_t *weights, size_t n, bool *is_kept);

/* After lines were added, moved or emptied: what has no user in either home goes; is_moved, as it
 * is, says who may have been moved, and becomes who has; reserved lines come to their numbers; keys
 * and states are set. The refusal of a line that no longer differs is forgotten. */
void appearance_settle(struct appearance *a);
/* The second part of it alone. */
void appearance_mark_moved(struct appearance *a);

/* appearance_merge() without a thought of what was sent, of lines that were checked. news is added
 * to. */
enum rc appearance_check_stored(const struct stored_line *lines, size_t len, struct err *err);
void appearance_merge_lines(struct appearance *a, const struct stored_line *lines, size_t len,
                            int64_t at_ms, struct appearance_news *news);

void appearance_sent_fini(struct appearance_sent *sent);
/* Pushes who is stored, by key, without the reserved lines. */
void appearance_list_stored(const struct appearance *a, appearance_users *out);

/* What the list there was made of; see appearance_explain.c. */
struct appearance_origin {
    bool is_other;         /* than what was stored before, or it may be another */
    appearance_users base; /* what the merge is to take for stored before */
    size_t sent;           /* the one that has arrived; NO_LINE: none, or that is not certain */
    bool *is_undecided;    /* by index of a user: was he on it or not? */
    size_t users;          /* so many; who was named later is not among them */
    bool is_order_undecided;
};
void appearance_explain(const struct appearance *a, const struct stored_line *lines, size_t len,
                        struct appearance_origin *out);
void appearance_origin_fini(struct appearance_origin *origin);
/* That one is stored now: what it has edited is no edit of the others any more, and of others
 * neither. Those sent before it are overtaken. */
void appearance_overtake(struct appearance *a, size_t sent);

/* NULL: never named. */
const struct appearance_user *appearance_find_user(const struct appearance *a, const char *id,
                                                   uint32_t twin);

/* Are the two homes unlike here? */
bool appearance_differs(const struct appearance_line *line);
bool appearance_is_reserved(const struct appearance_line *line);
/* The line, not a reserved one, that the user is on here, or stored; NO_LINE. */
size_t appearance_at_here(const struct appearance *a, const struct appearance_user *user);
size_t appearance_at_stored(const struct appearance *a, const struct appearance_user *user);

void appearance_insert(struct appearance *a, size_t at, struct appearance_line line);
struct appearance_line appearance_take(struct appearance *a, size_t at);
/* Puts a stored line where the backend's order has it. Its new index. */
size_t appearance_to_stored_place(struct appearance *a, size_t at);
void appearance_forget_refusal(struct appearance_line *line);

/* ---- the four things of which edits are made (appearance_edit.c). Each settles the list. ---- */

#define NOT_REMEMBERED 0 /* as step: it cannot be undone */
uint32_t appearance_new_step(const struct appearance *a);
void appearance_remember(struct appearance *a, struct appearance_undo_entry entry);
/* An entry that brings the line back to where it stands now, and into its conflict. */
struct appearance_undo_entry appearance_entry_at(const struct appearance *a, uint32_t step,
                                                 size_t at);
/* The user, who is on no line here, comes to stand before the line of that index. His own line is
 * taken, if one is stored; when somebody else is on it, that one gets a line of his own. */
void appearance_put_on(struct appearance *a, uint32_t step, const struct appearance_user *user,
                       size_t before);
/* Nobody is on the line any more. Where it was stored, it stays as removed. */
void appearance_take_off(struct appearance *a, uint32_t step, size_t at);
/* The user, who is on no line here, takes the place of who is on the line. */
void appearance_put_instead(struct appearance *a, uint32_t step, size_t at,
                            const struct appearance_user *user);
/* The line comes to stand before the line of that index. */
void appearance_move(struct appearance *a, uint32_t step, size_t at, size_t before);

/* False, with the text (of APPEARANCE_TEXT_BYTES) set. */
bool appearance_refuses(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool appearance_has_room(const struct appearance *a, char *text);

/* "101 Noor Haddad", for sentences. */
struct appearance_label {
    char text[128];
};
struct appearance_label appearance_label(const struct appearance_user *user);

#endif
