#include "media/nbd_reply.h"

#include <string.h>

#include "core/wire.h"

enum { CHUNK_DONE = 1 };
enum { CHUNK_NONE = 0, CHUNK_OFFSET_DATA = 1, CHUNK_ERROR = 0x8001 };

static const char *words(const struct nbd_command *command, enum nbd_error error)
{
    switch (error) {
    case NBD_EPERM:
        return "this export is read-only";
    case NBD_ENOMEM:
        return "the server is short of memory; ask again later";
    case NBD_EINVAL:
        return "the request is unknown, too long, or beyond the end of the export";
    case NBD_ENOSPC:
        return "beyond the end of the export, or no space is left on the server's disk";
    case NBD_ENOTSUP:
        return "this medium cannot do that";
    case NBD_ESHUTDOWN:
        return "the medium is away or the server stops; ask again later";
    case NBD_OK:
    case NBD_EIO:
        break;
    }
    return command->type == NBD_CMD_READ ? "the medium could not be read here" : "the medium could not be written";
}

static void write_simple(struct wire_writer *w, const struct nbd_command *command, enum nbd_error error)
{
    wire_write_be32(w, NBD_MAGIC_SIMPLE_REPLY);
    wire_write_be32(w, (uint32_t)error);
    wire_write_be64(w, command->cookie);
}

static void write_chunk(struct wire_writer *w, const struct nbd_command *command, unsigned type, uint32_t size)
{
    wire_write_be32(w, NBD_MAGIC_STRUCTURED_REPLY);
    wire_write_be16(w, CHUNK_DONE);
    wire_write_be16(w, (uint16_t)type);
    wire_write_be64(w, command->cookie);
    wire_write_be32(w, size);
}

size_t nbd_reply_write(uint8_t room[NBD_REPLY_ROOM], const struct nbd_command *command, enum nbd_error error,
                       bool structured)
{
    struct wire_writer w = wire_writer_init(room, NBD_REPLY_ROOM);
    if (!structured || (error == NBD_OK && command->type != NBD_CMD_READ)) {
        write_simple(&w, command, error);
    } else if (error != NBD_OK) {
        const char *text = words(command, error);
        size_t size = strlen(text);
        write_chunk(&w, command, CHUNK_ERROR, (uint32_t)(6 + size));
        wire_write_be32(&w, (uint32_t)error);
        wire_write_be16(&w, (uint16_t)size);
        wire_write_bytes(&w, text, size);
    } else if (command->length == 0) {
        write_chunk(&w, command, CHUNK_NONE, 0);
    } else {
        write_chunk(&w, command, CHUNK_OFFSET_DATA, 8 + command->length);
        wire_write_be64(&w, command->offset);
    }
    return wire_written(&w);
}
