/* What supervisor and gateway say about where the page is reached, and as whom: at the start, and again whenever the
 * configuration is read anew or this machine's addresses change. */
#pragma once

#include "core/wire.h"
#include "gateway/config/config.h"
#include "gateway/supervisor/listen.h"

/* CONTROL_NET; replaces what was said before. */
struct control_net {
    uint16_t port;
    struct config_names public_names;
    char base_path[CONFIG_BASE_MAX];
    struct address_networks trusted_proxies;
};

/* CONTROL_LISTEN, with the socket; CONTROL_UNLISTEN has the id alone. */
struct control_listen {
    uint32_t id;
    uint8_t face; /* enum listen_face */
};

void control_write_net(struct wire_writer *w, const struct control_net *net);
void control_write_listen(struct wire_writer *w, const struct control_listen *listen);
void control_write_unlisten(struct wire_writer *w, uint32_t id);

/* False: malformed; *ret is then undefined. */
bool control_read_net(const uint8_t *body, size_t size, struct control_net *ret);
bool control_read_listen(const uint8_t *body, size_t size, struct control_listen *ret);
bool control_read_unlisten(const uint8_t *body, size_t size, uint32_t *ret);
