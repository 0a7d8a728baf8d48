/* Finding that nothing changed: the damage kernels against memcmp over the same frames. The frames rotate over more
 * memory than any cache of the machine has been asked to keep, and ours and the peer take turns. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/rows.h"
#include "core/cpu.h"
#include "video/damage.h"
#include "video/frame.h"

#define BUFFERS 40
#define RUNS 60

struct shape {
    const char *name;
    int width, height;
};

static double diff_ms(const struct damage_ops *ops, const uint8_t *a, const uint8_t *b, const struct shape *s)
{
    uint8_t changed[FRAME_MAX_SIZE / CELL_SIZE];
    size_t stride = (size_t)s->width * 4;
    double start = thread_ms();
    for (int y = 0; y < s->height; y += CELL_SIZE) {
        int height = s->height - y < CELL_SIZE ? s->height - y : CELL_SIZE;
        ops->diff_row(a + (size_t)y * stride, stride, b + (size_t)y * stride, stride, s->width, height, changed);
        if (memchr(changed, 1, (size_t)(s->width + CELL_SIZE - 1) / CELL_SIZE))
            abort(); /* they are equal */
    }
    return thread_ms() - start;
}

static double memcmp_ms(const uint8_t *a, const uint8_t *b, size_t size)
{
    double start = thread_ms();
    if (memcmp(a, b, size) != 0)
        abort();
    return thread_ms() - start;
}

static int run(const struct shape *s)
{
    const struct damage_ops *ops = damage_ops_find(FOURCC_BGRX, cpu_features());
    size_t size = (size_t)s->width * (size_t)s->height * 4;
    uint8_t *frames = malloc(size * BUFFERS);
    if (!frames) {
        fprintf(stderr, "bench-diff: %zu MB of memory are needed\n", size * BUFFERS >> 20);
        return 1;
    }
    memset(frames, 0x5A, size * BUFFERS);
    double ours[RUNS], peer[RUNS];
    for (int i = 0; i < RUNS; i++) {
        const uint8_t *pair = frames + size * (size_t)(i * 4 % BUFFERS);
        ours[i] = diff_ms(ops, pair, pair + size, s);
        peer[i] = memcmp_ms(pair + 2 * size, pair + 3 * size, size);
    }
    row_print("diff", s->name, "frame_ms", "ms", median(ours, RUNS), "memcmp", median(peer, RUNS));
    free(frames);
    return 0;
}

int main(void)
{
    const struct shape shape = {"unchanged-1080p-bgrx", 1920, 1080};
    return run(&shape);
}
