/* The presence settings in the words of `callhud presence`: for the command and for the record. */
#ifndef CALLHUD_APP_PRESENCE_WORDS_H
#define CALLHUD_APP_PRESENCE_WORDS_H

#include "callhud/base/buf.h"
#include "callhud/model/desk.h"

#define PRESENCE_KEYS 6
extern const char *const presence_keys[PRESENCE_KEYS]; /* by position of the bit in `has` */

/* Who has the id; NULL. */
const struct desk_person *presence_person(const struct desk_person *people, size_t len,
                                          const char *user_id);
/* "on", "permitted", "101,102"; people by extension, else by id; "-" when it was not told. */
void presence_put_value(struct buf *out, const struct desk_settings *settings, size_t key,
                        const struct desk_person *people, size_t people_len);
/* Those that are told: "share_presence=on answerable_by=101,102". */
void presence_put(struct buf *out, const struct desk_settings *settings,
                  const struct desk_person *people, size_t people_len);

#endif
