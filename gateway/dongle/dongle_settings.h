/* What a gateway remembers of a dongle beyond its configuration: what the automatic choice has found out, what was
 * chosen in the page. One small text file a target in the state folder; what makes no sense in it is left out. */
#pragma once

#include "capture/edid.h"
#include "usbgadget/personality.h"

struct dongle_settings {
    bool chosen, automatic; /* in the page: automatic, or: */
    bool has_personality;
    enum personality personality;
    bool has_found, has_found_medium; /* by the automatic choice, without and with a medium in a drive */
    enum personality found, found_medium;
    struct edid edid; /* set in the page; size 0: not */
};

/* path: of the file. A missing one gives empty settings. */
void dongle_settings_load(const char *path, struct dongle_settings *ret);
int dongle_settings_save(const char *path, const struct dongle_settings *settings);

/* Pure, for tests and fuzzer. room: DONGLE_SETTINGS_MAX. */
#define DONGLE_SETTINGS_MAX 2048
void dongle_settings_parse(const char *text, struct dongle_settings *ret);
int dongle_settings_print(const struct dongle_settings *settings, char *room, size_t size);
