/* A dongle's power port: buttons through the helper, magic packets through the supervisor, boot keys on the keyboard.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/log.h"
#include "gateway/dongle/dongle_internal.h"

struct press {
    power_done_fn *done;
    void *data;
};

static void on_pressed(void *data, const struct helper_answer *answer, int *fds, unsigned n_fds)
{
    struct press *press = data;
    (void)fds, (void)n_fds;
    press->done(press->data, answer->error, answer->why);
    free(press);
}

static void on_press(void *data, enum front_panel_button button, unsigned milliseconds, power_done_fn *done,
                     void *done_data)
{
    struct dongle *self = data;
    struct press *press = calloc(1, sizeof *press);
    if (!press) {
        done(done_data, -ENOMEM, "There is no memory for this.");
        return;
    }
    *press = (struct press){.done = done, .data = done_data};
    struct helper_press message = {
        .target = (uint16_t)self->target->index, .button = (uint8_t)button, .milliseconds = (uint16_t)milliseconds};
    helper_client_press(self->helper, &message, on_pressed, press);
}

static void on_wake(void *data, power_done_fn *done, void *done_data)
{
    struct dongle *self = data;
    uint8_t room[8];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    const struct control_target *setup = &self->target->setup;
    control_write_wake(&w, &(struct control_wake){.place = {.index = setup->index, .generation = setup->generation}});
    struct ipc *supervisor = self->target->gateway->supervisor;
    int r = self->woken  ? -EBUSY
            : supervisor ? ipc_send(supervisor, CONTROL_WAKE, 0, room, wire_written(&w), NULL, 0)
                         : -ENOTCONN;
    if (r < 0) {
        done(done_data, r, "The packet that wakes the target cannot be sent now.");
        return;
    }
    self->woken = done;
    self->woken_data = done_data;
}

void dongle_woken(struct dongle *self, const struct control_woken *woken)
{
    power_done_fn *done = self->woken;
    self->woken = NULL;
    if (done)
        done(self->woken_data, woken->error, woken->why);
}

static void on_boot_done(void *data, enum boot_keys_end end, const char *missed)
{
    struct dongle *self = data;
    switch (end) {
    case BOOT_KEYS_PRESSED:
        dongle_note(self, TARGET_EVENT_BOOT_KEYS_PRESSED);
        break;
    case BOOT_KEYS_UNSEEN:
        dongle_note(self, TARGET_EVENT_BOOT_KEYS_UNSEEN);
        break;
    case BOOT_KEYS_NOT_SHOWN:
        dongle_note(self, TARGET_EVENT_BOOT_KEYS_NOT_SHOWN, missed);
        break;
    case BOOT_KEYS_NOT_TAKEN:
        dongle_note(self, TARGET_EVENT_BOOT_KEYS_NOT_TAKEN);
        break;
    case BOOT_KEYS_STOPPED:
        dongle_note(self, TARGET_EVENT_BOOT_KEYS_STOPPED);
        break;
    }
}

static const char *recipe_of(const struct dongle *self, enum power_boot boot)
{
    static const int place[] = {[POWER_BOOT_DEFAULT] = -1, [POWER_BOOT_CD] = 0,   [POWER_BOOT_DISK] = 1,
                                [POWER_BOOT_PXE] = 2,      [POWER_BOOT_MENU] = 3, [POWER_BOOT_SETUP] = 4};
    return place[boot] < 0 ? "" : self->setup->boot_keys[place[boot]];
}

static void on_boot_keys(void *data, enum power_boot boot)
{
    struct dongle *self = data;
    char why[160] = "";
    if (boot_keys_start(self->boot_keys, recipe_of(self, boot), on_boot_done, self, why, sizeof why) < 0)
        dongle_note(self, TARGET_EVENT_BOOT_KEYS_MISTAKE, why);
}

static void on_look(void *data, target_text_fn *done, void *done_data)
{
    struct dongle *self = data;
    struct target *target = &self->target->target;
    target->ops->screen_text(target, NULL, done, done_data);
}

int dongle_panel_create(struct dongle *self)
{
    static const struct dongle_power_hands hands = {.press = on_press, .wake = on_wake, .boot_keys = on_boot_keys};
    static const struct boot_keys_eyes eyes = {.look = on_look};
    struct loop *loop = self->target->gateway->loop;
    struct dongle_power_config config = {
        .wake = self->setup->wake,
        .press_short_ms = self->setup->press_short_ms,
        .press_long_ms = self->setup->press_long_ms,
    };
    for (unsigned i = POWER_BOOT_CD; i <= POWER_BOOT_SETUP; i++)
        config.recipes[i] = recipe_of(self, (enum power_boot)i)[0] != '\0';
    int r = boot_keys_create(loop, &self->keys.input, &eyes, self, &self->boot_keys);
    return r ? r : dongle_power_create(loop, &config, &hands, self, &self->power);
}

void dongle_panel_destroy(struct dongle *self)
{
    self->boot_keys = boot_keys_destroy(self->boot_keys);
    if (self->power) {
        struct power *port = dongle_power_port(self->power);
        port->ops->destroy(port);
    }
    self->power = NULL;
}
