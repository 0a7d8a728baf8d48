#include "media/outward/url_transfer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/text.h"

#define MOST_REDIRECTS 5
#define MOST_S 20 /* of one range, whatever trickles */

static int refuse(struct url_transfer *self, int verdict, const char *who, const char *why)
{
    if (self->verdict == 0) {
        self->verdict = verdict;
        snprintf(self->why, sizeof self->why, "%s %s.", who, why);
    }
    return verdict;
}

static bool may_connect(struct url_transfer *self, const struct sockaddr *address)
{
    const char *why = address_policy_check(&self->site->settings->policy, address);
    char text[ADDRESS_TEXT];
    if (!why)
        return true;
    address_text(address, text);
    snprintf(self->refused, sizeof self->refused, "%s%s %s; outward-allow of the configuration can allow it.",
             self->site->settings->proxy[0] ? "The proxy's " : "", text, why);
    return false;
}

/* With the address that a name was resolved to just now: what it would give the next time is of no interest. */
static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct url_transfer *self = data;
    if (purpose != CURLSOCKTYPE_IPCXN || !may_connect(self, &address->addr))
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* The same once more for the connection as it stands, kept ones from earlier included, before anything is sent. */
static int before_request(void *data, char *peer, char *local, int peer_port, int local_port)
{
    struct url_transfer *self = data;
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    const struct sockaddr *address = NULL;
    char host[INET6_ADDRSTRLEN];
    (void)local, (void)peer_port, (void)local_port;
    size_t n = strcspn(peer, "%");
    if (n < sizeof host) {
        memcpy(host, peer, n);
        host[n] = '\0';
        if (inet_pton(AF_INET, host, &v4.sin_addr) == 1)
            address = (const struct sockaddr *)&v4;
        else if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1)
            address = (const struct sockaddr *)&v6;
    }
    if (!address)
        text_copy(self->refused, sizeof self->refused, "The connection has no address that could be judged.");
    if (address && may_connect(self, address))
        return CURL_PREREQFUNC_OK;
    self->verdict = -EPERM;
    text_copy(self->why, sizeof self->why, self->refused);
    return CURL_PREREQFUNC_ABORT;
}

static size_t on_header(char *line, size_t one, size_t size, void *data)
{
    struct url_transfer *self = data;
    (void)one;
    if (self->checked)
        return size; /* trailers */
    if (size >= 5 && strncasecmp(line, "HTTP/", 5) == 0) {
        const char *url = NULL;
        curl_easy_getinfo(self->easy, CURLINFO_EFFECTIVE_URL, &url);
        self->secure = self->secure || (url && strncasecmp(url, "https:", 6) == 0);
    }
    http_answer_line(&self->answer, line, size);
    if (self->secure && self->answer.location_plain && self->answer.status >= 300 && self->answer.status < 400) {
        refuse(self, -EPERM, "The server", "sends us from https to http, where anybody could change the file");
        return 0;
    }
    return size;
}

static int judge_answer(struct url_transfer *self)
{
    const struct url_site *site = self->site;
    struct http_expected expected = {
        .first = self->first, .length = self->length, .size = site->size, .validator = site->validator};
    const char *why = NULL;
    int r = http_answer_judge(&self->answer, &expected, &why);
    if (r < 0)
        refuse(self, r, "The server", why);
    self->checked = true;
    return r;
}

static size_t on_body(char *bytes, size_t one, size_t size, void *data)
{
    struct url_transfer *self = data;
    (void)one;
    if (!self->checked && judge_answer(self) < 0)
        return 0;
    uint64_t length = MIN(self->length, self->answer.last - self->answer.first + 1);
    if (size > length - self->got) {
        refuse(self, -EPROTO, "The server", "sends more than it was asked for");
        return 0;
    }
    if (self->site->size)
        self->owner->bytes(self, (const uint8_t *)bytes, size);
    self->got += size;
    return size;
}

static void set_security(struct url_transfer *self)
{
    CURL *easy = self->easy;
    const struct url_site *site = self->site;
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)MOST_REDIRECTS);
    curl_easy_setopt(easy, CURLOPT_UNRESTRICTED_AUTH, 0L);
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, self);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, self);
    curl_easy_setopt(easy, CURLOPT_PROXY, site->settings->proxy); /* "": none, whatever the environment says */
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    if (site->ca) {
        struct curl_blob blob = {.data = site->ca, .len = strlen(site->ca), .flags = CURL_BLOB_NOCOPY};
        curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
    }
}

static void set_transport(struct url_transfer *self)
{
    CURL *easy = self->easy;
    const struct remote_settings *settings = self->site->settings;
    long stall = settings->stall_s ? (long)settings->stall_s : REMOTE_STALL_S;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a name server that does not answer must not hold the loop */
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "lightsout/" LIGHTSOUT_VERSION);
    curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 131072L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, stall);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 64L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, stall);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)MOST_S);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, self->curl_error);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, self);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, self);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, self);
}

int url_transfer_init(struct url_transfer *self, struct url_site *site, const struct url_transfer_owner *owner)
{
    *self = (struct url_transfer){.owner = owner, .site = site, .easy = curl_easy_init()};
    if (!self->easy)
        return -ENOMEM;
    set_transport(self);
    set_security(self);
    return 0;
}

void url_transfer_finish(struct url_transfer *self)
{
    curl_easy_cleanup(self->easy);
    curl_slist_free_all(self->headers);
    *self = (struct url_transfer){0};
}

/* With If-Range a server that has another version sends that whole, which ends the transfer at its head. Only a strong
 * tag may stand there; a date is compared when the answer comes. */
static void set_headers(struct url_transfer *self)
{
    char line[HTTP_VALIDATOR_MAX + 16];
    curl_slist_free_all(self->headers);
    self->headers = curl_slist_append(NULL, "Accept-Encoding: identity");
    if (self->site->validator[0] == '"') {
        snprintf(line, sizeof line, "If-Range: %s", self->site->validator);
        struct curl_slist *more = curl_slist_append(self->headers, line);
        self->headers = more ? more : self->headers;
    }
    curl_easy_setopt(self->easy, CURLOPT_HTTPHEADER, self->headers);
}

static void set_credentials(struct url_transfer *self, bool allowed)
{
    const struct url_site *site = self->site;
    curl_easy_setopt(self->easy, CURLOPT_USERNAME, allowed ? site->user : NULL);
    curl_easy_setopt(self->easy, CURLOPT_PASSWORD, allowed ? site->secret : NULL);
    /* Basic at once where the server has said before that it wants it: else each connection costs a refused request */
    curl_easy_setopt(self->easy, CURLOPT_HTTPAUTH,
                     site->basic ? (long)CURLAUTH_BASIC : (long)CURLAUTH_BASIC | (long)CURLAUTH_DIGEST);
}

void url_transfer_prepare(struct url_transfer *self, uint64_t first, uint64_t length)
{
    const struct url_site *site = self->site;
    char range[64];
    self->first = first;
    self->length = length;
    self->got = 0;
    self->secure = self->checked = false;
    self->verdict = 0;
    self->answer = (struct http_answer){0};
    self->why[0] = self->refused[0] = self->curl_error[0] = '\0';
    self->use_effective = site->effective && !site->lost;
    snprintf(range, sizeof range, "%llu-%llu", (unsigned long long)first, (unsigned long long)(first + length - 1));
    curl_easy_setopt(self->easy, CURLOPT_URL, self->use_effective ? site->effective : site->url);
    curl_easy_setopt(self->easy, CURLOPT_RANGE, range);
    set_headers(self);
    set_credentials(self, !self->use_effective || site->effective_trusted);
}

static int from_curl(const struct url_transfer *self, CURLcode code)
{
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return -ETIMEDOUT;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_OUT_OF_MEMORY:
        return -EAGAIN;
    case CURLE_COULDNT_CONNECT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_SSL_CONNECT_ERROR:
        return -ECONNRESET;
    case CURLE_UNSUPPORTED_PROTOCOL: /* a redirect to file: or the like; or no HTTP of this century */
        return self->answer.status >= 300 && self->answer.status < 400 ? -EPERM : -EPROTO;
    case CURLE_URL_MALFORMAT:
        return -EINVAL;
    default: /* too many redirects, a certificate that is not trusted, nonsense */
        return -EPROTO;
    }
}

int url_transfer_result(struct url_transfer *self, CURLcode code)
{
    if (self->verdict == 0 && code == CURLE_OK && !self->checked)
        judge_answer(self); /* no body came */
    if (self->verdict < 0)
        return self->verdict;
    if (code == CURLE_COULDNT_CONNECT && self->refused[0]) {
        text_copy(self->why, sizeof self->why, self->refused);
        return -EPERM;
    }
    if (code != CURLE_OK) {
        const char *text = self->curl_error[0] ? self->curl_error : curl_easy_strerror(code);
        snprintf(self->why, sizeof self->why, "%.250s.", text);
        return from_curl(self, code);
    }
    uint64_t length = MIN(self->length, self->answer.last - self->answer.first + 1);
    if (self->got != length) {
        text_copy(self->why, sizeof self->why, "The server sent less than it said.");
        return -ECONNRESET;
    }
    return 0;
}
