/* The door of the TLS port: a connection whose first byte begins a TLS handshake goes on to libwebsockets, any other
 * gets the redirect to https and is closed. Both wait here, few and not for long, so that connections which say nothing
 * cost no more than a descriptor. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "transport/request_text.h"
#include "transport/server_internal.h"

#define MAX_VISITORS 128
#define PATIENCE_US (15 * 1000000u)
#define HEAD_MAX 4096
#define TLS_HANDSHAKE 0x16

struct visitor {
    struct door *door;
    struct visitor *next, **link; /* oldest first: the deadlines are in the same order */
    int fd;
    struct loop_io *io;
    uint64_t deadline_us;
    char *head; /* of a plain request; NULL before its first byte */
    size_t head_size;
    bool answered; /* waits for the peer to close first, so that the answer is not lost to a reset */
};

struct door {
    struct server *server;
    struct visitor *first, **last;
    unsigned n;
    struct loop_timer *timer;
};

int door_create(struct server *server, struct door **ret)
{
    struct door *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->server = server;
    self->last = &self->first;
    *ret = self;
    return 0;
}

/* Out of the list; the descriptor stays open. */
static void visitor_free(struct visitor *v)
{
    struct door *door = v->door;
    loop_io_remove(v->io);
    *v->link = v->next;
    if (v->next)
        v->next->link = v->link;
    else
        door->last = v->link;
    door->n--;
    free(v->head);
    free(v);
}

static void visitor_close(struct visitor *v)
{
    int fd = v->fd;
    visitor_free(v);
    close(fd);
}

struct door *door_destroy(struct door *self)
{
    if (!self)
        return NULL;
    while (self->first)
        visitor_close(self->first);
    loop_timer_remove(self->timer);
    free(self);
    return NULL;
}

static void on_timer(void *data)
{
    struct door *self = data;
    uint64_t now = clock_now_us();
    while (self->first && self->first->deadline_us <= now)
        visitor_close(self->first);
    if (self->first)
        loop_timer_arm_at(self->timer, self->first->deadline_us);
}

static void peer_text(int fd, char *room, size_t size)
{
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    char text[INET6_ADDRSTRLEN] = "";
    const char *shown = text;
    if (getpeername(fd, (struct sockaddr *)&address, &length) == 0) {
        if (address.ss_family == AF_INET)
            inet_ntop(AF_INET, &((struct sockaddr_in *)&address)->sin_addr, text, sizeof text);
        else if (address.ss_family == AF_INET6)
            inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&address)->sin6_addr, text, sizeof text);
    }
    if (!strncmp(shown, "::ffff:", 7))
        shown += 7;
    snprintf(room, size, "%s", *shown ? shown : "unknown");
}

static void let_in(struct visitor *v)
{
    struct server *server = v->door->server;
    int fd = v->fd;
    char peer[64];
    visitor_free(v);
    peer_text(fd, peer, sizeof peer);
    connection_adopt(server, fd, peer, NULL);
}

static void redirect(struct visitor *v)
{
    char answer[2048];
    struct server *server = v->door->server;
    ssize_t n = recv(v->fd, v->head + v->head_size, HEAD_MAX - v->head_size, 0);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN)
            visitor_close(v);
        return;
    }
    v->head_size += (size_t)n;
    size_t size = request_redirect(&server->authority, v->head, v->head_size, answer, sizeof answer);
    if (!size && v->head_size < HEAD_MAX)
        return;
    server->statistics.redirects++;
    v->answered = true;
    if (size && send(v->fd, answer, size, MSG_NOSIGNAL) == (ssize_t)size)
        shutdown(v->fd, SHUT_WR);
    else
        visitor_close(v);
}

static void on_readable(void *data, int fd, uint32_t events)
{
    struct visitor *v = data;
    uint8_t first;
    (void)events;
    if (v->answered) { /* whatever else comes is read away until the peer closes or its time is up */
        char waste[1024];
        if (recv(fd, waste, sizeof waste, 0) == 0 || (events & (EPOLLERR | EPOLLHUP)))
            visitor_close(v);
        return;
    }
    if (v->head) {
        redirect(v);
        return;
    }
    ssize_t n = recv(fd, &first, 1, MSG_PEEK);
    if (n == 1 && first == TLS_HANDSHAKE) {
        let_in(v);
    } else if (n == 1 && (v->head = malloc(HEAD_MAX))) {
        redirect(v);
    } else if (n >= 0 || errno != EAGAIN) {
        visitor_close(v);
    }
}

static int arm(struct door *self, uint64_t deadline_us)
{
    if (!self->timer) {
        int r = loop_timer_add(self->server->loop, on_timer, self, &self->timer);
        if (r < 0)
            return r;
    }
    if (self->n == 1)
        loop_timer_arm_at(self->timer, deadline_us);
    return 0;
}

static int enter(struct door *self, int fd)
{
    struct visitor *v = calloc(1, sizeof *v);
    if (!v)
        return -ENOMEM;
    v->door = self;
    v->fd = fd;
    v->deadline_us = clock_now_us() + PATIENCE_US;
    v->link = self->last;
    *self->last = v;
    self->last = &v->next;
    self->n++;
    int r = arm(self, v->deadline_us);
    if (r >= 0)
        r = loop_io_add(self->server->loop, fd, EPOLLIN, on_readable, v, &v->io);
    if (r < 0)
        visitor_free(v);
    return r;
}

void door_enter(struct door *self, int fd)
{
    if (self->n == MAX_VISITORS) { /* the one that has kept silent for longest makes room */
        self->server->statistics.refused++;
        visitor_close(self->first);
    }
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    int r = enter(self, fd);
    if (r < 0) {
        log_warn("server", "a connection was turned away: %s", strerror(-r));
        close(fd);
    }
}
