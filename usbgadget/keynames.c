#include "usbgadget/keynames.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/attrs.h"
#include "usbgadget/input.h"

static const struct {
    const char *name;
    uint16_t usage;
} keys[] = {
    {"enter", 0x28},
    {"return", 0x28},
    {"escape", 0x29},
    {"esc", 0x29},
    {"backspace", 0x2A},
    {"tab", 0x2B},
    {"space", 0x2C},
    {"minus", 0x2D},
    {"-", 0x2D},
    {"equal", 0x2E},
    {"=", 0x2E},
    {"bracketleft", 0x2F},
    {"[", 0x2F},
    {"bracketright", 0x30},
    {"]", 0x30},
    {"backslash", 0x31},
    {"\\", 0x31},
    {"semicolon", 0x33},
    {";", 0x33},
    {"quote", 0x34},
    {"'", 0x34},
    {"backquote", 0x35},
    {"`", 0x35},
    {"comma", 0x36},
    {",", 0x36},
    {"period", 0x37},
    {".", 0x37},
    {"slash", 0x38},
    {"/", 0x38},
    {"capslock", 0x39},
    {"printscreen", 0x46},
    {"print", 0x46},
    {"sysrq", 0x46},
    {"scrolllock", 0x47},
    {"pause", 0x48},
    {"insert", 0x49},
    {"home", 0x4A},
    {"pageup", 0x4B},
    {"delete", 0x4C},
    {"del", 0x4C},
    {"end", 0x4D},
    {"pagedown", 0x4E},
    {"right", 0x4F},
    {"left", 0x50},
    {"down", 0x51},
    {"up", 0x52},
    {"numlock", 0x53},
    {"kpdivide", 0x54},
    {"kpmultiply", 0x55},
    {"kpminus", 0x56},
    {"kpplus", 0x57},
    {"kpenter", 0x58},
    {"kp1", 0x59},
    {"kp2", 0x5A},
    {"kp3", 0x5B},
    {"kp4", 0x5C},
    {"kp5", 0x5D},
    {"kp6", 0x5E},
    {"kp7", 0x5F},
    {"kp8", 0x60},
    {"kp9", 0x61},
    {"kp0", 0x62},
    {"kpdecimal", 0x63},
    {"intlbackslash", 0x64},
    {"menu", 0x65},
    {"contextmenu", 0x65},
    {"kpequal", 0x67},
    {"intlro", 0x87},
    {"kana", 0x88},
    {"intlyen", 0x89},
    {"convert", 0x8A},
    {"nonconvert", 0x8B},
    {"lang1", 0x90},
    {"lang2", 0x91},
    {"ctrl", 0xE0},
    {"control", 0xE0},
    {"leftctrl", 0xE0},
    {"shift", 0xE1},
    {"leftshift", 0xE1},
    {"alt", 0xE2},
    {"leftalt", 0xE2},
    {"meta", 0xE3},
    {"win", 0xE3},
    {"super", 0xE3},
    {"cmd", 0xE3},
    {"leftmeta", 0xE3},
    {"rightctrl", 0xE4},
    {"rightshift", 0xE5},
    {"altgr", 0xE6},
    {"rightalt", 0xE6},
    {"rightmeta", 0xE7},
    {"mute", INPUT_CONSUMER | 0xE2},
    {"volumeup", INPUT_CONSUMER | 0xE9},
    {"volumedown", INPUT_CONSUMER | 0xEA},
    {"playpause", INPUT_CONSUMER | 0xCD},
    {"nexttrack", INPUT_CONSUMER | 0xB5},
    {"previoustrack", INPUT_CONSUMER | 0xB6},
    {"stop", INPUT_CONSUMER | 0xB7},
    {"power", INPUT_CONSUMER | 0x30},
    {"sleep", INPUT_CONSUMER | 0x32},
    /* "+" separates the keys of a chord, so the key that has it is called by its name */
    {"plus", 0x2E},
};

/* Letters, digits and function keys follow a rule. */
static bool key_by_rule(const char *name, size_t length, uint16_t *ret)
{
    char c = (char)(name[0] | 0x20);
    if (length == 1 && c >= 'a' && c <= 'z') {
        *ret = (uint16_t)(0x04 + c - 'a');
        return true;
    }
    if (length == 1 && name[0] >= '0' && name[0] <= '9') {
        *ret = name[0] == '0' ? 0x27 : (uint16_t)(0x1E + name[0] - '1');
        return true;
    }
    if (c != 'f' || length < 2 || length > 3)
        return false;
    unsigned n = 0;
    for (size_t i = 1; i < length; i++) {
        if (name[i] < '0' || name[i] > '9')
            return false;
        n = n * 10 + (unsigned)(name[i] - '0');
    }
    if (n < 1 || n > 24 || name[1] == '0')
        return false;
    *ret = (uint16_t)(n <= 12 ? 0x3A + n - 1 : 0x68 + n - 13);
    return true;
}

bool key_by_name(const char *name, size_t length, uint16_t *ret)
{
    if (!length)
        return false;
    if (key_by_rule(name, length, ret))
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        if (strlen(keys[i].name) == length && !strncasecmp(keys[i].name, name, length)) {
            *ret = keys[i].usage;
            return true;
        }
    }
    return false;
}

int chord_parse(const char *text, struct chord *ret, char *why, size_t why_size)
{
    struct chord chord = {0};

    for (const char *at = text;; at++) {
        size_t length = strcspn(at, "+");
        if (chord.n == CHORD_MAX) {
            snprintf(why, why_size, "a chord has at most %d keys", CHORD_MAX);
            return -EINVAL;
        }
        if (!key_by_name(at, length, &chord.usages[chord.n])) {
            snprintf(why, why_size, "no key is called '%.*s'; names are like enter, f11, ctrl+alt+delete",
                     (int)MIN(length, 32), at);
            return -EINVAL;
        }
        chord.n++;
        at += length;
        if (!*at)
            break;
    }
    *ret = chord;
    return 0;
}
