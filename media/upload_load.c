#include "media/upload_load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "core/text.h"

#define MOST (2 * UPLOAD_MAX) /* with those that are done and still remembered */

void upload_file_name(const char *id, const char *kind, char ret[64])
{
    snprintf(ret, 64, "%s.%s", id, kind);
}

int upload_save(int folder_fd, const char *id, const struct upload_record *record)
{
    struct field_writer fields;
    char name[64];
    upload_file_name(id, "state", name);
    upload_record_write(record, &fields);
    return field_file_write(folder_fd, name, &fields, true);
}

int upload_open_part(struct upload *self)
{
    char name[64];
    if (self->fd >= 0)
        return 0;
    upload_file_name(self->id, "part", name);
    self->fd = openat(self->owner->folder_fd, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return self->fd < 0 ? -errno : 0;
}

static bool exists(const struct uploads *self, const char *id, const char *kind, struct stat *ret)
{
    char name[64];
    upload_file_name(id, kind, name);
    return fstatat(self->folder_fd, name, ret, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(ret->st_mode);
}

/* The state was written before what it speaks of, or after; a kill in between must not make it lie. */
static void mend(const struct uploads *self, struct upload *upload)
{
    struct upload_record *r = &upload->record;
    struct stat part = {0}, left;
    const bool has_part = exists(self, upload->id, "part", &part);
    if (r->phase == UPLOAD_DONE || r->phase == UPLOAD_FAILED)
        return;
    if (r->adopting && !exists(self, upload->id, r->unpacked ? "image" : "part", &left)) {
        r->phase = UPLOAD_DONE;
        r->adopting = false;
        return;
    }
    r->unpacked = false; /* `adopting` stays until the image is made anew (upload_finish.c) */
    r->name[0] = r->sha256[0] = 0;
    if ((uint64_t)part.st_size < r->offset)
        r->offset = 0;
    r->phase = has_part && r->offset == r->size ? UPLOAD_FINISHING : UPLOAD_ARRIVING;
    if (!has_part) {
        r->phase = UPLOAD_FAILED;
        text_copy(r->why, sizeof r->why, "What had arrived of it is gone. Upload it again.");
    }
}

static struct upload *load(struct uploads *self, const char *id)
{
    char text[FIELD_FILE_SIZE], name[64];
    upload_file_name(id, "state", name);
    int n = field_file_read(self->folder_fd, name, text, sizeof text);
    struct upload *upload = n < 0 ? NULL : calloc(1, sizeof *upload);
    if (!upload)
        return NULL;
    upload->owner = self;
    upload->fd = -1;
    upload->ready = true;
    memcpy(upload->id, id, sizeof upload->id);
    if (upload_record_parse(text, (size_t)n, &upload->record) < 0) {
        log_warn("uploads", "%s.state is not readable: this upload is forgotten", id);
        return upload_free(upload);
    }
    upload->packed = upload_record_seems_packed(&upload->record);
    mend(self, upload);
    return upload;
}

/* "0123...ef.part": true, with the id. */
static bool split(const char *name, char id[UPLOAD_ID_HEX + 1], const char **ret_kind)
{
    if (strlen(name) < UPLOAD_ID_HEX + 2 || name[UPLOAD_ID_HEX] != '.')
        return false;
    memcpy(id, name, UPLOAD_ID_HEX);
    id[UPLOAD_ID_HEX] = 0;
    *ret_kind = name + UPLOAD_ID_HEX + 1;
    return field_is_hex(id, UPLOAD_ID_HEX);
}

static void insert(struct uploads *self, struct upload *upload)
{
    struct upload **at = &self->list;
    while (*at && (*at)->record.begun > upload->record.begun)
        at = &(*at)->next;
    upload->next = *at;
    *at = upload;
}

static void load_states(struct uploads *self, DIR *folder)
{
    char id[UPLOAD_ID_HEX + 1];
    const char *kind;
    struct dirent *entry;
    for (unsigned n = 0; n < MOST && (entry = readdir(folder));) {
        struct upload *upload = split(entry->d_name, id, &kind) && !strcmp(kind, "state") ? load(self, id) : NULL;
        if (!upload)
            continue;
        insert(self, upload);
        n++;
    }
}

static bool is_known(const struct uploads *self, const char *name)
{
    char id[UPLOAD_ID_HEX + 1];
    const char *kind;
    const struct upload *upload = split(name, id, &kind) ? upload_find(self, id) : NULL;
    if (!upload)
        return false;
    const bool over = upload->record.phase == UPLOAD_DONE || upload->record.phase == UPLOAD_FAILED;
    return !strcmp(kind, "state") || (!over && (!strcmp(kind, "part") || upload->record.adopting));
}

/* A half unpacked image is made anew, so it goes too; but not one whose absence would say that it was adopted. */
static void remove_strangers(struct uploads *self, DIR *folder)
{
    struct dirent *entry;
    rewinddir(folder);
    while ((entry = readdir(folder)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && !is_known(self, entry->d_name))
            unlinkat(self->folder_fd, entry->d_name, 0);
}

int uploads_load(struct uploads *self)
{
    int fd = library_open_folder(self->folder_fd, NULL);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder)
        return fd < 0 ? fd : -errno;
    load_states(self, folder);
    remove_strangers(self, folder);
    closedir(folder);
    return 0;
}
