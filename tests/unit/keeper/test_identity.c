/* The key and certificate: made once, kept, renewed for new names; and those the owner gives. */
#include "book_fixture.h"

#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include "auth/keeper/certificate.h"
#include "auth/keeper/identity.h"
#include "auth/keeper/keeper.h"
#include "auth/keeper_tls_wire.h"

static struct identity identity;
static char why[KEEPER_MAX_REASON];
static const char *const names[] = {"kvm.example", "192.0.2.7", "other.example"};

static int tear_down(void **state)
{
    identity_finish(&identity);
    return book_tear_down(state);
}

static X509 *certificate_of(const struct identity *self)
{
    BIO *bio = BIO_new_mem_buf(self->pem, (int)self->pem_size);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    assert_non_null(certificate);
    return certificate;
}

static void own(unsigned n_names)
{
    identity_finish(&identity);
    if (identity_own(&identity, names, n_names, why, sizeof why) < 0)
        fail_msg("%s", why);
}

static void test_made_once_and_kept(void **state)
{
    (void)state;
    own(2);
    uint8_t fingerprint[32];
    memcpy(fingerprint, identity.fingerprint, sizeof fingerprint);
    X509 *certificate = certificate_of(&identity);
    assert_true(certificate_has_names(certificate, names, 2));
    assert_false(certificate_has_names(certificate, names, 3));
    static const char *const always[] = {"localhost", "127.0.0.1", "::1"};
    assert_true(certificate_has_names(certificate, always, 3));
    assert_int_equal(X509_get_version(certificate), X509_VERSION_3);
    assert_true(X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0);
    int days, seconds;
    ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(certificate), X509_get0_notAfter(certificate));
    assert_in_range(days, 3650, 3653);
    X509_free(certificate);
    struct stat st;
    assert_int_equal(stat(IDENTITY_KEY_FILE, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    own(2);
    assert_memory_equal(identity.fingerprint, fingerprint, sizeof fingerprint);
}

static void test_a_machine_without_a_clock_gets_a_usable_one(void **state)
{
    (void)state;
    own(1);
    X509 *certificate = certificate_make(identity.key, names, 1, 1000); /* 1970 */
    time_t then = 1000, now_s = time(NULL);
    assert_true(X509_cmp_time(X509_get0_notBefore(certificate), &then) <= 0);
    assert_true(X509_cmp_time(X509_get0_notAfter(certificate), &now_s) > 0); /* a browser has a clock */
    X509_free(certificate);
    certificate = certificate_make(identity.key, names, 1, 4000000000);       /* 2096 */
    assert_true(X509_cmp_time(X509_get0_notBefore(certificate), &now_s) < 0); /* the day of the build */
    X509_free(certificate);
}

static void test_a_new_name_renews_the_certificate_not_the_key(void **state)
{
    (void)state;
    own(1);
    X509 *before = certificate_of(&identity);
    own(3);
    X509 *after = certificate_of(&identity);
    assert_true(certificate_has_names(after, names, 3));
    assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(before), X509_get0_pubkey(after)), 1);
    X509_free(before);
    X509_free(after);
}

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void test_a_damaged_key_is_named_and_kept(void **state)
{
    (void)state;
    write_file(IDENTITY_KEY_FILE, "trash");
    assert_true(identity_own(&identity, names, 1, why, sizeof why) < 0);
    assert_non_null(strstr(why, "keeper/tls.key"));
    struct stat st;
    assert_int_equal(stat(IDENTITY_KEY_FILE, &st), 0);
    assert_int_equal(st.st_size, 5);
}

static void test_a_damaged_certificate_is_made_anew(void **state)
{
    (void)state;
    own(1);
    write_file(IDENTITY_CERTIFICATE_FILE, "trash");
    own(1);
    X509_free(certificate_of(&identity));
}

static void write_pair(EVP_PKEY *key, EVP_PKEY *certificate_key)
{
    X509 *certificate = certificate_make(certificate_key, names, 1, time(NULL));
    FILE *f = fopen("given.crt", "w");
    assert_int_equal(PEM_write_X509(f, certificate), 1);
    fclose(f);
    f = fopen("given.key", "w");
    assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(f);
    X509_free(certificate);
}

static int given(void)
{
    _cleanup_close_ int certificate = open("given.crt", O_RDONLY | O_CLOEXEC);
    _cleanup_close_ int key = open("given.key", O_RDONLY | O_CLOEXEC);
    identity_finish(&identity);
    return identity_given(&identity, certificate, key, why, sizeof why);
}

static void test_the_owners_pair_is_checked(void **state)
{
    (void)state;
    EVP_PKEY *a = EVP_EC_gen("P-384"), *b = EVP_EC_gen("P-384"), *rsa = EVP_RSA_gen(2048), *weak = EVP_RSA_gen(1024);
    write_pair(a, a);
    assert_int_equal(given(), 0);
    assert_int_equal(access(IDENTITY_KEY_FILE, F_OK), -1); /* nothing of ours was made */

    write_pair(b, a);
    assert_int_equal(given(), -EINVAL);
    assert_non_null(strstr(why, "not issued for this key"));

    write_pair(rsa, rsa);
    assert_int_equal(given(), 0);

    write_pair(weak, weak);
    assert_int_equal(given(), -EINVAL);
    assert_non_null(strstr(why, "nor RSA of 2048"));

    write_pair(a, a);
    write_file("given.key", "trash");
    assert_int_equal(given(), -EINVAL);
    assert_non_null(strstr(why, "no PEM private key"));

    FILE *f = fopen("given.key", "w");
    assert_int_equal(PEM_write_PrivateKey(f, a, EVP_aes_128_cbc(), NULL, 0, NULL, (void *)"pass phrase"), 1);
    fclose(f);
    assert_int_equal(given(), -EINVAL); /* and nobody is asked on a terminal */
    assert_non_null(strstr(why, "pass phrase"));
    EVP_PKEY_free(a);
    EVP_PKEY_free(b);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(weak);
}

static void test_signatures_verify(void **state)
{
    (void)state;
    own(1);
    uint8_t digest[64], signature[KEEPER_MAX_SIGNATURE];
    memset(digest, 0x3c, sizeof digest);
    for (size_t n = 32; n <= 64; n += 16) {
        size_t size = sizeof signature;
        assert_int_equal(identity_sign(&identity, KEEPER_SIGN_ECDSA, digest, n, signature, &size), 0);
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(identity.key, NULL);
        assert_int_equal(EVP_PKEY_verify_init(context), 1);
        assert_int_equal(EVP_PKEY_verify(context, signature, size, digest, n), 1);
        signature[size - 1] ^= 1;
        assert_int_not_equal(EVP_PKEY_verify(context, signature, size, digest, n), 1);
        EVP_PKEY_CTX_free(context);
    }
    size_t size = sizeof signature;
    assert_int_equal(identity_sign(&identity, KEEPER_SIGN_ECDSA, digest, 0, signature, &size), -EINVAL);
    assert_int_equal(identity_sign(&identity, KEEPER_SIGN_ECDSA, digest, 20, signature, &size), -EINVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_made_once_and_kept),
        TEST(test_a_machine_without_a_clock_gets_a_usable_one),
        TEST(test_a_new_name_renews_the_certificate_not_the_key),
        TEST(test_a_damaged_key_is_named_and_kept),
        TEST(test_a_damaged_certificate_is_made_anew),
        TEST(test_the_owners_pair_is_checked),
        TEST(test_signatures_verify),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
