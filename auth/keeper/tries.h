/* All counters of tries, and their way into the store (table tries) and back: they outlive the keeper.
 *
 * Who could push whom out? Accounts have a table of their own with more room than there can be accounts, and so have
 * browsers: nobody makes a key there who has not logged in. Names that are no account, and addresses, can be made up;
 * they can push out each other only, and what they hold back is made up, or held back by its account as well. */
#pragma once

#include "auth/keeper/lockout.h"
#include "auth/keeper/sessions.h"

struct tries {
    struct lockout accounts, names, browsers, peers;
};

#define TRIES_ACCOUNT "u:"
#define TRIES_NAME "n:"
#define TRIES_BROWSER "d:"

attr_must_check int tries_init(struct tries *self);
void tries_finish(struct tries *self);

/* The table that a key belongs to. */
struct lockout *tries_table(struct tries *self, const char *key);

/* Times are those of sessions: the same clock, and what is from the future counts from now on. */
int tries_load(struct tries *self, struct store *store, const struct sessions *sessions, struct instant now);
bool tries_unsaved(const struct tries *self);
/* Inside a transaction; tries_written after it was committed. */
int tries_write(struct tries *self, struct store *store, const struct sessions *sessions, struct instant now);
void tries_written(struct tries *self);
