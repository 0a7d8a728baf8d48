/* Port: power of a target. Net thread only. */
#pragma once

#include <stdbool.h>

enum power_state { POWER_UNKNOWN, POWER_OFF, POWER_ON, POWER_GOING_OFF /* soft-off asked, not there yet */ };

enum power_action { POWER_ACT_ON, POWER_ACT_SOFT_OFF, POWER_ACT_HARD_OFF, POWER_ACT_RESET, POWER_ACT_NMI };

/* What the next reset or power-on boots, once. SETUP and MENU are done by a key recipe after the reset. */
enum power_boot {
    POWER_BOOT_DEFAULT,
    POWER_BOOT_CD,
    POWER_BOOT_DISK,
    POWER_BOOT_PXE,
    POWER_BOOT_MENU,
    POWER_BOOT_SETUP
};

/* "on", "off", "going-off", "unknown" / "on", "soft-off", "hard-off", "reset", "nmi" / "default", "cd", "disk", "pxe",
 * "menu", "setup": stable for API and command line. The parsers give false for other words. */
const char *power_state_name(enum power_state state);
const char *power_action_name(enum power_action action);
const char *power_boot_name(enum power_boot boot);
bool power_action_parse(const char *word, enum power_action *ret);
bool power_boot_parse(const char *word, enum power_boot *ret);

typedef void power_done_fn(void *data, int error, const char *why);

struct power;

struct power_ops {
    const char *name;
    enum power_state (*state)(struct power *self);
    void (*listen)(struct power *self, void (*changed)(void *data), void *data);
    /* Asynchronous, done exactly once. Idempotent where it makes sense: on while on is fine. -ENOTSUP for what the
     * target lacks. POWER_ACT_SOFT_OFF is done when the request was delivered, not when the target is off. */
    void (*act)(struct power *self, enum power_action action, power_done_fn *done, void *data);
    /* Sets what the next reset or power-on boots; back to default by itself afterwards. */
    void (*boot_once)(struct power *self, enum power_boot boot, power_done_fn *done, void *data);
    enum power_boot (*boot_next)(struct power *self);
    void (*destroy)(struct power *self);
};

struct power {
    const struct power_ops *ops;
};
