/* What the configuration says of a dongle: the devices of its own machine that belong to one target. The helper reads
 * all of it from the file itself; the gateway is told what concerns it and never a path. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "capture/edid.h"
#include "manage/front_panel.h"

#define CONFIG_DEVICE_MAX 256  /* of a path below /dev */
#define CONFIG_MAX_SUBDEVS 4   /* what one message of the helper carries */
#define CONFIG_USB_TEXT_MAX 64 /* of a USB string, with the NUL */
#define CONFIG_UDC_MAX 64
#define CONFIG_BOOT_KEYS_MAX 400
#define CONFIG_BOOT_KEYS 5 /* cd, disk, pxe, menu, setup: POWER_BOOT_* without the default */

#define CONFIG_ANY_INPUT ((unsigned)-1)

struct config_devices {
    char list[CONFIG_MAX_SUBDEVS][CONFIG_DEVICE_MAX];
    unsigned n;
};

enum config_edid { CONFIG_EDID_KEEP, CONFIG_EDID_PRESET, CONFIG_EDID_FILE };

struct config_edid_choice {
    enum config_edid kind;
    enum edid_preset preset;
    char path[1024];
};

struct config_bytes6 {
    bool given;
    uint8_t bytes[6];
};

struct config_dongle {
    char capture[CONFIG_DEVICE_MAX], dma_heap[CONFIG_DEVICE_MAX], media[CONFIG_DEVICE_MAX]; /* "": none */
    struct config_devices subdevs;
    unsigned capture_format; /* config_capture_format gives the fourcc */
    unsigned capture_input;  /* or CONFIG_ANY_INPUT */
    struct config_edid_choice edid;

    char udc[CONFIG_UDC_MAX]; /* "": any free one */
    unsigned vendor, product;
    char manufacturer[CONFIG_USB_TEXT_MAX], product_name[CONFIG_USB_TEXT_MAX];
    char serial[CONFIG_USB_TEXT_MAX]; /* "": made from this machine and the target's name */
    unsigned personality;             /* 0: automatic, else enum personality + 1 */
    unsigned empty_drives;            /* enum below */
    bool big_cd, wakeup;

    struct front_panel_config panel;
    unsigned press_short_ms, press_long_ms;

    struct config_bytes6 wake_mac, wake_secureon;
    char wake_broadcast[48]; /* numeric address; "": of the networks that this machine is in */
    char boot_keys[CONFIG_BOOT_KEYS][CONFIG_BOOT_KEYS_MAX]; /* "": that choice is not offered */
};

enum { CONFIG_DRIVES_SHOWN, CONFIG_DRIVES_WITHDRAWN };

void config_dongle_defaults(struct config_dongle *self);
uint32_t config_capture_format(const struct config_dongle *self); /* fourcc; 0: the best one */
