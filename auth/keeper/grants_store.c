#include "auth/keeper/grants_store.h"

#include <errno.h>

static int load(struct store *store, const char *sql, int64_t id, struct grants *ret)
{
    _cleanup_statement_ *statement = NULL;
    ret->n = 0;
    int r = store_query(store, &statement, sql, "i", id);
    while (r >= 0 && (r = store_row(store, statement)) == 1) {
        const char *target = (const char *)sqlite3_column_text(statement, 0);
        if (!target || !grants_add(ret, target, (uint32_t)sqlite3_column_int64(statement, 1)))
            return -EIO; /* not written by us */
    }
    return r;
}

static int insert(struct store *store, const char *sql, int64_t id, const struct grants *grants)
{
    int r = 0;
    for (unsigned i = 0; i < grants->n && r >= 0; i++)
        r = store_run(store, sql, "iti", id, grants->list[i].target, (int64_t)grants->list[i].rights);
    return r;
}

int user_grants(struct store *store, const struct user *user, struct grants *ret)
{
    if (user->role == ROLE_CUSTOM)
        return load(store, "SELECT target, rights FROM user_grants WHERE user_id = ? ORDER BY target", user->id, ret);
    grants_of_role(ret, user->role);
    return 0;
}

int user_grants_put(struct store *store, int64_t user_id, const struct grants *grants)
{
    int r = store_run(store, "DELETE FROM user_grants WHERE user_id = ?", "i", user_id);
    if (r < 0 || !grants)
        return r;
    return insert(store, "INSERT INTO user_grants (user_id, target, rights) VALUES (?, ?, ?)", user_id, grants);
}

int token_grants(struct store *store, int64_t token_id, struct grants *ret)
{
    return load(store, "SELECT target, rights FROM token_grants WHERE token_id = ? ORDER BY target", token_id, ret);
}

int token_grants_put(struct store *store, int64_t token_id, const struct grants *grants)
{
    return insert(store, "INSERT INTO token_grants (token_id, target, rights) VALUES (?, ?, ?)", token_id, grants);
}
