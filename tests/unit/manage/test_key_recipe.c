/* Recipes of keys: what they may say, and which key comes when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "manage/key_recipe.h"

#define S 1000000ull

static struct key_recipe recipe;
static char why[256];

static bool known(const char *chord, char *room, size_t size)
{
    static const char *const names[] = {"f11", "f2", "down", "enter", "ctrl+alt+delete"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(chord, names[i]) == 0)
            return true;
    snprintf(room, size, "'%s' is no key's name", chord);
    return false;
}

static int parse(const char *text)
{
    why[0] = '\0';
    return key_recipe_parse(text, known, &recipe, why, sizeof why);
}

static void test_the_recipe_of_the_manual(void **state)
{
    (void)state;
    assert_int_equal(parse("f11 every 250 ms for 20 s until screen has \"Boot  Menu\"; then down*2 enter"), 0);
    assert_int_equal(recipe.n, 2);
    assert_int_equal(recipe.steps[0].n_keys, 1);
    assert_int_equal(recipe.steps[0].every_us, 250000);
    assert_int_equal(recipe.steps[0].for_us, 20 * S);
    assert_string_equal(recipe.steps[0].shown, "boot menu");
    assert_int_equal(recipe.steps[1].n_keys, 2);
    assert_string_equal(recipe.steps[1].keys[0].chord, "down");
    assert_int_equal(recipe.steps[1].keys[0].times, 2);
    assert_false(recipe.steps[1].repeats);
}

static void test_mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"", "without a key"},
        {"f99", "'f99'"},
        {"f11 every", "time"},
        {"f11 every 250", "unit"},
        {"f11 every 10 ms", "out of range"},
        {"f11 every 601s", "out of range"},
        {"f11 until boot", "quotes"},
        {"f11 until 'boot", "quotes"},
        {"f11 until ''", "empty"},
        {"f11 until 'b\xc3\xb6'", "ASCII"},
        {"down*0", "1 to 50"},
        {"down*51", "1 to 50"},
        {"f11 then", "without a key"},
        {"f11 every 1s down", "'down'"},
        {"f11 'menu'", "step should end"},
        {"wait", "time"},
        {"wait for", "time"},
        {"99999999999999999999999", "no key"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_not_equal(parse(wrong[i].text), 0);
        if (!strstr(why, wrong[i].says))
            fail_msg("'%s' says: %s", wrong[i].text, why);
    }
}

static void test_screens_are_compared_without_case_and_blanks(void **state)
{
    (void)state;
    assert_true(key_recipe_shows("  Please select  BOOT   device:", "select boot device"));
    assert_false(key_recipe_shows("Please select boot", "select boot device"));
    assert_false(key_recipe_shows("", "x"));
}

/* Runs it, as text: "+f11@0 -f11@60 ..."; the screen shows what is wanted from shown_us on. */
struct trace {
    char text[4096];
    size_t n;
    unsigned presses;
    uint64_t now_us;
    struct key_recipe_run run;
};

static void go(struct trace *t, bool readable, uint64_t shown_us)
{
    const char *chord = "";
    uint64_t until = 0;
    enum key_recipe_act act;
    *t = (struct trace){.now_us = 0};
    key_recipe_begin(&t->run, &recipe, 0);
    while ((act = key_recipe_next(&t->run, t->now_us, &chord, &until)) != KEY_RECIPE_END) {
        if (act == KEY_RECIPE_WAIT) {
            assert_true(until > t->now_us);
            t->now_us += 10000;
            if (key_recipe_wanted(&t->run))
                key_recipe_looked(&t->run, t->run.step, readable, t->now_us >= shown_us);
            continue;
        }
        t->presses += act == KEY_RECIPE_PRESS;
        if (t->n < sizeof t->text - 64)
            t->n += (size_t)snprintf(t->text + t->n, sizeof t->text - t->n, "%c%s@%llu ",
                                     act == KEY_RECIPE_PRESS ? '+' : '-', chord, (unsigned long long)t->now_us / 1000);
    }
}

static void test_keys_repeat_until_the_text_is_seen(void **state)
{
    struct trace t;
    (void)state;
    parse("f11 every 250 ms for 20 s until 'menu'; down*2 enter");
    go(&t, true, 600000);
    assert_int_equal(t.run.end, KEY_RECIPE_DONE);
    assert_string_equal(t.text, "+f11@0 -f11@60 +f11@250 -f11@310 +f11@500 -f11@560 +down@620 -down@680 +down@740 "
                                "-down@800 +enter@860 -enter@920 ");
}

static void test_a_text_that_never_comes_ends_the_recipe(void **state)
{
    struct trace t;
    (void)state;
    parse("f11 every 1 s for 5 s until 'menu'; enter");
    go(&t, true, UINT64_MAX);
    assert_int_equal(t.run.end, KEY_RECIPE_NOT_SHOWN);
    assert_int_equal(t.presses, 5);
    assert_null(strstr(t.text, "enter"));
}

static void test_an_unreadable_screen_lets_it_go_on(void **state)
{
    struct trace t;
    (void)state;
    parse("f11 every 1 s for 5 s until 'menu'; enter");
    go(&t, false, 0);
    assert_int_equal(t.run.end, KEY_RECIPE_DONE_BLINDLY);
    assert_non_null(strstr(t.text, "+enter"));
}

static void test_waiting(void **state)
{
    struct trace t;
    (void)state;
    parse("wait 2 s; f2; wait for 10 s until 'setup' then enter");
    go(&t, true, 4 * S);
    assert_int_equal(t.run.end, KEY_RECIPE_DONE);
    assert_string_equal(t.text, "+f2@2060 -f2@2120 +enter@4060 -enter@4120 ");
}

static void test_a_late_look_says_nothing_of_the_next_step(void **state)
{
    struct key_recipe_run run;
    const char *chord;
    uint64_t until;
    (void)state;
    parse("wait for 1 s until 'a'; wait for 1 s until 'b'");
    key_recipe_begin(&run, &recipe, 0);
    key_recipe_looked(&run, 0, true, true);
    assert_int_equal(key_recipe_next(&run, 0, &chord, &until), KEY_RECIPE_WAIT);
    assert_int_equal(run.step, 1);
    key_recipe_looked(&run, 0, true, true);
    assert_string_equal(key_recipe_wanted(&run), "b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_recipe_of_the_manual),
        cmocka_unit_test(test_mistakes_are_named),
        cmocka_unit_test(test_screens_are_compared_without_case_and_blanks),
        cmocka_unit_test(test_keys_repeat_until_the_text_is_seen),
        cmocka_unit_test(test_a_text_that_never_comes_ends_the_recipe),
        cmocka_unit_test(test_an_unreadable_screen_lets_it_go_on),
        cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_a_late_look_says_nothing_of_the_next_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
