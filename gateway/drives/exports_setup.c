/* From the configuration's files to exports: keys and authority are read once, when the gateway starts. */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/tls_key.h"
#include "core/fd_read.h"
#include "core/log.h"
#include "gateway/drives/exports.h"
#include "gateway/gateway.h"

#define FILE_MAX (64u << 10)

/* The whole file as text; NULL: it cannot be read, or is too long. Closes it. */
static char *read_whole(int *fd, size_t *ret_size)
{
    char *text = malloc(FILE_MAX + 1);
    ssize_t n = text ? fd_read_up_to(*fd, text, FILE_MAX + 1) : -ENOMEM;
    close(take_fd(fd));
    if (n < 0 || (size_t)n > FILE_MAX) {
        free(text);
        return NULL;
    }
    text[n] = '\0';
    *ret_size = (size_t)n;
    return text;
}

static bool read_keys(struct gateway *self, struct nbd_psks *ret, char *why, size_t why_size)
{
    size_t size = 0;
    const char *mistake = NULL;
    char *text = read_whole(&self->keys_fd, &size);
    unsigned line = text ? nbd_psks_parse(text, size, ret, &mistake) : 0;
    if (!text)
        snprintf(why, why_size, "nbd-psk-file cannot be read, or is longer than 64 KiB");
    else if (line)
        snprintf(why, why_size, "nbd-psk-file, line %u: %s", line, mistake);
    else if (ret->n == 0)
        snprintf(why, why_size, "nbd-psk-file holds no key");
    OPENSSL_clear_free(text, text ? FILE_MAX + 1 : 0);
    return !*why;
}

static bool read_authority(struct gateway *self, struct nbd_tls_config *tls, char *why, size_t why_size)
{
    size_t size = 0;
    char *certificate = NULL;
    tls->client_authority = read_whole(&self->client_ca_fd, &size);
    if (!tls->client_authority)
        snprintf(why, why_size, "nbd-client-ca cannot be read, or is longer than 64 KiB");
    else if (keeper_client_certificate(self->keeper, &certificate) < 0 || tls_key_create(self->keeper, &tls->key) < 0)
        snprintf(why, why_size, "the gateway's own certificate cannot be had from the keeper");
    tls->certificate = certificate;
    return !*why;
}

static int create(struct gateway *self, const struct nbd_tls_config *tls, char *why, size_t why_size)
{
    char path[CONFIG_PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/gateway/exports", self->setup.state);
    struct exports_config config = {.path = path, .library = self->library, .io = self->io, .tls = *tls};
    int r = exports_create(self->loop, &config, &self->exports, why, why_size);
    return r ? r : gateway_net_open(self, LISTEN_NBD);
}

void gateway_exports_certificate(struct gateway *self)
{
    char *certificate = NULL;
    EVP_PKEY *key = NULL;
    if (!self->exports)
        return;
    int r = keeper_client_certificate(self->keeper, &certificate);
    r = r ? r : tls_key_of(self->keeper, certificate, &key);
    r = r ? r : exports_set_certificate(self->exports, certificate, key);
    if (r < 0)
        log_error("exports", "the new certificate cannot be used for exports: %s", strerror(-r));
    free(certificate);
    EVP_PKEY_free(key);
}

void gateway_create_exports(struct gateway *self)
{
    if (!self->exports_wanted)
        return;
    char why[300] = "";
    struct nbd_tls_config tls = {.psks = NULL};
    struct nbd_psks *psks = calloc(1, sizeof *psks);
    if (!self->library)
        snprintf(why, sizeof why, "there is no library to export images of");
    bool fine = psks && !*why && (self->keys_fd < 0 || read_keys(self, psks, why, sizeof why)) &&
                (self->client_ca_fd < 0 || read_authority(self, &tls, why, sizeof why));
    if (fine && psks->n)
        tls.psks = psks;
    int r = fine ? create(self, &tls, why, sizeof why) : -EINVAL;
    if (r < 0)
        log_error("exports", "nothing is exported, though nbd-listen is configured: %s", *why ? why : strerror(-r));
    free((char *)(uintptr_t)tls.certificate);
    free((char *)(uintptr_t)tls.client_authority);
    EVP_PKEY_free(tls.key);
    OPENSSL_clear_free(psks, sizeof *psks);
}
