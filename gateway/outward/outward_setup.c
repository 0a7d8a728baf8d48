#include "gateway/outward/outward_setup.h"

#include <string.h>

static void write_networks(struct wire_writer *w, const struct address_networks *networks)
{
    wire_write_u8(w, (uint8_t)networks->n);
    for (unsigned i = 0; i < networks->n; i++) {
        wire_write_u8(w, networks->list[i].bits);
        wire_write_bytes(w, networks->list[i].bytes, sizeof networks->list[i].bytes);
    }
}

static bool read_networks(struct wire_reader *r, struct address_networks *ret)
{
    ret->n = wire_read_u8(r);
    if (ret->n > ADDRESS_MAX_NETWORKS)
        return false;
    for (unsigned i = 0; i < ret->n; i++) {
        struct address_network *network = &ret->list[i];
        network->bits = wire_read_u8(r);
        const uint8_t *bytes = wire_read_bytes(r, sizeof network->bytes);
        if (!bytes || network->bits > 128)
            return false;
        memcpy(network->bytes, bytes, sizeof network->bytes);
    }
    return true;
}

void outward_write_setup(struct wire_writer *w, const struct outward_setup *setup)
{
    write_networks(w, &setup->policy.allow);
    write_networks(w, &setup->policy.deny);
    ipc_write_string(w, setup->proxy);
}

bool outward_read_setup(const uint8_t *body, size_t size, struct outward_setup *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    memset(ret, 0, sizeof *ret);
    return read_networks(&r, &ret->policy.allow) && read_networks(&r, &ret->policy.deny) &&
           ipc_read_string(&r, ret->proxy, sizeof ret->proxy) && wire_read_complete(&r);
}
