/* What stands on stderr, with the real descriptor behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/log.h"

static int reader, saved;
static char line[8192];

static int redirect(attr_unused void **state)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(stderr);
    saved = dup(2);
    assert_true(saved >= 0 && dup2(ends[1], 2) == 2);
    close(ends[1]);
    reader = ends[0];
    log_set_level(LOG_INFO);
    return 0;
}

static int restore(attr_unused void **state)
{
    dup2(saved, 2);
    close(saved);
    close(reader);
    return 0;
}

/* All that was written since; the caller has written something. */
static const char *written(void)
{
    ssize_t n = read(reader, line, sizeof(line) - 1);
    line[MAX(n, 0)] = 0;
    return line;
}

static void line_names_level_role_and_module(attr_unused void **state)
{
    log_init("gateway");
    log_warn("net", "port %d is in use", 8443);
    assert_string_equal(written(), "warn gateway net: port 8443 is in use\n");
}

static void level_of_the_environment_counts(attr_unused void **state)
{
    setenv("LIGHTSOUT_LOG", "debug", 1);
    log_init("keeper");
    unsetenv("LIGHTSOUT_LOG");
    log_debug("store", "a");
    log_set_level(LOG_ERROR);
    log_warn("store", "b");
    log_error("store", "c");
    assert_string_equal(written(), "debug keeper store: a\nerror keeper store: c\n");
}

static void journal_gets_priorities(attr_unused void **state)
{
    setenv("JOURNAL_STREAM", "8:1", 1);
    log_init("gateway");
    log_error("net", "x");
    unsetenv("JOURNAL_STREAM");
    assert_string_equal(written(), "<3>gateway net: x\n");
}

static void peer_cannot_forge_a_line(attr_unused void **state)
{
    log_init("gateway");
    log_info("net", "user %s", "a\nerror gateway auth: \x1b[31m\xff \xC2\x9B gr\xC3\xBC\xC3\x9F");
    assert_string_equal(written(), "info gateway net: user a\\x0aerror gateway auth: \\x1b[31m\\xff \\xc2\\x9b "
                                   "gr\xC3\xBC\xC3\x9F\n");
}

static void long_text_is_cut_with_a_mark(attr_unused void **state)
{
    char text[5000];
    memset(text, 1, sizeof(text));
    text[sizeof(text) - 1] = 0;
    log_init("gateway");
    log_info("net", "%s", text);
    size_t size = strlen(written());
    assert_int_equal(size, strlen("info gateway net: ") + 4 * 1023 + strlen("...\n"));
    assert_string_equal(line + size - 4, "...\n");
}

int main(void)
{
    unsetenv("JOURNAL_STREAM");
    unsetenv("LIGHTSOUT_LOG");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(line_names_level_role_and_module, redirect, restore),
        cmocka_unit_test_setup_teardown(level_of_the_environment_counts, redirect, restore),
        cmocka_unit_test_setup_teardown(journal_gets_priorities, redirect, restore),
        cmocka_unit_test_setup_teardown(peer_cannot_forge_a_line, redirect, restore),
        cmocka_unit_test_setup_teardown(long_text_is_cut_with_a_mark, redirect, restore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
