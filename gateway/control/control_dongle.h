/* What the supervisor says to the gateway of a dongle target, behind its CONTROL_TARGET: everything of the
 * configuration that is not a path. Pure. */
#pragma once

#include "core/wire.h"
#include "gateway/config/config_dongle.h"

/* With one descriptor when edid is CONFIG_EDID_FILE: that file. */
struct control_dongle {
    uint16_t index;
    bool has_capture, big_cd, withdraw_empty, wakeup;
    bool wake;           /* the supervisor can wake it; address and password stay there */
    uint32_t fourcc;     /* wanted of the capture device, 0: the best one */
    uint32_t input;      /* or CONFIG_ANY_INPUT */
    uint8_t edid;        /* enum config_edid */
    uint8_t preset;      /* enum edid_preset */
    uint8_t personality; /* 0: automatic, else enum personality + 1 */
    uint16_t press_short_ms, press_long_ms;
    char boot_keys[CONFIG_BOOT_KEYS][CONFIG_BOOT_KEYS_MAX];
};

void control_dongle_fill(struct control_dongle *self, uint16_t index, const struct config_dongle *config);
void control_write_dongle(struct wire_writer *w, const struct control_dongle *m);
bool control_read_dongle(const uint8_t *body, size_t size, struct control_dongle *ret); /* false: malformed */
