#include "auth/keeper/recovery.h"

#include <errno.h>

#include "auth/keeper/secret.h"

#define DIGITS 16
#define GROUP 4

int recovery_make(char ret[RECOVERY_CODE_SIZE])
{
    return secret_digits_make(DIGITS, GROUP, ret);
}

int recovery_drop(struct store *store, int64_t user_id)
{
    return store_run(store, "DELETE FROM recovery_codes WHERE user_id = ?", "i", user_id);
}

int recovery_put(struct store *store, int64_t user_id, const char (*codes)[RECOVERY_CODE_SIZE], unsigned n)
{
    uint8_t hash[32];
    int r = recovery_drop(store, user_id);
    for (unsigned i = 0; i < n && r >= 0; i++) {
        if (!secret_digits_hash(codes[i], DIGITS, hash))
            return -EINVAL;
        r = store_run(store, "INSERT INTO recovery_codes (user_id, hash) VALUES (?, ?)", "ib", user_id, hash,
                      sizeof hash);
    }
    return r;
}

/* The store looks a hash up by its bytes, in a time that tells of hashes alone. */
int recovery_use(struct store *store, int64_t user_id, const char *code, unsigned *ret_left)
{
    uint8_t hash[32];
    if (!secret_digits_hash(code, DIGITS, hash))
        return 0;
    int r =
        store_run(store, "DELETE FROM recovery_codes WHERE user_id = ? AND hash = ?", "ib", user_id, hash, sizeof hash);
    if (r < 0 || sqlite3_changes(store->db) == 0)
        return r;
    _cleanup_statement_ *statement = NULL;
    r = store_query(store, &statement, "SELECT count(*) FROM recovery_codes WHERE user_id = ?", "i", user_id);
    if (r >= 0)
        r = store_row(store, statement);
    if (r == 1)
        *ret_left = (unsigned)sqlite3_column_int(statement, 0);
    return r;
}
