/* A host that sends any commands in any order to the drive, with media coming and going in between. Whatever it asks
 * for, answers stay in their room, blocks stay in the medium, and a failure always has a sense that can be told. */
#include <stdlib.h>
#include <string.h>

#include "usbgadget/scsi_cd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_sense(struct scsi_cd *drive, bool failed)
{
    static const uint8_t request_sense[SCSI_CD_CDB] = {0x03, 0, 0, 0, 18};
    struct scsi_cd_answer answer;
    scsi_cd_command(drive, request_sense, 0, &answer);
    check(!answer.failed && answer.size == SCSI_CD_SENSE);
    check((drive->room[0] & 0x7F) == 0x70 && drive->room[7] == SCSI_CD_SENSE - 8);
    check(!failed || (drive->room[2] & 0x0F));
}

static void obey(struct scsi_cd *drive, const uint8_t *cdb, unsigned lun)
{
    struct scsi_cd_answer answer;
    bool loaded = drive->blocks != 0, locked = drive->locked;
    uint64_t blocks = drive->blocks;
    scsi_cd_command(drive, cdb, lun, &answer);
    check(answer.size <= sizeof drive->room);
    check(!answer.failed || (!answer.size && !answer.blocks && !answer.ejected));
    check(!answer.blocks || (answer.lba < blocks && answer.blocks <= blocks - answer.lba));
    check(!answer.ejected || (loaded && !locked && !drive->blocks));
    check(!answer.size || !answer.blocks);
    if (answer.failed && !lun)
        check_sense(drive, true);
}

/* One byte says what happens: a command of 16 bytes with its unit, or something to the medium. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scsi_cd drive;
    scsi_cd_init(&drive, "VENDOR  PRODUCT         0001SERIAL");
    while (size >= 1 + SCSI_CD_CDB) {
        const uint8_t *p = data + 1;
        switch (data[0] >> 5) {
        case 0:
            scsi_cd_insert(&drive, 1 + (uint64_t)p[0] * p[1] * p[2] * p[3] * p[4]);
            break;
        case 1:
            scsi_cd_remove(&drive);
            break;
        case 2:
            scsi_cd_reset(&drive);
            break;
        case 3:
            scsi_cd_fail_read(&drive, (uint64_t)p[0] << 28 | p[1]);
            break;
        default:
            obey(&drive, p, data[0] & 0x0F);
        }
        data += 1 + SCSI_CD_CDB;
        size -= 1 + SCSI_CD_CDB;
    }
    check_sense(&drive, false);
    return 0;
}
