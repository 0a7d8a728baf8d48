/* What is kept of an upload beside its bytes: `.uploads/ID.state`. */
#pragma once

#include "media/field_text.h"
#include "media/upload.h"

struct upload_record {
    char given[256]; /* the name as it was given, with .xz */
    char folder[256], who[128];
    char wanted[65]; /* sha256 that what arrives must have, "": any */
    bool keep_packed, replace;
    uint64_t size, offset;
    uint64_t begun, touched; /* seconds since 1970 */
    enum upload_phase phase;
    bool adopting;   /* it is about to get its name: when its file is gone, it has it */
    bool unpacked;   /* that file is ID.image, not ID.part */
    char name[256];  /* UPLOAD_DONE and adopting */
    char sha256[65]; /* the same; of the image */
    char why[256];
};

void upload_record_write(const struct upload_record *self, struct field_writer *ret);
/* Pure. -EBADMSG: not what was once written, or it contradicts itself. */
int upload_record_parse(const char *text, size_t size, struct upload_record *ret);

/* Its name in the library. unpacked: what arrived was packed and is to be unpacked. */
void upload_record_name(const struct upload_record *self, bool unpacked, char ret[256]);
/* By its name, which is all that is known before it is here. */
bool upload_record_seems_packed(const struct upload_record *self);
