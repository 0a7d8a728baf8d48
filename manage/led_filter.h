/* Whether a light is on, from what its line shows now and then. A power LED that blinks (the target sleeps) is on; a
 * disk LED's short flashes are drawn out until people can see them; what is shorter than `on_us` is noise. Pure, time
 * as a parameter. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct led_filter {
    uint64_t on_us, off_us; /* lit for so long without an edge: on; dark for so long: off */
    bool on, lit;           /* what was decided; what was seen last */
    uint64_t since_us;      /* it has been lit since, if lit */
    uint64_t lit_us;        /* it was lit then, last */
};

/* Decides by the first look. */
void led_filter_init(struct led_filter *self, uint64_t on_us, uint64_t off_us, bool lit, uint64_t now_us);

/* edges: it changed since the last look. True: `on` is another now. */
bool led_filter_look(struct led_filter *self, bool lit, bool edges, uint64_t now_us);

/* When the next look is due although no edge comes; UINT64_MAX: never. */
uint64_t led_filter_due(const struct led_filter *self);
