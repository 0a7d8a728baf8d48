/* A websocket to the gateway: libcurl brings the connection (the local socket, or TLS with the pinned certificate),
 * transport/client the frames. One message goes out at a time. */
#pragma once

#include "gateway/cli/cli.h"
#include "transport/client/websocket.h"

struct cli_socket;

/* path: below /api/v1. The exit code; cli->quiet: without words. longest: bytes of a message that comes in. */
int cli_socket_open(struct cli *cli, const char *path, const char *subprotocol, size_t longest,
                    struct cli_socket **ret);
struct cli_socket *cli_socket_close(struct cli_socket *self); /* NULL allowed; returns NULL */

/* A binary message: bytes, which are masked in place and must stay until the socket is no longer busy, have
 * WEBSOCKET_HEAD_MAX bytes of room in front. Not while it is busy. */
void cli_socket_send(struct cli_socket *self, uint8_t *bytes, size_t size);
bool cli_socket_busy(const struct cli_socket *self);
/* Sends what is to be sent, and waits at most timeout_ms for something to come in or to get rid of. -1: it is broken.
 */
int cli_socket_wait(struct cli_socket *self, int timeout_ms);
/* 1: a message, valid until the next call; 0: none yet; -1: the connection has ended. */
int cli_socket_next(struct cli_socket *self, struct websocket_message *ret);
