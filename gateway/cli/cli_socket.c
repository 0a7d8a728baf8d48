#include "gateway/cli/cli_socket.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/attrs.h"
#include "core/clock.h"

#define OPEN_US (30 * 1000000ull)
#define DEAD_US (45 * 1000000ull) /* the gateway pings a silent peer every 20 s */
#define CONTROL_MAX 125

struct cli_socket {
    CURL *curl;
    curl_socket_t fd;
    uint8_t *room;
    struct websocket_reader reader;
    uint64_t heard_us;
    bool broken;

    const uint8_t *out; /* what is left of the message that goes out */
    size_t out_left;
    uint8_t pong[WEBSOCKET_HEAD_MAX + CONTROL_MAX]; /* goes out between messages; the newest counts */
    size_t pong_left, pong_size;
};

struct cli_socket *cli_socket_close(struct cli_socket *self)
{
    if (!self)
        return NULL;
    curl_easy_cleanup(self->curl);
    free(self->room);
    free(self);
    return NULL;
}

/* Bytes as they come. 1: some, or the room is full; 0: none now; -1: the end. */
static int receive(struct cli_socket *self)
{
    size_t room, n = 0;
    uint8_t *to = websocket_reader_room(&self->reader, &room);
    if (!room)
        return 1;
    CURLcode code = curl_easy_recv(self->curl, to, room, &n);
    if (code == CURLE_AGAIN)
        return 0;
    if (code != CURLE_OK || n == 0)
        return -1;
    websocket_reader_add(&self->reader, n);
    self->heard_us = clock_now_us();
    return 1;
}

/* What fits into the socket. -1: it is broken. */
static int flush_part(struct cli_socket *self, const uint8_t **bytes, size_t *left)
{
    while (*left) {
        size_t n = 0;
        CURLcode code = curl_easy_send(self->curl, *bytes, *left, &n);
        if (code == CURLE_AGAIN)
            return 0;
        if (code != CURLE_OK)
            return -1;
        *bytes += n;
        *left -= n;
    }
    return 0;
}

static int flush(struct cli_socket *self)
{
    /* never a pong inside a message's frame, nor a message inside a pong */
    bool pong_begun = self->pong_left && self->pong_left < self->pong_size;
    const uint8_t *at = self->pong + self->pong_size - self->pong_left;
    if (!pong_begun && flush_part(self, &self->out, &self->out_left) < 0)
        return -1;
    if (!self->out_left || pong_begun) {
        if (flush_part(self, &at, &self->pong_left) < 0)
            return -1;
        if (!self->pong_left && flush_part(self, &self->out, &self->out_left) < 0)
            return -1;
    }
    return 0;
}

static int wait_for(struct cli_socket *self, short events, int timeout_ms)
{
    struct pollfd p = {.fd = self->fd, .events = events};
    int r = poll(&p, 1, timeout_ms);
    return r < 0 && errno != EINTR ? -1 : 0;
}

int cli_socket_wait(struct cli_socket *self, int timeout_ms)
{
    int r = self->broken ? -1 : receive(self); /* TLS may hold bytes that poll does not see */
    if (r == 0 && flush(self) < 0)
        r = -1;
    bool out = self->out_left || self->pong_left;
    if (r == 0)
        r = wait_for(self, out ? POLLIN | POLLOUT : POLLIN, timeout_ms);
    if (r >= 0)
        r = flush(self);
    if (r < 0 || clock_now_us() - self->heard_us > DEAD_US)
        self->broken = true;
    return self->broken ? -1 : 0;
}

static uint32_t fresh_mask(void)
{
    uint32_t mask;
    return getrandom(&mask, sizeof mask, 0) == sizeof mask ? mask : 0x5a17c3e9;
}

void cli_socket_send(struct cli_socket *self, uint8_t *bytes, size_t size)
{
    uint8_t head[WEBSOCKET_HEAD_MAX];
    uint32_t mask = fresh_mask();
    size_t n = websocket_head(head, WEBSOCKET_BINARY, size, mask);
    assert(!self->out_left);
    memcpy(bytes - n, head, n);
    websocket_mask(bytes, size, mask);
    self->out = bytes - n;
    self->out_left = n + size;
    if (flush(self) < 0)
        self->broken = true;
}

bool cli_socket_busy(const struct cli_socket *self)
{
    return self->out_left > 0;
}

static void answer_ping(struct cli_socket *self, const struct websocket_message *ping)
{
    uint32_t mask = fresh_mask();
    if (self->pong_left)
        return;
    size_t n = websocket_head(self->pong, WEBSOCKET_PONG, ping->size, mask);
    memcpy(self->pong + n, ping->bytes, ping->size);
    websocket_mask(self->pong + n, ping->size, mask);
    self->pong_size = self->pong_left = n + ping->size;
}

int cli_socket_next(struct cli_socket *self, struct websocket_message *ret)
{
    for (;;) {
        int r = websocket_reader_next(&self->reader, ret);
        if (r == 0)
            return self->broken ? -1 : 0;
        if (r < 0 || ret->opcode == WEBSOCKET_CLOSE)
            return -1;
        if (ret->opcode == WEBSOCKET_BINARY)
            return 1;
        if (ret->opcode == WEBSOCKET_PING)
            answer_ping(self, ret);
    }
}

static int connect_to(struct cli *cli, const char *path, struct cli_socket *self)
{
    self->curl = curl_easy_init();
    if (!self->curl) {
        cli_error("out of memory");
        return CLI_REFUSED;
    }
    int r = cli_curl_prepare(cli, self->curl, path);
    if (r != CLI_OK)
        return r;
    curl_easy_setopt(self->curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(self->curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(self->curl, CURLOPT_CONNECTTIMEOUT, 20L);
    CURLcode code = curl_easy_perform(self->curl);
    if (code != CURLE_OK)
        return cli_curl_failed(cli, code);
    if (curl_easy_getinfo(self->curl, CURLINFO_ACTIVESOCKET, &self->fd) != CURLE_OK)
        return cli_curl_failed(cli, CURLE_COULDNT_CONNECT);
    return CLI_OK;
}

/* What stands behind https:// in the gateway's address. */
static const char *host_of(const struct cli *cli)
{
    return cli->url ? cli->url + strlen("https://") : "localhost";
}

/* The body of a refusal in words. */
static int refused(const struct cli *cli, const char *answer, int status)
{
    const char *body = strstr(answer, "\r\n\r\n");
    if (body && !cli->quiet && status)
        cli_error("the gateway refused the connection: %.200s", body + 4);
    else if (!cli->quiet)
        cli_error("the gateway's answer to the connection is none that this client understands");
    if (status >= 500)
        return CLI_UNREACHABLE; /* it stops, or is full: later */
    return status == 404 ? CLI_NOT_FOUND : status == 401 || status == 403 ? CLI_DENIED : CLI_REFUSED;
}

static int shake_hands(struct cli *cli, const char *path, const char *subprotocol, struct cli_socket *self)
{
    char request[4096], full[1200], key[WEBSOCKET_KEY + 1];
    uint64_t until = clock_now_us() + OPEN_US;
    size_t used = 0;
    int status = 0;
    snprintf(full, sizeof full, "/api/v1%s", path);
    if (websocket_key(key) < 0)
        return cli_curl_failed(cli, CURLE_FAILED_INIT);
    self->out = (const uint8_t *)request;
    self->out_left = websocket_request(request, sizeof request, host_of(cli), full, cli_origin(cli), subprotocol, key);
    while (clock_now_us() < until && cli_socket_wait(self, 1000) >= 0) {
        const char *answer = (const char *)self->room;
        int r = websocket_answer(answer, self->reader.used, subprotocol, key, &used, &status);
        if (r < 0) {
            self->room[MIN(self->reader.used, self->reader.size - 1)] = 0;
            return refused(cli, answer, status);
        }
        if (r > 0) {
            self->reader.used -= used;
            memmove(self->room, self->room + used, self->reader.used);
            return CLI_OK;
        }
    }
    return cli_curl_failed(cli, CURLE_OPERATION_TIMEDOUT);
}

int cli_socket_open(struct cli *cli, const char *path, const char *subprotocol, size_t longest, struct cli_socket **ret)
{
    struct cli_socket *self = calloc(1, sizeof *self);
    size_t size = longest + 16384;
    if (!self || !(self->room = malloc(size))) {
        free(self);
        cli_error("out of memory");
        return CLI_REFUSED;
    }
    websocket_reader_init(&self->reader, self->room, size, longest);
    self->heard_us = clock_now_us();
    int r = connect_to(cli, path, self);
    if (r == CLI_OK)
        r = shake_hands(cli, path, subprotocol, self);
    if (r == CLI_OK)
        *ret = self;
    else
        cli_socket_close(self);
    return r;
}
