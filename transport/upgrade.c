/* Whether a request may become a websocket, and which: everything that can be told before the first message. The ticket
 * in that message then says who it is. */
#include <string.h>

#include "core/text.h"
#include "transport/base_path.h"
#include "transport/console_wire.h"
#include "transport/media_wire.h"
#include "transport/request_text.h"
#include "transport/server_internal.h"

static const struct upgrade {
    struct route route;
    const char *subprotocol, *refusal;
    bool local; /* also on the local socket */
} upgrades[] = {
    [UPGRADE_CONSOLE] = {{.path = "/api/v1/targets/{target}/console"},
                         CONSOLE_SUBPROTOCOL,
                         "the subprotocol must be " CONSOLE_SUBPROTOCOL,
                         false},
    [UPGRADE_MEDIA] = {{.path = "/api/v1/targets/{target}/media"},
                       MEDIA_SUBPROTOCOL,
                       "the subprotocol must be " MEDIA_SUBPROTOCOL,
                       true},
};

bool upgrade_target(struct lws *wsi, enum upgrade_kind kind, char *room, size_t size)
{
    char uri[512], path[512], decoded[512], *params[ROUTE_MAX_PARAMS];
    int length = lws_hdr_copy_fragment(wsi, uri, sizeof uri, WSI_TOKEN_GET_URI, 0);
    if (length <= 0 || !request_reencode(uri, (size_t)length, false, path, sizeof path))
        return false;
    const struct connection *connection = connection_of(wsi);
    const char *below = base_path_below(connection->session ? "" : base_path_of(connection->server), path);
    if (!below || !route_match(&upgrades[kind].route, below, decoded, params))
        return false;
    return text_copy(room, size, params[0]);
}

static bool header(struct lws *wsi, enum lws_token_indexes token, char *room, int size)
{
    room[0] = 0;
    return lws_hdr_copy(wsi, room, size, token) > 0;
}

static const struct upgrade *find(struct server *self, struct lws *wsi)
{
    char target[UPGRADE_MAX_TARGET];
    bool local = connection_of(wsi)->session != NULL;
    for (unsigned kind = 0; kind < ARRAY_SIZE(upgrades); kind++)
        if (upgrade_target(wsi, (enum upgrade_kind)kind, target, sizeof target))
            return (local && !upgrades[kind].local) || (kind == UPGRADE_MEDIA && !self->config.media) ? NULL
                                                                                                      : &upgrades[kind];
    return NULL;
}

/* What a browser says of itself; who comes by the local socket is none. */
static const char *origin_refusal(struct server *self, struct lws *wsi, int *ret_status)
{
    char text[AUTHORITY_MAX];
    *ret_status = 421;
    if (!header(wsi, WSI_TOKEN_HOST, text, sizeof text) || authority_match_host(&self->authority, text, false) < 0)
        return "the gateway is not known under this name";
    *ret_status = 403;
    if (!header(wsi, WSI_TOKEN_ORIGIN, text, sizeof text) || !authority_match_origin(&self->authority, text))
        return "only the gateway's own pages may open a websocket";
    return self->needs_setup ? "no user exists yet" : NULL;
}

const char *upgrade_refusal(struct server *self, struct lws *wsi, int *ret_status)
{
    char text[AUTHORITY_MAX];
    const struct upgrade *upgrade = find(self, wsi);
    *ret_status = 404;
    if (!upgrade)
        return "there is no websocket here";
    const char *why = connection_of(wsi)->session ? NULL : origin_refusal(self, wsi, ret_status);
    if (why)
        return why;
    *ret_status = 400;
    if (!header(wsi, WSI_TOKEN_PROTOCOL, text, sizeof text) || !request_list_has(text, upgrade->subprotocol, false))
        return upgrade->refusal;
    if (!header(wsi, WSI_TOKEN_VERSION, text, sizeof text) || strcmp(text, "13") != 0)
        return "the websocket version must be 13";
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) ||
        lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING))
        return "an upgrade has no body";
    *ret_status = 503;
    if (self->stopping)
        return "the server is stopping";
    if (upgrade == &upgrades[UPGRADE_MEDIA] ? self->n_media_peers >= SERVER_MAX_MEDIA
                                            : self->n_viewers >= SERVER_MAX_VIEWERS)
        return "too many websockets of this kind are open";
    return NULL;
}
