#include "media/nbd_wire_states.h"

#include "core/wire.h"

enum { COMMAND_FLAG_FUA = 1 };

enum nbd_error nbd_error_from_errno(int error)
{
    switch (-error) {
    case 0:
        return NBD_OK;
    case EPERM:
    case EROFS:
    case EACCES:
        return NBD_EPERM;
    case ENOMEM:
        return NBD_ENOMEM;
    case EINVAL:
        return NBD_EINVAL;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return NBD_ENOSPC;
    case EOPNOTSUPP:
        return NBD_ENOTSUP;
    case ESHUTDOWN:
    case ECANCELED:
    case EAGAIN:
    case ENOTCONN:
    case ETIMEDOUT:
    case ECONNRESET:
    case EPIPE:
        return NBD_ESHUTDOWN;
    default:
        return NBD_EIO;
    }
}

int nbd_error_to_errno(uint32_t error)
{
    switch (error) {
    case NBD_OK:
        return 0;
    case NBD_EPERM:
        return -EPERM;
    case NBD_ENOMEM:
        return -ENOMEM;
    case NBD_EINVAL:
        return -EINVAL;
    case NBD_ENOSPC:
        return -ENOSPC;
    case NBD_ENOTSUP:
        return -EOPNOTSUPP;
    case NBD_ESHUTDOWN:
        return -EAGAIN;
    default:
        return -EIO;
    }
}

static bool in_range(const struct nbd_wire *self, uint64_t offset, uint64_t length)
{
    return offset <= self->info.size && length <= self->info.size - offset;
}

static enum nbd_error check_command(const struct nbd_wire *self, unsigned flags, unsigned type)
{
    const struct nbd_command *c = &self->command;
    bool changes = type == NBD_CMD_WRITE || type == NBD_CMD_TRIM;
    if (type > NBD_CMD_TRIM || flags & ~(unsigned)COMMAND_FLAG_FUA)
        return NBD_EINVAL;
    if (changes && self->info.read_only)
        return NBD_EPERM;
    if (type == NBD_CMD_FLUSH)
        return c->offset || c->length ? NBD_EINVAL : NBD_OK;
    if (type != NBD_CMD_TRIM && c->length > NBD_MAX_PAYLOAD)
        return NBD_EINVAL;
    if (!in_range(self, c->offset, c->length))
        return type == NBD_CMD_WRITE ? NBD_ENOSPC : NBD_EINVAL;
    return NBD_OK;
}

/* A write's payload comes whatever we think of the command. */
static int write_header(struct nbd_wire *self)
{
    if (self->command.error == NBD_OK && self->command.length) {
        nbd_wire_expect(self, PAYLOAD_WANTED, 0);
        return NBD_PAYLOAD;
    }
    nbd_wire_expect(self, PAYLOAD, 0);
    self->skip = self->command.length;
    if (self->skip)
        return NBD_MORE;
    nbd_wire_expect(self, REQUEST, NBD_REQUEST_SIZE);
    return NBD_COMMAND;
}

static int request_header(struct nbd_wire *self, const char **ret_why)
{
    struct wire_reader r = wire_reader_init(self->bytes, NBD_REQUEST_SIZE);
    if (wire_read_be32(&r) != NBD_MAGIC_REQUEST)
        return nbd_wire_bad("sent a request without its magic", ret_why);
    unsigned flags = wire_read_be16(&r), type = wire_read_be16(&r);
    self->command = (struct nbd_command){.type = (enum nbd_command_type)type, .fua = flags & COMMAND_FLAG_FUA};
    self->command.cookie = wire_read_be64(&r);
    self->command.offset = wire_read_be64(&r);
    self->command.length = wire_read_be32(&r);
    if (type == NBD_CMD_DISC) {
        nbd_wire_expect(self, FINISHED, 0);
        return NBD_FINISHED;
    }
    self->command.error = check_command(self, flags, type);
    if (type == NBD_CMD_WRITE)
        return write_header(self);
    nbd_wire_expect(self, REQUEST, NBD_REQUEST_SIZE);
    return NBD_COMMAND;
}

void nbd_wire_payload(struct nbd_wire *self, uint8_t *room)
{
    assert(self->state == (int)PAYLOAD_WANTED);
    nbd_wire_expect(self, PAYLOAD, room ? self->command.length : 0);
    if (room) {
        self->room = room;
    } else {
        self->command.error = NBD_ENOMEM;
        self->skip = self->command.length;
    }
}

uint8_t *nbd_wire_room(struct nbd_wire *self, size_t *ret_size)
{
    if (self->skip) {
        *ret_size = MIN(self->skip, (uint64_t)sizeof self->bytes);
        return self->bytes;
    }
    *ret_size = self->wanted - self->have;
    return self->room + self->have;
}

static int state_complete(struct nbd_wire *self, bool skipped, const char **ret_why)
{
    switch ((enum wire_state)self->state) {
    case CLIENT_FLAGS:
        return nbd_wire_client_flags(self, ret_why);
    case OPTION_HEADER:
        return nbd_wire_option_header(self, ret_why);
    case OPTION_DATA:
        return nbd_wire_option(self, skipped, ret_why);
    case REQUEST:
        return request_header(self, ret_why);
    case PAYLOAD:
        nbd_wire_expect(self, REQUEST, NBD_REQUEST_SIZE);
        return NBD_COMMAND;
    case PAYLOAD_WANTED:
    case FINISHED:
        break;
    }
    return nbd_wire_bad("went on after the end", ret_why);
}

int nbd_wire_filled(struct nbd_wire *self, size_t n, const char **ret_why)
{
    if (self->skip) {
        assert(n <= self->skip);
        self->skip -= n;
        return self->skip ? NBD_MORE : state_complete(self, true, ret_why);
    }
    assert(n <= self->wanted - self->have);
    self->have += n;
    return self->have < self->wanted ? NBD_MORE : state_complete(self, false, ret_why);
}

void nbd_reply_write(uint8_t room[NBD_REPLY_SIZE], uint64_t cookie, enum nbd_error error)
{
    struct wire_writer w = wire_writer_init(room, NBD_REPLY_SIZE);
    wire_write_be32(&w, NBD_MAGIC_SIMPLE_REPLY);
    wire_write_be32(&w, (uint32_t)error);
    wire_write_be64(&w, cookie);
}
