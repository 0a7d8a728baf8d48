/* bench-encode: bytes, quality and CPU time for each changed frame, ours and the peers', over whole recordings. */
#include <stdio.h>

#include "bench/options.h"
#include "bench/peer.h"
#include "bench/rows.h"

static void rows_of(const struct reel *reel, const struct peer *peer, const struct peer_result *ours,
                    const struct peer_result *theirs)
{
    const char *name = reel->recording.name;
    if (!peer->region) {
        row_print("encode", name, "live_bytes_per_changed_frame", "B", ours->bytes, peer->name, theirs->bytes);
        row_print("encode", name, "psnr_live_db", "dB", ours->psnr_db, peer->name, theirs->psnr_db);
    }
    row_print("encode", name, "cpu_ms_per_changed_frame", "ms", ours->cpu_ms, peer->name, theirs->cpu_ms);
}

static void one_recording(void *data, const struct reel *reel)
{
    const struct bench_options *options = data;
    struct peer_result none = {rows_none(), rows_none(), rows_none(), rows_none()}, ours = none;
    fprintf(stderr, "%s: %u frames, %u changed\n", reel->recording.name, reel->frames, reel->count - 1);
    for (unsigned i = 0; peers[i]; i++) {
        struct peer_result theirs = none;
        if (!name_in_list(options->peers, peers[i]->name))
            continue;
        if (!peers[i]->run || !peers[i]->run(reel, &theirs))
            theirs = none;
        rows_of(reel, peers[i], &ours, &theirs);
        fprintf(stderr, "    %-22s %10.0f B %8.2f ms %6.2f dB %6.1f ms\n", peers[i]->name, theirs.bytes, theirs.cpu_ms,
                theirs.psnr_db, theirs.p50_ms);
    }
}

int main(int argc, char **argv)
{
    struct bench_options options;
    struct corpus corpus;
    if (!bench_options_parse(argc, argv, &options))
        return 2;
    corpus_read(options.corpus, &corpus);
    bool good = bench_each(&options, &corpus, one_recording, &options);
    rows_end();
    return good ? 0 : 1;
}
