/* What the audit log needs of step 2 of the store (store_schema.h). Lines from before have no MAC. */
#pragma once

#define STORE_STEP_2_AUDIT                                                                                             \
    "ALTER TABLE audit ADD COLUMN mac BLOB NOT NULL DEFAULT x'';" /* the first public key of each section of heads */  \
    "CREATE TABLE audit_roots (section INTEGER PRIMARY KEY, key BLOB NOT NULL);" /* auth/audit/head.h; id: the order   \
                                                                                    in which they were made */         \
    "CREATE TABLE audit_heads (id INTEGER PRIMARY KEY, level INTEGER NOT NULL, section INTEGER NOT NULL,"              \
    "  counter INTEGER NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL, time INTEGER NOT NULL,"                  \
    "  cut INTEGER NOT NULL, next BLOB NOT NULL, heads INTEGER NOT NULL, below BLOB NOT NULL,"                         \
    "  signature BLOB NOT NULL);"                                                                                      \
    "CREATE INDEX audit_milestones ON audit_heads (number) WHERE level = 1;"                                           \
    "CREATE TRIGGER audit_heads_keep BEFORE UPDATE ON audit_heads"                                                     \
    "  BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;"                                                        \
    "CREATE TRIGGER audit_heads_stay BEFORE DELETE ON audit_heads"                                                     \
    "  WHEN OLD.level <> 0 OR OLD.number > (SELECT number FROM audit_anchor)"                                          \
    "  BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;"                                                        \
    "CREATE TRIGGER audit_roots_keep BEFORE UPDATE ON audit_roots"                                                     \
    "  BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;"                                                        \
    "CREATE TRIGGER audit_roots_stay BEFORE DELETE ON audit_roots"                                                     \
    "  BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;"
