#include "auth/keeper/store.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "auth/keeper/store_migrate.h"
#include "core/text.h"

static int store_error(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW:
        return 0;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_CONSTRAINT:
        return -EEXIST;
    }
    /* SQLite knows ENOSPC only; a quota and a size limit are the same to us. It does not pass errno on for writes. */
    return code == SQLITE_IOERR_WRITE && (errno == EDQUOT || errno == EFBIG) ? -ENOSPC : -EIO;
}

int store_exec(struct store *self, const char *sql)
{
    return store_error(sqlite3_exec(self->db, sql, NULL, NULL, NULL));
}

/* ---- opening ---- */

/* SQLite turns names into absolute paths, which needs rights on all folders above ours. Ours stay as they are. */
static int name_as_is(attr_unused sqlite3_vfs *vfs, const char *name, int size, char *ret)
{
    return text_copy(ret, (size_t)size, name) ? SQLITE_OK : SQLITE_CANTOPEN;
}

static const char *vfs_relative(void)
{
    static sqlite3_vfs vfs;
    const sqlite3_vfs *unix_vfs = sqlite3_vfs_find(NULL);
    if (!vfs.zName && unix_vfs) {
        vfs = *unix_vfs;
        vfs.zName = "lightsout-relative";
        vfs.xFullPathname = name_as_is;
        vfs.pNext = NULL;
        sqlite3_vfs_register(&vfs, 0);
    }
    return vfs.zName;
}

static int set_up(struct store *self, const char *name, char *why, size_t size)
{
    /* One process has the store: the lock is held for good, and WAL then needs no shared memory. */
    int r = store_exec(self, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF;"
                             "PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON; PRAGMA cell_size_check=ON");
    if (r == 0)
        r = store_exec(self, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=64;"
                             "PRAGMA user_version");
    if (r == 0)
        return store_migrate(self, name, why, size);
    snprintf(why, size,
             "%s: cannot be used as the store (%s). Is another lightsoutd using it? Else put back a saved copy, or "
             "move it away to begin with an empty one.",
             name, sqlite3_errmsg(self->db));
    return r;
}

int store_open(struct store *self, const char *name, char *why, size_t size)
{
    *self = (struct store){0};
    int code = sqlite3_open_v2(name, &self->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                               vfs_relative());
    int r;
    if (code != SQLITE_OK) {
        int os = self->db ? sqlite3_system_errno(self->db) : ENOMEM;
        snprintf(why, size, "%s: cannot be opened (%s): the keeper's folder must belong to its user and be writable.",
                 name, strerror(os));
        r = os ? -os : -EIO;
    } else {
        sqlite3_extended_result_codes(self->db, 1);
        sqlite3_db_config(self->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        r = set_up(self, name, why, size);
    }
    if (r < 0)
        store_close(self);
    return r;
}

void store_close(struct store *self)
{
    sqlite3_close(self->db);
    self->db = NULL;
}

/* ---- using ---- */

int store_begin(struct store *self)
{
    return store_exec(self, "BEGIN IMMEDIATE");
}

void store_rollback(struct store *self)
{
    if (!sqlite3_get_autocommit(self->db))
        sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
}

int store_commit(struct store *self)
{
    int r = store_exec(self, "COMMIT");
    if (r < 0)
        store_rollback(self);
    return r;
}

static int bind_all(sqlite3_stmt *statement, const char *types, va_list args)
{
    int code = SQLITE_OK;
    for (int i = 1; types[i - 1] && code == SQLITE_OK; i++) {
        const void *at;
        switch (types[i - 1]) {
        case 'i':
            code = sqlite3_bind_int64(statement, i, va_arg(args, int64_t));
            break;
        case 't':
            code = sqlite3_bind_text(statement, i, va_arg(args, const char *), -1, SQLITE_STATIC);
            break;
        default:
            assert(types[i - 1] == 'b');
            at = va_arg(args, const void *);
            code = sqlite3_bind_blob64(statement, i, at, va_arg(args, size_t), SQLITE_STATIC);
        }
    }
    return code;
}

static int query(struct store *self, sqlite3_stmt **ret, const char *sql, const char *types, va_list args)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(self->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = bind_all(statement, types, args);
    if (code != SQLITE_OK) {
        sqlite3_finalize(statement);
        return store_error(code);
    }
    *ret = statement;
    return 0;
}

int store_query(struct store *self, sqlite3_stmt **ret, const char *sql, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    int r = query(self, ret, sql, types, args);
    va_end(args);
    return r;
}

int store_row(attr_unused struct store *self, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    return code == SQLITE_ROW ? 1 : store_error(code);
}

int store_run(struct store *self, const char *sql, const char *types, ...)
{
    _cleanup_statement_ *statement = NULL;
    va_list args;
    va_start(args, types);
    int r = query(self, &statement, sql, types, args);
    va_end(args);
    return r < 0 ? r : store_row(self, statement);
}

int store_meta_get(struct store *self, const char *name, void *room, size_t size, size_t *ret_size)
{
    _cleanup_statement_ *statement = NULL;
    int r = store_query(self, &statement, "SELECT value FROM meta WHERE name = ?", "t", name);
    if (r == 0)
        r = store_row(self, statement);
    if (r != 1)
        return r;
    size_t n = (size_t)sqlite3_column_bytes(statement, 0);
    if (n >= size)
        return -EIO;
    if (n)
        memcpy(room, sqlite3_column_blob(statement, 0), n);
    ((char *)room)[n] = 0;
    *ret_size = n;
    return 1;
}

int store_meta_put(struct store *self, const char *name, const void *bytes, size_t size)
{
    return store_run(
        self, "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        "tb", name, bytes, size);
}

int store_meta_remove(struct store *self, const char *name)
{
    return store_run(self, "DELETE FROM meta WHERE name = ?", "t", name);
}
