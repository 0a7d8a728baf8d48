/* Users: listing, making, changing, removing. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth/keeper/book_internal.h"
#include "auth/keeper/devices.h"
#include "auth/keeper/grants_store.h"
#include "auth/keeper/mapping.h"
#include "core/text.h"

#define WHY_LAST "This is the last enabled Administrator of this gateway's own: make another one first."
#define WHY_DIRECTORY "This account comes from the directory, which says its password and role: change them there."
#define WHY_GRANTS "Grants are listed for the role Custom alone: the other roles have theirs."

void book_fault(struct request *request, int error, const char *why)
{
    if (!why && error == -ENOSPC)
        why = WHY_FULL;
    request_answer(request, error, 0, why);
}

static const char *who_asks(const struct request *request)
{
    return request->who[0] ? request->who : "keeper";
}

/* 0, or answered: changing or removing this user would leave no enabled Administrator. One of a directory does not
 * count: the directory may be gone tomorrow. */
static int check_last(struct book *self, struct request *request, const struct user *user, bool stays)
{
    unsigned others = 0;
    if (stays || user->role != ROLE_ADMINISTRATOR || !user->enabled || user->origin != KEEPER_LOCAL)
        return 0;
    int r = users_other_administrators(&self->store, user->id, &others);
    if (r == 0 && others == 0)
        r = -EPERM;
    if (r < 0)
        book_fault(request, r, r == -EPERM ? WHY_LAST : NULL);
    return r;
}

static int find(struct book *self, struct request *request, struct user *ret)
{
    int r = user_find(&self->store, request->user, ret);
    if (r == 1)
        return 0;
    r = r == 0 ? -ENOENT : r;
    book_fault(request, r, r == -ENOENT ? "There is no such user." : NULL);
    return r;
}

/* ---- what is asked for ---- */

static const char *create_fault(struct book *self, const struct request *request)
{
    unsigned n = 0;
    const char *fault = user_name_fault(request->user);
    if (fault)
        return fault;
    if (request->role == ROLE_NONE)
        return "Give a role: Administrator, Operator, ReadOnly or Custom.";
    if (users_count(&self->store, &n) < 0 || n >= KEEPER_MAX_USERS)
        return "There are too many users: at most 256.";
    return password_fault(request->password, request->user);
}

static const char *change_fault(const struct request *request, const struct user *user)
{
    if (user->origin == KEEPER_LOCAL)
        return request->password[0] ? password_fault(request->password, user->name) : NULL;
    bool is_its_own = request->password[0] || request->role != ROLE_NONE || request->flags & KEEPER_CHANGE_GRANTS;
    return is_its_own ? WHY_DIRECTORY : NULL;
}

/* What holds for both; brings the certificate into the form in which it is kept. */
static const char *common_fault(struct request *request, enum auth_role role_before)
{
    enum auth_role role = request->role ? (enum auth_role)request->role : role_before;
    if (request->flags & KEEPER_CHANGE_GRANTS && role != ROLE_CUSTOM)
        return WHY_GRANTS;
    if (!(request->flags & KEEPER_CHANGE_CERTIFICATE) || !request->certificate[0])
        return NULL;
    char kept[KEEPER_MAX_MAPPING];
    const char *fault = mapping_fault(request->certificate, kept, sizeof kept);
    if (!fault)
        text_copy(request->certificate, sizeof request->certificate, kept);
    return fault;
}

static void apply(struct book *self, struct request *request, struct instant now);

enum book_next user_put_begin(struct book *self, struct request *request, struct instant now)
{
    struct user user = {0};
    bool create = request->flags & KEEPER_CHANGE_CREATE;
    /* The first user is made with the set-up secret and in no other way, whatever a gateway says. */
    if (self->needs_setup) {
        book_fault(request, -EPERM, "Do the set-up first.");
        return BOOK_ANSWER;
    }
    if (!create && find(self, request, &user) < 0)
        return BOOK_ANSWER;
    const char *fault = create ? create_fault(self, request) : change_fault(request, &user);
    if (!fault)
        fault = common_fault(request, user.role);
    if (fault) {
        book_fault(request, -EINVAL, fault);
        return BOOK_ANSWER;
    }
    request->setting[0] = 0;
    if (request->password[0])
        return BOOK_HASH;
    apply(self, request, now);
    return BOOK_ANSWER;
}

/* ---- making ---- */

static bool wants_enabled(const struct request *request, bool before)
{
    return request->flags & KEEPER_CHANGE_ENABLED ? request->flags & KEEPER_CHANGE_ENABLE : before;
}

/* Of a name or a certificate that is taken: which. */
static const char *taken(struct book *self, const struct request *request, int error)
{
    struct user other;
    if (error != -EEXIST)
        return NULL;
    if (request->flags & KEEPER_CHANGE_CREATE && user_find(&self->store, request->user, &other) == 1)
        return "There is a user of this name already.";
    return "Another user has this certificate already.";
}

static int put_grants(struct book *self, const struct request *request, const struct user *user)
{
    if (user->role != ROLE_CUSTOM)
        return user_grants_put(&self->store, user->id, NULL);
    return request->flags & KEEPER_CHANGE_GRANTS ? user_grants_put(&self->store, user->id, &request->grants) : 0;
}

static void create(struct book *self, struct request *request, struct instant now)
{
    struct user user = {.role = (enum auth_role)request->role, .enabled = wants_enabled(request, true)};
    text_copy(user.name, sizeof user.name, request->user);
    text_copy(user.hash, sizeof user.hash, request->hash);
    text_copy(user.certificate, sizeof user.certificate, request->certificate);
    int r = change_begin(self);
    if (r >= 0) {
        r = user_insert(&self->store, &user, now.wall_s);
        if (r >= 0)
            r = put_grants(self, request, &user);
        r = change_commit(self, now, r, who_asks(request), "user-created", user.name, role_name(user.role));
    }
    book_fault(request, r, taken(self, request, r));
}

/* ---- changing ---- */

static void describe(const struct request *request, const struct user *user, bool again, char *room, size_t size)
{
    snprintf(room, size, "%s, %s%s%s%s%s%s", role_name(user->role), user->enabled ? "enabled" : "disabled",
             request->flags & KEEPER_CHANGE_GRANTS ? ", grants" : "", request->hash[0] ? ", password" : "",
             request->flags & KEEPER_CHANGE_CERTIFICATE ? ", certificate" : "",
             request->flags & KEEPER_CHANGE_DROP_FACTOR ? ", second factor dropped" : "",
             again ? ", sessions ended" : "");
}

/* Writes the user and, when it must log in again, removes its sessions, all in one. */
static int store_change(struct book *self, const struct request *request, const struct user *user, bool again,
                        struct instant now)
{
    char detail[128];
    describe(request, user, again, detail, sizeof detail);
    int r = change_begin(self);
    if (r < 0)
        return r;
    r = user_update(&self->store, user, now.wall_s);
    if (r >= 0)
        r = put_grants(self, request, user);
    if (r >= 0 && request->flags & KEEPER_CHANGE_DROP_FACTOR)
        r = factor_drop(&self->store, user->id);
    if (r >= 0 && request->hash[0])
        r = devices_forget(&self->store, user->id, NULL);
    if (r >= 0 && again)
        r = store_run(&self->store, "DELETE FROM sessions WHERE user_id = ?", "i", user->id);
    return change_commit(self, now, r, who_asks(request), "user-changed", user->name, detail);
}

static void apply(struct book *self, struct request *request, struct instant now)
{
    struct user before;
    if (find(self, request, &before) < 0)
        return;
    struct user after = before;
    if (request->role != ROLE_NONE)
        after.role = (enum auth_role)request->role;
    after.enabled = wants_enabled(request, before.enabled);
    if (request->hash[0])
        text_copy(after.hash, sizeof after.hash, request->hash);
    if (request->flags & KEEPER_CHANGE_CERTIFICATE)
        text_copy(after.certificate, sizeof after.certificate, request->certificate);
    if (check_last(self, request, &before, after.role == ROLE_ADMINISTRATOR && after.enabled) < 0)
        return;
    bool again = after.enabled != before.enabled || request->hash[0];
    int r = store_change(self, request, &after, again, now);
    if (r >= 0 && again)
        sessions_end_user(&self->sessions, after.id, 0);
    if (r >= 0 && (again || after.role != before.role || request->flags & KEEPER_CHANGE_GRANTS))
        book_tell_user(self, request, &after);
    book_fault(request, r, taken(self, request, r));
}

void user_put_finish(struct book *self, struct request *request, struct instant now)
{
    if (request->flags & KEEPER_CHANGE_CREATE)
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
        r = change_commit(self, now, r, who_asks(request), "user-deleted", user.name, "");
    }
    if (r >= 0) {
        sessions_end_user(&self->sessions, user.id, 0);
        tokens_forget_user(self, user.id);
    }
    book_fault(request, r, NULL);
}

/* ---- listing ---- */

void users_ask(struct book *self, struct request *request, attr_unused struct instant now)
{
    _cleanup_statement_ *statement = NULL;
    static const struct grants none;
    struct request_page page;
    struct grants grants;
    struct user user;
    int r = users_after(&self->store, request->user, &statement);
    request_page_begin(request, &page);
    while (r >= 0 && (r = user_row(&self->store, statement, &user)) == 1) {
        bool custom = user.role == ROLE_CUSTOM;
        r = custom ? user_grants(&self->store, &user, &grants) : 0;
        if (r < 0 ||
            !request_page_fits(request, &page,
                               sizeof user.name + sizeof user.certificate + 8 + (custom ? GRANTS_WIRE_MAX : 1)))
            break;
        ipc_write_string(&request->answer, user.name);
        wire_write_u8(&request->answer, (uint8_t)user.role);
        wire_write_u8(&request->answer, user.enabled);
        wire_write_u8(&request->answer, (uint8_t)user.origin);
        wire_write_u8(&request->answer, user.second_factor);
        ipc_write_string(&request->answer, user.certificate);
        grants_write(&request->answer, custom ? &grants : &none);
    }
    request_page_end(request, &page, r);
}
