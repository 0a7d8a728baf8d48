/* What is in the drives of one target, on disk: a gateway that was killed finds it there and offers the same media
 * under the same names, before QEMU's patience with the lost connection ends. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "manage/target.h"

struct drive_note {
    char image[256]; /* name in the library; "" when the drive is empty */
    char export[64];
    enum drive_kind kind;
    bool read_only;
    uint64_t size; /* as they were: an image that changed meanwhile is not the medium that the target has */
    int64_t modified;
};

struct drive_notes {
    struct drive_note drives[DRIVES_MAX];
};

/* path: of the target's file. A missing or malformed file gives empty notes. */
void drive_notes_load(const char *path, struct drive_notes *ret);
int drive_notes_save(const char *path, const struct drive_notes *notes);

/* Pure, for the tests. Lines that make no sense are left out. */
void drive_notes_parse(const char *text, struct drive_notes *ret);
int drive_notes_print(const struct drive_notes *notes, char *room, size_t size);
