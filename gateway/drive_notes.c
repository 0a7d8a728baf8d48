#include "gateway/drive_notes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/note_file.h"

#define ROOM 2048
#define VERSION "drives 1\n"

static bool parse_line(const char *line, size_t length, unsigned *ret_index, struct drive_note *ret)
{
    char text[512], kind[8], access[4];
    struct drive_note note = {0};
    int name_at = -1;
    if (length >= sizeof text)
        return false;
    memcpy(text, line, length);
    text[length] = '\0';
    if (sscanf(text, "%u %7s %3s %" SCNu64 " %" SCNd64 " %63s %n", ret_index, kind, access, &note.size, &note.modified,
               note.export, &name_at) != 6 ||
        name_at < 0 || *ret_index >= DRIVES_MAX)
        return false;
    note.kind = strcmp(kind, "cdrom") == 0 ? DRIVE_CDROM : DRIVE_DISK;
    note.read_only = strcmp(access, "rw") != 0;
    size_t n = strlen(text + name_at);
    if (n == 0 || n >= sizeof note.image)
        return false;
    memcpy(note.image, text + name_at, n + 1);
    *ret = note;
    return true;
}

void drive_notes_parse(const char *text, struct drive_notes *ret)
{
    memset(ret, 0, sizeof *ret);
    if (strncmp(text, VERSION, strlen(VERSION)) != 0)
        return;
    for (text += strlen(VERSION); *text;) {
        size_t n = strcspn(text, "\n");
        unsigned index;
        struct drive_note note;
        if (parse_line(text, n, &index, &note))
            ret->drives[index] = note;
        text += n + (text[n] == '\n');
    }
}

int drive_notes_print(const struct drive_notes *notes, char *room, size_t size)
{
    int used = snprintf(room, size, VERSION);
    for (unsigned i = 0; i < DRIVES_MAX; i++) {
        const struct drive_note *note = &notes->drives[i];
        if (!note->image[0])
            continue;
        used += snprintf(room + used, (size_t)used < size ? size - (size_t)used : 0,
                         "%u %s %s %" PRIu64 " %" PRId64 " %s %s\n", i, note->kind == DRIVE_CDROM ? "cdrom" : "disk",
                         note->read_only ? "ro" : "rw", note->size, note->modified, note->export, note->image);
        if ((size_t)used >= size)
            return -ENOSPC;
    }
    return used;
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
