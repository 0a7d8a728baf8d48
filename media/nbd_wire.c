#include "media/nbd_wire.h"

#include <errno.h>
#include <string.h>

#include "core/wire.h"

#define NBD_MAGIC 0x4e42444d41474943ull    /* "NBDMAGIC" */
#define OPTION_MAGIC 0x49484156454f5054ull /* "IHAVEOPT" */
#define OPTION_REPLY_MAGIC 0x0003e889045565a9ull
#define REQUEST_MAGIC 0x25609513u
#define REPLY_MAGIC 0x67446698u

enum { FLAG_FIXED_NEWSTYLE = 1, FLAG_NO_ZEROES = 2 }; /* of both handshakes */

enum {
    SEND_HAS_FLAGS = 1 << 0,
    SEND_READ_ONLY = 1 << 1,
    SEND_FLUSH = 1 << 2,
    SEND_FUA = 1 << 3,
    SEND_TRIM = 1 << 5,
    SEND_CAN_MULTI_CONN = 1 << 8,
};

enum {
    OPTION_EXPORT_NAME = 1,
    OPTION_ABORT = 2,
    OPTION_LIST = 3,
    OPTION_INFO = 6,
    OPTION_GO = 7,
};

enum { REPLY_ACK = 1, REPLY_SERVER = 2, REPLY_INFO = 3 };
enum {
    REPLY_ERR_UNSUP = 0x80000001u,
    REPLY_ERR_INVALID = 0x80000003u,
    REPLY_ERR_UNKNOWN = 0x80000006u,
    REPLY_ERR_TOO_BIG = 0x80000009u,
};

enum { INFO_EXPORT = 0, INFO_NAME = 1, INFO_BLOCK_SIZE = 3 };

enum { COMMAND_FLAG_FUA = 1 };

enum wire_state {
    CLIENT_FLAGS,   /* 4 bytes */
    OPTION_HEADER,  /* 16 bytes */
    OPTION_DATA,    /* option_size bytes, some perhaps skipped */
    REQUEST,        /* 28 bytes */
    PAYLOAD_WANTED, /* a write's room must be named */
    PAYLOAD,        /* of a write, or skipped */
    FINISHED,
};

static void expect(struct nbd_wire *self, enum wire_state state, size_t wanted)
{
    self->state = (int)state;
    self->room = self->bytes;
    self->wanted = wanted;
    self->have = 0;
    self->skip = 0;
}

static int bad(const char *why, const char **ret_why)
{
    *ret_why = why;
    return -EPROTO;
}

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
        return NBD_ESHUTDOWN;
    default:
        return NBD_EIO;
    }
}

void nbd_wire_init(struct nbd_wire *self, const struct nbd_wire_host *host, void *data)
{
    memset(self, 0, sizeof *self);
    self->host = host;
    self->data = data;
    uint8_t room[18];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_be64(&w, NBD_MAGIC);
    wire_write_be64(&w, OPTION_MAGIC);
    wire_write_be16(&w, FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES);
    host->send(data, room, sizeof room);
    expect(self, CLIENT_FLAGS, 4);
}

bool nbd_wire_negotiating(const struct nbd_wire *self)
{
    return self->state < (int)REQUEST;
}

static uint16_t transmission_flags(const struct nbd_export_info *info)
{
    uint16_t flags = SEND_HAS_FLAGS | SEND_FLUSH | SEND_FUA | SEND_CAN_MULTI_CONN;
    return flags | (info->read_only ? SEND_READ_ONLY : SEND_TRIM);
}

/* --- negotiation --- */

static void reply(struct nbd_wire *self, uint32_t type, const void *bytes, size_t size)
{
    uint8_t room[20 + 256];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_be64(&w, OPTION_REPLY_MAGIC);
    wire_write_be32(&w, self->option);
    wire_write_be32(&w, type);
    wire_write_be32(&w, (uint32_t)size);
    wire_write_bytes(&w, bytes, size);
    self->host->send(self->data, room, wire_written(&w));
}

static void refuse(struct nbd_wire *self, uint32_t type, const char *why)
{
    reply(self, type, why, strlen(why));
}

static void next_option(struct nbd_wire *self)
{
    expect(self, OPTION_HEADER, 16);
}

static void list_one(void *data, const char *name)
{
    struct nbd_wire *self = data;
    uint8_t room[4 + NBD_MAX_NAME];
    size_t size = MIN(strlen(name), (size_t)NBD_MAX_NAME);
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_be32(&w, (uint32_t)size);
    wire_write_bytes(&w, name, size);
    reply(self, REPLY_SERVER, room, wire_written(&w));
}

static void option_list(struct nbd_wire *self)
{
    if (self->option_size) {
        refuse(self, REPLY_ERR_INVALID, "LIST takes no data");
        return;
    }
    self->host->list(self->data, list_one, self);
    reply(self, REPLY_ACK, NULL, 0);
}

/* Export names are text without NUL; one that is too long cannot be ours. */
static bool read_name(struct wire_reader *r, size_t size, char ret[NBD_MAX_NAME + 1])
{
    const uint8_t *bytes = wire_read_bytes(r, size);
    if (!bytes || size > NBD_MAX_NAME || memchr(bytes, 0, size))
        return false;
    memcpy(ret, bytes, size);
    ret[size] = 0;
    return true;
}

static int enter_transmission(struct nbd_wire *self, const char *name, const char **ret_why)
{
    if (!self->host->chosen(self->data, name))
        return bad("the export went away during the negotiation", ret_why);
    expect(self, REQUEST, NBD_REQUEST_SIZE);
    return NBD_MORE;
}

/* The old way in: no refusal is possible but to close. */
static int option_export_name(struct nbd_wire *self, const char **ret_why)
{
    char name[NBD_MAX_NAME + 1];
    struct wire_reader r = wire_reader_init(self->bytes, self->option_size);
    if (!read_name(&r, self->option_size, name) || !self->host->find(self->data, name, &self->info))
        return bad("asked for an export that it cannot have", ret_why);
    uint8_t room[10 + 124] = {0};
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_be64(&w, self->info.size);
    wire_write_be16(&w, transmission_flags(&self->info));
    self->host->send(self->data, room, self->no_zeroes ? 10 : sizeof room);
    return enter_transmission(self, name, ret_why);
}

static void send_info(struct nbd_wire *self, const char *name, bool want_name, bool want_blocks)
{
    uint8_t room[2 + NBD_MAX_NAME];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_be16(&w, INFO_EXPORT);
    wire_write_be64(&w, self->info.size);
    wire_write_be16(&w, transmission_flags(&self->info));
    reply(self, REPLY_INFO, room, wire_written(&w));
    if (want_name) {
        w = wire_writer_init(room, sizeof room);
        wire_write_be16(&w, INFO_NAME);
        wire_write_bytes(&w, name, strlen(name));
        reply(self, REPLY_INFO, room, wire_written(&w));
    }
    if (want_blocks) {
        w = wire_writer_init(room, sizeof room);
        wire_write_be16(&w, INFO_BLOCK_SIZE);
        wire_write_be32(&w, 1);
        wire_write_be32(&w, NBD_PREFERRED_BLOCK);
        wire_write_be32(&w, NBD_MAX_PAYLOAD);
        reply(self, REPLY_INFO, room, wire_written(&w));
    }
}

/* INFO and GO: be32 name size, name, be16 count, count x be16 of what else it wants to know. */
static int option_info(struct nbd_wire *self, const char **ret_why)
{
    char name[NBD_MAX_NAME + 1];
    bool want_name = false, want_blocks = false;
    struct wire_reader r = wire_reader_init(self->bytes, self->option_size);
    uint32_t name_size = wire_read_be32(&r);
    struct wire_reader name_reader = wire_read_sub(&r, name_size);
    unsigned count = wire_read_be16(&r);
    for (unsigned i = 0; i < count && !r.bad; i++) {
        uint16_t info = wire_read_be16(&r);
        want_name |= info == INFO_NAME;
        want_blocks |= info == INFO_BLOCK_SIZE;
    }
    if (!wire_read_complete(&r)) {
        refuse(self, REPLY_ERR_INVALID, "the option's lengths do not fit");
        return NBD_MORE;
    }
    if (!read_name(&name_reader, name_size, name) || !self->host->find(self->data, name, &self->info)) {
        refuse(self, REPLY_ERR_UNKNOWN, "no such export for this client");
        return NBD_MORE;
    }
    send_info(self, name, want_name, want_blocks);
    reply(self, REPLY_ACK, NULL, 0);
    return self->option == OPTION_GO ? enter_transmission(self, name, ret_why) : NBD_MORE;
}

static int option_complete(struct nbd_wire *self, bool cut, const char **ret_why)
{
    int r = NBD_MORE;
    expect(self, OPTION_HEADER, 16); /* unless the option leads elsewhere */
    if (self->option == OPTION_EXPORT_NAME)
        return cut ? bad("asked for an export that it cannot have", ret_why) : option_export_name(self, ret_why);
    if (self->option == OPTION_ABORT) {
        reply(self, REPLY_ACK, NULL, 0);
        expect(self, FINISHED, 0);
        return NBD_FINISHED;
    }
    if (self->option == OPTION_LIST)
        option_list(self);
    else if (self->option != OPTION_INFO && self->option != OPTION_GO)
        refuse(self, REPLY_ERR_UNSUP, "this server does not know the option");
    else if (cut)
        refuse(self, REPLY_ERR_TOO_BIG, "the option is too long");
    else
        r = option_info(self, ret_why);
    return r;
}

static int client_flags(struct nbd_wire *self, const char **ret_why)
{
    struct wire_reader r = wire_reader_init(self->bytes, 4);
    uint32_t flags = wire_read_be32(&r);
    if (flags & ~(uint32_t)(FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES))
        return bad("sent unknown handshake flags", ret_why);
    self->no_zeroes = flags & FLAG_NO_ZEROES;
    next_option(self);
    return NBD_MORE;
}

static int option_header(struct nbd_wire *self, const char **ret_why)
{
    struct wire_reader r = wire_reader_init(self->bytes, 16);
    if (wire_read_be64(&r) != OPTION_MAGIC)
        return bad("sent an option without its magic", ret_why);
    if (++self->options > NBD_MAX_OPTIONS)
        return bad("negotiates without end", ret_why);
    self->option = wire_read_be32(&r);
    self->option_size = wire_read_be32(&r);
    if (self->option_size > NBD_MAX_OPTION_DATA)
        return bad("sent an option of more than 64 KiB", ret_why);
    bool cut = self->option_size > sizeof self->bytes;
    if (!self->option_size)
        return option_complete(self, false, ret_why);
    expect(self, OPTION_DATA, cut ? 0 : self->option_size);
    self->skip = cut ? self->option_size : 0;
    return NBD_MORE;
}

/* --- transmission --- */

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
        expect(self, PAYLOAD_WANTED, 0);
        return NBD_PAYLOAD;
    }
    expect(self, PAYLOAD, 0);
    self->skip = self->command.length;
    if (self->skip)
        return NBD_MORE;
    expect(self, REQUEST, NBD_REQUEST_SIZE);
    return NBD_COMMAND;
}

static int request_header(struct nbd_wire *self, const char **ret_why)
{
    struct wire_reader r = wire_reader_init(self->bytes, NBD_REQUEST_SIZE);
    if (wire_read_be32(&r) != REQUEST_MAGIC)
        return bad("sent a request without its magic", ret_why);
    unsigned flags = wire_read_be16(&r), type = wire_read_be16(&r);
    self->command = (struct nbd_command){.type = (enum nbd_command_type)type, .fua = flags & COMMAND_FLAG_FUA};
    self->command.cookie = wire_read_be64(&r);
    self->command.offset = wire_read_be64(&r);
    self->command.length = wire_read_be32(&r);
    if (type == NBD_CMD_DISC) {
        expect(self, FINISHED, 0);
        return NBD_FINISHED;
    }
    self->command.error = check_command(self, flags, type);
    if (type == NBD_CMD_WRITE)
        return write_header(self);
    expect(self, REQUEST, NBD_REQUEST_SIZE);
    return NBD_COMMAND;
}

void nbd_wire_payload(struct nbd_wire *self, uint8_t *room)
{
    assert(self->state == (int)PAYLOAD_WANTED);
    expect(self, PAYLOAD, room ? self->command.length : 0);
    if (room) {
        self->room = room;
    } else {
        self->command.error = NBD_ENOMEM;
        self->skip = self->command.length;
    }
}

/* --- both --- */

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
        return client_flags(self, ret_why);
    case OPTION_HEADER:
        return option_header(self, ret_why);
    case OPTION_DATA:
        return option_complete(self, skipped, ret_why);
    case REQUEST:
        return request_header(self, ret_why);
    case PAYLOAD:
        expect(self, REQUEST, NBD_REQUEST_SIZE);
        return NBD_COMMAND;
    case PAYLOAD_WANTED:
    case FINISHED:
        break;
    }
    return bad("went on after the end", ret_why);
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
    wire_write_be32(&w, REPLY_MAGIC);
    wire_write_be32(&w, (uint32_t)error);
    wire_write_be64(&w, cookie);
}
