/* What the console websocket asks of the gateway, and what the gateway tells a viewer. transport owns the socket, the
 * protocol (docs/console-protocol.md), acks and flow control; the gateway owns pictures, seat and input. Net thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "auth/session.h"
#include "transport/console_wire.h"
#include "video/packet.h"

struct viewer;         /* transport's: one console connection */
struct console_viewer; /* the gateway's handle for it */

/* What a page says of itself. */
struct console_hello {
    bool view_only;         /* it does not want to type */
    bool jpeg, vp8, vp9;    /* what it can decode */
    uint8_t page[16];       /* the same for all connections of one load of the page */
    uint32_t last_viewer;   /* number of that page's viewer before, whose slots it still has; 0: none */
    uint32_t last_sequence; /* of the last update that was applied in it */
};

struct console_ops {
    /* A viewer has said hello with a good ticket for this target, with the right to view.
     * On success *ret is the handle passed to all calls below, until `close`. -ENOENT: no such target. The
     * gateway answers with viewer_mode or viewer_no_picture, viewer_seat, viewer_leds ... before or after returning. */
    int (*open)(void *context, const char *target, struct auth_session *session, const struct console_hello *hello,
                struct viewer *viewer, struct console_viewer **ret);
    /* The viewer is gone, for whatever reason: release its seat and its keys. */
    void (*close)(struct console_viewer *self);

    /* The viewer has credit for about `budget` bytes; the gateway answers once with viewer_update, later, when there is
     * something to send. A new call replaces an unanswered one. */
    void (*pull)(struct console_viewer *self, size_t budget);
    void (*hidden)(struct console_viewer *self, bool hidden);
    void (*refresh)(struct console_viewer *self); /* the client lost its canvas: begin anew (viewer_mode follows) */

    void (*key)(struct console_viewer *self, uint16_t usage, bool down);
    void (*pointer_absolute)(struct console_viewer *self, uint8_t buttons, uint16_t x, uint16_t y, int8_t wheel,
                             int8_t pan);
    void (*pointer_relative)(struct console_viewer *self, uint8_t buttons, int16_t dx, int16_t dy, int8_t wheel,
                             int8_t pan);
    void (*release_all)(struct console_viewer *self);
    /* Of the seat; also from who may not type. request: which one is answered, 0: none */
    void (*seat)(struct console_viewer *self, enum console_seat_act act, uint32_t request);
    /* The session's rights are others now; the right to view is still there. */
    void (*rights_changed)(struct console_viewer *self);
    /* Any message came, with the round trip measured by acks: feeds the gateway's dead-man timer for pressed keys. */
    void (*alive)(struct console_viewer *self, uint32_t rtt_us);
};

uint32_t viewer_number(const struct viewer *self); /* unique in this process, never 0 */

/* How the viewer's link is. */
struct viewer_link {
    uint64_t rate;   /* bytes/s; 0: not known yet. A viewer that was never sent all it can take may take more */
    uint32_t rtt_us; /* 0: not known yet */
    uint32_t acked;  /* sequence number of the newest update acked; 0: none */
};
void viewer_link(const struct viewer *self, struct viewer_link *ret);

/* The mode of what follows: the client makes a black canvas of this size. True: an update that was made for the mode
 * before was dropped and never gets a sequence number. */
bool viewer_mode(struct viewer *self, int width, int height, uint8_t colour);

struct console_update {
    struct packet *const *pieces; /* viewer_update takes the references */
    unsigned n_pieces;
    enum console_class class;
    bool complete;
    uint16_t check; /* of all bytes of the pieces, as the page computes it (docs/console-protocol.md) */
    uint64_t captured_us, tracked_us, begun_us, encoded_us; /* on clock_now_us */
};
void viewer_update(struct viewer *self, const struct console_update *update);
void viewer_no_picture(struct viewer *self, uint8_t signal, const char *why); /* enum screen_signal */
void viewer_leds(struct viewer *self, uint8_t leds);
void viewer_pointer_mode(struct viewer *self, bool absolute);
/* Pages that do not know SEATS are told of holder and viewers alone. */
void viewer_seat(struct viewer *self, const struct console_seats *seats);
/* Who looks, whenever that changes. Pages that do not know VIEWERS are told nothing. */
void viewer_viewers(struct viewer *self, const struct console_viewers *viewers);
const char *viewer_address(const struct viewer *self); /* where it comes from, for people */
/* At its begin, at its end, and to who comes meanwhile. Pages that do not know RECORDING are told nothing. */
void viewer_recording(struct viewer *self, const struct console_recording *recording);
/* Something that REST shows has changed (bits below): the page asks again. */
enum { VIEWER_CHANGED_POWER = 1, VIEWER_CHANGED_DRIVES = 2, VIEWER_CHANGED_TARGET = 4 };
void viewer_changed(struct viewer *self, uint8_t what);
/* Ends the connection with a reason that the page shows; console_ops.close follows from the loop, not inside. */
enum viewer_end {
    VIEWER_END_GONE = 1,
    VIEWER_END_PROTOCOL,
    VIEWER_END_SESSION,
    VIEWER_END_RIGHTS,
    VIEWER_END_STOPPING,
    VIEWER_END_TICKET,
    VIEWER_END_TARGET
};
void viewer_close(struct viewer *self, enum viewer_end reason, const char *why);
