/* Packed bytes of anybody: unpacking ends, within its bounds, and does the same whatever the pieces. The first byte
 * says which format and how large the pieces are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "media/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST (4u << 20) /* of the output: the rest would be the same */

static int run(enum image_format format, const uint8_t *data, size_t size, size_t piece, size_t room,
               uint64_t *ret_hash)
{
    static uint8_t out[65536];
    struct unpack *u;
    size_t at = 0, given = 0;
    int r;
    *ret_hash = 0xcbf29ce484222325u;
    if (unpack_create(format, 1000, &u) < 0)
        return 2;
    do {
        const size_t n = MIN(piece, size - at);
        struct unpack_step step = {.in = data + at, .in_size = n, .last = at + n == size, .out = out, .out_size = room};
        r = unpack_run(u, &step);
        if (step.in_size > n || step.out_size > room || (r == 0 && step.in_size && step.out_size))
            abort();
        at += n - step.in_size;
        for (size_t i = 0; i < room - step.out_size; i++)
            *ret_hash = (*ret_hash ^ out[i]) * 0x100000001b3u;
        given += room - step.out_size;
    } while (r == 0 && given < MOST);
    unpack_destroy(u);
    return given >= MOST ? 3 : r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum image_format formats[] = {IMAGE_GZIP, IMAGE_XZ, IMAGE_ZSTD};
    uint64_t a_hash, b_hash;
    if (size < 2)
        return 0;
    const enum image_format format = formats[data[0] % 3];
    const size_t piece = 1 + data[0] / 3u;
    int a = run(format, data + 1, size - 1, piece, 1000, &a_hash);
    int b = run(format, data + 1, size - 1, size, 65536, &b_hash);
    unpack_format(data + 1, size - 1);
    if (a == 3 || b == 3)
        return 0;
    if ((a == 1) != (b == 1) || (a == 1 && a_hash != b_hash))
        abort();
    return 0;
}
