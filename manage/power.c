#include "manage/power.h"

#include <stddef.h>
#include <string.h>

#include "core/attrs.h"

static const char *const states[] = {
    [POWER_UNKNOWN] = "unknown", [POWER_OFF] = "off", [POWER_ON] = "on", [POWER_GOING_OFF] = "going-off"};
static const char *const actions[] = {[POWER_ACT_ON] = "on",
                                      [POWER_ACT_SOFT_OFF] = "soft-off",
                                      [POWER_ACT_HARD_OFF] = "hard-off",
                                      [POWER_ACT_RESET] = "reset",
                                      [POWER_ACT_NMI] = "nmi"};
static const char *const boots[] = {
    [POWER_BOOT_DEFAULT] = "default", [POWER_BOOT_CD] = "cd",     [POWER_BOOT_DISK] = "disk",
    [POWER_BOOT_PXE] = "pxe",         [POWER_BOOT_MENU] = "menu", [POWER_BOOT_SETUP] = "setup"};

/* The index of word in a list, -1: not there. */
static int find_word(const char *const *words, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(words[i], word))
            return (int)i;
    return -1;
}

const char *power_state_name(enum power_state state)
{
    return (size_t)state < ARRAY_SIZE(states) ? states[state] : states[POWER_UNKNOWN];
}

const char *power_action_name(enum power_action action)
{
    return (size_t)action < ARRAY_SIZE(actions) ? actions[action] : "unknown";
}

const char *power_boot_name(enum power_boot boot)
{
    return (size_t)boot < ARRAY_SIZE(boots) ? boots[boot] : boots[POWER_BOOT_DEFAULT];
}

bool power_action_parse(const char *word, enum power_action *ret)
{
    int i = find_word(actions, ARRAY_SIZE(actions), word);
    if (i >= 0)
        *ret = (enum power_action)i;
    return i >= 0;
}

bool power_boot_parse(const char *word, enum power_boot *ret)
{
    int i = find_word(boots, ARRAY_SIZE(boots), word);
    if (i >= 0)
        *ret = (enum power_boot)i;
    return i >= 0;
}
