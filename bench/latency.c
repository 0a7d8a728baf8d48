/* bench-latency [--replay FILE]: a desktop recording at 30 changed frames a second through TigerVNC's server, from a
 * frame's being in its framebuffer to the last byte of its update at a viewer on the same machine; prints lines PEER
 * P50 P99. With
 * --replay it writes the same frames as a file that the gateway plays instead. See latency.mjs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/options.h"
#include "bench/rfb_client.h"
#include "bench/rows.h"
#include "bench/vnc.h"
#include "capture/replay_header.h"

#define FPS 30

#if HAVE_X11
static void until(double ms)
{
    double left = ms - wall_ms();
    if (left > 0)
        nanosleep(&(struct timespec){.tv_nsec = (long)(left * 1e6)}, NULL);
}

static bool measure(const struct reel *reel, int encoding, const char *name)
{
    struct vnc *vnc = vnc_open(reel, encoding);
    double *waits = calloc(reel->count, sizeof *waits);
    bool good = vnc && waits;
    double begin = wall_ms();
    for (unsigned i = 1; good && i < reel->count; i++) {
        until(begin + i * 1e3 / FPS);
        vnc_put(vnc, i);
        double put = wall_ms();
        good = vnc_receive(vnc);
        waits[i - 1] = wall_ms() - put;
    }
    if (good) {
        double p50 = median(waits, reel->count - 1); /* they are sorted now */
        printf("%s %.3f %.3f\n", name, p50, waits[(reel->count - 1) * 99 / 100]);
    }
    vnc_close(vnc);
    free(waits);
    return good;
}
#else
static bool measure(const struct reel *reel, int encoding, const char *name)
{
    (void)reel;
    (void)encoding;
    (void)name;
    return false;
}
#endif

static bool write_replay(const struct reel *reel, const char *path)
{
    struct replay_header header = {.width = reel->width, .height = reel->height, .fps = FPS, .fourcc = FOURCC_BGRX};
    uint8_t bytes[REPLAY_HEADER_SIZE];
    replay_header_write(&header, bytes);
    FILE *file = fopen(path, "we");
    bool good = file && fwrite(bytes, 1, sizeof bytes, file) == sizeof bytes &&
                fwrite(reel->pixels, reel->size, reel->count, file) == reel->count;
    return file && fclose(file) == 0 && good;
}

struct job {
    const char *replay;
    bool good;
};

static void one_recording(void *data, const struct reel *reel)
{
    struct job *job = data;
    fprintf(stderr, "%s: %u changed frames\n", reel->recording.name, reel->count - 1);
    if (job->replay)
        job->good = write_replay(reel, job->replay);
    else
        job->good = measure(reel, RFB_ZRLE, "tigervnc-zrle") && measure(reel, RFB_TIGHT, "tigervnc-tight");
}

int main(int argc, char **argv)
{
    struct job job = {.good = false};
    if (argc > 2 && strcmp(argv[1], "--replay") == 0) {
        job.replay = argv[2];
        argv[2] = argv[0];
        argv += 2;
        argc -= 2;
    }
    struct bench_options options;
    struct corpus corpus;
    if (!bench_options_parse(argc, argv, &options) || options.n_names > 1)
        return 2;
    corpus_read(options.corpus, &corpus);
    bench_each(&options, &corpus, one_recording, &job);
    return job.good ? 0 : 1;
}
