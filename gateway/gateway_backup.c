/* The page's backups: asked of the supervisor, which makes them. */
#include "gateway/gateway_backup.h"

#include <errno.h>
#include <string.h>

#include "gateway/gateway.h"
#include "gateway/owner/backup_seal.h"

static void finish(struct gateway_backup *self, int error, const char *why, int fd, uint64_t size)
{
    api_backup_done_fn *done = self->done;
    self->done = NULL;
    done(self->done_data, error, why, fd, size);
}

void gateway_backup_ask(struct gateway *gateway, const char *passphrase, api_backup_done_fn *done, void *data)
{
    struct gateway_backup *self = &gateway->backup;
    uint8_t room[BACKUP_PASSPHRASE_MAX + 8];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    if (self->done) {
        done(data, -EBUSY, "Another backup is being made: try again.", -1, 0);
        return;
    }
    ipc_write_string(&w, passphrase);
    self->done = done;
    self->done_data = data;
    self->serial = (self->serial + 1) & ~IPC_CALL_SERIAL;
    int r = w.full ? -EINVAL
            : !gateway->supervisor
                ? -ENOTCONN
                : ipc_send(gateway->supervisor, CONTROL_BACKUP_ASK, self->serial, room, wire_written(&w), NULL, 0);
    explicit_bzero(room, sizeof room);
    if (r < 0)
        finish(self, r, NULL, -1, 0);
}

bool gateway_backup_told(struct gateway *gateway, struct ipc_message *message)
{
    struct gateway_backup *self = &gateway->backup;
    struct wire_reader r = wire_reader_init(message->body, message->body_size);
    char why[256];
    int32_t error = (int32_t)wire_read_le32(&r);
    if (!ipc_read_string(&r, why, sizeof why))
        return false;
    uint64_t size = wire_read_le64(&r);
    if (!wire_read_complete(&r) || error > 0 || (error == 0) != (message->n_fds == 1))
        return false;
    if (self->done && message->serial == self->serial)
        finish(self, error, *why ? why : NULL, error ? -1 : take_fd(&message->fds[0]), size);
    return true;
}

void gateway_backup_lost(struct gateway *gateway)
{
    if (gateway->backup.done)
        finish(&gateway->backup, -ENOTCONN, NULL, -1, 0);
}
