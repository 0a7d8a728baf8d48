/* The drive: its tray, its events, and what it says it can do (MMC-6). */
#include "usbgadget/scsi_cd_commands.h"

#include "core/attrs.h"

static void eject(struct scsi_cd *self, struct scsi_cd_answer *ret)
{
    if (self->locked) {
        scsi_cd_refuse(self, SCSI_REMOVAL_PREVENTED, ret);
        return;
    }
    ret->ejected = self->blocks != 0;
    self->tray_open = true;
    if (ret->ejected)
        scsi_cd_remove(self);
}

void scsi_cd_start_stop(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    bool load_or_eject = cdb[4] & 2, start = cdb[4] & 1;
    if (cdb[4] >> 4) /* power conditions: we are always awake */
        return;
    if (cdb[4] & 4 || cdb[3] & 0x0F) {
        scsi_cd_refuse(self, SCSI_INVALID_FIELD, ret);
        return;
    }
    if (load_or_eject && !start) {
        eject(self, ret);
        return;
    }
    if (load_or_eject)
        self->tray_open = false;
    if (start && !self->blocks)
        scsi_cd_refuse(self, scsi_cd_not_ready(self), ret);
}

void scsi_cd_prevent_allow(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    if (cdb[4] & ~1u)
        scsi_cd_refuse(self, SCSI_INVALID_FIELD, ret);
    else
        self->locked = cdb[4] & 1;
}

/* Features (MMC-6, 5.3). Bits of `when`: whether it is current. */
enum { ALWAYS, WITH_CD, WITH_DVD, WITH_ANY };

static const struct {
    uint16_t code;
    uint8_t version, persistent, when, size;
    uint8_t data[8];
} features[] = {
    /* 0000, the list of profiles, is written by hand */
    {0x0001, 2, 1, ALWAYS, 8, {0, 0, 0, 8, 0x01}},               /* core: USB; long INQUIRY */
    {0x0002, 1, 1, ALWAYS, 4, {0x02}},                           /* morphing: events of operational change */
    {0x0003, 0, 1, ALWAYS, 4, {0x29}},                           /* removable: tray, eject, lock */
    {0x0010, 0, 0, WITH_ANY, 8, {0, 0, 0x08, 0, 0, 0x10, 0x01}}, /* random readable: 2048, 16 at a time, page 01h */
    {0x001E, 2, 0, WITH_CD, 4, {0}},                             /* CD read: no CD-TEXT, no C2 */
    {0x001F, 0, 0, WITH_DVD, 4, {0}},                            /* DVD read */
    {0x0100, 0, 1, ALWAYS, 0, {0}},                              /* power management */
    {0x0105, 1, 1, ALWAYS, 4, {0}},                              /* timeout */
};

#define PROFILE_CD 0x0008
#define PROFILE_DVD 0x0010

static unsigned profile(const struct scsi_cd *self)
{
    if (!self->blocks)
        return 0;
    return self->blocks <= SCSI_CD_LARGEST ? PROFILE_CD : PROFILE_DVD;
}

static bool is_current(const struct scsi_cd *self, unsigned when)
{
    switch (when) {
    case WITH_CD:
        return profile(self) == PROFILE_CD;
    case WITH_DVD:
        return profile(self) == PROFILE_DVD;
    case WITH_ANY:
        return self->blocks != 0;
    default:
        return true;
    }
}

static void write_profiles(const struct scsi_cd *self, struct wire_writer *w)
{
    wire_write_be16(w, 0x0000);
    wire_write_u8(w, 0x03); /* persistent, current */
    wire_write_u8(w, 8);
    wire_write_be16(w, PROFILE_DVD);
    wire_write_be16(w, profile(self) == PROFILE_DVD ? 0x0100 : 0);
    wire_write_be16(w, PROFILE_CD);
    wire_write_be16(w, profile(self) == PROFILE_CD ? 0x0100 : 0);
}

/* which: 0 all features from `first` on, 1 those that are current, 2 `first` alone. */
static void write_features(const struct scsi_cd *self, unsigned which, unsigned first, struct wire_writer *w)
{
    if (first == 0)
        write_profiles(self, w);
    for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
        bool current = is_current(self, features[i].when);
        if (which == 2 ? features[i].code != first : features[i].code < first || (which == 1 && !current))
            continue;
        wire_write_be16(w, features[i].code);
        wire_write_u8(w, (uint8_t)(features[i].version << 2 | features[i].persistent << 1 | (current ? 1 : 0)));
        wire_write_u8(w, features[i].size);
        wire_write_bytes(w, features[i].data, features[i].size);
    }
}

void scsi_cd_get_configuration(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    unsigned which = cdb[1] & 3, first = scsi_be16(cdb + 2);
    if (which == 3) {
        scsi_cd_refuse(self, SCSI_INVALID_FIELD, ret);
        return;
    }
    struct wire_writer w = scsi_cd_writer(self);
    wire_write_be32(&w, 0); /* length, see below */
    wire_write_be16(&w, 0);
    wire_write_be16(&w, (uint16_t)profile(self));
    write_features(self, which, first, &w);
    self->room[3] = (uint8_t)(wire_written(&w) - 4);
    scsi_cd_answer_with(&w, scsi_be16(cdb + 7), ret);
}

enum { CLASS_OPERATION = 1, CLASS_POWER, CLASS_EXTERNAL, CLASS_MEDIA, CLASS_BUSY = 6 };
#define CLASSES                                                                                                        \
    (1u << CLASS_OPERATION | 1u << CLASS_POWER | 1u << CLASS_EXTERNAL | 1u << CLASS_MEDIA | 1u << CLASS_BUSY)

/* One event of the first class that has one, or else of the first class at all (MMC-6, 6.7). Only media have any. */
static unsigned class_to_tell(const struct scsi_cd *self, unsigned wanted)
{
    if (wanted & 1u << CLASS_MEDIA && self->media_event)
        return CLASS_MEDIA;
    for (unsigned i = 0; i < 8; i++)
        if (wanted & CLASSES & 1u << i)
            return i;
    return 0;
}

void scsi_cd_get_event(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    if (!(cdb[1] & 1)) { /* would have to wait for an event */
        scsi_cd_refuse(self, SCSI_INVALID_FIELD, ret);
        return;
    }
    unsigned class = class_to_tell(self, cdb[4]), allocation = scsi_be16(cdb + 7);
    struct wire_writer w = scsi_cd_writer(self);
    wire_write_be16(&w, class ? 6 : 2);
    wire_write_u8(&w, (uint8_t)(class ? class : 0x80)); /* 80h: none of these classes */
    wire_write_u8(&w, CLASSES);
    if (class == CLASS_MEDIA) {
        wire_write_u8(&w, self->media_event);
        wire_write_u8(&w, (uint8_t)((self->blocks ? 2 : 0) | (self->tray_open ? 1 : 0)));
        wire_write_be16(&w, 0);
        if (allocation > 4)
            self->media_event = 0;
    } else if (class) {
        wire_write_u8(&w, 0);
        wire_write_u8(&w, class == CLASS_POWER ? 1 : 0); /* active */
        wire_write_be16(&w, 0);
    }
    scsi_cd_answer_with(&w, allocation, ret);
}

void scsi_cd_mechanism_status(struct scsi_cd *self, const uint8_t *cdb, struct scsi_cd_answer *ret)
{
    struct wire_writer w = scsi_cd_writer(self);
    wire_write_u8(&w, 0);
    wire_write_u8(&w, self->tray_open ? 0x10 : 0);
    scsi_cd_zeros(&w, 6); /* where it stands: at the beginning; no changer */
    scsi_cd_answer_with(&w, scsi_be16(cdb + 8), ret);
}
