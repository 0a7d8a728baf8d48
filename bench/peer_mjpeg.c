/* Every changed frame whole as JPEG, as most of this field's devices send it. */
#include <stdlib.h>
#include <turbojpeg.h>

#include "bench/peer.h"
#include "bench/psnr.h"
#include "bench/rows.h"

static bool run(const struct reel *reel, struct peer_result *ret)
{
    tjhandle coder = tjInitCompress(), decoder = tjInitDecompress();
    unsigned long room = tjBufSize(reel->width, reel->height, TJSAMP_420);
    unsigned char *file = malloc(room);
    uint8_t *seen = malloc(reel->size);
    struct psnr psnr = {0};
    bool good = coder && decoder && file && seen;
    *ret = (struct peer_result){0};
    for (unsigned i = 0; good && i < reel->count; i++) {
        unsigned long size = room;
        double start = thread_ms();
        good = tjCompress2(coder, reel_frame(reel, i), reel->width, 0, reel->height, TJPF_BGRX, &file, &size,
                           TJSAMP_420, 80, TJFLAG_NOREALLOC) == 0;
        double ms = thread_ms() - start;
        if (i == 0)
            continue;
        ret->cpu_ms += ms;
        ret->bytes += (double)size;
        good = good && tjDecompress2(decoder, file, size, seen, reel->width, 0, reel->height, TJPF_BGRX, 0) == 0;
        psnr_add(&psnr, seen, reel_frame(reel, i), reel->size / 4);
    }
    ret->cpu_ms /= reel->count - 1;
    ret->bytes /= reel->count - 1;
    ret->psnr_db = psnr_db(&psnr);
    ret->p50_ms = rows_none();
    tjDestroy(coder);
    tjDestroy(decoder);
    free(file);
    free(seen);
    return good;
}

const struct peer peer_mjpeg = {"mjpeg-q80-420", run, false};
