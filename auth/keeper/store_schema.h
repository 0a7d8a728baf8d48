/* The tables of the store. A new version gets its steps in store.c. */
#pragma once

#define STORE_VERSION 1

static const char store_schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;"
    /* numbers are never used twice, so that a user's leftovers never become another's */
    "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE,"
    "  role INTEGER NOT NULL, enabled INTEGER NOT NULL, hash TEXT NOT NULL, changed INTEGER NOT NULL);"
    /* created and used: seconds since 1970 */
    "CREATE TABLE sessions (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,"
    "  token_hash BLOB NOT NULL UNIQUE, created INTEGER NOT NULL, used INTEGER NOT NULL);"
    "CREATE TABLE audit (number INTEGER PRIMARY KEY, time INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,"
    "  target TEXT NOT NULL, detail TEXT NOT NULL, hash BLOB NOT NULL);"
    /* the line before the oldest one kept: only lines up to it may ever be removed */
    "CREATE TABLE audit_anchor (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL, hash BLOB NOT NULL);"
    "INSERT INTO audit_anchor VALUES (1, 0, zeroblob(32));"
    "CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;"
    "CREATE TRIGGER audit_stays BEFORE DELETE ON audit"
    "  WHEN OLD.number > (SELECT number FROM audit_anchor) BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;"
    "PRAGMA user_version = 1;"
    "COMMIT";
