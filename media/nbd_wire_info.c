/* The options that name an export: EXPORT_NAME, INFO and GO. */
#include <string.h>

#include "core/wire.h"
#include "media/nbd_wire_states.h"

enum {
    SEND_HAS_FLAGS = 1 << 0,
    SEND_READ_ONLY = 1 << 1,
    SEND_FLUSH = 1 << 2,
    SEND_FUA = 1 << 3,
    SEND_TRIM = 1 << 5,
    SEND_WRITE_ZEROES = 1 << 6,
    SEND_DF = 1 << 7,
    SEND_CAN_MULTI_CONN = 1 << 8,
};

enum { INFO_EXPORT = 0, INFO_NAME = 1, INFO_DESCRIPTION = 2, INFO_BLOCK_SIZE = 3 };

uint16_t nbd_wire_flags(const struct nbd_export_info *info, bool structured)
{
    unsigned flags = SEND_HAS_FLAGS | SEND_FLUSH | SEND_FUA | SEND_CAN_MULTI_CONN;
    flags |= info->read_only ? SEND_READ_ONLY : SEND_TRIM | SEND_WRITE_ZEROES;
    return (uint16_t)(flags | (structured ? SEND_DF : 0));
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
int nbd_wire_export_name(struct nbd_wire *self, const char **ret_why)
{
    char name[NBD_MAX_NAME + 1];
    struct wire_reader r = wire_reader_init(self->bytes, self->option_size);
    if (!read_name(&r, self->option_size, name) || !self->host->find(self->data, name, &self->info))
        return nbd_wire_bad("asked for an export that it cannot have", ret_why);
    uint8_t room[10 + 124] = {0};
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_be64(&w, self->info.size);
    wire_write_be16(&w, nbd_wire_flags(&self->info, self->structured));
    self->host->send(self->data, room, self->no_zeroes ? 10 : sizeof room);
    return enter_transmission(self, name, ret_why);
}

static void send_text(struct nbd_wire *self, unsigned type, const char *text)
{
    uint8_t room[2 + NBD_MAX_DESCRIPTION];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_be16(&w, (uint16_t)type);
    wire_write_bytes(&w, text, MIN(strlen(text), (size_t)NBD_MAX_DESCRIPTION));
    nbd_wire_reply(self, NBD_REP_INFO, room, wire_written(&w));
}

static void send_info(struct nbd_wire *self, const char *name, unsigned wanted)
{
    uint8_t room[14];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_be16(&w, INFO_EXPORT);
    wire_write_be64(&w, self->info.size);
    wire_write_be16(&w, nbd_wire_flags(&self->info, self->structured));
    nbd_wire_reply(self, NBD_REP_INFO, room, wire_written(&w));
    if (wanted & 1u << INFO_NAME)
        send_text(self, INFO_NAME, name);
    if (wanted & 1u << INFO_DESCRIPTION && self->info.description)
        send_text(self, INFO_DESCRIPTION, self->info.description);
    if (wanted & 1u << INFO_BLOCK_SIZE) {
        w = wire_writer_init(room, sizeof room);
        wire_write_be16(&w, INFO_BLOCK_SIZE);
        wire_write_be32(&w, 1);
        wire_write_be32(&w, NBD_PREFERRED_BLOCK);
        wire_write_be32(&w, NBD_MAX_PAYLOAD);
        nbd_wire_reply(self, NBD_REP_INFO, room, wire_written(&w));
    }
}

/* INFO and GO: be32 name size, name, be16 count, count x be16 of what else it wants to know. */
int nbd_wire_info(struct nbd_wire *self, const char **ret_why)
{
    char name[NBD_MAX_NAME + 1];
    unsigned wanted = 0;
    struct wire_reader r = wire_reader_init(self->bytes, self->option_size);
    uint32_t name_size = wire_read_be32(&r);
    struct wire_reader name_reader = wire_read_sub(&r, name_size);
    unsigned count = wire_read_be16(&r);
    for (unsigned i = 0; i < count && !r.bad; i++) {
        uint16_t info = wire_read_be16(&r);
        wanted |= info <= INFO_BLOCK_SIZE ? 1u << info : 0;
    }
    if (!wire_read_complete(&r)) {
        nbd_wire_refuse(self, NBD_REP_ERR_INVALID, "the option's lengths do not fit");
        return NBD_MORE;
    }
    if (!read_name(&name_reader, name_size, name) || !self->host->find(self->data, name, &self->info)) {
        nbd_wire_refuse(self, NBD_REP_ERR_UNKNOWN, "no such export for this client");
        return NBD_MORE;
    }
    send_info(self, name, wanted);
    nbd_wire_reply(self, NBD_REP_ACK, NULL, 0);
    return self->option == OPTION_GO ? enter_transmission(self, name, ret_why) : NBD_MORE;
}
