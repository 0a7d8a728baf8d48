#include "transport/client/websocket.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "core/attrs.h"

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* section 1.3 */
#define ANSWER_MAX 8192
#define CONTROL_MAX 125

int websocket_key(char ret[WEBSOCKET_KEY + 1])
{
    uint8_t bytes[16];
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return -EIO;
    EVP_EncodeBlock((unsigned char *)ret, bytes, sizeof bytes);
    return 0;
}

size_t websocket_request(char *room, size_t size, const char *host, const char *path, const char *origin,
                         const char *subprotocol, const char *key)
{
    int n =
        snprintf(room, size,
                 "GET %s HTTP/1.1\r\nHost: %s\r\n%s%s%sConnection: Upgrade\r\nUpgrade: websocket\r\n"
                 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Protocol: %s\r\n\r\n",
                 path, host, origin ? "Origin: " : "", origin ? origin : "", origin ? "\r\n" : "", key, subprotocol);
    return n < 0 || (size_t)n >= size ? 0 : (size_t)n;
}

/* The value of a header in an answer's head (closed by NUL), without spaces around it. */
static bool find_header(const char *head, const char *name, char *room, size_t size)
{
    size_t length = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, length) != 0 || line[length] != ':')
            continue;
        const char *value = line + length + 1;
        value += strspn(value, " \t");
        size_t n = strcspn(value, "\r");
        while (n && (value[n - 1] == ' ' || value[n - 1] == '\t'))
            n--;
        if (n >= size)
            return false;
        memcpy(room, value, n);
        room[n] = 0;
        return true;
    }
    return false;
}

/* Section 4.2.2: what only somebody who understood the request can say. */
static bool accept_is_right(const char *key, const char *accept)
{
    char text[WEBSOCKET_KEY + sizeof GUID], want[64];
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    snprintf(text, sizeof text, "%.24s" GUID, key);
    if (EVP_Digest(text, strlen(text), digest, &size, EVP_sha1(), NULL) != 1)
        return false;
    EVP_EncodeBlock((unsigned char *)want, digest, (int)size);
    return !strcmp(want, accept);
}

int websocket_answer(const char *bytes, size_t size, const char *subprotocol, const char *key, size_t *ret_used,
                     int *ret_status)
{
    char head[ANSWER_MAX + 1], value[128];
    const char *end = memmem(bytes, size, "\r\n\r\n", 4);
    if (!end && size < ANSWER_MAX)
        return 0;
    *ret_status = 0;
    size_t length = end ? (size_t)(end - bytes) + 2 : 0;
    if (!end || length > ANSWER_MAX)
        return -1;
    memcpy(head, bytes, length);
    head[length] = 0;
    if (sscanf(head, "HTTP/1.1 %3d", ret_status) != 1 || *ret_status != 101)
        return -1;
    if (!find_header(head, "Upgrade", value, sizeof value) || strcasecmp(value, "websocket") != 0 ||
        !find_header(head, "Sec-WebSocket-Accept", value, sizeof value) || !accept_is_right(key, value) ||
        !find_header(head, "Sec-WebSocket-Protocol", value, sizeof value) || strcmp(value, subprotocol) != 0 ||
        find_header(head, "Sec-WebSocket-Extensions", value, sizeof value))
        return -1;
    *ret_used = length + 2;
    return 1;
}

size_t websocket_head(uint8_t room[WEBSOCKET_HEAD_MAX], enum websocket_opcode opcode, uint64_t size, uint32_t mask)
{
    size_t n = 0, length_bytes = size < 126 ? 0 : size <= UINT16_MAX ? 2 : 8;
    room[n++] = 0x80 | (uint8_t)opcode;
    room[n++] = 0x80 | (length_bytes == 0 ? (uint8_t)size : length_bytes == 2 ? 126 : 127);
    for (size_t i = length_bytes; i-- > 0;)
        room[n++] = (uint8_t)(size >> (8 * i));
    memcpy(room + n, &mask, sizeof mask);
    return n + sizeof mask;
}

void websocket_mask(uint8_t *bytes, size_t size, uint32_t mask)
{
    uint8_t key[4];
    uint64_t wide = (uint64_t)mask << 32 | mask;
    size_t i = 0;
    memcpy(key, &mask, sizeof key);
    for (; i + sizeof wide <= size; i += sizeof wide) {
        uint64_t word;
        memcpy(&word, bytes + i, sizeof word);
        word ^= wide;
        memcpy(bytes + i, &word, sizeof word);
    }
    for (; i < size; i++)
        bytes[i] ^= key[i & 3];
}

void websocket_reader_init(struct websocket_reader *self, uint8_t *room, size_t size, size_t limit)
{
    assert(size >= limit + WEBSOCKET_HEAD_MAX + CONTROL_MAX);
    *self = (struct websocket_reader){.room = room, .size = size, .limit = limit};
}

uint8_t *websocket_reader_room(struct websocket_reader *self, size_t *ret_size)
{
    *ret_size = self->size - self->message - self->used;
    return self->room + self->message + self->used;
}

void websocket_reader_add(struct websocket_reader *self, size_t size)
{
    assert(size <= self->size - self->message - self->used);
    self->used += size;
}

struct frame {
    bool last;
    enum websocket_opcode opcode;
    size_t head, size;
};

/* 1: a head; 0: not yet; -1: not allowed here. */
static int read_head(const struct websocket_reader *self, const uint8_t *at, struct frame *ret)
{
    if (self->used < 2)
        return 0;
    unsigned length = at[1] & 0x7f, extra = length == 126 ? 2 : length == 127 ? 8 : 0;
    uint64_t size = extra ? 0 : length;
    if (at[0] & 0x70 || at[1] & 0x80) /* extensions; a server does not mask */
        return -1;
    if (self->used < 2 + extra)
        return 0;
    for (unsigned i = 0; i < extra; i++)
        size = size << 8 | at[2 + i];
    ret->last = at[0] & 0x80;
    ret->opcode = (enum websocket_opcode)(at[0] & 0x0f);
    ret->head = 2 + extra;
    bool control = ret->opcode >= WEBSOCKET_CLOSE;
    if (control ? ret->opcode > WEBSOCKET_PONG || !ret->last || size > CONTROL_MAX
                : ret->opcode > WEBSOCKET_BINARY || (ret->opcode == WEBSOCKET_CONTINUATION) != self->inside ||
                      size > self->limit - self->message)
        return -1;
    ret->size = (size_t)size;
    return 1;
}

/* The frame's bytes behind those of the message, its head taken out. False: more frames are to come. */
static bool join(struct websocket_reader *self, const struct frame *f)
{
    uint8_t *at = self->room + self->message;
    if (f->opcode != WEBSOCKET_CONTINUATION)
        self->opcode = f->opcode;
    memmove(at, at + f->head, self->used - f->head);
    self->used -= f->head + f->size;
    self->message += f->size;
    self->inside = !f->last;
    return f->last;
}

/* What was given out last leaves the room. */
static void drop(struct websocket_reader *self, size_t from, size_t size)
{
    memmove(self->room + from, self->room + from + size, self->message + self->used - from - size);
}

int websocket_reader_next(struct websocket_reader *self, struct websocket_message *ret)
{
    struct frame f;
    if (!self->inside && self->message) { /* given out by the last call */
        size_t size = self->message;
        drop(self, 0, size);
        self->message = 0;
    }
    for (;;) {
        uint8_t *at = self->room + self->message;
        if (self->spent) { /* a control frame, likewise */
            drop(self, self->message, self->spent);
            self->used -= self->spent;
            self->spent = 0;
        }
        int r = read_head(self, at, &f);
        if (r <= 0)
            return r;
        if (self->used < f.head + f.size)
            return 0;
        if (f.opcode >= WEBSOCKET_CLOSE) {
            self->spent = f.head + f.size;
            *ret = (struct websocket_message){.opcode = f.opcode, .bytes = at + f.head, .size = f.size};
            return 1;
        }
        if (join(self, &f)) {
            *ret = (struct websocket_message){.opcode = self->opcode, .bytes = self->room, .size = self->message};
            return 1;
        }
    }
}
