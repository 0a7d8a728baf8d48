/* The gateway's side of where it is reached: the listening sockets that the supervisor lends it, its names, and the
 * proxies it believes. */
#pragma once

#include "core/ipc.h"
#include "gateway/control/control_net.h"

struct gateway;
struct server_config;

struct gateway_net {
    struct control_net said; /* what the server reads; changed in place */
    bool have;
    const char *names[CONFIG_MAX_NAMES];
    struct lent {
        struct control_listen what;
        int fd;
    } lent[LISTENERS_MAX];
    unsigned n_lent;
};

/* CONTROL_NET, CONTROL_LISTEN, CONTROL_UNLISTEN. False: malformed. */
bool gateway_net_told(struct gateway *self, struct ipc_message *message);

void gateway_net_configure(struct gateway *self, struct server_config *config);
/* The server, or the exports, are there: connections are taken from what was lent so far. 0 or -errno. */
int gateway_net_open(struct gateway *self, enum listen_face face);
/* At the end, when neither is there any more. */
void gateway_net_close(struct gateway *self);
