/* Commands that every kind of SCSI device has (SPC-4). */
#include "usbgadget/scsi_cd_commands.h"

#include "core/attrs.h"

#define DEVICE_TYPE 0x05 /* CD/DVD */

static void vital_pages(struct wire_writer *w)
{
    static const uint8_t pages[] = {0x00, 0x80, 0x83};
    wire_write_be16(w, sizeof pages);
    wire_write_bytes(w, pages, sizeof pages);
}

/* One designator: vendor, product and, where there is one, the serial number (SPC-4, 7.8.6.4). */
static void vital_designator(const struct scsi_cd *self, struct wire_writer *w)
{
    uint8_t size = (uint8_t)(24 + self->serial_size);
    wire_write_be16(w, (uint16_t)(4 + size));
    wire_write_u8(w, 0x02); /* ASCII */
    wire_write_u8(w, 0x01); /* of the logical unit; T10 vendor identification */
    wire_write_u8(w, 0);
    wire_write_u8(w, size);
    wire_write_bytes(w, self->inquiry, 24);
    wire_write_bytes(w, self->serial, self->serial_size);
}

static bool vital(const struct scsi_cd *self, unsigned page, struct wire_writer *w)
{
    wire_write_u8(w, DEVICE_TYPE);
    wire_write_u8(w, (uint8_t)page);
    switch (page) {
    case 0x00:
        vital_pages(w);
        return true;
    case 0x80:
        wire_write_be16(w, (uint16_t)self->serial_size);
        wire_write_bytes(w, self->serial, self->serial_size);
        return true;
    case 0x83:
        vital_designator(self, w);
        return true;
    default:
        return false;
    }
}

void scsi_cd_inquiry(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    static const uint8_t head[] = {DEVICE_TYPE,
                                   0x80 /* removable */,
                                   0x05 /* SPC-3 */,
                                   0x02 /* data format */,
                                   31 /* bytes that follow */,
                                   0,
                                   0,
                                   0};
    struct wire_writer w = scsi_cd_writer(self);
    bool good = true;
    if (cdb[1] & 1) {
        good = vital(self, cdb[2], &w);
    } else {
        good = !cdb[2];
        wire_write_bytes(&w, head, sizeof head);
        wire_write_bytes(&w, self->inquiry, sizeof self->inquiry);
    }
    if (!good)
        scsi_cd_refuse(self, SCSI_INVALID_FIELD, ret);
    else
        scsi_cd_answer_with(&w, scsi_be16(cdb + 3), ret);
}

static void fixed_sense(const struct scsi_cd *self, struct wire_writer *w)
{
    wire_write_u8(w, self->sense_has_lba ? 0xF0 : 0x70);
    wire_write_u8(w, 0);
    wire_write_u8(w, (uint8_t)(self->sense >> 16));
    wire_write_be32(w, self->sense_has_lba ? self->sense_lba : 0);
    wire_write_u8(w, SCSI_CD_SENSE - 8);
    wire_write_be32(w, 0);
    wire_write_u8(w, (uint8_t)(self->sense >> 8));
    wire_write_u8(w, (uint8_t)self->sense);
    scsi_cd_zeros(w, 4);
}

static void descriptor_sense(const struct scsi_cd *self, struct wire_writer *w)
{
    wire_write_u8(w, 0x72);
    wire_write_u8(w, (uint8_t)(self->sense >> 16));
    wire_write_u8(w, (uint8_t)(self->sense >> 8));
    wire_write_u8(w, (uint8_t)self->sense);
    scsi_cd_zeros(w, 3);
    if (!self->sense_has_lba) {
        wire_write_u8(w, 0);
        return;
    }
    wire_write_u8(w, 12);
    wire_write_u8(w, 0x00); /* information */
    wire_write_u8(w, 10);
    wire_write_u8(w, 0x80);
    wire_write_u8(w, 0);
    wire_write_be64(w, self->sense_lba);
}

void scsi_cd_request_sense(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    if (self->sense == SCSI_NO_SENSE && self->attention != SCSI_NO_SENSE) {
        scsi_cd_fail(self, self->attention);
        self->attention = SCSI_NO_SENSE;
    }
    struct wire_writer w = scsi_cd_writer(self);
    if (cdb[1] & 1)
        descriptor_sense(self, &w);
    else
        fixed_sense(self, &w);
    scsi_cd_answer_with(&w, cdb[4], ret);
    scsi_cd_fail(self, SCSI_NO_SENSE);
}

void scsi_cd_report_luns(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    uint32_t allocation = scsi_be32(cdb + 6);
    if (cdb[2] > 2 || allocation < 16) {
        scsi_cd_refuse(self, SCSI_INVALID_FIELD, ret);
        return;
    }
    bool well_known_only = cdb[2] == 1; /* of which there are none */
    struct wire_writer w = scsi_cd_writer(self);
    wire_write_be32(&w, well_known_only ? 0 : 8);
    wire_write_be32(&w, 0);
    if (!well_known_only)
        wire_write_be64(&w, 0);
    scsi_cd_answer_with(&w, allocation, ret);
}

/* Mode pages; all bytes are zero where the changeable values are asked for, because none is. */
static const uint8_t page_recovery[] = {0x01, 10, 0x00, 0x05, 0, 0, 0, 0, 0, 0, 0, 0};
static const uint8_t page_power[] = {0x1A, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
static const uint8_t page_timeout[] = {0x1D, 8, 0, 0, 0, 0, 0, 30, 0, 30};
static const uint8_t page_capabilities[] = {
    0x2A, 18,   0x3B,    /* reads CD-R, CD-RW, DVD-ROM, DVD-R, DVD-RAM */
    0x00,                /* writes nothing */
    0x00, 0x00,          /* no audio, no raw sectors */
    0x29,                /* tray, can eject, can lock; bit 1 is set when it is locked */
    0x00,                /* no changer */
    0x21, 0x00,          /* fastest reading: 8448 kB/s */
    0x00, 0x00,          /* volume levels */
    0x04, 0x00,          /* buffer: 1024 KiB */
    0x21, 0x00, 0,    0, /* speed now */
    0x00, 0x00,
};

static const struct {
    const uint8_t *bytes;
    size_t size;
} pages[] = {
    {page_recovery, sizeof page_recovery},
    {page_power, sizeof page_power},
    {page_timeout, sizeof page_timeout},
    {page_capabilities, sizeof page_capabilities},
};

#define ALL_PAGES 0x3F

/* How many pages were written. */
static unsigned write_pages(const struct scsi_cd *self, unsigned wanted, bool changeable, struct wire_writer *w)
{
    unsigned n = 0;
    for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
        if (wanted != ALL_PAGES && wanted != pages[i].bytes[0])
            continue;
        uint8_t *room = wire_write_room(w, pages[i].size);
        for (size_t k = 0; room && k < pages[i].size; k++)
            room[k] = changeable && k >= 2 ? 0 : pages[i].bytes[k];
        if (room && pages[i].bytes == page_capabilities && !changeable && self->locked)
            room[6] |= 0x02;
        n++;
    }
    return n;
}

static void mode_sense(struct scsi_cd *self, const uint8_t *cdb, bool ten, struct scsi_cd_answer *ret)
{
    unsigned control = cdb[2] >> 6, page = cdb[2] & 0x3F, subpage = cdb[3];
    if (control == 3) {
        scsi_cd_refuse(self, SCSI_SAVING_NOT_SUPPORTED, ret);
        return;
    }
    size_t head = ten ? 8 : 4;
    struct wire_writer w = scsi_cd_writer(self);
    scsi_cd_zeros(&w, head); /* medium type 0: the default; no block descriptor */
    if ((subpage && subpage != 0xFF) || !write_pages(self, page, control == 1, &w)) {
        scsi_cd_refuse(self, SCSI_INVALID_FIELD, ret);
        return;
    }
    size_t size = wire_written(&w);
    if (ten)
        self->room[1] = (uint8_t)(size - 2);
    else
        self->room[0] = (uint8_t)(size - 1);
    scsi_cd_answer_with(&w, ten ? scsi_be16(cdb + 7) : cdb[4], ret);
}

void scsi_cd_mode_sense_6(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    mode_sense(self, cdb, false, ret);
}

void scsi_cd_mode_sense_10(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    mode_sense(self, cdb, true, ret);
}

/* Nothing is changeable, so every parameter list but the empty one is refused; its bytes are taken all the same. */
static void mode_select(struct scsi_cd *self, const uint8_t *cdb, unsigned length, struct scsi_cd_answer *ret)
{
    ret->takes = length;
    if (!(cdb[1] & 0x10) || (cdb[1] & 0x01))
        scsi_cd_refuse(self, SCSI_INVALID_FIELD, ret);
    else if (length)
        scsi_cd_refuse(self, SCSI_INVALID_PARAMETER, ret);
}

void scsi_cd_mode_select_6(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    mode_select(self, cdb, cdb[4], ret);
}

void scsi_cd_mode_select_10(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    mode_select(self, cdb, scsi_be16(cdb + 7), ret);
}
