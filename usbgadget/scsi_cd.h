/* A read-only CD or DVD drive as SCSI sees it: a command descriptor block in, an answer out (SPC-4, MMC-6). Pure: no
 * bytes of the medium pass through here, an answer only says which blocks are to be read. One owner at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCSI_CD_BLOCK 2048
#define SCSI_CD_CDB 16         /* bytes of a command, zeros behind a shorter one */
#define SCSI_CD_ROOM 2052      /* the longest answer: a DVD structure */
#define SCSI_CD_INQUIRY 28     /* vendor (8), product (16), revision (4) */
#define SCSI_CD_SERIAL 32      /* characters of a unit serial number */
#define SCSI_CD_SENSE 18       /* fixed format */
#define SCSI_CD_LARGEST 449850 /* blocks that still are a CD-ROM (99:59:74); more are a DVD-ROM */

/* Sense key, additional sense code and its qualifier in one number (SPC-4, annex F). */
enum scsi_sense {
    SCSI_NO_SENSE = 0x000000,
    SCSI_NO_MEDIUM = 0x023A00,
    SCSI_NO_MEDIUM_TRAY_CLOSED = 0x023A01,
    SCSI_NO_MEDIUM_TRAY_OPEN = 0x023A02,
    SCSI_UNRECOVERED_READ_ERROR = 0x031100,
    SCSI_PARAMETER_LIST_LENGTH = 0x051A00,
    SCSI_INVALID_COMMAND = 0x052000,
    SCSI_LBA_OUT_OF_RANGE = 0x052100,
    SCSI_INVALID_FIELD = 0x052400,
    SCSI_LUN_NOT_SUPPORTED = 0x052500,
    SCSI_INVALID_PARAMETER = 0x052600,
    SCSI_INCOMPATIBLE_FORMAT = 0x053002,
    SCSI_SAVING_NOT_SUPPORTED = 0x053900,
    SCSI_REMOVAL_PREVENTED = 0x055302,
    SCSI_MEDIUM_CHANGED = 0x062800,
};

struct scsi_cd {
    char inquiry[SCSI_CD_INQUIRY];
    char serial[SCSI_CD_SERIAL];
    unsigned serial_size;
    uint64_t blocks; /* of the medium; 0: none is in */
    bool tray_open, locked;
    enum scsi_sense attention; /* a unit attention that the host has not heard of yet, or SCSI_NO_SENSE */
    enum scsi_sense sense;     /* of the last command */
    bool sense_has_lba;
    uint32_t sense_lba;
    uint8_t media_event; /* for GET EVENT STATUS NOTIFICATION: 0 none, 1 eject wanted, 2 new, 3 removed */
    uint8_t room[SCSI_CD_ROOM];
};

/* What a command comes to. Nothing of it: it went well and has no data. */
struct scsi_cd_answer {
    bool failed;     /* CHECK CONDITION; why is kept for REQUEST SENSE */
    size_t size;     /* so many bytes of self->room go to the host */
    uint64_t lba;    /* or so many blocks from here on; they are all in the medium */
    uint32_t blocks; /*  */
    bool verify;     /* the blocks are read, but not sent */
    size_t takes;    /* bytes that the host has to send */
    bool ejected;    /* the medium went out by this command */
};

/* inquiry: at least SCSI_CD_INQUIRY characters, what follows them (at most SCSI_CD_SERIAL) is the serial number. */
void scsi_cd_init(struct scsi_cd *self, const char *inquiry);

/* blocks: at least 1. The host is told of a new medium; the tray closes. */
void scsi_cd_insert(struct scsi_cd *self, uint64_t blocks);
void scsi_cd_remove(struct scsi_cd *self);
/* The bus was reset: the door is unlocked and no sense is left. What the host has not heard of the medium stays. */
void scsi_cd_reset(struct scsi_cd *self);

/* cdb: SCSI_CD_CDB bytes. */
void scsi_cd_command(struct scsi_cd *self, const uint8_t *cdb, unsigned lun, struct scsi_cd_answer *ret);

/* A command ends with this after all; for a read, the block that could not be read. */
void scsi_cd_fail(struct scsi_cd *self, enum scsi_sense sense);
void scsi_cd_fail_read(struct scsi_cd *self, uint64_t lba);
/* What a read ends with that the medium went away from. */
enum scsi_sense scsi_cd_not_ready(const struct scsi_cd *self);
