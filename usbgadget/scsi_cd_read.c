/* Commands that concern the bytes of the medium: how many there are, and which are to be read. */
#include "usbgadget/scsi_cd_commands.h"

void scsi_cd_read_capacity_10(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    if (!(cdb[8] & 1) && scsi_be32(cdb + 2)) {
        scsi_cd_refuse(self, SCSI_INVALID_FIELD, ret);
        return;
    }
    uint64_t last = self->blocks - 1;
    struct wire_writer w = scsi_cd_writer(self);
    wire_write_be32(&w, last < UINT32_MAX ? (uint32_t)last : UINT32_MAX);
    wire_write_be32(&w, SCSI_CD_BLOCK);
    scsi_cd_answer_with(&w, SCSI_CD_ROOM, ret);
}

/* SERVICE ACTION IN (16), of which only this action is there (SBC-3, 5.16). */
void scsi_cd_read_capacity_16(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    if ((cdb[1] & 0x1F) != 0x10) {
        scsi_cd_refuse(self, SCSI_INVALID_FIELD, ret);
        return;
    }
    struct wire_writer w = scsi_cd_writer(self);
    wire_write_be64(&w, self->blocks - 1);
    wire_write_be32(&w, SCSI_CD_BLOCK);
    scsi_cd_zeros(&w, 20);
    scsi_cd_answer_with(&w, scsi_be32(cdb + 10), ret);
}

static void blocks(struct scsi_cd *self, uint64_t lba, uint32_t n, bool verify, struct scsi_cd_answer *ret)
{
    if (lba >= self->blocks || n > self->blocks - lba) {
        scsi_cd_refuse(self, SCSI_LBA_OUT_OF_RANGE, ret);
        return;
    }
    ret->lba = lba;
    ret->blocks = n;
    ret->verify = verify;
}

void scsi_cd_read_6(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    blocks(self, scsi_be32(cdb) & 0x1FFFFF, cdb[4] ? cdb[4] : 256, false, ret);
}

void scsi_cd_read_10(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    blocks(self, scsi_be32(cdb + 2), scsi_be16(cdb + 7), false, ret);
}

void scsi_cd_read_12(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    blocks(self, scsi_be32(cdb + 2), scsi_be32(cdb + 6), false, ret);
}

void scsi_cd_read_16(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    uint64_t lba = (uint64_t)scsi_be32(cdb + 2) << 32 | scsi_be32(cdb + 6);
    blocks(self, lba, scsi_be32(cdb + 10), false, ret);
}

/* MMC-6, 6.20: only what can be had of 2048-byte sectors, their user data and no sub-channel. */
void scsi_cd_read_cd(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    unsigned type = cdb[1] >> 2 & 7; /* 0 any, 2 mode 1 */
    uint32_t n = (uint32_t)cdb[6] << 16 | (uint32_t)scsi_be16(cdb + 7);
    bool plain = cdb[9] == 0x10 || cdb[9] == 0x00; /* user data, or nothing at all */
    if ((type != 0 && type != 2) || !plain || cdb[10] & 7)
        scsi_cd_refuse(self, SCSI_INVALID_FIELD, ret);
    else
        blocks(self, scsi_be32(cdb + 2), cdb[9] ? n : 0, false, ret);
}

void scsi_cd_verify_10(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    if (cdb[1] & 0x06) /* comparing with bytes of the host's */
        scsi_cd_refuse(self, SCSI_INVALID_FIELD, ret);
    else
        blocks(self, scsi_be32(cdb + 2), scsi_be16(cdb + 7), true, ret);
}

void scsi_cd_seek_10(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    blocks(self, scsi_be32(cdb + 2), 0, false, ret);
}
