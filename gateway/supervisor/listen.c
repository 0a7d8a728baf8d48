#include "gateway/supervisor/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "core/log.h"
#include "gateway/supervisor/interfaces.h"

#define WHY(...) snprintf(why, why_size, __VA_ARGS__)
#define BACKLOG 128

#define MAX_INHERITED 32

struct inherited {
    int fds[MAX_INHERITED]; /* -1: taken */
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
    if (n > MAX_INHERITED) {
        WHY("the service manager hands over %lu sockets; at most %d are possible", n, MAX_INHERITED);
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
static int take_inherited(struct inherited *self, const struct listen_wish *wish)
{
    for (unsigned i = 0; i < self->n; i++) {
        struct sockaddr_storage address = {0};
        socklen_t size = sizeof address;
        if (self->fds[i] >= 0 && getsockname(self->fds[i], (struct sockaddr *)&address, &size) == 0 &&
            size == wish->size && memcmp(&address, &wish->address, size) == 0)
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

static int bind_tcp(const struct listen_wish *wish)
{
    int family = wish->address.ss_family, one = 1;
    _cleanup_close_ int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    /* [::] must not take 0.0.0.0 along: each address that is served stands in the file */
    if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) < 0)
        return -errno;
    if (bind(fd, (const struct sockaddr *)&wish->address, wish->size) < 0 || listen(fd, BACKLOG) < 0)
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
static bool is_optional(const struct listen_wish *wish, int error)
{
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&wish->address;
    return wish->address.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) &&
           (error == -EADDRNOTAVAIL || error == -EAFNOSUPPORT);
}

static const char *key_of(enum listen_face face)
{
    return face == LISTEN_NBD ? "nbd-listen" : "listen";
}

static const struct config_listens *wanted_by(const struct config *config, enum listen_face face)
{
    return face == LISTEN_NBD ? &config->nbd.listen : &config->listen;
}

static unsigned count(const struct listeners *self, enum listen_face face)
{
    unsigned n = 0;
    for (unsigned i = 0; i < self->n; i++)
        n += self->list[i].face == face;
    return n;
}

static const struct listener *push(struct listeners *self, enum listen_face face, const struct listen_wish *wish,
                                   int fd)
{
    struct listener *listener = &self->list[self->n++];
    *listener = (struct listener){.id = ++self->last_id, .face = face, .fd = fd, .wish = *wish};
    return listener;
}

static void make_plan(const struct config *config, enum listen_face face, struct listen_plan *ret)
{
    static struct interfaces here; /* large, and this is one thread's */
    int r = interfaces_read(&here);
    if (r < 0)
        log_error("supervisor", "the addresses of this machine cannot be read: %s", strerror(-r));
    listen_plan_make(wanted_by(config, face), &here, ret);
    if (ret->cut)
        log_warn("supervisor", "%s comes to more than %d addresses: the others are left out", key_of(face),
                 LISTEN_PLAN_MAX);
}

static int open_face(struct listeners *self, const struct config *config, enum listen_face face,
                     struct inherited *inherited, char *why, size_t why_size)
{
    struct listen_plan plan;
    make_plan(config, face, &plan);
    for (unsigned i = 0; i < plan.n; i++) {
        const struct listen_wish *wish = &plan.list[i];
        int fd = take_inherited(inherited, wish);
        fd = fd >= 0 ? fd : bind_tcp(wish);
        if (fd >= 0) {
            push(self, face, wish, fd);
        } else if (wish->required && (count(self, face) == 0 || !is_optional(wish, fd))) {
            explain(fd, wish->text, key_of(face), why, why_size);
            return fd;
        }
    }
    if (plan.missing[0])
        log_warn("supervisor", "%s: this machine has no interface %s yet", key_of(face), plan.missing);
    /* an address may come later; that nothing is there at all is more likely a mistake */
    if (face == LISTEN_PAGE && count(self, face) == 0) {
        WHY("nothing can be listened on%s%s; names of hosts are not taken: change listen in the configuration",
            plan.missing[0] ? ", for there is no interface " : ": the interfaces have no addresses", plan.missing);
        return -EADDRNOTAVAIL;
    }
    return 0;
}

int listeners_open(const struct config *config, const struct state *state, const struct uid_choice *user,
                   struct listeners *ret, char *why, size_t why_size)
{
    struct listeners self = {.control = -1};
    struct inherited inherited = {.n = 0};
    int r = find_inherited(&inherited, why, why_size);
    if (r < 0)
        return r;
    r = open_face(&self, config, LISTEN_PAGE, &inherited, why, why_size);
    if (r == 0)
        r = refuse_rest(&inherited, why, why_size);
    if (r == 0)
        r = open_face(&self, config, LISTEN_NBD, &inherited, why, why_size);
    self.control = r < 0 ? r : bind_control(state, user, why, why_size);
    if (self.control < 0) {
        r = self.control;
        listeners_close(&self);
        return r;
    }
    *ret = self;
    return 0;
}

void listeners_listen_again(const struct listeners *self)
{
    for (unsigned i = 0; i < self->n; i++)
        if (listen(self->list[i].fd, BACKLOG) < 0)
            log_error("supervisor", "%s does not listen any more: %s", self->list[i].wish.text, strerror(errno));
}

void listeners_close(struct listeners *self)
{
    for (unsigned i = 0; i < self->n; i++)
        close(self->list[i].fd);
    self->n = 0;
    if (self->control >= 0)
        close(self->control);
    self->control = -1;
}

/* ---- when things change ---- */

static bool has_same_address(const struct listen_wish *a, const struct listen_wish *b)
{
    return a->size == b->size && memcmp(&a->address, &b->address, a->size) == 0;
}

static bool is_open(const struct listeners *self, enum listen_face face, const struct listen_wish *wish)
{
    for (unsigned i = 0; i < self->n; i++)
        if (self->list[i].face == face && has_same_address(&self->list[i].wish, wish))
            return true;
    return false;
}

static bool is_wanted(const struct listen_plan *plan, const struct listener *listener)
{
    for (unsigned i = 0; i < plan->n; i++)
        if (has_same_address(&plan->list[i], &listener->wish))
            return true;
    return false;
}

static void drop(struct listeners *self, unsigned i, const struct listeners_owner *owner, void *data)
{
    struct listener gone = self->list[i];
    self->list[i] = self->list[--self->n];
    log_info("supervisor", "no longer listening on %s", gone.wish.text);
    owner->closed(data, gone.id);
    /* now, though the gateway has a descriptor of it for a moment yet: another may be bound in its place */
    shutdown(gone.fd, SHUT_RDWR);
    close(gone.fd);
}

/* A socket of all addresses stands in the way of one of a single address, and the other way round. */
static bool is_in_the_way(const struct listener *listener, const struct listen_wish *wish)
{
    return listener->wish.address.ss_family == wish->address.ss_family &&
           (listen_plan_is_any(&listener->wish.address) || listen_plan_is_any(&wish->address));
}

/* Those in the way make room, and come back when that was no help. */
static int bind_instead(struct listeners *self, const struct listen_plan *plan, enum listen_face face,
                        const struct listen_wish *wish, const struct listeners_owner *owner, void *data)
{
    struct listen_wish former[LISTEN_PLAN_MAX];
    unsigned n = 0;
    for (unsigned i = self->n; i-- > 0 && n < ARRAY_SIZE(former);) {
        const struct listener *listener = &self->list[i];
        if (listener->face != face || is_wanted(plan, listener) || !is_in_the_way(listener, wish))
            continue;
        former[n++] = listener->wish;
        drop(self, i, owner, data);
    }
    int fd = n ? bind_tcp(wish) : -EADDRINUSE;
    while (fd < 0 && n) {
        int back = bind_tcp(&former[--n]);
        if (back >= 0)
            owner->opened(data, push(self, face, &former[n], back));
    }
    return fd;
}

static void drop_unwanted(struct listeners *self, const struct listen_plan *plan, enum listen_face face,
                          const struct listeners_owner *owner, void *data)
{
    for (unsigned i = self->n; i-- > 0;)
        if (self->list[i].face == face && !is_wanted(plan, &self->list[i]))
            drop(self, i, owner, data);
}

/* How many of the plan are there in the end; *ret_again when one of them may be possible later. */
static unsigned open_wanted(struct listeners *self, const struct listen_plan *plan, enum listen_face face,
                            const struct listeners_owner *owner, void *data, bool *ret_again)
{
    unsigned there = 0;
    for (unsigned i = 0; i < plan->n; i++) {
        const struct listen_wish *wish = &plan->list[i];
        if (is_open(self, face, wish)) {
            there++;
            continue;
        }
        int fd = self->n < LISTENERS_MAX ? bind_tcp(wish) : -ENOSPC;
        if (fd == -EADDRINUSE)
            fd = bind_instead(self, plan, face, wish, owner, data);
        if (fd < 0) {
            log_warn("supervisor", "cannot listen on %s: %s", wish->text, strerror(-fd));
            *ret_again |= fd == -EADDRNOTAVAIL || fd == -EADDRINUSE;
            continue;
        }
        there++;
        log_info("supervisor", "listening on %s", wish->text);
        owner->opened(data, push(self, face, wish, fd));
    }
    return there;
}

static bool follow_face(struct listeners *self, const struct config *config, enum listen_face face,
                        const struct listeners_owner *owner, void *data)
{
    struct listen_plan plan;
    bool again = false;
    make_plan(config, face, &plan);
    unsigned there = open_wanted(self, &plan, face, owner, data, &again);
    if (there == 0 && face == LISTEN_PAGE && !listen_plan_follows(wanted_by(config, face))) {
        log_error("supervisor", "none of the addresses in listen can be listened on: the former ones stay");
        return again;
    }
    drop_unwanted(self, &plan, face, owner, data);
    return again;
}

bool listeners_follow(struct listeners *self, const struct config *config, const struct listeners_owner *owner,
                      void *data)
{
    bool again = follow_face(self, config, LISTEN_PAGE, owner, data);
    return follow_face(self, config, LISTEN_NBD, owner, data) || again;
}
