/* Port: keyboard and pointer of a target. Usages are USB HID usages (HUT 1.4): keyboard page 0x07, or
 * with INPUT_CONSUMER page 0x0C. Net thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Pointer buttons, bit 0 first: left, right, middle, side, extra (HID button usage order). */
enum {
    INPUT_BUTTON_LEFT = 1,
    INPUT_BUTTON_RIGHT = 2,
    INPUT_BUTTON_MIDDLE = 4,
    INPUT_BUTTON_SIDE = 8,
    INPUT_BUTTON_EXTRA = 16
};

/* LEDs in the order of the boot keyboard's output report. */
enum { INPUT_LED_NUM = 1, INPUT_LED_CAPS = 2, INPUT_LED_SCROLL = 4 };

#define INPUT_ABS_MAX 32767

/* A key of the consumer page (0x0C: volume, play, sleep), given to `key` as INPUT_CONSUMER | usage, usage 1..0x3FF. A
 * port without such keys takes them and does nothing. */
#define INPUT_CONSUMER 0x8000
#define INPUT_CONSUMER_MAX 0x3FF

struct input_listener {
    void (*leds)(void *data, uint8_t leds);
    /* Whether the target takes absolute positions just now (its OS must have set the tablet up). */
    void (*absolute)(void *data, bool available);
};

/* Keys that the target has taken and said so; all 0 where it says nothing. Times in microseconds, last_at_us of
 * clock_now_us. */
struct input_statistics {
    uint64_t answers, answer_us; /* how many, and how long they took all together */
    uint64_t longest_us, last_us, last_at_us;
};

struct input;

struct input_change {
    uint16_t usage; /* of page 0x07 */
    bool down;
};
#define INPUT_CHANGES_MAX 12

struct input_ops {
    const char *name;                                                                      /* "qemu", "recording" */
    void (*listen)(struct input *self, const struct input_listener *listener, void *data); /* calls back at once */
    /* 0; -EAGAIN: the target does not take it now (nothing is kept); -ENODEV: no target there. */
    int (*key)(struct input *self, uint16_t usage, bool down);
    /* Up to INPUT_CHANGES_MAX of them at once, where the target gets reports of a whole state: all or nothing, as
     * `key`. May be missing. */
    int (*keys)(struct input *self, const struct input_change *changes, unsigned n);
    int (*pointer_absolute)(struct input *self, uint8_t buttons, uint16_t x, uint16_t y, int8_t wheel, int8_t pan);
    int (*pointer_relative)(struct input *self, uint8_t buttons, int16_t dx, int16_t dy, int8_t wheel, int8_t pan);
    /* Everything up, whatever was pressed, also things a former process pressed. */
    void (*release_all)(struct input *self);
    void (*statistics)(struct input *self, struct input_statistics *ret); /* may be missing */
    /* For who types much: microseconds to wait before the next changes (at least 1), with which the target can follow;
     * -EAGAIN: it has not taken what was given yet, ask again in a millisecond; 0: the port does not know. May be
     * missing. */
    int (*pace)(struct input *self);
    void (*destroy)(struct input *self);
};

struct input {
    const struct input_ops *ops;
};
