/* bench-encode: bytes, quality and CPU time for each changed frame, ours and the peers', over whole recordings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/lossless.h"
#include "bench/options.h"
#include "bench/ours.h"
#include "bench/peer.h"
#include "bench/psnr.h"
#include "bench/rows.h"

#define FAST_LINK UINT64_C(12500000) /* bytes/s: 100 Mbit/s */

struct bench {
    struct bench_options options;
    struct corpus corpus;
    bool good;
};

static void rows_of(const struct reel *reel, const struct peer *peer, const struct peer_result *ours, double total,
                    const struct peer_result *theirs)
{
    const char *name = reel->recording.name;
    if (!peer->region) {
        row_print("encode", name, "live_bytes_per_changed_frame", "B", ours->bytes, peer->name, theirs->bytes);
        row_print("encode", name, "psnr_live_db", "dB", ours->psnr_db, peer->name, theirs->psnr_db);
    }
    row_print("encode", name, "cpu_ms_per_changed_frame", "ms", ours->cpu_ms, peer->name, theirs->cpu_ms);
    if (strncmp(peer->name, "x264", 4) == 0)
        row_print("encode", name, "total_bytes_per_changed_frame", "B", total, peer->name, theirs->bytes);
}

static void tell(const char *name, const struct peer_result *r)
{
    fprintf(stderr, "    %-22s %10.0f B %8.2f ms %6.2f dB\n", name, r->bytes, r->cpu_ms, r->psnr_db);
}

static void run_peers(const struct bench *self, const struct reel *reel, const struct peer_result *ours, double total)
{
    const struct peer_result none = {rows_none(), rows_none(), rows_none(), rows_none()};
    struct reel_region part;
    bool moves = reel_moving_region(reel, &part);
    for (unsigned i = 0; peers[i]; i++) {
        struct peer_result theirs = none;
        if (!name_in_list(self->options.peers, peers[i]->name) || (peers[i]->region && !moves))
            continue;
        if (!peers[i]->run || !peers[i]->run(reel, &theirs))
            theirs = none;
        rows_of(reel, peers[i], ours, total, &theirs);
        tell(peers[i]->name, &theirs);
    }
}

/* What has no peer stands against a limit of the project, or beside another figure of ours. */
static void rows_of_ours(const struct reel *reel, const struct ours *sums, const struct peer_result *live)
{
    const char *name = reel->recording.name;
    double settle_bytes = sums->settle.bytes / sums->changed, settle_ms = sums->settle.ms / sums->changed;
    row_print("encode", name, "settle_bytes", "B", settle_bytes, "live", live->bytes);
    row_print("encode", name, "settle_cpu_ms", "ms", settle_ms, "live", live->cpu_ms);
    row_print("encode", name, "wrong_at_rest", "1", sums->exact ? 0 : 1, "limit", 0);
    fprintf(stderr, "    %-22s %10.0f B %8.2f ms\n", "ours, settling", settle_bytes, settle_ms);
    if (!sums->exact)
        fprintf(stderr, "    the canvas is NOT the last frame, at rest\n");
}

/* *ret_total: bytes a changed frame, refinement included. */
static struct peer_result run_ours(struct bench *self, const struct reel *reel, double *ret_total)
{
    struct peer_result live = {rows_none(), rows_none(), rows_none(), rows_none()};
    const struct recording *noiseless = corpus_clean(&self->corpus, &reel->recording);
    struct reel *clean = noiseless ? bench_reel(&self->options, &self->corpus, noiseless) : NULL;
    struct ours_config config = {.rate = FAST_LINK,
                                 .jpeg = true,
                                 .video_vp8 = true,
                                 .video_vp9 = true,
                                 .tolerant = recording_class(&reel->recording) == 'j',
                                 .clean = clean};
    struct ours sums;
    if (ours_run(reel, &config, &sums)) {
        live.bytes = sums.live.bytes / sums.changed;
        *ret_total = live.bytes + sums.settle.bytes / sums.changed;
        live.cpu_ms = sums.live.ms / sums.changed;
        live.psnr_db = sums.psnr_db;
        tell("ours, live", &live);
        rows_of_ours(reel, &sums, &live);
        self->good = self->good && sums.exact;
        if (clean) {
            row_print("encode", reel->recording.name, "psnr_clean_db", "dB", sums.psnr_clean_db, "limit", 38);
            row_print("encode", reel->recording.name, "still_cells_sent_percent", "%", sums.resent_percent, "limit", 2);
            fprintf(stderr, "    against the clean recording %.2f dB; %.2f %% of still cells sent a frame\n",
                    sums.psnr_clean_db, sums.resent_percent);
        }
    } else {
        self->good = false;
    }
    reel_close(clean);
    return live;
}

static void one_recording(void *data, const struct reel *reel)
{
    struct bench *self = data;
    fprintf(stderr, "%s: %u frames, %u changed\n", reel->recording.name, reel->frames, reel->count - 1);
    double total = rows_none();
    struct peer_result ours = run_ours(self, reel, &total);
    run_peers(self, reel, &ours, total);
    if (strchr("deh", recording_class(&reel->recording)) && name_in_list(self->options.peers, "webp-lossless-m2"))
        lossless_rows(reel);
}

int main(int argc, char **argv)
{
    struct bench self = {.good = true};
    if (!bench_options_parse(argc, argv, &self.options))
        return 2;
    corpus_read(self.options.corpus, &self.corpus);
    bool decoded = bench_each(&self.options, &self.corpus, one_recording, &self);
    rows_end();
    return decoded && self.good ? 0 : 1;
}
