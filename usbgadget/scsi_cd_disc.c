/* What a host asks about the disc: one closed session with one data track (MMC-6). */
#include "usbgadget/scsi_cd_commands.h"

#define LEAD_OUT 0xAA
#define DATA_TRACK 0x14 /* ADR 1: position; CONTROL 4: data, not to be copied */
#define PREGAP 150      /* blocks before LBA 0 in minute, second, frame addresses */

struct msf {
    uint8_t minute, second, frame;
};

/* Minutes end at 255: what lies behind has the last address that can be told. */
static struct msf to_msf(uint64_t lba)
{
    uint64_t frames = lba + PREGAP;
    if (frames >= 256 * 60 * 75)
        return (struct msf){255, 59, 74};
    return (struct msf){(uint8_t)(frames / (60 * 75)), (uint8_t)(frames / 75 % 60), (uint8_t)(frames % 75)};
}

static uint32_t to_lba32(uint64_t lba)
{
    return lba < UINT32_MAX ? (uint32_t)lba : UINT32_MAX;
}

static void write_address(struct wire_writer *w, uint64_t lba, bool msf)
{
    struct msf a = to_msf(lba);
    wire_write_be32(w, msf ? (uint32_t)a.minute << 16 | (uint32_t)a.second << 8 | a.frame : to_lba32(lba));
}

static void write_track(struct wire_writer *w, uint8_t track, uint64_t lba, bool msf)
{
    wire_write_u8(w, 0);
    wire_write_u8(w, DATA_TRACK);
    wire_write_u8(w, track);
    wire_write_u8(w, 0);
    write_address(w, lba, msf);
}

/* Format 2, the lead-in's own entries: A0 and A1 name the first and the last track, A2 where the lead-out begins. */
static void write_point(struct wire_writer *w, uint8_t point, struct msf at)
{
    wire_write_u8(w, 1); /* session */
    wire_write_u8(w, DATA_TRACK);
    wire_write_u8(w, 0);
    wire_write_u8(w, point);
    scsi_cd_zeros(w, 4);
    wire_write_u8(w, at.minute);
    wire_write_u8(w, at.second);
    wire_write_u8(w, at.frame);
}

static void write_toc(const struct scsi_cd *self, unsigned format, unsigned first, bool msf, struct wire_writer *w)
{
    wire_write_be16(w, 0); /* length, see below */
    wire_write_u8(w, 1);   /* first and last track, or session */
    wire_write_u8(w, 1);
    if (format == 2) {
        write_point(w, 0xA0, (struct msf){1, 0, 0});
        write_point(w, 0xA1, (struct msf){1, 0, 0});
        write_point(w, 0xA2, to_msf(self->blocks));
        write_point(w, 1, to_msf(0));
        return;
    }
    if (first <= 1)
        write_track(w, 1, 0, msf);
    if (format == 0)
        write_track(w, LEAD_OUT, self->blocks, msf);
}

void scsi_cd_read_toc(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    bool msf = cdb[1] & 2;
    unsigned format = cdb[2] & 0x0F, first = cdb[6];
    if (!format)
        format = cdb[9] >> 6; /* where it stood in the days of SFF-8020i */
    if (format > 2 || (format == 0 && first > 1 && first != LEAD_OUT) || (format == 2 && first > 1)) {
        scsi_cd_refuse(self, SCSI_INVALID_FIELD, ret);
        return;
    }
    struct wire_writer w = scsi_cd_writer(self);
    write_toc(self, format, format == 1 ? 1 : first, msf, &w);
    self->room[1] = (uint8_t)(wire_written(&w) - 2);
    scsi_cd_answer_with(&w, scsi_be16(cdb + 7), ret);
}

void scsi_cd_read_header(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    uint32_t lba = scsi_be32(cdb + 2);
    if (lba >= self->blocks) {
        scsi_cd_refuse(self, SCSI_LBA_OUT_OF_RANGE, ret);
        return;
    }
    struct wire_writer w = scsi_cd_writer(self);
    wire_write_u8(&w, 1); /* mode 1: 2048 bytes and error correction */
    scsi_cd_zeros(&w, 3);
    write_address(&w, lba, cdb[1] & 2);
    scsi_cd_answer_with(&w, scsi_be16(cdb + 7), ret);
}

/* Parameters 1: position, 2: catalogue number, 3: recording code; the latter two are not there. */
void scsi_cd_read_sub_channel(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    bool msf = cdb[1] & 2, wanted = cdb[2] & 0x40;
    unsigned parameter = cdb[3];
    if (wanted && (parameter < 1 || parameter > 3)) {
        scsi_cd_refuse(self, SCSI_INVALID_FIELD, ret);
        return;
    }
    struct wire_writer w = scsi_cd_writer(self);
    wire_write_u8(&w, 0);
    wire_write_u8(&w, 0x15); /* nothing to be said about playing audio */
    wire_write_be16(&w, wanted ? (parameter == 1 ? 12 : 20) : 0);
    if (wanted) {
        wire_write_u8(&w, (uint8_t)parameter);
        wire_write_u8(&w, parameter == 2 ? 0 : DATA_TRACK);
        wire_write_u8(&w, parameter == 2 ? 0 : 1);
        wire_write_u8(&w, parameter == 1 ? 1 : 0);
        if (parameter == 1) {
            write_address(&w, 0, msf);
            write_address(&w, 0, false);
        } else {
            scsi_cd_zeros(&w, 16);
        }
    }
    scsi_cd_answer_with(&w, scsi_be16(cdb + 7), ret);
}

/* MMC-6, 6.22 */
void scsi_cd_disc_information(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    static const uint8_t information[34] = {
        0,    32,       /* bytes that follow */
        0x0E,           /* complete disc, complete session */
        1,    1,  1, 1, /* first track; sessions; first and last track in the last one */
        0x20,           /* may be used without restriction */
        0x00,           /* CD-ROM, or what is said of a DVD */
        0,    0,  0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    };
    if (cdb[1] & 7) {
        scsi_cd_refuse(self, SCSI_INVALID_FIELD, ret);
        return;
    }
    struct wire_writer w = scsi_cd_writer(self);
    wire_write_bytes(&w, information, sizeof information);
    scsi_cd_answer_with(&w, scsi_be16(cdb + 7), ret);
}

/* MMC-6, 6.27: by address, by track, by session. */
void scsi_cd_track_information(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    unsigned kind = cdb[1] & 3;
    uint32_t which = scsi_be32(cdb + 2);
    if (kind == 0 && which >= self->blocks) {
        scsi_cd_refuse(self, SCSI_LBA_OUT_OF_RANGE, ret);
        return;
    }
    if (kind == 3 || (kind != 0 && which != 1)) {
        scsi_cd_refuse(self, SCSI_INVALID_FIELD, ret);
        return;
    }
    struct wire_writer w = scsi_cd_writer(self);
    wire_write_be16(&w, 34);
    wire_write_u8(&w, 1); /* track */
    wire_write_u8(&w, 1); /* session */
    wire_write_u8(&w, 0);
    wire_write_u8(&w, 0x04); /* data track */
    wire_write_u8(&w, 0x01); /* mode 1 */
    wire_write_u8(&w, 0);
    scsi_cd_zeros(&w, 16); /* begins at 0; not writable, so no next address, nothing free, no packets */
    wire_write_be32(&w, to_lba32(self->blocks));
    scsi_cd_zeros(&w, 8);
    scsi_cd_answer_with(&w, scsi_be16(cdb + 7), ret);
}

#define DVD_FIRST 0x030000u /* physical sector of LBA 0 */
#define DVD_LAST 0xFFFFFFu

/* Layer descriptor (MMC-6, 6.23.3.2.1): one embossed layer of 120 mm that holds everything. */
static void write_dvd_physical(const struct scsi_cd *self, struct wire_writer *w)
{
    uint64_t last = DVD_FIRST + self->blocks - 1;
    wire_write_u8(w, 0x01); /* DVD-ROM, version 1 */
    wire_write_u8(w, 0x0F); /* 120 mm, no highest rate */
    wire_write_u8(w, 0x01); /* one layer, parallel path, embossed */
    wire_write_u8(w, 0x00); /* density */
    wire_write_be32(w, DVD_FIRST);
    wire_write_be32(w, (uint32_t)(last < DVD_LAST ? last : DVD_LAST));
    wire_write_be32(w, 0);      /* end of layer 0: there is no other */
    scsi_cd_zeros(w, 1 + 2031); /* no burst cutting area; media specific */
}

static bool write_dvd(const struct scsi_cd *self, unsigned format, struct wire_writer *w)
{
    static const uint8_t list[] = {0x00, 0x40, 8, 4, 0x01, 0x40, 0, 8, 0x04, 0x40, 8, 4};
    switch (format) {
    case 0x00:
        write_dvd_physical(self, w);
        return true;
    case 0x01: /* no copy protection, all regions */
        scsi_cd_zeros(w, 4);
        return true;
    case 0x04: /* manufacturer's own: nothing */
        scsi_cd_zeros(w, 2048);
        return true;
    case 0xFF:
        wire_write_bytes(w, list, sizeof list);
        return true;
    default:
        return false;
    }
}

void scsi_cd_dvd_structure(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    struct wire_writer w = scsi_cd_writer(self);
    wire_write_be32(&w, 0); /* length, see below */
    if (self->blocks <= SCSI_CD_LARGEST && cdb[7] != 0xFF) {
        scsi_cd_refuse(self, SCSI_INCOMPATIBLE_FORMAT, ret);
        return;
    }
    if (cdb[1] & 0x0F || cdb[6] || !write_dvd(self, cdb[7], &w)) {
        scsi_cd_refuse(self, SCSI_INVALID_FIELD, ret);
        return;
    }
    size_t length = wire_written(&w) - 2;
    self->room[0] = (uint8_t)(length >> 8);
    self->room[1] = (uint8_t)length;
    scsi_cd_answer_with(&w, scsi_be16(cdb + 8), ret);
}

void scsi_cd_format_capacities(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    struct wire_writer w = scsi_cd_writer(self);
    wire_write_be32(&w, 8);
    wire_write_be32(&w, to_lba32(self->blocks));
    wire_write_be32(&w, (self->blocks ? 0x02000000u : 0x03000000u) | SCSI_CD_BLOCK); /* formatted, or no medium */
    scsi_cd_answer_with(&w, scsi_be16(cdb + 7), ret);
}
