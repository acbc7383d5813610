/* A desk whose list is a real one: edits, merges and plans are the model's, only what goes over the
 * network is made up. Shared by golden screens and unit tests. */
#ifndef CALLHUD_TESTS_FAKE_DESK_H
#define CALLHUD_TESTS_FAKE_DESK_H

#include "callhud/base/vec.h"
#include "callhud/ui/desk.h"

struct fake_desk {
    struct appearance list;
    struct ui_desk desk;
    struct ui_desk_ops ops;
    VEC(struct stored_line) stored; /* of the next reading; users' strings owned */
    VEC(struct desk_person) people; /* strings owned */
    VEC(struct desk_phone) phones;
    struct desk_settings settings;
    VEC(char *) texts;      /* owned */
    bool is_read_again;     /* the list is in other memory after every change, done or not */
    const char *edit_fault; /* no edit is done, and this is why; NULL */

    /* What was asked of the program. */
    size_t pushes, idle_pushes, cancels, pulls, sets, shows;
    bool is_shown;
    unsigned set_has;
    struct desk_settings set; /* the last; its lists joined below */
    char set_ids[512];        /* "101 102" */
};

void fake_desk_init(struct fake_desk *f);
void fake_desk_fini(struct fake_desk *f);
/* Ids are the extensions. */
void fake_desk_person(struct fake_desk *f, const char *extension, const char *name,
                      const char *department, bool is_listable);
void fake_desk_store(struct fake_desk *f, const char *extension, const char *name,
                     bool is_reserved);
/* The backend's list is what was stored since the last reading. */
void fake_desk_read(struct fake_desk *f, int64_t now_ms, int64_t wall_ms);
/* The save under way ends: what was planned is what is stored. */
void fake_desk_saved(struct fake_desk *f, int64_t now_ms, int64_t wall_ms);
struct desk_phone *fake_desk_phone(struct fake_desk *f, const char *name, const char *model);
/* The change that was sent holds now. */
void fake_desk_confirm(struct fake_desk *f);
const char *fake_desk_text(struct fake_desk *f, const char *text);
/* "101 102": the ids as the desk's lists of people have them; kept until fini. */
const char *const *fake_desk_ids(struct fake_desk *f, const char *text, size_t *len);

#endif
