#include "auth/keeper/audit.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

struct link {
    uint64_t number;
    uint8_t hash[32];
};

static void copy_cut(char *room, size_t size, const char *text)
{
    size_t n = strnlen(text, size);
    if (n == size) /* at a whole character */
        for (n = size - 1; n && ((uint8_t)text[n] & 0xc0) == 0x80;)
            n--;
    memcpy(room, text, n);
    room[n] = 0;
}

void audit_add(struct audit *self, int64_t wall_s, const char *who, const char *what, const char *target,
               const char *detail)
{
    if (self->n == AUDIT_WAITING) {
        self->lost++;
        return;
    }
    struct audit_waiting *line = &self->waiting[self->n++];
    line->time = wall_s;
    copy_cut(line->text.who, sizeof line->text.who, who);
    copy_cut(line->text.what, sizeof line->text.what, what);
    copy_cut(line->text.target, sizeof line->text.target, target);
    copy_cut(line->text.detail, sizeof line->text.detail, detail);
}

/* SHA-256 over: hash before, le64 number, le64 time, and each text with its length in front. */
static int chain(const struct link *before, uint64_t number, int64_t time, const struct keeper_audit_text *text,
                 uint8_t ret[32])
{
    uint8_t room[32 + 16 + sizeof *text + 8];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_bytes(&w, before->hash, sizeof before->hash);
    wire_write_le64(&w, number);
    wire_write_le64(&w, (uint64_t)time);
    ipc_write_string(&w, text->who);
    ipc_write_string(&w, text->what);
    ipc_write_string(&w, text->target);
    ipc_write_string(&w, text->detail);
    return EVP_Digest(room, wire_written(&w), ret, NULL, EVP_sha256(), NULL) == 1 ? 0 : -ENOMEM;
}

static int read_link(struct store *store, const char *sql, struct link *ret)
{
    _cleanup_statement_ *statement = NULL;
    int r = store_query(store, &statement, sql, "");
    if (r == 0)
        r = store_row(store, statement);
    if (r != 1)
        return r;
    if (sqlite3_column_bytes(statement, 1) != sizeof ret->hash)
        return -EIO;
    ret->number = (uint64_t)sqlite3_column_int64(statement, 0);
    memcpy(ret->hash, sqlite3_column_blob(statement, 1), sizeof ret->hash);
    return 1;
}

static int read_anchor(struct store *store, struct link *ret)
{
    int r = read_link(store, "SELECT number, hash FROM audit_anchor", ret);
    return r == 0 ? -EIO : r;
}

static int read_newest(struct store *store, struct link *ret)
{
    int r = read_link(store, "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1", ret);
    return r == 0 ? read_anchor(store, ret) : r;
}

static int append(struct store *store, struct link *newest, const struct audit_waiting *line)
{
    struct link next = {.number = newest->number + 1};
    const struct keeper_audit_text *text = &line->text;
    int r = chain(newest, next.number, line->time, text, next.hash);
    if (r == 0)
        r = store_run(store, "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)", "iittttb", (int64_t)next.number,
                      line->time, text->who, text->what, text->target, text->detail, next.hash, sizeof next.hash);
    if (r == 0)
        *newest = next;
    return r;
}

/* Removes a tenth when there are too many: the anchor moves first, and with it what the trigger lets go. */
static int prune(struct store *store, const struct link *newest)
{
    struct link anchor = {0};
    int r = read_anchor(store, &anchor);
    if (r < 0)
        return r;
    if (newest->number - anchor.number <= AUDIT_ROWS)
        return 0;
    int64_t last = (int64_t)(newest->number - AUDIT_ROWS + AUDIT_ROWS / 10);
    r = store_run(store,
                  "UPDATE audit_anchor SET (number, hash) = (SELECT number, hash FROM audit WHERE number = ?1)"
                  " WHERE EXISTS (SELECT 1 FROM audit WHERE number = ?1)",
                  "i", last);
    if (r == 0)
        r = store_run(store, "DELETE FROM audit WHERE number <= (SELECT number FROM audit_anchor)", "");
    return r;
}

int audit_write(struct audit *self, struct store *store, int64_t wall_s)
{
    if (self->n == 0)
        return 0;
    struct link newest = {0};
    int r = read_newest(store, &newest);
    for (unsigned i = 0; i < self->n && r >= 0; i++)
        r = append(store, &newest, &self->waiting[i]);
    if (r >= 0 && self->lost) {
        struct audit_waiting line = {.time = wall_s, .text = {.who = "keeper", .what = "audit-lost"}};
        snprintf(line.text.detail, sizeof line.text.detail, "%u lines had no room to wait for the disk", self->lost);
        r = append(store, &newest, &line);
    }
    return r < 0 ? r : prune(store, &newest);
}

void audit_written(struct audit *self)
{
    self->n = 0;
    self->lost = 0;
}

int audit_before(struct store *store, uint64_t before, sqlite3_stmt **ret)
{
    int64_t below = before && before <= INT64_MAX ? (int64_t)before : INT64_MAX;
    return store_query(store, ret,
                       "SELECT number, time, who, what, target, detail, hash FROM audit WHERE number < ?"
                       " ORDER BY number DESC",
                       "i", below);
}

static void column_text(sqlite3_stmt *statement, int column, char *room, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    copy_cut(room, size, text ? text : "");
}

int audit_row(struct store *store, sqlite3_stmt *statement, struct audit_line *ret)
{
    int r = store_row(store, statement);
    if (r != 1)
        return r;
    *ret = (struct audit_line){
        .number = (uint64_t)sqlite3_column_int64(statement, 0),
        .time = sqlite3_column_int64(statement, 1),
    };
    column_text(statement, 2, ret->text.who, sizeof ret->text.who);
    column_text(statement, 3, ret->text.what, sizeof ret->text.what);
    column_text(statement, 4, ret->text.target, sizeof ret->text.target);
    column_text(statement, 5, ret->text.detail, sizeof ret->text.detail);
    if (sqlite3_column_bytes(statement, 6) == sizeof ret->hash)
        memcpy(ret->hash, sqlite3_column_blob(statement, 6), sizeof ret->hash);
    return 1;
}

int audit_verify(struct store *store, uint64_t *ret_number)
{
    struct link at = {0};
    _cleanup_statement_ *statement = NULL;
    int r = read_anchor(store, &at);
    if (r >= 0)
        r = store_query(store, &statement,
                        "SELECT number, time, who, what, target, detail, hash FROM audit ORDER BY number", "");
    if (r < 0)
        return r;
    struct audit_line line;
    while ((r = audit_row(store, statement, &line)) == 1) {
        uint8_t hash[32];
        r = chain(&at, line.number, line.time, &line.text, hash);
        if (r < 0)
            return r;
        if (line.number != at.number + 1 || memcmp(hash, line.hash, sizeof hash) != 0) {
            *ret_number = line.number;
            return 1;
        }
        at.number = line.number;
        memcpy(at.hash, hash, sizeof hash);
    }
    return r;
}
