#include "usbgadget/hidg_keys.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* Entries of the ring. No usage of either page reaches the flag. */
#define CHANGE_DOWN 0x8000
#define CHANGE_ALL_UP 0x7FFF

/* 0, 1 or -errno as keyboard_key. */
static int consumer_key(struct consumer_keys *self, uint16_t usage, bool down)
{
    if (!usage || usage > INPUT_CONSUMER_MAX)
        return -EINVAL;
    for (unsigned i = 0; i < HIDG_CONSUMER_KEYS; i++) {
        if (self->down[i] != usage)
            continue;
        if (!down)
            self->down[i] = 0;
        return !down;
    }
    for (unsigned i = 0; down && i < HIDG_CONSUMER_KEYS; i++) {
        if (self->down[i])
            continue;
        self->down[i] = usage;
        return 1;
    }
    return down ? -EAGAIN : 0;
}

static int state_key(const struct hidg_keys *self, union key_state *state, uint16_t usage, bool down)
{
    return self->consumer ? consumer_key(&state->consumer, usage, down) : keyboard_key(&state->keyboard, usage, down);
}

static unsigned state_n_down(const struct hidg_keys *self, const union key_state *state)
{
    unsigned n = 0;
    if (!self->consumer)
        return state->keyboard.n_down;
    for (unsigned i = 0; i < HIDG_CONSUMER_KEYS; i++)
        n += state->consumer.down[i] != 0;
    return n;
}

static void state_report(const struct hidg_keys *self, const union key_state *state, uint8_t *ret)
{
    if (!self->consumer) {
        keyboard_report(&state->keyboard, ret);
        return;
    }
    for (unsigned i = 0; i < HIDG_CONSUMER_KEYS; i++) {
        ret[2 * i] = (uint8_t)state->consumer.down[i];
        ret[2 * i + 1] = (uint8_t)(state->consumer.down[i] >> 8);
    }
}

void hidg_keys_init(struct hidg_keys *self, bool consumer)
{
    *self = (struct hidg_keys){.consumer = consumer};
}

static void push(struct hidg_keys *self, uint16_t change)
{
    assert(self->n < HIDG_KEYS_MAX);
    self->ring[(self->first + self->n++) % HIDG_KEYS_MAX] = change;
}

int hidg_keys_key(struct hidg_keys *self, uint16_t usage, bool down)
{
    union key_state then = self->now;
    int r = state_key(self, &then, usage, down);
    if (r <= 0)
        return r;
    /* One place for each key that is down, one for release_all, and one for what is unsaid. */
    if (down && self->n + 1 + state_n_down(self, &then) + 2 > HIDG_KEYS_MAX)
        return -EAGAIN;
    self->now = then;
    push(self, down ? usage | CHANGE_DOWN : usage);
    return 0;
}

/* Applies the first change that waits; false when it changes nothing. */
static bool apply(const struct hidg_keys *self, union key_state *state, uint16_t change)
{
    if (change == CHANGE_ALL_UP) {
        memset(state, 0, sizeof *state);
        return true; /* is said whatever we believe */
    }
    return state_key(self, state, change & (uint16_t)~CHANGE_DOWN, change & CHANGE_DOWN) > 0;
}

/* The state that the next report says, and how many changes it takes from the queue. */
static bool next_state(const struct hidg_keys *self, union key_state *ret, unsigned *ret_n)
{
    *ret = self->sent;
    *ret_n = 0;
    if (self->again != HIDG_AGAIN_NOTHING)
        return true;
    for (unsigned i = 0; i < self->n; i++)
        if (apply(self, ret, self->ring[(self->first + i) % HIDG_KEYS_MAX])) {
            *ret_n = i + 1;
            return true;
        }
    return false;
}

bool hidg_keys_next(const struct hidg_keys *self, uint8_t *ret)
{
    union key_state state;
    unsigned n;
    if (!next_state(self, &state, &n))
        return false;
    if (self->again == HIDG_AGAIN_UP)
        memset(&state, 0, sizeof state);
    state_report(self, &state, ret);
    return true;
}

void hidg_keys_sent(struct hidg_keys *self)
{
    unsigned n;
    union key_state state;
    if (!next_state(self, &state, &n))
        return;
    self->can_unsay = n > 0;
    if (n > 0)
        self->before = self->sent;
    self->sent = state;
    self->first = (self->first + n) % HIDG_KEYS_MAX;
    self->n -= n;
    if (self->again == HIDG_AGAIN_UP)
        self->again = HIDG_AGAIN_STATE;
    else
        self->again = HIDG_AGAIN_NOTHING;
}

void hidg_keys_unsay(struct hidg_keys *self)
{
    if (!self->can_unsay || self->n == HIDG_KEYS_MAX)
        return;
    /* Its change is still in the ring, before the first that waits: a place is kept for it. */
    self->first = (self->first + HIDG_KEYS_MAX - 1) % HIDG_KEYS_MAX;
    self->n++;
    self->sent = self->before;
    self->can_unsay = false;
}

void hidg_keys_restart(struct hidg_keys *self)
{
    self->again = HIDG_AGAIN_UP;
}

void hidg_keys_collapse(struct hidg_keys *self)
{
    self->sent = self->now;
    self->n = 0;
    self->can_unsay = false;
}

void hidg_keys_release_all(struct hidg_keys *self)
{
    union key_state state = self->sent;
    unsigned n = self->n;

    self->n = 0;
    self->can_unsay = false; /* it could not be told from a press that was dropped */
    for (unsigned i = 0; i < n; i++) {
        uint16_t change = self->ring[(self->first + i) % HIDG_KEYS_MAX];
        if (!(change & CHANGE_DOWN) && change != CHANGE_ALL_UP && apply(self, &state, change))
            push(self, change);
    }
    push(self, CHANGE_ALL_UP);
    memset(&self->now, 0, sizeof self->now);
}

bool hidg_keys_any_down(const struct hidg_keys *self)
{
    return state_n_down(self, &self->now) > 0;
}
