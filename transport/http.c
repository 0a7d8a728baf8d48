/* libwebsockets' callbacks for HTTP, with the guards that version 4.1.6 needs. */
#include <string.h>
#include <strings.h>

#include "core/log.h"
#include "transport/request.h"
#include "transport/viewer.h"

/* A refusal in front of an upgrade; the connection ends after it. */
static void refuse_upgrade(struct connection *connection, int status, const char *why)
{
    char room[LWS_PRE + 512];
    log_info("http", "%s: upgrade refused with %d: %s", connection->peer, status, why);
    int n = snprintf(room + LWS_PRE, sizeof room - LWS_PRE,
                     "HTTP/1.1 %d Refused\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n"
                     "Connection: close\r\n\r\n%s\n",
                     status, strlen(why) + 1, why);
    if (n > 0 && (size_t)n < sizeof room - LWS_PRE)
        lws_write(connection->wsi, (uint8_t *)room + LWS_PRE, (size_t)n, LWS_WRITE_HTTP);
}

/* Called for every Upgrade header, h2c included, whose HTTP/2 code must not be reached. `in` is not looked at: after an
 * unknown upgrade it points to freed memory in this version, while lws_hdr_copy copes. */
static int confirm_upgrade(struct connection *connection, struct lws *wsi)
{
    char upgrade[16];
    int status = 400;
    if (lws_hdr_copy(wsi, upgrade, sizeof upgrade, WSI_TOKEN_UPGRADE) <= 0 || strcasecmp(upgrade, "websocket") != 0) {
        log_info("http", "%s: hung up: an upgrade to something other than websocket", connection->peer);
        return -1;
    }
    /* from here on the connection is one client's */
    peer_of_headers(connection, wsi, connection->peer, sizeof connection->peer);
    const char *why = upgrade_refusal(connection->server, wsi, &status);
    if (!why)
        return 0;
    refuse_upgrade(connection, status, why);
    return -1;
}

static int connected(struct connection *connection, struct lws *wsi, enum lws_callback_reasons reason, void *in,
                     size_t size)
{
    connection->wsi = wsi;
    switch (reason) {
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return confirm_upgrade(connection, wsi);
    case LWS_CALLBACK_HTTP:
        return request_begin(connection);
    case LWS_CALLBACK_HTTP_BODY:
        return request_body(connection, in, size);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return request_body_end(connection);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return request_write(connection);
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
    case LWS_CALLBACK_CLOSED_HTTP:
        request_peer_gone(connection);
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        connection_destroyed(connection);
        return 0;
    default:
        return 0;
    }
}

int http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size)
{
    switch (reason) {
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
        return server_tls_configure(server_of(wsi), user) < 0 ? -1 : 0;

    /* What CONNECT does, and a websocket that names "http" as its first subprotocol. */
    case LWS_CALLBACK_RAW_ADOPT:
    case LWS_CALLBACK_RAW_RX:
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
    case LWS_CALLBACK_ESTABLISHED:
    case LWS_CALLBACK_RECEIVE:
        return -1;

    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
    case LWS_CALLBACK_HTTP:
    case LWS_CALLBACK_HTTP_BODY:
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
    case LWS_CALLBACK_HTTP_WRITEABLE:
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_WSI_DESTROY: {
        struct connection *connection = connection_of(wsi);
        return connection ? connected(connection, wsi, reason, in, size) : 0;
    }
    default:
        return 0;
    }
}
