/* One line a fact, "key value"; "drive N" begins the next drive. */
#include "gateway/drives/drive_notes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "gateway/note_file.h"

#define ROOM 16384
#define VERSION "drives 2\n"

enum type { TEXT, BYTES, NUMBER, SIGNED, FLAG, WORD };

struct fact {
    const char *key;
    enum type type;
    size_t offset, size;
    const char *const *words; /* of WORD; the field is an unsigned enum */
};

static const char *const origins[] = {"library", "url", "nbd", "stream", NULL};
static const char *const kinds[] = {"cdrom", "disk", NULL};
static const char *const overlays[] = {"none", "discard", "keep", NULL};

#define FACT(name_, type_, field_, ...)                                                                                \
    {                                                                                                                  \
        .key = (name_), .type = (type_), .offset = offsetof(struct drive_note, field_),                                \
        .size = sizeof((struct drive_note *)0)->field_, __VA_ARGS__                                                    \
    }

static const struct fact facts[] = {
    FACT("export", TEXT, export),
    FACT("origin", WORD, origin, .words = origins),
    FACT("image", TEXT, image),
    FACT("kind", WORD, kind, .words = kinds),
    FACT("read-only", FLAG, read_only),
    FACT("size", NUMBER, size),
    FACT("modified", SIGNED, modified),
    FACT("validator", TEXT, validator),
    FACT("url", TEXT, url),
    FACT("secret", FLAG, secret),
    FACT("token", BYTES, token),
    FACT("id", BYTES, id),
    FACT("identity", BYTES, identity),
    FACT("overlay", WORD, overlay, .words = overlays),
    FACT("copy", FLAG, copy),
    FACT("boot-once", FLAG, boot_once),
    FACT("folder", FLAG, folder),
    FACT("rate", NUMBER, rate),
    FACT("who", TEXT, who),
};

static_assert(sizeof(enum medium_origin) == sizeof(unsigned) && sizeof(enum drive_kind) == sizeof(unsigned) &&
                  sizeof(enum medium_overlay) == sizeof(unsigned),
              "words are stored as unsigned");

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* All of them or none. */
static void parse_bytes(const char *text, uint8_t *ret, size_t size)
{
    uint8_t bytes[32];
    static_assert(sizeof bytes >= sizeof((struct drive_note *)0)->identity, "room for the longest");
    if (size > sizeof bytes || strlen(text) != 2 * size)
        return;
    for (size_t i = 0; i < size; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return;
        bytes[i] = (uint8_t)(high * 16 + low);
    }
    memcpy(ret, bytes, size);
}

static void parse_value(const struct fact *fact, const char *value, struct drive_note *ret)
{
    void *field = (char *)ret + fact->offset;
    char *end;
    switch (fact->type) {
    case TEXT:
        if (strlen(value) < fact->size)
            memcpy(field, value, strlen(value) + 1);
        break;
    case BYTES:
        parse_bytes(value, field, fact->size);
        break;
    case NUMBER:
        *(uint64_t *)field = strtoull(value, &end, 10);
        break;
    case SIGNED:
        *(int64_t *)field = strtoll(value, &end, 10);
        break;
    case FLAG:
        *(bool *)field = !strcmp(value, "yes");
        break;
    case WORD:
        for (unsigned i = 0; fact->words[i]; i++)
            if (!strcmp(value, fact->words[i]))
                *(unsigned *)field = i;
        break;
    }
}

static void parse_line(char *line, struct drive_notes *notes, struct drive_note **current)
{
    char *value = strchr(line, ' ');
    if (!value)
        return;
    *value++ = '\0';
    if (!strcmp(line, "drive")) {
        bool known = value[0] >= '0' && value[0] < '0' + DRIVES_MAX && !value[1];
        *current = known ? &notes->drives[value[0] - '0'] : NULL;
        return;
    }
    for (size_t i = 0; *current && i < ARRAY_SIZE(facts); i++)
        if (!strcmp(line, facts[i].key))
            parse_value(&facts[i], value, *current);
}

static bool whole(const struct drive_note *note)
{
    bool there = note->export[0] && note->image[0] && note->size;
    return there && (note->origin == MEDIUM_LIBRARY || note->origin == MEDIUM_STREAM || note->url[0]);
}

void drive_notes_parse(const char *text, struct drive_notes *ret)
{
    struct drive_note *current = NULL;
    char line[MEDIUM_URL_MAX + 64];
    memset(ret, 0, sizeof *ret);
    if (strncmp(text, VERSION, strlen(VERSION)) != 0)
        return;
    for (text += strlen(VERSION); *text;) {
        size_t n = strcspn(text, "\n");
        if (n < sizeof line) {
            memcpy(line, text, n);
            line[n] = '\0';
            parse_line(line, ret, &current);
        }
        text += n + (text[n] == '\n');
    }
    for (unsigned i = 0; i < DRIVES_MAX; i++)
        if (!whole(&ret->drives[i]))
            ret->drives[i] = (struct drive_note){0};
}

struct page {
    char *room;
    size_t size, used;
};

static void attr_printf(2, 3) add(struct page *page, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    size_t left = page->used < page->size ? page->size - page->used : 0;
    int n = vsnprintf(left ? page->room + page->used : NULL, left, format, list);
    va_end(list);
    page->used += n > 0 ? (size_t)n : 0;
}

/* A name may not become another line. */
static void add_text(struct page *page, const char *text)
{
    for (; *text; text++)
        add(page, "%c", (unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
}

static void print_fact(struct page *page, const struct fact *fact, const struct drive_note *note)
{
    const void *field = (const char *)note + fact->offset;
    const uint8_t *bytes = field;
    add(page, "%s ", fact->key);
    switch (fact->type) {
    case TEXT:
        add_text(page, field);
        break;
    case BYTES:
        for (size_t i = 0; i < fact->size; i++)
            add(page, "%02x", bytes[i]);
        break;
    case NUMBER:
        add(page, "%" PRIu64, *(const uint64_t *)field);
        break;
    case SIGNED:
        add(page, "%" PRId64, *(const int64_t *)field);
        break;
    case FLAG:
        add(page, "%s", *(const bool *)field ? "yes" : "no");
        break;
    case WORD:
        add(page, "%s", fact->words[*(const unsigned *)field]);
        break;
    }
    add(page, "\n");
}

int drive_notes_print(const struct drive_notes *notes, char *room, size_t size)
{
    struct page page = {.room = room, .size = size};
    add(&page, VERSION);
    for (unsigned i = 0; i < DRIVES_MAX; i++) {
        if (!notes->drives[i].export[0])
            continue;
        add(&page, "drive %u\n", i);
        for (size_t k = 0; k < ARRAY_SIZE(facts); k++)
            print_fact(&page, &facts[k], &notes->drives[i]);
    }
    return page.used < size ? (int)page.used : -ENOSPC;
}

void drive_notes_load(const char *path, struct drive_notes *ret)
{
    char text[ROOM];
    note_file_load(path, text, sizeof text);
    drive_notes_parse(text, ret);
}

int drive_notes_save(const char *path, const struct drive_notes *notes)
{
    char text[ROOM];
    int n = drive_notes_print(notes, text, sizeof text);
    return n < 0 ? n : note_file_save(path, text, (size_t)n, false);
}
