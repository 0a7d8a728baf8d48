#include "gateway/drives/export_notes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/utf8.h"
#include "gateway/note_file.h"

#define ROOM (API_EXPORTS_MAX * (sizeof(struct api_export) + 8))
#define VERSION "exports 1\n"

static bool is_plain(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return *name && *name != '.' && strspn(name, letters) == strlen(name);
}

static bool is_printable(const char *text)
{
    size_t size = strlen(text);
    for (size_t at = 0, n; at < size; at += n) {
        n = utf8_printable(text + at, size - at);
        if (!n)
            return false;
    }
    return size;
}

const char *export_mistake(const struct api_export *export)
{
    const char *identity = export->identity;
    if (!is_plain(export->name))
        return "An export's name is 1 to 63 letters, digits, dots, dashes and underscores, and begins with no dot.";
    if (!is_printable(export->image))
        return "image must name an image of the library; GET /api/v1/images lists them.";
    bool known = strncmp(identity, "psk:", 4) == 0 || strncmp(identity, "cert:", 5) == 0;
    if (!known || !is_printable(identity) || !strchr(identity, ':')[1])
        return "identity must be psk:NAME, a name of the file of pre-shared keys, or cert:NAME, the common name of a "
               "client's certificate.";
    return NULL;
}

static bool take_field(const char **text, char end, char *room, size_t size)
{
    size_t n = strcspn(*text, "\t\n");
    if ((*text)[n] != end || n >= size)
        return false;
    memcpy(room, *text, n);
    room[n] = '\0';
    *text += n + 1;
    return true;
}

static bool is_there(const struct export_notes *notes, const char *name)
{
    for (size_t i = 0; i < notes->n; i++)
        if (strcmp(notes->list[i].name, name) == 0)
            return true;
    return false;
}

void export_notes_parse(const char *text, struct export_notes *ret)
{
    ret->n = 0;
    if (strncmp(text, VERSION, strlen(VERSION)) != 0)
        return;
    text += strlen(VERSION);
    while (*text && ret->n < API_EXPORTS_MAX) {
        const char *at = text;
        char access[3];
        struct api_export export = {.connections = 0};
        if (take_field(&at, '\t', access, sizeof access) && take_field(&at, '\t', export.name, sizeof export.name) &&
            take_field(&at, '\t', export.identity, sizeof export.identity) &&
            take_field(&at, '\n', export.image, sizeof export.image) && !export_mistake(&export) &&
            !is_there(ret, export.name)) {
            export.read_only = strcmp(access, "rw") != 0;
            ret->list[ret->n++] = export;
        }
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
}

int export_notes_print(const struct export_notes *notes, char *room, size_t size)
{
    size_t used = (size_t)snprintf(room, size, VERSION);
    for (size_t i = 0; i < notes->n && used < size; i++) {
        const struct api_export *e = &notes->list[i];
        used += (size_t)snprintf(room + used, size - used, "%s\t%s\t%s\t%s\n", e->read_only ? "ro" : "rw", e->name,
                                 e->identity, e->image);
    }
    return used < size ? (int)used : -ENOSPC;
}

void export_notes_load(const char *path, struct export_notes *ret)
{
    _cleanup_free_ char *text = malloc(ROOM);
    ret->n = 0;
    if (!text)
        return;
    note_file_load(path, text, ROOM);
    export_notes_parse(text, ret);
}

int export_notes_save(const char *path, const struct export_notes *notes)
{
    _cleanup_free_ char *text = malloc(ROOM);
    int n = text ? export_notes_print(notes, text, ROOM) : -ENOMEM;
    return n < 0 ? n : note_file_save(path, text, (size_t)n, true);
}
