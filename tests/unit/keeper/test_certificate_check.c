/* A certificate takes another's place only when nothing is wrong with it; what is wrong is said. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "auth/keeper/certificate_check.h"
#include "auth/keeper/keeper.h"
#include "certificates.h"
#include "core/attrs.h"
#include "core/clock.h"

static const char *const names[] = {"localhost", "kvm.example", "192.0.2.7", "kvm.net.example"};
static struct made root, middle, leaf;
static char why[KEEPER_MAX_REASON];

static int make_all(void **state)
{
    (void)state;
    root = make_certificate(NULL, (struct make){.name = "Root", .authority = true});
    middle = make_certificate(&root, (struct make){.name = "Middle", .authority = true});
    leaf = make_certificate(&middle, (struct make){.aia = "caIssuers;URI:http://ca.example/middle.crt"});
    return 0;
}

static int free_all(void **state)
{
    (void)state;
    made_free(&root);
    made_free(&middle);
    made_free(&leaf);
    return 0;
}

static int check(const struct made *const *list, EVP_PKEY *key)
{
    char *pem = pem_of(list);
    int r = certificate_check(pem, key, names, ARRAY_SIZE(names), time(NULL), why, sizeof why);
    free(pem);
    return r;
}

/* Judges one that is made so and stands alone. */
static void refuses(struct make how, const char *reason)
{
    struct made one = make_certificate(NULL, how);
    assert_int_equal(check((const struct made *[]){&one, NULL}, one.key), -EINVAL);
    if (!strstr(why, reason))
        fail_msg("'%s' says nothing of '%s'", why, reason);
    made_free(&one);
}

static void takes(struct make how)
{
    struct made one = make_certificate(NULL, how);
    if (check((const struct made *[]){&one, NULL}, one.key) < 0)
        fail_msg("%s", why);
    made_free(&one);
}

static void takes_good_ones(void **state)
{
    (void)state;
    assert_int_equal(check((const struct made *[]){&leaf, &middle, NULL}, leaf.key), 0);
    assert_int_equal(check((const struct made *[]){&leaf, &middle, &root, NULL}, leaf.key), 0);
    takes((struct make){.san = "DNS:*.net.example"});
    takes((struct make){.san = "IP:192.0.2.7"});
    takes((struct make){.san = "DNS:other.example,DNS:kvm.example"});
    EVP_PKEY *rsa = EVP_RSA_gen(2048);
    takes((struct make){.key = rsa});
    EVP_PKEY_free(rsa);
}

static void refuses_what_is_wrong_with_one(void **state)
{
    (void)state;
    refuses((struct make){.san = "DNS:other.example"}, "none of the gateway's public names (the first is localhost)");
    refuses((struct make){.san = "DNS:kvm.example.evil.example"}, "none of the gateway's public names");
    refuses((struct make){.san = "DNS:other.example", .name = "kvm.example"}, "none of the gateway's public names");
    refuses((struct make){.from_s = -7200, .to_s = -3600}, "is over since");
    refuses((struct make){.from_s = 3600}, "is valid from");
    refuses((struct make){.use = "clientAuth"}, "not for servers");
    refuses((struct make){.sha1 = true}, "SHA1");
    EVP_PKEY *weak = EVP_RSA_gen(1024), *odd = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    refuses((struct make){.key = weak}, "nor RSA of 2048");
    EVP_PKEY_free(weak);
    EVP_PKEY_free(odd);
}

static void refuses_the_wrong_key(void **state)
{
    (void)state;
    assert_int_equal(check((const struct made *[]){&leaf, &middle, NULL}, middle.key), -EINVAL);
    assert_non_null(strstr(why, "not issued for this key"));
}

static void refuses_broken_chains(void **state)
{
    (void)state;
    struct made stranger = make_certificate(NULL, (struct make){.name = "Middle", .authority = true});
    struct made old = make_certificate(
        &root, (struct make){.name = "Middle", .authority = true, .key = middle.key, .from_s = -7200, .to_s = -60});
    assert_int_equal(check((const struct made *[]){&leaf, NULL}, leaf.key), -EINVAL);
    assert_non_null(strstr(why, "incomplete"));
    assert_non_null(strstr(why, "Middle"));
    assert_int_equal(check((const struct made *[]){&leaf, &root, NULL}, leaf.key), -EINVAL);
    assert_non_null(strstr(why, "certificate 2 does not vouch for certificate 1"));
    assert_int_equal(check((const struct made *[]){&leaf, &root, &middle, NULL}, leaf.key), -EINVAL);
    assert_non_null(strstr(why, "broken"));
    /* of the same name, but another key */
    assert_int_equal(check((const struct made *[]){&leaf, &stranger, NULL}, leaf.key), -EINVAL);
    assert_non_null(strstr(why, "broken"));
    assert_int_equal(check((const struct made *[]){&leaf, &old, NULL}, leaf.key), -EINVAL);
    assert_non_null(strstr(why, "certificate 2 of the chain is over"));
    const struct made *many[] = {&leaf, &middle, &root, &root, &root, &root, &root, &root, &root, NULL};
    assert_int_equal(check(many, leaf.key), -EINVAL);
    assert_non_null(strstr(why, "more than 8"));
    made_free(&stranger);
    made_free(&old);
}

static void refuses_what_is_no_certificate(void **state)
{
    static const char *const texts[] = {"", "trash", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                                        "-----BEGIN CERTIFICATE-----\n"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        assert_int_equal(certificate_check(texts[i], leaf.key, names, ARRAY_SIZE(names), time(NULL), why, sizeof why),
                         -EINVAL);
    char *good = pem_of((const struct made *[]){&leaf, &middle, NULL});
    for (size_t n = 0; n < strlen(good); n += 37) { /* cut anywhere */
        char *cut = strndup(good, n);
        assert_int_equal(certificate_check(cut, leaf.key, names, ARRAY_SIZE(names), time(NULL), why, sizeof why),
                         -EINVAL);
        free(cut);
    }
    free(good);
}

/* A machine without a clock takes what was good on the day this program was built. */
static void a_clock_at_1970_refuses_nothing_by_it(void **state)
{
    (void)state;
    struct made one = make_certificate(NULL, (struct make){.from_s = (long)(clock_build_s() - time(NULL)) - 3600});
    char *pem = pem_of((const struct made *[]){&one, NULL});
    assert_int_equal(certificate_check(pem, one.key, names, ARRAY_SIZE(names), 1000, why, sizeof why), 0);
    free(pem);
    made_free(&one);
}

static void a_request_names_what_others_can_vouch_for(void **state)
{
    (void)state;
    char *pem = certificate_request(leaf.key, names, ARRAY_SIZE(names));
    assert_non_null(pem);
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509_REQ *request = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
    assert_int_equal(X509_REQ_verify(request, leaf.key), 1);
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
    GENERAL_NAMES *list = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
    assert_int_equal(sk_GENERAL_NAME_num(list), 3); /* localhost is nobody's to certify */
    GENERAL_NAMES_free(list);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    X509_REQ_free(request);
    BIO_free(bio);
    free(pem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_good_ones),
        cmocka_unit_test(refuses_what_is_wrong_with_one),
        cmocka_unit_test(refuses_the_wrong_key),
        cmocka_unit_test(refuses_broken_chains),
        cmocka_unit_test(refuses_what_is_no_certificate),
        cmocka_unit_test(a_clock_at_1970_refuses_nothing_by_it),
        cmocka_unit_test(a_request_names_what_others_can_vouch_for),
    };
    return cmocka_run_group_tests(tests, make_all, free_all);
}
