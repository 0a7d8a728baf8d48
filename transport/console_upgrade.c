/* Whether a request may become a console websocket: everything that can be told before the first message. The ticket in
 * that message then says who it is. */
#include <string.h>

#include "core/text.h"
#include "transport/console_wire.h"
#include "transport/request_text.h"
#include "transport/server_internal.h"

static const struct route console_route = {.method = ROUTE_GET, .path = "/api/v1/targets/{target}/console"};

bool console_upgrade_target(struct lws *wsi, char *room, size_t size)
{
    char uri[512], path[512], decoded[512], *params[ROUTE_MAX_PARAMS];
    int length = lws_hdr_copy_fragment(wsi, uri, sizeof uri, WSI_TOKEN_GET_URI, 0);
    if (length <= 0 || !request_reencode(uri, (size_t)length, false, path, sizeof path) ||
        !route_match(&console_route, path, decoded, params))
        return false;
    return text_copy(room, size, params[0]);
}

static bool header(struct lws *wsi, enum lws_token_indexes token, char *room, int size)
{
    room[0] = 0;
    return lws_hdr_copy(wsi, room, size, token) > 0;
}

const char *console_upgrade_refusal(struct server *self, struct lws *wsi, int *ret_status)
{
    char target[CONSOLE_MAX_TARGET], text[AUTHORITY_MAX];
    struct connection *connection = connection_of(wsi);
    *ret_status = 404;
    if (connection->session || !console_upgrade_target(wsi, target, sizeof target))
        return "there is no websocket here";
    *ret_status = 421;
    if (!header(wsi, WSI_TOKEN_HOST, text, sizeof text) || authority_match_host(&self->authority, text, false) < 0)
        return "the gateway is not known under this name";
    *ret_status = 403;
    if (!header(wsi, WSI_TOKEN_ORIGIN, text, sizeof text) || !authority_match_origin(&self->authority, text))
        return "only the gateway's own pages may open a console";
    if (self->needs_setup)
        return "no user exists yet";
    *ret_status = 400;
    if (!header(wsi, WSI_TOKEN_PROTOCOL, text, sizeof text) || !request_list_has(text, CONSOLE_SUBPROTOCOL, false))
        return "the subprotocol must be " CONSOLE_SUBPROTOCOL;
    if (!header(wsi, WSI_TOKEN_VERSION, text, sizeof text) || strcmp(text, "13") != 0)
        return "the websocket version must be 13";
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) ||
        lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING))
        return "an upgrade has no body";
    *ret_status = 503;
    if (self->stopping || self->n_viewers >= SERVER_MAX_VIEWERS)
        return "too many viewers, or the server is stopping";
    return NULL;
}
