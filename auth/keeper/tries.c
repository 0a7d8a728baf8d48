#include "auth/keeper/tries.h"

#include <string.h>

#include "auth/keeper/devices.h"

#define ACCOUNTS (2 * KEEPER_MAX_USERS)
#define NAMES 1024
#define BROWSERS (KEEPER_MAX_USERS * DEVICES_PER_USER)
#define PEERS 2048
#define TABLES 4

static struct lockout *table(struct tries *self, unsigned i)
{
    struct lockout *const tables[TABLES] = {&self->accounts, &self->names, &self->browsers, &self->peers};
    return tables[i];
}

int tries_init(struct tries *self)
{
    static const unsigned rooms[TABLES] = {ACCOUNTS, NAMES, BROWSERS, PEERS};
    int r = 0;
    for (unsigned i = 0; i < TABLES && r == 0; i++)
        r = lockout_init(table(self, i), rooms[i]);
    return r;
}

void tries_finish(struct tries *self)
{
    for (unsigned i = 0; i < TABLES; i++)
        lockout_finish(table(self, i));
}

struct lockout *tries_table(struct tries *self, const char *key)
{
    if (strncmp(key, TRIES_ACCOUNT, 2) == 0)
        return &self->accounts;
    if (strncmp(key, TRIES_NAME, 2) == 0)
        return &self->names;
    return strncmp(key, TRIES_BROWSER, 2) == 0 ? &self->browsers : &self->peers;
}

int tries_load(struct tries *self, struct store *store, const struct sessions *sessions, struct instant now)
{
    _cleanup_statement_ *statement = NULL;
    int64_t now_s = sessions_time(sessions, now.us), window_s = LOCKOUT_WINDOW_US / 1000000;
    int r = store_query(store, &statement, "SELECT key, time FROM tries WHERE time > ? ORDER BY time", "i",
                        now_s - window_s);
    while (r >= 0 && (r = store_row(store, statement)) == 1) {
        const char *key = (const char *)sqlite3_column_text(statement, 0);
        int64_t ago_s = MAX(now_s - sqlite3_column_int64(statement, 1), 0);
        if (key && key[0] && strlen(key) < LOCKOUT_KEY_MAX && ago_s < window_s)
            lockout_restore(tries_table(self, key), key, now.us - ago_s * 1000000, now.us);
    }
    return r;
}

static bool table_unsaved(const struct lockout *lockout)
{
    bool unsaved = lockout->n_gone > 0 || lockout->sweep;
    for (unsigned i = 0; i < lockout->room && !unsaved; i++)
        unsaved = lockout->entries[i].changed;
    return unsaved;
}

bool tries_unsaved(const struct tries *self)
{
    return table_unsaved(&self->accounts) || table_unsaved(&self->names) || table_unsaved(&self->browsers) ||
           table_unsaved(&self->peers);
}

static int forget(struct store *store, const char *key)
{
    return store_run(store, "DELETE FROM tries WHERE key = ?", "t", key);
}

static int write_entry(struct store *store, const struct sessions *sessions, const struct lockout_entry *entry,
                       struct instant now)
{
    int r = entry->stored ? forget(store, entry->key) : 0;
    for (unsigned i = 0; i < entry->n && r >= 0; i++)
        if (entry->tries_us[i] + LOCKOUT_WINDOW_US > now.us)
            r = store_run(store, "INSERT INTO tries (key, time) VALUES (?, ?)", "ti", entry->key,
                          sessions_time(sessions, entry->tries_us[i]));
    return r;
}

static int write_table(struct lockout *lockout, struct store *store, const struct sessions *sessions, bool all,
                       struct instant now)
{
    int r = 0;
    for (unsigned i = 0; i < lockout->n_gone && r >= 0; i++)
        r = forget(store, lockout->gone[i]);
    for (unsigned i = 0; i < lockout->room && r >= 0; i++)
        if (lockout->entries[i].changed || (all && lockout->entries[i].key[0]))
            r = write_entry(store, sessions, &lockout->entries[i], now);
    return r;
}

int tries_write(struct tries *self, struct store *store, const struct sessions *sessions, struct instant now)
{
    if (!tries_unsaved(self))
        return 0;
    bool all = self->accounts.sweep || self->names.sweep || self->browsers.sweep || self->peers.sweep;
    int64_t old_s = sessions_time(sessions, now.us - LOCKOUT_WINDOW_US);
    int r = all ? store_run(store, "DELETE FROM tries", "")
                : store_run(store, "DELETE FROM tries WHERE time <= ?", "i", old_s);
    for (unsigned i = 0; i < TABLES && r >= 0; i++)
        r = write_table(table(self, i), store, sessions, all, now);
    return r;
}

void tries_written(struct tries *self)
{
    for (unsigned t = 0; t < TABLES; t++) {
        struct lockout *lockout = table(self, t);
        lockout->n_gone = 0;
        lockout->sweep = false;
        for (unsigned i = 0; i < lockout->room; i++) {
            struct lockout_entry *entry = &lockout->entries[i];
            if (!entry->changed)
                continue;
            entry->changed = false;
            entry->stored = entry->n > 0;
            if (entry->n == 0)
                memset(entry, 0, sizeof *entry);
        }
    }
}
