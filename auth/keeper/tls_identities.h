/* Which key and certificate the gateway shows: our own, the one the configuration names, or one that was set through
 * the gateway, which at first is on trial. What was set lies in one file with its key, so that the two are never torn
 * apart. Names of files are relative to the keeper's folder, the working directory. The desk's thread. */
#pragma once

#include <stdbool.h>
#include <time.h>

#include "auth/keeper/identity.h"
#include "auth/keeper/keeper.h"

#define TLS_SET_FILE "tls-set.pem"
#define TLS_TRIAL_FILE "tls-trial.pem"

struct tls_identities {
    char names[KEEPER_MAX_NAMES][KEEPER_MAX_NAME];
    const char *name_list[KEEPER_MAX_NAMES];
    unsigned n_names;
    struct identity own, given, set, trial, former; /* key NULL: not there, or not yet needed */
    bool trial_is_own;                              /* on trial is to go back to our own */
    bool on_trial;
};

/* At the start: what cannot be used at all is refused for the configuration's, and told and left aside for what was
 * set. Dates and names are only warned of: a gateway with a wrong clock must be reachable to have it set. Descriptors
 * are the configuration's files, both -1: it names none; they stay the caller's. 0, or -errno with why. */
int tls_identities_open(struct tls_identities *self, const char *const *names, unsigned n_names, int certificate_fd,
                        int key_fd, char *why, size_t size);
void tls_identities_finish(struct tls_identities *self);

/* What is in use, and where it is from (enum keeper_certificate_source). */
const struct identity *tls_identities_used(const struct tls_identities *self);
unsigned tls_identities_source(const struct tls_identities *self);

/* The configuration was read anew: other names, and its files (as for open). What is refused leaves the former in
 * place. */
int tls_identities_again(struct tls_identities *self, const char *const *names, unsigned n_names, int certificate_fd,
                         int key_fd, char *why, size_t size);

/* Puts a certificate on trial, or (how: enum keeper_certificate_try) only checks it. key_pem NULL or "": for the key
 * that certificate_request was for, or the one in use. The trial outlives a restart. -EINVAL with why: refused; -EBUSY:
 * another is on trial, or the configuration names one; -errno: it cannot be written. */
int tls_identities_try(struct tls_identities *self, unsigned how, const char *certificate_pem, const char *key_pem,
                       time_t now, char *why, size_t size);
/* Ends the trial: keeps it, or brings back what was before. -ENOENT: there is none. */
int tls_identities_end_trial(struct tls_identities *self, bool keep, char *why, size_t size);

/* PEM, malloc'ed for the caller; NULL: no memory, or the key cannot be made. */
char *tls_identities_request(struct tls_identities *self, char *why, size_t size);

/* By the key of the certificate whose SHA-256 begins so: the one in use, or the one before it. -ESTALE: neither. */
int tls_identities_sign(const struct tls_identities *self, const uint8_t *id, unsigned scheme, const uint8_t *bytes,
                        size_t n, uint8_t *ret, size_t *ret_size);
