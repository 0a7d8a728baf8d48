/* TigerVNC's server with its two lossless encodings, frame by frame in step with a viewer. Its time is less that of a
 * run without a viewer: what putting the frame in costs. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/peer.h"
#include "bench/psnr.h"
#include "bench/rfb_client.h"
#include "bench/rows.h"
#include "bench/vnc.h"

static double feeding_ms(const struct reel *reel)
{
    struct vnc *vnc = vnc_open(reel, 0);
    if (!vnc)
        return rows_none();
    double start = vnc_cpu_ms(vnc);
    for (unsigned i = 1; i < reel->count; i++)
        vnc_put(vnc, i);
    double ms = vnc_cpu_ms(vnc) - start;
    vnc_close(vnc);
    return ms;
}

static bool run(const struct reel *reel, int encoding, struct peer_result *ret)
{
    struct vnc *vnc = vnc_open(reel, encoding);
    double *wait = calloc(reel->count, sizeof *wait);
    if (!vnc || !wait) {
        vnc_close(vnc);
        free(wait);
        return false;
    }
    double start = vnc_cpu_ms(vnc), n = reel->count - 1;
    uint64_t before = vnc_bytes(vnc);
    bool good = true;
    for (unsigned i = 1; good && i < reel->count; i++) {
        vnc_put(vnc, i);
        double put = wall_ms();
        good = vnc_receive(vnc);
        wait[i - 1] = wall_ms() - put;
        if (!good)
            fprintf(stderr, "tigervnc: frame %u never came\n", i);
    }
    double cpu_ms = vnc_cpu_ms(vnc) - start;
    *ret = (struct peer_result){
        .bytes = (double)(vnc_bytes(vnc) - before) / n, .psnr_db = PSNR_EXACT, .p50_ms = median(wait, reel->count - 1)};
    vnc_close(vnc);
    free(wait);
    ret->cpu_ms = (cpu_ms - feeding_ms(reel)) / n;
    return good;
}

static bool run_zrle(const struct reel *reel, struct peer_result *ret)
{
    return run(reel, RFB_ZRLE, ret);
}

static bool run_tight(const struct reel *reel, struct peer_result *ret)
{
    return run(reel, RFB_TIGHT, ret);
}

const struct peer peer_zrle = {"tigervnc-zrle", run_zrle, false};
const struct peer peer_tight = {"tigervnc-tight", run_tight, false};
