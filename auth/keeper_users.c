/* Users: listing and changing them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/keeper_client_internal.h"

/* ---- listing ---- */

static int users_send(struct keeper_client *self, struct keeper_ask *ask)
{
    const struct keeper_page *page = ask->page;
    const struct keeper_account_user *users = page->rows;
    uint8_t room[AUTH_USER_MAX + 2];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    ipc_write_string(&w, page->n ? users[page->n - 1].name : "");
    return ask_send(self, ask, KEEPER_USERS, &w);
}

/* What users of a role may do who have no list of their own. */
static const struct grants *grants_of(enum auth_role role)
{
    static struct grants roles[ROLE_CUSTOM];
    if (role >= ROLE_CUSTOM)
        return NULL;
    grants_of_role(&roles[role], role);
    return &roles[role];
}

static bool user_read(struct keeper_page *page, struct wire_reader *r)
{
    struct keeper_account_user *user = page_row(page, r);
    if (!user)
        return false;
    user->name = page_string(page, r, AUTH_USER_MAX);
    uint8_t role = wire_read_u8(r), enabled = wire_read_u8(r), origin = wire_read_u8(r), factor = wire_read_u8(r);
    user->certificate = page_string(page, r, KEEPER_MAX_MAPPING);
    const struct grants *listed = page_grants(page, r);
    if (r->bad || !user->name[0] || role > ROLE_CUSTOM || enabled > 1 || origin > KEEPER_FROM_DIRECTORY || factor > 1)
        return false;
    user->role = (enum auth_role)role;
    user->enabled = enabled;
    user->origin = (enum keeper_origin)origin;
    user->second_factor = factor;
    user->grants = role == ROLE_CUSTOM ? listed : grants_of(user->role);
    return true;
}

static enum ask_next accounts_answered(struct keeper_client *self, struct keeper_ask *ask, struct keeper_answer *answer)
{
    bool more = false;
    int error = answer->error;
    if (!error && !page_read(ask->page, &answer->body, user_read, &more))
        return ASK_BAD;
    if (more) {
        error = users_send(self, ask);
        if (!error)
            return ASK_AGAIN;
    }
    ask->accounts(ask->data, error, ask->page->rows, error ? 0 : ask->page->n);
    return ASK_DONE;
}

int keeper_client_accounts(struct keeper_client *self, keeper_accounts_fn *done, void *data)
{
    struct keeper_ask *ask = ask_paged(accounts_answered, data, sizeof(struct keeper_account_user), KEEPER_MAX_USERS);
    if (!ask)
        return -ENOMEM;
    ask->accounts = done;
    int r = users_send(self, ask);
    if (r < 0)
        ask_free(ask);
    return r;
}

/* ---- changing ---- */

static uint8_t flags_of(const struct keeper_user_change *change)
{
    unsigned flags = change->create ? KEEPER_CHANGE_CREATE : 0;
    if (change->enabled)
        flags |= KEEPER_CHANGE_ENABLED | (*change->enabled ? KEEPER_CHANGE_ENABLE : 0u);
    flags |= change->certificate ? KEEPER_CHANGE_CERTIFICATE : 0u;
    flags |= change->grants ? KEEPER_CHANGE_GRANTS : 0u;
    flags |= change->drop_second_factor ? KEEPER_CHANGE_DROP_FACTOR : 0u;
    return (uint8_t)flags;
}

int keeper_client_user_change(struct keeper_client *self, const struct keeper_user_change *change, keeper_done_fn *done,
                              void *data)
{
    static const struct grants none;
    const char *password = change->password ? change->password : "";
    const char *certificate = change->certificate ? change->certificate : "";
    if (strlen(change->name) >= AUTH_USER_MAX || strlen(password) > KEEPER_MAX_PASSWORD ||
        strlen(certificate) >= KEEPER_MAX_MAPPING)
        return -EINVAL;
    uint8_t room[2 * AUTH_USER_MAX + KEEPER_MAX_PASSWORD + KEEPER_MAX_MAPPING + GRANTS_WIRE_MAX + 16];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    ipc_write_string(&w, change->name);
    wire_write_u8(&w, flags_of(change));
    ipc_write_string(&w, password);
    wire_write_u8(&w, (uint8_t)change->role);
    ipc_write_string(&w, certificate);
    grants_write(&w, change->grants ? change->grants : &none);
    write_cut(&w, change->who, AUTH_USER_MAX - 1);
    return ask_done(self, KEEPER_USER_PUT, &w, done, data);
}

int keeper_client_user_remove(struct keeper_client *self, const char *name, const char *who, keeper_done_fn *done,
                              void *data)
{
    if (strlen(name) >= AUTH_USER_MAX)
        return -EINVAL;
    uint8_t room[2 * AUTH_USER_MAX + 4];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    ipc_write_string(&w, name);
    write_cut(&w, who, AUTH_USER_MAX - 1);
    return ask_done(self, KEEPER_USER_DELETE, &w, done, data);
}
