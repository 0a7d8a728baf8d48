/* Values of the keys about power: GPIO lines, Wake-on-LAN, boot keys. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "gateway/config/config_keys.h"
#include "gateway/dongle/boot_keys.h"

#define WHY(...) snprintf(why, why_size, __VA_ARGS__)

static bool read_line_number(const char *text, size_t n, unsigned *ret)
{
    unsigned v = 0;
    if (n == 0 || n > 4)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        v = v * 10 + (unsigned)(text[i] - '0');
    }
    *ret = v;
    return true;
}

/* CHIP:LINE[,active-low]; the chip's name or label holds no colon, or is a path below /dev. */
bool config_value_gpio(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    (void)key;
    struct front_panel_line line = {0};
    const char *colon = strrchr(value, ':');
    size_t n = colon ? (size_t)(colon - value) : 0;
    if (!colon || n == 0) {
        WHY("has no chip and line");
        return false;
    }
    if (n >= sizeof line.chip) {
        WHY("is too long");
        return false;
    }
    memcpy(line.chip, value, n);
    line.chip[n] = '\0';
    if (strchr(line.chip, '/') && (strncmp(line.chip, "/dev/", 5) != 0 || strstr(line.chip, ".."))) {
        WHY("is no chip's name, label or path below /dev");
        return false;
    }
    n = strcspn(colon + 1, ",");
    if (!read_line_number(colon + 1, n, &line.offset)) {
        WHY("has no line number from 0 to 9999");
        return false;
    }
    const char *option = colon + 1 + n;
    line.active_low = strcmp(option, ",active-low") == 0;
    if (*option && !line.active_low) {
        WHY("holds '%.20s', which is no option of a line", option + 1);
        return false;
    }
    *(struct front_panel_line *)field = line;
    return true;
}

bool config_value_broadcast(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    (void)key;
    struct in_addr address;
    if (inet_pton(AF_INET, value, &address) != 1) {
        WHY("is no IPv4 address");
        return false;
    }
    return inet_ntop(AF_INET, &address, field, sizeof((struct config_dongle *)NULL)->wake_broadcast) != NULL;
}

bool config_value_boot_keys(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    struct key_recipe recipe;
    (void)key;
    if (key_recipe_parse(value, boot_keys_known, &recipe, why, why_size) < 0)
        return false;
    static_assert(KEY_RECIPE_TEXT <= CONFIG_BOOT_KEYS_MAX, "what is understood fits");
    memcpy(field, value, strlen(value) + 1);
    return true;
}
