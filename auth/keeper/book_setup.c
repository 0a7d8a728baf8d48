/* Set-up: the first user, and the secret that makes it. */
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "auth/keeper/book_internal.h"
#include "auth/keeper/devices.h"
#include "core/text.h"

#define WHY_SECRET "The set-up secret is wrong: the newest one counts, shown at start or by `lightsout setup-secret`."
#define WHY_DONE "Set-up was done already: log in."

static bool secret_is_right(struct book *self, const struct request *request)
{
    uint8_t given[32], kept[33];
    size_t size;
    return secret_hash(request->secret, given) &&
           store_meta_get(&self->store, SETUP_SECRET, kept, sizeof kept, &size) == 1 && size == sizeof given &&
           CRYPTO_memcmp(given, kept, sizeof given) == 0;
}

/* Asked before hashing and after: another set-up, or a new secret, may have come in between. */
static bool setup_allowed(struct book *self, struct request *request, struct instant now)
{
    if (!self->needs_setup) {
        request_answer(request, -EALREADY, 0, WHY_DONE);
        return false;
    }
    if (secret_is_right(self, request))
        return true;
    book_note(self, request, now, request->user, "setup-failed", "");
    request_answer(request, -EACCES, 0, WHY_SECRET);
    return false;
}

enum book_next setup_begin(struct book *self, struct request *request, struct instant now)
{
    door_of_peer(request);
    if (self->needs_setup && door_is_closed(self, request, now))
        return BOOK_ANSWER;
    if (!setup_allowed(self, request, now))
        return BOOK_ANSWER;
    door_forgive(self, request);
    const char *fault = user_name_fault(request->user);
    if (!fault)
        fault = password_fault(request->password, request->user);
    if (fault) {
        request_answer(request, -EINVAL, 0, fault);
        return BOOK_ANSWER;
    }
    request->setting[0] = 0;
    return BOOK_HASH;
}

/* A user who is there gets a new way in, and loses the old ones: after a recovery. */
static int put_first(struct book *self, struct user *user, struct instant now)
{
    struct user there;
    int r = self->recovering ? user_find(&self->store, user->name, &there) : 0;
    if (r < 0)
        return r;
    if (r == 0)
        return user_insert(&self->store, user, now.wall_s);
    if (there.origin != KEEPER_LOCAL)
        return -EEXIST;
    user->id = there.id;
    there.role = user->role;
    there.enabled = true;
    text_copy(there.hash, sizeof there.hash, user->hash);
    r = user_update(&self->store, &there, now.wall_s);
    if (r >= 0)
        r = factor_drop(&self->store, there.id);
    return r < 0 ? r : devices_forget(&self->store, there.id, NULL);
}

/* Whoever has the secret has tried enough. */
static void let_in(struct book *self, const struct user *user)
{
    char key[LOCKOUT_KEY_MAX];
    lockout_account_key(user->id, key);
    lockout_clear(&self->tries.accounts, key);
}

static int make_first(struct book *self, struct instant now, const char *name, const char *hash, const char *detail,
                      struct user *ret)
{
    struct user user = {.role = ROLE_ADMINISTRATOR, .enabled = true};
    text_copy(user.name, sizeof user.name, name);
    text_copy(user.hash, sizeof user.hash, hash);
    int r = change_begin(self);
    if (r < 0)
        return r;
    r = put_first(self, &user, now);
    if (r >= 0)
        r = store_meta_remove(&self->store, SETUP_SECRET);
    r = change_commit(self, now, r, user.name, "setup", user.name, self->recovering ? "after a recovery" : detail);
    if (r < 0)
        return r;
    self->needs_setup = self->recovering = false;
    *ret = user;
    return 0;
}

void setup_finish(struct book *self, struct request *request, struct instant now)
{
    if (!setup_allowed(self, request, now))
        return;
    struct user user;
    int r = make_first(self, now, request->user, request->hash, "", &user);
    if (r < 0) {
        request_answer(request, r == -EEXIST ? -EINVAL : r, 0,
                       r == -ENOSPC   ? WHY_FULL
                       : r == -EEXIST ? "This name belongs to somebody of the directory: take another."
                                      : NULL);
        return;
    }
    let_in(self, &user);
    admit(self, request, &user, AUTH_BROWSER, now);
}

int book_first_user(struct book *self, struct instant now, const char *user, const char *hash, const char **why)
{
    struct user made;
    *why = WHY_DONE;
    if (!self->needs_setup || self->recovering)
        return -EALREADY;
    *why = user_name_fault(user);
    if (!*why)
        *why = password_hash_fault(hash);
    if (*why)
        return -EINVAL;
    *why = WHY_FULL;
    return make_first(self, now, user, hash, "unattended", &made);
}

/* ---- the secret ---- */

int book_new_secret(struct book *self, struct instant now, char ret[SECRET_SIZE])
{
    if (!self->needs_setup || self->recovering)
        return -EALREADY;
    char secret[SECRET_SIZE];
    uint8_t hash[32];
    int r = secret_make(secret);
    if (r < 0)
        return r;
    if (!secret_hash(secret, hash))
        return -EIO;
    r = change_begin(self);
    if (r >= 0) {
        r = store_meta_put(&self->store, SETUP_SECRET, hash, sizeof hash);
        r = change_commit(self, now, r, "keeper", "setup-secret", "", "");
    }
    if (r >= 0)
        memcpy(ret, secret, sizeof secret);
    explicit_bzero(secret, sizeof secret);
    return r;
}

void new_secret_ask(struct book *self, struct request *request, struct instant now)
{
    char secret[SECRET_SIZE];
    int r = book_new_secret(self, now, secret);
    request_answer(request, r, 0, r == -EALREADY ? "Set-up was done already." : NULL);
    if (r < 0)
        return;
    ipc_write_string(&request->answer, secret);
    memcpy(request->new_secret, secret, sizeof secret);
    explicit_bzero(secret, sizeof secret);
}
