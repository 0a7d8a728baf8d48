/* The tables of the store, as the steps from each version to the next: a new store takes all of them, an older one
 * those it lacks. A step that was released is never changed. */
#pragma once

#include "auth/keeper/audit_schema.h"

#define STORE_VERSION 2

static const char store_step_1[] =
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
    "  WHEN OLD.number > (SELECT number FROM audit_anchor) BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;";

/* Identity: times are seconds since 1970, secrets are sealed by the device key, tokens and codes are SHA-256 alone. */
static const char store_step_2[] =
    /* origin: enum keeper_origin; dn: as the directory names it; certificate: what opens the account by TLS */
    "ALTER TABLE users ADD COLUMN origin INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE users ADD COLUMN dn TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE users ADD COLUMN certificate TEXT NOT NULL DEFAULT '';"
    /* totp: confirmed; totp_pending: shown, not confirmed yet; totp_step: of the newest code that was taken */
    "ALTER TABLE users ADD COLUMN totp BLOB;"
    "ALTER TABLE users ADD COLUMN totp_pending BLOB;"
    "ALTER TABLE users ADD COLUMN totp_step INTEGER NOT NULL DEFAULT 0;"
    "CREATE UNIQUE INDEX users_certificate ON users (certificate) WHERE certificate <> '';"
    "CREATE TABLE recovery_codes (user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE, hash BLOB NOT NULL,"
    "  PRIMARY KEY (user_id, hash)) WITHOUT ROWID;"
    "CREATE TABLE user_grants (user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE, target TEXT NOT NULL,"
    "  rights INTEGER NOT NULL, PRIMARY KEY (user_id, target)) WITHOUT ROWID;"
    "CREATE TABLE tokens (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE, name TEXT NOT NULL, hash BLOB NOT NULL UNIQUE,"
    "  created INTEGER NOT NULL, expires INTEGER NOT NULL, used INTEGER NOT NULL, scoped INTEGER NOT NULL,"
    "  UNIQUE (user_id, name));"
    "CREATE TABLE token_grants (token_id INTEGER NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,"
    "  target TEXT NOT NULL, rights INTEGER NOT NULL, PRIMARY KEY (token_id, target)) WITHOUT ROWID;"
    "CREATE TABLE devices (hash BLOB PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,"
    "  created INTEGER NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;"
    /* tries at passwords and codes that still count: they outlive the keeper */
    "CREATE TABLE tries (key TEXT NOT NULL, time INTEGER NOT NULL);"
    "CREATE INDEX tries_key ON tries (key, time);"
    "ALTER TABLE sessions ADD COLUMN kind INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE sessions ADD COLUMN peer TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT '';" STORE_STEP_2_AUDIT;

static const char *const store_steps[STORE_VERSION] = {store_step_1, store_step_2};
