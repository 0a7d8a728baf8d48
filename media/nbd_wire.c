#include "media/nbd_wire_states.h"

#include "core/wire.h"

enum { COMMAND_FLAG_FUA = 1 << 0, COMMAND_FLAG_NO_HOLE = 1 << 1, COMMAND_FLAG_DF = 1 << 2 };

static bool in_range(const struct nbd_wire *self, uint64_t offset, uint64_t length)
{
    return offset <= self->info.size && length <= self->info.size - offset;
}

static unsigned flags_of(const struct nbd_wire *self, unsigned type)
{
    unsigned flags = COMMAND_FLAG_FUA;
    if (type == NBD_CMD_READ && self->structured)
        flags |= COMMAND_FLAG_DF; /* our answers are in one piece anyway */
    if (type == NBD_CMD_WRITE_ZEROES)
        flags |= COMMAND_FLAG_NO_HOLE;
    return flags;
}

static bool known(unsigned type)
{
    return type <= NBD_CMD_TRIM || type == NBD_CMD_WRITE_ZEROES;
}

static enum nbd_error check_command(const struct nbd_wire *self, unsigned flags, unsigned type)
{
    const struct nbd_command *c = &self->command;
    bool writes = type == NBD_CMD_WRITE || type == NBD_CMD_WRITE_ZEROES;
    if (!known(type) || flags & ~flags_of(self, type))
        return NBD_EINVAL;
    if ((writes || type == NBD_CMD_TRIM) && self->info.read_only)
        return NBD_EPERM;
    if (type == NBD_CMD_FLUSH)
        return c->offset || c->length ? NBD_EINVAL : NBD_OK;
    if ((type == NBD_CMD_READ || type == NBD_CMD_WRITE) && c->length > NBD_MAX_PAYLOAD)
        return NBD_EINVAL;
    if (!in_range(self, c->offset, c->length))
        return writes ? NBD_ENOSPC : NBD_EINVAL;
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
    self->command = (struct nbd_command){
        .type = (enum nbd_command_type)type, .fua = flags & COMMAND_FLAG_FUA, .no_hole = flags & COMMAND_FLAG_NO_HOLE};
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
