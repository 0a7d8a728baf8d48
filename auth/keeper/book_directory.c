/* Users whom a directory vouches for. Its answers come from outward, which the keeper believes about the directory's
 * own users and nobody else: a local name is never asked for, and none becomes a local user. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth/keeper/book_internal.h"
#include "auth/keeper/grants_store.h"
#include "core/text.h"

#define UNREACHABLE_RETRY_S 15

bool directory_is_asked(const struct book *self, const struct request *request)
{
    if (!self->directory.map || (request->account.id && request->account.origin == KEEPER_LOCAL))
        return false;
    return request->password[0] && !user_name_fault(request->user);
}

/* ---- writing what it says ---- */

static int write_user(struct book *self, struct user *user, const char *dn, const struct grants *grants,
                      struct instant now)
{
    unsigned n = 0;
    int r = 0;
    if (!user->id) {
        r = users_count(&self->store, &n);
        if (r >= 0)
            r = n < KEEPER_MAX_USERS ? user_insert(&self->store, user, now.wall_s) : -ENOBUFS;
    } else {
        r = user_update(&self->store, user, now.wall_s);
    }
    if (r >= 0 && dn)
        r = store_run(&self->store, "UPDATE users SET dn = ? WHERE id = ?", "ti", dn, user->id);
    if (r >= 0)
        r = user_grants_put(&self->store, user->id, user->role == ROLE_CUSTOM ? grants : NULL);
    return r;
}

/* Brings the row up to date; dn NULL: as it is. *ret_changed: what the user may do is something else now. */
static int follow(struct book *self, struct user *user, enum auth_role role, const char *dn,
                  const struct grants *grants, struct instant now, bool *ret_changed)
{
    struct grants before = {0}, after = *grants;
    char detail[64];
    int r = user->id ? user_grants(&self->store, user, &before) : 0;
    if (r < 0)
        return r;
    if (role != ROLE_CUSTOM)
        grants_of_role(&after, role);
    bool fresh = !user->id;
    *ret_changed = fresh || user->role != role || !grants_equal(&before, &after);
    user->role = role;
    r = change_begin(self);
    if (r < 0)
        return r;
    r = write_user(self, user, dn, &after, now);
    if (!*ret_changed)
        return change_end(self, now, r);
    snprintf(detail, sizeof detail, "%s, by the directory", role_name(role));
    return change_commit(self, now, r, "keeper", fresh ? "user-created" : "user-changed", user->name, detail);
}

/* ---- at a login ---- */

static void refuse(struct book *self, struct request *request, struct instant now)
{
    const struct errand_entry *entry = request->entry;
    int error = entry ? entry->error : -EHOSTUNREACH;
    char more[sizeof entry->why + 16];
    snprintf(more, sizeof more, "directory: %s", entry ? entry->why : "could not be asked");
    book_note(self, request, now, request->user, "login-failed", more);
    if (error == -EACCES) {
        request_answer(request, -EACCES, 0, WHY_WRONG);
        return;
    }
    door_forgive(self, request); /* nobody has looked at the password */
    request_answer(request, -EHOSTUNREACH, UNREACHABLE_RETRY_S,
                   "The directory cannot be asked: try again, or log in with an account of this gateway's own.");
}

int directory_user(struct book *self, struct request *request, struct instant now, struct user *ret)
{
    const struct errand_entry *entry = request->entry;
    struct user user = {.enabled = true, .origin = KEEPER_FROM_DIRECTORY};
    struct grants grants = {0};
    enum auth_role role = ROLE_NONE;
    bool changed = false;
    if (!entry || entry->error) {
        refuse(self, request, now);
        return -EACCES;
    }
    /* somebody may have made a local user of this name meanwhile, or switched the account off */
    int r = user_find(&self->store, request->user, &user);
    if (r == 0)
        text_copy(user.name, sizeof user.name, request->user);
    if (r >= 0 && (user.origin != KEEPER_FROM_DIRECTORY || !user.enabled))
        r = -EACCES;
    if (r >= 0 && (!self->directory.map || !self->directory.map(self->directory.data, entry, &role, &grants) ||
                   role == ROLE_NONE))
        r = -EACCES;
    if (r >= 0)
        r = follow(self, &user, role, entry->dn, &grants, now, &changed);
    if (r < 0) {
        if (r == -EACCES)
            book_note(self, request, now, request->user, "login-failed", "the directory gives it nothing here");
        request_answer(request, r, 0, r == -EACCES ? WHY_WRONG : r == -ENOSPC ? WHY_FULL : NULL);
        return r;
    }
    if (changed)
        book_tell_user(self, request, &user);
    *ret = user;
    return 0;
}

/* ---- asking again ---- */

unsigned book_directory_users(struct book *self, const char *after, struct book_directory_user *ret, unsigned max)
{
    _cleanup_statement_ *statement = NULL;
    unsigned n = 0;
    if (store_query(&self->store, &statement,
                    "SELECT id, name, dn, EXISTS (SELECT 1 FROM tokens WHERE user_id = users.id) FROM users"
                    " WHERE origin = ? AND enabled = 1 AND name > ? ORDER BY name",
                    "it", (int64_t)KEEPER_FROM_DIRECTORY, after) < 0)
        return 0;
    while (n < max && store_row(&self->store, statement) == 1) {
        const char *name = (const char *)sqlite3_column_text(statement, 1);
        const char *dn = (const char *)sqlite3_column_text(statement, 2);
        bool alive = sqlite3_column_int(statement, 3);
        for (unsigned i = 0; i < self->sessions.n && !alive; i++)
            alive = self->sessions.list[i].user_id == sqlite3_column_int64(statement, 0);
        if (alive && name && dn && text_copy(ret[n].name, sizeof ret[n].name, name) &&
            text_copy(ret[n].dn, sizeof ret[n].dn, dn))
            n++;
    }
    return n;
}

void book_directory_changed(struct book *self, struct request *request, struct instant now, const char *name,
                            const struct errand_entry *entry)
{
    struct grants grants = {0};
    enum auth_role role = ROLE_NONE;
    struct user user;
    bool changed = false;
    if (user_find(&self->store, name, &user) != 1 || user.origin != KEEPER_FROM_DIRECTORY)
        return;
    if (entry->error && entry->error != -EACCES)
        return;
    if (!entry->error && (!self->directory.map || !self->directory.map(self->directory.data, entry, &role, &grants)))
        role = ROLE_NONE;
    if (follow(self, &user, role, entry->error ? NULL : entry->dn, &grants, now, &changed) < 0)
        changed = true; /* not written down, but true all the same */
    if (changed && role == ROLE_NONE)
        sessions_end_user(&self->sessions, user.id, 0);
    if (changed)
        book_tell_user(self, request, &user);
    book_collect(self, request);
}
