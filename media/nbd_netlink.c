#include "media/nbd_netlink.h"

#include <linux/genetlink.h>
#include <linux/nbd-netlink.h>
#include <linux/netlink.h>
#include <string.h>

#include "core/attrs.h"
#include "core/wire.h"

#define VERSION 1
#define MAX_NESTING 3

/* --- writing: everything in the byte order of the machine, attributes aligned to 4 --- */

static void write_native(struct wire_writer *w, const void *bytes, size_t size)
{
    uint8_t *room = wire_write_room(w, size);
    if (room)
        memcpy(room, bytes, size);
}

static size_t attribute_open(struct wire_writer *w, uint16_t type)
{
    static const uint8_t no_length_yet[sizeof(uint16_t)]; /* nla_len */
    size_t start = wire_written(w);
    write_native(w, no_length_yet, sizeof no_length_yet);
    write_native(w, &type, sizeof type);
    return start;
}

static void attribute_close(struct wire_writer *w, size_t start)
{
    static const uint8_t padding[NLA_ALIGNTO];
    if (w->full)
        return;
    uint16_t length = (uint16_t)(wire_written(w) - start);
    memcpy(w->start + start, &length, sizeof length); /* nla_len is the first member */
    write_native(w, padding, NLA_ALIGN(length) - length);
}

static void attribute(struct wire_writer *w, uint16_t type, const void *value, size_t size)
{
    size_t start = attribute_open(w, type);
    write_native(w, value, size);
    attribute_close(w, start);
}

static void attribute_u64(struct wire_writer *w, uint16_t type, uint64_t value)
{
    attribute(w, type, &value, sizeof value);
}

static void write_sockets(struct wire_writer *w, const int *sockets, unsigned n)
{
    size_t list = attribute_open(w, NBD_ATTR_SOCKETS | NLA_F_NESTED);
    for (unsigned i = 0; i < n; i++) {
        uint32_t fd = (uint32_t)sockets[i];
        size_t item = attribute_open(w, NBD_SOCK_ITEM | NLA_F_NESTED);
        attribute(w, NBD_SOCK_FD, &fd, sizeof fd);
        attribute_close(w, item);
    }
    attribute_close(w, list);
}

static void write_config(struct wire_writer *w, const struct nbd_netlink_request *request)
{
    const struct nbd_device_config *config = request->config;
    if (request->command == NBD_CMD_CONNECT) {
        attribute_u64(w, NBD_ATTR_SIZE_BYTES, config->size);
        attribute_u64(w, NBD_ATTR_BLOCK_SIZE_BYTES, config->block_size);
        attribute_u64(w, NBD_ATTR_SERVER_FLAGS, config->flags);
    }
    attribute_u64(w, NBD_ATTR_TIMEOUT, config->timeout_s);
    attribute_u64(w, NBD_ATTR_DEAD_CONN_TIMEOUT, config->dead_s);
    write_sockets(w, request->sockets, request->n_sockets);
}

size_t nbd_netlink_write(const struct nbd_netlink_request *request, uint8_t room[NBD_NETLINK_ROOM])
{
    struct wire_writer w = wire_writer_init(room, NBD_NETLINK_ROOM);
    struct nlmsghdr header = {.nlmsg_type = request->family ? request->family : GENL_ID_CTRL,
                              .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
                              .nlmsg_seq = request->serial};
    struct genlmsghdr generic = {.cmd = request->family ? request->command : CTRL_CMD_GETFAMILY, .version = VERSION};
    if (request->n_sockets > NBD_NETLINK_SOCKETS)
        return 0;
    write_native(&w, &header, sizeof header);
    write_native(&w, &generic, sizeof generic);
    if (!request->family)
        attribute(&w, CTRL_ATTR_FAMILY_NAME, NBD_GENL_FAMILY_NAME, sizeof NBD_GENL_FAMILY_NAME);
    if (request->family && request->index >= 0) {
        uint32_t index = (uint32_t)request->index;
        attribute(&w, NBD_ATTR_INDEX, &index, sizeof index);
    }
    if (request->family && request->config)
        write_config(&w, request);
    if (request->family && request->owner)
        attribute(&w, NBD_ATTR_BACKEND_IDENTIFIER, request->owner, strlen(request->owner) + 1);
    if (w.full)
        return 0;
    uint32_t length = (uint32_t)wire_written(&w);
    memcpy(room, &length, sizeof length); /* nlmsg_len is the first member */
    return length;
}

/* --- reading --- */

static uint16_t native_u16(const struct wire_reader *value)
{
    uint16_t v = 0;
    if (value->left >= sizeof v)
        memcpy(&v, value->at, sizeof v);
    return v;
}

static uint32_t native_u32(const struct wire_reader *value)
{
    uint32_t v = 0;
    if (value->left >= sizeof v)
        memcpy(&v, value->at, sizeof v);
    return v;
}

typedef void attribute_fn(uint16_t type, struct wire_reader value, unsigned depth, struct nbd_netlink_answer *answer);

static bool each_attribute(struct wire_reader r, unsigned depth, attribute_fn *fn, struct nbd_netlink_answer *answer)
{
    if (depth > MAX_NESTING)
        return false;
    while (r.left) {
        struct nlattr header;
        const uint8_t *bytes = wire_read_bytes(&r, sizeof header);
        if (!bytes)
            return false;
        memcpy(&header, bytes, sizeof header);
        if (header.nla_len < sizeof header)
            return false;
        struct wire_reader value = wire_read_sub(&r, header.nla_len - sizeof header);
        if (value.bad)
            return false;
        fn(header.nla_type & NLA_TYPE_MASK, value, depth, answer);
        /* the last one may end without its padding */
        wire_read_bytes(&r, MIN(NLA_ALIGN(header.nla_len) - (size_t)header.nla_len, r.left));
    }
    return true;
}

static void of_family(uint16_t type, struct wire_reader value, unsigned depth, struct nbd_netlink_answer *answer)
{
    (void)depth;
    if (type == CTRL_ATTR_FAMILY_ID && value.left == sizeof(uint16_t)) {
        answer->family = native_u16(&value);
        answer->has_family = true;
    }
}

/* A list of items of index and state: as only one device is asked for, it has one. */
static void of_status(uint16_t type, struct wire_reader value, unsigned depth, struct nbd_netlink_answer *answer)
{
    if (depth == 1 && type == NBD_DEVICE_ITEM) {
        (void)each_attribute(value, depth + 1, of_status, answer);
    } else if (depth == 2 && type == NBD_DEVICE_CONNECTED && value.left == 1) {
        answer->connected = value.at[0];
        answer->has_connected = true;
    }
}

static void of_nbd(uint16_t type, struct wire_reader value, unsigned depth, struct nbd_netlink_answer *answer)
{
    if (type == NBD_ATTR_INDEX && value.left == sizeof(uint32_t)) {
        answer->index = native_u32(&value);
        answer->has_index = true;
    } else if (type == NBD_ATTR_DEVICE_LIST) {
        (void)each_attribute(value, depth + 1, of_status, answer);
    }
}

static bool read_body(uint16_t type, struct wire_reader body, struct nbd_netlink_answer *answer)
{
    if (type == NLMSG_ERROR) { /* an acknowledgement too: error 0 */
        if (body.left < sizeof(struct nlmsgerr))
            return false;
        answer->error = (int)native_u32(&body);
        answer->done = true;
        return answer->error <= 0;
    }
    if (type < NLMSG_MIN_TYPE)
        return true;
    wire_read_bytes(&body, sizeof(struct genlmsghdr));
    if (body.bad)
        return false;
    return each_attribute(body, 0, type == GENL_ID_CTRL ? of_family : of_nbd, answer);
}

bool nbd_netlink_read(const uint8_t *bytes, size_t size, uint32_t serial, struct nbd_netlink_answer *answer)
{
    struct wire_reader r = wire_reader_init(bytes, size);
    while (r.left) {
        struct nlmsghdr header;
        const uint8_t *start = wire_read_bytes(&r, sizeof header);
        if (!start)
            return false;
        memcpy(&header, start, sizeof header);
        if (header.nlmsg_len < sizeof header)
            return false;
        struct wire_reader body = wire_read_sub(&r, header.nlmsg_len - sizeof header);
        if (body.bad)
            return false;
        if (header.nlmsg_seq == serial && !read_body(header.nlmsg_type, body, answer))
            return false;
        wire_read_bytes(&r, MIN((size_t)NLMSG_ALIGN(header.nlmsg_len) - header.nlmsg_len, r.left));
    }
    return true;
}
