#include "manage/power_fake.h"

#include <errno.h>
#include <stdlib.h>

#include "core/attrs.h"

static enum power_state fake_state(struct power *power)
{
    return container_of(power, struct power_fake, power)->state;
}

static void fake_listen(struct power *power, void (*changed)(void *data), void *data)
{
    struct power_fake *self = container_of(power, struct power_fake, power);
    self->changed = changed;
    self->changed_data = data;
}

static void fake_act(struct power *power, enum power_action action, power_done_fn *done, void *data)
{
    struct power_fake *self = container_of(power, struct power_fake, power);
    int refused = self->refuse;

    self->refuse = 0;
    if (refused < 0) {
        done(data, refused, "the fake was told to refuse");
        return;
    }
    self->acts++;
    self->last = action;
    if (action == POWER_ACT_ON)
        self->state = POWER_ON;
    else if (action == POWER_ACT_SOFT_OFF || action == POWER_ACT_HARD_OFF)
        self->state = POWER_OFF;
    if (action == POWER_ACT_ON || action == POWER_ACT_RESET)
        self->boot = POWER_BOOT_DEFAULT;
    if (self->changed)
        self->changed(self->changed_data);
    done(data, 0, NULL);
}

static void fake_boot_once(struct power *power, enum power_boot boot, power_done_fn *done, void *data)
{
    container_of(power, struct power_fake, power)->boot = boot;
    done(data, 0, NULL);
}

static enum power_boot fake_boot_next(struct power *power)
{
    return container_of(power, struct power_fake, power)->boot;
}

static void fake_destroy(struct power *power)
{
    free(container_of(power, struct power_fake, power));
}

static const struct power_ops fake_ops = {
    .name = "fake",
    .state = fake_state,
    .listen = fake_listen,
    .act = fake_act,
    .boot_once = fake_boot_once,
    .boot_next = fake_boot_next,
    .destroy = fake_destroy,
};

int power_fake_create(struct power_fake **ret)
{
    struct power_fake *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->power.ops = &fake_ops;
    self->state = POWER_ON;
    *ret = self;
    return 0;
}
