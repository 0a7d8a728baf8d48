/* In every guest program: GUEST_ONLY is a pattern of test names, the others are left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

__attribute__((constructor)) static void choose(void)
{
    const char *pattern = getenv("GUEST_ONLY");
    if (pattern)
        cmocka_set_test_filter(pattern);
}
