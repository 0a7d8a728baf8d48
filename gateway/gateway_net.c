#include "gateway/gateway_net.h"

#include <errno.h>
#include <string.h>

#include "core/log.h"
#include "gateway/accept.h"
#include "gateway/drives/exports.h"
#include "gateway/gateway.h"

static int take_in(struct gateway *self, const struct lent *lent)
{
    if (lent->what.face == LISTEN_NBD)
        return self->exports ? exports_listen(self->exports, lent->fd) : 0;
    return self->accept ? accept_listen(self->accept, lent->fd) : 0;
}

static bool on_listen(struct gateway *self, struct ipc_message *message)
{
    struct lent lent;
    if (!control_read_listen(message->body, message->body_size, &lent.what) || message->n_fds != 1 ||
        self->net.n_lent == LISTENERS_MAX)
        return false;
    lent.fd = take_fd(&message->fds[0]);
    int r = take_in(self, &lent);
    if (r < 0)
        log_error("gateway", "a listening socket cannot be used: %s", strerror(-r));
    self->net.lent[self->net.n_lent++] = lent;
    return true;
}

/* Who came in that way stays. */
static void give_back(struct gateway *self, unsigned i)
{
    struct lent lent = self->net.lent[i];
    self->net.lent[i] = self->net.lent[--self->net.n_lent];
    if (lent.what.face == LISTEN_NBD && self->exports)
        exports_unlisten(self->exports, lent.fd);
    if (lent.what.face == LISTEN_PAGE && self->accept)
        accept_unlisten(self->accept, lent.fd);
    close(lent.fd);
}

static bool on_unlisten(struct gateway *self, struct ipc_message *message)
{
    uint32_t id;
    if (!control_read_unlisten(message->body, message->body_size, &id))
        return false;
    for (unsigned i = 0; i < self->net.n_lent; i++)
        if (self->net.lent[i].what.id == id) {
            give_back(self, i);
            return true;
        }
    return false;
}

static bool on_net(struct gateway *self, struct ipc_message *message)
{
    struct control_net said;
    struct gateway_net *net = &self->net;
    if (!control_read_net(message->body, message->body_size, &said))
        return false;
    net->said = said;
    net->have = true;
    for (unsigned i = 0; i < said.public_names.n; i++)
        net->names[i] = net->said.public_names.list[i];
    if (self->server)
        server_set_names(self->server, net->names, net->said.public_names.ports, said.public_names.n, said.port);
    return true;
}

bool gateway_net_told(struct gateway *self, struct ipc_message *message)
{
    switch (message->type) {
    case CONTROL_NET:
        return on_net(self, message);
    case CONTROL_LISTEN:
        return on_listen(self, message);
    case CONTROL_UNLISTEN:
        return on_unlisten(self, message);
    }
    return false;
}

static bool trusts_proxy(const void *context, const uint8_t address[16])
{
    const struct gateway_net *net = context;
    return address_networks_have(&net->said.trusted_proxies, address);
}

void gateway_net_configure(struct gateway *self, struct server_config *config)
{
    struct gateway_net *net = &self->net;
    config->public_names = net->names;
    config->public_ports = net->said.public_names.ports;
    config->n_public_names = net->said.public_names.n;
    config->port = net->said.port;
    config->base_path = net->said.base_path;
    config->trusts_proxy = trusts_proxy;
    config->proxy_context = net;
}

int gateway_net_open(struct gateway *self, enum listen_face face)
{
    int r = 0;
    for (unsigned i = 0; r == 0 && i < self->net.n_lent; i++)
        if (self->net.lent[i].what.face == face)
            r = take_in(self, &self->net.lent[i]);
    return r;
}

void gateway_net_close(struct gateway *self)
{
    while (self->net.n_lent)
        close(self->net.lent[--self->net.n_lent].fd);
}
