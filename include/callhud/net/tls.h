/* Certificates: who is trusted, and why one was refused, in a sentence. */
#ifndef CALLHUD_NET_TLS_H
#define CALLHUD_NET_TLS_H

#include "callhud/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct ssl_st;
struct ssl_ctx_st;
struct x509_store_ctx_st;

/* A client context that verifies by ca_file, or by the system's certificates (65-80 ms) for NULL.
 * note is called during handshakes; owner is found by tls_owner(). Ends with tls_context_free(). */
enum rc tls_context_new(struct ssl_ctx_st **out, const char *ca_file,
                        void (*note)(const struct ssl_st *ssl, int where, int ret), void *owner,
                        struct err *err);
void *tls_owner(const struct ssl_st *ssl);
void tls_context_free(struct ssl_ctx_st *context);

/* In note: does the handshake begin, does it end in failure, did the peer send a fatal alert? */
bool tls_note_is_start(int where);
bool tls_note_is_end(int where, int ret);
bool tls_note_is_alert(int where);
/* Checks the certificate for name (and sends it as SNI, unless it is a numeric address). When it
 * returns false no name may be checked at all: the handshake must not succeed. */
bool tls_set_name(struct ssl_st *ssl, const char *name);
/* Why OpenSSL gave up, from its queue of errors; "" when it says nothing. */
void tls_reason(char *out, size_t size);
const char *tls_alert_text(int ret);

/* The verdict on a chain (an X509_V_ code, 0 is fine). */
long tls_verdict(struct x509_store_ctx_st *store);
/* In the verify callback: is this the server's own certificate, and does its public key have this
 * pin ("sha256//BASE64", several separated by ";", as curl has it)? */
bool tls_is_leaf(struct x509_store_ctx_st *store);
bool tls_has_pin(struct x509_store_ctx_st *store, const char *pin);
/* When the chain's certificate expired, "2026-01-31"; "" when not known. */
void tls_expiry(struct x509_store_ctx_st *store, char *out, size_t size);

/* RC_TLS with what is wrong with the certificate and what to do. expiry may be "". */
enum rc tls_explain(struct err *err, long verdict, const char *name, const char *expiry);
enum rc tls_explain_pin(struct err *err, const char *name);
bool tls_is_pin(const char *pin); /* well-formed? */

#endif
