/* Values of a dongle's keys: devices, USB identity, EDID. */
#include <stdio.h>
#include <string.h>

#include "capture/edid.h"
#include "gateway/config/config_keys.h"

#define WHY(...) snprintf(why, why_size, __VA_ARGS__)

void config_dongle_defaults(struct config_dongle *self)
{
    *self = (struct config_dongle){
        .capture_input = CONFIG_ANY_INPUT,
        .edid.kind = CONFIG_EDID_KEEP,
        /* what the Linux Foundation has for gadgets of several functions */
        .vendor = 0x1d6b,
        .product = 0x0104,
        .manufacturer = "lightsout",
        .product_name = "lightsout KVM",
        .big_cd = true,
        .press_short_ms = 300,
        .press_long_ms = 6000,
    };
}

/* The helper opens it as root: nothing outside /dev, and no way back up. */
static bool read_device(const char *value, size_t n, char *room, char *why, size_t why_size)
{
    if (n >= CONFIG_DEVICE_MAX) {
        WHY("is too long");
        return false;
    }
    memcpy(room, value, n);
    room[n] = '\0';
    bool good = strncmp(room, "/dev/", 5) == 0 && n > 5 && !strstr(room, "/..") && !strstr(room, "//") &&
                !strstr(room, "/./") && room[n - 1] != '/' && room[n - 1] != '.';
    if (!good)
        WHY("is no path of a device below /dev");
    return good;
}

bool config_value_device(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    (void)key;
    return read_device(value, strlen(value), field, why, why_size);
}

bool config_value_devices(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    (void)key;
    struct config_devices *devices = field;
    for (;;) {
        value += strspn(value, " \t,");
        size_t n = strcspn(value, " \t,");
        if (n == 0)
            return devices->n > 0;
        if (devices->n == CONFIG_MAX_SUBDEVS) {
            WHY("names more than %d devices", CONFIG_MAX_SUBDEVS);
            return false;
        }
        if (!read_device(value, n, devices->list[devices->n], why, why_size))
            return false;
        devices->n++;
        value += n;
    }
}

bool config_value_input(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    unsigned v = 0;
    (void)key, (void)why, (void)why_size;
    if (strcmp(value, "auto") == 0) {
        *(unsigned *)field = CONFIG_ANY_INPUT;
        return true;
    }
    if (!*value || strlen(value) > 2)
        return false;
    for (; *value; value++) {
        if (*value < '0' || *value > '9')
            return false;
        v = v * 10 + (unsigned)(*value - '0');
    }
    *(unsigned *)field = v;
    return v <= 31;
}

bool config_value_edid(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    (void)key;
    struct config_edid_choice choice = {.kind = CONFIG_EDID_KEEP};
    if (strncmp(value, "file:", 5) == 0) {
        choice.kind = CONFIG_EDID_FILE;
        size_t n = strlen(value + 5);
        if (value[5] != '/' || n >= sizeof choice.path) {
            WHY("names no absolute path");
            return false;
        }
        memcpy(choice.path, value + 5, n + 1);
    } else if (edid_preset_parse(value, &choice.preset)) {
        choice.kind = CONFIG_EDID_PRESET;
    } else if (strcmp(value, "keep") != 0) {
        return false;
    }
    *(struct config_edid_choice *)field = choice;
    return true;
}

/* Becomes the name of a folder in /sys/class/udc. */
bool config_value_udc(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    (void)key;
    size_t n = strlen(value);
    if (strcmp(value, "auto") == 0) {
        *(char *)field = '\0';
        return true;
    }
    if (n >= CONFIG_UDC_MAX || value[0] == '.' || value[strcspn(value, "/ \t\\\"'")]) {
        WHY("is no name of a controller");
        return false;
    }
    memcpy(field, value, n + 1);
    return true;
}

bool config_value_usb_id(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    (void)key;
    unsigned v = 0;
    if (strncmp(value, "0x", 2) == 0)
        value += 2;
    if (strlen(value) != 4 || value[strspn(value, "0123456789abcdefABCDEF")]) {
        WHY("is no such number");
        return false;
    }
    if (sscanf(value, "%x", &v) != 1)
        return false;
    *(unsigned *)field = v;
    return true;
}

/* Goes to every machine that it is plugged into, so: plain characters only. */
bool config_value_usb_text(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    size_t n = strlen(value);
    if (strcmp(key->name, "usb-serial") == 0 && strcmp(value, "auto") == 0) {
        *(char *)field = '\0';
        return true;
    }
    for (size_t i = 0; i < n; i++)
        if (value[i] < ' ' || value[i] > '~') {
            WHY("holds characters that are not plain");
            return false;
        }
    if (n >= CONFIG_USB_TEXT_MAX) {
        WHY("is too long");
        return false;
    }
    memcpy(field, value, n + 1);
    return true;
}
