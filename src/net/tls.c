#include "callhud/net/tls.h"

#include "callhud/base/str.h"
#include "callhud/net/url.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SHA256_BYTES 32
#define SHA256_BASE64_BYTES 44
#define PIN_PREFIX "sha256//"

enum rc tls_context_new(SSL_CTX **out, const char *ca_file,
                        void (*note)(const SSL *ssl, int where, int ret), void *owner,
                        struct err *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    char reason[200];

    *out = NULL;
    if (context == NULL)
        return err_set(err, RC_TLS, "cannot start TLS: OpenSSL does not; install libssl3 anew");
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_info_callback(context, note);
    SSL_CTX_set_app_data(context, owner);
    ERR_clear_error();
    if (ca_file != NULL ? SSL_CTX_load_verify_file(context, ca_file) != 1
                        : SSL_CTX_set_default_verify_paths(context) != 1) {
        tls_reason(reason, sizeof reason);
        SSL_CTX_free(context);
        return err_set(err, RC_CONFIG, "cannot read the certificates in %s: %s; check ca_file",
                       ca_file != NULL ? ca_file : "the system's store", reason);
    }
    *out = context;
    return RC_OK;
}

void *tls_owner(const SSL *ssl)
{
    return SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
}

void tls_context_free(SSL_CTX *context)
{
    SSL_CTX_free(context);
}

bool tls_note_is_start(int where)
{
    return (where & SSL_CB_HANDSHAKE_START) != 0;
}

bool tls_note_is_end(int where, int ret)
{
    return (where & SSL_CB_EXIT) != 0 && ret <= 0;
}

bool tls_note_is_alert(int where)
{
    return (where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT;
}

bool tls_set_name(SSL *ssl, const char *name)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    char sni[256]; /* OpenSSL's macro takes no const */

    /* Setting one kind leaves the other standing: both would have to fit. */
    if (X509_VERIFY_PARAM_set1_ip(param, NULL, 0) != 1 ||
        X509_VERIFY_PARAM_set1_host(param, NULL, 0) != 1 || !str_copy(sni, sizeof sni, name))
        return false;
    if (url_is_numeric(name))
        return X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1 &&
               SSL_set_tlsext_host_name(ssl, NULL) == 1;
    return sni[0] != '\0' && X509_VERIFY_PARAM_set1_host(param, name, 0) == 1 &&
           SSL_set_tlsext_host_name(ssl, sni) == 1;
}

void tls_reason(char *out, size_t size)
{
    unsigned long code = ERR_peek_error();
    const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

    str_copy(out, size, reason != NULL ? reason : "");
}

const char *tls_alert_text(int ret)
{
    return SSL_alert_desc_string_long(ret);
}

long tls_verdict(X509_STORE_CTX *store)
{
    return X509_STORE_CTX_get_error(store);
}

bool tls_is_leaf(X509_STORE_CTX *store)
{
    return X509_STORE_CTX_get_error_depth(store) == 0;
}

bool tls_is_pin(const char *pin)
{
    size_t len = strlen(PIN_PREFIX) + SHA256_BASE64_BYTES;

    for (;;) {
        if (!str_starts(pin, PIN_PREFIX) || strcspn(pin, ";") != len || pin[len - 1] != '=')
            return false;
        pin += len;
        if (*pin == '\0')
            return true;
        pin++;
    }
}

bool tls_has_pin(X509_STORE_CTX *store, const char *pin)
{
    X509 *certificate = X509_STORE_CTX_get_current_cert(store);
    unsigned char *key = NULL;
    unsigned char digest[SHA256_BYTES];
    char text[sizeof PIN_PREFIX + SHA256_BASE64_BYTES] = PIN_PREFIX;
    int key_len =
        certificate != NULL ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key) : 0;

    if (key_len <= 0)
        return false;
    int is_hashed = EVP_Digest(key, (size_t)key_len, digest, NULL, EVP_sha256(), NULL);

    OPENSSL_free(key);
    if (is_hashed != 1)
        return false;
    EVP_EncodeBlock((unsigned char *)text + strlen(PIN_PREFIX), digest, SHA256_BYTES);
    /* Pins are well-formed here: of one length, so that a hit is never part of a longer one. */
    return strstr(pin, text) != NULL;
}

void tls_expiry(X509_STORE_CTX *store, char *out, size_t size)
{
    X509 *certificate = X509_STORE_CTX_get_current_cert(store);
    struct tm when;

    out[0] = '\0';
    if (certificate != NULL && ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &when) == 1 &&
        strftime(out, size, "%Y-%m-%d", &when) == 0)
        out[0] = '\0';
}

enum rc tls_explain(struct err *err, long verdict, const char *name, const char *expiry)
{
    switch (verdict) {
    case X509_V_OK:
    case X509_V_ERR_UNSPECIFIED:
        /* curl compares names itself, and then leaves one of these two. */
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return err_set(
            err, RC_TLS,
            "the server's certificate is not for %s; if the server is right, set tls_name "
            "to the name in the certificate",
            name);
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return err_set(
            err, RC_TLS,
            "the certificate of %s has expired%s%s; it must be renewed on the server (or "
            "this machine's clock is wrong)",
            name, expiry[0] != '\0' ? " on " : "", expiry);
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return err_set(err, RC_TLS,
                       "the certificate of %s is not valid yet; check this machine's clock", name);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return err_set(
            err, RC_TLS,
            "the certificate of %s comes from an issuer not trusted here; set ca_file to "
            "the issuer's certificate",
            name);
    default:
        return err_set(err, RC_TLS,
                       "the certificate of %s is refused: %s; it must be put right on the server",
                       name, X509_verify_cert_error_string(verdict));
    }
}

enum rc tls_explain_pin(struct err *err, const char *name)
{
    return err_set(err, RC_TLS,
                   "the public key of %s is not the pinned one: another server answers, or its key "
                   "was changed; if so, change pin_sha256",
                   name);
}
