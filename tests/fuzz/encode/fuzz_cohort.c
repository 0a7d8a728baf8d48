/* Bytes as drawing commands on a small screen, for viewers with JPEG and video or without: after each update the page's
 * canvas is as exact as the cohort claims, in the end it is the screen. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "encode/cohort.h"
#include "replica/replica.h"

#define WIDTH 150
#define HEIGHT 100

static uint32_t screen[WIDTH * HEIGHT];

static void release(struct frame *frame)
{
    free(frame->release_data);
    free(frame);
}

static struct frame *take_frame(uint64_t now_us)
{
    struct frame *frame = calloc(1, sizeof *frame);
    uint32_t *pixels = malloc(sizeof screen);
    if (!frame || !pixels)
        abort();
    memcpy(pixels, screen, sizeof screen);
    *frame = (struct frame){
        .width = WIDTH, .height = HEIGHT, .fourcc = FOURCC_BGRX, .captured_us = now_us, .release = release};
    frame->planes[0] = (struct frame_plane){.data = (const uint8_t *)pixels, .stride = WIDTH * 4};
    frame->release_data = pixels;
    ref_init(&frame->ref);
    return frame;
}

/* Five bytes: what, x, y, size, value. */
static void draw(const uint8_t *c)
{
    int x = c[1] % WIDTH, y = c[2] % HEIGHT, w = 1 + (c[3] & 15) * 10, h = 1 + (c[3] >> 4) * 7;
    uint32_t state = c[4] * 2654435761u;
    for (int j = y; j < y + h && j < HEIGHT; j++)
        for (int i = x; i < x + w && i < WIDTH; i++) {
            uint32_t *p = &screen[j * WIDTH + i];
            int from = j + (c[4] % 33 - 16);
            state = state * 1664525 + 1013904223;
            switch (c[0] & 3) {
            case 0:
                *p = c[4] * 0x10101u;
                break;
            case 1:
                *p = state >> 8;
                break;
            case 2:
                *p = (state >> 30) * 0x335577u;
                break;
            case 3:
                if (from >= 0 && from < HEIGHT)
                    *p = screen[from * WIDTH + i];
                break;
            }
        }
}

static void check_lossy(const struct cohort *cohort, const struct replica *replica, const struct picture *picture)
{
    for (int cy = 0; cy < picture->cells_y; cy++)
        for (int cx = 0; cx < picture->cells_x; cx++)
            if (replica_canvas(replica)->lossy[cy * picture->cells_x + cx] == cohort_cell_is_exact(cohort, cx, cy))
                abort();
}

static bool update(struct cohort *cohort, struct replica *replica, const struct picture *picture, struct cohort_ask ask)
{
    struct cohort_update u;
    if (cohort_encode(cohort, picture, &ask, &u) < 0)
        abort();
    if (u.n_pieces && !replica_apply_packets(replica, u.pieces, u.n_pieces))
        abort();
    check_lossy(cohort, replica, picture);
    if (u.complete)
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            if (replica_pixel(replica_canvas(replica), i % WIDTH, i / WIDTH) != (screen[i] & 0xFFFFFF))
                abort();
        }
    return u.complete;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct picture_tracker *tracker;
    struct cohort *cohort;
    struct picture *picture = NULL;
    struct replica *replica;
    struct slot_table *slots;
    if (replica_create(&replica) < 0 || replica_mode(replica, WIDTH, HEIGHT, 0) < 0 ||
        picture_tracker_create(&tracker) < 0 || slot_table_create(&slots) < 0 || cohort_create(slots, &cohort) < 0)
        abort();
    struct cohort_ask ask = {.now_us = 1000000, .rate = size > 4 ? data[3] * 8192u : 0};
    ask.jpeg = size > 4 && data[4] & 1;
    ask.video_vp8 = size > 4 && data[4] & 2;
    memset(screen, 0, sizeof screen);
    for (size_t at = 0; at + 5 <= size && at < 5 * 24; at += 5) {
        draw(data + at);
        if (data[at] & 4)
            continue;
        ask.now_us += 1 + (data[at + 4] & 15) * 16000u;
        ask.budget = data[at] & 8 ? 1000000 : (data[at] >> 4) * 40u;
        struct picture *next = NULL;
        if (picture_track(tracker, take_frame(ask.now_us), &next) < 0)
            abort();
        if (next) {
            picture_unref(picture);
            picture = next;
        }
        if (picture)
            update(cohort, replica, picture, ask);
    }
    struct picture *last = NULL;
    if (picture_track(tracker, take_frame(ask.now_us), &last) < 0)
        abort();
    if (last) {
        picture_unref(picture);
        picture = last;
    }
    ask.budget = 5000;
    while (picture && !update(cohort, replica, picture, ask))
        ask.now_us += 50000;
    picture_unref(picture);
    cohort_destroy(cohort);
    slot_table_unref(slots);
    picture_tracker_destroy(tracker);
    replica_destroy(replica);
    return 0;
}
