/* Login by a client certificate: exactly one account whose mapping is exactly one of its names. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth/keeper/book_internal.h"
#include "auth/keeper/trust.h"

#define WHY_CERTIFICATE "This client certificate opens no account."

/* 1: one user; 0: none, or more than one. */
static int find_user(struct book *self, const struct trust_names *names, struct user *ret, const char **ret_name)
{
    int64_t id = 0;
    for (unsigned i = 0; i < names->n; i++) {
        _cleanup_statement_ *statement = NULL;
        int r =
            store_query(&self->store, &statement, "SELECT id FROM users WHERE certificate = ?", "t", names->list[i]);
        if (r >= 0)
            r = store_row(&self->store, statement);
        if (r < 0)
            return r;
        int64_t found = r == 1 ? sqlite3_column_int64(statement, 0) : 0;
        if (found && id && found != id)
            return 0;
        if (found) {
            id = found;
            *ret_name = names->list[i];
        }
    }
    return id ? user_find_id(&self->store, id, ret) : 0;
}

void certificate_login_ask(struct book *self, struct request *request, struct instant now)
{
    struct trust_names names = {0};
    char why[128] = "no authority is configured", more[KEEPER_MAX_MAPPING + 160];
    const char *name = "";
    struct user user;
    door_of_peer(request);
    if (door_is_closed(self, request, now))
        return;
    int r = self->trust ? trust_check(self->trust, request->chain, now.wall_s, &names, why, sizeof why) : -EACCES;
    if (r == 0) {
        r = find_user(self, &names, &user, &name);
        if (r == 0 || (r == 1 && (!user.enabled || user.role == ROLE_NONE))) {
            snprintf(why, sizeof why, "it opens no account, or one that is switched off");
            r = -EACCES;
        }
    }
    if (r < 0) {
        snprintf(more, sizeof more, "certificate %s: %s", names.n ? names.list[names.n - 1] : "", why);
        book_note(self, request, now, "", "login-failed", more);
        request_answer(request, r, 0, r == -EACCES ? WHY_CERTIFICATE : NULL);
        return;
    }
    door_forgive(self, request);
    snprintf(more, sizeof more, "by certificate %s", name);
    book_note(self, request, now, user.name, "login", more);
    admit(self, request, &user, AUTH_CERTIFICATE, now);
}

void book_use_trust(struct book *self, struct trust *trust)
{
    trust_destroy(self->trust);
    self->trust = trust;
}
