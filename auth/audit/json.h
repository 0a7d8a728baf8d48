/* The audit log as text for others: one JSON object a line. What is exported, what goes to a file or a syslog server,
 * and what `lightsout audit verify` reads again:
 *
 *   {"anchor":{"number","hash"}}            lines up to there were removed
 *   {"root":{"section","key"}}              the first public key of a section
 *   {"line":{"number","time","who","what","target","detail","mac","hash"}}
 *   {"head":{"level":"head"|"milestone","section","counter","number","hash","time","cut","next","heads","below",
 *            "signature"}}
 *
 * Bytes and keys are hexadecimal. A text that is not UTF-8 stands with U+FFFD for what is wrong in it, and once more,
 * exactly, as hexadecimal bytes under "raw":{"detail":...}. A line from before there were MACs has the mac "". */
#pragma once

#include "auth/audit/check.h"

enum audit_item { AUDIT_ITEM_ANCHOR, AUDIT_ITEM_ROOT, AUDIT_ITEM_LINE, AUDIT_ITEM_HEAD };

/* Room for the longest of them, without a newline. */
#define AUDIT_JSON_MAX 8192

struct audit_object {
    enum audit_item item;
    struct audit_link anchor;
    uint64_t section; /* of root */
    uint8_t root[AUDIT_KEY];
    struct audit_line line;
    struct audit_head head;
};

/* The size, without the NUL behind it. Pure. */
size_t audit_json_write(const struct audit_object *object, char room[AUDIT_JSON_MAX]);

/* False: no such object. size: at most AUDIT_JSON_MAX. Hostile input. */
bool audit_json_read(const char *text, size_t size, struct audit_object *ret);

void audit_check_object(struct audit_check *self, const struct audit_object *object);

/* A text as it may be shown on a terminal or in a log: control characters, what turns the direction of writing (Unicode
 * Bidi_Control) and bytes that are not UTF-8 as \xNN of each byte. Returns the size; what does not fit is dropped. */
size_t audit_text_show(const char *text, char *room, size_t size);
