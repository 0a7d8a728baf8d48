/* One viewer, for console*.c only. */
#pragma once

#include "encode/cohort.h"
#include "gateway/console.h"
#include "usbgadget/holder.h"

struct console_viewer {
    struct console_viewer *next; /* of the same target */
    struct gateway_target *target;
    struct viewer *viewer; /* transport's */
    struct auth_session *session;
    bool may_type;

    /* Pictures. While a job runs the cohort is the worker's. */
    struct cohort *cohort;
    int mode_width, mode_height; /* what the client's canvas is; 0: it has none */
    bool told_no_picture;
    enum screen_signal told_signal;
    char told_why[256];
    bool pulling, hidden, encoding;
    bool begin_anew; /* the canvas is void: what is being encoded is of no use */
    bool closed;     /* freed when the job is back */
    size_t budget;

    /* Input. */
    struct input_holder holder;
    struct loop_timer *dead_man;
    uint32_t rtt_us;
};

void viewer_free(struct console_viewer *self); /* console.c */

/* console_picture.c: brings the client nearer to the newest picture, if it is its turn. */
void viewer_advance(struct console_viewer *self);

/* console_input.c */
int viewer_input_init(struct console_viewer *self);
void viewer_input_finish(struct console_viewer *self); /* lets go of everything, and of the seat */
void viewer_tell_seat(struct console_viewer *self);
void target_tell_seat(struct gateway_target *target);
void viewer_take_free_seat(struct console_viewer *self);

void viewer_key(struct console_viewer *self, uint16_t usage, bool down);
void viewer_pointer_absolute(struct console_viewer *self, uint8_t buttons, uint16_t x, uint16_t y, int8_t wheel,
                             int8_t pan);
void viewer_pointer_relative(struct console_viewer *self, uint8_t buttons, int16_t dx, int16_t dy, int8_t wheel,
                             int8_t pan);
void viewer_release_all(struct console_viewer *self);
void viewer_seat_asked(struct console_viewer *self, bool take);
void viewer_alive(struct console_viewer *self, uint32_t rtt_us);
