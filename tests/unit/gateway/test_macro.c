/* What is a macro and what is none, how one runs out, and what is kept of them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "gateway/macros/macro_notes.h"
#include "gateway/macros/macro_run.h"
#include "gateway/macros/macros.h"
#include "gateway/targets/jiggler.h"

static struct macro *compile(const char *text)
{
    char why[240] = "";
    struct macro *macro = NULL;
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    if (macro_compile(json, &macro, why, sizeof why) < 0)
        fail_msg("%s: %s", text, why);
    json_decref(json);
    return macro;
}

static void refused(const char *text, const char *says)
{
    char why[240] = "";
    struct macro *macro = NULL;
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(json);
    int r = macro_compile(json, &macro, why, sizeof why);
    json_decref(json);
    if (r != -EINVAL || !strstr(why, says))
        fail_msg("%s -> %d %s", text, r, why);
}

#define STEP(step) "{\"steps\":[{\"do\":\"pause\",\"ms\":1}," step "]}"

static void mistakes_are_named_with_their_step(void **state)
{
    (void)state;
    refused("[]", "steps");
    refused("{}", "1 to 1000 steps");
    refused("{\"steps\":[]}", "1 to 1000 steps");
    refused("{\"stepps\":[{\"do\":\"pause\",\"ms\":1}]}", "'stepps' is not known");
    refused("{\"times\":-1,\"steps\":[{\"do\":\"pause\",\"ms\":1}]}", "'times' must be a number from 0");
    refused("{\"shortcut\":\"hyper\",\"steps\":[{\"do\":\"pause\",\"ms\":1}]}", "no key is called 'hyper'");
    refused(STEP("7"), "Step 2: It is no object");
    refused(STEP("{\"do\":\"sing\"}"), "Step 2: 'do' must be");
    refused(STEP("{\"do\":\"chord\"}"), "Step 2: 'keys' must be a text");
    refused(STEP("{\"do\":\"chord\",\"keys\":\"ctrl+hyper\"}"), "Step 2: no key is called 'hyper'");
    refused(STEP("{\"do\":\"press\",\"keys\":\"a\",\"hold\":1}"), "'hold' is not known");
}

static void places_and_times_have_bounds(void **state)
{
    (void)state;
    refused(STEP("{\"do\":\"pause\",\"ms\":600001}"), "'ms' must be a number from 0 to 600000");
    refused(STEP("{\"do\":\"pause\"}"), "'ms'");
    refused(STEP("{\"do\":\"move\",\"x\":32768,\"y\":0}"), "'x'");
    refused(STEP("{\"do\":\"move\",\"x\":1}"), "'y'");
    refused(STEP("{\"do\":\"click\",\"x\":1,\"y\":1,\"button\":\"fourth\"}"), "'button'");
    refused(STEP("{\"do\":\"click\",\"x\":1,\"y\":1,\"times\":4}"), "'times'");
    refused(STEP("{\"do\":\"button\",\"x\":1,\"y\":1}"), "'down'");
    refused(STEP("{\"do\":\"wheel\",\"x\":1,\"y\":1,\"wheel\":128}"), "'wheel'");
    assert_false(macro_name_is_good(""));
    assert_false(macro_name_is_good("-a"));
    assert_false(macro_name_is_good("../a"));
    assert_false(macro_name_is_good("A"));
    assert_true(macro_name_is_good("0-reboot"));
}

/* ---- running ---- */

struct told {
    char log[4096];
    size_t n;
    unsigned refusals; /* of keys, that are still to come */
    int error;
    unsigned looks; /* for which a text is being typed */
    bool others;    /* somebody else's is */
    unsigned down;
};

static void attr_printf(2, 3) say(struct told *self, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int n = vsnprintf(self->log + self->n, sizeof self->log - self->n, format, list);
    va_end(list);
    assert_true(n >= 0 && self->n + (size_t)n < sizeof self->log);
    self->n += (size_t)n;
}

static int on_key(void *data, uint16_t usage, bool down)
{
    struct told *self = data;
    if (self->refusals) {
        self->refusals--;
        return -EAGAIN;
    }
    if (self->error)
        return self->error;
    self->down += down ? 1 : -1u;
    say(self, "%c%x ", down ? '+' : '-', (unsigned)usage);
    return 0;
}

static int on_pointer(void *data, uint8_t buttons, uint16_t x, uint16_t y, int8_t wheel)
{
    say(data, "@%u,%u:%u/%d ", (unsigned)x, (unsigned)y, (unsigned)buttons, wheel);
    return 0;
}

static int on_relative(void *data, uint8_t buttons, int16_t dx, int16_t dy, int8_t wheel)
{
    say(data, "%+d%+d:%u/%d ", dx, dy, (unsigned)buttons, wheel);
    return 0;
}

static int on_text(void *data, const char *text, const char *layout)
{
    struct told *self = data;
    if (self->others)
        return -EBUSY;
    say(self, "'%s'%s ", text, layout);
    return 0;
}

static bool on_typing(void *data)
{
    struct told *self = data;
    return self->looks && self->looks--;
}

static int on_pace(void *data)
{
    (void)data;
    return 10000;
}

static void on_let_go(void *data)
{
    struct told *self = data;
    self->down = 0;
    say(self, ". ");
}

static const struct macro_port port = {on_key, on_pointer, on_relative, on_text, on_typing, on_pace, on_let_go};

/* Lets time pass until the run ends, or for at most so long; its result. *ret_us: how long it took. */
static int run_out(struct macro_run *run, uint64_t most_us, uint64_t *ret_us)
{
    uint64_t now = 1000, next = now;
    int r;
    while ((r = macro_run_tick(run, now, &next)) == 1 && now - 1000 < most_us) {
        assert_true(next >= now);
        now = next == now ? now + 1 : next;
    }
    *ret_us = now - 1000;
    return r;
}

static struct told told_of(const char *text, uint32_t times, uint64_t *ret_us)
{
    struct told told = {.looks = 1};
    struct macro *macro = compile(text);
    struct macro_run run;
    macro_run_begin(&run, macro, &port, &told, times, 1000);
    assert_int_equal(run_out(&run, 1000000000, ret_us), 0);
    macro_free(macro);
    return told;
}

static void a_chord_is_pressed_held_and_released_in_reverse(void **state)
{
    (void)state;
    uint64_t us;
    struct told told = told_of("{\"steps\":[{\"do\":\"chord\",\"keys\":\"ctrl+alt+f3\",\"hold\":100}]}", 1, &us);
    assert_string_equal(told.log, "+e0 +e2 +3c -3c -e2 -e0 . ");
    assert_int_equal(us, 10000 + 10000 + 100000 + 10000 + 10000);
}

static void a_pause_counts_from_the_step_before(void **state)
{
    (void)state;
    uint64_t us;
    struct told told = told_of("{\"steps\":[{\"do\":\"press\",\"keys\":\"a\"},{\"do\":\"pause\",\"ms\":50},"
                               "{\"do\":\"release\",\"keys\":\"a\"}]}",
                               1, &us);
    assert_string_equal(told.log, "+4 -4 . ");
    assert_int_equal(us, 50000); /* the pace is within the pause, not behind it */
}

static void the_mouse_goes_there_before_it_clicks(void **state)
{
    (void)state;
    uint64_t us;
    struct told told =
        told_of("{\"steps\":[{\"do\":\"click\",\"x\":5,\"y\":6,\"button\":\"right\",\"times\":2},"
                "{\"do\":\"button\",\"x\":7,\"y\":8,\"down\":true},{\"do\":\"move\",\"x\":9,\"y\":9},"
                "{\"do\":\"button\",\"x\":9,\"y\":9,\"down\":false},{\"do\":\"wheel\",\"x\":9,\"y\":9,\"wheel\":-2}]}",
                1, &us);
    assert_string_equal(told.log,
                        "@5,6:0/0 @5,6:2/0 @5,6:0/0 @5,6:2/0 @5,6:0/0 @7,8:1/0 @9,9:1/0 @9,9:0/0 @9,9:0/-2 . ");
}

static int compile_gesture(const char *steps, struct macro **ret, char why[static 240])
{
    json_t *json = json_loads(steps, 0, NULL);
    assert_non_null(json);
    int r = macro_compile_gesture(json, ret, why, 240);
    json_decref(json);
    return r;
}

static void a_gesture_goes_where_it_is_told_or_stays(void **state)
{
    (void)state;
    static const struct {
        const char *steps, *log;
    } all[] = {
        {"[{\"do\":\"click\"}]", "+0+0:0/0 +0+0:1/0 +0+0:0/0 . "},
        {"[{\"do\":\"move\",\"dx\":-5,\"dy\":7},{\"do\":\"wheel\",\"wheel\":-3}]", "-5+7:0/0 +0+0:0/-3 . "},
        {"[{\"do\":\"move\",\"x\":5,\"y\":6},{\"do\":\"click\",\"button\":\"right\"}]",
         "@5,6:0/0 @5,6:0/0 @5,6:2/0 @5,6:0/0 . "},
        {"[{\"do\":\"click\",\"dx\":3,\"dy\":0,\"times\":2}]", "+3+0:0/0 +0+0:1/0 +0+0:0/0 +0+0:1/0 +0+0:0/0 . "},
        {"[{\"do\":\"button\",\"x\":1,\"y\":1,\"down\":true},{\"do\":\"pause\",\"ms\":9},{\"do\":\"move\",\"dx\":2,"
         "\"dy\":2},"
         "{\"do\":\"button\",\"down\":false}]",
         "@1,1:1/0 +2+2:1/0 +0+0:0/0 . "},
    };
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        char why[240] = "";
        struct told told = {0};
        struct macro *macro = NULL;
        struct macro_run run;
        uint64_t us;
        assert_int_equal(compile_gesture(all[i].steps, &macro, why), 0);
        macro_run_begin(&run, macro, &port, &told, 1, 1000);
        assert_int_equal(run_out(&run, 1000000000, &us), 0);
        assert_string_equal(told.log, all[i].log);
        macro_free(macro);
    }
}

static void a_gesture_is_of_the_pointer_and_short(void **state)
{
    (void)state;
    static const struct {
        const char *steps, *says;
    } all[] = {
        {"[]", "a list of 1 to 64 steps"},
        {"{}", "a list of 1 to 64 steps"},
        {"[{\"do\":\"chord\",\"keys\":\"a\"}]", "Step 1: 'do' must be pause, move"},
        {"[{\"do\":\"move\"}]", "Step 1: 'x' must be a number"},
        {"[{\"do\":\"move\",\"x\":1,\"y\":1,\"dx\":1}]", "beside 'x' and 'y'"},
        {"[{\"do\":\"move\",\"dx\":1}]", "Step 1: 'dy' must be a number"},
        {"[{\"do\":\"wheel\",\"dx\":0,\"dy\":32768,\"wheel\":1}]", "'dy' must be a number from -32767 to 32767"},
        {"[{\"do\":\"click\",\"down\":true}]", "'down' is not known there"},
        {"[{\"do\":\"pause\",\"ms\":9000},{\"do\":\"click\",\"times\":2,\"hold\":501}]", "more than 10000 ms"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        char why[240] = "";
        struct macro *macro = NULL;
        if (compile_gesture(all[i].steps, &macro, why) != -EINVAL || !strstr(why, all[i].says))
            fail_msg("%s -> %s", all[i].steps, why);
    }
    refused(STEP("{\"do\":\"move\",\"dx\":1,\"dy\":1}"), "Step 2: 'dx' and 'dy' are not known there");
    refused(STEP("{\"do\":\"click\"}"), "Step 2: 'x' must be a number");
}

static void text_is_typed_to_its_end_before_what_follows(void **state)
{
    (void)state;
    uint64_t us;
    struct told told = told_of("{\"steps\":[{\"do\":\"text\",\"text\":\"root\\n\",\"layout\":\"de\"},"
                               "{\"do\":\"chord\",\"keys\":\"enter\"}]}",
                               1, &us);
    assert_string_equal(told.log, "'root\n'de +28 -28 . ");
}

static void a_text_may_take_an_hour_but_not_somebody_elses(void **state)
{
    (void)state;
    struct told told = {.looks = 1000000};
    struct macro *macro = compile("{\"steps\":[{\"do\":\"text\",\"text\":\"a\"},{\"do\":\"chord\",\"keys\":\"b\"}]}");
    struct macro_run run;
    uint64_t us;
    macro_run_begin(&run, macro, &port, &told, 1, 1000);
    assert_int_equal(run_out(&run, 5000000000ull, &us), 0);
    assert_true(us > 3600000000ull);
    assert_string_equal(told.log, "'a' +5 -5 . ");
    told = (struct told){.others = true};
    macro_run_begin(&run, macro, &port, &told, 1, 1000);
    assert_int_equal(run_out(&run, 5000000000ull, &us), -EBUSY);
    assert_in_range(us, 600000000, 601000000);
    macro_free(macro);
}

static void rounds_are_counted_and_each_lets_go(void **state)
{
    (void)state;
    uint64_t us;
    struct told told = told_of("{\"steps\":[{\"do\":\"press\",\"keys\":\"shift\"}]}", 3, &us);
    assert_string_equal(told.log, "+e1 . +e1 . +e1 . ");
    assert_int_equal(told.down, 0);
    assert_true(us >= 40000); /* a round is never shorter than 20 ms */
}

static void an_endless_one_is_no_busy_loop(void **state)
{
    (void)state;
    struct told told = {0};
    struct macro *macro = compile("{\"steps\":[{\"do\":\"pause\",\"ms\":0}]}");
    struct macro_run run;
    uint64_t now = 1000, next = 0;
    unsigned ticks = 0;
    macro_run_begin(&run, macro, &port, &told, 0, now);
    for (; now < 1001000; ticks++) {
        assert_int_equal(macro_run_tick(&run, now, &next), 1);
        now = MAX(next, now + 1);
    }
    assert_true(ticks < 200);
    assert_true(run.round >= 40 && run.round <= 51);
    macro_free(macro);
}

static void a_target_that_takes_nothing_ends_it(void **state)
{
    (void)state;
    struct told told = {.refusals = 3};
    struct macro *macro = compile("{\"steps\":[{\"do\":\"chord\",\"keys\":\"a\"}]}");
    struct macro_run run;
    uint64_t us;
    macro_run_begin(&run, macro, &port, &told, 1, 1000);
    assert_int_equal(run_out(&run, 1000000000, &us), 0); /* asked again, and taken */
    assert_string_equal(told.log, "+4 -4 . ");
    told = (struct told){.refusals = UINT32_MAX};
    macro_run_begin(&run, macro, &port, &told, 1, 1000);
    assert_int_equal(run_out(&run, 1000000000, &us), -ETIMEDOUT);
    assert_in_range(us, 12000000, 12100000);
    told = (struct told){.error = -ENODEV};
    macro_run_begin(&run, macro, &port, &told, 1, 1000);
    assert_int_equal(run_out(&run, 1000000000, &us), -ENODEV);
    macro_free(macro);
}

/* ---- what is kept ---- */

static void notes_lose_only_what_is_wrong(void **state)
{
    (void)state;
    const char *text = "{\"good\":{\"steps\":[{\"do\":\"pause\",\"ms\":1}]},\"Bad name\":{\"steps\":[{\"do\":\"pause\","
                       "\"ms\":1}]},\"bad\":{\"steps\":[{\"do\":\"sing\"}]}}";
    json_t *all = macro_notes_parse(text, strlen(text));
    assert_int_equal(json_object_size(all), 1);
    assert_non_null(json_object_get(all, "good"));
    char path[] = "/tmp/test-macros-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(macro_notes_save(path, all), 0);
    json_t *again = macro_notes_load(path);
    assert_true(json_equal(all, again));
    unlink(path);
    json_decref(again);
    again = macro_notes_load(path); /* it is not there any more */
    assert_int_equal(json_object_size(again), 0);
    json_decref(again);
    json_decref(all);
    again = macro_notes_parse("half a f", 8);
    assert_int_equal(json_object_size(again), 0);
    json_decref(again);
}

static void too_much_is_not_written(void **state)
{
    (void)state;
    char *long_text = malloc(8001), path[] = "/tmp/test-macros-XXXXXX";
    int fd = mkstemp(path);
    json_t *all = json_object();
    assert_true(fd >= 0 && long_text);
    close(fd);
    memset(long_text, 'x', 8000);
    long_text[8000] = 0;
    for (unsigned i = 0; i < 40; i++) {
        char name[16];
        snprintf(name, sizeof name, "m%u", i);
        json_object_set_new(all, name, json_pack("{s:[{s:s, s:s}]}", "steps", "do", "text", "text", long_text));
    }
    assert_int_equal(macro_notes_save(path, all), -E2BIG);
    unlink(path);
    free(long_text);
    json_decref(all);
}

/* ---- the jiggler ---- */

static void the_jiggler_moves_after_silence_and_back(void **state)
{
    (void)state;
    struct jiggler j = {0};
    assert_true(jiggler_next_us(&j) == UINT64_MAX);
    assert_int_equal(jiggler_tick(&j, true, 99999999), JIGGLER_NOTHING);
    jiggler_set(&j, 10, 0);
    assert_int_equal(jiggler_tick(&j, true, 9999999), JIGGLER_NOTHING);
    jiggler_used(&j, 5000000);
    assert_int_equal(jiggler_tick(&j, true, 10000000), JIGGLER_NOTHING);
    assert_int_equal(jiggler_tick(&j, true, 15000000), JIGGLER_AWAY);
    assert_int_equal(jiggler_tick(&j, true, 15000001), JIGGLER_NOTHING);
    assert_int_equal(jiggler_tick(&j, true, jiggler_next_us(&j)), JIGGLER_BACK);
    assert_int_equal(jiggler_tick(&j, true, 15200000), JIGGLER_NOTHING);
    assert_int_equal(jiggler_tick(&j, true, jiggler_next_us(&j)), JIGGLER_AWAY);
}

static void the_jiggler_wakes_nothing_and_yields_to_people(void **state)
{
    (void)state;
    struct jiggler j = {0};
    jiggler_set(&j, 10, 0);
    assert_int_equal(jiggler_tick(&j, false, 10000000), JIGGLER_NOTHING);
    assert_true(jiggler_next_us(&j) == 20000000);
    assert_int_equal(jiggler_tick(&j, true, 20000000), JIGGLER_AWAY);
    jiggler_used(&j, 20050000); /* somebody pointed meanwhile: it must not jump back */
    assert_true(jiggler_next_us(&j) == 30050000);
    assert_int_equal(jiggler_tick(&j, true, 20100000), JIGGLER_NOTHING);
    assert_int_equal(jiggler_tick(&j, true, 30050000), JIGGLER_AWAY);
    assert_int_equal(jiggler_tick(&j, false, 30150000), JIGGLER_BACK);
    jiggler_set(&j, 0, 30150000);
    assert_true(jiggler_next_us(&j) == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_named_with_their_step),
        cmocka_unit_test(places_and_times_have_bounds),
        cmocka_unit_test(a_chord_is_pressed_held_and_released_in_reverse),
        cmocka_unit_test(a_pause_counts_from_the_step_before),
        cmocka_unit_test(the_mouse_goes_there_before_it_clicks),
        cmocka_unit_test(a_gesture_goes_where_it_is_told_or_stays),
        cmocka_unit_test(a_gesture_is_of_the_pointer_and_short),
        cmocka_unit_test(text_is_typed_to_its_end_before_what_follows),
        cmocka_unit_test(a_text_may_take_an_hour_but_not_somebody_elses),
        cmocka_unit_test(rounds_are_counted_and_each_lets_go),
        cmocka_unit_test(an_endless_one_is_no_busy_loop),
        cmocka_unit_test(a_target_that_takes_nothing_ends_it),
        cmocka_unit_test(notes_lose_only_what_is_wrong),
        cmocka_unit_test(too_much_is_not_written),
        cmocka_unit_test(the_jiggler_moves_after_silence_and_back),
        cmocka_unit_test(the_jiggler_wakes_nothing_and_yields_to_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
