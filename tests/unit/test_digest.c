/* SHA-256 against the examples of FIPS 180-4, and its text. */
#include "callhud/net/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void gives(struct digest *digest, const char *bytes, size_t len, const char *wanted)
{
    unsigned char out[DIGEST_BYTES];
    char text[DIGEST_TEXT_BYTES];
    assert_true(digest_bytes(digest, bytes, len, out));
    digest_text(out, text);
    assert_string_equal(text, wanted);
}

static void examples(void **state)
{
    (void)state;
    static char million[1000000];
    struct digest *digest = digest_new();
    assert_non_null(digest);
    memset(million, 'a', sizeof million);
    gives(digest, "abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    gives(digest, "", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    gives(digest, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    gives(digest, million, sizeof million,
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    /* It is as fresh after a long one as it was at first. */
    gives(digest, "abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_free(digest);
    digest_free(NULL);
}

static void text_and_back(void **state)
{
    (void)state;
    unsigned char bytes[DIGEST_BYTES], back[DIGEST_BYTES];
    char text[DIGEST_TEXT_BYTES];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 37 + 250);
    digest_text(bytes, text);
    assert_int_equal(strlen(text), 64);
    assert_true(digest_parse(text, back));
    assert_memory_equal(bytes, back, sizeof bytes);
    for (size_t i = 0; i < 64; i++) {
        static const char wrong[] = {'g', 'A', '/', ':', '`', '\0', ' '};
        for (size_t j = 0; j < sizeof wrong; j++) {
            char kept = text[i];
            text[i] = wrong[j];
            assert_false(digest_parse(text, back));
            text[i] = kept;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples),
        cmocka_unit_test(text_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
