#include "gateway/dongle/dongle_settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/note_file.h"

static bool parse_hex(const char *text, size_t n, struct edid *ret)
{
    char why[8];
    struct edid edid;
    if (edid_parse((const uint8_t *)text, n, &edid, why, sizeof why) < 0)
        return false;
    *ret = edid;
    return true;
}

static void parse_line(const char *key, const char *value, size_t n, struct dongle_settings *ret)
{
    char word[32] = "";
    if (strcmp(key, "edid") == 0) {
        parse_hex(value, n, &ret->edid);
        return;
    }
    if (n >= sizeof word)
        return;
    memcpy(word, value, n);
    word[n] = '\0';
    enum personality personality;
    bool known = personality_parse(word, &personality);
    if (strcmp(key, "personality") == 0) {
        ret->automatic = strcmp(word, "auto") == 0;
        ret->chosen = ret->automatic || known;
        ret->has_personality = known;
        if (known)
            ret->personality = personality;
    } else if (strcmp(key, "found") == 0 && known) {
        ret->has_found = true;
        ret->found = personality;
    } else if (strcmp(key, "found-with-medium") == 0 && known) {
        ret->has_found_medium = true;
        ret->found_medium = personality;
    }
}

void dongle_settings_parse(const char *text, struct dongle_settings *ret)
{
    *ret = (struct dongle_settings){0};
    while (*text) {
        char key[24];
        size_t line = strcspn(text, "\n"), n = strcspn(text, " =\n");
        const char *equals = memchr(text, '=', line);
        if (n < sizeof key && equals) {
            memcpy(key, text, n);
            key[n] = '\0';
            const char *value = equals + 1, *end = text + line;
            while (value < end && *value == ' ')
                value++;
            parse_line(key, value, (size_t)(end - value), ret);
        }
        text += line + (text[line] == '\n');
    }
}

int dongle_settings_print(const struct dongle_settings *settings, char *room, size_t size)
{
    size_t n = 0;
    room[0] = '\0';
    if (settings->chosen)
        n += (size_t)snprintf(room + n, size - n, "personality = %s\n",
                              settings->automatic ? "auto" : personality_name(settings->personality));
    if (settings->has_found)
        n += (size_t)snprintf(room + n, size - n, "found = %s\n", personality_name(settings->found));
    if (settings->has_found_medium)
        n += (size_t)snprintf(room + n, size - n, "found-with-medium = %s\n", personality_name(settings->found_medium));
    if (settings->edid.size > 0) {
        n += (size_t)snprintf(room + n, size - n, "edid = ");
        if (n + 2 * settings->edid.size + 2 > size)
            return -EMSGSIZE;
        for (size_t i = 0; i < settings->edid.size; i++)
            n += (size_t)snprintf(room + n, size - n, "%02x", settings->edid.bytes[i]);
        n += (size_t)snprintf(room + n, size - n, "\n");
    }
    return n < size ? (int)n : -EMSGSIZE;
}

void dongle_settings_load(const char *path, struct dongle_settings *ret)
{
    char text[DONGLE_SETTINGS_MAX];
    note_file_load(path, text, sizeof text);
    dongle_settings_parse(text, ret);
}

int dongle_settings_save(const char *path, const struct dongle_settings *settings)
{
    char text[DONGLE_SETTINGS_MAX];
    int n = dongle_settings_print(settings, text, sizeof text);
    return n < 0 ? n : note_file_save(path, text, (size_t)n, true);
}
