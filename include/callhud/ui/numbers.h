/* Telephone numbers as people may see them: the setting `numbers` on every screen and in every
 * text. */
#ifndef CALLHUD_UI_NUMBERS_H
#define CALLHUD_UI_NUMBERS_H

#include "callhud/base/buf.h"
#include "callhud/ui/ui.h"

/* +1 and ten digits are grouped 3-3-4, others stay as sent; "xxx 0142" when only the last four may
 * be seen, "xxx" when none. "" gives "". */
void numbers_text(char *out, size_t size, const char *number, enum ui_numbers numbers);
/* A name that is a number too: some exchanges send it again as the name. */
bool numbers_is_number(const char *name);
/* A text made by why_lamp(), with the numbers of the user's calls masked; out is reset first. */
void numbers_mask_text(struct buf *out, const char *text, const struct user *user,
                       enum ui_numbers numbers);

#endif
