#include "auth/errand_wire.h"

#include <string.h>

#define READ(r, room) ipc_read_string((r), (room), sizeof(room))

/* ---- directories ---- */

static void write_groups(struct wire_writer *w, const struct errand_groups *groups)
{
    wire_write_le16(w, (uint16_t)groups->n);
    for (unsigned i = 0; i < groups->n; i++)
        ipc_write_string(w, groups->list[i]);
}

static bool read_groups(struct wire_reader *r, struct errand_groups *ret)
{
    ret->n = wire_read_le16(r);
    if (ret->n > ERRAND_MAX_GROUPS)
        return false;
    for (unsigned i = 0; i < ret->n; i++)
        if (!READ(r, ret->list[i]) || !ret->list[i][0])
            return false;
    return !r->bad;
}

void errand_write_directory(struct wire_writer *w, const struct errand_directory *directory)
{
    wire_write_le16(w, (uint16_t)directory->n_urls);
    for (unsigned i = 0; i < directory->n_urls; i++)
        ipc_write_string(w, directory->urls[i]);
    ipc_write_string(w, directory->base);
    ipc_write_string(w, directory->user_filter);
    ipc_write_string(w, directory->user_dn);
    ipc_write_string(w, directory->group_base);
    ipc_write_string(w, directory->group_filter);
    ipc_write_string(w, directory->bind_dn);
    ipc_write_string(w, directory->bind_password);
    wire_write_le32(w, directory->patience_ms);
    write_groups(w, &directory->groups);
    ipc_write_string(w, directory->authorities);
}

bool errand_read_directory(struct wire_reader *r, struct errand_directory *ret)
{
    ret->n_urls = wire_read_le16(r);
    if (ret->n_urls == 0 || ret->n_urls > ERRAND_MAX_URLS)
        return false;
    for (unsigned i = 0; i < ret->n_urls; i++)
        if (!READ(r, ret->urls[i]))
            return false;
    READ(r, ret->base);
    READ(r, ret->user_filter);
    READ(r, ret->user_dn);
    READ(r, ret->group_base);
    READ(r, ret->group_filter);
    READ(r, ret->bind_dn);
    READ(r, ret->bind_password);
    ret->patience_ms = wire_read_le32(r);
    return read_groups(r, &ret->groups) && READ(r, ret->authorities) && !r->bad;
}

void errand_write_entry(struct wire_writer *w, const struct errand_entry *entry)
{
    wire_write_le32(w, (uint32_t)-entry->error);
    ipc_write_string(w, entry->why);
    ipc_write_string(w, entry->steps);
    if (entry->error)
        return;
    ipc_write_string(w, entry->dn);
    write_groups(w, &entry->groups);
}

bool errand_read_entry(struct wire_reader *r, struct errand_entry *ret)
{
    uint32_t error = wire_read_le32(r);
    ret->dn[0] = '\0';
    ret->groups.n = 0;
    if (error > 4095)
        return false;
    ret->error = -(int)error;
    if (!READ(r, ret->why) || !READ(r, ret->steps))
        return false;
    if (error == 0 && (!READ(r, ret->dn) || !ret->dn[0] || !read_groups(r, &ret->groups)))
        return false;
    return wire_read_complete(r);
}

static size_t secret_room(uint16_t type)
{
    return type == ERRAND_DIRECTORY_LOGIN ? ERRAND_MAX_PASSWORD : ERRAND_MAX_DN;
}

void errand_write_question(struct wire_writer *w, uint16_t type, const struct errand_directory *directory,
                           const char *user, const char *secret)
{
    if (strlen(user) >= ERRAND_MAX_USER || strlen(secret) >= secret_room(type)) {
        w->full = true;
        return;
    }
    errand_write_directory(w, directory);
    ipc_write_string(w, user);
    ipc_write_string(w, secret);
}

bool errand_read_question(const uint8_t *body, size_t size, uint16_t type, struct errand_question *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    char *secret = type == ERRAND_DIRECTORY_LOGIN ? ret->password : ret->dn;
    if (type != ERRAND_DIRECTORY_LOGIN && type != ERRAND_DIRECTORY_LOOK)
        return false;
    return errand_read_directory(&r, &ret->directory) && READ(&r, ret->user) &&
           ipc_read_string(&r, secret, secret_room(type)) && wire_read_complete(&r);
}

bool errand_directory_fits(const struct errand_directory *directory)
{
    uint8_t room[IPC_MAX_BODY - ERRAND_MAX_USER - ERRAND_MAX_DN - 4];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    errand_write_directory(&w, directory);
    explicit_bzero(room, wire_written(&w));
    return !w.full;
}

/* ---- syslog ---- */

void errand_write_syslog(struct wire_writer *w, const struct errand_syslog *server)
{
    ipc_write_string(w, server->host);
    wire_write_le16(w, server->port);
    ipc_write_string(w, server->authorities);
    ipc_write_string(w, server->name);
}

bool errand_read_syslog(struct wire_reader *r, struct errand_syslog *ret)
{
    READ(r, ret->host);
    ret->port = wire_read_le16(r);
    READ(r, ret->authorities);
    return READ(r, ret->name) && !r->bad && ret->host[0] && ret->port;
}

void errand_write_syslog_state(struct wire_writer *w, const struct errand_syslog_state *state)
{
    wire_write_u8(w, state->reached);
    wire_write_le64(w, state->given);
    wire_write_le64(w, state->lost);
    ipc_write_string(w, state->why);
}

bool errand_read_syslog_state(struct wire_reader *r, struct errand_syslog_state *ret)
{
    uint8_t reached = wire_read_u8(r);
    ret->reached = reached == 1;
    ret->given = wire_read_le64(r);
    ret->lost = wire_read_le64(r);
    return READ(r, ret->why) && reached <= 1 && wire_read_complete(r);
}
