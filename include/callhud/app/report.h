/* Output of the commands that print something once: text for people, JSON for programs. */
#ifndef CALLHUD_APP_REPORT_H
#define CALLHUD_APP_REPORT_H

#include "callhud/base/buf.h"

/* Appends text as a JSON string with its quotation marks; bad UTF-8 becomes U+FFFD. NULL: null. */
void report_json(struct buf *out, const char *text);
/* Writes all to standard output. 0, or 1 after having said why not. */
int report_print(const struct buf *out);

#endif
