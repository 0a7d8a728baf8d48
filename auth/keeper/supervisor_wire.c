/* The messages between supervisor and keeper, both directions. */
#include <errno.h>
#include <string.h>

#include "auth/keeper/supervisor_wire.h"

static int send_names(struct ipc *ipc, uint16_t type, const char *const *names, unsigned n_names, int certificate_fd,
                      int key_fd)
{
    if (n_names > KEEPER_MAX_NAMES)
        return -EINVAL;
    uint8_t room[1 + KEEPER_MAX_NAMES * (KEEPER_MAX_NAME + 2)];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_u8(&w, (uint8_t)n_names);
    for (unsigned i = 0; i < n_names; i++) {
        if (strlen(names[i]) >= KEEPER_MAX_NAME)
            return -EINVAL;
        ipc_write_string(&w, names[i]);
    }
    int fds[2] = {certificate_fd, key_fd};
    return ipc_send(ipc, type, 0, room, wire_written(&w), fds, certificate_fd >= 0 ? 2 : 0);
}

int keeper_begin_send(struct ipc *ipc, const char *const *names, unsigned n_names, int certificate_fd, int key_fd)
{
    return send_names(ipc, KEEPER_BEGIN, names, n_names, certificate_fd, key_fd);
}

int keeper_again_send(struct ipc *ipc, const char *const *names, unsigned n_names, int certificate_fd, int key_fd)
{
    return send_names(ipc, KEEPER_AGAIN, names, n_names, certificate_fd, key_fd);
}

int begin_read(const struct ipc_message *message, struct keeper_begin *ret)
{
    struct wire_reader r = wire_reader_init(message->body, message->body_size);
    unsigned n = wire_read_u8(&r);
    if (n > KEEPER_MAX_NAMES || (message->n_fds != 0 && message->n_fds != 2))
        return -EPROTO;
    for (unsigned i = 0; i < n; i++)
        if (!ipc_read_string(&r, ret->names[i], sizeof ret->names[i]) || !ret->names[i][0])
            return -EPROTO;
    ret->n_names = n;
    return wire_read_complete(&r) ? 0 : -EPROTO;
}

int keeper_gateway_send(struct ipc *ipc, int gateway_fd)
{
    return ipc_send(ipc, KEEPER_GATEWAY, 0, NULL, 0, &gateway_fd, 1);
}

int keeper_client_ca_send(struct ipc *ipc, int ca_fd, int crl_fd)
{
    int fds[2] = {ca_fd, crl_fd};
    if (ca_fd < 0 && crl_fd >= 0)
        return -EINVAL;
    return ipc_send(ipc, KEEPER_CLIENT_CA, 0, NULL, 0, fds, (ca_fd >= 0) + (crl_fd >= 0));
}

int keeper_errands_send(struct ipc *ipc, int errands_fd)
{
    return ipc_send(ipc, KEEPER_ERRANDS, 0, NULL, 0, &errands_fd, 1);
}

bool keeper_first_user_send(struct ipc *ipc, const char *name, const char *hash)
{
    uint8_t room[AUTH_USER_MAX + KEEPER_MAX_HASH + 4];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    ipc_write_string(&w, name);
    ipc_write_string(&w, hash);
    bool sent = !w.full && ipc_send(ipc, KEEPER_FIRST_USER, 0, room, wire_written(&w), NULL, 0) == 0;
    explicit_bzero(room, sizeof room);
    return sent;
}

int account_read(const struct ipc_message *message, struct keeper_account *ret)
{
    struct wire_reader r = wire_reader_init(message->body, message->body_size);
    ipc_read_string(&r, ret->name, sizeof ret->name);
    ipc_read_string(&r, ret->hash, sizeof ret->hash);
    return wire_read_complete(&r) && message->n_fds == 0 ? 0 : -EPROTO;
}

int setup_send(struct ipc *ipc, const char *secret)
{
    uint8_t room[KEEPER_MAX_REASON + 2];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    ipc_write_string(&w, secret);
    int r = ipc_send(ipc, KEEPER_SETUP_CHANGED, 0, room, wire_written(&w), NULL, 0);
    explicit_bzero(room, sizeof room);
    return r;
}

int keeper_setup_read(const struct ipc_message *message, char *room, size_t size)
{
    struct wire_reader r = wire_reader_init(message->body, message->body_size);
    if (message->type != KEEPER_SETUP_CHANGED)
        return -EPROTO;
    return ipc_read_string(&r, room, size) && wire_read_complete(&r) ? 0 : -EPROTO;
}

int ready_send(struct ipc *ipc, const struct keeper_ready *ready)
{
    uint8_t room[sizeof *ready + 8];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_u8(&w, ready->needs_setup);
    wire_write_u8(&w, ready->audit_broken);
    wire_write_bytes(&w, ready->fingerprint, sizeof ready->fingerprint);
    wire_write_bytes(&w, ready->audit_key, sizeof ready->audit_key);
    ipc_write_string(&w, ready->secret);
    wire_write_u8(&w, ready->first_user);
    ipc_write_string(&w, ready->reason);
    int r = ipc_send(ipc, KEEPER_READY, 0, room, wire_written(&w), NULL, 0);
    explicit_bzero(room, sizeof room);
    return r;
}

int failed_send(struct ipc *ipc, const char *reason)
{
    uint8_t room[KEEPER_MAX_REASON + 2];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    ipc_write_string(&w, reason);
    return ipc_send(ipc, KEEPER_FAILED, 0, room, wire_written(&w), NULL, 0);
}

int keeper_ready_read(const struct ipc_message *message, struct keeper_ready *ret)
{
    struct wire_reader r = wire_reader_init(message->body, message->body_size);
    struct keeper_ready ready = {0};
    bool failed = message->type == KEEPER_FAILED;
    if (failed) {
        ipc_read_string(&r, ready.reason, sizeof ready.reason);
    } else if (message->type == KEEPER_READY) {
        ready.needs_setup = wire_read_u8(&r);
        ready.audit_broken = wire_read_u8(&r);
        const uint8_t *fingerprint = wire_read_bytes(&r, sizeof ready.fingerprint);
        if (fingerprint)
            memcpy(ready.fingerprint, fingerprint, sizeof ready.fingerprint);
        const uint8_t *audit_key = wire_read_bytes(&r, sizeof ready.audit_key);
        if (audit_key)
            memcpy(ready.audit_key, audit_key, sizeof ready.audit_key);
        ipc_read_string(&r, ready.secret, sizeof ready.secret);
        ready.first_user = wire_read_u8(&r);
        ipc_read_string(&r, ready.reason, sizeof ready.reason);
        r.bad |= ready.first_user > KEEPER_FIRST_USER_REFUSED;
    } else {
        return -EPROTO;
    }
    if (!wire_read_complete(&r))
        return -EPROTO;
    *ret = ready;
    return failed;
}
