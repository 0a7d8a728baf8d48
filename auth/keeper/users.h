/* The users' table. Callers hold the transaction where one is needed. */
#pragma once

#include "auth/keeper/password.h"
#include "auth/keeper/store.h"
#include "auth/keeper_account.h"
#include "auth/keeper_wire.h"

struct user {
    int64_t id;
    char name[AUTH_USER_MAX];
    enum auth_role role; /* ROLE_NONE: of a directory that gives it nothing at the moment */
    bool enabled;
    char hash[PASSWORD_HASH_SIZE]; /* "" of a directory's user */
    enum keeper_origin origin;
    char certificate[KEEPER_MAX_MAPPING];
    bool second_factor;
    int64_t totp_step; /* of the newest code that was taken */
};

/* By name (case does not count) or by id. 1: found, 0: no such user, or an error. */
int user_find(struct store *store, const char *name, struct user *ret);
int user_find_id(struct store *store, int64_t id, struct user *ret);

/* -EEXIST: the name, or another has the certificate. user->id is set. Neither writes what belongs to the second factor.
 */
int user_insert(struct store *store, struct user *user, int64_t wall_s);
int user_update(struct store *store, const struct user *user, int64_t wall_s);
int user_remove(struct store *store, int64_t id);

int users_count(struct store *store, unsigned *ret);
/* Enabled local Administrators other than this one. */
int users_other_administrators(struct store *store, int64_t id, unsigned *ret);

/* The users after this name, in order; statement for user_row. */
int users_after(struct store *store, const char *name, sqlite3_stmt **ret);
/* 1: *ret is the next one; 0: no more. */
int user_row(struct store *store, sqlite3_stmt *statement, struct user *ret);
