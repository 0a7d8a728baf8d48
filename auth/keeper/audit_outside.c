#include "auth/keeper/audit_outside.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fd_write.h"
#include "core/log.h"

/* ---- how far it has come ---- */

static int sink_load(struct audit_sink *self, struct store *store, const char *name, uint64_t place)
{
    uint8_t room[32];
    size_t size;
    *self = (struct audit_sink){.name = name, .place = place};
    int r = store_meta_get(store, name, room, sizeof room, &size);
    if (r != 1 || size != 24)
        return MIN(r, 0);
    struct wire_reader reader = wire_reader_init(room, size);
    uint64_t line = wire_read_le64(&reader), head = wire_read_le64(&reader);
    if (wire_read_le64(&reader) != place)
        return 0;
    self->line = self->saved_line = line;
    self->head = self->saved_head = (int64_t)head;
    return 0;
}

static int sink_save(struct audit_sink *self, struct store *store)
{
    if (!self->name || (self->line == self->saved_line && self->head == self->saved_head))
        return 0;
    uint8_t room[24];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_le64(&w, self->line);
    wire_write_le64(&w, (uint64_t)self->head);
    wire_write_le64(&w, self->place);
    int r = store_meta_put(store, self->name, room, sizeof room);
    if (r == 0) { /* should the transaction fail, the next change brings it */
        self->saved_line = self->line;
        self->saved_head = self->head;
    }
    return r;
}

int audit_outside_save(struct audit_outside_ways *self, struct store *store)
{
    int r = sink_save(&self->file, store);
    return r < 0 ? r : sink_save(&self->syslog, store);
}

int audit_outside_open(struct audit_outside_ways *self, struct store *store, const struct audit_settings *settings)
{
    struct stat st;
    int r = 0;
    const uint64_t before = self->file.place;
    const bool was_torn = self->torn;
    *self = (struct audit_outside_ways){.file_fd = settings->file_fd, .torn = true};
    if (self->file_fd >= 0 && fstat(self->file_fd, &st) == 0) {
        r = sink_load(&self->file, store, "audit-file", (uint64_t)st.st_ino ^ (uint64_t)st.st_dev << 40);
        self->torn = self->file.place == before ? was_torn : st.st_size > 0;
        if (st.st_size == 0)
            self->file.line = 0, self->file.head = 0;
    }
    if (r >= 0 && settings->syslog)
        r = sink_load(&self->syslog, store, "audit-syslog", 0);
    return r;
}

void audit_outside_close(struct audit_outside_ways *self)
{
    if (self->file_fd >= 0)
        close(self->file_fd);
    self->file_fd = -1;
}

/* ---- what comes next ---- */

int audit_sink_open(struct audit_sink_reader *self, struct audit_sink *sink, struct store *store)
{
    *self = (struct audit_sink_reader){.store = store, .line = sink->line, .head = sink->head};
    struct audit_link anchor = {0};
    int r = audit_rows_anchor(store->db, &anchor);
    if (r >= 0 && anchor.number > sink->line) {
        sink->lost += sink->line ? anchor.number - sink->line : 0;
        sink->line = self->line = anchor.number;
    }
    if (r >= 0)
        r = audit_rows_open(&self->rows, store->db, &(struct audit_rows_from){.line = sink->line, .head = sink->head});
    return MIN(r, 0);
}

/* The first milestone of a section is nothing without the section's key. */
static bool wants_root(const struct audit_sink_reader *self)
{
    const struct audit_object *object = &self->rows.object;
    return object->item == AUDIT_ITEM_HEAD && object->head.level == AUDIT_MILESTONE && object->head.counter == 0;
}

static int give_root(struct audit_sink_reader *self, struct audit_object *ret)
{
    _cleanup_statement_ *statement = NULL;
    uint64_t section = self->rows.object.head.section;
    int r =
        store_query(self->store, &statement, "SELECT key FROM audit_roots WHERE section = ?", "i", (int64_t)section);
    if (r == 0)
        r = store_row(self->store, statement);
    if (r != 1 || sqlite3_column_bytes(statement, 0) != AUDIT_KEY)
        return MIN(r, 0);
    *ret = (struct audit_object){.item = AUDIT_ITEM_ROOT, .section = section};
    memcpy(ret->root, sqlite3_column_blob(statement, 0), AUDIT_KEY);
    return 1;
}

static int give(struct audit_sink_reader *self, const struct audit_object *object, struct audit_object *ret)
{
    *ret = *object;
    if (object->item == AUDIT_ITEM_LINE)
        self->line = object->line.number;
    else
        self->head = self->rows.head_id;
    return 1;
}

int audit_sink_next(struct audit_sink_reader *self, struct audit_object *ret)
{
    if (self->has_kept) {
        self->has_kept = false;
        return give(self, &self->kept, ret);
    }
    int r = audit_rows_next(&self->rows);
    while (r == 1 && self->rows.bad) /* changed from outside: the check tells of it */
        r = audit_rows_next(&self->rows);
    if (r != 1)
        return r;
    if (wants_root(self)) {
        self->kept = self->rows.object;
        self->has_kept = true;
        r = give_root(self, ret);
        if (r != 0)
            return r;
        self->has_kept = false;
    }
    return give(self, &self->rows.object, ret);
}

void audit_sink_close(struct audit_sink_reader *self)
{
    audit_rows_close(&self->rows);
}

/* ---- the file ---- */

struct batch {
    char bytes[65536];
    size_t size;
};

/* What was written in part is written once more, on a line of its own. */
static int flush(struct audit_outside_ways *self, struct batch *batch, const struct audit_sink_reader *reader)
{
    int r = self->torn && batch->size ? fd_write_all(self->file_fd, "\n", 1) : 0;
    if (r == 0)
        r = fd_write_all(self->file_fd, batch->bytes, batch->size);
    self->torn = r < 0;
    if (r == 0) {
        self->file.line = reader->line;
        self->file.head = reader->head;
    }
    batch->size = 0;
    return r;
}

static int pump(struct audit_outside_ways *self, struct store *store)
{
    struct audit_sink_reader reader;
    struct audit_object object;
    static struct batch batch; /* the store's thread alone */
    batch.size = 0;
    int r = audit_sink_open(&reader, &self->file, store);
    while (r >= 0 && (r = audit_sink_next(&reader, &object)) == 1) {
        batch.size += audit_json_write(&object, batch.bytes + batch.size);
        batch.bytes[batch.size++] = '\n';
        if (sizeof batch.bytes - batch.size <= AUDIT_JSON_MAX && (r = flush(self, &batch, &reader)) < 0)
            break;
    }
    if (r >= 0)
        r = flush(self, &batch, &reader);
    audit_sink_close(&reader);
    return r;
}

void audit_outside_file(struct audit_outside_ways *self, struct store *store)
{
    if (self->file_fd < 0)
        return;
    int r = pump(self, store);
    if (r < 0 && !self->file_error)
        log_error("keeper", "the file of audit-file cannot be written (%s): lines wait in the store", strerror(-r));
    else if (r >= 0 && self->file_error)
        log_info("keeper", "the file of audit-file can be written again");
    self->file_error = MIN(r, 0);
}
