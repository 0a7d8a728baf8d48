/* Sessions that exist already, and the set-up secret. */
#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

#include "auth/keeper/book_internal.h"

static uint64_t left_ms(const struct session *session, struct instant now)
{
    return (uint64_t)MAX(session_expires_us(session) - now.us, 0) / 1000;
}

void session_answer(struct request *request, const struct session *session, struct instant now, const char *token)
{
    request_answer(request, 0, 0, NULL);
    wire_write_le64(&request->answer, session->id);
    ipc_write_string(&request->answer, session->user);
    wire_write_u8(&request->answer, (uint8_t)session->role);
    wire_write_le64(&request->answer, left_ms(session, now));
    ipc_write_string(&request->answer, token);
}

void session_ask(struct book *self, struct request *request, struct instant now)
{
    struct session *session = sessions_find(&self->sessions, request->token);
    if (!session) {
        request_answer(request, -EACCES, 0, "The session has ended: log in again.");
        return;
    }
    session->used_us = now.us;
    session_answer(request, session, now, "");
}

void touch_ask(struct book *self, struct request *request, struct instant now)
{
    struct session *session = sessions_find_id(&self->sessions, request->id, request->token_hash);
    if (!session) {
        request_answer(request, -EACCES, 0, NULL);
        return;
    }
    if (request->used)
        session->used_us = now.us;
    request_answer(request, 0, 0, NULL);
    wire_write_le64(&request->answer, left_ms(session, now));
}

void logout_ask(struct book *self, struct request *request, struct instant now)
{
    struct session *session = sessions_find_id(&self->sessions, request->id, request->token_hash);
    if (!session) {
        request_answer(request, -EACCES, 0, NULL);
        return;
    }
    audit_add(&self->audit, now.wall_s, session->user, "logout", "", "");
    sessions_end(&self->sessions, session);
    book_save(self, now);
    request_answer(request, 0, 0, NULL);
}

int book_new_secret(struct book *self, struct instant now, char ret[SECRET_SIZE])
{
    if (!self->needs_setup)
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
        r = store_meta_put(&self->store, "setup-secret", hash, sizeof hash);
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
