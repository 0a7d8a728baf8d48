/* Whose request it is. Nothing here gives a right: the local socket is known by the kernel's word alone. */
#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "transport/forwarded.h"
#include "transport/server_internal.h"

#define HEADERS_MAX 8192 /* as much as libwebsockets takes of a request */

bool peer_is_proxy(const struct server *server, const char *peer)
{
    uint8_t address[FORWARDED_BYTES];
    return server->config.trusts_proxy && forwarded_parse(peer, address) &&
           server->config.trusts_proxy(server->config.proxy_context, address);
}

/* The header's lines one behind the other; false: there is none, or it is too long. */
static bool read_lines(struct lws *wsi, char *room, size_t size)
{
    size_t at = 0;
    int n;
    for (int i = 0; (n = lws_hdr_copy_fragment(wsi, room + at, (int)(size - at), WSI_TOKEN_X_FORWARDED_FOR, i)) >= 0;
         i++) {
        at += (size_t)n;
        if (at + 2 >= size)
            return false;
        room[at++] = ',';
    }
    /* -1: no such line; -2: it does not fit */
    if (n < -1 || at == 0)
        return false;
    room[at - 1] = '\0';
    return true;
}

void peer_of_headers(const struct connection *connection, struct lws *wsi, char *room, size_t size)
{
    const struct server *server = connection->server;
    char header[HEADERS_MAX], client[FORWARDED_TEXT];
    bool told = !connection->session && wsi && peer_is_proxy(server, connection->peer) &&
                read_lines(wsi, header, sizeof header) &&
                forwarded_client(header, server->config.trusts_proxy, server->config.proxy_context, client);
    if (told)
        snprintf(room, size, "%s", client);
    else if (room != connection->peer)
        snprintf(room, size, "%s", connection->peer);
}
