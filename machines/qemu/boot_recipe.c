#include "machines/qemu/boot_recipe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/clock.h"
#include "core/log.h"

#define USAGE_ESCAPE 0x29
#define USAGE_F2 0x3b

#define LOOK_US 100000         /* between looks into SeaBIOS' ring */
#define ANSWER_US 1500000      /* the menu should stand by then, or Escape was lost */
#define REPEAT_US 400000       /* between presses for OVMF */
#define BLIND_US 200000        /* between presses for a SeaBIOS without a ring ... */
#define BLIND_LIMIT_US 1400000 /* ... which takes a later Escape as leaving its menu */
#define LIMIT_US 30000000

#define PROMPT "for boot menu"
#define MENU "Select boot device"
#define TAIL 64

struct boot_recipe {
    struct loop_timer *timer;
    struct qmp *qmp;
    struct input *input;
    enum qemu_firmware firmware;
    bool running, down, blind, asking;
    uint64_t began_us, pressed_us;
    unsigned presses;
    char tail[TAIL + 1]; /* end of what the ring gave before: a text may come in two pieces */
};

static uint16_t usage(const struct boot_recipe *self)
{
    return self->firmware == QEMU_BIOS ? USAGE_ESCAPE : USAGE_F2;
}

static void release(struct boot_recipe *self)
{
    if (self->down)
        self->input->ops->key(self->input, usage(self), false);
    self->down = false;
}

static void press(struct boot_recipe *self)
{
    self->down = self->input->ops->key(self->input, usage(self), true) == 0;
    if (self->down) {
        self->presses++;
        self->pressed_us = clock_now_us();
    }
}

void boot_recipe_stop(struct boot_recipe *self)
{
    release(self);
    loop_timer_disarm(self->timer);
    self->running = false;
}

/* What SeaBIOS printed since the last look. */
static void take_text(struct boot_recipe *self, const char *text)
{
    size_t size = strlen(self->tail) + strlen(text) + 1;
    _cleanup_free_ char *all = malloc(size);
    if (!all)
        return;
    snprintf(all, size, "%s%s", self->tail, text);
    if (self->presses && strstr(all, MENU)) {
        boot_recipe_stop(self);
        return;
    }
    bool late = self->presses && clock_now_us() - self->pressed_us > ANSWER_US;
    if (strstr(all, PROMPT) ? !self->presses : late && self->presses < 3)
        press(self);
    size_t n = size - 1;
    snprintf(self->tail, sizeof self->tail, "%s", self->presses ? "" : all + (n > TAIL ? n - TAIL : 0));
}

static void on_ring(void *data, int error, const json_t *answer, const char *why)
{
    struct boot_recipe *self = data;
    (void)why;
    self->asking = false;
    if (!self->running)
        return;
    if (error == -EREMOTEIO)
        self->blind = true;
    else if (!error && json_is_string(answer))
        take_text(self, json_string_value(answer));
}

static void look(struct boot_recipe *self)
{
    if (self->asking)
        return;
    json_t *arguments = json_pack("{s:s, s:i}", "device", QEMU_ID_FIRMWARE_LOG, "size", 65536);
    self->asking = qmp_call(self->qmp, "ringbuf-read", arguments, -1, on_ring, self) == 0;
}

static void on_timer(void *data)
{
    struct boot_recipe *self = data;
    uint64_t now = clock_now_us(), since = now - self->began_us;
    bool was_down = self->down;
    release(self);
    if (since > (self->blind ? BLIND_LIMIT_US : LIMIT_US)) {
        boot_recipe_stop(self);
        return;
    }
    bool watched = self->firmware == QEMU_BIOS && !self->blind;
    if (watched)
        look(self);
    else if (!was_down)
        press(self);
    if (self->running)
        loop_timer_arm_in(self->timer, watched ? LOOK_US : self->firmware == QEMU_BIOS ? BLIND_US / 2 : REPEAT_US / 2);
}

void boot_recipe_prepare(struct boot_recipe *self)
{
    boot_recipe_stop(self);
    /* what an earlier boot printed goes */
    json_t *arguments = json_pack("{s:s, s:i}", "device", QEMU_ID_FIRMWARE_LOG, "size", 65536);
    if (self->firmware == QEMU_BIOS)
        qmp_call(self->qmp, "ringbuf-read", arguments, -1, NULL, NULL);
    else
        json_decref(arguments);
}

void boot_recipe_start(struct boot_recipe *self)
{
    self->running = true;
    self->blind = false;
    self->presses = 0;
    self->tail[0] = '\0';
    self->began_us = clock_now_us();
    loop_timer_arm_in(self->timer, LOOK_US);
}

int boot_recipe_create(struct loop *loop, struct qmp *qmp, struct input *input, enum qemu_firmware firmware,
                       struct boot_recipe **ret)
{
    _cleanup_free_ struct boot_recipe *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct boot_recipe){.qmp = qmp, .input = input, .firmware = firmware};
    int r = loop_timer_add(loop, on_timer, self, &self->timer);
    if (r < 0)
        return r;
    *ret = take(self);
    return 0;
}

struct boot_recipe *boot_recipe_destroy(struct boot_recipe *self)
{
    if (!self)
        return NULL;
    loop_timer_remove(self->timer);
    free(self);
    return NULL;
}
