/* What SQLite writes, as the disk sees it: a VFS in front of the system's that writes down each write, cut and sync of
 * the store's files, and that can build the files again as a cut at any moment would have left them. To be begun before
 * the first store is opened: it becomes the default, which the store takes. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sqlite3.h>

#include "core/attrs.h"
#include "core/text.h"

#define LOG_FILES 8
#define LOG_OPS 4096
#define LOG_SECTOR 512u
#define LOG_FILE_MAX (1u << 20)

enum log_kind { LOG_WRITE, LOG_CUT, LOG_SYNC, LOG_REMOVE };

struct log_op {
    enum log_kind kind;
    unsigned file;
    uint64_t at;
    size_t size;
    uint8_t *bytes;
};

static struct {
    bool recording;
    sqlite3_vfs vfs, *system;
    sqlite3_io_methods methods;
    char names[LOG_FILES][64];
    unsigned n_names, n;
    struct log_op ops[LOG_OPS];
} write_log;

struct logged_file {
    sqlite3_file base;
    unsigned number;
    sqlite3_file *system; /* behind this */
};

/* ---- recording ---- */

static unsigned trace_file_number(const char *name)
{
    const char *slash = strrchr(name, '/');
    name = slash ? slash + 1 : name;
    for (unsigned i = 0; i < write_log.n_names; i++)
        if (strcmp(write_log.names[i], name) == 0)
            return i;
    assert_true(write_log.n_names < LOG_FILES);
    text_copy(write_log.names[write_log.n_names], sizeof write_log.names[0], name);
    return write_log.n_names++;
}

static void trace_add(enum log_kind kind, unsigned file, uint64_t at, const void *bytes, size_t size)
{
    if (!write_log.recording)
        return;
    assert_true(write_log.n < LOG_OPS);
    struct log_op *op = &write_log.ops[write_log.n++];
    *op = (struct log_op){.kind = kind, .file = file, .at = at, .size = size, .bytes = malloc(size + 1)};
    assert_non_null(op->bytes);
    if (size)
        memcpy(op->bytes, bytes, size);
}

static struct logged_file *logged(sqlite3_file *file)
{
    return (struct logged_file *)file;
}

static int trace_close(sqlite3_file *file)
{
    return logged(file)->system->pMethods->xClose(logged(file)->system);
}

static int trace_read(sqlite3_file *file, void *room, int n, sqlite3_int64 at)
{
    return logged(file)->system->pMethods->xRead(logged(file)->system, room, n, at);
}

static int trace_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at)
{
    trace_add(LOG_WRITE, logged(file)->number, (uint64_t)at, bytes, (size_t)n);
    return logged(file)->system->pMethods->xWrite(logged(file)->system, bytes, n, at);
}

static int trace_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    trace_add(LOG_CUT, logged(file)->number, (uint64_t)size, NULL, 0);
    return logged(file)->system->pMethods->xTruncate(logged(file)->system, size);
}

/* Nothing is lost in this test but what it takes away itself: syncing for true would only cost time. */
static int trace_sync(sqlite3_file *file, attr_unused int flags)
{
    trace_add(LOG_SYNC, logged(file)->number, 0, NULL, 0);
    return SQLITE_OK;
}

static int trace_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    return logged(file)->system->pMethods->xFileSize(logged(file)->system, ret);
}

static int trace_lock(sqlite3_file *file, int level)
{
    return logged(file)->system->pMethods->xLock(logged(file)->system, level);
}

static int trace_unlock(sqlite3_file *file, int level)
{
    return logged(file)->system->pMethods->xUnlock(logged(file)->system, level);
}

static int trace_reserved(sqlite3_file *file, int *ret)
{
    return logged(file)->system->pMethods->xCheckReservedLock(logged(file)->system, ret);
}

static int trace_control(sqlite3_file *file, int what, void *data)
{
    return logged(file)->system->pMethods->xFileControl(logged(file)->system, what, data);
}

static int trace_sector(attr_unused sqlite3_file *file)
{
    return LOG_SECTOR;
}

/* Of a disk that promises nothing. */
static int trace_promises(attr_unused sqlite3_file *file)
{
    return 0;
}

static int trace_open(attr_unused sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
    struct logged_file *self = logged(file);
    self->system = (sqlite3_file *)(self + 1);
    self->number = trace_file_number(name ? name : "temporary");
    self->base.pMethods = NULL;
    int r = write_log.system->xOpen(write_log.system, name, self->system, flags, ret_flags);
    if (self->system->pMethods)
        self->base.pMethods = &write_log.methods;
    return r;
}

static int trace_remove(attr_unused sqlite3_vfs *vfs, const char *name, int sync)
{
    trace_add(LOG_REMOVE, trace_file_number(name), 0, NULL, 0);
    return write_log.system->xDelete(write_log.system, name, sync && false);
}

static inline void write_log_begin(void)
{
    write_log.system = sqlite3_vfs_find(NULL);
    write_log.methods = (sqlite3_io_methods){.iVersion = 1,
                                             .xClose = trace_close,
                                             .xRead = trace_read,
                                             .xWrite = trace_write,
                                             .xTruncate = trace_truncate,
                                             .xSync = trace_sync,
                                             .xFileSize = trace_size,
                                             .xLock = trace_lock,
                                             .xUnlock = trace_unlock,
                                             .xCheckReservedLock = trace_reserved,
                                             .xFileControl = trace_control,
                                             .xSectorSize = trace_sector,
                                             .xDeviceCharacteristics = trace_promises};
    write_log.vfs = *write_log.system;
    write_log.vfs.zName = "write-log";
    write_log.vfs.szOsFile += (int)sizeof(struct logged_file);
    write_log.vfs.xOpen = trace_open;
    write_log.vfs.xDelete = trace_remove;
    assert_int_equal(sqlite3_vfs_register(&write_log.vfs, 1), SQLITE_OK);
}

static inline void write_log_clear(void)
{
    for (unsigned i = 0; i < write_log.n; i++)
        free(write_log.ops[i].bytes);
    write_log.n = 0;
}

/* ---- building again ---- */

struct log_image {
    bool there;
    size_t size;
    uint8_t *bytes; /* LOG_FILE_MAX */
};

static inline void image_apply(struct log_image *image, const struct log_op *op, size_t size)
{
    if (op->kind == LOG_WRITE) {
        assert_true(op->at + size <= LOG_FILE_MAX);
        image->there = true;
        if (op->at > image->size)
            memset(image->bytes + image->size, 0, op->at - image->size);
        memcpy(image->bytes + op->at, op->bytes, size);
        image->size = MAX(image->size, op->at + size);
    } else if (op->kind == LOG_CUT) {
        image->size = MIN(image->size, (size_t)op->at);
    } else if (op->kind == LOG_REMOVE) {
        image->there = false;
        image->size = 0;
    }
}
