/* Packed images arrive unpacked, with the name they then deserve; broken ones and bombs leave nothing. */
#include "pack.h"
#include "upload_fixture.h"

#define SIZE 2000000

static uint8_t image[SIZE];

static const struct {
    enum image_format format;
    const char *given;
} kinds[] = {{IMAGE_GZIP, "a.img.gz"}, {IMAGE_XZ, "a.img.XZ"}, {IMAGE_ZSTD, "a.img.zst"}};

static enum upload_phase send_all(struct upload_fixture *f, const struct upload_request *request, const uint8_t *bytes)
{
    assert_int_equal(begin(f, request), 0);
    assert_int_equal(send_piece(f, 0, bytes, request->size, UPLOAD_CHECK_NONE, NULL), 0);
    return wait_over(f);
}

static void test_they_are_unpacked(void **state)
{
    struct upload_fixture *f = *state;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        size_t size;
        char sum[65], packed_sum[65];
        uint8_t *packed = pack(kinds[i].format, image, SIZE, false, &size);
        sum_text(image, SIZE, sum);
        sum_text(packed, size, packed_sum);
        assert_int_equal(send_all(f,
                                  &(struct upload_request){
                                      .name = kinds[i].given, .size = size, .sha256 = packed_sum, .replace = true},
                                  packed),
                         UPLOAD_DONE);
        assert_string_equal(f->state.name, "a.img");
        assert_string_equal(f->state.sha256, sum);
        assert_int_equal(f->state.unpacked, SIZE);
        expect_image(f, "a.img", image, SIZE);
        assert_int_equal(get_facts(f, "a.img"), 0);
        assert_string_equal(f->facts.sha256, sum);
        /* or stay as they are */
        assert_int_equal(
            send_all(f, &(struct upload_request){.name = kinds[i].given, .size = size, .keep_packed = true}, packed),
            UPLOAD_DONE);
        expect_image(f, kinds[i].given, packed, size);
        free(packed);
    }
    assert_int_equal(files_in(f, "."), 6); /* four images, .uploads, .facts */
}

static void test_a_name_may_lie(void **state)
{
    struct upload_fixture *f = *state;
    size_t size;
    uint8_t *packed = pack(IMAGE_XZ, image, SIZE, false, &size);
    assert_int_equal(send_all(f, &(struct upload_request){.name = "x.img", .size = size}, packed), UPLOAD_DONE);
    expect_image(f, "x.img", image, SIZE);
    assert_int_equal(send_all(f, &(struct upload_request){.name = "y.gz", .size = SIZE}, image), UPLOAD_DONE);
    assert_string_equal(f->state.name, "y.gz");
    expect_image(f, "y.gz", image, SIZE);
    free(packed);
}

static void expect_failure(struct upload_fixture *f, const char *name, const uint8_t *bytes, size_t size,
                           const char *why)
{
    assert_int_equal(send_all(f, &(struct upload_request){.name = name, .size = size}, bytes), UPLOAD_FAILED);
    if (!strstr(f->state.why, why))
        fail_msg("%s: %s", name, f->state.why);
    assert_int_equal(list_library(f), 0);
}

static void test_broken_ones_and_bombs(void **state)
{
    struct upload_fixture *f = *state;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        size_t size;
        uint8_t *packed = pack(kinds[i].format, image, SIZE, false, &size);
        expect_failure(f, kinds[i].given, packed, size / 2, "cannot be unpacked");
        packed[size / 2] ^= 1;
        expect_failure(f, kinds[i].given, packed, size, "cannot be unpacked");
        free(packed);
        packed = pack_bomb(kinds[i].format, 1ull << 30, &size);
        if (kinds[i].format == IMAGE_GZIP) { /* cannot grow by more than 1032 */
            free(packed);
            continue;
        }
        expect_failure(f, kinds[i].given, packed, size, "grows beyond all measure");
        free(packed);
        packed = pack(kinds[i].format, image, SIZE, true, &size);
        expect_failure(f, kinds[i].given, packed, size, "needs more memory");
        free(packed);
    }
    assert_true(files_in(f, ".uploads") <= 2 * ARRAY_SIZE(kinds) * 2); /* states only */
    char command[200];
    snprintf(command, sizeof command, "test -z \"$(find '%s' -size +16k)\"", f->folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    uint32_t x = 3;
    for (size_t i = 0; i < SIZE; i++) {
        x = x * 1664525 + 1013904223;
        image[i] = i & 0x40000 ? 0 : (uint8_t)(x >> 24); /* with holes */
    }
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_they_are_unpacked),
        T(test_a_name_may_lie),
        T(test_broken_ones_and_bombs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
