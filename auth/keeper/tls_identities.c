#include "auth/keeper/tls_identities.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <string.h>
#include <unistd.h>

#include "auth/keeper/certificate_check.h"
#include "auth/keeper/pem_file.h"
#include "auth/keeper/whole_file.h"
#include "auth/keeper_client.h"
#include "auth/keeper_tls_wire.h"
#include "core/cleanup.h"
#include "core/log.h"
#include "core/text.h"

#define WHY(error, ...) (snprintf(why, size, __VA_ARGS__), (error))
#define OWN_WORD "the generated certificate\n" /* all that a trial of our own holds */

DEFINE_CLEANUP(EVP_PKEY, EVP_PKEY_free)
DEFINE_CLEANUP(BIO, BIO_free)

static void set_names(struct tls_identities *self, const char *const *names, unsigned n_names)
{
    self->n_names = MIN(n_names, (unsigned)KEEPER_MAX_NAMES);
    for (unsigned i = 0; i < self->n_names; i++) {
        text_copy(self->names[i], sizeof self->names[i], names[i]);
        self->name_list[i] = self->names[i];
    }
}

static void move(struct identity *to, struct identity *from)
{
    if (to == from)
        return;
    identity_finish(to);
    *to = *from;
    *from = (struct identity){0};
}

/* Handshakes that have begun still want the one before. */
static void put(struct tls_identities *self, struct identity *place, struct identity *next)
{
    if (place->key && memcmp(next->fingerprint, place->fingerprint, sizeof next->fingerprint) != 0)
        move(&self->former, place);
    move(place, next);
}

/* ---- which one ---- */

static const struct identity *before_trial(const struct tls_identities *self)
{
    return self->given.key ? &self->given : self->set.key ? &self->set : &self->own;
}

const struct identity *tls_identities_used(const struct tls_identities *self)
{
    if (!self->on_trial)
        return before_trial(self);
    return self->trial_is_own ? &self->own : &self->trial;
}

unsigned tls_identities_source(const struct tls_identities *self)
{
    const struct identity *used = tls_identities_used(self);
    return used == &self->own     ? KEEPER_OWN_CERTIFICATE
           : used == &self->given ? KEEPER_CONFIGURED_CERTIFICATE
                                  : KEEPER_SET_CERTIFICATE;
}

static bool has_id(const struct identity *identity, const uint8_t *id)
{
    return identity->key && memcmp(identity->fingerprint, id, KEEPER_KEY_ID) == 0;
}

int tls_identities_sign(const struct tls_identities *self, const uint8_t *id, unsigned scheme, const uint8_t *bytes,
                        size_t n, uint8_t *ret, size_t *ret_size)
{
    const struct identity *all[] = {&self->own, &self->given, &self->set, &self->trial, &self->former};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        if (has_id(all[i], id))
            return identity_sign(all[i], scheme, bytes, n, ret, ret_size);
    return -ESTALE;
}

static int need_own(struct tls_identities *self, char *why, size_t size)
{
    return self->own.key ? 0 : identity_own(&self->own, self->name_list, self->n_names, why, size);
}

/* ---- files of what was set ---- */

static int load(const char *name, struct identity *ret, bool *ret_own, char *why, size_t size)
{
    _cleanup_free_ char *pem = NULL;
    size_t pem_size = 0;
    int r = pem_file_read(name, &pem, &pem_size);
    if (r != 0)
        return r < 0 ? WHY(r, "it cannot be read: %s.", strerror(-r)) : 1;
    *ret_own = strcmp(pem, OWN_WORD) == 0;
    if (*ret_own)
        return 0;
    attr_cleanup(EVP_PKEY_freep) EVP_PKEY *key = pem_key(pem);
    const char *certificate = strstr(pem, "-----BEGIN CERTIFICATE-----");
    r = identity_pair(ret, certificate ? certificate : "", key, why, size);
    explicit_bzero(pem, pem_size);
    return r;
}

static int save(const char *name, const struct identity *identity, char *why, size_t size)
{
    attr_cleanup(BIO_freep) BIO *bio = BIO_new(BIO_s_secmem());
    char *text;
    if (!bio || PEM_write_bio_PrivateKey(bio, identity->key, NULL, NULL, 0, NULL, NULL) != 1 ||
        BIO_puts(bio, identity->pem) <= 0)
        return WHY(-ENOMEM, "out of memory.");
    long n = BIO_get_mem_data(bio, &text);
    int r = whole_file_write(name, text, (size_t)n);
    return r < 0 ? WHY(r, "keeper/%s cannot be written: %s.", name, strerror(-r)) : 0;
}

static void load_set(struct tls_identities *self)
{
    char why[KEEPER_MAX_REASON];
    bool own = false;
    if (load(TLS_SET_FILE, &self->set, &own, why, sizeof why) < 0)
        log_error("keeper", "the certificate that was set (keeper/%s) cannot be used, the generated one is: %s",
                  TLS_SET_FILE, why);
    int r = load(TLS_TRIAL_FILE, &self->trial, &self->trial_is_own, why, sizeof why);
    if (r < 0) {
        log_error("keeper", "the certificate on trial (keeper/%s) cannot be used: %s", TLS_TRIAL_FILE, why);
        unlink(TLS_TRIAL_FILE);
    }
    self->on_trial = r == 0;
}

/* ---- life ---- */

static void warn(const struct tls_identities *self, const struct identity *identity)
{
    char why[KEEPER_MAX_REASON];
    if (identity != &self->own && certificate_check(identity->pem, identity->key, self->name_list, self->n_names,
                                                    time(NULL), why, sizeof why) < 0)
        log_warn("keeper", "browsers will not like the certificate: %s", why);
}

int tls_identities_open(struct tls_identities *self, const char *const *names, unsigned n_names, int certificate_fd,
                        int key_fd, char *why, size_t size)
{
    *self = (struct tls_identities){0};
    set_names(self, names, n_names);
    int r = 0;
    if (certificate_fd >= 0)
        r = identity_given(&self->given, certificate_fd, key_fd, why, size);
    else
        load_set(self);
    if (r == 0 && (tls_identities_used(self) == &self->own || before_trial(self) == &self->own))
        r = need_own(self, why, size);
    if (r < 0)
        tls_identities_finish(self);
    else
        warn(self, tls_identities_used(self));
    return r;
}

void tls_identities_finish(struct tls_identities *self)
{
    identity_finish(&self->own);
    identity_finish(&self->given);
    identity_finish(&self->set);
    identity_finish(&self->trial);
    identity_finish(&self->former);
}

/* ---- read anew ---- */

static int new_given(struct tls_identities *self, int certificate_fd, int key_fd, char *why, size_t size)
{
    struct identity next = {0};
    int r = identity_given(&next, certificate_fd, key_fd, why, size);
    if (r == 0)
        r = certificate_check(next.pem, next.key, self->name_list, self->n_names, time(NULL), why, size);
    if (r < 0) {
        identity_finish(&next);
        return r;
    }
    put(self, &self->given, &next);
    if (self->on_trial) /* who writes the configuration has decided */
        unlink(TLS_TRIAL_FILE);
    self->on_trial = self->trial_is_own = false;
    return 0;
}

int tls_identities_again(struct tls_identities *self, const char *const *names, unsigned n_names, int certificate_fd,
                         int key_fd, char *why, size_t size)
{
    set_names(self, names, n_names);
    int r = 0;
    if (self->own.key) { /* its names follow; the key stays */
        struct identity next;
        r = identity_own(&next, self->name_list, self->n_names, why, size);
        if (r == 0)
            put(self, &self->own, &next);
    }
    if (r == 0 && certificate_fd >= 0)
        return new_given(self, certificate_fd, key_fd, why, size);
    if (r == 0 && self->given.key) {
        move(&self->former, &self->given);
        load_set(self);
        r = before_trial(self) == &self->own ? need_own(self, why, size) : 0;
    }
    return r;
}

/* ---- trials ---- */

/* The key that a certificate without one is for: of those that are here, the one that fits. */
static EVP_PKEY *key_here(struct tls_identities *self, const char *certificate_pem, char *why, size_t size)
{
    X509 *certificate = pem_certificate(certificate_pem);
    if (!certificate || need_own(self, why, size) < 0) {
        X509_free(certificate);
        return NULL;
    }
    EVP_PKEY *all[] = {self->own.key, self->set.key};
    EVP_PKEY *found = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(all) && !found; i++)
        if (all[i] && X509_check_private_key(certificate, all[i]) == 1)
            found = all[i];
    X509_free(certificate);
    if (found)
        EVP_PKEY_up_ref(found);
    else
        snprintf(why, size,
                 "the certificate was not issued for the key that is here: give its key too, or have it issued for "
                 "`lightsout certificate request`.");
    return found;
}

static int make_trial(struct tls_identities *self, const char *certificate_pem, const char *key_pem, time_t now,
                      struct identity *ret, char *why, size_t size)
{
    bool brings_key = key_pem && *key_pem;
    snprintf(why, size, "it holds no PEM certificate: it begins with -----BEGIN CERTIFICATE-----.");
    attr_cleanup(EVP_PKEY_freep) EVP_PKEY *key =
        brings_key ? pem_key(key_pem) : key_here(self, certificate_pem, why, size);
    if (!key)
        return brings_key ? WHY(-EINVAL, "the key is no PEM private key without a pass phrase: remove the pass phrase "
                                         "with `openssl pkey -in KEY -out NEW`.")
                          : -EINVAL;
    int r = certificate_check(certificate_pem, key, self->name_list, self->n_names, now, why, size);
    /* what stands around the certificates in the file is not kept */
    const char *begin = strstr(certificate_pem, "-----BEGIN CERTIFICATE-----");
    return r < 0 ? r : identity_pair(ret, begin ? begin : "", key, why, size);
}

int tls_identities_try(struct tls_identities *self, unsigned how, const char *certificate_pem, const char *key_pem,
                       time_t now, char *why, size_t size)
{
    struct identity next = {0};
    bool own = how == KEEPER_TRY_OWN;
    if (self->given.key && how != KEEPER_TRY_TEST)
        return WHY(-EBUSY, "the configuration names the certificate: change the files there and reload, or remove "
                           "certificate and certificate-key from it first.");
    if (self->on_trial && how != KEEPER_TRY_TEST)
        return WHY(-EBUSY,
                   "another change of the certificate waits to be confirmed: confirm or revert that one first.");
    int r = own ? need_own(self, why, size) : make_trial(self, certificate_pem, key_pem, now, &next, why, size);
    if (r < 0 || how == KEEPER_TRY_TEST) {
        identity_finish(&next);
        return r;
    }
    if (own && !self->set.key)
        return WHY(-EINVAL, "the generated certificate is in use already.");
    r = own ? whole_file_write(TLS_TRIAL_FILE, OWN_WORD, sizeof OWN_WORD - 1) : save(TLS_TRIAL_FILE, &next, why, size);
    if (r < 0) {
        identity_finish(&next);
        return r;
    }
    move(&self->trial, &next);
    self->trial_is_own = own;
    self->on_trial = true;
    return 0;
}

/* What was renamed or removed stays so when the machine loses power. */
static void sync_folder(void)
{
    _cleanup_close_ int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        log_warn("keeper", "the keeper's folder cannot be synchronised: %s", strerror(errno));
}

int tls_identities_end_trial(struct tls_identities *self, bool keep, char *why, size_t size)
{
    if (!self->on_trial)
        return WHY(-ENOENT, "no change of the certificate waits to be confirmed.");
    bool forget = keep && self->trial_is_own;
    int r = 0;
    if (forget)
        r = unlink(TLS_SET_FILE) < 0 && errno != ENOENT ? -errno : 0;
    else if (keep)
        r = rename(TLS_TRIAL_FILE, TLS_SET_FILE) < 0 ? -errno : 0;
    else
        r = before_trial(self) == &self->own ? need_own(self, why, size) : 0;
    if (r < 0)
        return WHY(r, "the keeper's folder cannot be written: %s.", strerror(-r));
    if (forget || !keep)
        unlink(TLS_TRIAL_FILE);
    sync_folder();
    if (keep) {
        move(&self->former, &self->set);
        move(&self->set, &self->trial); /* nothing, when it is our own */
    } else {
        move(&self->former, &self->trial);
    }
    self->on_trial = self->trial_is_own = false;
    return 0;
}

char *tls_identities_request(struct tls_identities *self, char *why, size_t size)
{
    if (need_own(self, why, size) < 0)
        return NULL;
    snprintf(why, size, "out of memory.");
    return certificate_request(self->own.key, self->name_list, self->n_names);
}
