#include "usbgadget/hidg_pointer.h"

#include <assert.h>
#include <errno.h>

#include "core/attrs.h"
#include "usbgadget/input.h"

#define MIDDLE ((INPUT_ABS_MAX + 1) / 2)

void hidg_pointer_init(struct hidg_pointer *self, bool absolute)
{
    *self = (struct hidg_pointer){.absolute = absolute, .x = MIDDLE, .y = MIDDLE, .sent = {.x = MIDDLE, .y = MIDDLE}};
}

static struct hidg_pointer_change *tail(struct hidg_pointer *self)
{
    return self->n ? &self->ring[(self->first + self->n - 1) % HIDG_POINTER_MAX] : NULL;
}

static void push(struct hidg_pointer *self, const struct hidg_pointer_state *state, bool turns)
{
    assert(self->n < HIDG_POINTER_MAX);
    self->ring[(self->first + self->n++) % HIDG_POINTER_MAX] = (struct hidg_pointer_change){*state, turns};
}

static void add(struct hidg_pointer_state *to, const struct hidg_pointer_state *more)
{
    struct pointer_motion *a = &to->motion;
    const struct pointer_motion *b = &more->motion;
    to->x = more->x;
    to->y = more->y;
    pointer_motion_add(a, (int16_t)b->dx, (int16_t)b->dy, (int8_t)b->wheel, (int8_t)b->pan);
}

/* One place for the release of each button that is down, and one for release_all. */
static bool has_room(const struct hidg_pointer *self, unsigned places, uint8_t buttons)
{
    return self->n + places + (unsigned)__builtin_popcount(buttons) + 1 <= HIDG_POINTER_MAX;
}

int hidg_pointer_push(struct hidg_pointer *self, const struct hidg_pointer_state *change)
{
    struct hidg_pointer_state state = *change;
    struct hidg_pointer_change *last = tail(self);

    state.buttons &= POINTER_BUTTONS;
    if (state.buttons == self->buttons) {
        if (last && (!last->turns || !has_room(self, 1, state.buttons)))
            add(&last->state, &state);
        else
            push(self, &state, false);
    } else {
        if (state.buttons & ~self->buttons && !has_room(self, 1, state.buttons))
            return -EAGAIN;
        push(self, &state, true);
    }
    self->buttons = state.buttons;
    self->x = state.x;
    self->y = state.y;
    return 0;
}

/* What the next report leaves of a change: true when it needs another one. */
static bool report(const struct hidg_pointer *self, struct hidg_pointer_state *state, uint8_t *ret)
{
    uint8_t relative[POINTER_RELATIVE_SIZE];
    bool more = pointer_relative_report(&state->motion, state->buttons, relative);

    if (self->absolute)
        pointer_absolute_report(state->buttons, state->x, state->y, (int8_t)relative[3], (int8_t)relative[4], ret);
    else
        for (unsigned i = 0; i < sizeof relative; i++)
            ret[i] = relative[i];
    return more;
}

bool hidg_pointer_next(const struct hidg_pointer *self, uint8_t *ret)
{
    struct hidg_pointer_state state = self->sent;

    if (self->again == POINTER_AGAIN_UP)
        state.buttons = 0;
    else if (self->again == POINTER_AGAIN_NOTHING && self->n)
        state = self->ring[self->first].state;
    else if (self->again == POINTER_AGAIN_NOTHING)
        return false;
    report(self, &state, ret);
    return true;
}

void hidg_pointer_sent(struct hidg_pointer *self)
{
    uint8_t bytes[POINTER_ABSOLUTE_SIZE];

    if (self->again == POINTER_AGAIN_UP) {
        /* Unlike keys, a second report would not even be waited for by anybody. */
        self->again = self->sent.buttons ? POINTER_AGAIN_STATE : POINTER_AGAIN_NOTHING;
        return;
    }
    if (self->again == POINTER_AGAIN_STATE) {
        self->again = POINTER_AGAIN_NOTHING;
        return;
    }
    if (!self->n)
        return;
    struct hidg_pointer_change *head = &self->ring[self->first];
    bool more = report(self, &head->state, bytes);
    self->sent = head->state;
    self->sent.motion = (struct pointer_motion){0};
    head->turns = false; /* said; what is left of it is motion */
    if (!more) {
        self->first = (self->first + 1) % HIDG_POINTER_MAX;
        self->n--;
    }
}

void hidg_pointer_restart(struct hidg_pointer *self)
{
    self->again = POINTER_AGAIN_UP;
}

void hidg_pointer_collapse(struct hidg_pointer *self)
{
    self->n = 0;
    self->sent = (struct hidg_pointer_state){.buttons = self->buttons, .x = self->x, .y = self->y};
}

void hidg_pointer_release_all(struct hidg_pointer *self)
{
    uint8_t down = self->sent.buttons;
    unsigned n = self->n;

    self->n = 0;
    for (unsigned i = 0; i < n; i++) {
        struct hidg_pointer_state state = self->ring[(self->first + i) % HIDG_POINTER_MAX].state;
        state.buttons &= down;
        state.motion = (struct pointer_motion){0};
        if (state.buttons != down)
            push(self, &state, true);
        down = state.buttons;
    }
    self->buttons = 0;
    if (down || !self->n) /* said in any case: a former process may have pressed something */
        push(self, &(struct hidg_pointer_state){.x = self->x, .y = self->y}, true);
}
