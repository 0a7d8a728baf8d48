/* Sessions that exist already. */
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "auth/keeper/book_internal.h"
#include "auth/keeper/grants_store.h"

static uint64_t left_ms(const struct session *session, struct instant now)
{
    return (uint64_t)MAX(session_expires_us(session) - now.us, 0) / 1000;
}

/* What its user is and may now. 0, -EACCES, or the store's error. */
static int rights_of(struct book *self, const struct session *session, struct user *ret_user, struct grants *ret)
{
    int r = user_find_id(&self->store, session->user_id, ret_user);
    if (r < 0)
        return r;
    if (r == 0 || !ret_user->enabled || ret_user->role == ROLE_NONE)
        return -EACCES;
    return user_grants(&self->store, ret_user, ret);
}

void session_answer(struct book *self, struct request *request, const struct session *session, struct instant now,
                    const char *token, const char *browser)
{
    struct grants grants;
    struct user user;
    int r = rights_of(self, session, &user, &grants);
    request_answer(request, r, 0, r == -EACCES ? WHY_ENDED : NULL);
    if (r < 0)
        return;
    wire_write_le64(&request->answer, session->id);
    ipc_write_string(&request->answer, session->user);
    wire_write_u8(&request->answer, (uint8_t)user.role);
    wire_write_u8(&request->answer, (uint8_t)session->kind);
    wire_write_le64(&request->answer, left_ms(session, now));
    ipc_write_string(&request->answer, token);
    ipc_write_string(&request->answer, browser);
    grants_write(&request->answer, &grants);
}

void session_ask(struct book *self, struct request *request, struct instant now)
{
    if (strncmp(request->token, AUTH_API_TOKEN_PREFIX, strlen(AUTH_API_TOKEN_PREFIX)) == 0) {
        token_session_ask(self, request, now);
        return;
    }
    struct session *session = sessions_find(&self->sessions, request->token);
    if (!session) {
        request_answer(request, -EACCES, 0, WHY_ENDED);
        return;
    }
    session->used_us = now.us;
    session_answer(self, request, session, now, "", "");
}

void touch_ask(struct book *self, struct request *request, struct instant now)
{
    if (request->id & KEEPER_TOKEN_SESSION) {
        token_touch_ask(self, request, now);
        return;
    }
    struct session *session = sessions_find_id(&self->sessions, request->id, request->token_hash);
    struct grants grants;
    struct user user;
    int r = session ? rights_of(self, session, &user, &grants) : -EACCES;
    request_answer(request, r, 0, NULL);
    if (r < 0)
        return;
    if (request->used)
        session->used_us = now.us;
    wire_write_le64(&request->answer, left_ms(session, now));
    wire_write_u8(&request->answer, (uint8_t)user.role);
    grants_write(&request->answer, &grants);
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

/* ---- what a user may do has changed ---- */

void book_tell_user(struct book *self, struct request *request, const struct user *user)
{
    struct grants grants;
    bool known = user_grants(&self->store, user, &grants) >= 0;
    for (unsigned i = self->sessions.n; i-- > 0;) {
        struct session *session = &self->sessions.list[i];
        if (session->user_id != user->id)
            continue;
        session->role = user->role;
        /* a session that cannot hear of its new rights must not go on with the old ones */
        if (!known || request_tell_change(request, session->id, user->role, &grants) < 0)
            sessions_end(&self->sessions, session);
    }
    tokens_tell(self, request, user);
}

/* ---- listing and ending ---- */

/* The one with the lowest number above that. */
static const struct session *session_after(const struct book *self, uint64_t id, const char *user)
{
    const struct session *found = NULL;
    for (unsigned i = 0; i < self->sessions.n; i++) {
        const struct session *session = &self->sessions.list[i];
        if (session->id > id && (!found || session->id < found->id) &&
            (!user[0] || strcasecmp(user, session->user) == 0))
            found = session;
    }
    return found;
}

void sessions_ask(struct book *self, struct request *request, attr_unused struct instant now)
{
    struct request_page page;
    const struct session *session = session_after(self, request->after, request->user);
    request_page_begin(request, &page);
    for (; session && request_page_fits(request, &page, sizeof *session);
         session = session_after(self, session->id, request->user)) {
        wire_write_le64(&request->answer, session->id);
        ipc_write_string(&request->answer, session->user);
        ipc_write_string(&request->answer, session->peer);
        ipc_write_string(&request->answer, session->agent);
        wire_write_u8(&request->answer, (uint8_t)session->kind);
        wire_write_le64(&request->answer, (uint64_t)sessions_time(&self->sessions, session->created_us));
        wire_write_le64(&request->answer, (uint64_t)sessions_time(&self->sessions, session->used_us));
    }
    request_page_end(request, &page, 0);
}

/* Ended in the store first: one that was said to be ended does not come back with the keeper's next start. */
static int end_in_store(struct book *self, struct instant now, const char *sql, int64_t a, int64_t b, const char *who,
                        const char *target, const char *detail)
{
    int r = change_begin(self);
    if (r < 0)
        return r;
    r = store_run(&self->store, sql, "ii", a, b);
    return change_commit(self, now, r, who, "session-ended", target, detail);
}

void session_end_ask(struct book *self, struct request *request, struct instant now)
{
    struct session *session = NULL;
    for (unsigned i = 0; i < self->sessions.n && !session; i++)
        if (self->sessions.list[i].id == request->id)
            session = &self->sessions.list[i];
    if (!session || (request->user[0] && strcasecmp(request->user, session->user) != 0)) {
        book_fault(request, -ENOENT, "There is no such session: it may have ended.");
        return;
    }
    char detail[KEEPER_MAX_PEER + 8];
    snprintf(detail, sizeof detail, "from %s", session->peer);
    int r = end_in_store(self, now, "DELETE FROM sessions WHERE id = ? AND user_id = ?", (int64_t)session->id,
                         session->user_id, request->who[0] ? request->who : "keeper", session->user, detail);
    if (r >= 0)
        sessions_end(&self->sessions, session);
    book_fault(request, r, NULL);
}

void end_others_ask(struct book *self, struct request *request, struct instant now)
{
    struct session *session;
    struct user user;
    if (!book_own(self, request, &session, &user))
        return;
    uint64_t id = session->id;
    int r = end_in_store(self, now, "DELETE FROM sessions WHERE user_id = ? AND id <> ?", user.id, (int64_t)id,
                         user.name, user.name, "all others");
    if (r >= 0)
        sessions_end_user(&self->sessions, user.id, id);
    book_fault(request, r, NULL);
}
