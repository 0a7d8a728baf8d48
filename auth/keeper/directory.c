#include "auth/keeper/directory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/grants_wire.h"
#include "auth/keeper/keeper.h"

/* ---- what groups are worth ---- */

static int find_group(const struct errand_groups *all, const char *name)
{
    for (unsigned i = 0; i < all->n; i++)
        if (strcmp(all->list[i], name) == 0)
            return (int)i;
    return -1;
}

static bool add_all(struct grants *self, const struct grants *more)
{
    bool fits = true;
    for (unsigned i = 0; i < more->n; i++)
        fits &= grants_add(self, more->list[i].target, more->list[i].rights);
    return fits;
}

bool directory_map(const struct directory_settings *settings, const struct errand_groups *groups,
                   enum auth_role *ret_role, struct grants *ret_grants)
{
    enum auth_role role = ROLE_NONE;
    struct grants listed = {0}, whole = {0};
    for (unsigned i = 0; i < groups->n; i++) {
        int at = find_group(&settings->directory.groups, groups->list[i]);
        if (at < 0)
            continue;
        const struct directory_worth *worth = &settings->worth[at];
        if (worth->role != ROLE_CUSTOM)
            role = MAX(role, worth->role); /* in the order of what they may */
        else if (!add_all(&listed, &worth->grants))
            return false; /* more than anybody can have: rather nothing than a part that nobody chose */
    }
    grants_of_role(&whole, role);
    struct grants preset = whole;
    if (!add_all(&whole, &listed))
        return false;
    bool more = !grants_equal(&whole, &preset);
    *ret_role = more ? ROLE_CUSTOM : role;
    *ret_grants = whole;
    return whole.n > 0;
}

/* ---- messages ---- */

int directory_send(struct ipc *ipc, const struct directory_settings *settings)
{
    uint8_t room[IPC_MAX_BODY];
    struct wire_writer w;
    int r = 0;
    for (unsigned i = 0; r == 0 && i < settings->directory.groups.n; i++) {
        w = wire_writer_init(room, sizeof room);
        wire_write_le16(&w, (uint16_t)i);
        wire_write_u8(&w, (uint8_t)settings->worth[i].role);
        grants_write(&w, &settings->worth[i].grants);
        r = w.full ? -EMSGSIZE : ipc_send(ipc, KEEPER_DIRECTORY_GROUP, 0, room, wire_written(&w), NULL, 0);
    }
    if (r < 0)
        return r;
    w = wire_writer_init(room, sizeof room);
    wire_write_u8(&w, settings->directory.n_urls > 0);
    if (settings->directory.n_urls)
        errand_write_directory(&w, &settings->directory);
    r = w.full ? -EMSGSIZE : ipc_send(ipc, KEEPER_DIRECTORY, 0, room, wire_written(&w), NULL, 0);
    explicit_bzero(room, sizeof room);
    return r;
}

static int receive_group(struct wire_reader *r, struct directory_settings *draft)
{
    unsigned index = wire_read_le16(r), role = wire_read_u8(r);
    if (index >= ERRAND_MAX_GROUPS || role == ROLE_NONE || role > ROLE_CUSTOM ||
        !grants_read(r, &draft->worth[index].grants) || !wire_read_complete(r))
        return -EPROTO;
    draft->worth[index].role = (enum auth_role)role;
    return 0;
}

int directory_receive(const struct ipc_message *message, struct directory_settings *draft)
{
    struct wire_reader r = wire_reader_init(message->body, message->body_size);
    if (message->n_fds != 0)
        return -EPROTO;
    if (message->type == KEEPER_DIRECTORY_GROUP)
        return receive_group(&r, draft);
    bool any = wire_read_u8(&r);
    if (!any)
        draft->directory = (struct errand_directory){0};
    else if (!errand_read_directory(&r, &draft->directory))
        return -EPROTO;
    for (unsigned i = 0; i < draft->directory.groups.n; i++)
        if (draft->worth[i].role == ROLE_NONE)
            return -EPROTO;
    return wire_read_complete(&r) ? 1 : -EPROTO;
}

/* ---- in the keeper ---- */

int directory_create(struct directory **ret)
{
    struct directory *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    int r = -pthread_mutex_init(&self->lock, NULL);
    if (r < 0) {
        free(self);
        return r;
    }
    *ret = self;
    return 0;
}

struct directory *directory_destroy(struct directory *self)
{
    if (!self)
        return NULL;
    pthread_mutex_destroy(&self->lock);
    explicit_bzero(self, sizeof *self);
    free(self);
    return NULL;
}

void directory_set(struct directory *self, const struct directory_settings *settings)
{
    pthread_mutex_lock(&self->lock);
    self->settings = *settings;
    pthread_mutex_unlock(&self->lock);
}

bool directory_is_configured(struct directory *self)
{
    pthread_mutex_lock(&self->lock);
    bool any = self->settings.directory.n_urls > 0;
    pthread_mutex_unlock(&self->lock);
    return any;
}

void directory_get(struct directory *self, struct errand_directory *ret)
{
    pthread_mutex_lock(&self->lock);
    *ret = self->settings.directory;
    pthread_mutex_unlock(&self->lock);
}

bool directory_judge(void *data, const struct errand_entry *entry, enum auth_role *ret_role, struct grants *ret_grants)
{
    struct directory *self = data;
    pthread_mutex_lock(&self->lock);
    bool any = directory_map(&self->settings, &entry->groups, ret_role, ret_grants);
    pthread_mutex_unlock(&self->lock);
    return any;
}
