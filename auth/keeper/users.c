#include "auth/keeper/users.h"
#include "core/text.h"

#include <errno.h>
#include <string.h>

#define COLUMNS "SELECT id, name, role, enabled, hash, origin, certificate, totp IS NOT NULL, totp_step FROM users "

static bool column_copy(char *room, size_t size, sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text && text_copy(room, size, text);
}

int user_row(struct store *store, sqlite3_stmt *statement, struct user *ret)
{
    int r = store_row(store, statement);
    if (r != 1)
        return r;
    int role = sqlite3_column_int(statement, 2), origin = sqlite3_column_int(statement, 5);
    struct user user = {
        .id = sqlite3_column_int64(statement, 0),
        .role = (enum auth_role)role,
        .enabled = sqlite3_column_int(statement, 3),
        .origin = (enum keeper_origin)origin,
        .second_factor = sqlite3_column_int(statement, 7),
        .totp_step = sqlite3_column_int64(statement, 8),
    };
    if (!column_copy(user.name, sizeof user.name, statement, 1) ||
        !column_copy(user.hash, sizeof user.hash, statement, 4) ||
        !column_copy(user.certificate, sizeof user.certificate, statement, 6) || origin < KEEPER_LOCAL ||
        origin > KEEPER_FROM_DIRECTORY || role < (origin == KEEPER_LOCAL ? ROLE_READ_ONLY : ROLE_NONE) ||
        role > ROLE_CUSTOM)
        return -EIO; /* not written by us */
    *ret = user;
    return 1;
}

int user_find(struct store *store, const char *name, struct user *ret)
{
    _cleanup_statement_ *statement = NULL;
    int r = store_query(store, &statement, COLUMNS "WHERE name = ?", "t", name);
    return r < 0 ? r : user_row(store, statement, ret);
}

int user_find_id(struct store *store, int64_t id, struct user *ret)
{
    _cleanup_statement_ *statement = NULL;
    int r = store_query(store, &statement, COLUMNS "WHERE id = ?", "i", id);
    return r < 0 ? r : user_row(store, statement, ret);
}

int users_after(struct store *store, const char *name, sqlite3_stmt **ret)
{
    return store_query(store, ret, COLUMNS "WHERE name > ? ORDER BY name", "t", name);
}

int user_insert(struct store *store, struct user *user, int64_t wall_s)
{
    int r = store_run(store,
                      "INSERT INTO users (name, role, enabled, hash, changed, origin, certificate)"
                      " VALUES (?, ?, ?, ?, ?, ?, ?)",
                      "tiitiit", user->name, (int64_t)user->role, (int64_t)user->enabled, user->hash, wall_s,
                      (int64_t)user->origin, user->certificate);
    if (r == 0)
        user->id = sqlite3_last_insert_rowid(store->db);
    return r;
}

int user_update(struct store *store, const struct user *user, int64_t wall_s)
{
    return store_run(
        store, "UPDATE users SET role = ?, enabled = ?, hash = ?, changed = ?, certificate = ? WHERE id = ?", "iititi",
        (int64_t)user->role, (int64_t)user->enabled, user->hash, wall_s, user->certificate, user->id);
}

int user_remove(struct store *store, int64_t id)
{
    return store_run(store, "DELETE FROM users WHERE id = ?", "i", id);
}

static int count(struct store *store, sqlite3_stmt *statement, unsigned *ret)
{
    int r = store_row(store, statement);
    if (r == 1)
        *ret = (unsigned)sqlite3_column_int64(statement, 0);
    return r < 0 ? r : 0;
}

int users_count(struct store *store, unsigned *ret)
{
    _cleanup_statement_ *statement = NULL;
    int r = store_query(store, &statement, "SELECT count(*) FROM users", "");
    return r < 0 ? r : count(store, statement, ret);
}

int users_other_administrators(struct store *store, int64_t id, unsigned *ret)
{
    _cleanup_statement_ *statement = NULL;
    int r = store_query(store, &statement,
                        "SELECT count(*) FROM users WHERE enabled = 1 AND role = ? AND origin = ? AND id <> ?", "iii",
                        (int64_t)ROLE_ADMINISTRATOR, (int64_t)KEEPER_LOCAL, id);
    return r < 0 ? r : count(store, statement, ret);
}
