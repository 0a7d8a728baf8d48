/* UDF's label and end, from the main volume descriptor sequence (ECMA-167 part 3, 10.2, 10.5, 10.6), for media with
 * sectors of 2048 bytes, which all images of CDs and DVDs have. */
#include <string.h>

#include "core/attrs.h"
#include "core/wire.h"
#include "media/recognise_internal.h"

#define ANCHOR 256 /* sector */
#define MAX_DESCRIPTORS 32
enum tag { TAG_ANCHOR = 2, TAG_PARTITION = 5, TAG_LOGICAL_VOLUME = 6, TAG_TERMINATOR = 8 };

/* 0: no descriptor (ECMA-167 3/7.2: the sum of the tag's other bytes stands at 4). */
static unsigned tag_of(const uint8_t sector[ISO_SECTOR])
{
    uint8_t sum = 0;
    for (unsigned i = 0; i < 16; i++)
        sum = (uint8_t)(sum + (i == 4 ? 0 : sector[i]));
    return sum == sector[4] ? (unsigned)(sector[0] | sector[1] << 8) : 0;
}

/* A dstring of 128 bytes (1/7.2.12): how it is coded (8 or 16 bits a character), the text, and its length at the end.
 */
static void label(struct recognition *self, const uint8_t text[128])
{
    size_t length = text[127];
    if (length < 2 || length > 127)
        return;
    if (text[0] == 16) {
        recognition_label_utf16be(self, text + 1, length - 1);
    } else if (text[0] == 8) { /* the lowest 256 characters of Unicode */
        uint8_t wide[2 * 126];
        for (size_t i = 0; i + 1 < length; i++) {
            wide[2 * i] = 0;
            wide[2 * i + 1] = text[1 + i];
        }
        recognition_label_utf16be(self, wide, 2 * (length - 1));
    }
}

static void partition(struct recognition *self, const uint8_t sector[ISO_SECTOR])
{
    struct wire_reader r = wire_reader_init(sector + 188, 8);
    uint64_t start = wire_read_le32(&r), length = wire_read_le32(&r);
    if ((start + length) * ISO_SECTOR > self->size)
        recognition_why(self, "shorter than its file system says: it was not copied to its end");
}

void recognise_udf(struct recognition *self)
{
    uint8_t *sector = self->chunk;
    if (!recognition_read(self, (uint64_t)ANCHOR * ISO_SECTOR, sector, ISO_SECTOR) || tag_of(sector) != TAG_ANCHOR)
        return;
    struct wire_reader r = wire_reader_init(sector + 16, 8);
    uint32_t size = wire_read_le32(&r), start = wire_read_le32(&r);
    uint32_t n = MIN(size / ISO_SECTOR, MAX_DESCRIPTORS);
    recognition_range(self, (uint64_t)ANCHOR * ISO_SECTOR, ISO_SECTOR);
    recognition_range(self, (uint64_t)start * ISO_SECTOR, (uint64_t)n * ISO_SECTOR);
    for (uint32_t i = 0; i < n; i++) {
        if (!recognition_read(self, ((uint64_t)start + i) * ISO_SECTOR, sector, ISO_SECTOR))
            return;
        unsigned tag = tag_of(sector);
        if (tag == TAG_LOGICAL_VOLUME)
            label(self, sector + 84);
        else if (tag == TAG_PARTITION)
            partition(self, sector);
        else if (tag == TAG_TERMINATOR || !tag)
            return;
    }
}
