/* The commands of scsi_cd.h by where they are described. Each gets an answer that is all zeros. */
#pragma once

#include "core/wire.h"
#include "usbgadget/scsi_cd.h"

typedef void scsi_cd_fn(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret);

/* scsi_cd_primary.c: SPC-4 */
scsi_cd_fn scsi_cd_inquiry, scsi_cd_request_sense, scsi_cd_report_luns, scsi_cd_mode_sense_6, scsi_cd_mode_sense_10,
    scsi_cd_mode_select_6, scsi_cd_mode_select_10;
/* scsi_cd_read.c: where bytes of the medium are concerned */
scsi_cd_fn scsi_cd_read_capacity_10, scsi_cd_read_capacity_16, scsi_cd_read_6, scsi_cd_read_10, scsi_cd_read_12,
    scsi_cd_read_16, scsi_cd_read_cd, scsi_cd_verify_10, scsi_cd_seek_10;
/* scsi_cd_disc.c: what is written about the disc */
scsi_cd_fn scsi_cd_read_toc, scsi_cd_read_header, scsi_cd_read_sub_channel, scsi_cd_disc_information,
    scsi_cd_track_information, scsi_cd_dvd_structure, scsi_cd_format_capacities;
/* scsi_cd_drive.c: the drive and its tray */
scsi_cd_fn scsi_cd_start_stop, scsi_cd_prevent_allow, scsi_cd_get_configuration, scsi_cd_get_event,
    scsi_cd_mechanism_status;

/* Fields of a command, big-endian as all of SCSI. */
static inline unsigned scsi_be16(const uint8_t *p)
{
    return (unsigned)(p[0] << 8 | p[1]);
}

static inline uint32_t scsi_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void scsi_cd_refuse(struct scsi_cd *self, enum scsi_sense sense, struct scsi_cd_answer *ret)
{
    scsi_cd_fail(self, sense);
    ret->failed = true;
}

static inline struct wire_writer scsi_cd_writer(struct scsi_cd *self)
{
    return wire_writer_init(self->room, sizeof self->room);
}

/* The answer is what was written, as far as the host has room for it. */
static inline void scsi_cd_answer_with(const struct wire_writer *w, size_t allocation, struct scsi_cd_answer *ret)
{
    size_t size = wire_written(w);
    ret->size = size < allocation ? size : allocation;
}

static inline void scsi_cd_zeros(struct wire_writer *w, size_t n)
{
    while (n--)
        wire_write_u8(w, 0);
}
