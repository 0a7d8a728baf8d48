/* Set-up and login: the two ways to a session. */
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "auth/keeper/book_internal.h"
#include "core/text.h"

#define REFUSALS_EVERY_US (10 * 1000000ll) /* the audit log is not to be flooded by those who are locked out */

#define WHY_WRONG "The user name or password is wrong."
#define WHY_SECRET "The set-up secret is wrong: the newest one counts, shown at start or by `lightsout setup-secret`."
#define WHY_DONE "Set-up was done already: log in."
#define WHY_FULL "The store cannot be written: make room on the disk that holds the state folder."

static void note(struct book *self, struct request *request, struct instant now, const char *what)
{
    char detail[KEEPER_MAX_PEER + 8];
    snprintf(detail, sizeof detail, "from %s", request->peer);
    audit_add(&self->audit, now.wall_s, request->user, what, "", detail);
}

static bool refuse(struct book *self, struct request *request, struct instant now, unsigned wait_s)
{
    if (!wait_s)
        return false;
    if (now.us - REFUSALS_EVERY_US >= self->refusal_us) {
        self->refusal_us = now.us;
        note(self, request, now, "locked-out");
    }
    request_answer(request, -EAGAIN, wait_s, "Too many tries: wait, then try again.");
    return true;
}

static unsigned peer_wait_s(struct book *self, const struct request *request, struct instant now)
{
    char key[LOCKOUT_KEY_MAX];
    return lockout_peer_key(request->peer, key) ? lockout_wait_s(&self->peers, key, (uint64_t)now.us) : 0;
}

static void peer_count(struct book *self, const struct request *request, struct instant now)
{
    char key[LOCKOUT_KEY_MAX];
    if (lockout_peer_key(request->peer, key))
        lockout_count(&self->peers, key, (uint64_t)now.us);
}

static void peer_forgive(struct book *self, const struct request *request)
{
    char key[LOCKOUT_KEY_MAX];
    if (lockout_peer_key(request->peer, key))
        lockout_forgive(&self->peers, key);
}

/* The session that a good password earns. It holds even when the store cannot take it down now: somebody has to be able
 * to log in and make room. */
static void admit(struct book *self, struct request *request, const struct user *user, struct instant now)
{
    char token[AUTH_TOKEN_HEX + 1];
    struct session *session;
    int r = sessions_add(&self->sessions, user, now, token, &session);
    if (r < 0) {
        request_answer(request, r, 0, NULL);
        return;
    }
    session_answer(request, session, now, token);
    explicit_bzero(token, sizeof token);
    book_save(self, now);
}

/* ---- set-up ---- */

static bool secret_is_right(struct book *self, const struct request *request)
{
    uint8_t given[32], kept[33];
    size_t size;
    return secret_hash(request->secret, given) &&
           store_meta_get(&self->store, "setup-secret", kept, sizeof kept, &size) == 1 && size == sizeof given &&
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
    note(self, request, now, "setup-failed");
    request_answer(request, -EACCES, 0, WHY_SECRET);
    return false;
}

enum book_next setup_begin(struct book *self, struct request *request, struct instant now)
{
    if (self->needs_setup && refuse(self, request, now, peer_wait_s(self, request, now)))
        return BOOK_ANSWER;
    peer_count(self, request, now);
    if (!setup_allowed(self, request, now))
        return BOOK_ANSWER;
    peer_forgive(self, request);
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

static int make_first(struct book *self, struct instant now, const char *name, const char *hash, const char *detail,
                      struct user *ret)
{
    struct user user = {.role = ROLE_ADMINISTRATOR, .enabled = true};
    text_copy(user.name, sizeof user.name, name);
    text_copy(user.hash, sizeof user.hash, hash);
    int r = change_begin(self);
    if (r < 0)
        return r;
    r = user_insert(&self->store, &user, now.wall_s);
    if (r >= 0)
        r = store_meta_remove(&self->store, "setup-secret");
    r = change_commit(self, now, r, user.name, "setup", user.name, detail);
    if (r < 0)
        return r;
    self->needs_setup = false;
    *ret = user;
    return 0;
}

void setup_finish(struct book *self, struct request *request, struct instant now)
{
    if (!setup_allowed(self, request, now))
        return;
    struct user user;
    int r = make_first(self, now, request->user, request->hash, "", &user);
    if (r < 0)
        request_answer(request, r, 0, r == -ENOSPC ? WHY_FULL : NULL);
    else
        admit(self, request, &user, now);
}

int book_first_user(struct book *self, struct instant now, const char *user, const char *hash, const char **why)
{
    struct user made;
    *why = WHY_DONE;
    if (!self->needs_setup)
        return -EALREADY;
    *why = user_name_fault(user);
    if (!*why)
        *why = password_hash_fault(hash);
    if (*why)
        return -EINVAL;
    *why = WHY_FULL;
    return make_first(self, now, user, hash, "unattended", &made);
}

/* ---- login ---- */

enum book_next login_begin(struct book *self, struct request *request, struct instant now)
{
    char key[LOCKOUT_KEY_MAX];
    lockout_user_key(request->user, key);
    unsigned user_wait = lockout_wait_s(&self->users, key, (uint64_t)now.us);
    unsigned peer_wait = peer_wait_s(self, request, now);
    if (refuse(self, request, now, MAX(user_wait, peer_wait)))
        return BOOK_ANSWER;
    lockout_count(&self->users, key, (uint64_t)now.us);
    peer_count(self, request, now);
    int r = user_find(&self->store, request->user, &request->account);
    if (r < 0) {
        request_answer(request, r, 0, NULL);
        return BOOK_ANSWER;
    }
    /* who does not exist takes as long as who does */
    text_copy(request->setting, sizeof request->setting, r == 1 ? request->account.hash : self->nobody);
    return BOOK_HASH;
}

/* The account as it is now, if the password was its. */
static bool password_was_right(struct book *self, const struct request *request, struct user *ret)
{
    struct user user;
    if (!request->account.id || user_find_id(&self->store, request->account.id, &user) != 1 || !user.enabled ||
        !password_hash_equal(user.hash, request->hash))
        return false;
    *ret = user;
    return true;
}

void login_finish(struct book *self, struct request *request, struct instant now)
{
    struct user user;
    if (!password_was_right(self, request, &user)) {
        note(self, request, now, "login-failed");
        request_answer(request, -EACCES, 0, WHY_WRONG);
        return;
    }
    char key[LOCKOUT_KEY_MAX];
    lockout_user_key(request->user, key);
    lockout_clear(&self->users, key);
    peer_forgive(self, request);
    struct session *old = request->token[0] ? sessions_find(&self->sessions, request->token) : NULL;
    if (old)
        sessions_end(&self->sessions, old);
    note(self, request, now, "login");
    admit(self, request, &user, now);
}
