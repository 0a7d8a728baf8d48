/* A typed text on screens that echo it, lag, lose some of it, scroll, or show none of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "usbgadget/echo_watch.h"

#define COLUMNS 20
#define ROWS 4

static uint32_t cells[COLUMNS * ROWS];
static const struct echo_screen screen = {COLUMNS, ROWS, cells};

static void show(const char *rows)
{
    for (unsigned i = 0; i < COLUMNS * ROWS; i++)
        cells[i] = ' ';
    for (unsigned at = 0; *rows; rows++) {
        if (*rows == '\n')
            at = (at / COLUMNS + 1) * COLUMNS;
        else
            cells[at++] = *rows == '~' ? 0xFFFD : (unsigned char)*rows;
    }
}

static uint32_t text[1000];
static size_t n_text;

static struct echo_watch *begin(const char *typed, const char *before)
{
    struct echo_watch *watch;
    for (n_text = 0; typed[n_text]; n_text++)
        text[n_text] = (unsigned char)typed[n_text];
    show(before);
    assert_int_equal(echo_watch_create(text, n_text, &screen, &watch), 0);
    return watch;
}

static struct typing_state look(struct echo_watch *watch, size_t typed, const char *rows, uint64_t now, bool ended)
{
    struct typing_state s = {0};
    show(rows);
    echo_watch_look(watch, text, typed, &screen, now);
    echo_watch_state(watch, ended, &s);
    return s;
}

static void test_all_of_it_is_seen(void **state)
{
    struct echo_watch *w = begin("ls /etc\ncat passwd\n", "login: root\n$");
    (void)state;
    assert_int_equal(look(w, 4, "login: root\n$ ls /", 1000, false).echo_seen, 4);
    assert_false(echo_watch_complete(w));
    struct typing_state s = look(w, n_text, "$ ls /etc\nfstab passwd\n$ cat passwd\n", 2000, true);
    assert_int_equal(s.echo, TYPING_ECHO_SEEN);
    assert_int_equal(s.echo_lost, 0);
    assert_true(echo_watch_complete(w));
    echo_watch_destroy(w);
}

static void test_it_goes_on_in_the_next_row(void **state)
{
    struct echo_watch *w = begin("abcdefghijklmnopqrstuvwxyz", "$");
    (void)state;
    assert_int_equal(look(w, n_text, "$ abcdefghijklmnopqrstuvwxyz", 1000, true).echo, TYPING_ECHO_SEEN);
    echo_watch_destroy(w);
}

static void test_what_is_lost_is_told_with_its_place(void **state)
{
    struct echo_watch *w = begin("one\nhello world\n", "$");
    (void)state;
    struct typing_state s = look(w, n_text, "$ one\n$ helo wrld\n$", 1000, false);
    assert_int_equal(s.echo_lost, 0); /* it may come yet */
    s = look(w, n_text, "$ one\n$ helo wrld\n$", 2000, true);
    assert_int_equal(s.echo, TYPING_ECHO_PARTLY);
    assert_int_equal(s.echo_lost, 2);
    assert_int_equal(s.lost_line, 2);
    assert_int_equal(s.lost_column, 4);
    echo_watch_destroy(w);
}

static void test_a_password_does_not_appear(void **state)
{
    struct echo_watch *w = begin("correct horse", "Password:");
    (void)state;
    struct typing_state s = look(w, n_text, "Password:\n$", 1000, true);
    assert_int_equal(s.echo, TYPING_ECHO_NONE);
    echo_watch_destroy(w);
    w = begin("ab", "$"); /* too short to tell */
    assert_int_equal(look(w, 2, "$ ab", 1000, true).echo, TYPING_ECHO_UNKNOWN);
    assert_true(echo_watch_complete(w));
    echo_watch_destroy(w);
}

static void test_what_stood_there_before_does_not_count(void **state)
{
    struct echo_watch *w = begin("reboot", "$ reboot\n$");
    (void)state;
    assert_int_equal(look(w, n_text, "$ reboot\n$", 1000, true).echo, TYPING_ECHO_NONE);
    assert_int_equal(look(w, n_text, "$ reboot\n$ reboot", 1000, true).echo, TYPING_ECHO_SEEN);
    echo_watch_destroy(w);
}

/* A few equal letters somewhere else are not the text with a loss. */
static void test_likeness_is_no_echo(void **state)
{
    struct echo_watch *w = begin("logistics and supplies", "$");
    (void)state;
    struct typing_state s = look(w, n_text, "$\nlogin:", 1000, true);
    assert_int_equal(s.echo, TYPING_ECHO_NONE);
    assert_int_equal(s.echo_lost, 0);
    echo_watch_destroy(w);
}

static void test_glyphs_that_are_unknown_may_be_anything(void **state)
{
    struct echo_watch *w = begin("gr\xFC\xDF"
                                 "e",
                                 "$");
    (void)state;
    assert_int_equal(look(w, n_text, "$ gr~?e", 1000, true).echo, TYPING_ECHO_SEEN);
    echo_watch_destroy(w);
}

static void test_waits_for_a_screen_that_lags_then_goes_slowly(void **state)
{
    char typed[600] = "", shown[64] = "$ ";
    uint32_t random = 1;
    struct echo_watch *w;
    (void)state;
    for (unsigned i = 0; i < sizeof typed - 1; i++)
        typed[i] = (char)('a' + (random = random * 1103515245 + 12345) / 65536 % 26);
    w = begin(typed, "$");
    memcpy(shown + 2, typed, 12);
    look(w, 20, shown, 1000000, false);
    assert_false(echo_watch_advice(w, 100, 1100000).wait); /* not far behind */
    assert_false(echo_watch_advice(w, 400, 1200000).wait); /* it moved just now */
    assert_true(echo_watch_advice(w, 400, 1500000).wait);
    memcpy(shown + 2, typed, 50);
    look(w, 400, shown, 1600000, false);
    assert_false(echo_watch_advice(w, 400, 1700000).wait);
    assert_true(echo_watch_advice(w, 400, 2100000).wait);
    struct echo_advice advice = echo_watch_advice(w, 400, 5000000);
    assert_false(advice.wait);
    assert_true(advice.slow_us > 0);
    assert_true(look(w, 400, "", 5000000, false).slowed);
    echo_watch_destroy(w);
}

static void test_screens_of_any_size(void **state)
{
    static const struct echo_screen none = {0, 0, cells}, one = {1, 1, cells};
    struct echo_watch *w;
    (void)state;
    echo_watch_destroy(begin("hello", ""));
    assert_int_equal(echo_watch_create(text, 0, &none, &w), 0);
    echo_watch_look(w, text, 0, &one, 1);
    assert_true(echo_watch_complete(w));
    echo_watch_destroy(w);
    assert_int_equal(echo_watch_create(text, 5, &one, &w), 0);
    echo_watch_look(w, text, 5, &screen, 1);
    echo_watch_look(w, text, 5, &none, 2);
    echo_watch_destroy(w);
    echo_watch_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_of_it_is_seen),
        cmocka_unit_test(test_it_goes_on_in_the_next_row),
        cmocka_unit_test(test_what_is_lost_is_told_with_its_place),
        cmocka_unit_test(test_a_password_does_not_appear),
        cmocka_unit_test(test_what_stood_there_before_does_not_count),
        cmocka_unit_test(test_likeness_is_no_echo),
        cmocka_unit_test(test_glyphs_that_are_unknown_may_be_anything),
        cmocka_unit_test(test_waits_for_a_screen_that_lags_then_goes_slowly),
        cmocka_unit_test(test_screens_of_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
