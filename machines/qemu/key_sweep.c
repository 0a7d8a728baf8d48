#include "machines/qemu/key_sweep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "machines/qemu/keymap.h"

/* Three keys are at most six events of a USB keyboard, or nine bytes of a PS/2 one: room for who types then is left. A
 * BIOS takes one event per tick of 55 ms. */
#define BATCH 3
#define BATCH_US 350000

struct key_sweep {
    struct qmp *qmp;
    key_sweep_press_fn *press_again;
    void *data;
    struct loop_timer *timer;
    bool lately[KEYMAP_USAGES], held[KEYMAP_USAGES];
    unsigned n_held;
    bool known;        /* since a reset or the first sweep all that may be down was pressed by us */
    uint64_t pause_us; /* after this sweep */
    uint16_t left;     /* usages below this have not had their turn in this sweep */

    bool asking;
    uint16_t batch[BATCH]; /* what the monitor was asked to release */
    unsigned n_batch;
};

static void begin(struct key_sweep *self)
{
    self->pause_us = KEY_SWEEP_REST_US;
    self->left = KEYMAP_USAGES;
    loop_timer_arm_in(self->timer, KEY_SWEEP_REST_US);
}

static void hold(struct key_sweep *self, uint16_t usage, bool down)
{
    self->n_held += down && !self->held[usage];
    self->n_held -= !down && self->held[usage];
    self->held[usage] = down;
    self->lately[usage] = true;
}

static void on_answer(void *data, int error, const json_t *answer, const char *why)
{
    struct key_sweep *self = data;
    (void)answer;
    (void)why;
    self->asking = false;
    for (unsigned i = 0; i < self->n_batch; i++)
        if (self->held[self->batch[i]]) /* the two ways into QEMU promise no order */
            self->press_again(self->data, self->batch[i]);
    if (error == -EREMOTEIO) /* the machine is stopped: RESUME will tell */
        loop_timer_disarm(self->timer);
}

/* The highest usages first: a modifier that is stuck spoils everything. */
static json_t *next_batch(struct key_sweep *self)
{
    json_t *events = json_array();
    self->n_batch = 0;
    while (self->left && self->n_batch < BATCH) {
        uint16_t usage = --self->left;
        if (!self->lately[usage] || !keymap_qnum(usage))
            continue;
        self->batch[self->n_batch++] = usage;
        json_array_append_new(events, json_pack("{s:s, s:{s:b, s:{s:s, s:i}}}", "type", "key", "data", "down", 0, "key",
                                                "type", "number", "data", (int)keymap_qnum(usage)));
    }
    return events;
}

static void end_sweep(struct key_sweep *self)
{
    self->pause_us *= 2;
    self->left = KEYMAP_USAGES;
    if (self->pause_us <= KEY_SWEEP_LONGEST_US)
        loop_timer_arm_in(self->timer, self->pause_us);
    else
        memset(self->lately, 0, sizeof self->lately);
}

static void on_timer(void *data)
{
    struct key_sweep *self = data;
    if (self->n_held) /* its release begins anew */
        return;
    loop_timer_arm_in(self->timer, BATCH_US);
    if (self->asking)
        return;
    json_t *events = next_batch(self);
    if (self->n_batch)
        self->asking =
            qmp_call(self->qmp, "input-send-event", json_pack("{s:o}", "events", events), -1, on_answer, self) == 0;
    else
        json_decref(events);
    if (!self->left)
        end_sweep(self);
}

void key_sweep_key(struct key_sweep *self, uint16_t usage, bool down)
{
    if (usage >= KEYMAP_USAGES)
        return;
    hold(self, usage, down);
    begin(self);
}

void key_sweep_all_up(struct key_sweep *self)
{
    if (self->n_held)
        begin(self);
    for (uint16_t usage = 0; usage < KEYMAP_USAGES; usage++)
        if (self->held[usage])
            hold(self, usage, false);
}

/* Keys that every guest knows: those of an old keyboard but for the few whose codes are whole sequences. */
static bool is_common(uint16_t usage)
{
    return (usage >= 0x04 && usage < 0x46) || (usage > 0x48 && usage < 0x53) || usage >= 0xe0;
}

static bool has_lately(const struct key_sweep *self)
{
    return memchr(self->lately, true, sizeof self->lately);
}

void key_sweep_attached(struct key_sweep *self)
{
    for (uint16_t usage = 0; !self->known && usage < KEYMAP_USAGES; usage++)
        self->lately[usage] |= is_common(usage);
    self->known = true;
    if (has_lately(self))
        begin(self);
}

void key_sweep_event(struct key_sweep *self, const char *name)
{
    if (!strcmp(name, "RESET")) {
        memcpy(self->lately, self->held, sizeof self->lately);
        self->known = true;
    } else if (!strcmp(name, "RESUME") && has_lately(self)) {
        begin(self);
    }
}

int key_sweep_create(struct loop *loop, struct qmp *qmp, key_sweep_press_fn *press_again, void *data,
                     struct key_sweep **ret)
{
    _cleanup_free_ struct key_sweep *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct key_sweep){.qmp = qmp, .press_again = press_again, .data = data, .left = KEYMAP_USAGES};
    int r = loop_timer_add(loop, on_timer, self, &self->timer);
    if (r < 0)
        return r;
    *ret = take(self);
    return 0;
}

struct key_sweep *key_sweep_destroy(struct key_sweep *self)
{
    if (!self)
        return NULL;
    loop_timer_remove(self->timer);
    free(self);
    return NULL;
}
