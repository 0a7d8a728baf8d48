/* Login by a client certificate: who is let in, and all the ways in which one is not good enough. */
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "auth/keeper/trust.h"
#include "book_fixture.h"

#define DAY 86400

struct authority {
    X509 *certificate;
    EVP_PKEY *key;
};

static struct authority root, other;
static long serial;

static EVP_PKEY *key_make(void)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    assert_non_null(key);
    return key;
}

static void extend(X509 *certificate, X509 *issuer, const char *name, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf(NULL, &context, name, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* name: of the subject, with its size, because some have a NUL inside. */
static X509 *make(EVP_PKEY *key, const char *name, int size, long from_s, long until_s)
{
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_time_adj_ex(X509_getm_notBefore(certificate), 0, from_s, &(time_t){(time_t)now.wall_s});
    X509_time_adj_ex(X509_getm_notAfter(certificate), 0, until_s, &(time_t){(time_t)now.wall_s});
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const uint8_t *)name, size, -1, 0);
    X509_set_pubkey(certificate, key);
    return certificate;
}

static struct authority authority_make(const char *name)
{
    struct authority made = {.key = key_make()};
    made.certificate = make(made.key, name, -1, -DAY, 100 * DAY);
    X509_set_issuer_name(made.certificate, X509_get_subject_name(made.certificate));
    extend(made.certificate, made.certificate, "basicConstraints", "critical,CA:TRUE");
    extend(made.certificate, made.certificate, "keyUsage", "critical,keyCertSign,cRLSign");
    extend(made.certificate, made.certificate, "subjectKeyIdentifier", "hash");
    assert_true(X509_sign(made.certificate, made.key, EVP_sha256()) > 0);
    return made;
}

static X509 *signed_by(const struct authority *authority, X509 *certificate, const char *usage)
{
    X509_set_issuer_name(certificate, X509_get_subject_name(authority->certificate));
    if (usage)
        extend(certificate, authority->certificate, "extendedKeyUsage", usage);
    assert_true(X509_sign(certificate, authority->key, EVP_sha256()) > 0);
    return certificate;
}

static X509 *leaf(const char *name)
{
    EVP_PKEY *key = key_make();
    X509 *certificate = signed_by(&root, make(key, name, -1, -DAY, DAY), "clientAuth");
    EVP_PKEY_free(key);
    return certificate;
}

static void add_link(struct request *request, X509 *certificate)
{
    if (!request->chain)
        request->chain = calloc(1, sizeof *request->chain);
    struct request_chain *chain = request->chain;
    size_t at = chain->n ? chain->links[chain->n - 1].at + chain->links[chain->n - 1].size : 0;
    uint8_t *to = chain->bytes + at;
    int size = i2d_X509(certificate, NULL);
    assert_true(size > 0 && at + (size_t)size <= sizeof chain->bytes);
    i2d_X509(certificate, &to);
    chain->links[chain->n].at = at;
    chain->links[chain->n++].size = (size_t)size;
}

static struct reply show(X509 *certificate)
{
    struct request *request = request_of(KEEPER_LOGIN_CERTIFICATE, "", "");
    serial++; /* another address each time: this is not about the lockout */
    snprintf(request->peer, sizeof request->peer, "10.0.%ld.%ld", serial / 256 % 256, serial % 256);
    add_link(request, certificate);
    struct reply reply = ask(request);
    X509_free(certificate);
    return reply;
}

static struct reply map(const char *user, const char *certificate)
{
    struct request *request = request_of(KEEPER_USER_PUT, user, "");
    request->flags = KEEPER_CHANGE_CERTIFICATE;
    snprintf(request->certificate, sizeof request->certificate, "%s", certificate);
    return ask(request);
}

static int file_of(const char *name)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    unlink(name);
    return fd;
}

static int authority_file(void)
{
    int fd = file_of("ca.pem");
    FILE *f = fdopen(dup(fd), "w");
    assert_int_equal(PEM_write_X509(f, root.certificate), 1);
    fclose(f);
    return fd;
}

static int list_file(const struct authority *by, X509 *revoked, long next_s)
{
    X509_CRL *list = X509_CRL_new();
    ASN1_TIME *at = ASN1_TIME_adj(NULL, (time_t)now.wall_s, 0, -3600);
    X509_CRL_set_version(list, 1);
    X509_CRL_set_issuer_name(list, X509_get_subject_name(by->certificate));
    X509_CRL_set1_lastUpdate(list, at);
    ASN1_TIME_free(at);
    at = ASN1_TIME_adj(NULL, (time_t)now.wall_s, 0, next_s);
    X509_CRL_set1_nextUpdate(list, at);
    ASN1_TIME_free(at);
    if (revoked) {
        X509_REVOKED *entry = X509_REVOKED_new();
        at = ASN1_TIME_adj(NULL, (time_t)now.wall_s, 0, -3600);
        X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked));
        X509_REVOKED_set_revocationDate(entry, at);
        ASN1_TIME_free(at);
        X509_CRL_add0_revoked(list, entry);
    }
    X509_CRL_sort(list);
    assert_true(X509_CRL_sign(list, by->key, EVP_sha256()) > 0);
    int fd = file_of("crl.pem");
    FILE *f = fdopen(dup(fd), "w");
    assert_int_equal(PEM_write_X509_CRL(f, list), 1);
    fclose(f);
    X509_CRL_free(list);
    return fd;
}

/* crl_fd is taken. */
static void use(int crl_fd)
{
    char why[256] = "";
    struct trust *trust = NULL;
    int ca_fd = authority_file();
    int r = trust_create(ca_fd, crl_fd, &trust, why, sizeof why);
    assert_string_equal(why, "");
    assert_int_equal(r, 0);
    close(ca_fd);
    if (crl_fd >= 0)
        close(crl_fd);
    book_use_trust(book, trust);
}

static int set_up(void **state)
{
    int r = book_with_ann(state);
    root = authority_make("The owner's authority");
    other = authority_make("The owner's authority"); /* of the same name: another key */
    use(-1);
    return r;
}

static int tear_down(void **state)
{
    X509_free(root.certificate);
    EVP_PKEY_free(root.key);
    X509_free(other.certificate);
    EVP_PKEY_free(other.key);
    ERR_clear_error();
    return book_tear_down(state);
}

static void test_the_one_that_is_mapped_gets_in(void **state)
{
    (void)state;
    assert_int_equal(show(leaf("Ann")).error, -EACCES);
    assert_int_equal(map("ann", "cn:Ann").error, 0);
    struct reply in = show(leaf("Ann"));
    assert_int_equal(in.error, 0);
    assert_int_equal(in.kind, AUTH_CERTIFICATE);
    assert_string_equal(in.user, "ann");
    assert_string_equal(in.browser, "");
    assert_int_equal(session(in.token).kind, AUTH_CERTIFICATE);
    assert_int_equal(put("bob", PASSWORD, ROLE_ADMINISTRATOR, true).error, 0);
    assert_int_equal(map("bob", "cn:Ann").error, -EEXIST); /* two cannot have it */
    assert_int_equal(enable("ann", false).error, 0);
    assert_int_equal(show(leaf("Ann")).error, -EACCES);
    assert_int_equal(enable("ann", true).error, 0);
    assert_int_equal(map("ann", "").error, 0);
    assert_int_equal(show(leaf("Ann")).error, -EACCES);
}

static void test_names_are_compared_whole(void **state)
{
    (void)state;
    assert_int_equal(map("ann", "cn:Ann").error, 0);
    assert_int_equal(show(leaf("Anna")).error, -EACCES);
    assert_int_equal(show(leaf("An")).error, -EACCES);
    assert_int_equal(show(leaf("ann")).error, -EACCES);
    assert_int_equal(show(leaf("Ann ")).error, -EACCES);
    EVP_PKEY *key = key_make();
    X509 *twice = make(key, "Eve", -1, -DAY, DAY);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(twice), "CN", MBSTRING_UTF8, (const uint8_t *)"Ann", -1, -1, 0);
    assert_int_equal(show(signed_by(&root, twice, "clientAuth")).error, -EACCES);
    X509 *nul = signed_by(&root, make(key, "Ann\0.evil.example", 17, -DAY, DAY), "clientAuth");
    assert_int_equal(show(nul).error, -EACCES);
    EVP_PKEY_free(key);
}

static X509 *leaf_with(const char *alternatives)
{
    EVP_PKEY *key = key_make();
    X509 *certificate = make(key, "Somebody", -1, -DAY, DAY);
    extend(certificate, root.certificate, "subjectAltName", alternatives);
    EVP_PKEY_free(key);
    return signed_by(&root, certificate, "clientAuth");
}

static void test_alternative_names(void **state)
{
    (void)state;
    assert_int_equal(map("ann", "email:ann@example.org").error, 0);
    assert_int_equal(show(leaf_with("email:ann@example.org")).error, 0);
    assert_int_equal(show(leaf_with("email:ann@example.org.evil.example")).error, -EACCES);
    assert_int_equal(show(leaf_with("DNS:ann@example.org")).error, -EACCES);
    assert_int_equal(show(leaf("ann@example.org")).error, -EACCES);
    assert_int_equal(map("ann", "upn:ann@CORP").error, 0);
    assert_int_equal(show(leaf_with("otherName:1.3.6.1.4.1.311.20.2.3;UTF8:ann@CORP")).error, 0);
    assert_int_equal(show(leaf_with("otherName:1.3.6.1.4.1.311.20.2.4;UTF8:ann@CORP")).error, -EACCES);
    assert_int_equal(put("bob", PASSWORD, ROLE_OPERATOR, true).error, 0);
    assert_int_equal(map("bob", "email:bob@example.org").error, 0);
    /* one certificate for two accounts opens neither */
    struct reply both = show(leaf_with("otherName:1.3.6.1.4.1.311.20.2.3;UTF8:ann@CORP,email:bob@example.org"));
    assert_int_equal(both.error, -EACCES);
}

static void test_a_certificate_by_its_hash(void **state)
{
    (void)state;
    uint8_t hash[32];
    char text[8 + 64 * 2] = "sha256:";
    X509 *certificate = leaf("whoever");
    X509_digest(certificate, EVP_sha256(), hash, NULL);
    for (size_t i = 0, n = strlen(text); i < sizeof hash; i++, n += 3)
        snprintf(text + n, sizeof text - n, "%02X%s", hash[i], i + 1 < sizeof hash ? ":" : "");
    assert_int_equal(map("ann", text).error, 0);
    assert_int_equal(show(certificate).error, 0);
    assert_int_equal(show(leaf("whoever")).error, -EACCES);
    assert_int_equal(map("ann", "sha256:00").error, -EINVAL);
    assert_int_equal(map("ann", "cn:").error, -EINVAL);
    assert_int_equal(map("ann", "dns:ann").error, -EINVAL);
    assert_int_equal(map("ann", "cn:a\nb").error, -EINVAL);
}

static void test_dates_purpose_and_issuer(void **state)
{
    (void)state;
    assert_int_equal(map("ann", "cn:Ann").error, 0);
    EVP_PKEY *key = key_make();
    assert_int_equal(show(signed_by(&root, make(key, "Ann", -1, -2 * DAY, -DAY), "clientAuth")).error, -EACCES);
    assert_int_equal(show(signed_by(&root, make(key, "Ann", -1, DAY, 2 * DAY), "clientAuth")).error, -EACCES);
    assert_int_equal(show(signed_by(&root, make(key, "Ann", -1, -DAY, DAY), "serverAuth")).error, -EACCES);
    assert_int_equal(show(signed_by(&root, make(key, "Ann", -1, -DAY, DAY), NULL)).error, 0); /* for any purpose */
    assert_int_equal(show(signed_by(&other, make(key, "Ann", -1, -DAY, DAY), "clientAuth")).error, -EACCES);
    struct authority self = {.key = key, .certificate = make(key, "Ann", -1, -DAY, DAY)};
    X509_up_ref(self.certificate);
    assert_int_equal(show(signed_by(&self, self.certificate, "clientAuth")).error, -EACCES);
    X509_free(self.certificate);
    /* a leaf is no authority */
    X509 *first = signed_by(&root, make(key, "Bob", -1, -DAY, DAY), "clientAuth");
    struct authority by_leaf = {.key = key, .certificate = first};
    EVP_PKEY *second_key = key_make();
    X509 *second = signed_by(&by_leaf, make(second_key, "Ann", -1, -DAY, DAY), "clientAuth");
    struct request *request = request_of(KEEPER_LOGIN_CERTIFICATE, "", "");
    add_link(request, second);
    add_link(request, first);
    assert_int_equal(ask(request).error, -EACCES);
    X509_free(first);
    X509_free(second);
    EVP_PKEY_free(second_key);
    EVP_PKEY_free(key);
}

static void test_what_was_revoked_stays_out(void **state)
{
    (void)state;
    assert_int_equal(map("ann", "cn:Ann").error, 0);
    X509 *revoked = leaf("Ann");
    use(list_file(&root, revoked, DAY));
    assert_int_equal(show(leaf("Ann")).error, 0);
    assert_int_equal(show(revoked).error, -EACCES);
    use(list_file(&root, NULL, -1800)); /* a list that has expired says nothing */
    assert_int_equal(show(leaf("Ann")).error, -EACCES);
    use(list_file(&other, NULL, DAY)); /* nor does one that somebody else signed */
    assert_int_equal(show(leaf("Ann")).error, -EACCES);
    use(-1);
    assert_int_equal(show(leaf("Ann")).error, 0);
    book_use_trust(book, NULL);
    assert_int_equal(show(leaf("Ann")).error, -EACCES);
}

static void test_cut_at_every_length(void **state)
{
    (void)state;
    assert_int_equal(map("ann", "cn:Ann").error, 0);
    X509 *certificate = leaf("Ann");
    struct request *whole = request_of(KEEPER_LOGIN_CERTIFICATE, "", "");
    add_link(whole, certificate);
    size_t size = whole->chain->links[0].size;
    for (size_t n = 1; n <= size + 1; n++) {
        struct trust_names names;
        char why[128];
        whole->chain->links[0].size = n;
        int r = trust_check(book->trust, whole->chain, now.wall_s, &names, why, sizeof why);
        assert_int_equal(r, n == size ? 0 : -EACCES);
    }
    keeper_request_destroy(whole);
    X509_free(certificate);
}

static void test_files_that_make_no_sense(void **state)
{
    (void)state;
    char why[256];
    struct trust *trust = NULL;
    int fd = file_of("nonsense"), ca_fd = authority_file();
    assert_int_not_equal(trust_create(fd, -1, &trust, why, sizeof why), 0);
    assert_non_null(strstr(why, "client-ca"));
    assert_int_equal(write(fd, "nonsense", 8), 8);
    assert_int_not_equal(trust_create(fd, -1, &trust, why, sizeof why), 0);
    assert_int_not_equal(trust_create(ca_fd, fd, &trust, why, sizeof why), 0);
    assert_non_null(strstr(why, "client-crl"));
    assert_int_not_equal(trust_create(ca_fd, ca_fd, &trust, why, sizeof why), 0);
    assert_null(trust);
    close(fd);
    close(ca_fd);
}

static void test_guesses_close_the_door(void **state)
{
    (void)state;
    struct reply reply = {0};
    for (int i = 0; i < 10 && reply.error != -EAGAIN; i++) {
        struct request *request = request_of(KEEPER_LOGIN_CERTIFICATE, "", "");
        X509 *certificate = leaf("Nobody");
        add_link(request, certificate);
        X509_free(certificate);
        reply = ask(request);
    }
    assert_int_equal(reply.error, -EAGAIN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_one_that_is_mapped_gets_in),
        TEST(test_names_are_compared_whole),
        TEST(test_alternative_names),
        TEST(test_a_certificate_by_its_hash),
        TEST(test_dates_purpose_and_issuer),
        TEST(test_what_was_revoked_stays_out),
        TEST(test_cut_at_every_length),
        TEST(test_files_that_make_no_sense),
        TEST(test_guesses_close_the_door),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
