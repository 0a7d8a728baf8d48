/* One request for a range at a time, over curl: how the server is spoken to, and what of it is let in. */
#pragma once

#include <curl/curl.h>

#include "media/outward/http_answer.h"
#include "media/outward/remote.h"

/* The file, as all transfers of a medium have it. */
struct url_site {
    const struct remote_settings *settings;
    char *url;       /* as it was given */
    char *effective; /* where redirects led; NULL: not yet known. Asked first, because each redirect is a round trip */
    bool effective_trusted; /* it is the same server, which may see the credentials */
    bool lost;              /* it does not have the file any more (a link that expires): begin at url again */
    bool basic;             /* the server asks for no more than a plain password */
    char *user, *secret, *ca;
    uint64_t size;
    char validator[HTTP_VALIDATOR_MAX];
};

int url_site_init(struct url_site *self, const struct remote_settings *settings, const struct remote_spec *spec,
                  char *why, size_t why_size); /* -EINVAL with a sentence, -ENOMEM */
void url_site_finish(struct url_site *self);

struct url_transfer;

struct url_transfer_owner {
    /* The next bytes of the range, which were checked. Within the length that was asked for. */
    void (*bytes)(struct url_transfer *self, const uint8_t *bytes, size_t size);
};

struct url_transfer {
    const struct url_transfer_owner *owner;
    struct url_site *site;
    CURL *easy;
    struct curl_slist *headers;
    uint64_t first, length, got;
    bool use_effective, secure, checked;
    int verdict; /* what our own callbacks found; 0: nothing */
    struct http_answer answer;
    char why[256];     /* of verdict; a sentence */
    char refused[160]; /* an address that was not connected to; others of the same name may be fine */
    char curl_error[CURL_ERROR_SIZE];
};

int url_transfer_init(struct url_transfer *self, struct url_site *site, const struct url_transfer_owner *owner);
void url_transfer_finish(struct url_transfer *self);

/* Before it is added to the set. */
void url_transfer_prepare(struct url_transfer *self, uint64_t first, uint64_t length);
/* After it ended: 0, all of the range was there; or what is wrong, with a sentence in self->why. */
int url_transfer_result(struct url_transfer *self, CURLcode code);

/* The first answer: size, validator and place of the file, from then on expected of all others. */
int url_site_learn(struct url_site *self, const struct url_transfer *first);
/* Where redirects lead now, after `lost`. */
void url_site_follow(struct url_site *self, const struct url_transfer *transfer);
void url_site_name(const struct url_site *self, char room[MEDIUM_NAME_MAX]);
