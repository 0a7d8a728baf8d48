#include "lying_server/lying_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/attrs.h"
#include "lying_server/lying_tls.h"

#define MOST_CONNECTIONS 64
#define PIECE 65536

struct lying_server {
    pthread_mutex_t lock;
    struct lying_ways ways;
    int listener;
    int holder; /* of the port, while the server is away: nobody else gets it */
    unsigned port;
    pthread_t thread;
    pthread_t connections[MOST_CONNECTIONS];
    int fds[MOST_CONNECTIONS]; /* -1: it has ended */
    unsigned n, requests;
    bool stopping, saw_credentials;
    SSL_CTX *tls;
    char *authority;
};

struct peer {
    struct lying_server *server;
    unsigned index;
    int fd;
    SSL *ssl;
    char head[8192];
};

struct request {
    char path[1024];
    bool ranged, authorised;
    uint64_t first, last;
    char if_range[256];
};

uint8_t lying_byte(uint64_t offset, unsigned version)
{
    uint64_t x = (offset / 8 + 1) * 0x9e3779b97f4a7c15ull + version * 0x632be59bd9b4e019ull;
    x ^= x >> 29;
    return (uint8_t)(x >> (8 * (offset % 8)));
}

static bool send_all(struct peer *peer, const void *bytes, size_t size)
{
    for (size_t sent = 0; sent < size;) {
        ssize_t n = peer->ssl ? SSL_write(peer->ssl, (const char *)bytes + sent, (int)(size - sent))
                              : send(peer->fd, (const char *)bytes + sent, size - sent, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        sent += (size_t)n;
    }
    return true;
}

static bool send_text(struct peer *peer, const char *text)
{
    return send_all(peer, text, strlen(text));
}

static bool send_content(struct peer *peer, uint64_t first, uint64_t length, unsigned version)
{
    static __thread uint8_t piece[PIECE];
    while (length) {
        size_t n = (size_t)MIN(length, (uint64_t)PIECE);
        for (size_t i = 0; i < n; i++)
            piece[i] = lying_byte(first + i, version);
        if (!send_all(peer, piece, n))
            return false;
        first += n;
        length -= n;
    }
    return true;
}

/* Until the other side goes, or the test ends. */
static void wait_for_end(struct peer *peer, unsigned timeout_ms)
{
    struct pollfd p = {.fd = peer->fd, .events = POLLRDHUP};
    poll(&p, 1, (int)timeout_ms);
}

static const char *field(const char *head, const char *name)
{
    const char *line = strcasestr(head, name);
    return line ? line + strlen(name) : NULL;
}

static void read_request(struct peer *peer, const struct lying_ways *ways, struct request *ret)
{
    char wanted[256] = "", token[128];
    unsigned long long first = 0, last = 0;
    memset(ret, 0, sizeof *ret);
    sscanf(peer->head, "GET %1023s", ret->path);
    const char *range = field(peer->head, "\nRange: bytes=");
    ret->ranged = range && sscanf(range, "%llu-%llu", &first, &last) == 2;
    ret->first = first;
    ret->last = last;
    const char *if_range = field(peer->head, "\nIf-Range: ");
    if (if_range)
        sscanf(if_range, "%255[^\r\n]", ret->if_range);
    const char *authorization = field(peer->head, "\nAuthorization: Basic ");
    if (authorization) {
        sscanf(authorization, "%127s", token);
        snprintf(wanted, sizeof wanted, "%s:%s", ways->user, ways->password);
        char encoded[256] = "";
        EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)wanted, (int)strlen(wanted));
        ret->authorised = strcmp(encoded, token) == 0;
    }
}

static void validators(const struct lying_ways *ways, char room[512], char tag[64])
{
    unsigned version = ways->same_validators ? 0 : ways->version;
    snprintf(tag, 64, "%s\"v%u\"", ways->weak_tag ? "W/" : "", version);
    int n = ways->no_tag ? 0 : snprintf(room, 512, "ETag: %s\r\n", tag);
    room[n] = '\0';
    if (!ways->no_date)
        snprintf(room + n, 512 - (size_t)n, "Last-Modified: Mon, 01 Jan 2024 00:00:%02u GMT\r\n", version % 60);
}

static bool answer_whole(struct peer *peer, const struct lying_ways *ways, const char *validator_lines)
{
    char head[1024];
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %llu\r\n%s\r\n", (unsigned long long)ways->size,
             validator_lines);
    return send_text(peer, head) && send_content(peer, 0, ways->size, ways->version);
}

static bool answer_range(struct peer *peer, const struct lying_ways *ways, enum lie lie, const struct request *request)
{
    char head[2048], lines[512], tag[64], total[32], range[128];
    uint64_t first = request->first, last = MIN(request->last, ways->size - 1), length = last - first + 1;
    validators(ways, lines, tag);
    if (!request->ranged || lie == LIE_IGNORES_RANGE || (request->if_range[0] && strcmp(request->if_range, tag) != 0))
        return answer_whole(peer, ways, lines);
    if (first >= ways->size) {
        snprintf(head, sizeof head, "HTTP/1.1 416 No\r\nContent-Range: bytes */%llu\r\nContent-Length: 0\r\n\r\n",
                 (unsigned long long)ways->size);
        return send_text(peer, head);
    }
    if (lie == LIE_WRONG_RANGE)
        first++, last++;
    snprintf(total, sizeof total, lie == LIE_NO_TOTAL ? "*" : "%llu", (unsigned long long)ways->size);
    snprintf(range, sizeof range, "Content-Range: bytes %llu-%llu/%s\r\n", (unsigned long long)first,
             (unsigned long long)last, total);
    unsigned long long told = lie == LIE_WRONG_LENGTH ? length / 2 : length;
    int n = snprintf(head, sizeof head, "HTTP/1.1 206 Partial Content\r\n%s%s%s", lie == LIE_NO_RANGE ? "" : range,
                     lines, lie == LIE_COMPRESSED ? "Content-Encoding: gzip\r\n" : "");
    n += lie == LIE_LONG ? snprintf(head + n, sizeof head - (size_t)n, "Connection: close\r\n")
                         : snprintf(head + n, sizeof head - (size_t)n, "Content-Length: %llu\r\n", told);
    snprintf(head + n, sizeof head - (size_t)n, "\r\n");
    if (!send_text(peer, head))
        return false;
    if (lie == LIE_SHORT || lie == LIE_STALLS) {
        send_content(peer, first, length / 2, ways->version);
        if (lie == LIE_STALLS)
            wait_for_end(peer, 30000);
        return false;
    }
    return send_content(peer, first, lie == LIE_LONG ? 2 * length : length, ways->version) && lie != LIE_LONG;
}

static bool trickle(struct peer *peer)
{
    bool more = send_text(peer, "HTTP/1.1 206 Partial Content\r\n");
    struct pollfd p = {.fd = peer->fd, .events = POLLRDHUP};
    while (more && poll(&p, 1, 100) == 0)
        more = send_text(peer, "X-More: and more\r\n");
    return false;
}

static bool answer(struct peer *peer, const struct lying_ways *ways, enum lie lie)
{
    struct request request;
    char head[512];
    read_request(peer, ways, &request);
    if (ways->user[0] && !request.authorised)
        return send_text(peer, "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n");
    switch (lie) {
    case LIE_CLOSES:
        return false;
    case LIE_NONSENSE:
        send_text(peer, "220 smtp here\r\n");
        return false;
    case LIE_TRICKLES_HEADS:
        return trickle(peer);
    case LIE_STATUS:
        snprintf(head, sizeof head, "HTTP/1.1 %d Well\r\nContent-Length: 0\r\n\r\n", ways->status);
        return send_text(peer, head);
    case LIE_REDIRECT:
        if (strcmp(request.path, "/found") == 0)
            return answer_range(peer, ways, LIE_NONE, &request);
        snprintf(head, sizeof head, "HTTP/1.1 302 There\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", ways->location);
        return send_text(peer, head);
    default:
        return answer_range(peer, ways, lie, &request);
    }
}

/* A head, up to its empty line. */
static bool receive_head(struct peer *peer)
{
    size_t have = 0;
    while (have + 1 < sizeof peer->head) {
        ssize_t n = peer->ssl ? SSL_read(peer->ssl, peer->head + have, 1) : recv(peer->fd, peer->head + have, 1, 0);
        if (n != 1)
            return false;
        peer->head[++have] = '\0';
        if (have >= 4 && strcmp(peer->head + have - 4, "\r\n\r\n") == 0)
            return true;
    }
    return false;
}

static void take_ways(struct peer *peer, struct lying_ways *ways, enum lie *lie)
{
    struct lying_server *self = peer->server;
    pthread_mutex_lock(&self->lock);
    *ways = self->ways;
    *lie = self->ways.honest ? LIE_NONE : self->ways.lie;
    self->ways.honest -= self->ways.honest > 0;
    self->requests++;
    self->saw_credentials = self->saw_credentials || strcasestr(peer->head, "\nAuthorization:");
    pthread_mutex_unlock(&self->lock);
}

static void *serve(void *data)
{
    struct peer *peer = data;
    struct lying_server *self = peer->server;
    struct lying_ways ways;
    enum lie lie;
    bool more = true;
    if (self->tls) {
        peer->ssl = SSL_new(self->tls);
        SSL_set_fd(peer->ssl, peer->fd);
        more = SSL_accept(peer->ssl) == 1;
    }
    while (more && receive_head(peer)) {
        take_ways(peer, &ways, &lie);
        if (ways.delay_ms)
            wait_for_end(peer, ways.delay_ms);
        more = answer(peer, &ways, lie);
    }
    SSL_free(peer->ssl);
    pthread_mutex_lock(&self->lock);
    self->fds[peer->index] = -1;
    pthread_mutex_unlock(&self->lock);
    close(peer->fd);
    free(peer);
    return NULL;
}

static void *take_connections(void *data)
{
    struct lying_server *self = data;
    for (;;) {
        int fd = accept4(self->listener, NULL, NULL, SOCK_CLOEXEC);
        pthread_mutex_lock(&self->lock);
        bool take = fd >= 0 && !self->stopping && self->n < MOST_CONNECTIONS;
        bool end = self->stopping || fd < 0;
        struct peer *peer = take ? calloc(1, sizeof *peer) : NULL;
        if (peer) {
            *peer = (struct peer){.server = self, .index = self->n, .fd = fd};
            self->fds[self->n] = fd;
            pthread_create(&self->connections[self->n++], NULL, serve, peer);
        } else if (fd >= 0) {
            close(fd);
        }
        pthread_mutex_unlock(&self->lock);
        if (end)
            return NULL;
    }
}

/* A socket on the server's port, or on any when it has none yet: several may be on it while they do not listen. */
static int bind_shared(struct lying_server *self)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)self->port)};
    socklen_t size = sizeof address;
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&address, size) < 0 || getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        abort();
    self->port = ntohs(address.sin_port);
    return fd;
}

static void listen_again(struct lying_server *self)
{
    self->stopping = false;
    self->listener = bind_shared(self);
    if (self->holder < 0)
        self->holder = bind_shared(self);
    if (listen(self->listener, 64) < 0)
        abort();
    pthread_create(&self->thread, NULL, take_connections, self);
}

struct lying_server *lying_server_start(const struct lying_ways *ways, bool tls)
{
    struct lying_server *self = calloc(1, sizeof *self);
    if (!self)
        abort();
    pthread_mutex_init(&self->lock, NULL);
    self->ways = *ways;
    self->holder = -1;
    if (tls)
        self->tls = lying_tls_create(&self->authority);
    listen_again(self);
    return self;
}

void lying_server_away(struct lying_server *self)
{
    pthread_mutex_lock(&self->lock);
    self->stopping = true;
    for (unsigned i = 0; i < self->n; i++)
        if (self->fds[i] >= 0)
            shutdown(self->fds[i], SHUT_RDWR);
    pthread_mutex_unlock(&self->lock);
    shutdown(self->listener, SHUT_RDWR);
    pthread_join(self->thread, NULL);
    close(self->listener);
    for (unsigned i = 0; i < self->n; i++)
        pthread_join(self->connections[i], NULL);
    self->n = 0;
}

void lying_server_back(struct lying_server *self)
{
    listen_again(self);
}

void lying_server_stop(struct lying_server *self)
{
    if (!self->stopping)
        lying_server_away(self);
    close(self->holder);
    SSL_CTX_free(self->tls);
    free(self->authority);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

void lying_server_set(struct lying_server *self, const struct lying_ways *ways)
{
    pthread_mutex_lock(&self->lock);
    self->ways = *ways;
    pthread_mutex_unlock(&self->lock);
}

unsigned lying_server_port(const struct lying_server *self)
{
    return self->port;
}

const char *lying_server_authority(const struct lying_server *self)
{
    return self->authority;
}

unsigned lying_server_requests(struct lying_server *self)
{
    pthread_mutex_lock(&self->lock);
    unsigned n = self->requests;
    pthread_mutex_unlock(&self->lock);
    return n;
}

unsigned lying_server_connections(struct lying_server *self)
{
    pthread_mutex_lock(&self->lock);
    unsigned n = self->n;
    pthread_mutex_unlock(&self->lock);
    return n;
}

bool lying_server_saw_credentials(struct lying_server *self)
{
    pthread_mutex_lock(&self->lock);
    bool saw = self->saw_credentials;
    pthread_mutex_unlock(&self->lock);
    return saw;
}
