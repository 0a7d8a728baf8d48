#include <string.h>

#include "core/wire.h"
#include "media/nbd_wire_states.h"

#define NBD_MAGIC 0x4e42444d41474943ull    /* "NBDMAGIC" */
#define OPTION_MAGIC 0x49484156454f5054ull /* "IHAVEOPT" */
#define OPTION_REPLY_MAGIC 0x0003e889045565a9ull

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

uint16_t nbd_wire_flags(const struct nbd_export_info *info)
{
    uint16_t flags = SEND_HAS_FLAGS | SEND_FLUSH | SEND_FUA | SEND_CAN_MULTI_CONN;
    return flags | (info->read_only ? SEND_READ_ONLY : SEND_TRIM);
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
    nbd_wire_expect(self, CLIENT_FLAGS, 4);
}

void nbd_wire_init_chosen(struct nbd_wire *self, const struct nbd_wire_host *host, void *data,
                          const struct nbd_export_info *info)
{
    memset(self, 0, sizeof *self);
    self->host = host;
    self->data = data;
    self->info = *info;
    nbd_wire_expect(self, REQUEST, NBD_REQUEST_SIZE);
}

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
    nbd_wire_expect(self, OPTION_HEADER, 16);
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
        return nbd_wire_bad("the export went away during the negotiation", ret_why);
    nbd_wire_expect(self, REQUEST, NBD_REQUEST_SIZE);
    return NBD_MORE;
}

/* The old way in: no refusal is possible but to close. */
static int option_export_name(struct nbd_wire *self, const char **ret_why)
{
    char name[NBD_MAX_NAME + 1];
    struct wire_reader r = wire_reader_init(self->bytes, self->option_size);
    if (!read_name(&r, self->option_size, name) || !self->host->find(self->data, name, &self->info))
        return nbd_wire_bad("asked for an export that it cannot have", ret_why);
    uint8_t room[10 + 124] = {0};
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_be64(&w, self->info.size);
    wire_write_be16(&w, nbd_wire_flags(&self->info));
    self->host->send(self->data, room, self->no_zeroes ? 10 : sizeof room);
    return enter_transmission(self, name, ret_why);
}

static void send_info(struct nbd_wire *self, const char *name, bool want_name, bool want_blocks)
{
    uint8_t room[2 + NBD_MAX_NAME];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_be16(&w, INFO_EXPORT);
    wire_write_be64(&w, self->info.size);
    wire_write_be16(&w, nbd_wire_flags(&self->info));
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

int nbd_wire_option(struct nbd_wire *self, bool cut, const char **ret_why)
{
    int r = NBD_MORE;
    nbd_wire_expect(self, OPTION_HEADER, 16); /* unless the option leads elsewhere */
    if (self->option == OPTION_EXPORT_NAME)
        return cut ? nbd_wire_bad("asked for an export that it cannot have", ret_why)
                   : option_export_name(self, ret_why);
    if (self->option == OPTION_ABORT) {
        reply(self, REPLY_ACK, NULL, 0);
        nbd_wire_expect(self, FINISHED, 0);
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

int nbd_wire_client_flags(struct nbd_wire *self, const char **ret_why)
{
    struct wire_reader r = wire_reader_init(self->bytes, 4);
    uint32_t flags = wire_read_be32(&r);
    if (flags & ~(uint32_t)(FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES))
        return nbd_wire_bad("sent unknown handshake flags", ret_why);
    self->no_zeroes = flags & FLAG_NO_ZEROES;
    next_option(self);
    return NBD_MORE;
}

int nbd_wire_option_header(struct nbd_wire *self, const char **ret_why)
{
    struct wire_reader r = wire_reader_init(self->bytes, 16);
    if (wire_read_be64(&r) != OPTION_MAGIC)
        return nbd_wire_bad("sent an option without its magic", ret_why);
    if (++self->options > NBD_MAX_OPTIONS)
        return nbd_wire_bad("negotiates without end", ret_why);
    self->option = wire_read_be32(&r);
    self->option_size = wire_read_be32(&r);
    if (self->option_size > NBD_MAX_OPTION_DATA)
        return nbd_wire_bad("sent an option of more than 64 KiB", ret_why);
    bool cut = self->option_size > sizeof self->bytes;
    if (!self->option_size)
        return nbd_wire_option(self, false, ret_why);
    nbd_wire_expect(self, OPTION_DATA, cut ? 0 : self->option_size);
    self->skip = cut ? self->option_size : 0;
    return NBD_MORE;
}
