/* bench-decode: what a viewer's side costs for each changed frame: the updates of a recording through the C applier
 * (with the libraries' JPEG and VPx), and through the page's module in node (exact ones alone: node has no such
 * decoders), against decoding each of the same frames as one JPEG. The best of some passes each. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>
#include <unistd.h>

#include "bench/child.h"
#include "bench/options.h"
#include "bench/ours.h"
#include "bench/rows.h"

#define FAST_LINK UINT64_C(12500000)
#define PASSES 3

/* Bodies, each behind two words: the number of the frame that it was made for, and its size. */
struct stream {
    uint8_t *bytes;
    size_t size, room;
    unsigned frames; /* changed ones */
};

static void append(struct stream *self, const void *bytes, size_t size)
{
    if (self->size + size > self->room) {
        self->room = 2 * (self->size + size);
        self->bytes = realloc(self->bytes, self->room);
        if (!self->bytes)
            abort();
    }
    memcpy(self->bytes + self->size, bytes, size);
    self->size += size;
}

static void record(void *data, const struct cohort_update *update, unsigned frame)
{
    struct stream *self = data;
    uint32_t head[2] = {frame, (uint32_t)update->bytes};
    append(self, head, sizeof head);
    for (unsigned i = 0; i < update->n_pieces; i++)
        append(self, update->pieces[i]->data, update->pieces[i]->size);
}

static bool make_stream(const struct reel *reel, bool lossy, struct stream *ret)
{
    *ret = (struct stream){.frames = reel->count - 1};
    uint32_t head[2] = {(uint32_t)reel->width, (uint32_t)reel->height};
    append(ret, head, sizeof head);
    struct ours_config config = {
        .rate = FAST_LINK, .jpeg = lossy, .video_vp8 = lossy, .video_vp9 = lossy, .update = record, .data = ret};
    struct ours sums;
    return ours_run(reel, &config, &sums);
}

/* ms for all frames but the first; NaN: something is malformed. */
static double apply_native(const struct reel *reel, const struct stream *stream)
{
    struct replica *replica = NULL;
    if (replica_create(&replica) < 0 || replica_mode(replica, reel->width, reel->height, 0) < 0)
        return rows_none();
    double ms = 0;
    for (size_t at = 8; at < stream->size;) {
        uint32_t head[2];
        memcpy(head, stream->bytes + at, sizeof head);
        double start = process_ms();
        bool good = replica_apply(replica, stream->bytes + at + sizeof head, head[1]);
        if (!good)
            ms = rows_none();
        else if (head[0] > 0)
            ms += process_ms() - start;
        at += sizeof head + head[1];
    }
    replica_destroy(replica);
    return ms;
}

static double apply_wasm(const struct stream *stream)
{
    const char *const argv[] = {"node", BENCH_SOURCE "/decode.mjs", LIGHTSOUT_WASM, NULL};
    int in = reel_scratch_file(), out = reel_scratch_file();
    char text[64] = "";
    double ms = rows_none();
    if (in >= 0 && out >= 0 && write(in, stream->bytes, stream->size) == (ssize_t)stream->size &&
        child_run(argv, in, out, NULL) && pread(out, text, sizeof text - 1, 0) > 0)
        ms = strtod(text, NULL);
    if (isnan(ms))
        fprintf(stderr, "    the module does not run in node\n");
    close(in);
    close(out);
    return ms;
}

static double decode_jpeg(const struct reel *reel)
{
    tjhandle coder = tjInitCompress(), decoder = tjInitDecompress();
    unsigned long room = tjBufSize(reel->width, reel->height, TJSAMP_420);
    unsigned char *file = malloc(room);
    uint8_t *seen = malloc(reel->size);
    double ms = 0;
    for (unsigned i = 1; i < reel->count; i++) {
        unsigned long size = room;
        if (tjCompress2(coder, reel_frame(reel, i), reel->width, 0, reel->height, TJPF_BGRX, &file, &size, TJSAMP_420,
                        80, TJFLAG_NOREALLOC) != 0)
            abort();
        double start = process_ms();
        if (tjDecompress2(decoder, file, size, seen, reel->width, 0, reel->height, TJPF_RGBA, 0) != 0)
            abort();
        ms += process_ms() - start;
    }
    tjDestroy(coder);
    tjDestroy(decoder);
    free(file);
    free(seen);
    return ms;
}

static void one_recording(void *data, const struct reel *reel)
{
    (void)data;
    const char *name = reel->recording.name;
    double n = reel->count - 1, native = INFINITY, wasm = rows_none(), jpeg = decode_jpeg(reel) / n;
    struct stream stream;
    if (make_stream(reel, true, &stream))
        for (int i = 0; i < PASSES; i++)
            native = fmin(native, apply_native(reel, &stream));
    free(stream.bytes);
    row_print("decode", name, "cpu_ms_per_changed_frame", "ms", native / n, "mjpeg-q80-420", jpeg);
    if (strchr("abcdefi?", recording_class(&reel->recording))) {
        if (make_stream(reel, false, &stream))
            wasm = apply_wasm(&stream) / n;
        free(stream.bytes);
        row_print("decode", name, "wasm_ms_per_changed_frame", "ms", wasm, "mjpeg-q80-420", jpeg);
    }
    fprintf(stderr, "%s: native %.2f ms, node %.2f ms, JPEG %.2f ms\n", name, native / n, wasm, jpeg);
}

int main(int argc, char **argv)
{
    return bench_main(argc, argv, one_recording);
}
