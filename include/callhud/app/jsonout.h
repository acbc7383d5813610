/* The JSON and CSV shapes of the product contract, section 7. */
#ifndef CALLHUD_APP_JSONOUT_H
#define CALLHUD_APP_JSONOUT_H

#include "callhud/base/buf.h"
#include "callhud/model/hud.h"
#include "callhud/ui/numbers.h"

/* One user as one JSON object without a newline. What is not known is null; text is valid UTF-8. */
void jsonout_user(struct buf *out, const struct hud *hud, const struct user *user,
                  const char *profile, uint64_t sequence, int64_t now_ms);
void jsonout_csv_header(struct buf *out);
/* One CSV line with '\n'; calls are counted, the deciding call's fields are given. */
void jsonout_csv_user(struct buf *out, const struct hud *hud, const struct user *user,
                      const char *profile, uint64_t sequence, int64_t now_ms);
/* A confirmed action and a confirmed mode of a supervision, as one object with '\n'. */
void jsonout_action(struct buf *out, int64_t at_ms, const char *extension,
                    const struct event *event);
void jsonout_mode(struct buf *out, int64_t at_ms, const char *extension, const struct event *event);
/* One line of words for people, with '\n': lamp, extension, name, age, other party; numbers as the
 * setting allows (JSON and CSV have them as they are). */
void jsonout_words(struct buf *out, const struct hud *hud, const struct user *user,
                   enum ui_numbers numbers, bool is_ascii, int64_t now_ms);

#endif
