#include "media/outward/nbd_starttls.h"

#include <errno.h>

#include "core/wire.h"

#define MAGIC_SERVER 0x4e42444d41474943u /* NBDMAGIC */
#define MAGIC_OPTION 0x49484156454f5054u /* IHAVEOPT */
#define MAGIC_ANSWER 0x0003e889045565a9u
#define FIXED_NEWSTYLE 1u
#define NO_ZEROES 2u
#define OPTION_STARTTLS 5u
#define ANSWER_ACK 1u

uint8_t *nbd_starttls_room(struct nbd_starttls *self, size_t *ret_size)
{
    *ret_size = (self->greeted ? NBD_STARTTLS_SIZE : NBD_GREETING_SIZE) - self->have;
    return self->room + self->have;
}

static int take_greeting(struct nbd_starttls *self, const char **ret_why)
{
    struct wire_reader r = wire_reader_init(self->room, NBD_GREETING_SIZE);
    *ret_why = "What answers there is no NBD server.";
    if (wire_read_be64(&r) != MAGIC_SERVER)
        return -EPROTO;
    *ret_why = "The NBD server offers no TLS: it speaks an older form of the protocol.";
    if (wire_read_be64(&r) != MAGIC_OPTION)
        return -ENOTSUP;
    self->flags = wire_read_be16(&r) & (FIXED_NEWSTYLE | NO_ZEROES);
    if (!(self->flags & FIXED_NEWSTYLE))
        return -ENOTSUP;
    self->greeted = true;
    return NBD_STARTTLS_SAY;
}

static int take_answer(const struct nbd_starttls *self, const char **ret_why)
{
    struct wire_reader r = wire_reader_init(self->room, NBD_STARTTLS_SIZE);
    uint64_t magic = wire_read_be64(&r);
    uint32_t option = wire_read_be32(&r), type = wire_read_be32(&r), size = wire_read_be32(&r);
    *ret_why = "The NBD server's answer to the wish for TLS makes no sense.";
    if (magic != MAGIC_ANSWER || option != OPTION_STARTTLS)
        return -EPROTO;
    if (type == ANSWER_ACK)
        return size == 0 ? NBD_STARTTLS_AGREED : -EPROTO;
    if (!(type >> 31))
        return -EPROTO;
    *ret_why = "The NBD server offers no TLS; nothing was read from it. Turn TLS on there, or write nbd:// if the "
               "network between can be trusted.";
    return -ENOTSUP;
}

int nbd_starttls_filled(struct nbd_starttls *self, size_t n, const char **ret_why)
{
    self->have += n;
    if (self->have < (self->greeted ? NBD_STARTTLS_SIZE : NBD_GREETING_SIZE))
        return NBD_STARTTLS_MORE;
    self->have = 0;
    return self->greeted ? take_answer(self, ret_why) : take_greeting(self, ret_why);
}

void nbd_starttls_words(const struct nbd_starttls *self, uint8_t ret[NBD_STARTTLS_SIZE])
{
    struct wire_writer w = wire_writer_init(ret, NBD_STARTTLS_SIZE);
    wire_write_be32(&w, self->flags);
    wire_write_be64(&w, MAGIC_OPTION);
    wire_write_be32(&w, OPTION_STARTTLS);
    wire_write_be32(&w, 0);
}

void nbd_starttls_greeting(const struct nbd_starttls *self, uint8_t ret[NBD_GREETING_SIZE])
{
    struct wire_writer w = wire_writer_init(ret, NBD_GREETING_SIZE);
    wire_write_be64(&w, MAGIC_SERVER);
    wire_write_be64(&w, MAGIC_OPTION);
    wire_write_be16(&w, self->flags);
}

void nbd_starttls_flags(const struct nbd_starttls *self, uint8_t ret[NBD_FLAGS_SIZE])
{
    struct wire_writer w = wire_writer_init(ret, NBD_FLAGS_SIZE);
    wire_write_be32(&w, self->flags);
}
