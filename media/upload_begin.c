/* The begin of an upload: is the name free, is there room; and the end of its files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/rand.h>

#include "core/cleanup.h"
#include "core/text.h"
#include "media/hex.h"
#include "media/library_entry.h"
#include "media/upload_internal.h"

struct upload_begin {
    upload_begun_fn *done; /* NULL: answered */
    void *data;
    uint64_t promised; /* room that other uploads will take */
    int error;
    char why[256];
};

static int refuse(struct upload_begin *self, int error, const char *name, const char *words)
{
    snprintf(self->why, sizeof self->why, "%.180s %s", name, words);
    return error;
}

static int check_name(struct upload *upload)
{
    const struct upload_record *r = &upload->saving;
    struct library *library = upload->owner->library;
    char name[256];
    struct stat st;
    _cleanup_close_ int fd = library_open_folder(library->folder_fd, r->folder[0] ? r->folder : NULL);
    if (fd < 0)
        return refuse(upload->begin, fd == -ENOTDIR || fd == -ELOOP ? -ENOENT : fd, r->folder,
                      "is no folder of the library. Make it first.");
    upload_record_name(r, upload->packed, name);
    if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : refuse(upload->begin, -errno, name, "cannot be looked for.");
    if (!r->replace || S_ISDIR(st.st_mode))
        return refuse(upload->begin, -EEXIST, name, "is in the library already. Choose another name, or replace it.");
    if (!r->folder[0] && library_in_use(library, name))
        return refuse(upload->begin, -EBUSY, name, "is in use. Eject it first.");
    return 0;
}

static int check_room(struct upload *upload)
{
    struct upload_begin *begin = upload->begin;
    uint64_t available, total, needed = upload->saving.size;
    if (upload->packed && add_overflows(needed, upload->saving.size, &needed))
        return -EINVAL;
    int r = library_space(upload->owner->library, &available, &total);
    if (r < 0)
        return r;
    available = available > begin->promised ? available - begin->promised : 0;
    if (needed <= available)
        return 0;
    snprintf(
        begin->why, sizeof begin->why,
        "There is no room for it: it needs %llu MB%s, and %llu MB are free. Remove images, or finish other uploads.",
        (unsigned long long)needed / 1000000 + 1, upload->packed ? " (packed and unpacked)" : "",
        (unsigned long long)(available / 1000000));
    return -ENOSPC;
}

/* Blocks are taken at once where the file system can; elsewhere the room is counted. */
static int make_files(struct upload *upload)
{
    char name[64];
    const int folder_fd = upload->owner->folder_fd;
    upload_file_name(upload->id, "part", name);
    upload->fd = openat(folder_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (upload->fd < 0)
        return -errno;
    int r = 0;
    if (upload->saving.size && fallocate(upload->fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)upload->saving.size) < 0)
        r = errno == EOPNOTSUPP || errno == ENOSYS || errno == EPERM ? 0 : -errno;
    else
        upload->reserved = true;
    r = r < 0 ? r : upload_save(folder_fd, upload->id, &upload->saving);
    if (r < 0)
        unlinkat(folder_fd, name, 0);
    return r;
}

static void begin_work(struct upload_job *job)
{
    struct upload *upload = container_of(job, struct upload, job);
    struct upload_begin *begin = upload->begin;
    int r = check_name(upload);
    r = r < 0 ? r : check_room(upload);
    r = r < 0 ? r : make_files(upload);
    if (r < 0 && !begin->why[0])
        refuse(begin, r, upload->saving.given, r == -ENOSPC ? "has no room on the disk." : "cannot be stored here.");
    begin->error = r;
}

static void unlist(struct upload *upload)
{
    struct upload **at = &upload->owner->list;
    while (*at != upload)
        at = &(*at)->next;
    *at = upload->next;
}

static void begin_done(struct upload_job *job)
{
    struct upload *upload = container_of(job, struct upload, job);
    if (!upload->owner) {
        upload_free(upload);
        return;
    }
    struct upload_begin *begin = take(upload->begin);
    struct upload_state state;
    upload->busy = false;
    if (begin->error < 0) {
        unlist(upload);
        upload_free(upload);
        begin->done(begin->data, begin->error, begin->why, NULL);
    } else {
        upload->ready = true;
        upload_tell(upload, &state);
        if (!upload->record.size)
            upload_finish_begin(upload);
        begin->done(begin->data, 0, "", &state);
    }
    free(begin);
}

struct upload_begin *upload_begin_free(struct upload_begin *self)
{
    free(self);
    return NULL;
}

void upload_begin_gone(struct upload_begin *self)
{
    self->done(self->data, -ECANCELED, "The gateway is shutting down.", NULL);
}

/* How many are under way, and what they will still take and have not taken yet. */
static unsigned count(const struct uploads *self, uint64_t *ret_promised)
{
    unsigned n = 0;
    *ret_promised = 0;
    for (const struct upload *upload = self->list; upload; upload = upload->next) {
        const struct upload_record *r = &upload->record;
        if (r->phase == UPLOAD_DONE || r->phase == UPLOAD_FAILED)
            continue;
        n++;
        *ret_promised += (upload->reserved ? 0 : r->size - r->offset) + (upload->packed ? r->size : 0);
    }
    return n;
}

static bool same_target(const struct upload *a, const struct upload_record *b)
{
    char x[256], y[256];
    if (a->record.phase == UPLOAD_DONE || a->record.phase == UPLOAD_FAILED || strcmp(a->record.folder, b->folder) != 0)
        return false;
    upload_record_name(&a->record, upload_record_seems_packed(&a->record), x);
    upload_record_name(b, upload_record_seems_packed(b), y);
    return !strcmp(x, y);
}

static int make_record(const struct uploads *self, const struct upload_request *request, struct upload_record *ret,
                       struct upload_begin *begin)
{
    *ret = (struct upload_record){.keep_packed = request->keep_packed,
                                  .replace = request->replace,
                                  .size = request->size,
                                  .begun = (uint64_t)time(NULL)};
    ret->touched = ret->begun;
    if (!text_copy(ret->given, sizeof ret->given, request->name) || !library_name_visible(ret->given))
        return refuse(begin, -EINVAL, "The name",
                      "must be one file name of at most 255 bytes that does not begin with a dot, without / and "
                      "control characters.");
    if (request->folder &&
        (!text_copy(ret->folder, sizeof ret->folder, request->folder) || !library_name_visible(ret->folder)))
        return refuse(begin, -EINVAL, "The folder", "must be the name of a folder of the library.");
    if (request->sha256 &&
        (!text_copy(ret->wanted, sizeof ret->wanted, request->sha256) || !field_is_hex(ret->wanted, 64)))
        return refuse(begin, -EINVAL, "sha256", "must be 64 hexadecimal digits.");
    if (!ret->folder[0] && (!ret->size || ret->size > INT64_MAX))
        return refuse(begin, -EINVAL, ret->given, "is empty: no image.");
    if (ret->size > INT64_MAX)
        return refuse(begin, -EFBIG, ret->given, "is too large.");
    text_copy(ret->who, sizeof ret->who, request->who ? request->who : "");
    for (const struct upload *upload = self->list; upload; upload = upload->next)
        if (same_target(upload, ret))
            return refuse(begin, -EEXIST, ret->given, "is being uploaded already. Resume or cancel that upload.");
    return 0;
}

static struct upload *make_upload(struct uploads *self, const struct upload_record *record)
{
    uint8_t id[UPLOAD_ID_SIZE];
    struct upload *upload = calloc(1, sizeof *upload);
    if (!upload || RAND_bytes(id, sizeof id) != 1) {
        free(upload);
        return NULL;
    }
    hex_text(id, sizeof id, upload->id);
    upload->owner = self;
    upload->fd = -1;
    upload->record = upload->saving = *record;
    upload->packed = upload_record_seems_packed(record);
    upload->digest = EVP_MD_CTX_new();
    if (!upload->digest || !EVP_DigestInit_ex(upload->digest, EVP_sha256(), NULL))
        return upload_free(upload);
    return upload;
}

void uploads_begin(struct uploads *self, const struct upload_request *request, upload_begun_fn *done, void *data)
{
    struct upload_begin begin = {.done = done, .data = data};
    struct upload_record record;
    int r = make_record(self, request, &record, &begin);
    if (r == 0 && count(self, &begin.promised) >= UPLOAD_MAX)
        r = refuse(&begin, -EMFILE, "There are", "too many unfinished uploads. Cancel some.");
    struct upload *upload = r == 0 ? make_upload(self, &record) : NULL;
    if (upload && (upload->begin = malloc(sizeof begin))) {
        *upload->begin = begin;
        upload->job.work = begin_work;
        upload->job.done = begin_done;
        upload->begin->error = -ECANCELED; /* stays, should the pool end before the job begins */
        r = uploads_submit(self, &upload->job);
        if (r == 0) {
            upload->busy = true;
            upload->next = self->list;
            self->list = upload;
            uploads_trim(self);
            return;
        }
    }
    if (upload)
        upload_free(upload);
    else if (r == 0)
        r = -ENOMEM;
    done(data, r, begin.why[0] ? begin.why : "There is no memory for this.", NULL);
}

struct removal {
    struct upload_job job;
    char id[UPLOAD_ID_HEX + 1];
};

static void remove_work(struct upload_job *job)
{
    static const char *const kinds[] = {"state", "part", "image"};
    const struct removal *self = container_of(job, struct removal, job);
    char name[64];
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        upload_file_name(self->id, kinds[i], name);
        unlinkat(job->owner->folder_fd, name, 0);
    }
}

static void remove_done(struct upload_job *job)
{
    free(container_of(job, struct removal, job));
}

/* Without memory, or when the pool has ended: they are found and expire at the next start. */
void upload_remove_files(struct uploads *self, const char *id)
{
    struct removal *removal = calloc(1, sizeof *removal);
    if (!removal)
        return;
    memcpy(removal->id, id, sizeof removal->id);
    removal->job.work = remove_work;
    removal->job.done = remove_done;
    if (uploads_submit(self, &removal->job) < 0)
        free(removal);
}
