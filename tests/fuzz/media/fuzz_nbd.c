/* The NBD server's state machine with a peer that sends anything. The first byte says into which pieces the rest is
 * cut; whatever the pieces, the answers must be the same as byte by byte. A leading 0xff skips the negotiation, so
 * that the commands are reached as easily as the options. */
#include <stdlib.h>
#include <string.h>

#include "media/nbd_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DISK_SIZE 4096

struct run {
    uint64_t hash; /* of all that was sent and all events */
    uint8_t disk[DISK_SIZE], payload[DISK_SIZE];
};

static struct run runs[2];

static void mix(struct run *run, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        run->hash = (run->hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
}

static void on_send(void *data, const void *bytes, size_t size)
{
    mix(data, bytes, size);
}

static bool on_find(void *data, const char *name, struct nbd_export_info *ret)
{
    (void)data;
    if (strlen(name) > NBD_MAX_NAME)
        abort();
    *ret = (struct nbd_export_info){.size = DISK_SIZE, .read_only = *name == 'r'};
    return *name == 'd' || *name == 'r';
}

static void on_list(void *data, void (*fn)(void *fn_data, const char *name), void *fn_data)
{
    (void)data;
    fn(fn_data, "disk");
    fn(fn_data, "ro");
}

static bool on_chosen(void *data, const char *name)
{
    mix(data, name, strlen(name));
    return true;
}

static const struct nbd_wire_host host = {on_send, on_find, on_list, on_chosen};

/* Does to the disk what an accepted command asks: a sanitizer sees it when a range was let through. */
static void obey(struct run *run, const struct nbd_wire *wire)
{
    const struct nbd_command *c = &wire->command;
    mix(run, &c->cookie, sizeof c->cookie);
    mix(run, &c->error, sizeof c->error);
    uint8_t reply[NBD_REPLY_ROOM];
    mix(run, reply, nbd_reply_write(reply, c, c->error, wire->structured));
    if (c->error != NBD_OK)
        return;
    if (c->offset > DISK_SIZE || c->length > DISK_SIZE - c->offset ||
        (wire->info.read_only && c->type != NBD_CMD_READ && c->type != NBD_CMD_FLUSH))
        abort();
    if (c->type == NBD_CMD_READ)
        mix(run, run->disk + c->offset, c->length);
    else if (c->type == NBD_CMD_WRITE && c->length)
        memcpy(run->disk + c->offset, run->payload, c->length);
    else if (c->type == NBD_CMD_TRIM || c->type == NBD_CMD_WRITE_ZEROES)
        memset(run->disk + c->offset, 0, c->length);
}

static void feed(struct run *run, const uint8_t *data, size_t size, size_t step, bool tls)
{
    struct nbd_wire wire;
    memset(run->disk, 0, sizeof run->disk);
    run->hash = 0xcbf29ce484222325u;
    nbd_wire_init(&wire, &host, run, tls ? NBD_TLS_REQUIRED : NBD_TLS_NEVER);
    while (size) {
        size_t n;
        uint8_t *room = nbd_wire_room(&wire, &n);
        if (!n)
            abort();
        n = MIN(MIN(n, size), step);
        memcpy(room, data, n);
        data += n;
        size -= n;
        const char *why = NULL;
        int event = nbd_wire_filled(&wire, n, &why);
        mix(run, &event, event ? sizeof event : 0);
        if (event < 0 && !why)
            abort();
        if (event == NBD_PAYLOAD)
            nbd_wire_payload(&wire, wire.command.length > DISK_SIZE ? NULL : run->payload);
        else if (event == NBD_COMMAND)
            obey(run, &wire);
        else if (event == NBD_STARTTLS)
            mix(run, "tls", 3);
        else if (event != NBD_MORE)
            return;
    }
}

static const uint8_t shortcut[] = "\0\0\0\3IHAVEOPT\0\0\0\1\0\0\0\1d";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t input[65536 + sizeof shortcut];
    if (size < 2 || size > 65536)
        return 0;
    size_t step = data[0] + 1u, used = 0;
    data++;
    size--;
    if (data[0] == 0xff) {
        memcpy(input, shortcut, sizeof shortcut - 1);
        used = sizeof shortcut - 1;
        data++;
        size--;
    }
    memcpy(input + used, data, size);
    bool tls = used + size && input[used + size - 1] == 0xee; /* the last byte: nothing in the clear */
    feed(&runs[0], input, used + size, step, tls);
    feed(&runs[1], input, used + size, 1, tls);
    if (runs[0].hash != runs[1].hash || memcmp(runs[0].disk, runs[1].disk, DISK_SIZE) != 0)
        abort();
    return 0;
}
