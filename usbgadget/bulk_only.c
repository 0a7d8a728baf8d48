#include "usbgadget/bulk_only.h"

#include <string.h>

#include "core/wire.h"

#define CBW_SIGNATURE 0x43425355u
#define CSW_SIGNATURE 0x53425355u

enum { STATUS_GOOD, STATUS_FAILED, STATUS_PHASE_ERROR };

void bulk_init(struct bulk *self)
{
    memset(self, 0, sizeof *self);
}

void bulk_reset(struct bulk *self)
{
    bulk_init(self);
}

/* Valid and meaningful (6.2). A unit that is not there is the commands' affair: hosts look for more than one. */
static bool take_wrapper(struct bulk *self, const uint8_t *bytes, size_t size)
{
    struct wire_reader r = wire_reader_init(bytes, size);
    uint32_t signature = wire_read_le32(&r);
    self->tag = wire_read_le32(&r);
    self->expected = wire_read_le32(&r);
    uint8_t flags = wire_read_u8(&r);
    self->lun = wire_read_u8(&r);
    uint8_t length = wire_read_u8(&r);
    const uint8_t *cdb = wire_read_bytes(&r, BULK_CDB);
    if (!wire_read_complete(&r) || signature != CBW_SIGNATURE || flags & 0x7F || self->lun & 0xF0 || length < 1 ||
        length > BULK_CDB)
        return false;
    self->host_sends = self->expected && !(flags & 0x80);
    memset(self->cdb, 0, sizeof self->cdb);
    memcpy(self->cdb, cdb, length);
    return true;
}

static void wrapper(struct bulk *self, const uint8_t *bytes, size_t size)
{
    bulk_reset(self);
    self->state = take_wrapper(self, bytes, size) ? BULK_COMMAND : BULK_HALT;
    self->residue = self->expected;
}

void bulk_received(struct bulk *self, const uint8_t *bytes, size_t size, bool is_short)
{
    if (self->state == BULK_IDLE) {
        wrapper(self, bytes, size);
    } else if (self->state == BULK_DEAD) {
        self->state = BULK_HALT; /* the host may have cleared it without a reset */
    } else if (self->state == BULK_DATA_OUT) {
        self->left -= size < self->left ? (uint32_t)size : self->left;
        if (is_short || !self->left)
            self->state = BULK_STATUS;
    }
}

/* 6.7.1: the host expects no data. Cases 1 to 3. */
static void answer_none(struct bulk *self, enum bulk_direction direction)
{
    self->phase_error = direction != BULK_NONE;
    self->state = BULK_STATUS;
}

/* 6.7.2: the host expects to receive. Cases 4 to 8. */
static void answer_in(struct bulk *self, enum bulk_direction direction, uint64_t size)
{
    self->phase_error = direction == BULK_OUT || (direction == BULK_IN && size > self->expected);
    self->transfer = direction != BULK_IN ? 0 : size < self->expected ? (uint32_t)size : self->expected;
    self->state = BULK_DATA_IN;
}

/* 6.7.3: the host expects to send. Cases 9 to 13. All it sends is taken, so that no packet is taken for a wrapper. */
static void answer_out(struct bulk *self, enum bulk_direction direction, uint64_t size)
{
    self->phase_error = direction == BULK_IN || (direction == BULK_OUT && size > self->expected);
    if (direction == BULK_OUT)
        self->residue = self->expected - (size < self->expected ? (uint32_t)size : self->expected);
    self->left = self->expected;
    self->state = BULK_DATA_OUT;
}

void bulk_answer(struct bulk *self, enum bulk_direction direction, uint64_t size, bool failed)
{
    if (self->state != BULK_COMMAND)
        return;
    if (!size)
        direction = BULK_NONE;
    self->failed = failed;
    if (!self->expected)
        answer_none(self, direction);
    else if (self->host_sends)
        answer_out(self, direction, size);
    else
        answer_in(self, direction, size);
}

void bulk_sent(struct bulk *self, uint32_t size, bool failed)
{
    if (self->state != BULK_DATA_IN)
        return;
    self->residue = self->expected - (size < self->expected ? size : self->expected);
    self->failed |= failed;
    self->state = BULK_STATUS;
}

bool bulk_ends_empty(const struct bulk *self, uint32_t sent, unsigned packet)
{
    return sent < self->expected && sent % packet == 0;
}

void bulk_status(const struct bulk *self, uint8_t ret[BULK_CSW])
{
    struct wire_writer w = wire_writer_init(ret, BULK_CSW);
    wire_write_le32(&w, CSW_SIGNATURE);
    wire_write_le32(&w, self->tag);
    wire_write_le32(&w, self->residue);
    wire_write_u8(&w, self->phase_error ? STATUS_PHASE_ERROR : self->failed ? STATUS_FAILED : STATUS_GOOD);
}

void bulk_status_sent(struct bulk *self)
{
    if (self->state == BULK_STATUS)
        self->state = BULK_IDLE;
}

void bulk_halted(struct bulk *self)
{
    if (self->state == BULK_HALT)
        self->state = BULK_DEAD;
}

enum bulk_request bulk_request(uint8_t type, uint8_t request, uint16_t value, uint16_t length)
{
    if (type == 0x21 && request == 0xFF && !value && !length)
        return BULK_REQUEST_RESET;
    if (type == 0xA1 && request == 0xFE && !value && length)
        return BULK_REQUEST_MAX_LUN;
    return BULK_REQUEST_OTHER;
}
