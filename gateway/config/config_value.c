/* From the text of a value to a field. A parser says in `why` what is wrong; the row's remedy follows by itself. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/config/config_keys.h"
#include "usbgadget/layout.h"

#define WHY(...) snprintf(why, why_size, __VA_ARGS__)

/* Decimal digits only: no sign, no blanks, no 0x. */
static bool read_number(const char *text, uint64_t *ret)
{
    uint64_t v = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || mul_overflows(v, 10, &v) || add_overflows(v, (uint64_t)(*text - '0'), &v))
            return false;
    }
    *ret = v;
    return true;
}

static bool copy_text(char *room, size_t size, const char *text)
{
    size_t n = strlen(text);
    if (n >= size)
        return false;
    memcpy(room, text, n + 1);
    return true;
}

bool config_value_bool(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    (void)key, (void)why, (void)why_size;
    bool yes = strcmp(value, "yes") == 0;
    if (!yes && strcmp(value, "no") != 0)
        return false;
    *(bool *)field = yes;
    return true;
}

bool config_value_number(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    uint64_t v;
    if (!read_number(value, &v)) {
        WHY("is no number");
        return false;
    }
    if (v < (uint64_t)key->min || v > (uint64_t)key->max) {
        WHY("is out of range");
        return false;
    }
    *(unsigned *)field = (unsigned)v;
    return true;
}

bool config_value_layout(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    if (layout_find(value))
        return copy_text(field, key->size, value);
    WHY("is no keyboard layout that is known");
    return false;
}

/* More often than every 10 s would be in the way of whoever just thinks. */
bool config_value_jiggler(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    unsigned seconds;
    if (!config_value_number(key, value, &seconds, why, why_size))
        return false;
    if (seconds && seconds < 10) {
        WHY("is too often");
        return false;
    }
    *(unsigned *)field = seconds;
    return true;
}

bool config_value_word(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    (void)why, (void)why_size;
    for (unsigned i = 0; key->words[i]; i++)
        if (strcmp(value, key->words[i]) == 0) {
            *(unsigned *)field = i;
            return true;
        }
    return false;
}

bool config_value_path(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    (void)key;
    if (value[0] != '/') {
        WHY("is no absolute path");
        return false;
    }
    if (!copy_text(field, CONFIG_PATH_MAX, value)) {
        WHY("is too long");
        return false;
    }
    return true;
}

bool config_value_user(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    (void)key;
    uint64_t uid;
    if (strcmp(value, "root") == 0 || (read_number(value, &uid) && uid == 0)) {
        WHY("would leave every part the powers of root");
        return false;
    }
    if (value[0] == '-' || value[strcspn(value, " \t:/")] != '\0') {
        WHY("is no user's name");
        return false;
    }
    return copy_text(field, CONFIG_USER_MAX, value) && *value;
}

/* "20G": digits and K, M, G or T. */
static bool read_size(const char *text, uint64_t *ret)
{
    static const char units[] = "KMGT";
    char digits[24];
    size_t n = strlen(text);
    const char *unit = n > 0 ? strchr(units, text[n - 1]) : NULL;
    if (n < 2 || n > sizeof digits || !unit)
        return false;
    memcpy(digits, text, n - 1);
    digits[n - 1] = '\0';
    uint64_t v;
    if (!read_number(digits, &v) || v == 0 || mul_overflows(v, UINT64_C(1) << (10 * (unit - units + 1)), &v))
        return false;
    *ret = v;
    return v <= UINT64_C(64) << 40;
}

bool config_value_size(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    uint64_t v = 0;
    if (strcmp(value, "0") != 0 && !read_size(value, &v)) {
        WHY("is no size");
        return false;
    }
    if (v < (uint64_t)key->min << 20 || v > (uint64_t)key->max << 20) {
        WHY("is out of range");
        return false;
    }
    *(uint64_t *)field = v;
    return true;
}

static bool read_disk_option(const char *option, struct config_disk *disk)
{
    static const char *const buses[] = {"bus=sata", "bus=virtio", "bus=nvme"};
    for (unsigned i = 0; i < ARRAY_SIZE(buses); i++)
        if (strcmp(option, buses[i]) == 0) {
            disk->bus = (enum config_bus)i;
            return true;
        }
    bool raw = strcmp(option, "format=raw") == 0;
    if (raw || strcmp(option, "format=qcow2") == 0) {
        disk->raw = raw;
        return true;
    }
    return strncmp(option, "size=", 5) == 0 && read_size(option + 5, &disk->size);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* ".." would lead out of the target's own folder; a leading '-' would be an option to qemu-img. */
static bool path_is_plain(const char *path)
{
    const char *dots = strstr(path, "..");
    return path[0] && path[0] != '-' && (!dots || path[0] == '/');
}

bool config_value_disk(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    (void)key;
    struct config_disk disk = {0};
    size_t n = strcspn(value, ",");
    if (n >= sizeof disk.path) {
        WHY("is too long");
        return false;
    }
    memcpy(disk.path, value, n);
    disk.path[n] = '\0';
    if (!path_is_plain(disk.path)) {
        WHY("has no usable path");
        return false;
    }
    disk.raw = !ends_with(disk.path, ".qcow2");
    while (value[n] == ',') {
        value += n + 1;
        n = strcspn(value, ",");
        char option[32];
        bool fits = n < sizeof option;
        if (fits) {
            memcpy(option, value, n);
            option[n] = '\0';
        }
        if (!fits || !read_disk_option(option, &disk)) {
            WHY("holds '%.*s', which is no option of a disk", (int)MIN(n, sizeof option), value);
            return false;
        }
    }
    *(struct config_disk *)field = disk;
    return true;
}

bool config_value_nic(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    (void)key;
    struct config_interface nic = {0};
    if (strcmp(value, "none") == 0) {
        nic.kind = CONFIG_NIC_NONE;
    } else if (strcmp(value, "user") == 0) {
        nic.kind = CONFIG_NIC_USER;
    } else if (strncmp(value, "tap:", 4) == 0) {
        nic.kind = CONFIG_NIC_TAP;
        /* the kernel's own rule for interface names; % would be a pattern to it */
        if (!value[4] || value[4 + strcspn(value + 4, "/% \t")] || !copy_text(nic.tap, sizeof nic.tap, value + 4)) {
            WHY("names no possible network device");
            return false;
        }
    } else {
        return false;
    }
    *(struct config_interface *)field = nic;
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool config_value_bytes6(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    (void)key, (void)why, (void)why_size;
    struct config_bytes6 read = {.given = true};
    if (strlen(value) != 17)
        return false;
    for (int i = 0; i < 6; i++) {
        int high = hex_digit(value[3 * i]), low = hex_digit(value[3 * i + 1]);
        if (high < 0 || low < 0 || (i < 5 && value[3 * i + 2] != ':'))
            return false;
        read.bytes[i] = (uint8_t)(high << 4 | low);
    }
    *(struct config_bytes6 *)field = read;
    return true;
}

bool config_value_mac(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    struct config_bytes6 mac;
    if (!config_value_bytes6(key, value, &mac, why, why_size))
        return false;
    if (mac.bytes[0] & 1) {
        WHY("is a group address");
        return false;
    }
    *(struct config_bytes6 *)field = mac;
    return true;
}

/* One word, with "..." around what holds blanks; \ takes the next character as it is. *at moves behind it. */
static bool read_argument(const char **at, char *room)
{
    bool quoted = false;
    const char *p = *at;
    for (; *p && (quoted || (*p != ' ' && *p != '\t')); p++) {
        if (*p == '"') {
            quoted = !quoted;
            continue;
        }
        if (*p == '\\' && !*++p)
            return false;
        *room++ = *p;
    }
    *room = '\0';
    *at = p;
    return !quoted;
}

bool config_value_arguments(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    (void)key;
    struct config_arguments *arguments = field;
    for (;;) {
        value += strspn(value, " \t");
        if (!*value)
            return arguments->n > 0;
        _cleanup_free_ char *room = malloc(strlen(value) + 1);
        if (!room || arguments->n == CONFIG_MAX_EXTRA)
            return false;
        if (!read_argument(&value, room)) {
            WHY("has an open quote or backslash at its end");
            return false;
        }
        arguments->list[arguments->n++] = take(room);
    }
}
