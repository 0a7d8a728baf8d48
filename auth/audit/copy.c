#include "auth/audit/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/audit/outside.h"
#include "auth/audit/rows.h"
#include "core/cleanup.h"

#define STORE "keeper.db"

static int copy_bytes(int from, int to)
{
    char room[65536];
    for (;;) {
        ssize_t n = read(from, room, sizeof room);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : 0;
        for (ssize_t done = 0, m; done < n; done += m)
            if ((m = write(to, room + done, (size_t)(n - done))) < 0)
                return -errno;
    }
}

/* missing: the file need not be there. */
static int copy_file(const char *path, const char *suffix, const char *folder, bool missing)
{
    char source[4096], target[128];
    if (snprintf(source, sizeof source, "%s%s", path, suffix) >= (int)sizeof source)
        return -ENAMETOOLONG;
    snprintf(target, sizeof target, "%s/" STORE "%s", folder, suffix);
    _cleanup_close_ int from = open(source, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return missing && errno == ENOENT ? 0 : -errno;
    struct stat st;
    if (fstat(from, &st) < 0 || !S_ISREG(st.st_mode))
        return -EINVAL;
    _cleanup_close_ int to = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return to < 0 ? -errno : copy_bytes(from, to);
}

/* The keys lie in the store's folder, in the keeper as in a copy of that folder. */
static void read_keys(struct audit_copy *self, const char *path)
{
    char name[4096];
    const char *slash = strrchr(path, '/');
    uint8_t bytes[AUDIT_KEYS_SIZE];
    if (snprintf(name, sizeof name, "%.*s" AUDIT_KEYS_FILE, slash ? (int)(slash - path) + 1 : 0, path) >=
        (int)sizeof name)
        return;
    _cleanup_close_ int fd = open(name, O_RDONLY | O_CLOEXEC);
    self->has_keys = fd >= 0 && read(fd, bytes, sizeof bytes) == sizeof bytes && audit_keys_unpack(&self->keys, bytes);
    explicit_bzero(bytes, sizeof bytes);
}

static bool has_heads(sqlite3 *db)
{
    sqlite3_stmt *statement = NULL;
    bool there = sqlite3_prepare_v2(db, "SELECT count(*) FROM audit_heads", -1, &statement, NULL) == SQLITE_OK &&
                 sqlite3_step(statement) == SQLITE_ROW;
    sqlite3_finalize(statement);
    return there;
}

static int open_copy(struct audit_copy *self)
{
    char name[128];
    snprintf(name, sizeof name, "%s/" STORE, self->folder);
    if (sqlite3_open_v2(name, &self->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return -EINVAL;
    sqlite3_db_config(self->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(self->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(self->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_exec(self->db, "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON", NULL, NULL, NULL);
    return has_heads(self->db) ? 0 : -EINVAL;
}

int audit_copy_open(struct audit_copy *self, const char *path, char *why, size_t size)
{
    *self = (struct audit_copy){.keys.fd = -1};
    const char *temp = getenv("TMPDIR");
    snprintf(self->folder, sizeof self->folder, "%.30s/lightsout-audit-XXXXXX", temp ? temp : "/tmp");
    int r = mkdtemp(self->folder) ? 0 : -errno;
    if (r < 0)
        self->folder[0] = '\0';
    if (r == 0)
        r = copy_file(path, "", self->folder, false);
    if (r == 0)
        r = copy_file(path, "-wal", self->folder, true);
    if (r == 0)
        r = open_copy(self);
    if (r == -EINVAL)
        snprintf(why, size, "%s: no store with a signed audit log (or its rows cannot be read).", path);
    else if (r < 0)
        snprintf(why, size, "%s: cannot be copied for reading: %s.", path, strerror(-r));
    if (r < 0)
        audit_copy_close(self);
    else
        read_keys(self, path);
    return r;
}

void audit_copy_close(struct audit_copy *self)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    sqlite3_close(self->db);
    for (unsigned i = 0; self->folder[0] && i < ARRAY_SIZE(suffixes); i++) {
        char name[128];
        snprintf(name, sizeof name, "%s/" STORE "%s", self->folder, suffixes[i]);
        unlink(name);
    }
    if (self->folder[0])
        rmdir(self->folder);
    explicit_bzero(self, sizeof *self);
}

/* A head that was being made when the copy was taken: the store says whether it was. */
static void settle(struct audit_keys *keys, const struct audit_check *check)
{
    if (keys->chain[AUDIT_HEAD].has_next && check->head_counter == keys->chain[AUDIT_HEAD].counter + 1)
        audit_keys_advance(keys, AUDIT_HEAD);
    if (keys->chain[AUDIT_MILESTONE].has_next && check->milestone_counter == keys->chain[AUDIT_MILESTONE].counter + 1)
        audit_keys_advance(keys, AUDIT_MILESTONE);
}

int audit_copy_check(struct audit_copy *self, struct audit_check *check, const struct audit_outside *outside)
{
    struct audit_rows rows;
    int r = audit_rows_open(&rows, self->db, NULL);
    while (r >= 0 && (r = audit_rows_next(&rows)) == 1) {
        audit_rows_feed(&rows, check);
        if (outside && !rows.bad)
            audit_outside_compare(outside, check, &rows.object);
    }
    audit_rows_close(&rows);
    if (r < 0)
        return r;
    if (outside)
        audit_outside_end(outside, check);
    struct audit_keys_held held;
    if (self->has_keys)
        settle(&self->keys, check);
    bool known = self->has_keys && audit_keys_held(&self->keys, &held) == 0;
    audit_check_end(check, known ? &held : NULL);
    return 0;
}
