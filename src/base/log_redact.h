/* What log.c and log_redact.c share. */
#ifndef CALLHUD_BASE_LOG_REDACT_H
#define CALLHUD_BASE_LOG_REDACT_H

#include <stddef.h>

/* Only the registered secrets, in place. */
void log_redact_secrets(char *text);
/* Cuts off an end that is the beginning of a registered secret: for a text that was clipped. */
void log_cut_secret_start(char *text);
void log_forget_secrets(void);

#endif
