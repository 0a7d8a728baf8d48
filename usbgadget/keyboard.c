#include "usbgadget/keyboard.h"

#include <errno.h>
#include <string.h>

#define USAGE_ERROR_ROLL_OVER 0x01
#define USAGE_FIRST_KEY 0x04
#define USAGE_LAST_KEY 0xDD
#define USAGE_FIRST_MODIFIER 0xE0
#define USAGE_LAST_MODIFIER 0xE7

static bool is_modifier(uint16_t usage)
{
    return usage >= USAGE_FIRST_MODIFIER && usage <= USAGE_LAST_MODIFIER;
}

static void order_remove(struct keyboard *self, uint8_t usage)
{
    for (unsigned i = 0; i < self->n_order; i++) {
        if (self->order[i] != usage)
            continue;
        memmove(self->order + i, self->order + i + 1, self->n_order - i - 1);
        self->n_order--;
        return;
    }
}

/* Fills the report's room from the keys that are down but had no place while more than six were. */
static void order_refill(struct keyboard *self)
{
    for (uint16_t u = 0; self->n_order < sizeof self->order && (u = keyboard_next_down(self, u));) {
        if (!is_modifier(u) && !memchr(self->order, (int)u, self->n_order))
            self->order[self->n_order++] = (uint8_t)u;
    }
}

int keyboard_key(struct keyboard *self, uint16_t usage, bool down)
{
    if (!is_modifier(usage) && (usage < USAGE_FIRST_KEY || usage > USAGE_LAST_KEY))
        return -EINVAL;
    if (keyboard_is_down(self, usage) == down)
        return 0;
    self->down[usage / 8] ^= (uint8_t)(1u << (usage % 8));
    self->n_down += down ? 1 : -1u;
    if (is_modifier(usage))
        return 1;
    if (down && self->n_order < sizeof self->order)
        self->order[self->n_order++] = (uint8_t)usage;
    if (!down) {
        order_remove(self, (uint8_t)usage);
        order_refill(self);
    }
    return 1;
}

bool keyboard_is_down(const struct keyboard *self, uint16_t usage)
{
    return usage < KEYBOARD_USAGES && (self->down[usage / 8] >> (usage % 8) & 1);
}

uint16_t keyboard_next_down(const struct keyboard *self, uint16_t after)
{
    for (uint16_t u = (uint16_t)(after + 1); u < KEYBOARD_USAGES; u++)
        if (keyboard_is_down(self, u))
            return u;
    return 0;
}

void keyboard_clear(struct keyboard *self)
{
    *self = (struct keyboard){0};
}

void keyboard_report(const struct keyboard *self, uint8_t ret[KEYBOARD_REPORT_SIZE])
{
    unsigned modifiers = self->down[USAGE_FIRST_MODIFIER / 8];
    unsigned keys = self->n_down - (unsigned)__builtin_popcount(modifiers);

    memset(ret, 0, KEYBOARD_REPORT_SIZE);
    ret[0] = (uint8_t)modifiers;
    if (keys > sizeof self->order)
        memset(ret + 2, USAGE_ERROR_ROLL_OVER, sizeof self->order);
    else
        memcpy(ret + 2, self->order, self->n_order);
}
