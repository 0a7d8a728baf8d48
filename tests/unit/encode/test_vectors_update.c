/* The golden update bodies of tests/vectors/update through the applier; each also cut short at every byte and with
 * every byte changed, which must never paint outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../vectors/update/hash.h"
#include "replica/replica.h"

#define FOLDER TEST_DATA "/vectors/update/"

static uint8_t *read_body(const char *name, size_t *ret_size)
{
    char path[4096];
    snprintf(path, sizeof path, FOLDER "%s", name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    static uint8_t room[1 << 20];
    *ret_size = fread(room, 1, sizeof room, f);
    fclose(f);
    uint8_t *bytes = malloc(*ret_size + 1);
    assert_non_null(bytes);
    memcpy(bytes, room, *ret_size);
    return bytes;
}

static void check_dirty(const struct update_canvas *canvas, const struct update_dirty *dirty)
{
    assert_true(dirty->count <= UPDATE_MAX_DIRTY);
    for (uint32_t i = 0; i < dirty->count; i++) {
        assert_true(dirty->rects[i].x + dirty->rects[i].w <= canvas->width);
        assert_true(dirty->rects[i].y + dirty->rects[i].h <= canvas->height);
    }
}

static struct replica *begin(int width, int height, int colour)
{
    struct replica *replica;
    assert_int_equal(replica_create(&replica), 0);
    assert_int_equal(replica_mode(replica, width, height, (uint8_t)colour), 0);
    return replica;
}

/* On a viewer of its own; bodies are allocated in their exact size, for the sanitizer. */
static void damage_body(int width, int height, int colour, const uint8_t *body, size_t size)
{
    size_t step = size / 200 + 1;
    struct replica *victim = begin(width, height, colour);
    for (size_t i = 0; i < size; i += step) {
        uint8_t *copy = malloc(size), *cut = malloc(i ? i : 1);
        assert_non_null(copy);
        assert_non_null(cut);
        memcpy(copy, body, size);
        memcpy(cut, body, i);
        replica_apply(victim, cut, i);
        check_dirty(replica_canvas(victim), replica_dirty(victim));
        copy[i] ^= (uint8_t)(1 + i % 255);
        replica_apply(victim, copy, size);
        check_dirty(replica_canvas(victim), replica_dirty(victim));
        free(cut);
        free(copy);
    }
    replica_destroy(victim);
}

static void run_vector(char *line)
{
    char *save, *name = strtok_r(line, " \n", &save);
    int width = atoi(strtok_r(NULL, " \n", &save)), height = atoi(strtok_r(NULL, " \n", &save));
    int colour = atoi(strtok_r(NULL, " \n", &save));
    struct replica *replica = begin(width, height, colour);
    char *wanted = strtok_r(NULL, " \n", &save), *file, hash[17];
    bool good = strcmp(wanted, "malformed") != 0;
    while ((file = strtok_r(NULL, " \n", &save))) {
        size_t size;
        uint8_t *body = read_body(file, &size);
        damage_body(width, height, colour, body, size);
        if (replica_apply(replica, body, size) != good)
            fail_msg("%s: %s", name, file);
        check_dirty(replica_canvas(replica), replica_dirty(replica));
        free(body);
    }
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)canvas_hash_of(replica_canvas(replica)));
    if (good)
        assert_string_equal(hash, wanted);
    replica_destroy(replica);
}

static void test_vectors(void **state)
{
    (void)state;
    char line[4096];
    FILE *list = fopen(FOLDER "index.txt", "r");
    assert_non_null(list);
    int n = 0;
    while (fgets(line, sizeof line, list)) {
        if (line[0] == '#')
            continue;
        run_vector(line);
        n++;
    }
    fclose(list);
    assert_true(n > 10);
}

/* A short body must not keep the page busy for long. */
static void test_painting_is_bounded(void **state)
{
    (void)state;
    struct replica *replica = begin(64, 64, 0);
    uint8_t body[3 + 8 * 5] = {UPDATE_VERSION, 0, 8 * 5};
    for (int i = 0; i < 5; i++)
        memcpy(body + 3 + 8 * i, (const uint8_t[]){1, 0, 0, 4, 4, 1, 2, 3}, 8);
    assert_false(replica_apply(replica, body, sizeof body));
    body[2] = 8 * 4;
    assert_true(replica_apply(replica, body, 3 + 8 * 4));
    assert_int_equal(replica_dirty(replica)->count, 1);
    replica_destroy(replica);
}

static void test_dirty_rectangles_merge(void **state)
{
    (void)state;
    struct replica *replica = begin(1024, 1024, 0);
    static uint8_t body[4 + 8 * 1024] = {UPDATE_VERSION, 0, 0x80, 0x40}; /* 8192 */
    int n = 0;
    for (int y = 0; y < 64; y += 2)
        for (int x = 0; x < 64; x += 2)
            memcpy(body + 4 + 8 * n++, (const uint8_t[]){1, (uint8_t)x, (uint8_t)y, 1, 1, 1, 2, 3}, 8);
    assert_true(replica_apply(replica, body, sizeof body));
    const struct update_dirty *dirty = replica_dirty(replica);
    assert_int_equal(dirty->count, UPDATE_MAX_DIRTY);
    for (int y = 0; y < 64; y += 2)
        for (int x = 0; x < 64; x += 2) {
            bool covered = false;
            for (uint32_t i = 0; i < dirty->count; i++)
                covered |= x * 16 >= dirty->rects[i].x && x * 16 + 16 <= dirty->rects[i].x + dirty->rects[i].w &&
                           y * 16 >= dirty->rects[i].y && y * 16 + 16 <= dirty->rects[i].y + dirty->rects[i].h;
            assert_true(covered);
        }
    replica_destroy(replica);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_painting_is_bounded),
        cmocka_unit_test(test_dirty_rectangles_merge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
