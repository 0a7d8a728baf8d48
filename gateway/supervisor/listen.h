/* The sockets that the world knocks at. The supervisor binds them and keeps them, so that they outlive every gateway
 * process; connections that come in meanwhile wait in the kernel. Nothing listens that the configuration does not list.
 */
#pragma once

#include "gateway/config/config.h"
#include "gateway/owner/state.h"
#include "gateway/supervisor/listen_plan.h"

enum listen_face { LISTEN_PAGE, LISTEN_NBD };
#define LISTENERS_MAX (2 * LISTEN_PLAN_MAX)

struct listener {
    uint32_t id; /* never used twice */
    enum listen_face face;
    int fd;
    struct listen_wish wish;
};

struct listeners {
    struct listener list[LISTENERS_MAX];
    unsigned n;
    uint32_t last_id;
    int control; /* STATE/run/control.sock */
};

/* Addresses that a service manager has bound already (LISTEN_FDS, sd_listen_fds(3)) are taken over; one that the
 * configuration does not name is a mistake. 0, or -errno with a sentence in why. [::1] may be missing on this machine
 * when another address is there, and so may what an interface is yet to get. */
int listeners_open(const struct config *config, const struct state *state, const struct uid_choice *user,
                   struct listeners *ret, char *why, size_t why_size);
void listeners_close(struct listeners *self);

/* Before each gateway: one that was taken over may have made them stop listening, for everybody who has them. */
void listeners_listen_again(const struct listeners *self);

/* Who is told of sockets that come and go. */
struct listeners_owner {
    void (*opened)(void *data, const struct listener *listener);
    void (*closed)(void *data, uint32_t id); /* its descriptor is closed when this returns */
};

/* Makes the sockets agree with the configuration and this machine's addresses as they are now; those that stay are not
 * touched. The page keeps the sockets it has when none of the new ones could be bound. True: something could not be
 * bound that may be possible in a moment. */
bool listeners_follow(struct listeners *self, const struct config *config, const struct listeners_owner *owner,
                      void *data);
