#include "auth/keeper/store_migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "auth/keeper/store_schema.h"
#include "core/cleanup.h"
#include "core/log.h"

#define NAME_SIZE 64

bool store_is_sound(struct store *self)
{
    _cleanup_statement_ *statement = NULL;
    if (store_query(self, &statement, "PRAGMA integrity_check(1)", "") < 0 || store_row(self, statement) != 1)
        return false;
    const char *verdict = (const char *)sqlite3_column_text(statement, 0);
    return verdict && strcmp(verdict, "ok") == 0;
}

static int read_version(struct store *self, int64_t *ret)
{
    _cleanup_statement_ *statement = NULL;
    int r = store_query(self, &statement, "PRAGMA user_version", "");
    if (r == 0)
        r = store_row(self, statement);
    if (r == 1)
        *ret = sqlite3_column_int64(statement, 0);
    return r < 0 ? r : 0;
}

/* ---- the copy ---- */

static int sync_name(const char *name, int flags)
{
    _cleanup_close_ int fd = open(name, flags | O_CLOEXEC | O_NOFOLLOW);
    return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int store_copy(struct store *self, const char *to)
{
    char temporary[NAME_SIZE], journal[NAME_SIZE + 8];
    int n = snprintf(temporary, sizeof temporary, "%s.new", to);
    if (n < 0 || (size_t)n >= sizeof temporary)
        return -ENAMETOOLONG;
    snprintf(journal, sizeof journal, "%s-journal", temporary);
    unlink(temporary);
    unlink(journal);
    /* made by us, so that nobody else can read it whatever the process's mask is */
    _cleanup_close_ int fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    int r = fd < 0 ? -errno : store_run(self, "VACUUM INTO ?", "t", temporary);
    r = r ? r : sync_name(temporary, O_RDONLY);
    if (r == 0 && rename(temporary, to) < 0)
        r = -errno;
    r = r ? r : sync_name(".", O_RDONLY | O_DIRECTORY);
    if (r < 0) {
        unlink(temporary);
        unlink(journal);
    }
    return r;
}

static void copy_name(const char *name, int64_t version, char room[NAME_SIZE])
{
    snprintf(room, NAME_SIZE, "%s.v%lld", name, (long long)version);
}

static void drop_old_copies(const char *name)
{
    unsigned kept = 0;
    for (int64_t version = STORE_VERSION; version > 0; version--) {
        char copy[NAME_SIZE];
        copy_name(name, version, copy);
        if (kept < STORE_COPIES)
            kept += access(copy, F_OK) == 0;
        else
            unlink(copy);
    }
}

/* ---- the steps ---- */

/* From that version to the next, whole or not at all. */
static int step(struct store *self, unsigned version)
{
    char pragma[40];
    snprintf(pragma, sizeof pragma, "PRAGMA user_version = %u", version + 1);
    int r = store_begin(self);
    if (r == 0)
        r = store_exec(self, store_steps[version]);
    if (r == 0)
        r = store_exec(self, pragma);
    if (r == 0)
        return store_commit(self);
    store_rollback(self);
    return r;
}

static int refuse_damaged(const char *name, char *why, size_t size)
{
    snprintf(why, size,
             "%s: damaged (SQLite's integrity check failed): put back a saved copy, or move it away to begin with an "
             "empty one.",
             name);
    return -EIO;
}

static int keep_copy(struct store *self, const char *name, int64_t version, char *why, size_t size)
{
    char copy[NAME_SIZE];
    copy_name(name, version, copy);
    int r = store_copy(self, copy);
    if (r < 0)
        snprintf(why, size,
                 "%s: of an older version, and cannot be copied before it is changed (%s): make room on the disk that "
                 "holds the state folder. Nothing was changed.",
                 name, strerror(-r));
    else
        log_info("keeper", "the store is of version %lld: %s is a copy of it, as it was", (long long)version, copy);
    return r;
}

int store_migrate(struct store *self, const char *name, char *why, size_t size)
{
    int64_t version = 0;
    int r = read_version(self, &version);
    if (r < 0 || version < 0)
        return refuse_damaged(name, why, size);
    if (version > STORE_VERSION) {
        snprintf(why, size, "%s: written by a newer lightsout (version %lld, this one knows %d): install that again.",
                 name, (long long)version, STORE_VERSION);
        return -EPROTO;
    }
    if (version && !store_is_sound(self))
        return refuse_damaged(name, why, size);
    if (version && version < STORE_VERSION)
        r = keep_copy(self, name, version, why, size);
    if (r < 0)
        return r;
    for (const int64_t before = version; version < STORE_VERSION; version++) {
        r = step(self, (unsigned)version);
        if (r < 0) {
            snprintf(why, size, "%s: cannot be %s (%s): make room on the disk that holds the state folder.", name,
                     before ? "brought to this version" : "made",
                     r == -ENOSPC ? "no space left" : sqlite3_errmsg(self->db));
            return r;
        }
    }
    drop_old_copies(name);
    return 0;
}
