/* What the page may say of a key: less than the owner's file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"
#include "gateway/config/config_keys.h"

#define WHY(...) snprintf(why, why_size, __VA_ARGS__)
#define PLAIN "abcdefghijklmnopqrstuvwxyz0123456789._-"

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

/* A file of its own in the target's folder. Its ending keeps it apart from what else is there (firmware variables, the
 * note of the process). */
bool config_page_fits_disk(const struct config_key *key, const char *value, char *why, size_t why_size)
{
    struct config_disk disk = {0};
    char ignored[160];
    if (!config_value_disk(key, value, &disk, ignored, sizeof ignored))
        return false;
    if (disk.path[strspn(disk.path, PLAIN)] || disk.path[0] == '.' || strlen(disk.path) > 64) {
        WHY("names no plain file (a-z, 0-9, dots, - and _) in the target's own folder; other places only the owner's "
            "file may name");
        return false;
    }
    if (!ends_with(disk.path, ".qcow2") && !ends_with(disk.path, ".img") && !ends_with(disk.path, ".raw")) {
        WHY("does not end in .qcow2, .img or .raw");
        return false;
    }
    if (disk.size > CONFIG_PAGE_DISK_MAX) {
        WHY("is larger than 2T, the most that the page may make");
        return false;
    }
    return true;
}

bool config_page_fits_nic(const struct config_key *key, const char *value, char *why, size_t why_size)
{
    (void)key;
    if (strncmp(value, "tap:", 4) != 0)
        return true;
    WHY("is a tap device of this machine, which only the owner's file may name");
    return false;
}

/* What /dev calls capture devices, and nothing else that the helper would open as root. */
bool config_page_fits_capture(const struct config_key *key, const char *value, char *why, size_t why_size)
{
    static const char *const folders[] = {"/dev/video", "/dev/v4l/by-id/", "/dev/v4l/by-path/"};
    (void)key;
    for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
        const char *rest = value + strlen(folders[i]);
        if (strncmp(value, folders[i], strlen(folders[i])) != 0)
            continue;
        if (i == 0 ? *rest && !rest[strspn(rest, "0123456789")] : *rest && *rest != '.' && !strchr(rest, '/'))
            return true;
    }
    WHY("is no capture device that is listed");
    return false;
}

/* The name or label of a chip, no path. */
bool config_page_fits_gpio(const struct config_key *key, const char *value, char *why, size_t why_size)
{
    (void)key;
    if (!strchr(value, '/'))
        return true;
    WHY("names a path, which only the owner's file may");
    return false;
}

bool config_page_fits_edid(const struct config_key *key, const char *value, char *why, size_t why_size)
{
    (void)key;
    if (strncmp(value, "file:", 5) != 0)
        return true;
    WHY("names a file, which only the owner's file may");
    return false;
}

/* Whoever has taken over the page must not make the log forget. */
bool config_page_fits_keep(const struct config_key *key, const char *value, char *why, size_t why_size)
{
    if (strtoul(value, NULL, 10) >= strtoul(key->standard, NULL, 10))
        return true;
    WHY("is less than %s, which only the owner's file may say", key->standard);
    return false;
}

/* One line as the file would have it: no end of it in the middle, no blanks that would be lost. */
static bool is_line(const char *value, char *why, size_t why_size)
{
    size_t size = strlen(value);
    if (size == 0)
        WHY("is empty");
    else if (size > CONFIG_PAGE_VALUE_MAX)
        WHY("is longer than %d bytes", CONFIG_PAGE_VALUE_MAX);
    else if (value[0] == ' ' || value[size - 1] == ' ')
        WHY("begins or ends with a blank");
    else {
        for (size_t n, left; (left = strlen(value)) > 0; value += n)
            if ((n = utf8_printable(value, left)) == 0 || utf8_turns(value, left))
                break;
        if (!*value)
            return true;
        WHY("holds characters that are no text of one line");
    }
    return false;
}

bool config_page_value(const struct config_key *key, const char *value, char *why, size_t why_size)
{
    if (!is_line(value, why, why_size))
        return false;
    if (key->page_fits && !key->page_fits(key, value, why, why_size))
        return false;
    _cleanup_free_ void *field = calloc(1, key->size);
    return field && key->parse(key, value, field, why, why_size);
}
