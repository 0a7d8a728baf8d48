/* Rooms of requests that are kept: used again, bounded, and given up by who is idle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "media/nbd_connection_internal.h"

static void test_room_is_used_again(void **state)
{
    struct nbd_spare spare = {0};
    (void)state;
    struct nbd_request *a = nbd_spare_take(&spare, 300 << 10);
    assert_non_null(a);
    assert_true(a->room >= 300 << 10);
    nbd_spare_give(&spare, a);
    struct nbd_request *small = nbd_spare_take(&spare, 0);
    assert_ptr_not_equal(small, a); /* which would be missing for the next large one */
    free(small);
    assert_ptr_equal(nbd_spare_take(&spare, 400 << 10), a);
    assert_int_equal(spare.bytes, 0);
    free(a);
}

static void test_last_one_comes_first(void **state)
{
    struct nbd_spare spare = {0};
    (void)state;
    struct nbd_request *a = nbd_spare_take(&spare, 4096), *b = nbd_spare_take(&spare, 4096);
    nbd_spare_give(&spare, a);
    nbd_spare_give(&spare, b);
    assert_ptr_equal(nbd_spare_take(&spare, 1), b);
    assert_ptr_equal(nbd_spare_take(&spare, 4096), a);
    free(a);
    free(b);
}

static void test_bounded(void **state)
{
    struct nbd_spare spare = {0};
    struct nbd_request *all[16];
    (void)state;
    for (unsigned i = 0; i < 16; i++)
        all[i] = nbd_spare_take(&spare, 1 << 20);
    for (unsigned i = 0; i < 16; i++)
        nbd_spare_give(&spare, all[i]);
    assert_int_equal(spare.bytes, NBD_SPARE_BYTES);
    struct nbd_request *huge = nbd_spare_take(&spare, 32 << 20);
    assert_true(huge->room >= 32 << 20);
    nbd_spare_drop(&spare);
    nbd_spare_give(&spare, huge); /* not kept */
    assert_int_equal(spare.bytes, 0);
}

static void test_idle_ones_are_given_up(void **state)
{
    struct nbd_spare spare = {0};
    (void)state;
    nbd_spare_give(&spare, nbd_spare_take(&spare, 1 << 20));
    assert_false(nbd_spare_rest(&spare)); /* it was used just now */
    assert_int_equal(spare.bytes, 1 << 20);
    assert_true(nbd_spare_rest(&spare));
    assert_int_equal(spare.bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_room_is_used_again),
        cmocka_unit_test(test_last_one_comes_first),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_idle_ones_are_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
