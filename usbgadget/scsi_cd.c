#include "usbgadget/scsi_cd_commands.h"

#include <string.h>

#include "core/attrs.h"

enum {
    NEEDS_MEDIUM = 1,
    IN_SPITE_OF_ATTENTION = 2, /* SPC-4, 5.14: does not report a unit attention; MMC-6 adds two more */
};

static void nothing(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    (void)self;
    (void)cdb;
    (void)ret;
}

static const struct {
    uint8_t code, flags;
    scsi_cd_fn *fn;
} commands[] = {
    {0x00, NEEDS_MEDIUM, nothing}, /* TEST UNIT READY */
    {0x03, IN_SPITE_OF_ATTENTION, scsi_cd_request_sense},
    {0x08, NEEDS_MEDIUM, scsi_cd_read_6},
    {0x12, IN_SPITE_OF_ATTENTION, scsi_cd_inquiry},
    {0x15, 0, scsi_cd_mode_select_6},
    {0x1A, 0, scsi_cd_mode_sense_6},
    {0x1B, 0, scsi_cd_start_stop},
    {0x1E, 0, scsi_cd_prevent_allow},
    {0x23, 0, scsi_cd_format_capacities},
    {0x25, NEEDS_MEDIUM, scsi_cd_read_capacity_10},
    {0x28, NEEDS_MEDIUM, scsi_cd_read_10},
    {0x2B, NEEDS_MEDIUM, scsi_cd_seek_10},
    {0x2F, NEEDS_MEDIUM, scsi_cd_verify_10},
    {0x35, NEEDS_MEDIUM, nothing}, /* SYNCHRONIZE CACHE (10): nothing is ever kept back */
    {0x42, NEEDS_MEDIUM, scsi_cd_read_sub_channel},
    {0x43, NEEDS_MEDIUM, scsi_cd_read_toc},
    {0x44, NEEDS_MEDIUM, scsi_cd_read_header},
    {0x46, IN_SPITE_OF_ATTENTION, scsi_cd_get_configuration},
    {0x4A, IN_SPITE_OF_ATTENTION, scsi_cd_get_event},
    {0x51, NEEDS_MEDIUM, scsi_cd_disc_information},
    {0x52, NEEDS_MEDIUM, scsi_cd_track_information},
    {0x55, 0, scsi_cd_mode_select_10},
    {0x5A, 0, scsi_cd_mode_sense_10},
    {0x88, NEEDS_MEDIUM, scsi_cd_read_16},
    {0x9E, NEEDS_MEDIUM, scsi_cd_read_capacity_16},
    {0xA0, IN_SPITE_OF_ATTENTION, scsi_cd_report_luns},
    {0xA8, NEEDS_MEDIUM, scsi_cd_read_12},
    {0xAD, NEEDS_MEDIUM, scsi_cd_dvd_structure},
    {0xBB, 0, nothing}, /* SET CD SPEED: we are as fast as we are */
    {0xBD, 0, scsi_cd_mechanism_status},
    {0xBE, NEEDS_MEDIUM, scsi_cd_read_cd},
};

void scsi_cd_init(struct scsi_cd *self, const char *inquiry)
{
    memset(self, 0, sizeof *self);
    memset(self->inquiry, ' ', sizeof self->inquiry);
    size_t size = strlen(inquiry), head = MIN(size, sizeof self->inquiry);
    memcpy(self->inquiry, inquiry, head);
    self->serial_size = (unsigned)MIN(size - head, sizeof self->serial);
    memcpy(self->serial, inquiry + head, self->serial_size);
}

void scsi_cd_insert(struct scsi_cd *self, uint64_t blocks)
{
    self->blocks = blocks;
    self->tray_open = false;
    self->attention = SCSI_MEDIUM_CHANGED;
    self->media_event = 2;
}

void scsi_cd_remove(struct scsi_cd *self)
{
    self->blocks = 0;
    self->attention = SCSI_NO_SENSE; /* that it is not ready says it all */
    self->media_event = 3;
}

void scsi_cd_reset(struct scsi_cd *self)
{
    self->locked = false;
    self->sense = SCSI_NO_SENSE;
    self->sense_has_lba = false;
}

void scsi_cd_fail(struct scsi_cd *self, enum scsi_sense sense)
{
    self->sense = sense;
    self->sense_has_lba = false;
}

void scsi_cd_fail_read(struct scsi_cd *self, uint64_t lba)
{
    scsi_cd_fail(self, SCSI_UNRECOVERED_READ_ERROR);
    self->sense_has_lba = lba <= UINT32_MAX;
    self->sense_lba = (uint32_t)lba;
}

enum scsi_sense scsi_cd_not_ready(const struct scsi_cd *self)
{
    return self->tray_open ? SCSI_NO_MEDIUM_TRAY_OPEN : SCSI_NO_MEDIUM_TRAY_CLOSED;
}

static void run(struct scsi_cd *self, size_t row, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    unsigned flags = commands[row].flags;
    if (cdb[0] != 0x03)
        scsi_cd_fail(self, SCSI_NO_SENSE);
    if (self->attention != SCSI_NO_SENSE && !(flags & IN_SPITE_OF_ATTENTION)) {
        scsi_cd_refuse(self, self->attention, ret);
        self->attention = SCSI_NO_SENSE;
    } else if ((flags & NEEDS_MEDIUM) && !self->blocks) {
        scsi_cd_refuse(self, scsi_cd_not_ready(self), ret);
    } else {
        commands[row].fn(self, cdb, ret);
    }
}

/* SPC-4, 5.11: a unit that is not there is inquired and asked for its sense, nothing else. */
static void run_elsewhere(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    scsi_cd_fail(self, SCSI_NO_SENSE);
    if (cdb[0] == 0x12 && !(cdb[1] & 1) && !cdb[2]) {
        scsi_cd_inquiry(self, cdb, ret);
        self->room[0] = 0x7F;
    } else if (cdb[0] == 0x03) {
        scsi_cd_fail(self, SCSI_LUN_NOT_SUPPORTED);
        scsi_cd_request_sense(self, cdb, ret);
    } else {
        scsi_cd_refuse(self, SCSI_LUN_NOT_SUPPORTED, ret);
    }
}

void scsi_cd_command(struct scsi_cd *self, const uint8_t *cdb, unsigned lun, struct scsi_cd_answer *ret)
{
    *ret = (struct scsi_cd_answer){0};
    if (lun) {
        run_elsewhere(self, cdb, ret);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        if (commands[i].code == cdb[0]) {
            run(self, i, cdb, ret);
            return;
        }
    scsi_cd_refuse(self, SCSI_INVALID_COMMAND, ret);
}
