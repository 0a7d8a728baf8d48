/* Images by a stranger: whatever stands in them, a bounded number of reads, and an answer that is text and ranges
 * within the image. The input begins with two bytes that say where in a sparse image of up to 64 MiB it lies (so that
 * sectors far out can be reached with small inputs): the rest of the image repeats it. */
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"
#include "media/recognise.h"
#include "media/recognise_internal.h"

struct image {
    const uint8_t *bytes;
    size_t size;
    uint64_t whole, shift;
    unsigned reads;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool read_image(void *data, uint64_t offset, void *room, size_t size)
{
    struct image *image = data;
    uint8_t *to = room;
    if (++image->reads > RECOGNISE_READS || offset > image->whole || size > image->whole - offset)
        abort();
    for (size_t i = 0; i < size; i++)
        to[i] = image->bytes[(offset + i + image->shift) % image->size];
    return true;
}

static void check(const struct image *image, const struct image_facts *facts)
{
    size_t length = strnlen(facts->label, sizeof facts->label);
    if (length == sizeof facts->label || strnlen(facts->why, sizeof facts->why) == sizeof facts->why)
        abort();
    for (size_t i = 0, n; i < length; i += n)
        if (!(n = utf8_printable(facts->label + i, length - i)))
            abort();
    if (facts->n_ranges > RECOGNISE_RANGES)
        abort();
    for (unsigned i = 0; i < facts->n_ranges; i++)
        if (!facts->ranges[i].size || facts->ranges[i].offset > image->whole ||
            facts->ranges[i].size > image->whole - facts->ranges[i].offset)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct image_facts facts;
    char words[64];
    if (size < 3)
        return 0;
    struct image image = {.bytes = data + 2, .size = size - 2};
    image.whole = data[0] ? (uint64_t)data[0] << 18 : image.size;
    image.shift = data[1];
    recognise(image.whole, read_image, &image, &facts);
    check(&image, &facts);
    recognise_words(&facts, data[0] & 1, words, sizeof words);
    return 0;
}
