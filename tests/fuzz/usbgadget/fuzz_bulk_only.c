/* A host that sends anything on bulk OUT, with commands that come to anything. The residue never exceeds what the host
 * expected, no more is sent than it expected, every command ends in one status, and after a reset all is well. */
#include <stdlib.h>
#include <string.h>

#include "core/wire.h"
#include "usbgadget/bulk_only.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PACKET 64

static void check(bool good)
{
    if (!good)
        abort();
}

static void send_status(struct bulk *bulk)
{
    uint8_t csw[BULK_CSW];
    bulk_status(bulk, csw);
    struct wire_reader r = wire_reader_init(csw, sizeof csw);
    check(wire_read_le32(&r) == 0x53425355u && wire_read_le32(&r) == bulk->tag);
    check(wire_read_le32(&r) <= bulk->expected && wire_read_u8(&r) <= 2 && wire_read_complete(&r));
    bulk_status_sent(bulk);
    check(bulk->state == BULK_IDLE);
}

static void step(struct bulk *bulk, struct wire_reader *r)
{
    uint8_t what = wire_read_u8(r);
    size_t n = wire_read_u8(r);
    switch (bulk->state) {
    case BULK_IDLE:
    case BULK_DEAD:
    case BULK_DATA_OUT: {
        if (what & 1)
            n = BULK_CBW;
        n = n < r->left ? n : r->left;
        const uint8_t *bytes = wire_read_bytes(r, n);
        uint32_t left = bulk->left;
        enum bulk_state was = bulk->state;
        bulk_received(bulk, bytes, n, n % PACKET != 0 || !n);
        check(was != BULK_DATA_OUT || bulk->left <= left);
        return;
    }
    case BULK_COMMAND:
        bulk_answer(bulk, (enum bulk_direction)(what % 3), (uint64_t)n << (what >> 3), what & 4);
        check(bulk->state != BULK_COMMAND && bulk->transfer <= bulk->expected && bulk->left <= bulk->expected);
        return;
    case BULK_DATA_IN: {
        uint32_t sent = what & 1 ? bulk->transfer : bulk->transfer / (uint32_t)(n + 1);
        check(!bulk_ends_empty(bulk, bulk->expected, PACKET));
        bulk_sent(bulk, sent, what & 2);
        check(bulk->state == BULK_STATUS && bulk->residue == bulk->expected - sent);
        return;
    }
    case BULK_STATUS:
        send_status(bulk);
        return;
    case BULK_HALT:
        bulk_halted(bulk);
        check(bulk->state == BULK_DEAD);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_reader r = wire_reader_init(data, size);
    struct bulk bulk;
    bulk_init(&bulk);
    while (r.left && !r.bad)
        step(&bulk, &r);
    bulk_reset(&bulk);
    static const uint8_t good[BULK_CBW] = {'U', 'S', 'B', 'C', 9, 9, 9, 9, 0, 0, 0, 0, 0, 0, 6};
    bulk_received(&bulk, good, sizeof good, true);
    check(bulk.state == BULK_COMMAND);
    bulk_answer(&bulk, BULK_NONE, 0, false);
    send_status(&bulk);
    return 0;
}
