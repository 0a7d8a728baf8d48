#include <string.h>

#include "core/wire.h"
#include "media/nbd_wire_states.h"

#define NBD_MAGIC 0x4e42444d41474943ull    /* "NBDMAGIC" */
#define OPTION_MAGIC 0x49484156454f5054ull /* "IHAVEOPT" */
#define OPTION_REPLY_MAGIC 0x0003e889045565a9ull

enum { FLAG_FIXED_NEWSTYLE = 1, FLAG_NO_ZEROES = 2 }; /* of both handshakes */

void nbd_wire_init(struct nbd_wire *self, const struct nbd_wire_host *host, void *data, enum nbd_tls_policy tls)
{
    memset(self, 0, sizeof *self);
    self->host = host;
    self->data = data;
    self->tls = tls;
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

void nbd_wire_reply(struct nbd_wire *self, uint32_t type, const void *bytes, size_t size)
{
    uint8_t room[20 + NBD_REPLY_DATA_MAX];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_be64(&w, OPTION_REPLY_MAGIC);
    wire_write_be32(&w, self->option);
    wire_write_be32(&w, type);
    wire_write_be32(&w, (uint32_t)size);
    wire_write_bytes(&w, bytes, size);
    self->host->send(self->data, room, wire_written(&w));
}

void nbd_wire_refuse(struct nbd_wire *self, uint32_t type, const char *why)
{
    nbd_wire_reply(self, type, why, strlen(why));
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
    nbd_wire_reply(self, NBD_REP_SERVER, room, wire_written(&w));
}

static void option_list(struct nbd_wire *self)
{
    if (self->option_size) {
        nbd_wire_refuse(self, NBD_REP_ERR_INVALID, "LIST takes no data");
        return;
    }
    self->host->list(self->data, list_one, self);
    nbd_wire_reply(self, NBD_REP_ACK, NULL, 0);
}

static int option_starttls(struct nbd_wire *self)
{
    if (self->option_size) {
        nbd_wire_refuse(self, NBD_REP_ERR_INVALID, "STARTTLS takes no data");
    } else if (self->tls == NBD_TLS_BEGUN) {
        nbd_wire_refuse(self, NBD_REP_ERR_INVALID, "TLS has begun already");
    } else if (self->tls == NBD_TLS_NEVER) {
        nbd_wire_refuse(self, NBD_REP_ERR_UNSUP, "there is no TLS on this local socket");
    } else {
        self->tls = NBD_TLS_BEGUN;
        nbd_wire_reply(self, NBD_REP_ACK, NULL, 0);
        return NBD_STARTTLS;
    }
    return NBD_MORE;
}

static void option_structured(struct nbd_wire *self)
{
    if (self->option_size) {
        nbd_wire_refuse(self, NBD_REP_ERR_INVALID, "STRUCTURED_REPLY takes no data");
    } else if (self->structured) {
        nbd_wire_refuse(self, NBD_REP_ERR_INVALID, "structured replies were agreed on already");
    } else {
        self->structured = true;
        nbd_wire_reply(self, NBD_REP_ACK, NULL, 0);
    }
}

/* What must not be heard in the clear. */
static int option_before_tls(struct nbd_wire *self, const char **ret_why)
{
    if (self->option == OPTION_EXPORT_NAME)
        return nbd_wire_bad("asked for an export without TLS", ret_why); /* there is no other refusal */
    nbd_wire_refuse(self, NBD_REP_ERR_TLS_REQD, "this server speaks TLS only: say STARTTLS first");
    return NBD_MORE;
}

int nbd_wire_option(struct nbd_wire *self, bool cut, const char **ret_why)
{
    next_option(self); /* unless the option leads elsewhere */
    if (self->option == OPTION_ABORT) {
        nbd_wire_reply(self, NBD_REP_ACK, NULL, 0);
        nbd_wire_expect(self, FINISHED, 0);
        return NBD_FINISHED;
    }
    if (self->option == OPTION_STARTTLS)
        return option_starttls(self);
    if (self->tls == NBD_TLS_REQUIRED)
        return option_before_tls(self, ret_why);
    switch (self->option) {
    case OPTION_EXPORT_NAME:
        return cut ? nbd_wire_bad("asked for an export that it cannot have", ret_why)
                   : nbd_wire_export_name(self, ret_why);
    case OPTION_INFO:
    case OPTION_GO:
        if (!cut)
            return nbd_wire_info(self, ret_why);
        nbd_wire_refuse(self, NBD_REP_ERR_TOO_BIG, "the option is too long");
        break;
    case OPTION_LIST:
        option_list(self);
        break;
    case OPTION_STRUCTURED_REPLY:
        option_structured(self);
        break;
    default:
        nbd_wire_refuse(self, NBD_REP_ERR_UNSUP, "this server does not know the option");
    }
    return NBD_MORE;
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
