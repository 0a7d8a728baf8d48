#include <errno.h>
#include <string.h>

#include "core/ipc.h"

int ipc_parse(const uint8_t *bytes, size_t size, struct ipc_message *ret)
{
    struct wire_reader r = wire_reader_init(bytes, size);
    struct ipc_message message = {0};

    uint32_t magic = wire_read_le32(&r);
    uint16_t version = wire_read_le16(&r);
    message.type = wire_read_le16(&r);
    message.serial = wire_read_le32(&r);
    message.body_size = wire_read_le16(&r);
    message.n_fds = wire_read_le16(&r);
    message.body = wire_read_bytes(&r, message.body_size);
    if (!wire_read_complete(&r) || magic != IPC_MAGIC || version != IPC_VERSION)
        return -EPROTO;
    if (message.body_size > IPC_MAX_BODY || message.n_fds > IPC_MAX_FDS)
        return -EPROTO;

    for (unsigned i = 0; i < IPC_MAX_FDS; i++)
        message.fds[i] = -1;
    *ret = message;
    return 0;
}

void ipc_write_string(struct wire_writer *w, const char *text)
{
    size_t size = strlen(text);

    if (size > UINT16_MAX || w->left < 2 + size) {
        w->full = true; /* never a length without its bytes */
        return;
    }
    wire_write_le16(w, (uint16_t)size);
    wire_write_bytes(w, text, size);
}

bool ipc_read_string(struct wire_reader *r, char *room, size_t size)
{
    size_t length = wire_read_le16(r);
    const uint8_t *text = wire_read_bytes(r, length);

    if (!text || length >= size || memchr(text, 0, length)) {
        r->bad = true;
        if (size > 0)
            room[0] = 0;
        return false;
    }
    memcpy(room, text, length);
    room[length] = 0;
    return true;
}
