/* The console protocol's messages as bytes, both ways: docs/console-protocol.md. Pure; golden vectors in
 * tests/vectors/console hold this file and the page's protocol.js to the same bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/wire.h"

#define CONSOLE_VERSION 1
#define CONSOLE_SUBPROTOCOL "lightsout.console.1"
#define CONSOLE_MAX_CLIENT_MESSAGE 512 /* bytes a client may send in one message */
#define CONSOLE_TICKET_SIZE 32
#define CONSOLE_MAX_TEXT 512      /* bytes of a sentence in NO_PICTURE and END; longer ones are cut */
#define CONSOLE_MAX_NAME 255      /* bytes of the holder's name in SEAT */
#define CONSOLE_PAGE_SIZE 16      /* bytes of a page's identity */
#define CONSOLE_UPDATE_HEADER 4   /* bytes in front of an update's body */
#define CONSOLE_UPDATE_TIMES 12   /* bytes more, for who watches */
#define CONSOLE_POINTER_MAX 32767 /* of POINTER_ABS */
#define CONSOLE_BUTTONS 0x1f
#define CONSOLE_ASKERS 6      /* in SEATS */
#define CONSOLE_ASKER_NAME 63 /* bytes of a name in SEATS; longer ones are cut */

enum console_type {
    CONSOLE_HELLO = 0x01,
    CONSOLE_ACK,
    CONSOLE_KEY,
    CONSOLE_POINTER_ABS,
    CONSOLE_POINTER_REL,
    CONSOLE_RELEASE_ALL,
    CONSOLE_SEAT_REQUEST,
    CONSOLE_PING,
    CONSOLE_VISIBLE,
    CONSOLE_REFRESH,
    CONSOLE_WATCH,
    CONSOLE_SEAT_ANSWER,

    CONSOLE_WELCOME = 0x81,
    CONSOLE_MODE,
    CONSOLE_UPDATE,
    CONSOLE_NO_PICTURE,
    CONSOLE_CURSOR,
    CONSOLE_LEDS,
    CONSOLE_SEAT,
    CONSOLE_PONG,
    CONSOLE_STATS,
    CONSOLE_CHANGED,
    CONSOLE_END,
    CONSOLE_POINTER_MODE,
    CONSOLE_SEATS,
    CONSOLE_VIEWERS,
    CONSOLE_RECORDING,
};

/* Bits of HELLO's capabilities: what the page has really decoded, and that it reads SEATS instead of SEAT,
 * lists VIEWERS, and shows RECORDING. */
enum {
    CONSOLE_CAN_SIMD = 1,
    CONSOLE_CAN_VP8 = 2,
    CONSOLE_CAN_JPEG = 4,
    CONSOLE_CAN_VP9 = 8,
    CONSOLE_CAN_SEATS = 16,
    CONSOLE_CAN_VIEWERS = 32,
    CONSOLE_CAN_RECORDING = 64,
};

/* What a page wants of the seat; the first five are SEAT's bytes, the others ANSWER. */
enum console_seat_act {
    CONSOLE_ACT_RELEASE,
    CONSOLE_ACT_REQUEST,
    CONSOLE_ACT_TAKE,
    CONSOLE_ACT_SHARE,
    CONSOLE_ACT_EXCLUSIVE,
    CONSOLE_ACT_GRANT,
    CONSOLE_ACT_REFUSE,
};

/* A message from the client, checked. */
struct console_message {
    enum console_type type;
    union {
        struct {
            bool hidden, view_only;
            uint8_t capabilities;
            char ticket[CONSOLE_TICKET_SIZE + 1];
            uint8_t page[CONSOLE_PAGE_SIZE];
            uint32_t last_viewer, last_sequence; /* of this page's connection before; 0: none */
        } hello;
        struct {
            uint32_t sequence, received_us, painted_us; /* the page's clock, modulo 2^32 */
        } ack;
        struct {
            bool down;
            uint16_t usage;
        } key;
        struct {
            uint8_t buttons;
            uint16_t x, y;
            int8_t wheel, pan;
        } absolute;
        struct {
            uint8_t buttons;
            int16_t dx, dy;
            int8_t wheel, pan;
        } relative;
        struct {
            enum console_seat_act act;
            uint32_t request; /* that is answered */
        } seat;
        uint32_t ping;
        bool visible, watch;
    };
};

/* NULL and *ret filled, or a sentence that says what is wrong with the message (static). */
const char *console_parse(const uint8_t *bytes, size_t size, struct console_message *ret);

/* Builders of what the server sends; a writer without room turns `full`. Texts that are too long are cut at a whole
 * character; control characters and broken UTF-8 in them become '?', so that a browser never refuses the message. */
void console_write_welcome(struct wire_writer *w, bool may_type, uint32_t viewer);
void console_write_mode(struct wire_writer *w, uint8_t colour, uint16_t width, uint16_t height);

/* Of an update: when its picture was captured, on clock_now_us; and microseconds that it spent: from capture to tracked
 * picture, from there to the begin of its encode, in it, from there to its first byte on the socket. */
struct console_times {
    uint32_t captured_us;
    uint32_t track_us, wait_us, encode_us, send_us;
};
/* check: of the body (encode/body_check.h). times: NULL for who does not watch. */
void console_write_update_header(struct wire_writer *w, bool complete, uint16_t check,
                                 const struct console_times *times);
void console_write_no_picture(struct wire_writer *w, uint8_t signal, const char *why);
/* rgba: width x height x 4 bytes, premultiplied. */
void console_write_cursor(struct wire_writer *w, bool visible, uint16_t hot_x, uint16_t hot_y, uint16_t width,
                          uint16_t height, const uint8_t *rgba);
void console_write_leds(struct wire_writer *w, uint8_t leds);
void console_write_seat(struct wire_writer *w, bool yours, uint16_t viewers, uint32_t holder, const char *name);

/* How the seat stands, for one viewer. */
enum {
    CONSOLE_SEATS_YOURS = 1,
    CONSOLE_SEATS_SHARED = 2,
    CONSOLE_SEATS_FREE = 4,
    CONSOLE_SEATS_ASKING = 8,    /* you ask for it */
    CONSOLE_SEATS_MAY_TYPE = 16, /* once you have it */
    CONSOLE_SEATS_MAY_TAKE = 32, /* from others, and share it */
    CONSOLE_SEATS_IDLE = 64,     /* its holder does nothing, for idle_s now */
};

struct console_asker {
    uint32_t number; /* of the request, for ANSWER */
    uint16_t waiting_s;
    bool yours;
    const char *name;
};

struct console_seats {
    uint8_t flags;
    uint16_t viewers;
    uint32_t holder; /* number of the holder's viewer; 0: none, or the holder has no console */
    uint32_t idle_s;
    uint32_t idle_limit_s; /* a holder idle for so long loses it; 0: never */
    const char *name;
    struct console_asker askers[CONSOLE_ASKERS];
    unsigned n_askers;
};
void console_write_seats(struct wire_writer *w, const struct console_seats *seats);

/* Who looks at the target, the oldest first, for one viewer. */
#define CONSOLE_VIEWERS_MAX 16    /* that are listed */
#define CONSOLE_VIEWER_ADDRESS 63 /* bytes; longer ones are cut */
enum {
    CONSOLE_VIEWERS_YOU = 1,
    CONSOLE_VIEWERS_TYPES = 2,   /* the seat admits it */
    CONSOLE_VIEWERS_HIDDEN = 4,  /* its tab is in the background */
    CONSOLE_VIEWERS_MAY_END = 8, /* you may disconnect it */
};

struct console_viewer_told {
    uint32_t number, since_s;
    uint8_t flags;
    const char *name, *address; /* address "": not for your eyes */
};

struct console_viewers {
    uint16_t total; /* more than are listed, perhaps */
    struct console_viewer_told list[CONSOLE_VIEWERS_MAX];
    unsigned n;
};
void console_write_viewers(struct wire_writer *w, const struct console_viewers *viewers);

/* What is being recorded of the screen, and by whom: for all who view it. */
struct console_recording {
    bool on;
    uint16_t every_s;   /* of a series of pictures; 0: a film */
    uint32_t elapsed_s; /* since it began */
    const char *name;   /* of who began it; at most CONSOLE_ASKER_NAME bytes of it are told */
};
void console_write_recording(struct wire_writer *w, const struct console_recording *recording);
void console_write_pong(struct wire_writer *w, uint32_t value);

/* What an update brings. */
enum console_class { CONSOLE_TEXT, CONSOLE_PHOTO, CONSOLE_VIDEO, CONSOLE_SETTLE, CONSOLE_CLASSES };

struct console_stats {
    uint32_t round_trip_us, encode_us, rate, updates, bytes;
    uint32_t class_bytes[CONSOLE_CLASSES]; /* of bytes */
};
void console_write_stats(struct wire_writer *w, const struct console_stats *stats);
void console_write_changed(struct wire_writer *w, uint8_t what);
void console_write_end(struct wire_writer *w, uint8_t reason, const char *why);
void console_write_pointer_mode(struct wire_writer *w, bool absolute);
