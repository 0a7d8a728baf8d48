#include <sys/socket.h>

#include "core/clock.h"
#include "transport/request.h"

#define LINGER_BYTES (256u << 20) /* thrown away at most, for one answer */
#define LINGER_US (10 * 1000000u)

/* The peer reads the end of the connection behind its answer, while the other direction stays open. */
static void close_our_side(struct lws *wsi)
{
    SSL *ssl = lws_get_ssl(wsi);
    if (ssl)
        SSL_shutdown(ssl);
    shutdown(lws_get_socket_fd(wsi), SHUT_WR);
}

int linger_begin(struct connection *connection, uint64_t unread)
{
    if (connection->lingering)
        return -1;
    connection->lingering = true;
    connection->linger_left = MIN(unread, (uint64_t)LINGER_BYTES);
    connection->linger_until_us = clock_now_us() + LINGER_US;
    close_our_side(connection->wsi);
    lws_set_timeout(connection->wsi, PENDING_TIMEOUT_HTTP_CONTENT, LINGER_US / 1000000u);
    lws_rx_flow_control(connection->wsi, 1);
    return 0;
}

int linger_body(struct connection *connection, size_t size)
{
    if (!connection->lingering)
        return 0;
    connection->linger_left -= MIN(size, connection->linger_left);
    return connection->linger_left && clock_now_us() < connection->linger_until_us ? 0 : -1;
}
