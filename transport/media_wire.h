/* The media protocol's messages as bytes, both ways: docs/media-protocol.md. Pure; golden vectors in
 * tests/vectors/media hold this file and the page's media_protocol.js to the same bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/wire.h"
#include "media/medium.h"

#define MEDIA_VERSION 1
#define MEDIA_SUBPROTOCOL "lightsout.media.1"
#define MEDIA_LONGEST (256 * 1024) /* bytes of one request */
#define MEDIA_MOST 64              /* requests at a time */
#define MEDIA_TICKET_SIZE 32
#define MEDIA_DATA_HEADER 8
#define MEDIA_MAX_MESSAGE (MEDIA_LONGEST + MEDIA_DATA_HEADER) /* of the owner's */
#define MEDIA_MAX_HELLO (80 + MEDIUM_NAME_MAX)
#define MEDIA_MAX_TEXT 512 /* bytes of a sentence in END; longer ones are cut */
#define MEDIA_MAX_OF_GATEWAY (4 + MEDIA_MAX_TEXT)

enum media_type {
    MEDIA_HELLO = 0x01,
    MEDIA_DATA,
    MEDIA_FAIL,
    MEDIA_BYE,

    MEDIA_READY = 0x81,
    MEDIA_READ,
    MEDIA_PROGRESS,
    MEDIA_END,
};

enum media_fail { MEDIA_FAIL_UNREADABLE = 1, MEDIA_FAIL_CHANGED };

struct media_hello {
    uint8_t drive;
    bool writable, copy, boot_once;
    char ticket[MEDIA_TICKET_SIZE + 1];
    uint8_t id[MEDIUM_ID_SIZE];
    uint64_t size;
    int64_t modified_ms;
    uint64_t rate;
    uint8_t kind; /* 0 by its type, 1 CD, 2 disk */
    enum medium_overlay overlay;
    char name[MEDIUM_NAME_MAX];
};

/* A message, checked. */
struct media_message {
    enum media_type type;
    union {
        struct media_hello hello;
        struct {
            uint32_t request;
            const uint8_t *bytes; /* inside the message */
            size_t size;
        } data;
        struct {
            enum media_fail reason;
            uint32_t request;
        } fail;
        struct {
            uint32_t longest, most;
            uint8_t id[MEDIUM_ID_SIZE];
        } ready;
        struct {
            uint32_t request, length;
            uint64_t offset;
        } read;
        struct {
            bool complete;
            uint64_t copied, size;
        } progress;
        struct {
            uint8_t reason; /* enum media_end */
            char why[MEDIA_MAX_TEXT + 1];
        } end;
    };
};

/* NULL and *ret filled, or a sentence that says what is wrong with the message (static). The first is for what a file's
 * owner sends, the second for what the gateway sends. */
const char *media_parse_owner(const uint8_t *bytes, size_t size, struct media_message *ret);
const char *media_parse_gateway(const uint8_t *bytes, size_t size, struct media_message *ret);

/* Builders; a writer without room turns `full`. */
void media_write_hello(struct wire_writer *w, const struct media_hello *hello);
void media_write_data_header(struct wire_writer *w, uint32_t request); /* its bytes come behind */
void media_write_fail(struct wire_writer *w, enum media_fail reason, uint32_t request);
void media_write_bye(struct wire_writer *w);
void media_write_ready(struct wire_writer *w, const uint8_t id[MEDIUM_ID_SIZE]);
void media_write_read(struct wire_writer *w, uint32_t request, uint64_t offset, uint32_t length);
void media_write_progress(struct wire_writer *w, bool complete, uint64_t copied, uint64_t size);
void media_write_end(struct wire_writer *w, uint8_t reason, const char *why);

/* Whether a name may be a file's: one component of a path, of printable UTF-8. */
bool media_name_good(const char *name, size_t size);
