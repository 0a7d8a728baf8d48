/* Makes a target's ports from its machine and listens to them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/replay.h"
#include "capture/testcard.h"
#include "core/log.h"
#include "core/text.h"
#include "gateway/console/console.h"
#include "gateway/dongle/dongle.h"
#include "gateway/drives/drives.h"
#include "gateway/macros/macros.h"
#include "gateway/pictures/screenshot.h"
#include "gateway/recordings/recordings.h"
#include "gateway/targets/target_jiggler.h"
#include "gateway/targets/target_news.h"
#include "gateway/targets/target_rest.h"
#include "gateway/targets/target_typing.h"
#include "machines/qemu/qemu_machine.h"
#include "manage/power_fake.h"
#include "usbgadget/recording.h"

static void on_picture(void *data)
{
    struct gateway_target *self = data;
    attr_cleanup(picture_unrefp) struct picture *picture = feed_picture(self->feed);
    enum screen_signal before = self->target.signal;
    self->target.signal = feed_signal(self->feed, self->target.signal_why, sizeof self->target.signal_why);
    if (picture) {
        self->target.width = picture->frame->width;
        self->target.height = picture->frame->height;
    }
    console_picture_changed(self);
    target_rest_picture(self);
    recordings_picture(self->gateway->recordings, &self->target);
    if (before != self->target.signal) {
        target_look_for_news(self);
        console_tell_changed(self, VIEWER_CHANGED_TARGET);
    }
}

static void on_leds(void *data, uint8_t leds)
{
    struct gateway_target *self = data;
    self->target.leds = leds;
    if (self->typist)
        typist_leds(self->typist, leds);
    console_leds_changed(self);
}

static void on_absolute(void *data, bool available)
{
    console_absolute_changed(data, available);
}

static void on_power(void *data)
{
    struct gateway_target *self = data;
    console_tell_changed(self, VIEWER_CHANGED_POWER);
    target_look_for_news(self);
    target_tell_off(self);
}

static void on_drives_known(void *data)
{
    struct gateway_target *self = data;
    drives_restore(self->drives);
}

static int create_qemu(struct gateway_target *self)
{
    static const enum qemu_firmware firmwares[] = {
        [CONFIG_BIOS] = QEMU_BIOS, [CONFIG_UEFI] = QEMU_UEFI, [CONFIG_UEFI_SECURE] = QEMU_UEFI_SECURE};
    char qmp[CONFIG_PATH_MAX + 128], nbd[CONFIG_PATH_MAX + 128];
    snprintf(qmp, sizeof qmp, "%s/run/%s/qmp.sock", self->gateway->setup.state, self->target.name);
    snprintf(nbd, sizeof nbd, "%s/run/%s/nbd.sock", self->gateway->setup.state, self->target.name);
    struct qemu_machine_config config = {
        .name = self->target.name,
        .qmp_socket = qmp,
        .nbd_socket = nbd,
        .drives = self->setup.drives,
        .firmware = firmwares[self->setup.firmware],
        .nic = self->setup.nic,
        .n_disks = self->setup.n_disks,
        .drives_known = on_drives_known,
        .data = self,
    };
    /* the exports first: a VM that runs on is asking for its media again and again */
    int r = drives_create(self, nbd, &self->drives);
    r = r ? r : qemu_machine_create(self->gateway->loop, &config, &self->machine);
    if (r < 0)
        return r;
    self->screen = self->machine->screen;
    self->target.input = self->machine->input;
    self->target.power = self->machine->power;
    return drives_attach(self->drives, self->machine->drives, self->setup.drives);
}

/* Something to try pages, keys and buttons on. */
static int create_fakes(struct gateway_target *self)
{
    struct input_recording *input = NULL;
    struct power_fake *power = NULL;
    int r = input_recording_create(&input);
    if (r < 0)
        return r;
    self->target.input = &input->input;
    r = power_fake_create(&power);
    if (r == 0)
        self->target.power = &power->power;
    return r;
}

static int create_testcard(struct gateway_target *self)
{
    struct testcard_config config = {.unwatched = true,
                                     .fourcc = testcard_format(config_format_word(self->setup.format))};
    int r = testcard_create(&config, &self->own_screen);
    self->screen = self->own_screen;
    return r ? r : create_fakes(self);
}

static int create_replay(struct gateway_target *self)
{
    struct replay_config config = {.loop = true};
    if (self->recording_fd < 0)
        return -ENOENT;
    int r = replay_create(self->recording_fd, &config, &self->own_screen);
    if (r < 0)
        return r;
    self->recording_fd = -1;
    self->screen = self->own_screen;
    return create_fakes(self);
}

static int create_dongle(struct gateway_target *self)
{
    int r = dongle_create(self, &self->dongle);
    if (r < 0)
        return r;
    self->screen = dongle_screen(self->dongle);
    self->target.input = dongle_input(self->dongle);
    self->target.power = dongle_power_of(self->dongle);
    dongle_set_watched(self->dongle, false);
    if (!self->screen) {
        self->target.signal = SCREEN_NO_SIGNAL;
        snprintf(self->target.signal_why, sizeof self->target.signal_why,
                 "The target has no capture device; add capture = PATH to the configuration.");
    }
    return 0;
}

static int create_machine(struct gateway_target *self)
{
    switch (self->setup.machine) {
    case CONFIG_QEMU:
        return create_qemu(self);
    case CONFIG_TESTCARD:
        return create_testcard(self);
    case CONFIG_DONGLE:
        return create_dongle(self);
    default:
        return create_replay(self);
    }
}

static int create_feed(struct gateway_target *self)
{
    struct loop *loop = self->gateway->loop;
    if (self->setup.machine != CONFIG_TESTCARD)
        return feed_create(loop, self->screen, self->setup.noise, on_picture, self, &self->feed);
    int r = feed_create_resting(loop, self->screen, self->setup.noise, SCREEN_OK, on_picture, self, &self->feed);
    return r ? r : target_rest_create(self, &self->rest);
}

static int listen_to_ports(struct gateway_target *self)
{
    static const struct input_listener listener = {.leds = on_leds, .absolute = on_absolute};
    struct input *input = self->target.input;
    struct power *power = self->target.power;
    int r = 0;
    if (input) {
        /* a gateway before us may have ended with keys down */
        input->ops->release_all(input);
        input->ops->listen(input, &listener, self);
        r = typist_create(self->gateway->loop, input, &self->typist);
        if (r == 0)
            typist_leds(self->typist, self->target.leds);
    }
    if (power)
        power->ops->listen(power, on_power, self);
    if (r == 0 && self->screen)
        r = create_feed(self);
    return r;
}

int target_create(struct gateway *gateway, struct gateway_target *self)
{
    self->gateway = gateway;
    self->target.seat =
        (struct seat){.shared = self->setup.seat_shared, .idle_us = self->setup.seat_idle_s * 1000000ull};
    text_copy(self->target.layout, sizeof self->target.layout, self->setup.layout);
    int r = create_machine(self);
    r = r ? r : screenshots_create(self, &self->screenshots);
    r = r ? r : listen_to_ports(self);
    r = r ? r : macros_create(self, &self->macros);
    r = r ? r : target_jiggler_configure(self, self->setup.jiggler_s);
    if (r < 0) {
        /* one bad target must not take the others along */
        log_error("gateway", "target %s cannot be used: %s", self->target.name, strerror(-r));
        self->target.signal = SCREEN_DEVICE_GONE;
        snprintf(self->target.signal_why, sizeof self->target.signal_why, "The target cannot be used: %s.",
                 strerror(-r));
    }
    return r;
}

static void free_log(struct gateway_target *self)
{
    for (unsigned i = 0; i < TARGET_LOG_LINES; i++) {
        free(self->target.vm_log[i]);
        self->target.vm_log[i] = NULL;
    }
}

void target_vm_changed(struct gateway_target *self, const struct control_vm *vm)
{
    struct target *target = &self->target;
    self->vm_pid = (pid_t)vm->pid;
    snprintf(target->vm_state, sizeof target->vm_state, "%s", vm->state);
    snprintf(target->vm_why, sizeof target->vm_why, "%s", vm->why);
    free_log(self);
    for (unsigned i = 0; i < vm->n_log && i < TARGET_LOG_LINES; i++)
        target->vm_log[i] = strdup(vm->log[i]);
    if (self->machine && self->setup.machine == CONFIG_QEMU)
        qemu_machine_vm_changed(self->machine, vm->running, vm->why);
    target_look_for_news(self);
    if (self->feed)
        on_picture(self); /* now, so that nobody reads of an ended process with a good signal */
    console_tell_changed(self, VIEWER_CHANGED_TARGET);
}

void target_watched(struct gateway_target *self)
{
    const bool watched = self->target.viewers > 0 || self->target.recording;
    target_rest_watched(self);
    if (self->setup.machine == CONFIG_TESTCARD && self->own_screen)
        testcard_set_watched(self->own_screen, watched);
    if (self->dongle)
        dongle_set_watched(self->dongle, watched);
}

void target_recording_changed(struct gateway_target *self, const struct api_recording *entry)
{
    target_note_recording(self, entry);
    self->target.recording = recordings_of(self->gateway->recordings, &self->target) != NULL;
    target_watched(self);
    console_recording_changed(self);
    console_tell_changed(self, VIEWER_CHANGED_TARGET);
}

void target_destroy(struct gateway_target *self)
{
    if (!self)
        return;
    self->rest = target_rest_destroy(self->rest);
    self->macros = macros_destroy(self->macros);
    target_jiggler_finish(self);
    target_typing_finish(self);
    self->typist = typist_destroy(self->typist);
    if (self->target.input)
        self->target.input->ops->release_all(self->target.input);
    console_finish(self);
    recordings_target_gone(self->gateway->recordings, &self->target);
    self->feed = feed_destroy(self->feed);
    self->screenshots = screenshots_destroy(self->screenshots);
    if (self->machine)
        self->machine->ops->destroy(self->machine);
    bool brought = self->machine || self->dongle; /* the ports */
    self->dongle = dongle_destroy(self->dongle);
    self->drives = drives_destroy(self->drives); /* after the machine, whose drives tell us of their changes */
    screen_destroy(self->own_screen);
    if (!brought && self->target.input)
        self->target.input->ops->destroy(self->target.input);
    if (!brought && self->target.power)
        self->target.power->ops->destroy(self->target.power);
    if (self->recording_fd >= 0)
        close(self->recording_fd);
    free_log(self);
    target_events_destroy(self->target.events);
    free(self);
}
