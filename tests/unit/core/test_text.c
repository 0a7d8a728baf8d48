#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/text.h"

static void what_fits_is_copied_and_what_does_not_leaves_nothing(attr_unused void **state)
{
    char room[5] = "####";
    assert_true(text_copy(room, sizeof(room), "abcd"));
    assert_string_equal(room, "abcd");
    assert_false(text_copy(room, sizeof(room), "abcde"));
    assert_string_equal(room, "");
    assert_true(text_copy(room, 1, ""));
    assert_false(text_copy(room, 1, "a"));
    assert_int_equal(room[1], 'b'); /* nothing behind the end was touched */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_fits_is_copied_and_what_does_not_leaves_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
