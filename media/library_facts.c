#include "media/library_facts.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/text.h"
#include "media/folder_disk.h"
#include "media/library_entry.h"
#include "media/library_internal.h"
#include "media/library_record.h"

#define FACTS ".facts"

static int open_store(int folder_fd, bool make)
{
    if (make && mkdirat(folder_fd, FACTS, 0700) < 0 && errno != EEXIST)
        return -errno;
    return library_open_folder(folder_fd, FACTS);
}

static int load(int folder_fd, const char *name, struct library_record *ret)
{
    char text[FIELD_FILE_SIZE];
    _cleanup_close_ int store = open_store(folder_fd, false);
    int n = store < 0 ? store : field_file_read(store, name, text, sizeof text);
    return n < 0 ? n : library_record_parse(text, (size_t)n, ret);
}

static int save(int folder_fd, const char *name, const struct library_record *record)
{
    struct field_writer fields;
    _cleanup_close_ int store = open_store(folder_fd, true);
    if (store < 0)
        return store;
    library_record_write(record, &fields);
    return field_file_write(store, name, &fields, true);
}

/* Records are read, changed and written back by several threads: without it one would undo what another has found. */
static pthread_mutex_t changes = PTHREAD_MUTEX_INITIALIZER;

static void set_key(struct library_record *record, const struct stat *st)
{
    record->size = (uint64_t)st->st_size;
    record->seconds = (uint64_t)st->st_mtim.tv_sec;
    record->nanoseconds = (uint64_t)st->st_mtim.tv_nsec;
    record->inode = st->st_ino;
}

int library_facts_store(int folder_fd, const char *name, const struct stat *st, const struct library_facts *facts)
{
    struct library_record record = {.facts = *facts}, before;
    if (!library_name_visible(name))
        return -EINVAL;
    set_key(&record, st);
    pthread_mutex_lock(&changes);
    record.written = load(folder_fd, name, &before) == 0 && library_record_fits(&before, st) && before.written;
    int r = save(folder_fd, name, &record);
    pthread_mutex_unlock(&changes);
    return r;
}

static bool read_image(void *data, uint64_t offset, void *room, size_t size)
{
    const int fd = *(const int *)data;
    for (size_t at = 0; at < size;) {
        ssize_t n = pread(fd, (char *)room + at, size - at, (off_t)(offset + at));
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

static bool same_time(const struct library_record *record, const struct stat *st)
{
    return record->seconds == (uint64_t)st->st_mtim.tv_sec && record->nanoseconds == (uint64_t)st->st_mtim.tv_nsec;
}

/* What was found out while nobody looked (a sum, that it was written) stays. */
static int keep(int folder_fd, const char *name, const struct stat *st, bool for_writing, struct library_record *record)
{
    struct library_record now;
    pthread_mutex_lock(&changes);
    if (load(folder_fd, name, &now) == 0 && library_record_fits(&now, st))
        *record = now;
    if (!same_time(record, st))
        record->facts.sha256[0] = 0;
    set_key(record, st);
    record->written |= for_writing;
    int r = save(folder_fd, name, record);
    pthread_mutex_unlock(&changes);
    return r;
}

int library_facts_of(int folder_fd, const char *name, int fd, bool for_writing, struct library_facts *ret)
{
    struct library_record record;
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (S_ISDIR(st.st_mode)) {
        *ret = (struct library_facts){.image.format = IMAGE_FOLDER};
        folder_disk_label(name, ret->image.label);
        return 0;
    }
    bool kept = load(folder_fd, name, &record) == 0 && library_record_fits(&record, &st);
    if (!kept) {
        record = (struct library_record){0};
        recognise((uint64_t)st.st_size, read_image, &fd, &record.facts.image);
    } else if (!same_time(&record, &st)) {
        record.facts.sha256[0] = 0; /* of what it was before it was written */
    }
    int r = 0;
    if (!kept || (for_writing && !record.written))
        r = keep(folder_fd, name, &st, for_writing, &record);
    *ret = record.facts;
    return for_writing ? r : 0;
}

void library_facts_tell_kind(int folder_fd, struct library_image *image)
{
    struct library_record record;
    struct stat st;
    if (!image->folder && load(folder_fd, image->name, &record) == 0 &&
        fstatat(folder_fd, image->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && library_record_fits(&record, &st))
        image->kind = library_kind(image->name, &record.facts.image);
}

void library_facts_remove(int folder_fd, const char *name)
{
    _cleanup_close_ int store = open_store(folder_fd, false);
    if (store >= 0)
        unlinkat(store, name, 0);
}

void library_facts_rename(int folder_fd, const char *name, const char *to)
{
    _cleanup_close_ int store = open_store(folder_fd, false);
    if (store >= 0 && renameat(store, name, store, to) < 0)
        unlinkat(store, to, 0);
}

struct facts_call {
    struct library_call call;
    library_facts_fn *done;
    void *data;
    char name[256];
    struct library_facts facts;
};

static void facts_work(struct library_call *call)
{
    struct facts_call *self = container_of(call, struct facts_call, call);
    struct library_image image;
    _cleanup_close_ int fd = -1;
    call->error = library_entry_open(call->folder_fd, self->name, false, &fd, &image, call->why, sizeof call->why);
    if (call->error == 0)
        call->error = library_facts_of(call->folder_fd, self->name, fd, false, &self->facts);
}

static void facts_answer(struct library_call *call, int error, const char *why)
{
    struct facts_call *self = container_of(call, struct facts_call, call);
    self->done(self->data, error, why, error ? NULL : &self->facts);
}

int library_facts(struct library *self, const char *name, library_facts_fn *done, void *data)
{
    struct facts_call *call = calloc(1, sizeof *call);
    if (!call)
        return -ENOMEM;
    call->call = (struct library_call){.work = facts_work, .answer = facts_answer};
    call->done = done;
    call->data = data;
    text_copy(call->name, sizeof call->name, name);
    return library_submit(self, &call->call);
}

int library_facts_keep(struct library *self, const char *name, const struct library_facts *facts)
{
    struct stat st;
    if (!library_name_visible(name))
        return -EINVAL;
    if (fstatat(self->folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    return S_ISREG(st.st_mode) ? library_facts_store(self->folder_fd, name, &st, facts) : -EINVAL;
}
