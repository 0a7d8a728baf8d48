/* Tiles: whatever is written is read back, in every mode, at every size, at the canvas's edges; nothing outside is
 * touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "encode/update_write.h"
#include "replica/replica.h"
#include "scene.h"

/* A picture, the canvas before it as the server keeps it, and the one of the page. */
struct pair {
    struct scene picture, before;
    struct replica *replica;
    const struct update_canvas *canvas;
    uint8_t *exact; /* all of it */
    struct update_writer writer;
};

static void put_on_canvas(struct pair *self)
{
    for (int i = 0; i < self->canvas->width * self->canvas->height; i++) {
        uint32_t c = self->before.pixels[i];
        self->canvas->pixels[4 * i] = (uint8_t)(c >> 16);
        self->canvas->pixels[4 * i + 1] = (uint8_t)(c >> 8);
        self->canvas->pixels[4 * i + 2] = (uint8_t)c;
        self->canvas->pixels[4 * i + 3] = 255;
    }
}

static void pair_init(struct pair *self, int width, int height, uint64_t seed)
{
    scene_init(&self->picture, width, height, seed);
    scene_init(&self->before, width, height, seed + 77);
    scene_start(&self->before);
    assert_int_equal(replica_create(&self->replica), 0);
    assert_int_equal(replica_mode(self->replica, width, height, 0), 0);
    self->canvas = replica_canvas(self->replica);
    self->exact = malloc((size_t)update_cells(width) * (size_t)update_cells(height));
    assert_non_null(self->exact);
    memset(self->exact, 1, (size_t)update_cells(width) * (size_t)update_cells(height));
    put_on_canvas(self);
    assert_int_equal(update_writer_init(&self->writer), 0);
}

static void pair_finish(struct pair *self)
{
    scene_finish(&self->picture);
    scene_finish(&self->before);
    replica_destroy(self->replica);
    free(self->exact);
    update_writer_finish(&self->writer);
}

static struct tile_source source_of(const struct pair *self, struct cell_rect cells)
{
    size_t stride = (size_t)self->picture.width * 4;
    struct tile_source source = {
        .picture = (const uint8_t *)self->picture.pixels,
        .picture_stride = stride,
        .canvas = (const uint8_t *)self->before.pixels,
        .canvas_stride = stride,
        .canvas_exact = self->exact,
        .canvas_width = self->picture.width,
        .canvas_height = self->picture.height,
        .x = cells.x * CELL_SIZE,
        .y = cells.y * CELL_SIZE,
    };
    source.width = MIN(cells.w * CELL_SIZE, self->picture.width - source.x);
    source.height = MIN(cells.h * CELL_SIZE, self->picture.height - source.y);
    return source;
}

/* The page must show the picture in the tile, and elsewhere what stood there before. */
static void assert_painted(const struct pair *self, const struct tile_source *s)
{
    for (int y = 0; y < self->canvas->height; y++)
        for (int x = 0; x < self->canvas->width; x++) {
            bool inside = x >= s->x && x < s->x + s->width && y >= s->y && y < s->y + s->height;
            size_t i = (size_t)y * (size_t)self->canvas->width + (size_t)x;
            uint32_t wanted = (inside ? self->picture.pixels : self->before.pixels)[i] & 0xFFFFFF;
            const uint8_t *p = self->canvas->pixels + 4 * i;
            assert_int_equal((uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2], wanted);
            assert_int_equal(p[3], 255);
        }
}

static unsigned round_trip(struct pair *self, struct cell_rect cells, bool fast)
{
    struct tile_source source = source_of(self, cells);
    put_on_canvas(self);
    update_writer_begin(&self->writer, fast);
    update_write_tile(&self->writer, cells, &source);
    size_t most = update_writer_size(&self->writer), size;
    const uint8_t *body = update_writer_end(&self->writer, &size);
    assert_true(size <= most);
    uint8_t *copy = malloc(size); /* of exactly this size, for the sanitizer */
    assert_non_null(copy);
    memcpy(copy, body, size);
    assert_true(replica_apply(self->replica, copy, size));
    free(copy);
    assert_painted(self, &source);
    assert_int_equal(replica_dirty(self->replica)->count, 1);
    assert_int_equal(replica_dirty(self->replica)->rects[0].w, source.width);
    return (unsigned)size;
}

static void paint_kind(struct scene *s, int kind)
{
    switch (kind) {
    case 0:
        scene_fill(s, 0, 0, s->width, s->height, 0x123456);
        break;
    case 1:
        scene_start(s);
        break;
    case 2:
        scene_gradient(s, 0, 0, s->width, s->height);
        break;
    case 3:
        scene_noise(s, 0, 0, s->width, s->height);
        break;
    default: /* a given number of colours at random: every palette size */
        for (int y = 0; y < s->height; y++)
            for (int x = 0; x < s->width; x++)
                scene_put(s, x, y, scene_rnd(s, (uint32_t)(kind - 3)) * 1234577);
    }
}

static void test_every_content_and_size(void **state)
{
    (void)state;
    const int kinds[] = {0, 1, 2, 3, 4, 5, 6, 7, 19, 20, 21, 100, 258, 259, 260, 1000};
    for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
        struct pair pair;
        pair_init(&pair, 150, 85, k);
        paint_kind(&pair.picture, kinds[k]);
        int cells_x = (150 + 15) / 16, cells_y = (85 + 15) / 16;
        for (int i = 0; i < 40; i++) {
            struct cell_rect cells = {.w = 1 + (int)scene_rnd(&pair.before, 4),
                                      .h = 1 + (int)scene_rnd(&pair.before, 4)};
            cells.x = (int)scene_rnd(&pair.before, (uint32_t)(cells_x - cells.w + 1));
            cells.y = (int)scene_rnd(&pair.before, (uint32_t)(cells_y - cells.h + 1));
            round_trip(&pair, cells, i & 1);
        }
        pair_finish(&pair);
    }
}

static void test_tiny_canvases(void **state)
{
    (void)state;
    for (int width = 1; width <= 18; width++)
        for (int height = 1; height <= 18; height += 3) {
            struct pair pair;
            pair_init(&pair, width, height, (uint64_t)width);
            scene_noise(&pair.picture, 0, 0, width, height);
            round_trip(&pair, (struct cell_rect){0, 0, (width + 15) / 16, (height + 15) / 16}, height & 1);
            pair_finish(&pair);
        }
}

/* Sizes that later changes should not make worse without anybody noticing. */
static void test_sizes(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 640, 400, 4);
    paint_kind(&pair.picture, 0);
    assert_in_range(round_trip(&pair, (struct cell_rect){1, 1, 4, 4}, false), 5, 60);
    paint_kind(&pair.picture, 1);
    assert_in_range(round_trip(&pair, (struct cell_rect){1, 1, 4, 4}, false), 100, 900);
    paint_kind(&pair.picture, 3);
    assert_in_range(round_trip(&pair, (struct cell_rect){1, 1, 4, 4}, false), 64 * 64 * 3, 64 * 64 * 3 + 64);
    pair_finish(&pair);
}

static void test_writer_says_when_it_is_full(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 64, 64, 8);
    scene_noise(&pair.picture, 0, 0, 64, 64);
    struct cell_rect cells = {0, 0, 4, 4};
    struct tile_source source = source_of(&pair, cells);
    update_writer_begin(&pair.writer, false);
    int tiles = 0;
    while (update_writer_room(&pair.writer) >= TILE_BYTES_MAX) {
        update_write_tile(&pair.writer, cells, &source);
        assert_in_range(++tiles, 1, 100);
    }
    size_t size;
    assert_non_null(update_writer_end(&pair.writer, &size));
    assert_in_range(size, UPDATE_BODY_MAX - TILE_BYTES_MAX, UPDATE_BODY_MAX);
    pair_finish(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_content_and_size),
        cmocka_unit_test(test_tiny_canvases),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_writer_says_when_it_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
