#include "callhud/net/digest.h"

#include "callhud/base/mem.h"

#include <openssl/evp.h>

struct digest {
    EVP_MD *sha256;
    EVP_MD_CTX *context;
};

struct digest *digest_new(void)
{
    struct digest *digest = mem_zero(1, sizeof *digest);
    digest->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    digest->context = EVP_MD_CTX_new();
    if (digest->sha256 != NULL && digest->context != NULL)
        return digest;
    digest_free(digest);
    return NULL;
}

void digest_free(struct digest *digest)
{
    if (digest == NULL)
        return;
    EVP_MD_CTX_free(digest->context);
    EVP_MD_free(digest->sha256);
    mem_free(digest);
}

bool digest_bytes(struct digest *digest, const void *bytes, size_t len,
                  unsigned char out[DIGEST_BYTES])
{
    unsigned len_out = 0;
    return EVP_DigestInit_ex2(digest->context, digest->sha256, NULL) == 1 &&
           EVP_DigestUpdate(digest->context, bytes, len) == 1 &&
           EVP_DigestFinal_ex(digest->context, out, &len_out) == 1 && len_out == DIGEST_BYTES;
}

static const char digits[] = "0123456789abcdef";

void digest_text(const unsigned char bytes[DIGEST_BYTES], char out[DIGEST_TEXT_BYTES])
{
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[DIGEST_TEXT_BYTES - 1] = '\0';
}

/* -1 for what is no digit, NUL among it. */
static int value_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool digest_parse(const char *text, unsigned char out[DIGEST_BYTES])
{
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        int high = value_of(text[2 * i]);
        int low = high < 0 ? -1 : value_of(text[2 * i + 1]);
        if (low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}
