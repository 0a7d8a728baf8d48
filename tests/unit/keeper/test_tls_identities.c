/* Which certificate is shown: set, tried, kept, brought back, over restarts; and what the keys sign. */
#include "book_fixture.h"

#include <fcntl.h>
#include <openssl/rsa.h>
#include <sys/stat.h>
#include <time.h>

#include "auth/keeper/tls_identities.h"
#include "auth/keeper_client.h"
#include "auth/keeper_tls_wire.h"
#include "certificates.h"

static const char *const names[] = {"kvm.example"};
static struct tls_identities self;
static char why[KEEPER_MAX_REASON];
static struct made first, second;
static char *first_pem, *first_key, *second_pem, *second_key;

static void open_again(void)
{
    tls_identities_finish(&self);
    if (tls_identities_open(&self, names, 1, -1, -1, why, sizeof why) < 0)
        fail_msg("%s", why);
}

static int set_up(void **state)
{
    int r = folder_set_up(state);
    first = make_certificate(NULL, (struct make){.name = "first"});
    second = make_certificate(NULL, (struct make){.name = "second"});
    first_pem = pem_of((const struct made *[]){&first, NULL});
    second_pem = pem_of((const struct made *[]){&second, NULL});
    first_key = pem_of_key(first.key);
    second_key = pem_of_key(second.key);
    self = (struct tls_identities){0};
    open_again();
    return r;
}

static int tear_down(void **state)
{
    tls_identities_finish(&self);
    made_free(&first);
    made_free(&second);
    free(first_pem);
    free(first_key);
    free(second_pem);
    free(second_key);
    static const char *const left[] = {TLS_SET_FILE, TLS_TRIAL_FILE, "given.crt", "given.key"};
    for (size_t i = 0; i < ARRAY_SIZE(left); i++)
        unlink(left[i]);
    return book_tear_down(state);
}

static bool uses(const struct made *made)
{
    uint8_t digest[32];
    unsigned n = sizeof digest;
    X509_digest(made->certificate, EVP_sha256(), digest, &n);
    return memcmp(tls_identities_used(&self)->fingerprint, digest, sizeof digest) == 0;
}

static int try(unsigned how, const char *certificate, const char *key)
{
    return tls_identities_try(&self, how, certificate, key, time(NULL), why, sizeof why);
}

static int end(bool keep)
{
    return tls_identities_end_trial(&self, keep, why, sizeof why);
}

static void a_trial_is_used_and_kept(void **state)
{
    (void)state;
    assert_int_equal(tls_identities_source(&self), KEEPER_OWN_CERTIFICATE);
    assert_int_equal(try(KEEPER_TRY_TEST, first_pem, first_key), 0);
    assert_false(uses(&first));
    assert_int_equal(try(KEEPER_TRY_SET, first_pem, first_key), 0);
    assert_true(uses(&first) && self.on_trial);
    assert_int_equal(tls_identities_source(&self), KEEPER_SET_CERTIFICATE);
    assert_int_equal(try(KEEPER_TRY_SET, second_pem, second_key), -EBUSY);
    struct stat st;
    assert_int_equal(stat(TLS_TRIAL_FILE, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    open_again();
    assert_true(uses(&first) && self.on_trial);
    assert_int_equal(end(true), 0);
    open_again();
    assert_true(uses(&first) && !self.on_trial);
    assert_int_equal(end(true), -ENOENT);
}

static void a_trial_is_brought_back(void **state)
{
    (void)state;
    assert_int_equal(try(KEEPER_TRY_SET, first_pem, first_key), 0);
    assert_int_equal(end(true), 0);
    assert_int_equal(try(KEEPER_TRY_SET, second_pem, second_key), 0);
    assert_true(uses(&second));
    open_again(); /* killed meanwhile */
    assert_true(uses(&second));
    assert_int_equal(end(false), 0);
    assert_true(uses(&first));
    open_again();
    assert_true(uses(&first));
    /* and back to our own, which is a change like any other */
    assert_int_equal(try(KEEPER_TRY_OWN, "", ""), 0);
    assert_int_equal(tls_identities_source(&self), KEEPER_OWN_CERTIFICATE);
    open_again();
    assert_true(self.on_trial);
    assert_int_equal(end(false), 0);
    assert_true(uses(&first));
    assert_int_equal(try(KEEPER_TRY_OWN, "", ""), 0);
    assert_int_equal(end(true), 0);
    open_again();
    assert_int_equal(tls_identities_source(&self), KEEPER_OWN_CERTIFICATE);
    assert_int_equal(access(TLS_SET_FILE, F_OK), -1);
}

static void what_is_refused_changes_nothing(void **state)
{
    (void)state;
    uint8_t before[32];
    memcpy(before, tls_identities_used(&self)->fingerprint, sizeof before);
    assert_int_equal(try(KEEPER_TRY_SET, first_pem, second_key), -EINVAL);
    assert_int_equal(try(KEEPER_TRY_SET, first_pem, "trash"), -EINVAL);
    assert_int_equal(try(KEEPER_TRY_SET, first_pem, ""), -EINVAL); /* its key is not here */
    assert_int_equal(try(KEEPER_TRY_SET, "trash", ""), -EINVAL);
    assert_int_equal(try(KEEPER_TRY_OWN, "", ""), -EINVAL); /* it is in use */
    assert_memory_equal(before, tls_identities_used(&self)->fingerprint, sizeof before);
    assert_int_equal(access(TLS_TRIAL_FILE, F_OK), -1);
    assert_int_equal(access(TLS_SET_FILE, F_OK), -1);
}

static void a_request_brings_a_certificate_without_a_key(void **state)
{
    (void)state;
    struct made issued = make_certificate(&first, (struct make){.name = "issued", .key = self.own.key});
    char *pem = pem_of((const struct made *[]){&issued, &first, NULL});
    char *request = tls_identities_request(&self, why, sizeof why);
    assert_non_null(strstr(request, "BEGIN CERTIFICATE REQUEST"));
    assert_int_equal(try(KEEPER_TRY_SET, pem, ""), 0);
    assert_true(uses(&issued));
    free(request);
    free(pem);
    made_free(&issued);
}

static void damaged_files_leave_a_way_in(void **state)
{
    (void)state;
    static const char *const files[] = {TLS_SET_FILE, TLS_TRIAL_FILE};
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        FILE *f = fopen(files[i], "w");
        fputs("trash", f);
        fclose(f);
    }
    open_again();
    assert_int_equal(tls_identities_source(&self), KEEPER_OWN_CERTIFICATE);
    assert_false(self.on_trial);
    assert_int_equal(access(TLS_TRIAL_FILE, F_OK), -1);
}

static void write_pair(const char *certificate, const char *key)
{
    FILE *f = fopen("given.crt", "w");
    fputs(certificate, f);
    fclose(f);
    f = fopen("given.key", "w");
    fputs(key, f);
    fclose(f);
}

static int again(void)
{
    _cleanup_close_ int certificate = open("given.crt", O_RDONLY | O_CLOEXEC);
    _cleanup_close_ int key = open("given.key", O_RDONLY | O_CLOEXEC);
    return tls_identities_again(&self, names, 1, certificate, key, why, sizeof why);
}

static void the_configurations_is_read_anew_or_stays(void **state)
{
    (void)state;
    write_pair(first_pem, first_key);
    assert_int_equal(again(), 0);
    assert_int_equal(tls_identities_source(&self), KEEPER_CONFIGURED_CERTIFICATE);
    assert_int_equal(try(KEEPER_TRY_SET, second_pem, second_key), -EBUSY);
    write_pair(second_pem, first_key);
    assert_int_equal(again(), -EINVAL);
    assert_true(uses(&first));
    write_pair(second_pem, second_key);
    assert_int_equal(again(), 0);
    assert_true(uses(&second));
    /* who began with the former one can still be signed for */
    uint8_t digest[32] = {1}, id[32], signature[KEEPER_MAX_SIGNATURE];
    unsigned n = sizeof id;
    size_t size = sizeof signature;
    X509_digest(first.certificate, EVP_sha256(), id, &n);
    assert_int_equal(tls_identities_sign(&self, id, KEEPER_SIGN_ECDSA, digest, 32, signature, &size), 0);
    id[0] ^= 1;
    size = sizeof signature;
    assert_int_equal(tls_identities_sign(&self, id, KEEPER_SIGN_ECDSA, digest, 32, signature, &size), -ESTALE);
    assert_int_equal(tls_identities_again(&self, names, 1, -1, -1, why, sizeof why), 0);
    assert_int_equal(tls_identities_source(&self), KEEPER_OWN_CERTIFICATE);
}

/* The gateway gets signatures of handshakes, and no use of the key besides: nothing is decrypted by it. */
static void an_rsa_key_signs_blocks_of_pss_alone(void **state)
{
    (void)state;
    EVP_PKEY *rsa = EVP_RSA_gen(2048);
    struct made made = make_certificate(NULL, (struct make){.key = rsa});
    char *pem = pem_of((const struct made *[]){&made, NULL});
    struct identity identity;
    uint8_t block[256], signature[KEEPER_MAX_SIGNATURE], digest[64] = {7};
    assert_int_equal(identity_pair(&identity, pem, rsa, why, sizeof why), 0);
    for (unsigned i = 0; i < 3; i++) {
        const EVP_MD *md = i == 0 ? EVP_sha256() : i == 1 ? EVP_sha384() : EVP_sha512();
        size_t size = sizeof signature, h = (size_t)EVP_MD_get_size(md);
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(rsa, NULL);
        /* what a block is: the public operation on a signature */
        EVP_PKEY_sign_init(context);
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_signature_md(context, md);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST);
        assert_int_equal(EVP_PKEY_sign(context, signature, &size, digest, h), 1);
        EVP_PKEY_encrypt_init(context);
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING);
        size_t n = sizeof block;
        assert_int_equal(EVP_PKEY_encrypt(context, block, &n, signature, size), 1);
        size = sizeof signature;
        assert_int_equal(identity_sign(&identity, KEEPER_SIGN_PSS, block, sizeof block, signature, &size), 0);
        EVP_PKEY_verify_init(context);
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_signature_md(context, md);
        assert_int_equal(EVP_PKEY_verify(context, signature, size, digest, h), 1);
        EVP_PKEY_CTX_free(context);
        for (size_t at = 0; at < sizeof block; at += 5) { /* any other block, as a secret that somebody sent us */
            block[at] ^= 1;
            size = sizeof signature;
            if (at < sizeof block - h - 1 - h - 1 || at >= sizeof block - h - 1)
                assert_int_equal(identity_sign(&identity, KEEPER_SIGN_PSS, block, sizeof block, signature, &size),
                                 -EINVAL);
            block[at] ^= 1;
        }
        size = sizeof signature;
        assert_int_equal(identity_sign(&identity, KEEPER_SIGN_PSS, block, sizeof block - 1, signature, &size), -EINVAL);
        assert_int_equal(identity_sign(&identity, KEEPER_SIGN_ECDSA, digest, 32, signature, &size), -EINVAL);
        assert_int_equal(identity_sign(&identity, KEEPER_SIGN_PKCS1, digest, 20, signature, &size), -EINVAL);
        assert_int_equal(identity_sign(&identity, KEEPER_SIGN_PKCS1, digest, h, signature, &size), 0);
    }
    identity_finish(&identity);
    free(pem);
    made_free(&made);
    EVP_PKEY_free(rsa);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_trial_is_used_and_kept),
        TEST(a_trial_is_brought_back),
        TEST(what_is_refused_changes_nothing),
        TEST(a_request_brings_a_certificate_without_a_key),
        TEST(damaged_files_leave_a_way_in),
        TEST(the_configurations_is_read_anew_or_stays),
        TEST(an_rsa_key_signs_blocks_of_pss_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
