#include "auth/outward/directory_dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/clock.h"

/* A name server that does not answer holds the thread: one try of a second each, set for this thread alone. */
static void hurry_resolver(void)
{
    if ((_res.options & RES_INIT) || res_ninit(&_res) == 0) {
        _res.retrans = 1;
        _res.retry = 1;
    }
}

static int resolve(const struct directory_url *url, struct directory_note *note, struct addrinfo **ret)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG};
    const struct addrinfo numeric = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_NUMERICHOST};
    char port[8];
    snprintf(port, sizeof port, "%u", url->port);
    if (getaddrinfo(url->host, port, &numeric, ret) == 0)
        return 0;
    hurry_resolver();
    int r = getaddrinfo(url->host, port, &hints, ret);
    if (r != 0)
        return directory_fail(note, -EHOSTUNREACH, "The name %.100s of the directory is not found: %s.", url->host,
                              gai_strerror(r));
    return 0;
}

/* 0 or -errno. */
static int await(int fd, uint64_t deadline_us)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
    for (;;) {
        uint64_t now = clock_now_us();
        if (now >= deadline_us)
            return -ETIMEDOUT;
        int r = poll(&poll_fd, 1, (int)MIN((deadline_us - now) / 1000 + 1, 60000));
        if (r < 0 && errno != EINTR)
            return -errno;
        if (r <= 0)
            continue;
        int error = 0;
        socklen_t size = sizeof error;
        return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? -errno : -error;
    }
}

static int connect_one(const struct addrinfo *address, uint64_t deadline_us)
{
    const int yes = 1;
    _cleanup_close_ int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int r = connect(fd, address->ai_addr, address->ai_addrlen) < 0 ? -errno : 0;
    if (r == -EINPROGRESS)
        r = await(fd, deadline_us);
    if (r < 0)
        return r;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return take_fd(&fd);
}

int directory_dial(const struct directory_url *url, uint64_t deadline_us, struct directory_note *note)
{
    struct addrinfo *addresses = NULL;
    int r = resolve(url, note, &addresses), fd = -EHOSTUNREACH;
    if (r < 0)
        return r;
    unsigned left = 0;
    for (const struct addrinfo *at = addresses; at; at = at->ai_next)
        left++;
    for (const struct addrinfo *at = addresses; at && fd < 0; at = at->ai_next, left--) {
        /* one that swallows what is sent leaves the others their time */
        uint64_t now = clock_now_us(), share = now < deadline_us ? (deadline_us - now) / left : 0;
        fd = connect_one(at, now + share);
    }
    freeaddrinfo(addresses);
    if (fd < 0)
        return directory_fail(note, -EHOSTUNREACH, "The directory at %.100s port %u cannot be reached: %s.", url->host,
                              url->port, strerror(-fd));
    directory_step(note, "connected to %s port %u", url->host, url->port);
    return fd;
}
