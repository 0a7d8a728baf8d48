#include "gateway/control/control_net.h"

#include <string.h>

#include "core/ipc.h"

void control_write_net(struct wire_writer *w, const struct control_net *net)
{
    wire_write_le16(w, net->port);
    wire_write_u8(w, (uint8_t)net->public_names.n);
    for (unsigned i = 0; i < net->public_names.n; i++) {
        ipc_write_string(w, net->public_names.list[i]);
        wire_write_le16(w, net->public_names.ports[i]);
    }
    ipc_write_string(w, net->base_path);
    wire_write_u8(w, (uint8_t)net->trusted_proxies.n);
    for (unsigned i = 0; i < net->trusted_proxies.n; i++) {
        const struct address_network *network = &net->trusted_proxies.list[i];
        wire_write_bytes(w, network->bytes, sizeof network->bytes);
        wire_write_u8(w, network->bits);
    }
}

static bool read_names(struct wire_reader *r, struct config_names *ret)
{
    ret->n = wire_read_u8(r);
    if (ret->n > CONFIG_MAX_NAMES)
        return false;
    for (unsigned i = 0; i < ret->n; i++) {
        if (!ipc_read_string(r, ret->list[i], CONFIG_NAME_MAX))
            return false;
        ret->ports[i] = wire_read_le16(r);
    }
    return true;
}

static bool read_networks(struct wire_reader *r, struct address_networks *ret)
{
    ret->n = wire_read_u8(r);
    if (ret->n > ADDRESS_MAX_NETWORKS)
        return false;
    for (unsigned i = 0; i < ret->n; i++) {
        const uint8_t *bytes = wire_read_bytes(r, sizeof ret->list[i].bytes);
        ret->list[i].bits = wire_read_u8(r);
        if (!bytes || ret->list[i].bits > 128)
            return false;
        memcpy(ret->list[i].bytes, bytes, sizeof ret->list[i].bytes);
    }
    return true;
}

bool control_read_net(const uint8_t *body, size_t size, struct control_net *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    memset(ret, 0, sizeof *ret);
    ret->port = wire_read_le16(&r);
    return read_names(&r, &ret->public_names) && ipc_read_string(&r, ret->base_path, sizeof ret->base_path) &&
           read_networks(&r, &ret->trusted_proxies) && wire_read_complete(&r);
}

void control_write_listen(struct wire_writer *w, const struct control_listen *listen)
{
    wire_write_le32(w, listen->id);
    wire_write_u8(w, listen->face);
}

bool control_read_listen(const uint8_t *body, size_t size, struct control_listen *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    ret->id = wire_read_le32(&r);
    ret->face = wire_read_u8(&r);
    return wire_read_complete(&r) && ret->face <= LISTEN_NBD;
}

void control_write_unlisten(struct wire_writer *w, uint32_t id)
{
    wire_write_le32(w, id);
}

bool control_read_unlisten(const uint8_t *body, size_t size, uint32_t *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    *ret = wire_read_le32(&r);
    return wire_read_complete(&r);
}
