/* SHA-256. */
#ifndef CALLHUD_NET_DIGEST_H
#define CALLHUD_NET_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_BYTES 32
#define DIGEST_TEXT_BYTES (2 * DIGEST_BYTES + 1) /* lower-case hexadecimal digits, and NUL */

/* One is kept for many digests: finding the algorithm costs more than a short text. */
struct digest;
struct digest *digest_new(void);         /* NULL when OpenSSL has none to give */
void digest_free(struct digest *digest); /* NULL is fine */

/* False when OpenSSL failed; out is then not to be used. */
bool digest_bytes(struct digest *digest, const void *bytes, size_t len,
                  unsigned char out[DIGEST_BYTES]);
void digest_text(const unsigned char bytes[DIGEST_BYTES], char out[DIGEST_TEXT_BYTES]);
/* Exactly 64 lower-case hexadecimal digits at text, which need not end there. */
bool digest_parse(const char *text, unsigned char out[DIGEST_BYTES]);

#endif
