/* Login by name and password, and the second factor where there is one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth/keeper/book_internal.h"
#include "auth/keeper/devices.h"
#include "core/text.h"

void book_note(struct book *self, const struct request *request, struct instant now, const char *who, const char *what,
               const char *more)
{
    char detail[KEEPER_MAX_DETAIL + 1];
    snprintf(detail, sizeof detail, "from %s%s%s", request->peer, more[0] ? ", " : "", more);
    audit_add(&self->audit, now.wall_s, who, what, "", detail);
}

/* ---- the session ---- */

/* The browser's token: it may have one already, or get one, or a new one before the old one is too old. What cannot be
 * written down now is not given out. */
static void browser_known_from_now(struct book *self, struct request *request, const struct user *user,
                                   struct session *session, struct instant now, char ret_token[AUTH_TOKEN_HEX + 1])
{
    int64_t age_s;
    ret_token[0] = 0;
    session->has_browser = device_known(&self->store, request->device, user->id, now, session->browser, &age_s) == 1;
    if (session->has_browser && age_s < DEVICE_RENEW_S)
        return;
    int r = change_begin(self);
    if (r >= 0) {
        r = device_make(&self->store, user->id, now, ret_token);
        r = change_end(self, now, r);
    }
    if (r < 0)
        ret_token[0] = 0;
    else
        session->has_browser = device_known(&self->store, ret_token, user->id, now, session->browser, &age_s) == 1;
}

/* It holds even when the store cannot take it down now: somebody has to be able to log in and make room. */
void admit(struct book *self, struct request *request, const struct user *user, enum auth_kind kind, struct instant now)
{
    char token[AUTH_TOKEN_HEX + 1], browser[AUTH_TOKEN_HEX + 1] = "";
    if (book_audit_refuses(self) && user->role != ROLE_ADMINISTRATOR) { /* who is to make room */
        request_answer(request, -ENOSPC, 0, WHY_FULL);
        return;
    }
    struct session *session, *old = request->token[0] ? sessions_find(&self->sessions, request->token) : NULL;
    if (old)
        sessions_end(&self->sessions, old);
    int r = sessions_add(&self->sessions, user, kind, request->peer, request->agent, now, token, &session);
    if (r < 0) {
        request_answer(request, r, 0, NULL);
        return;
    }
    if (kind != AUTH_CERTIFICATE)
        browser_known_from_now(self, request, user, session, now, browser);
    session_answer(self, request, session, now, token, browser);
    explicit_bzero(token, sizeof token);
    explicit_bzero(browser, sizeof browser);
    book_save(self, now);
}

/* ---- the login ---- */

enum book_next login_begin(struct book *self, struct request *request, struct instant now)
{
    int r = user_find(&self->store, request->user, &request->account);
    if (r < 0) {
        request_answer(request, r, 0, NULL);
        return BOOK_ANSWER;
    }
    door_of_account(self, request, request->user, r == 1 ? &request->account : NULL, now);
    if (door_is_closed(self, request, now))
        return BOOK_ANSWER;
    if (directory_is_asked(self, request)) {
        request->step = LOGIN_BY_DIRECTORY;
        return BOOK_DIRECTORY;
    }
    /* who does not exist takes as long as who does */
    bool has_password = r == 1 && request->account.hash[0];
    text_copy(request->setting, sizeof request->setting, has_password ? request->account.hash : self->nobody);
    return BOOK_HASH;
}

/* The account as it is now, if the password was its. */
static bool password_was_right(struct book *self, const struct request *request, struct user *ret)
{
    struct user user;
    if (!request->account.id || user_find_id(&self->store, request->account.id, &user) != 1 || !user.enabled ||
        user.origin != KEEPER_LOCAL || !user.hash[0] || !password_hash_equal(user.hash, request->hash))
        return false;
    *ret = user;
    return true;
}

/* The password was right: what does the second factor say? True: admitted so far. */
static bool factor_was_right(struct book *self, struct request *request, const struct user *user, struct instant now)
{
    int r = factor_check(self, request, user, now);
    if (r == 0)
        return true;
    if (r == -EACCES)
        book_note(self, request, now, user->name, "login-failed", "wrong code");
    else
        door_forgive(self, request); /* a right password is no wrong try; a code will be one of its own */
    request_answer(request, r, 0,
                   r == -EACCES   ? "The code is wrong, or was used already: wait for the next one."
                   : r == -ENOKEY ? "This account has a second factor: give its code."
                                  : WHY_FULL);
    return false;
}

void login_finish(struct book *self, struct request *request, struct instant now)
{
    struct user user;
    enum auth_kind kind = AUTH_BROWSER;
    if (request->step == LOGIN_BY_DIRECTORY) {
        kind = AUTH_DIRECTORY;
        if (directory_user(self, request, now, &user) < 0)
            return;
    } else if (!password_was_right(self, request, &user)) {
        book_note(self, request, now, request->user, "login-failed", "");
        request_answer(request, -EACCES, 0, WHY_WRONG);
        return;
    }
    if (!factor_was_right(self, request, &user, now))
        return;
    door_forgive(self, request);
    book_note(self, request, now, user.name, "login", kind == AUTH_DIRECTORY ? "by the directory" : "");
    admit(self, request, &user, kind, now);
}
