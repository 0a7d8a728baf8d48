/* Reads that come twice, and reads that are late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "media/nbd_reads.h"

static unsigned n_late;

static void on_late(struct nbd_read *read)
{
    assert_true(read->late);
    n_late++;
}

static void test_the_same_read_waits_for_the_first(void **state)
{
    (void)state;
    struct nbd_reads list = {0};
    struct nbd_read a, b, c, other;
    assert_int_equal(nbd_reads_add(&list, &a, 4096, 512, 1), NBD_READS_BEGIN);
    assert_int_equal(nbd_reads_add(&list, &other, 4096, 1024, 1), NBD_READS_BEGIN);
    assert_int_equal(nbd_reads_add(&list, &b, 4096, 512, 2), NBD_READS_FOLLOW);
    assert_int_equal(nbd_reads_add(&list, &c, 4096, 512, 3), NBD_READS_FOLLOW);
    assert_ptr_equal(nbd_reads_remove(&a), &c);
    assert_ptr_equal(c.next, &b);
    assert_null(b.next);
    /* what came of it is not kept */
    assert_int_equal(nbd_reads_add(&list, &a, 4096, 512, 4), NBD_READS_BEGIN);
    assert_null(nbd_reads_remove(&other));
    assert_null(nbd_reads_remove(&a));
    assert_null(list.first);
}

static void test_late_reads_are_told_once_and_others_at_once(void **state)
{
    (void)state;
    struct nbd_reads list = {0};
    struct nbd_read a, b, c;
    n_late = 0;
    assert_false(nbd_reads_look(&list, 1, on_late));
    assert_int_equal(nbd_reads_add(&list, &a, 4096, 4096, 1000), NBD_READS_BEGIN);
    assert_int_equal(nbd_reads_add(&list, &b, 4096, 4096, 5000000), NBD_READS_FOLLOW);
    assert_true(nbd_reads_look(&list, NBD_READ_PATIENCE_US, on_late));
    assert_int_equal(n_late, 0);
    for (unsigned i = 0; i < 3; i++)
        assert_true(nbd_reads_look(&list, 1000 + NBD_READ_PATIENCE_US + i, on_late));
    assert_int_equal(n_late, 2);
    /* any of its blocks, but not those beside it */
    assert_int_equal(nbd_reads_add(&list, &c, 8191, 1, NBD_READ_PATIENCE_US), NBD_READS_LATE);
    assert_int_equal(nbd_reads_add(&list, &c, 4095, 2, NBD_READ_PATIENCE_US), NBD_READS_LATE);
    assert_int_equal(nbd_reads_add(&list, &c, 8192, 512, NBD_READ_PATIENCE_US), NBD_READS_BEGIN);
    assert_null(nbd_reads_remove(&c));
    assert_ptr_equal(nbd_reads_remove(&a), &b);
    assert_int_equal(nbd_reads_add(&list, &c, 4096, 4096, 1), NBD_READS_BEGIN);
    nbd_reads_remove(&c);
}

static void test_a_list_that_ends_first(void **state)
{
    (void)state;
    struct nbd_reads list = {0};
    struct nbd_read a, b, c;
    assert_int_equal(nbd_reads_add(&list, &a, 0, 512, 1), NBD_READS_BEGIN);
    assert_int_equal(nbd_reads_add(&list, &b, 512, 512, 1), NBD_READS_BEGIN);
    assert_int_equal(nbd_reads_add(&list, &c, 512, 512, 1), NBD_READS_FOLLOW);
    nbd_reads_finish(&list);
    assert_null(list.first);
    assert_null(nbd_reads_remove(&a));
    assert_ptr_equal(nbd_reads_remove(&b), &c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_read_waits_for_the_first),
        cmocka_unit_test(test_late_reads_are_told_once_and_others_at_once),
        cmocka_unit_test(test_a_list_that_ends_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
