/* What is in the drives of one target, on disk: a gateway that was killed finds it there and offers the same media
 * under the same names, before QEMU's patience with the lost connection ends. Never credentials: neither a password nor
 * what stands behind the question mark of an address. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "auth/session.h"
#include "gateway/outward/outward_wire.h"
#include "manage/target.h"

struct drive_note {
    char export[64]; /* "" when the drive is empty */
    enum medium_origin origin;
    char image[256]; /* for people; of the library its name there */
    enum drive_kind kind;
    bool read_only; /* for the target */
    uint64_t size;  /* as they were: an image that changed meanwhile is not the medium that the target has */
    int64_t modified;
    char validator[256]; /* of the URL; "" none */
    char url[MEDIUM_URL_MAX];
    bool secret;                       /* credentials or a hidden part of the address belong to it */
    uint8_t token[OUTWARD_TOKEN_SIZE]; /* of outward's job */
    uint8_t id[MEDIUM_ID_SIZE];
    uint8_t identity[32]; /* for its overlay */
    enum medium_overlay overlay;
    bool copy, boot_once, folder;
    uint64_t rate;
    char who[AUTH_USER_MAX];
};

struct drive_notes {
    struct drive_note drives[DRIVES_MAX];
};

/* path: of the target's file. A missing or malformed file gives empty notes. */
void drive_notes_load(const char *path, struct drive_notes *ret);
int drive_notes_save(const char *path, const struct drive_notes *notes);

/* Pure, for the tests. Lines that make no sense are left out, and drives that lack one they need. */
void drive_notes_parse(const char *text, struct drive_notes *ret);
int drive_notes_print(const struct drive_notes *notes, char *room, size_t size);
