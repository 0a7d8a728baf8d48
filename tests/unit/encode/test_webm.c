/* WebM files of our own: read by another reader, cut anywhere, finished, on a full disk; films in them decoded and
 * compared with what was shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "encode/film.h"
#include "encode/planes.h"
#include "encode/vpx.h"
#include "encode/webm_write.h"
#include "memory_file.h"
#include "scene.h"
#include "video/csc.h"
#include "webm_reader.h"

#define WALL_US 1795000000000000ull
#define FRAMES 60

static struct webm_read read_;

/* ---- a film that is written ---- */

struct shoot {
    struct memory_file memory;
    struct scene scene;
    struct picture_tracker *tracker;
    struct film *film;
    struct webm *webm;
    struct picture *picture;
    uint64_t ms;
};

static void shoot_begin(struct shoot *s, int width, int height)
{
    *s = (struct shoot){0};
    struct webm_file file = memory_file(&s->memory);
    scene_init(&s->scene, width, height, 7);
    scene_start(&s->scene);
    assert_int_equal(picture_tracker_create(&s->tracker), 0);
    assert_int_equal(film_create(&s->film), 0);
    const struct webm_track track = {.width = width, .height = height, .colour = COLOUR_BT601_LIMITED};
    assert_int_equal(webm_create(&file, &track, WALL_US, &s->webm), 0);
}

/* What the scene shows, at this time; what webm_frame said. */
static int shoot_frame(struct shoot *s, uint64_t ms)
{
    struct picture *next = NULL;
    struct frame *frame = scene_frame(&s->scene);
    frame->captured_us = ms * 1000 + 1;
    assert_int_equal(picture_track(s->tracker, frame, &next), 0);
    if (next) {
        picture_unref(s->picture);
        s->picture = next;
    }
    struct film_frame coded;
    int r = film_encode(s->film, s->picture, ms * 1000, webm_wants_key(s->webm, ms), &coded);
    assert_true(r >= 0);
    if (r > 0)
        return r;
    if (coded.resized)
        webm_resize(s->webm, coded.width, coded.height);
    s->ms = ms;
    return webm_frame(s->webm, ms, coded.key, coded.bytes, coded.size);
}

static void shoot_end(struct shoot *s)
{
    s->webm = webm_destroy(s->webm);
    s->film = film_destroy(s->film);
    s->picture = picture_unref(s->picture);
    s->tracker = picture_tracker_destroy(s->tracker);
    scene_finish(&s->scene);
    free(s->memory.bytes);
}

static uint64_t time_of(int i)
{
    return (uint64_t)i * 337;
}

static void shoot_text(struct shoot *s, int frames)
{
    for (int i = 0; i < frames; i++) {
        scene_text_line(&s->scene, 8, 16 * (i % (s->scene.height / 16)), s->scene.width / 8 - 2, 0xE0E0E0, 0x101820);
        assert_int_equal(shoot_frame(s, time_of(i)), 0);
    }
}

static void check_clusters(const struct webm_read *f)
{
    for (size_t i = 0; i < f->n_blocks; i++) {
        assert_true(!f->blocks[i].first || f->blocks[i].key || f->blocks[i].size == 1);
        assert_true(i == 0 || f->blocks[i].ms > f->blocks[i - 1].ms);
    }
    for (size_t i = 1, begin = 0; i < f->n_blocks; i++) {
        if (f->blocks[i].first)
            begin = i;
        if (f->blocks[i].size > 1)
            assert_true(f->blocks[i].ms - f->blocks[begin].ms < WEBM_CLUSTER_MS);
    }
}

/* Each cue is a cluster that begins with a key frame of just this time, and each such cluster has one. */
static void check_cues(const struct webm_read *f)
{
    size_t keys = 0;
    for (size_t i = 0; i < f->n_blocks; i++) {
        if (!f->blocks[i].first || !f->blocks[i].key)
            continue;
        assert_true(keys < f->n_cues);
        assert_int_equal(f->cues[keys].ms, f->blocks[i].ms);
        assert_int_equal(f->cues[keys].cluster, f->blocks[i].cluster);
        keys++;
    }
    assert_int_equal(keys, f->n_cues);
}

static void test_another_reader_finds_all_of_it(void **state)
{
    struct shoot s;
    (void)state;
    shoot_begin(&s, 333, 171);
    shoot_text(&s, FRAMES);
    assert_int_equal(webm_finish(s.webm, time_of(FRAMES) + 60000), 0);
    webm_read(&read_, s.memory.bytes, s.memory.size);
    assert_string_equal(read_.type, "webm");
    assert_string_equal(read_.codec, "V_VP9");
    assert_string_equal(read_.app, "lightsout");
    assert_int_equal(read_.scale, 1000000);
    assert_int_equal(read_.width, 333);
    assert_int_equal(read_.height, 171);
    assert_int_equal(read_.display_width, 333);
    assert_int_equal(read_.display_height, 171);
    assert_int_equal(read_.matrix, 6);
    assert_int_equal(read_.range, 1);
    assert_int_equal(read_.transfer, 13);
    assert_int_equal(read_.primaries, 1);
    assert_false(read_.unknown);
    assert_true(read_.duration == (double)(time_of(FRAMES) + 60000));
    assert_int_equal(read_.seek_cues, read_.cues_at);
    assert_int_equal(read_.n_blocks, FRAMES + 1);
    for (int i = 0; i < FRAMES; i++)
        assert_int_equal(read_.blocks[i].ms, time_of(i));
    assert_int_equal(read_.blocks[FRAMES].ms, time_of(FRAMES) + 60000 - 40);
    check_clusters(&read_);
    check_cues(&read_);
    shoot_end(&s);
}

/* ---- what is seen ---- */

static double luma_psnr(const uint8_t *seen, const struct picture *picture, int width, int height)
{
    uint8_t y[16 * 16], u[8 * 8], v[8 * 8];
    double sum = 0;
    for (int cy = 0; cy < picture->cells_y; cy++)
        for (int cx = 0; cx < picture->cells_x; cx++) {
            const struct planes planes = {.data = {y, u, v}, .stride = {16, 8, 8}, .limited = true};
            planes_take_cells(&planes, picture->frame, cx, cy, 1);
            for (int j = 0; j < 16 && cy * 16 + j < height; j++)
                for (int i = 0; i < 16 && cx * 16 + i < width; i++) {
                    int d = y[16 * j + i] - seen[(cy * 16 + j) * width + cx * 16 + i];
                    sum += d * d;
                }
        }
    return sum == 0 ? 99 : 10 * log10(255.0 * 255.0 * width * height / sum);
}

static void test_text_is_readable(void **state)
{
    struct shoot s;
    struct vpx_decoder *decoder;
    (void)state;
    enum { WIDTH = 640, HEIGHT = 352 };
    uint8_t *seen = malloc(WIDTH * HEIGHT * 3 / 2);
    shoot_begin(&s, WIDTH, HEIGHT);
    assert_int_equal(vpx_decoder_create(UPDATE_VP9, &decoder), 0);
    for (int i = 0; i < 30; i++) {
        shoot_text(&s, 0);
        scene_text_line(&s.scene, 8, 16 * (i % 22), 70, i % 2 ? 0xE04020 : 0xC0FFC0, i % 3 ? 0x101820 : 0x2030A0);
        assert_int_equal(shoot_frame(&s, time_of(i)), 0);
        webm_read(&read_, s.memory.bytes, s.memory.size);
        const struct reader_block *last = &read_.blocks[read_.n_blocks - 1];
        assert_true(vpx_decoder_decode(decoder, last->bytes, last->size, WIDTH, HEIGHT, seen));
        assert_true(luma_psnr(seen, s.picture, WIDTH, HEIGHT) >= 38);
    }
    /* the end, one byte, shows the last frame once more */
    assert_int_equal(webm_finish(s.webm, s.ms + 90000), 0);
    webm_read(&read_, s.memory.bytes, s.memory.size);
    const struct reader_block *last = &read_.blocks[read_.n_blocks - 1];
    assert_int_equal(last->size, 1);
    memset(seen, 0, WIDTH * HEIGHT * 3 / 2);
    assert_true(vpx_decoder_decode(decoder, last->bytes, last->size, WIDTH, HEIGHT, seen));
    assert_true(luma_psnr(seen, s.picture, WIDTH, HEIGHT) >= 38);
    vpx_decoder_destroy(decoder);
    free(seen);
    shoot_end(&s);
}

static void test_a_still_screen_costs_nothing(void **state)
{
    struct shoot s;
    (void)state;
    shoot_begin(&s, 640, 352);
    assert_int_equal(shoot_frame(&s, 0), 0);
    int more = 0;
    const size_t before = s.memory.size;
    for (uint64_t ms = 100; ms < 4000; ms += 100)
        more += shoot_frame(&s, ms) == 0;
    assert_true(more <= 1); /* made better once, at most */
    assert_true(more || s.memory.size == before);
    shoot_end(&s);
}

static void test_a_mode_change_stands_in_the_same_film(void **state)
{
    struct shoot s;
    struct vpx_decoder *decoder;
    (void)state;
    static uint8_t seen[800 * 608 * 3 / 2];
    shoot_begin(&s, 320, 208);
    shoot_text(&s, 4);
    struct scene larger;
    scene_init(&larger, 800, 608, 9);
    scene_start(&larger);
    scene_finish(&s.scene);
    s.scene = larger;
    assert_int_equal(shoot_frame(&s, 2000), 0);
    assert_int_equal(webm_finish(s.webm, 3000), 0);
    webm_read(&read_, s.memory.bytes, s.memory.size);
    assert_int_equal(read_.width, 800);
    assert_int_equal(read_.height, 608);
    assert_int_equal(read_.n_blocks, 6);
    assert_true(read_.blocks[4].key && read_.blocks[4].first);
    assert_int_equal(vpx_decoder_create(UPDATE_VP9, &decoder), 0);
    assert_true(vpx_decoder_decode(decoder, read_.blocks[4].bytes, read_.blocks[4].size, 800, 608, seen));
    assert_true(luma_psnr(seen, s.picture, 800, 608) >= 38);
    check_cues(&read_);
    vpx_decoder_destroy(decoder);
    shoot_end(&s);
}

static void film_of_size(int width, int height)
{
    struct shoot s;
    struct vpx_decoder *decoder;
    uint8_t *seen = malloc((size_t)(width + 1) * (size_t)(height + 1) * 2);
    shoot_begin(&s, width, height);
    assert_int_equal(shoot_frame(&s, 0), 0);
    scene_fill(&s.scene, 0, 0, width, height, 0x4080C0);
    assert_int_equal(shoot_frame(&s, 40), 0);
    assert_int_equal(webm_finish(s.webm, 1000), 0);
    webm_read(&read_, s.memory.bytes, s.memory.size);
    assert_int_equal(vpx_decoder_create(UPDATE_VP9, &decoder), 0);
    for (size_t i = 0; i < read_.n_blocks; i++)
        assert_true(vpx_decoder_decode(decoder, read_.blocks[i].bytes, read_.blocks[i].size, width, height, seen));
    assert_true(luma_psnr(seen, s.picture, width, height) >= 38);
    vpx_decoder_destroy(decoder);
    free(seen);
    shoot_end(&s);
}

static void test_any_size(void **state)
{
    (void)state;
    film_of_size(1, 1);
    film_of_size(2, 17);
    film_of_size(1366, 7);
    film_of_size(3840, 2160);
}

/* ---- cut ---- */

/* As a gateway that was killed left it: never finished. */
static void check_cut(const struct shoot *s, size_t size, const struct webm_read *whole)
{
    struct memory_file cut = {.bytes = malloc(size + 1), .size = size};
    static struct webm_read before, after;
    struct webm *webm = NULL;
    memcpy(cut.bytes, s->memory.bytes, size);
    webm_read(&before, cut.bytes, cut.size);
    for (size_t i = 0; i < before.n_blocks; i++) /* it plays up to there, as it is */
        assert_int_equal(before.blocks[i].ms, whole->blocks[i].ms);
    struct webm_file file = memory_file(&cut);
    int r = webm_repair(&file, cut.size, &webm);
    if (before.n_blocks == 0) {
        assert_int_equal(r, -ENODATA);
    } else {
        assert_int_equal(r, 0);
        assert_int_equal(webm_last_ms(webm), before.blocks[before.n_blocks - 1].ms);
        assert_int_equal(webm_finish(webm, webm_last_ms(webm) + 10), 0);
        webm_read(&after, cut.bytes, cut.size);
        assert_int_equal(after.n_blocks, before.n_blocks);
        assert_false(after.unknown);
        assert_true(after.duration == (double)(after.blocks[after.n_blocks - 1].ms + 10));
        assert_int_equal(after.seek_cues, after.cues_at);
        check_clusters(&after);
        check_cues(&after);
        for (size_t i = 0; i < after.n_blocks; i++) {
            assert_int_equal(after.blocks[i].size, whole->blocks[i].size);
            assert_memory_equal(after.blocks[i].bytes, whole->blocks[i].bytes, after.blocks[i].size);
        }
    }
    webm_destroy(webm);
    free(cut.bytes);
}

static void test_cut_anywhere(void **state)
{
    struct shoot s;
    static struct webm_read whole;
    (void)state;
    shoot_begin(&s, 320, 208);
    shoot_text(&s, FRAMES);
    webm_read(&whole, s.memory.bytes, s.memory.size);
    assert_int_equal(whole.n_blocks, FRAMES);
    assert_true(whole.unknown);
    for (size_t size = 0; size < 700; size += 7)
        check_cut(&s, size, &whole);
    for (size_t size = 700; size < s.memory.size; size += 1000)
        check_cut(&s, size, &whole);
    check_cut(&s, s.memory.size, &whole);
    /* at each byte around the begin of a cluster */
    size_t begin = whole.segment;
    for (size_t i = 1; i < whole.n_blocks; i++)
        if (whole.blocks[i].first)
            begin = whole.segment + whole.blocks[i].cluster;
    for (size_t size = begin - 20; size < begin + 60; size++)
        check_cut(&s, size, &whole);
    shoot_end(&s);
}

static void test_a_finished_file_may_be_finished_again(void **state)
{
    struct shoot s;
    struct webm *again;
    (void)state;
    shoot_begin(&s, 320, 208);
    shoot_text(&s, 20);
    assert_int_equal(webm_finish(s.webm, 9000), 0);
    struct webm_file file = memory_file(&s.memory);
    const size_t size = s.memory.size;
    uint8_t *copy = malloc(size);
    memcpy(copy, s.memory.bytes, size);
    assert_int_equal(webm_repair(&file, size, &again), 0);
    assert_int_equal(webm_finish(again, 9000), 0);
    assert_int_equal(s.memory.size, size);
    assert_memory_equal(copy, s.memory.bytes, size);
    webm_destroy(again);
    free(copy);
    shoot_end(&s);
}

static void test_a_full_disk(void **state)
{
    (void)state;
    for (size_t limit = 1000; limit < 60000; limit += 1999) {
        struct shoot s;
        shoot_begin(&s, 320, 208);
        s.memory.limit = limit;
        int r = 0, frames = 0;
        for (; r == 0 && frames < FRAMES; frames += r == 0) {
            scene_text_line(&s.scene, 8, 16 * (frames % 12), 38, 0xFFFFFF, 0x101820);
            r = shoot_frame(&s, time_of(frames));
        }
        assert_int_equal(r, -ENOSPC);
        assert_int_equal(webm_finish(s.webm, time_of(frames)), 0);
        webm_read(&read_, s.memory.bytes, s.memory.size);
        assert_false(read_.unknown);
        assert_true(read_.n_blocks == (size_t)frames || read_.n_blocks == (size_t)frames + 1);
        assert_true(s.memory.size <= limit);
        if (read_.seek_cues)
            check_cues(&read_);
        shoot_end(&s);
    }
}

static void test_what_is_none_of_ours_is_left_alone(void **state)
{
    struct webm *webm;
    uint8_t bytes[2000];
    (void)state;
    memset(bytes, 0x1A, sizeof bytes);
    struct memory_file memory = {.bytes = bytes, .size = sizeof bytes};
    struct webm_file file = memory_file(&memory);
    assert_int_equal(webm_repair(&file, sizeof bytes, &webm), -EBADMSG);
    assert_int_equal(memory.size, sizeof bytes);
}

static void test_order_is_kept(void **state)
{
    struct memory_file memory = {0};
    struct webm_file file = memory_file(&memory);
    struct webm *webm;
    (void)state;
    const struct webm_track track = {.width = 16, .height = 16, .colour = COLOUR_BT709_FULL};
    assert_int_equal(webm_create(&file, &track, WALL_US, &webm), 0);
    assert_int_equal(webm_frame(webm, 0, false, "x", 1), -EINVAL); /* a key frame first */
    assert_int_equal(webm_repeat(webm, 5), -EINVAL);
    assert_int_equal(webm_frame(webm, 0, true, "x", 1), 0);
    assert_int_equal(webm_frame(webm, 0, false, "x", 1), -EINVAL);
    assert_int_equal(webm_frame(webm, 4999, false, "x", 1), 0);
    assert_true(webm_wants_key(webm, 5000));
    assert_int_equal(webm_frame(webm, 5000, false, "x", 1), -EINVAL);
    assert_int_equal(webm_finish(webm, 6000), 0);
    webm_destroy(webm);
    free(memory.bytes);
}

/* ---- ffmpeg's opinion ---- */

static void test_ffmpeg_plays_it(void **state)
{
    char path[] = "/tmp/lightsout-webm-XXXXXX", command[400], line[200];
    struct shoot s;
    (void)state;
    if (system("command -v ffprobe >/dev/null && command -v ffmpeg >/dev/null") != 0)
        skip();
    shoot_begin(&s, 333, 171);
    shoot_text(&s, FRAMES);
    assert_int_equal(webm_finish(s.webm, 30000), 0);
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, s.memory.bytes, s.memory.size) == (ssize_t)s.memory.size);
    close(fd);
    snprintf(
        command, sizeof command,
        "ffprobe -v error -count_frames -select_streams v -show_entries "
        "stream=codec_name,width,height,color_range,color_space,nb_read_frames:format=duration -of csv=p=0 %s 2>&1",
        path);
    FILE *probe = popen(command, "r");
    assert_true(probe && fgets(line, sizeof line, probe));
    assert_string_equal(line, "vp9,333,171,tv,bt470bg,61\n");
    assert_true(fgets(line, sizeof line, probe) && !strncmp(line, "30.0", 4));
    assert_int_equal(pclose(probe), 0);
    /* seeking lands on the cue in front, and decodes from there without a word */
    snprintf(command, sizeof command, "test -z \"$(ffmpeg -v error -ss 12.1 -i %s -frames:v 1 -f null - 2>&1)\"", path);
    assert_int_equal(system(command), 0);
    unlink(path);
    shoot_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_another_reader_finds_all_of_it),
        cmocka_unit_test(test_text_is_readable),
        cmocka_unit_test(test_a_still_screen_costs_nothing),
        cmocka_unit_test(test_a_mode_change_stands_in_the_same_film),
        cmocka_unit_test(test_any_size),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_a_finished_file_may_be_finished_again),
        cmocka_unit_test(test_a_full_disk),
        cmocka_unit_test(test_what_is_none_of_ours_is_left_alone),
        cmocka_unit_test(test_order_is_kept),
        cmocka_unit_test(test_ffmpeg_plays_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
