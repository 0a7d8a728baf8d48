#include "usbgadget/hidg_keys.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* Entries of the ring. No usage of either page reaches the flags. */
#define CHANGE_DOWN 0x8000
#define CHANGE_JOINED 0x4000 /* goes into the report of the one before it */
#define CHANGE_USAGE 0x3FFF
#define CHANGE_ALL_UP 0x3FFF

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

/* Whether so many more changes leave a place for each key that is down then, one for release_all, and those of the
 * report that may be unsaid. */
static bool has_room(const struct hidg_keys *self, unsigned more, const union key_state *then)
{
    return self->n + more + state_n_down(self, then) + 1 + INPUT_CHANGES_MAX <= HIDG_KEYS_MAX;
}

int hidg_keys_keys(struct hidg_keys *self, const struct input_change *changes, unsigned n)
{
    union key_state then = self->now;
    uint16_t entries[INPUT_CHANGES_MAX];
    unsigned made = 0;
    bool presses = false;
    assert(n <= INPUT_CHANGES_MAX);
    for (unsigned i = 0; i < n; i++) {
        int r = state_key(self, &then, changes[i].usage, changes[i].down);
        if (r < 0)
            return r;
        if (r == 0)
            continue;
        presses |= changes[i].down;
        entries[made] = (uint16_t)(changes[i].usage | (changes[i].down ? CHANGE_DOWN : 0) | (made ? CHANGE_JOINED : 0));
        made++;
    }
    if (presses && !has_room(self, made, &then))
        return -EAGAIN;
    self->now = then;
    for (unsigned i = 0; i < made; i++)
        push(self, entries[i]);
    return 0;
}

int hidg_keys_key(struct hidg_keys *self, uint16_t usage, bool down)
{
    return hidg_keys_keys(self, &(const struct input_change){usage, down}, 1);
}

/* Applies the first change that waits; false when it changes nothing. */
static bool apply(const struct hidg_keys *self, union key_state *state, uint16_t change)
{
    if ((change & CHANGE_USAGE) == CHANGE_ALL_UP) {
        memset(state, 0, sizeof *state);
        return true; /* is said whatever we believe */
    }
    return state_key(self, state, change & CHANGE_USAGE, change & CHANGE_DOWN) > 0;
}

static uint16_t entry(const struct hidg_keys *self, unsigned i)
{
    return self->ring[(self->first + i) % HIDG_KEYS_MAX];
}

/* The state that the next report says, how many changes it takes from the queue, and how many of these it is made of.
 */
static bool next_state(const struct hidg_keys *self, union key_state *ret, unsigned *ret_n, unsigned *ret_made)
{
    unsigned i = 0;
    *ret = self->sent;
    *ret_n = *ret_made = 0;
    if (self->again != HIDG_AGAIN_NOTHING)
        return true;
    while (i < self->n && !apply(self, ret, entry(self, i)))
        i++;
    if (i == self->n)
        return false;
    unsigned first = i++;
    for (; i < self->n && entry(self, i) & CHANGE_JOINED; i++)
        apply(self, ret, entry(self, i));
    *ret_n = i;
    *ret_made = i - first;
    return true;
}

bool hidg_keys_next(const struct hidg_keys *self, uint8_t *ret)
{
    union key_state state;
    unsigned n, made;
    if (!next_state(self, &state, &n, &made))
        return false;
    if (self->again == HIDG_AGAIN_UP)
        memset(&state, 0, sizeof state);
    state_report(self, &state, ret);
    return true;
}

void hidg_keys_sent(struct hidg_keys *self)
{
    unsigned n, made;
    union key_state state;
    if (!next_state(self, &state, &n, &made))
        return;
    self->unsay = made;
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
    if (!self->unsay || self->n + self->unsay > HIDG_KEYS_MAX)
        return;
    /* Its changes are still in the ring, before the first that waits: places are kept for them. */
    self->first = (self->first + HIDG_KEYS_MAX - self->unsay) % HIDG_KEYS_MAX;
    self->n += self->unsay;
    self->sent = self->before;
    self->unsay = 0;
}

void hidg_keys_restart(struct hidg_keys *self)
{
    self->again = HIDG_AGAIN_UP;
}

void hidg_keys_collapse(struct hidg_keys *self)
{
    self->sent = self->now;
    self->n = 0;
    self->unsay = 0;
}

void hidg_keys_release_all(struct hidg_keys *self)
{
    union key_state state = self->sent;
    unsigned n = self->n;

    self->n = 0;
    self->unsay = 0; /* it could not be told from a press that was dropped */
    for (unsigned i = 0; i < n; i++) {
        uint16_t change = entry(self, i);
        if (!(change & CHANGE_DOWN) && (change & CHANGE_USAGE) != CHANGE_ALL_UP && apply(self, &state, change))
            push(self, change);
    }
    push(self, CHANGE_ALL_UP);
    memset(&self->now, 0, sizeof self->now);
}

unsigned hidg_keys_reports(const struct hidg_keys *self)
{
    unsigned n = 0;
    for (unsigned i = 0; i < self->n; i++)
        n += !(entry(self, i) & CHANGE_JOINED);
    return n;
}

bool hidg_keys_any_down(const struct hidg_keys *self)
{
    return state_n_down(self, &self->now) > 0;
}
