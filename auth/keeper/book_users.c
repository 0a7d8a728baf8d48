/* Users: listing, making, changing, removing. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth/keeper/book_internal.h"
#include "core/text.h"

#define WHY_LAST "This is the last enabled Administrator: make another one first."

static void answer_fault(struct request *request, int error, const char *why)
{
    if (!why && error == -ENOSPC)
        why = "The store cannot be written: make room on the disk that holds the state folder.";
    request_answer(request, error, 0, why);
}

/* 0, or answered: changing or removing this user would leave no enabled Administrator. */
static int check_last(struct book *self, struct request *request, const struct user *user, bool stays)
{
    unsigned others = 0;
    if (stays || user->role != ROLE_ADMINISTRATOR || !user->enabled)
        return 0;
    int r = users_other_administrators(&self->store, user->id, &others);
    if (r == 0 && others == 0)
        r = -EPERM;
    if (r < 0)
        answer_fault(request, r, r == -EPERM ? WHY_LAST : NULL);
    return r;
}

static int find(struct book *self, struct request *request, struct user *ret)
{
    int r = user_find(&self->store, request->user, ret);
    if (r == 1)
        return 0;
    r = r == 0 ? -ENOENT : r;
    answer_fault(request, r, r == -ENOENT ? "There is no such user." : NULL);
    return r;
}

/* ---- making and changing ---- */

static const char *create_fault(struct book *self, const struct request *request)
{
    unsigned n = 0;
    const char *fault = user_name_fault(request->user);
    if (fault)
        return fault;
    if (request->role == ROLE_NONE)
        return "Give a role: Administrator, Operator or ReadOnly.";
    if (users_count(&self->store, &n) < 0 || n >= KEEPER_MAX_USERS)
        return "There are too many users: at most 256.";
    return password_fault(request->password, request->user);
}

static void apply(struct book *self, struct request *request, struct instant now);

enum book_next user_put_begin(struct book *self, struct request *request, struct instant now)
{
    struct user user;
    /* The first user is made with the set-up secret and in no other way, whatever a gateway says. */
    if (self->needs_setup) {
        answer_fault(request, -EPERM, "Do the set-up first.");
        return BOOK_ANSWER;
    }
    if (!request->create && find(self, request, &user) < 0)
        return BOOK_ANSWER;
    const char *fault = NULL;
    if (request->create)
        fault = create_fault(self, request);
    else if (request->password[0])
        fault = password_fault(request->password, user.name);
    if (fault) {
        answer_fault(request, -EINVAL, fault);
        return BOOK_ANSWER;
    }
    request->setting[0] = 0;
    if (request->password[0])
        return BOOK_HASH;
    apply(self, request, now);
    return BOOK_ANSWER;
}

static void create(struct book *self, struct request *request, struct instant now)
{
    struct user user = {.role = (enum auth_role)request->role, .enabled = request->enabled != 0};
    text_copy(user.name, sizeof user.name, request->user);
    text_copy(user.hash, sizeof user.hash, request->hash);
    int r = change_begin(self);
    if (r >= 0) {
        r = user_insert(&self->store, &user, now.wall_s);
        r = change_commit(self, now, r, "keeper", "user-created", user.name, role_name(user.role));
    }
    answer_fault(request, r, r == -EEXIST ? "There is a user of this name already." : NULL);
}

/* Writes the user and, when it must log in again, removes its sessions, all in one. */
static int store_change(struct book *self, const struct user *user, bool again, struct instant now)
{
    char detail[64];
    snprintf(detail, sizeof detail, "%s, %s%s", role_name(user->role), user->enabled ? "enabled" : "disabled",
             again ? ", sessions ended" : "");
    int r = change_begin(self);
    if (r < 0)
        return r;
    r = user_update(&self->store, user, now.wall_s);
    if (r >= 0 && again)
        r = store_run(&self->store, "DELETE FROM sessions WHERE user_id = ?", "i", user->id);
    return change_commit(self, now, r, "keeper", "user-changed", user->name, detail);
}

static void apply(struct book *self, struct request *request, struct instant now)
{
    struct user before;
    if (find(self, request, &before) < 0)
        return;
    struct user after = before;
    if (request->role != ROLE_NONE)
        after.role = (enum auth_role)request->role;
    if (request->enabled != KEEPER_ENABLED_KEEP)
        after.enabled = request->enabled;
    if (request->hash[0])
        text_copy(after.hash, sizeof after.hash, request->hash);
    if (check_last(self, request, &before, after.role == ROLE_ADMINISTRATOR && after.enabled) < 0)
        return;
    bool again = after.role != before.role || after.enabled != before.enabled || request->hash[0];
    int r = store_change(self, &after, again, now);
    if (r >= 0 && again)
        sessions_end_user(&self->sessions, after.id);
    answer_fault(request, r, NULL);
}

void user_put_finish(struct book *self, struct request *request, struct instant now)
{
    if (request->create)
        create(self, request, now);
    else
        apply(self, request, now);
}

void user_delete_ask(struct book *self, struct request *request, struct instant now)
{
    struct user user;
    if (find(self, request, &user) < 0 || check_last(self, request, &user, false) < 0)
        return;
    int r = change_begin(self);
    if (r >= 0) {
        r = user_remove(&self->store, user.id);
        r = change_commit(self, now, r, "keeper", "user-deleted", user.name, "");
    }
    if (r >= 0)
        sessions_end_user(&self->sessions, user.id);
    answer_fault(request, r, NULL);
}

/* ---- listing ---- */

void users_ask(struct book *self, struct request *request)
{
    _cleanup_statement_ *statement = NULL;
    struct request_page page;
    struct user user;
    int r = users_after(&self->store, request->user, &statement);
    request_page_begin(request, &page);
    while (r >= 0 && (r = user_row(&self->store, statement, &user)) == 1 &&
           request_page_fits(request, &page, sizeof user.name + 4)) {
        ipc_write_string(&request->answer, user.name);
        wire_write_u8(&request->answer, (uint8_t)user.role);
        wire_write_u8(&request->answer, user.enabled);
    }
    request_page_end(request, &page, r);
}
