#include "auth/keeper/devices.h"

#include <errno.h>
#include <openssl/sha.h>
#include <string.h>

#include "auth/random.h"

#define AHEAD_S 86400 /* a clock that was set back makes nothing younger than this */

int device_known(struct store *store, const char *token, int64_t user_id, struct instant now, uint8_t ret_hash[32],
                 int64_t *ret_age_s)
{
    _cleanup_statement_ *statement = NULL;
    if (strlen(token) != AUTH_TOKEN_HEX)
        return 0;
    SHA256((const uint8_t *)token, AUTH_TOKEN_HEX, ret_hash);
    int r = store_query(store, &statement, "SELECT created FROM devices WHERE hash = ? AND user_id = ?", "bi", ret_hash,
                        (size_t)32, user_id);
    if (r == 0)
        r = store_row(store, statement);
    if (r != 1)
        return r;
    *ret_age_s = now.wall_s - sqlite3_column_int64(statement, 0);
    return *ret_age_s<DEVICE_LIFE_S && * ret_age_s> - AHEAD_S;
}

int device_make(struct store *store, int64_t user_id, struct instant now, char *ret_token)
{
    uint8_t bytes[AUTH_TOKEN_HEX / 2], hash[32];
    int r = random_bytes(bytes, sizeof bytes);
    if (r < 0)
        return r;
    hex_write(ret_token, bytes, sizeof bytes);
    explicit_bzero(bytes, sizeof bytes);
    SHA256((const uint8_t *)ret_token, AUTH_TOKEN_HEX, hash);
    r = store_run(store, "DELETE FROM devices WHERE created <= ? OR created > ?", "ii", now.wall_s - DEVICE_LIFE_S,
                  now.wall_s + AHEAD_S);
    if (r >= 0)
        r = store_run(store,
                      "DELETE FROM devices WHERE user_id = ? AND hash NOT IN"
                      " (SELECT hash FROM devices WHERE user_id = ? ORDER BY created DESC LIMIT ?)",
                      "iii", user_id, user_id, (int64_t)DEVICES_PER_USER - 1);
    if (r >= 0)
        r = store_run(store, "INSERT INTO devices (hash, user_id, created, used) VALUES (?, ?, ?, ?)", "biii", hash,
                      sizeof hash, user_id, now.wall_s, now.wall_s);
    return r;
}

int devices_forget(struct store *store, int64_t user_id, const uint8_t *but)
{
    static const uint8_t none[32];
    return store_run(store, "DELETE FROM devices WHERE user_id = ? AND hash <> ?", "ib", user_id, but ? but : none,
                     sizeof none);
}
