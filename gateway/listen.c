#include "gateway/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#define WHY(...) snprintf(why, why_size, __VA_ARGS__)
#define BACKLOG 128

struct inherited {
    int fds[CONFIG_MAX_LISTEN]; /* -1: taken */
    unsigned n;
};

/* What the service manager hands over stands from descriptor 3 on (sd_listen_fds(3)). */
static int find_inherited(struct inherited *self, char *why, size_t why_size)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    unsigned long n = pid && count && strtoul(pid, NULL, 10) == (unsigned long)getpid() ? strtoul(count, NULL, 10) : 0;
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    if (n > CONFIG_MAX_LISTEN) {
        WHY("the service manager hands over %lu sockets; at most %d are possible", n, CONFIG_MAX_LISTEN);
        return -E2BIG;
    }
    self->n = (unsigned)n;
    for (unsigned i = 0; i < self->n; i++) {
        self->fds[i] = 3 + (int)i;
        if (fcntl(self->fds[i], F_SETFD, FD_CLOEXEC) < 0 || fcntl(self->fds[i], F_SETFL, O_NONBLOCK) < 0) {
            WHY("socket %d of the service manager cannot be used: %s", self->fds[i], strerror(errno));
            return -EBADF;
        }
    }
    return 0;
}

/* The inherited listener of this address, or -1. */
static int take_inherited(struct inherited *self, const struct config_listen *listen_)
{
    for (unsigned i = 0; i < self->n; i++) {
        struct sockaddr_storage address = {0};
        socklen_t size = sizeof address;
        if (self->fds[i] >= 0 && getsockname(self->fds[i], (struct sockaddr *)&address, &size) == 0 &&
            size == listen_->size && memcmp(&address, &listen_->address, size) == 0)
            return take_fd(&self->fds[i]);
    }
    return -1;
}

static int refuse_rest(struct inherited *self, char *why, size_t why_size)
{
    int r = 0;
    for (unsigned i = 0; i < self->n; i++)
        if (self->fds[i] >= 0) {
            close(take_fd(&self->fds[i]));
            WHY("the service manager listens on an address that listen in the configuration does not name; make "
                "lightsout.socket and the configuration agree");
            r = -EINVAL;
        }
    return r;
}

static int bind_tcp(const struct config_listen *listen_)
{
    int family = listen_->address.ss_family, one = 1;
    _cleanup_close_ int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    /* [::] must not take 0.0.0.0 along: each address that is served stands in the file */
    if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) < 0)
        return -errno;
    if (bind(fd, (const struct sockaddr *)&listen_->address, listen_->size) < 0 || listen(fd, BACKLOG) < 0)
        return -errno;
    return take_fd(&fd);
}

static void explain(int error, const char *address, const char *key, char *why, size_t why_size)
{
    switch (error) {
    case -EADDRINUSE:
        WHY("cannot listen on %s: another program uses this port; stop it, or change %s in the configuration", address,
            key);
        break;
    case -EADDRNOTAVAIL:
    case -EAFNOSUPPORT:
        WHY("cannot listen on %s: this machine has no such address; change %s in the configuration", address, key);
        break;
    case -EACCES:
        WHY("cannot listen on %s: only root may use this port; choose one from 1024 on for %s", address, key);
        break;
    default:
        WHY("cannot listen on %s: %s; change %s in the configuration", address, strerror(-error), key);
    }
}

static int bind_control(const struct state *state, const struct uid_choice *user, char *why, size_t why_size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int r = state_path(state, "run", NULL, "control.sock", address.sun_path, sizeof address.sun_path);
    if (r < 0) {
        WHY("state folder %s has too long a name for sockets; give a shorter one with --state", state->path);
        return r;
    }
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    /* what a former supervisor left; the lock says that nobody listens there */
    unlink(address.sun_path);
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 || chmod(address.sun_path, 0600) < 0 ||
        (user->drop && lchown(address.sun_path, user->uid, user->gid) < 0) || listen(fd, BACKLOG) < 0) {
        r = -errno;
        WHY("cannot listen on %s: %s; make the state folder writable, or give another with --state", address.sun_path,
            strerror(-r));
        return r;
    }
    return take_fd(&fd);
}

/* The demo and the default listen on both loopbacks, also where the kernel has no IPv6. */
static bool is_optional(const struct config_listen *listen_, int error)
{
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&listen_->address;
    return listen_->address.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) &&
           (error == -EADDRNOTAVAIL || error == -EAFNOSUPPORT);
}

int listeners_open(const struct config *config, const struct state *state, const struct uid_choice *user,
                   struct listeners *ret, char *why, size_t why_size)
{
    struct listeners self = {.control = -1};
    struct inherited inherited = {.n = 0};
    int r = find_inherited(&inherited, why, why_size);
    if (r < 0)
        return r;
    for (unsigned i = 0; i < config->listen.n; i++) {
        const struct config_listen *address = &config->listen.list[i];
        int fd = take_inherited(&inherited, address);
        fd = fd >= 0 ? fd : bind_tcp(address);
        if (fd >= 0) {
            self.tcp[self.n_tcp++] = fd;
        } else if (self.n_tcp == 0 || !is_optional(address, fd)) {
            explain(fd, address->text, "listen", why, why_size);
            listeners_close(&self);
            return fd;
        }
    }
    r = refuse_rest(&inherited, why, why_size);
    for (unsigned i = 0; r == 0 && i < config->nbd.listen.n; i++) {
        int fd = bind_tcp(&config->nbd.listen.list[i]);
        if (fd >= 0) {
            self.nbd[self.n_nbd++] = fd;
            continue;
        }
        explain(fd, config->nbd.listen.list[i].text, "nbd-listen", why, why_size);
        r = fd;
    }
    self.control = r < 0 ? r : bind_control(state, user, why, why_size);
    if (self.control < 0) {
        r = self.control;
        listeners_close(&self);
        return r;
    }
    *ret = self;
    return 0;
}

void listeners_close(struct listeners *self)
{
    for (unsigned i = 0; i < self->n_tcp; i++)
        close(self->tcp[i]);
    for (unsigned i = 0; i < self->n_nbd; i++)
        close(self->nbd[i]);
    self->n_tcp = self->n_nbd = 0;
    if (self->control >= 0)
        close(self->control);
    self->control = -1;
}
