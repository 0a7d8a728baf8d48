/* The client's half of the websocket protocol (RFC 6455) as bytes: request, check of the answer, frames both ways. Pure
 * but for randomness; whoever uses it moves the bytes. No extensions. What a server sends is bounded by the room that
 * the reader is given. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEBSOCKET_KEY 24      /* characters of a key */
#define WEBSOCKET_HEAD_MAX 14 /* bytes in front of a client's frame */

enum websocket_opcode {
    WEBSOCKET_CONTINUATION = 0,
    WEBSOCKET_TEXT = 1,
    WEBSOCKET_BINARY = 2,
    WEBSOCKET_CLOSE = 8,
    WEBSOCKET_PING = 9,
    WEBSOCKET_PONG = 10,
};

/* A fresh key (section 4.1) with its closing NUL. Negative errno. */
int websocket_key(char ret[WEBSOCKET_KEY + 1]);
/* The request that asks for the websocket; origin: NULL for none. How long it is; 0: no room. */
size_t websocket_request(char *room, size_t size, const char *host, const char *path, const char *origin,
                         const char *subprotocol, const char *key);

/* Looks at an answer that is still coming in. 1: it opens this websocket, *ret_used bytes were its head; 0: more is
 * needed; -1: it does not (*ret_status: 0 when it is no HTTP). */
int websocket_answer(const char *bytes, size_t size, const char *subprotocol, const char *key, size_t *ret_used,
                     int *ret_status);

/* A frame's head for `size` bytes, which the caller has masked by websocket_mask. How long it is. */
size_t websocket_head(uint8_t room[WEBSOCKET_HEAD_MAX], enum websocket_opcode opcode, uint64_t size, uint32_t mask);
void websocket_mask(uint8_t *bytes, size_t size, uint32_t mask);

/* Reads frames out of what comes in. The room holds one message and one control frame beside it. */
struct websocket_reader {
    uint8_t *room;
    size_t size, limit; /* of the room; of a message */
    size_t message;     /* bytes of the message that is coming together, at the room's start */
    size_t used;        /* bytes that are not looked at, behind it */
    size_t spent;       /* the first of these, which were given out as a control frame */
    enum websocket_opcode opcode;
    bool inside; /* a message whose last frame has not come */
};

struct websocket_message {
    enum websocket_opcode opcode; /* TEXT, BINARY, or a control frame */
    const uint8_t *bytes;         /* valid until the next call */
    size_t size;
};

/* room: at least limit + 14 + 125 bytes, and a bit more for speed. */
void websocket_reader_init(struct websocket_reader *self, uint8_t *room, size_t size, size_t limit);
/* Where the next bytes from the peer go, and how many of them; then say how many came. */
uint8_t *websocket_reader_room(struct websocket_reader *self, size_t *ret_size);
void websocket_reader_add(struct websocket_reader *self, size_t size);
/* 1: a message or a control frame; 0: more bytes are needed; -1: the peer breaks the protocol, or its message is longer
 * than the limit. */
int websocket_reader_next(struct websocket_reader *self, struct websocket_message *ret);
