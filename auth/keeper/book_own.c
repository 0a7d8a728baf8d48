/* What somebody does to the own account with its password: change it, drop the second factor. */
#include <errno.h>
#include <string.h>

#include "auth/keeper/book_internal.h"
#include "auth/keeper/devices.h"
#include "core/text.h"

enum { OWN_OLD, OWN_NEW }; /* request->step: which password is being hashed */

bool book_own(struct book *self, struct request *request, struct session **ret, struct user *ret_user)
{
    if (request->id & KEEPER_TOKEN_SESSION || request->id == 0) {
        request_answer(request, -EPERM, 0,
                       request->id ? "An API token cannot change its account: log in with the password."
                                   : "Who came by the local socket has no account here: change users instead.");
        return false;
    }
    struct session *session = sessions_find_id(&self->sessions, request->id, request->token_hash);
    if (!session || user_find_id(&self->store, session->user_id, ret_user) != 1 || !ret_user->enabled) {
        request_answer(request, -EACCES, 0, WHY_ENDED);
        return false;
    }
    *ret = session;
    return true;
}

/* The tries are those of the browser that the session was made in; of the account, where nobody knows which. */
static void door_of_session(struct request *request, const struct session *session, const struct user *user)
{
    text_copy(request->user, sizeof request->user, user->name);
    text_copy(request->peer, sizeof request->peer, session->peer);
    if (session->has_browser) {
        door_of_browser(request, session->browser);
        return;
    }
    lockout_account_key(user->id, request->door.account);
    request->door.peer[0] = 0;
}

enum book_next own_begin(struct book *self, struct request *request, struct instant now)
{
    struct session *session;
    if (!book_own(self, request, &session, &request->account))
        return BOOK_ANSWER;
    if (request->account.origin != KEEPER_LOCAL) {
        book_fault(request, -EINVAL, "The password of this account belongs to the directory: ask an Administrator.");
        return BOOK_ANSWER;
    }
    const char *fault =
        request->type == KEEPER_OWN_PASSWORD ? password_fault(request->new_password, request->account.name) : NULL;
    if (fault) {
        book_fault(request, -EINVAL, fault);
        return BOOK_ANSWER;
    }
    door_of_session(request, session, &request->account);
    if (door_is_closed(self, request, now))
        return BOOK_ANSWER;
    text_copy(request->setting, sizeof request->setting, request->account.hash);
    request->step = OWN_OLD;
    return BOOK_HASH;
}

static void password_change(struct book *self, struct request *request, const struct session *session,
                            struct user *user, struct instant now)
{
    uint64_t id = session->id;
    text_copy(user->hash, sizeof user->hash, request->hash);
    int r = change_begin(self);
    if (r >= 0) {
        r = user_update(&self->store, user, now.wall_s);
        if (r >= 0)
            r = devices_forget(&self->store, user->id, session->has_browser ? session->browser : NULL);
        if (r >= 0)
            r = store_run(&self->store, "DELETE FROM sessions WHERE user_id = ? AND id <> ?", "ii", user->id,
                          (int64_t)id);
        r = change_commit(self, now, r, user->name, "password-changed", user->name, "other sessions ended");
    }
    if (r >= 0)
        sessions_end_user(&self->sessions, user->id, id);
    book_fault(request, r, NULL);
}

static void factor_drop_own(struct book *self, struct request *request, const struct user *user, struct instant now)
{
    if (!user->second_factor) {
        book_fault(request, -ENOENT, "There is no second factor.");
        return;
    }
    int r = change_begin(self);
    if (r >= 0) {
        r = factor_drop(&self->store, user->id);
        r = change_commit(self, now, r, user->name, "second-factor-dropped", user->name, "");
    }
    book_fault(request, r, NULL);
}

enum book_next own_finish(struct book *self, struct request *request, struct instant now)
{
    struct session *session;
    struct user user;
    if (!book_own(self, request, &session, &user))
        return BOOK_ANSWER;
    if (request->step == OWN_NEW) {
        /* the password may have been changed by somebody else meanwhile: then this change is one of the past */
        if (strcmp(user.hash, request->account.hash) != 0)
            book_fault(request, -EACCES, WHY_ENDED);
        else
            password_change(self, request, session, &user, now);
        return BOOK_ANSWER;
    }
    if (!password_hash_equal(user.hash, request->hash)) {
        book_note(self, request, now, user.name, "password-refused", "");
        book_fault(request, -EACCES, "The password is wrong.");
        return BOOK_ANSWER;
    }
    door_forgive(self, request);
    if (request->type == KEEPER_TOTP_DROP) {
        factor_drop_own(self, request, &user, now);
        return BOOK_ANSWER;
    }
    text_copy(request->password, sizeof request->password, request->new_password);
    request->setting[0] = 0;
    request->step = OWN_NEW;
    return BOOK_HASH;
}
