#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/text.h"
#include "core/utf8.h"
#include "media/outward/url_transfer.h"

static char *copy_or_null(const char *text)
{
    return text && *text ? strdup(text) : NULL;
}

/* What is shown and logged must not hold a password. */
static bool has_credentials(CURLU *url)
{
    char *part = NULL;
    bool has = curl_url_get(url, CURLUPART_USER, &part, 0) == CURLUE_OK;
    curl_free(part);
    part = NULL;
    has = has || curl_url_get(url, CURLUPART_PASSWORD, &part, 0) == CURLUE_OK;
    curl_free(part);
    return has;
}

static int check_url(const char *text, char *why, size_t why_size)
{
    CURLU *url = curl_url();
    int r = url ? 0 : -ENOMEM;
    if (r == 0 && curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK) {
        snprintf(why, why_size, "The URL is malformed.");
        r = -EINVAL;
    } else if (r == 0 && has_credentials(url)) {
        snprintf(why, why_size, "Give user and password apart from the URL, which is shown and logged.");
        r = -EINVAL;
    }
    curl_url_cleanup(url);
    return r;
}

int url_site_init(struct url_site *self, const struct remote_settings *settings, const struct remote_spec *spec,
                  char *why, size_t why_size)
{
    *self = (struct url_site){.settings = settings};
    int r = check_url(spec->url, why, why_size);
    if (r < 0)
        return r;
    self->url = strdup(spec->url);
    self->user = copy_or_null(spec->user);
    self->secret = copy_or_null(spec->secret);
    self->ca = copy_or_null(spec->ca && *spec->ca ? spec->ca : settings->ca);
    return self->url ? 0 : -ENOMEM;
}

void url_site_finish(struct url_site *self)
{
    if (self->secret)
        explicit_bzero(self->secret, strlen(self->secret));
    free(self->url);
    free(self->effective);
    free(self->user);
    free(self->secret);
    free(self->ca);
    *self = (struct url_site){0};
}

static bool same_part(CURLU *a, CURLU *b, CURLUPart part)
{
    char *x = NULL, *y = NULL;
    bool same = curl_url_get(a, part, &x, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                curl_url_get(b, part, &y, CURLU_DEFAULT_PORT) == CURLUE_OK && strcasecmp(x, y) == 0;
    curl_free(x);
    curl_free(y);
    return same;
}

static bool same_server(const char *a, const char *b)
{
    CURLU *x = curl_url(), *y = curl_url();
    bool same = x && y && curl_url_set(x, CURLUPART_URL, a, 0) == CURLUE_OK &&
                curl_url_set(y, CURLUPART_URL, b, 0) == CURLUE_OK && same_part(x, y, CURLUPART_SCHEME) &&
                same_part(x, y, CURLUPART_HOST) && same_part(x, y, CURLUPART_PORT);
    curl_url_cleanup(x);
    curl_url_cleanup(y);
    return same;
}

void url_site_follow(struct url_site *self, const struct url_transfer *transfer)
{
    const char *effective = NULL;
    curl_easy_getinfo(transfer->easy, CURLINFO_EFFECTIVE_URL, &effective);
    free(self->effective);
    self->effective = effective ? strdup(effective) : NULL;
    self->effective_trusted = self->effective && same_server(self->url, self->effective);
    self->lost = false;
}

int url_site_learn(struct url_site *self, const struct url_transfer *first)
{
    long offered = 0;
    curl_easy_getinfo(first->easy, CURLINFO_HTTPAUTH_AVAIL, &offered);
    self->basic = (offered & ((long)CURLAUTH_BASIC | (long)CURLAUTH_DIGEST)) == (long)CURLAUTH_BASIC;
    self->size = first->answer.total;
    text_copy(self->validator, sizeof self->validator, http_answer_validator(&first->answer));
    url_site_follow(self, first);
    return self->effective ? 0 : -ENOMEM;
}

/* The last part of the path as people would write it. *ret: freed with curl_free. */
static char *last_part(const char *text, size_t *ret_size)
{
    CURLU *url = curl_url();
    char *path = NULL, *part = NULL;
    int size = 0;
    if (url && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_PATH, &path, 0) == CURLUE_OK)
        part = curl_easy_unescape(NULL, strrchr(path, '/') ? strrchr(path, '/') + 1 : path, 0, &size);
    curl_free(path);
    curl_url_cleanup(url);
    *ret_size = part ? (size_t)size : 0;
    return part;
}

void url_site_name(const struct url_site *self, char room[MEDIUM_NAME_MAX])
{
    size_t used = 0, left;
    char *part = last_part(self->effective ? self->effective : self->url, &left);
    for (const char *from = part; left;) {
        size_t n = utf8_printable(from, left), step = MAX(n, 1);
        if (used + step >= MEDIUM_NAME_MAX)
            break;
        if (n)
            memcpy(room + used, from, n);
        else
            room[used] = '_';
        used += step;
        from += step;
        left -= step;
    }
    room[used] = '\0';
    if (!used)
        text_copy(room, MEDIUM_NAME_MAX, "medium");
    curl_free(part);
}
