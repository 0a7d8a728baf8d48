/* Writes the golden vectors of docs/update-format.md into the folder named: index.txt and one file a body. Run by hand
 * when the format changes (target update-vectors); the files are committed, so that a change by accident is seen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encode/update_write.h"
#include "replica/replica.h"
#include "unit/encode/scene.h"
#include "vectors/update/hash.h"

static const char *folder;
static FILE *list;

struct vector {
    const char *name;
    struct replica *replica;
    char files[1024];
    int bodies;
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static struct vector vector_begin(const char *name, int width, int height, int colour)
{
    struct vector v = {.name = name};
    if (replica_create(&v.replica) < 0 || replica_mode(v.replica, width, height, (uint8_t)colour) < 0)
        die(name);
    return v;
}

static void vector_body(struct vector *v, const uint8_t *body, size_t size, bool good)
{
    char file[256], path[4096];
    snprintf(file, sizeof file, "%s-%d.body", v->name, ++v->bodies);
    snprintf(path, sizeof path, "%s/%s", folder, file);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(body, 1, size, f) != size || fclose(f))
        die(path);
    size_t used = strlen(v->files);
    snprintf(v->files + used, sizeof v->files - used, " %s", file);
    if (replica_apply(v->replica, body, size) != good) {
        fprintf(stderr, "%s: this body should %sbe accepted\n", file, good ? "" : "not ");
        exit(1);
    }
}

static void vector_end(struct vector *v, bool good)
{
    const struct update_canvas *canvas = replica_canvas(v->replica);
    char hash[32] = "malformed";
    if (good)
        snprintf(hash, sizeof hash, "%016llx", (unsigned long long)canvas_hash_of(canvas));
    fprintf(list, "%s %d %d %d %s%s\n", v->name, canvas->width, canvas->height, canvas->colour, hash, v->files);
    replica_destroy(v->replica);
}

#define BODY(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static void good(const char *name, int width, int height, const uint8_t *body, size_t size)
{
    struct vector v = vector_begin(name, width, height, 0);
    vector_body(&v, body, size, true);
    vector_end(&v, true);
}

static void bad(const char *name, const uint8_t *body, size_t size)
{
    struct vector v = vector_begin(name, 40, 40, 0);
    vector_body(&v, body, size, false);
    vector_end(&v, false);
}

/* Tiles of one cell side by side in these modes, their runs given; only their places need the coder. */
static void tiles(const char *name, int width, int height, unsigned count, const unsigned *modes, bool good_one,
                  const uint8_t *runs, size_t size)
{
    uint8_t body[256] = {2, 0, (uint8_t)(2 + size), 3, (uint8_t)count};
    struct vector v = vector_begin(name, width, height, 0);
    struct range_coder coder = range_coder_writing(body + 5 + size, sizeof body - 5 - size);
    static struct model_head head;
    model_head_init(&head);
    memcpy(body + 5, runs, size);
    for (unsigned i = 0; i < count; i++) {
        struct model_place place = {.x = i, .y = 0, .w = 1, .h = 1, .mode = modes[i]};
        model_place(&head, &coder, &place, true);
    }
    range_coder_flush(&coder);
    vector_body(&v, body, 5 + size + coder.size, good_one);
    vector_end(&v, good_one);
}

/* Written by hand from the document, not by our writer. */
static void by_hand(void)
{
    good("nothing", 40, 40, BODY(2, 0, 0));
    good("solid", 40, 40, BODY(2, 0, 8, 1, 1, 0, 2, 3, 0x10, 0x80, 0xFF));
    good("copy", 40, 40,
         BODY(2, 0, 23, /* red, green */ 1, 0, 0, 1, 1, 255, 0, 0, 1, 0, 1, 1, 1, 0, 255, 0,
              /* from (3, 9) to (16, 0) */ 2, 1, 0, 1, 1, 25, 18));
    good("copy-overlapping", 40, 40,
         BODY(2, 0, 22, 1, 0, 0, 1, 1, 9, 8, 7, /* from a line below, from a line above */ 2, 0, 0, 2, 2, 0, 1 + 1, 2,
              0, 1, 2, 1, 0, 1));
    tiles("palette-1", 16, 16, 1, (const unsigned[]){1}, true,
          BODY(/* colours */ 1, 255, 255, 255, 255, 255, 0, 0, 0,
               /* literal of 16, repeat 15, fill 1 x 2, above 192, literal 31 */ 0x0F, 0xA5, 0x0F, 0x4E, 0xC1, 0x01,
               0xBF, 0x80, 0x01, 0x1E, 1, 2, 3, 4));
    tiles("palette-2-cache", 32, 16, 2, (const unsigned[]){2, 2}, true,
          BODY(2, 255, 1, 2, 3, 255, 4, 5, 6, 255, 7, 8, 9, 0xFF, 0xC0, 0x01, 2,
               /* the second tile names colours of the first */ 3, 2, 1, 0, 1, 0x00, 0x03, 0x7F, 0xBF, 0x01));
    tiles("raw", 3, 2, 1, (const unsigned[]){0}, true,
          BODY(0x03, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0xC0, 13, 14, 15, 0x80));
    tiles("bad-palette", 40, 40, 1, (const unsigned[]){1}, false, BODY(2, 0, 0, 0));
    tiles("bad-run", 40, 40, 1, (const unsigned[]){1}, false, BODY(0, 0, 0xFF, 0x7F, 0));
    tiles("bad-mode", 40, 40, 1, (const unsigned[]){7}, false, BODY(0, 0, 0xFF, 0x40, 0));
    bad("bad-version", BODY(1, 0, 0));
    bad("bad-empty", (const uint8_t[]){2}, 0);
    bad("bad-op", BODY(2, 0, 1, 9));
    bad("bad-ops-length", BODY(2, 0, 9, 1, 0, 0, 1, 1, 9, 8, 7));
    bad("bad-outside", BODY(2, 0, 8, 1, 2, 0, 2, 1, 9, 8, 7));
    bad("bad-copy-source", BODY(2, 0, 7, 2, 0, 0, 1, 1, 1, 0));
    bad("bad-varint", BODY(2, 0, 0x80, 0x80, 0x80, 0x80, 0x00));
    bad("bad-entropy-left", BODY(2, 0, 8, 1, 0, 0, 1, 1, 9, 8, 7, 0));
    bad("bad-entropy-short", BODY(2, 0, 2, 3, 1, 0));
    bad("bad-no-tiles", BODY(2, 0, 2, 3, 0));
    bad("bad-no-payload", BODY(2, 0, 6, 7, 1, 0, 0, 1, 1));
    bad("bad-payload", BODY(2, 2, 3, 1, 1, 1, 9, 0));
    good("slots-none", 40, 40, BODY(2, 0, 14, 5, 0, 0, 2, 2, 1, 0, 4, 1, 1, 1, 1, 1, 0));
    bad("bad-slot-empty", BODY(2, 0, 9, 5, 0, 0, 1, 1, 3, 0xFF, 0xFF, 0xFF));
    bad("bad-slot-cut-cell", BODY(2, 0, 6, 4, 1, 1, 2, 1, 0));
    bad("bad-slot-block", BODY(2, 0, 15, 5, 0, 0, 1, 1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0));
}

/* Larger than any of the canvases here has cells. */
static uint8_t exact[1024];

static struct tile_source source_of(const struct scene *picture, const struct scene *canvas, struct cell_rect cells)
{
    size_t stride = (size_t)picture->width * 4;
    struct tile_source s = {.picture = (const uint8_t *)picture->pixels,
                            .picture_stride = stride,
                            .canvas = (const uint8_t *)canvas->pixels,
                            .canvas_stride = stride,
                            .canvas_exact = exact,
                            .canvas_width = picture->width,
                            .canvas_height = picture->height,
                            .x = cells.x * 16,
                            .y = cells.y * 16};
    s.width = MIN(cells.w * 16, picture->width - s.x);
    s.height = MIN(cells.h * 16, picture->height - s.y);
    return s;
}

static void write_whole(struct update_writer *writer, const struct scene *picture, struct scene *canvas, int colour)
{
    for (int y = 0; y * 16 < picture->height; y += 4)
        for (int x = 0; x * 16 < picture->width; x += 4) {
            struct cell_rect cells = {x, y, MIN(4, (picture->width + 15) / 16 - x),
                                      MIN(4, (picture->height + 15) / 16 - y)};
            struct tile_source s = source_of(picture, canvas, cells);
            s.colour = (uint8_t)colour;
            update_write_tile(writer, cells, &s);
            for (int i = 0; i < s.height; i++)
                memcpy(canvas->pixels + (size_t)(s.y + i) * (size_t)picture->width + s.x,
                       picture->pixels + (size_t)(s.y + i) * (size_t)picture->width + s.x, (size_t)s.width * 4);
        }
}

static void speckle(struct scene *s, uint32_t colours)
{
    for (int y = 0; y < s->height; y++)
        for (int x = 0; x < s->width; x++)
            if (scene_rnd(s, 3))
                scene_put(s, x, y, scene_rnd(s, colours) * 1234577);
}

static void draw(struct scene *picture, int step)
{
    switch (step) {
    case 0:
        scene_start(picture);
        break;
    case 1:
        scene_gradient(picture, picture->width / 4, 0, picture->width / 2, picture->height);
        break;
    case 2:
        scene_noise(picture, 3, 3, picture->width / 3, picture->height / 3);
        break;
    default: /* a number of colours */
        speckle(picture, (uint32_t)step);
    }
}

/* Three bodies in a row: each starts from what the one before left. */
static void by_writer(const char *name, int width, int height, int colour, bool fast, const int *steps)
{
    struct scene picture, canvas;
    struct update_writer writer;
    struct vector v = vector_begin(name, width, height, colour);
    scene_init(&picture, width, height, 5);
    scene_init(&canvas, width, height, 6);
    if (update_writer_init(&writer) < 0)
        die(name);
    for (int i = 0; i < 3; i++) {
        draw(&picture, steps[i]);
        update_writer_begin(&writer, fast);
        write_whole(&writer, &picture, &canvas, colour);
        size_t size;
        const uint8_t *body = update_writer_end(&writer, &size);
        vector_body(&v, body, size, true);
    }
    vector_end(&v, true);
    update_writer_finish(&writer);
    scene_finish(&picture);
    scene_finish(&canvas);
}

/* Fills and shows of cells chosen at random: slots one after the other and others. */
static void by_slots(const char *name, int width, int height)
{
    struct scene picture, canvas;
    struct update_writer writer;
    struct vector v = vector_begin(name, width, height, 0);
    int columns = width / 16, rows = height / 16;
    int32_t filled[1024], shown[1024];
    scene_init(&picture, width, height, 7);
    scene_init(&canvas, width, height, 8);
    if (update_writer_init(&writer) < 0)
        die(name);
    for (int i = 0; i < 4; i++) {
        draw(&picture, i);
        update_writer_begin(&writer, false);
        if (i == 0) /* later tiles would have to know what shows have put around them */
            write_whole(&writer, &picture, &canvas, 0);
        for (int k = 0; k < columns * rows; k++)
            filled[k] = scene_rnd(&picture, 4) ? (int32_t)(scene_rnd(&picture, 5) ? 100 * i + k : 16383 - k) : -1;
        for (int k = 0; k < columns * rows; k++)
            shown[k] = scene_rnd(&picture, 3) ? filled[scene_rnd(&picture, 2) ? k : (k + 3) % (columns * rows)] : -1;
        const struct cell_rect all = {0, 0, columns, rows}, some = {1, 1, columns - 2, rows - 1};
        update_write_fill(&writer, all, filled, (size_t)columns);
        for (int k = 0; k < 3; k++)
            update_write_show(&writer, some, shown, (size_t)columns);
        size_t size;
        const uint8_t *body = update_writer_end(&writer, &size);
        vector_body(&v, body, size, true);
    }
    vector_end(&v, true);
    update_writer_finish(&writer);
    scene_finish(&picture);
    scene_finish(&canvas);
}

int main(int argc, char **argv)
{
    char path[4096];
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    folder = argv[1];
    snprintf(path, sizeof path, "%s/index.txt", folder);
    list = fopen(path, "w");
    if (!list)
        die(path);
    fprintf(
        list,
        "# name width height colour hash-or-malformed body...: the bodies are applied one after the other to a black "
        "canvas;\n# hash: FNV-1a, 64 bits, over R, G, B of all pixels\n");
    memset(exact, 1, sizeof exact);
    by_hand();
    const int kinds[] = {0, 1, 2}, colours[] = {7, 15, 90};
    by_writer("modelled", 150, 85, 0, false, kinds);
    by_writer("modelled-tiny", 7, 3, 0, false, kinds);
    by_writer("modelled-speckle", 70, 40, 0, false, colours);
    const int photos[] = {1, 1, 1};
    by_writer("modelled-photo", 150, 85, 0, false, photos);
    by_writer("modelled-yuv", 150, 85, 2, false, kinds);
    by_writer("runs", 150, 85, 0, true, kinds);
    by_writer("runs-speckle", 70, 40, 0, true, colours);
    by_slots("slots", 150, 85);
    return fclose(list) ? 1 : 0;
}
