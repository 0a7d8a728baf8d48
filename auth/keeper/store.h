/* The keeper's SQLite store: one file, relative to the working directory. One thread at a time. Every change happens
 * between store_begin and store_commit; what fails there is rolled back whole, so that a full disk costs the change and
 * nothing else. Errors: -ENOSPC the disk is full, -EEXIST a name is taken, -ENOMEM, -EIO the rest. */
#pragma once

#include <sqlite3.h>
#include <stdint.h>

#include "core/attrs.h"

struct store {
    sqlite3 *db;
};

/* Opens or makes it, and checks it. On failure why (size bytes) says what and what to do. */
int store_open(struct store *self, const char *name, char *why, size_t size);
void store_close(struct store *self);

int store_begin(struct store *self);
int store_commit(struct store *self); /* rolls back when it fails */
void store_rollback(struct store *self);

/* Prepares with its parameters bound: i int64_t, t text, b bytes (pointer, size). Texts and bytes must live until the
 * statement is finished (sqlite3_finalize, or the cleanup below). */
int store_query(struct store *self, sqlite3_stmt **ret, const char *sql, const char *types, ...);
/* 1: a row is there; 0: no more; or an error. */
int store_row(struct store *self, sqlite3_stmt *statement);
/* Runs statements without parameters; rows are not looked at. */
int store_exec(struct store *self, const char *sql);
/* Prepares and runs what returns no rows. */
int store_run(struct store *self, const char *sql, const char *types, ...);

static inline void store_finalizep(sqlite3_stmt **statement)
{
    sqlite3_finalize(*statement);
}
#define _cleanup_statement_ attr_cleanup(store_finalizep) sqlite3_stmt

/* Single values by name. get: 1 when it is there (its size at most that of the room, and NUL behind it), 0 when not. */
int store_meta_get(struct store *self, const char *name, void *room, size_t size, size_t *ret_size);
int store_meta_put(struct store *self, const char *name, const void *bytes, size_t size);
int store_meta_remove(struct store *self, const char *name);
