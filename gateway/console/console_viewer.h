/* One viewer, for console*.c only. */
#pragma once

#include "encode/audience.h"
#include "gateway/console/console_seat.h"
#include "gateway/console/silence.h"
#include "usbgadget/holder.h"

struct console_viewer {
    struct console_viewer *next; /* of the same target */
    struct gateway_target *target;
    struct viewer *viewer; /* transport's */
    struct auth_session *session;
    bool may_type;
    bool hidden; /* its tab is in the background */
    uint64_t opened_us;

    /* Pictures. */
    struct audience_member *member; /* NULL: the target has no screen */
    uint8_t page[16];
    bool told_no_picture;
    enum screen_signal told_signal;
    char told_why[256];

    /* Input. */
    struct input_holder holder; /* in the target's crowd */
    struct loop_timer *dead_man;
    struct silence silence;
    uint32_t rtt_us;

    /* Seat. */
    uint64_t acts_since_us;
    unsigned acts; /* what it asked of the seat since then */
};

/* console_picture.c */
int viewer_pictures_init(struct console_viewer *self, const struct console_hello *hello);
void viewer_pictures_finish(struct console_viewer *self);
void viewer_tell_signal(struct console_viewer *self); /* when there is no picture */
void viewer_pull_picture(struct console_viewer *self, size_t budget);
void viewer_hide(struct console_viewer *self, bool hidden);
void viewer_refresh(struct console_viewer *self);
void target_key_pressed(struct gateway_target *target);

/* console_input.c */
int viewer_input_init(struct console_viewer *self);
void viewer_input_finish(struct console_viewer *self); /* lets go of everything */
void viewer_let_go(struct console_viewer *self);

void viewer_key(struct console_viewer *self, uint16_t usage, bool down);
void viewer_pointer_absolute(struct console_viewer *self, uint8_t buttons, uint16_t x, uint16_t y, int8_t wheel,
                             int8_t pan);
void viewer_pointer_relative(struct console_viewer *self, uint8_t buttons, int16_t dx, int16_t dy, int8_t wheel,
                             int8_t pan);
void viewer_release_all(struct console_viewer *self);
void viewer_alive(struct console_viewer *self, uint32_t rtt_us);

/* console_seat.c */
void viewer_take_free_seat(struct console_viewer *self);
void viewer_leave_seat(struct console_viewer *self);
bool viewer_may_type(const struct console_viewer *self); /* once it is admitted */
bool viewer_uses_seat(struct console_viewer *self);      /* it is admitted now; then its holder is not idle */
void viewer_seat_asked(struct console_viewer *self, enum console_seat_act act, uint32_t request);
void target_tell_seat(struct gateway_target *target);

/* console_viewers.c */
void target_tell_viewers(struct gateway_target *target);
