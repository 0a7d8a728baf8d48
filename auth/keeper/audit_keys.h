/* The keys of the audit log, in the file `audit.key` and nowhere else: the store, its journal, saved copies and backups
 * never hold them. The file is one sector, written in place: what was erased is not kept in another block where the
 * file system writes in place (docs/audit.md says where it does not).
 *
 * A change of keys is durable before the store says that it happened: until then the file holds the old key and the new
 * one (`next`), and which of them counts is what the store says. The MAC key may lag behind the store, never lead: it
 * is ratcheted up to the newest line at the next start. */
#pragma once

#include "auth/audit/keys.h"

/* 1: read; 0: there are none, or what there is makes no sense: new ones are needed; or -errno. */
int audit_keys_open(struct audit_keys *self);
void audit_keys_close(struct audit_keys *self); /* wipes */

/* New ones for a new section, in memory. */
int audit_keys_make(struct audit_keys *self, uint64_t section, uint64_t next_line);

/* Makes the seed that comes after the one of this chain. Durable with audit_keys_write(self, true). When the store has
 * what the old one signed: audit_keys_advance, which erases it. */
int audit_keys_prepare(struct audit_keys *self, enum audit_level level);
void audit_keys_drop_next(struct audit_keys *self); /* it did not happen */

/* Writes the file; durable: waits for the disk. */
int audit_keys_write(struct audit_keys *self, bool durable);
