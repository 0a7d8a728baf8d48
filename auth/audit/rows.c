#include "auth/audit/rows.h"

#include <errno.h>
#include <string.h>

#include "core/text.h"

/* ---- one row ---- */

static bool column_number(sqlite3_stmt *statement, int column, uint64_t *ret)
{
    int64_t value = sqlite3_column_int64(statement, column);
    *ret = (uint64_t)value;
    return sqlite3_column_type(statement, column) == SQLITE_INTEGER && value >= 0;
}

static bool column_time(sqlite3_stmt *statement, int column, int64_t *ret)
{
    *ret = sqlite3_column_int64(statement, column);
    return sqlite3_column_type(statement, column) == SQLITE_INTEGER;
}

static bool column_text(sqlite3_stmt *statement, int column, char *room, size_t size)
{
    if (sqlite3_column_type(statement, column) != SQLITE_TEXT)
        return false;
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text && strlen(text) == (size_t)sqlite3_column_bytes(statement, column) && text_copy(room, size, text);
}

static bool column_bytes(sqlite3_stmt *statement, int column, uint8_t *room, int size)
{
    if (sqlite3_column_type(statement, column) != SQLITE_BLOB || sqlite3_column_bytes(statement, column) != size)
        return false;
    memcpy(room, sqlite3_column_blob(statement, column), (size_t)size);
    return true;
}

bool audit_line_row(sqlite3_stmt *statement, struct audit_line *ret)
{
    struct audit_line line = {0};
    struct keeper_audit_text *text = &line.text;
    line.plain = sqlite3_column_type(statement, 6) == SQLITE_BLOB && sqlite3_column_bytes(statement, 6) == 0;
    bool good = column_number(statement, 0, &line.number) && column_time(statement, 1, &line.time) &&
                column_text(statement, 2, text->who, sizeof text->who) &&
                column_text(statement, 3, text->what, sizeof text->what) &&
                column_text(statement, 4, text->target, sizeof text->target) &&
                column_text(statement, 5, text->detail, sizeof text->detail) &&
                (line.plain || column_bytes(statement, 6, line.mac, sizeof line.mac)) &&
                column_bytes(statement, 7, line.hash, sizeof line.hash);
    *ret = line;
    return good;
}

bool audit_head_row(sqlite3_stmt *statement, struct audit_head *ret)
{
    struct audit_head head = {0};
    uint64_t level = 0;
    bool good =
        column_number(statement, 0, &level) && level <= AUDIT_MILESTONE && column_number(statement, 1, &head.section) &&
        column_number(statement, 2, &head.counter) && column_number(statement, 3, &head.line.number) &&
        column_bytes(statement, 4, head.line.hash, sizeof head.line.hash) && column_time(statement, 5, &head.time) &&
        column_number(statement, 6, &head.cut) && column_bytes(statement, 7, head.next, sizeof head.next) &&
        column_number(statement, 8, &head.heads) && column_bytes(statement, 9, head.below, sizeof head.below) &&
        column_bytes(statement, 10, head.signature, sizeof head.signature);
    head.level = (uint8_t)level;
    *ret = head;
    return good;
}

/* ---- all of them ---- */

static int error_of(int code)
{
    return code == SQLITE_NOMEM ? -ENOMEM : -EIO;
}

static int prepare(sqlite3 *db, const char *sql, int64_t after, sqlite3_stmt **ret)
{
    int code = sqlite3_prepare_v2(db, sql, -1, ret, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(*ret, 1, after);
    return code == SQLITE_OK ? 0 : error_of(code);
}

/* 1: on a row. */
static int step(sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    return code == SQLITE_ROW ? 1 : code == SQLITE_DONE ? 0 : error_of(code);
}

int audit_rows_open(struct audit_rows *self, sqlite3 *db, const struct audit_rows_from *resume)
{
    *self = (struct audit_rows){.db = db, .anchored = resume, .roots_over = resume};
    int r = prepare(db, "SELECT " AUDIT_LINE_COLUMNS " FROM audit WHERE number > ? ORDER BY number",
                    resume ? (int64_t)resume->line : INT64_MIN, &self->lines);
    if (r == 0)
        r = prepare(db, "SELECT " AUDIT_HEAD_COLUMNS ", id FROM audit_heads WHERE id > ? ORDER BY id",
                    resume ? resume->head : INT64_MIN, &self->heads);
    if (r == 0)
        r = prepare(db, "SELECT section, key FROM audit_roots WHERE section > ? ORDER BY section", INT64_MIN,
                    &self->roots);
    if (r < 0)
        audit_rows_close(self);
    return r;
}

void audit_rows_close(struct audit_rows *self)
{
    sqlite3_finalize(take(self->lines));
    sqlite3_finalize(take(self->heads));
    sqlite3_finalize(take(self->roots));
}

int audit_rows_anchor(sqlite3 *db, struct audit_link *ret)
{
    sqlite3_stmt *statement = NULL;
    int r = prepare(db, "SELECT number, hash FROM audit_anchor WHERE one >= ?", 0, &statement);
    if (r == 0)
        r = step(statement);
    if (r == 1)
        r = column_number(statement, 0, &ret->number) && column_bytes(statement, 1, ret->hash, sizeof ret->hash);
    sqlite3_finalize(statement);
    return r;
}

static int bad_row(struct audit_rows *self, const char *what, uint64_t row)
{
    self->bad = what;
    self->row = row;
    return 1;
}

static int next_anchor(struct audit_rows *self)
{
    self->anchored = true;
    int r = audit_rows_anchor(self->db, &self->object.anchor);
    return r == 0 ? bad_row(self, "what is said of removed lines,", 1) : r;
}

/* 1 when a row was read that is none of ours; 0 otherwise, also when there are no more. */
static int look_for_line(struct audit_rows *self)
{
    int r = step(self->lines);
    self->lines_over = r == 0;
    self->line_here = r == 1 && audit_line_row(self->lines, &self->object.line);
    return r == 1 && !self->line_here ? bad_row(self, "line", self->object.line.number) : MIN(r, 0);
}

static int look_for_head(struct audit_rows *self)
{
    int r = step(self->heads);
    self->heads_over = r == 0;
    self->head_id = r == 1 ? sqlite3_column_int64(self->heads, 11) : 0;
    self->head_here = r == 1 && audit_head_row(self->heads, &self->object.head);
    return r == 1 && !self->head_here ? bad_row(self, "head", self->object.head.counter) : MIN(r, 0);
}

/* The head that comes next may belong to a section that has not begun; and no root may be left in the end. 1: it begins
 * now. */
static int next_root(struct audit_rows *self)
{
    int r = step(self->roots);
    self->roots_over = r == 0;
    if (r != 1 || (column_number(self->roots, 0, &self->object.section) &&
                   column_bytes(self->roots, 1, self->object.root, sizeof self->object.root)))
        return r;
    self->roots_over = true;
    return bad_row(self, "the key of section", self->object.section);
}

int audit_rows_next(struct audit_rows *self)
{
    int r = 0;
    self->bad = NULL;
    self->object.item = AUDIT_ITEM_ANCHOR;
    if (!self->anchored)
        return next_anchor(self);
    if (!self->line_here && !self->lines_over)
        r = look_for_line(self);
    if (r == 0 && !self->head_here && !self->heads_over)
        r = look_for_head(self);
    if (r != 0)
        return r;
    self->object.item = AUDIT_ITEM_ROOT;
    bool rest = !self->head_here && !self->line_here;
    if (!self->roots_over && (rest || (self->head_here && self->object.section < self->object.head.section))) {
        r = next_root(self);
        if (r != 0)
            return r;
    }
    if (self->line_here && (!self->head_here || self->object.line.number <= self->object.head.line.number)) {
        self->line_here = false;
        self->object.item = AUDIT_ITEM_LINE;
        return 1;
    }
    self->object.item = AUDIT_ITEM_HEAD;
    r = self->head_here;
    self->head_here = false;
    return r;
}

void audit_rows_feed(const struct audit_rows *self, struct audit_check *check)
{
    if (!self->bad)
        audit_check_object(check, &self->object);
    else
        audit_check_found(check, strcmp(self->bad, "line") == 0 ? self->row : check->at.number + 1,
                          "%s %llu is not of a form that the keeper writes", self->bad, (unsigned long long)self->row);
}

int audit_rows_check(sqlite3 *db, struct audit_check *check, const struct audit_rows_from *resume)
{
    struct audit_rows rows;
    int r = audit_rows_open(&rows, db, resume);
    while (r >= 0 && (r = audit_rows_next(&rows)) == 1)
        audit_rows_feed(&rows, check);
    audit_rows_close(&rows);
    return r;
}
