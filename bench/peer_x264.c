/* x264 by the ffmpeg program, one thread: nothing of it is linked. Its time is that of a run on a file of 4:2:0
 * pictures less the same run without a codec, plus the conversion to these pictures. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/child.h"
#include "bench/peer.h"
#include "bench/psnr.h"
#include "bench/rows.h"
#include "bench/yuv.h"

struct job {
    const struct reel *reel;
    char size[32], rate[16];
    int pictures, stream, list; /* scratch files */
    uint8_t *picture, *seen;
    struct yuv yuv;
    size_t picture_size;
    double convert_ms, encode_ms, bytes;
    struct psnr psnr;
};

static bool write_pictures(struct job *job)
{
    const struct reel *reel = job->reel;
    for (unsigned i = 0; i < reel->count; i++) {
        double start = thread_ms();
        yuv_from_bgrx(reel_frame(reel, i), (size_t)reel->width * 4, reel->width, reel->height, &job->yuv);
        if (i > 0)
            job->convert_ms += thread_ms() - start;
        if (write(job->pictures, job->picture, job->picture_size) != (ssize_t)job->picture_size)
            return false;
    }
    return true;
}

#define INPUT                                                                                                          \
    "ffmpeg", "-v", "error", "-threads", "1", "-filter_threads", "1", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s",   \
        job->size, "-r", job->rate, "-i", "pipe:0", "-threads", "1"

/* The less of two runs each: what disturbs only adds. The picture that begins the stream is in both sums; it is one of
 * many, and its share is taken off by the number of pictures. No key frame follows it: nobody needs one here. */
static bool encode(struct job *job)
{
    const char *const with[] = {INPUT, "-c:v", "libx264", "-preset", "ultrafast", "-tune",  "zerolatency", "-crf",
                                "23",  "-g",   "1000000", "-f",      "h264",      "pipe:1", NULL};
    const char *const without[] = {INPUT, "-c:v", "rawvideo", "-f", "rawvideo", "pipe:1", NULL};
    double coded = INFINITY, copied = INFINITY;
    for (int i = 0; i < 2; i++) {
        double ms;
        if (!child_run(with, job->pictures, job->stream, &ms))
            return false;
        coded = fmin(coded, ms);
        if (!child_run(without, job->pictures, -1, &ms))
            return false;
        copied = fmin(copied, ms);
    }
    job->encode_ms = coded - copied;
    return true;
}

/* Sizes of the stream's frames, the first left out. */
static bool measure(struct job *job)
{
    const char *const argv[] = {"ffmpeg", "-v",   "error", "-f",       "h264",   "-i", "pipe:0",
                                "-c",     "copy", "-f",    "framecrc", "pipe:1", NULL};
    if (!child_run(argv, job->stream, job->list, NULL))
        return false;
    lseek(job->list, 0, SEEK_SET);
    FILE *file = fdopen(dup(job->list), "r");
    char line[256];
    unsigned frames = 0;
    while (file && fgets(line, sizeof line, file)) {
        double size;
        if (sscanf(line, "0, %*[^,],%*[^,],%*[^,], %lf", &size) == 1 && frames++ > 0)
            job->bytes += size;
    }
    if (file)
        fclose(file);
    return frames == job->reel->count;
}

static bool read_picture(FILE *file, struct job *job, unsigned frame)
{
    if (fread(job->picture, 1, job->picture_size, file) != job->picture_size)
        return false;
    if (frame > 0) {
        yuv_to_bgrx(&job->yuv, job->reel->width, job->reel->height, job->seen);
        psnr_add(&job->psnr, job->seen, reel_frame(job->reel, frame), job->reel->size / 4);
    }
    return true;
}

static bool compare(struct job *job)
{
    const char *const argv[] = {"ffmpeg",      "-v", "error",    "-f",       "h264",    "-i",     "pipe:0", "-vsync",
                                "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1", NULL};
    int ends[2];
    lseek(job->stream, 0, SEEK_SET);
    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    pid_t pid = child_start(argv, job->stream, ends[1]);
    close(ends[1]);
    FILE *file = fdopen(ends[0], "r");
    unsigned frames = 0;
    while (frames < job->reel->count && read_picture(file, job, frames))
        frames++;
    fclose(file);
    return pid > 0 && child_wait(pid, NULL) && frames == job->reel->count;
}

static bool run(const struct reel *reel, struct peer_result *ret)
{
    struct job job = {
        .reel = reel, .pictures = reel_scratch_file(), .stream = reel_scratch_file(), .list = reel_scratch_file()};
    snprintf(job.size, sizeof job.size, "%dx%d", reel->width, reel->height);
    snprintf(job.rate, sizeof job.rate, "%u", reel->recording.fps);
    job.picture = malloc(reel->size);
    job.seen = malloc(reel->size);
    job.picture_size = yuv_lay_out(job.picture, reel->width, reel->height, &job.yuv);
    bool good = job.list >= 0 && job.stream >= 0 && job.pictures >= 0 && write_pictures(&job) && encode(&job) &&
                measure(&job) && compare(&job);
    if (!good)
        fprintf(stderr, "x264: ffmpeg with libx264 does not run here\n");
    double n = reel->count - 1;
    *ret = (struct peer_result){.bytes = job.bytes / n,
                                .cpu_ms = job.convert_ms / n + job.encode_ms / reel->count,
                                .psnr_db = psnr_db(&job.psnr),
                                .p50_ms = rows_none()};
    close(job.pictures);
    close(job.stream);
    close(job.list);
    free(job.picture);
    free(job.seen);
    return good;
}

const struct peer peer_x264 = {"x264-ultrafast-crf23", run, false};
