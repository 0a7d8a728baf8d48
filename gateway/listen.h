/* The sockets that the world knocks at. The supervisor binds them and keeps them, so that they outlive every gateway
 * process; connections that come in meanwhile wait in the kernel. */
#pragma once

#include "gateway/config.h"
#include "gateway/state.h"

struct listeners {
    int tcp[CONFIG_MAX_LISTEN];
    unsigned n_tcp;
    int nbd[CONFIG_MAX_LISTEN]; /* of nbd-listen */
    unsigned n_nbd;
    int control; /* STATE/run/control.sock */
};

/* Addresses that a service manager has bound already (LISTEN_FDS, sd_listen_fds(3)) are taken over; one that the
 * configuration does not name is a mistake. 0, or -errno with a sentence in why. [::1] may be missing on this machine
 * when another address is there. */
int listeners_open(const struct config *config, const struct state *state, const struct uid_choice *user,
                   struct listeners *ret, char *why, size_t why_size);
void listeners_close(struct listeners *self);
