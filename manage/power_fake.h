/* A power port without a machine: remembers what was asked (STYLE rule 6). What a testcard target has, and tests. */
#pragma once

#include "manage/power.h"

struct power_fake {
    struct power power;
    enum power_state state;
    enum power_boot boot;
    unsigned acts;          /* how many */
    enum power_action last; /* the newest */
    int refuse;             /* -errno that the next act answers with, once */
    void (*changed)(void *data);
    void *changed_data;
};

int power_fake_create(struct power_fake **ret);
