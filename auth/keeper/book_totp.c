/* The second factor: its secret sealed by the device key, codes taken once, recovery codes. */
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "auth/keeper/book_internal.h"
#include "auth/keeper/recovery.h"
#include "auth/keeper/totp.h"
#include "auth/random.h"
#include "core/text.h"

#define SEALED_SIZE (TOTP_SECRET_SIZE + DEVICE_SEAL_EXTRA)

static void bound_to(int64_t user_id, char ret[32])
{
    snprintf(ret, 32, "totp %lld", (long long)user_id);
}

/* The secret that counts, or the one that is pending. 1, 0: none, or an error: it is not sealed by our key. */
static int secret_load(struct book *self, const char *sql, int64_t user_id, uint8_t ret[TOTP_SECRET_SIZE])
{
    _cleanup_statement_ *statement = NULL;
    char bound[32];
    int r = store_query(&self->store, &statement, sql, "i", user_id);
    if (r >= 0)
        r = store_row(&self->store, statement);
    if (r != 1 || sqlite3_column_type(statement, 0) == SQLITE_NULL)
        return MIN(r, 0);
    if (sqlite3_column_bytes(statement, 0) != SEALED_SIZE)
        return -EIO;
    bound_to(user_id, bound);
    r = device_key_open(&self->device, bound, sqlite3_column_blob(statement, 0), SEALED_SIZE, ret);
    return r < 0 ? r : 1;
}

/* ---- at a login ---- */

static bool is_totp(const char *code)
{
    return strlen(code) == TOTP_DIGITS && strspn(code, "0123456789") == TOTP_DIGITS;
}

/* The step is on the disk before the code is good for anything: none is taken twice, whatever happens then. */
static int totp_take(struct book *self, const struct request *request, const struct user *user, struct instant now)
{
    uint8_t secret[TOTP_SECRET_SIZE];
    int64_t step = 0;
    int r = secret_load(self, "SELECT totp FROM users WHERE id = ?", user->id, secret);
    if (r != 1)
        return -EACCES; /* what cannot be opened opens nothing; a recovery code still does */
    bool right = totp_match(secret, request->code, now.wall_s, user->totp_step, &step);
    explicit_bzero(secret, sizeof secret);
    if (!right)
        return -EACCES;
    r = change_begin(self);
    if (r < 0)
        return r;
    r = store_run(&self->store, "UPDATE users SET totp_step = ? WHERE id = ?", "ii", step, user->id);
    return change_end(self, now, r);
}

static int recovery_take(struct book *self, const struct request *request, const struct user *user, struct instant now)
{
    unsigned left = 0;
    char detail[KEEPER_MAX_PEER + 40];
    int r = change_begin(self);
    if (r < 0)
        return r;
    int used = recovery_use(&self->store, user->id, request->code, &left);
    if (used != 1) {
        store_rollback(&self->store);
        return used < 0 ? used : -EACCES;
    }
    snprintf(detail, sizeof detail, "from %s, %u left", request->peer, left);
    return change_commit(self, now, 0, user->name, "recovery-code-used", user->name, detail);
}

int factor_check(struct book *self, const struct request *request, const struct user *user, struct instant now)
{
    if (!user->second_factor)
        return 0;
    if (!request->code[0])
        return -ENOKEY;
    return is_totp(request->code) ? totp_take(self, request, user, now) : recovery_take(self, request, user, now);
}

/* ---- having one ---- */

int factor_drop(struct store *store, int64_t user_id)
{
    int r = store_run(store, "UPDATE users SET totp = NULL, totp_pending = NULL WHERE id = ?", "i", user_id);
    return r < 0 ? r : recovery_drop(store, user_id);
}

static int pending_make(struct book *self, const struct user *user, struct instant now, uint8_t ret[TOTP_SECRET_SIZE])
{
    uint8_t sealed[SEALED_SIZE];
    char bound[32];
    bound_to(user->id, bound);
    int r = random_bytes(ret, TOTP_SECRET_SIZE);
    if (r >= 0)
        r = device_key_seal(&self->device, bound, ret, TOTP_SECRET_SIZE, sealed);
    if (r >= 0)
        r = change_begin(self);
    if (r < 0)
        return r;
    r = store_run(&self->store, "UPDATE users SET totp_pending = ? WHERE id = ?", "bi", sealed, sizeof sealed,
                  user->id);
    return change_end(self, now, r);
}

void totp_begin_ask(struct book *self, struct request *request, struct instant now)
{
    uint8_t secret[TOTP_SECRET_SIZE];
    char text[TOTP_SECRET_SIZE / 5 * 8 + 1], uri[KEEPER_MAX_URI];
    struct session *session;
    struct user user;
    if (!book_own(self, request, &session, &user))
        return;
    if (user.second_factor) {
        request_answer(request, -EEXIST, 0, "There is a second factor already: drop it first.");
        return;
    }
    int r = pending_make(self, &user, now, secret);
    if (r >= 0) {
        totp_base32(secret, sizeof secret, text);
        r = totp_uri(self->issuer, user.name, text, uri, sizeof uri) ? 0 : -EIO;
    }
    book_fault(request, r, NULL);
    if (r >= 0) {
        ipc_write_string(&request->answer, text);
        ipc_write_string(&request->answer, uri);
    }
    explicit_bzero(secret, sizeof secret);
    explicit_bzero(text, sizeof text);
    explicit_bzero(uri, sizeof uri);
}

/* The pending secret becomes the one that counts, and the code that proved it is spent. */
static int confirm(struct book *self, const struct user *user, int64_t step, char (*codes)[RECOVERY_CODE_SIZE],
                   struct instant now)
{
    int r = 0;
    for (unsigned i = 0; i < KEEPER_RECOVERY_CODES && r >= 0; i++)
        r = recovery_make(codes[i]);
    if (r >= 0)
        r = change_begin(self);
    if (r < 0)
        return r;
    r = store_run(&self->store, "UPDATE users SET totp = totp_pending, totp_pending = NULL, totp_step = ? WHERE id = ?",
                  "ii", step, user->id);
    if (r >= 0)
        r = recovery_put(&self->store, user->id, (const char(*)[RECOVERY_CODE_SIZE])codes, KEEPER_RECOVERY_CODES);
    return change_commit(self, now, r, user->name, "second-factor-made", user->name, "");
}

/* The newest step that was taken may be of a secret that is gone: it says nothing about this one. */
static int pending_match(struct book *self, const struct request *request, const struct user *user, struct instant now,
                         int64_t *ret_step)
{
    uint8_t secret[TOTP_SECRET_SIZE];
    int r = secret_load(self, "SELECT totp_pending FROM users WHERE id = ?", user->id, secret);
    if (r == 1 && !(is_totp(request->code) && totp_match(secret, request->code, now.wall_s, 0, ret_step)))
        r = -EACCES;
    explicit_bzero(secret, sizeof secret);
    return r == 0 ? -ENOENT : r;
}

void totp_confirm_ask(struct book *self, struct request *request, struct instant now)
{
    char codes[KEEPER_RECOVERY_CODES][RECOVERY_CODE_SIZE];
    struct session *session;
    struct user user;
    int64_t step = 0;
    if (!book_own(self, request, &session, &user))
        return;
    int r = pending_match(self, request, &user, now, &step);
    if (r < 0) {
        book_fault(request, r,
                   r == -EACCES   ? "The code is wrong: is the clock of the phone, and of this machine, right?"
                   : r == -ENOENT ? "There is no second factor to be confirmed: begin anew."
                                  : NULL);
        return;
    }
    r = confirm(self, &user, step, codes, now);
    book_fault(request, r, NULL);
    if (r >= 0) {
        wire_write_u8(&request->answer, KEEPER_RECOVERY_CODES);
        for (unsigned i = 0; i < KEEPER_RECOVERY_CODES; i++)
            ipc_write_string(&request->answer, codes[i]);
    }
    explicit_bzero(codes, sizeof codes);
}
