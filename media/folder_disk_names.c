/* Names: the long ones as UTF-16, the short ones of eight and three characters that stand beside them, the label. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/utf8.h"
#include "media/folder_disk_internal.h"

#define SLOTS 16384u /* power of two, well above the number of nodes */

static bool short_character(unsigned char c)
{
    return isascii(c) && (isupper(c) || isdigit(c) || (c && strchr("!#$%&'()-@^_`{}~", c)));
}

int disk_long_name(const char *name, uint16_t ret[DISK_LONG_MAX])
{
    size_t size = strlen(name);
    int units = 0;
    if (!size || name[size - 1] == '.' || name[size - 1] == ' ' || name[0] == ' ')
        return -EINVAL;
    for (size_t i = 0, n; i < size; i += n) {
        n = utf8_printable(name + i, size - i);
        if (!n || (n == 1 && strchr("\"*/:<>?\\|", name[i])))
            return -EINVAL;
        uint32_t c = utf8_read(name + i, n);
        if (units + (c >= 0x10000) >= DISK_LONG_MAX)
            return -ENAMETOOLONG;
        if (c >= 0x10000) {
            ret[units++] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
            c = 0xdc00 + ((c - 0x10000) & 0x3ff);
        }
        ret[units++] = (uint16_t)c;
    }
    return units;
}

/* Upper case, for the scripts in which Windows, too, finds names without regard to case and which are easily told. */
static uint32_t fold(uint32_t c)
{
    if (c < 0x80)
        return (uint32_t)toupper((int)c);
    if ((c >= 0xe0 && c <= 0xfe && c != 0xf7) || (c >= 0x3b1 && c <= 0x3c9 && c != 0x3c2) || (c >= 0x430 && c <= 0x44f))
        return c - 0x20;
    if (c >= 0x450 && c <= 0x45f)
        return c - 0x50;
    if (c >= 0x100 && c <= 0x17f && c != 0x131 && c != 0x138 && c != 0x149 && c != 0x17f) {
        bool odd_is_lower = c < 0x138 || (c >= 0x14a && c < 0x178);
        return (c & 1) == odd_is_lower && c != 0x130 && c != 0x178 ? c - 1 : c;
    }
    return c;
}

int disk_name_compare(const char *a, const char *b)
{
    for (;;) {
        size_t n = utf8_sequence(a, strlen(a) + 1), m = utf8_sequence(b, strlen(b) + 1);
        uint32_t x = n ? fold(utf8_read(a, n)) : (uint8_t)*a, y = m ? fold(utf8_read(b, m)) : (uint8_t)*b;
        if (x != y)
            return x < y ? -1 : 1;
        if (!x)
            return 0;
        a += MAX(n, 1);
        b += MAX(m, 1);
    }
}

uint8_t disk_short_sum(const uint8_t name[11])
{
    uint8_t sum = 0;
    for (int i = 0; i < 11; i++)
        sum = (uint8_t)((sum >> 1 | sum << 7) + name[i]);
    return sum;
}

/* One half of the short name. True: something was lost. */
static bool squeeze(const char *text, size_t size, uint8_t *room, size_t most)
{
    bool lost = false;
    size_t length = 0;
    for (size_t i = 0, n; i < size; i += n) {
        n = MAX(utf8_sequence(text + i, size - i), 1);
        unsigned char c = (unsigned char)toupper((unsigned char)text[i]);
        if (c == ' ' || c == '.') {
            lost = true;
            continue;
        }
        if (n > 1 || !short_character(c)) {
            c = '_';
            lost = true;
        }
        if (length < most)
            room[length++] = c;
        else
            lost = true;
    }
    return lost;
}

/* As the name would be if nobody else had it. True: it needs a tail, because it lost something. */
static bool basis(const char *name, uint8_t ret[11])
{
    while (*name == '.')
        name++;
    const char *dot = strrchr(name, '.');
    size_t stem = dot ? (size_t)(dot - name) : strlen(name);
    memset(ret, ' ', 11);
    bool lost = squeeze(name, stem, ret, 8);
    if (dot)
        lost |= squeeze(dot + 1, strlen(dot + 1), ret + 8, 3);
    if (ret[0] == ' ') {
        ret[0] = '_';
        lost = true;
    }
    return lost;
}

/* "README~1.TXT"; from the fifth on with four digits of the name's hash, so that few tries are needed. */
static void tail(uint8_t name[11], unsigned number, uint32_t hash)
{
    char text[16];
    size_t stem = 8;
    while (stem && name[stem - 1] == ' ')
        stem--;
    if (number <= 4) {
        snprintf(text, sizeof text, "~%u", number);
    } else {
        snprintf(text, sizeof text, "%04X~%u", (hash + number) & 0xffff, number % 9 + 1);
        stem = MIN(stem, 2);
    }
    size_t length = strlen(text);
    stem = MIN(stem, 8 - length);
    memset(name + stem, ' ', 8 - stem);
    for (size_t i = 0; i < length; i++)
        name[stem + i] = (uint8_t)text[i];
}

static uint32_t hash_of(const void *bytes, size_t size, uint32_t hash)
{
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * 16777619u;
    return hash;
}

/* True: it was free in this folder, and is the node's now. */
static bool take_name(struct disk_node **slots, struct disk_node *node, const uint8_t name[11])
{
    uintptr_t folder = (uintptr_t)node->parent;
    uint32_t at = hash_of(name, 11, hash_of(&folder, sizeof folder, 2166136261u));
    for (;; at++) {
        struct disk_node *other = slots[at % SLOTS];
        if (!other) {
            memcpy(node->short_name, name, 11);
            slots[at % SLOTS] = node;
            return true;
        }
        if (other->parent == node->parent && !memcmp(other->short_name, name, 11))
            return false;
    }
}

/* The long one can be spared when the short one says it all. */
static bool same(const char *name, const uint8_t short_name[11])
{
    char text[13];
    size_t n = 0;
    for (int i = 0; i < 11; i++) {
        if (i == 8 && short_name[8] != ' ')
            text[n++] = '.';
        if (short_name[i] != ' ')
            text[n++] = (char)short_name[i];
    }
    text[n] = 0;
    return !strcmp(name, text);
}

int disk_short_names(struct folder_disk *self)
{
    struct disk_node **slots = calloc(SLOTS, sizeof(struct disk_node *));
    if (!slots)
        return -ENOMEM;
    for (unsigned i = 1; i < self->n_nodes; i++) {
        struct disk_node *node = self->nodes[i];
        uint32_t hash = hash_of(node->name, strlen(node->name), 2166136261u);
        uint8_t first[11], name[11];
        bool free_as_it_is = !basis(node->name, first) && take_name(slots, node, first);
        for (unsigned number = 1; !free_as_it_is; number++) {
            memcpy(name, first, sizeof name);
            tail(name, number, hash);
            if (take_name(slots, node, name))
                break;
        }
        node->has_long = !same(node->name, node->short_name);
    }
    free(slots);
    return 0;
}

bool disk_label_fits(const char *label, char ret[12])
{
    size_t length = strlen(label);
    if (!length || length > 11 || label[0] == ' ')
        return false;
    for (size_t i = 0; i < 11; i++) {
        unsigned char c = i < length ? (unsigned char)toupper((unsigned char)label[i]) : ' ';
        if (c != ' ' && !short_character(c))
            return false;
        ret[i] = (char)c;
    }
    ret[11] = 0;
    return true;
}

void folder_disk_label(const char *name, char ret[12])
{
    uint8_t room[11];
    memset(room, ' ', sizeof room);
    squeeze(name, strlen(name), room, sizeof room);
    size_t length = sizeof room;
    while (length && room[length - 1] == ' ')
        length--;
    memcpy(ret, length ? (const char *)room : "FILES", length ? length : 5);
    ret[length ? length : 5] = 0;
}
