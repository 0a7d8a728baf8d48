/* Macros on a real port between viewers: who may start one, what ends it, and that nothing stays pressed at any end;
 * and the jiggler on the same port. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "console_fixture.h"
#include "gateway/console/console_seat.h"
#include "gateway/macros/macros.h"
#include "gateway/targets/target_jiggler.h"

#define HOLD_SHIFT                                                                                                     \
    "{\"steps\":[{\"do\":\"press\",\"keys\":\"shift\"},{\"do\":\"button\",\"x\":9,\"y\":9,\"down\":true},"             \
    "{\"do\":\"pause\",\"ms\":600000}]}"

static struct {
    char folder[64];
    unsigned typed, stopped;
    uint8_t phase; /* of the text */
} t;

static int fake_type(struct target *target, const struct typing_request *request, struct typing_plan *ret, char *why,
                     size_t why_size)
{
    (void)target;
    *ret = (struct typing_plan){.layout = "us"};
    if (strstr(request->text, "\u00e4")) {
        ret->n_missing = ret->n_distinct = 1;
        ret->missing[0].character = 0xE4;
        return 1;
    }
    if (request->layout && strcmp(request->layout, "us") != 0) {
        snprintf(why, why_size, "there is no layout '%s'", request->layout);
        return -EINVAL;
    }
    if (request->only_check)
        return 0;
    t.phase = TYPING_ON;
    t.typed++;
    return 0;
}

static uint8_t fake_phase(struct target *target)
{
    (void)target;
    return t.phase;
}

static void fake_stop(struct target *target)
{
    (void)target;
    t.phase = TYPING_STOPPED;
    t.stopped++;
}

static int macros_set_up(void **state)
{
    static const struct target_ops fake_ops = {.type = fake_type, .type_phase = fake_phase, .type_stop = fake_stop};
    int r = set_up(state);
    struct fixture *f = *state;
    char path[96];
    memset(&t, 0, sizeof t);
    snprintf(t.folder, sizeof t.folder, "/tmp/test-macros-XXXXXX");
    assert_non_null(mkdtemp(t.folder));
    snprintf(path, sizeof path, "%s/gateway", t.folder);
    assert_int_equal(mkdir(path, 0700), 0);
    text_copy(f->gateway.setup.state, sizeof f->gateway.setup.state, t.folder);
    f->target.target.ops = &fake_ops;
    f->target.absolute = true;
    assert_int_equal(typist_create(f->gateway.loop, &f->input->input, &f->target.typist), 0);
    assert_int_equal(macros_create(&f->target, &f->target.macros), 0);
    return r;
}

static int macros_tear_down(void **state)
{
    struct fixture *f = *state;
    char path[128];
    f->target.macros = macros_destroy(f->target.macros);
    target_jiggler_finish(&f->target);
    f->target.typist = typist_destroy(f->target.typist);
    assert_false(anything_pressed(f));
    snprintf(path, sizeof path, "%s/gateway/card.macros", t.folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/gateway", t.folder);
    rmdir(path);
    rmdir(t.folder);
    return tear_down(state);
}

static const struct api_macros_ops *const macros = &gateway_macros_ops;

static int put(struct fixture *f, const char *name, const char *text, bool only_new)
{
    char why[240];
    json_t *json = json_loads(text, 0, NULL);
    int r = macros->put(&f->target.target, name, json, only_new, why, sizeof why);
    json_decref(json);
    return r;
}

static int run(struct fixture *f, const char *name, unsigned session, long times)
{
    char why[240];
    return macros->run(&f->target.target, name, &f->sessions[session], times, why, sizeof why);
}

static bool holds_things(struct fixture *f)
{
    return keyboard_is_down(&f->input->keyboard, KEY_SHIFT) && f->input->buttons;
}

static bool has_ended(struct fixture *f)
{
    return !macros_run_now(f->target.macros);
}

static const char *last_end(struct fixture *f)
{
    static char word[16];
    json_t *list = macros->list(&f->target.target);
    text_copy(word, sizeof word, json_string_value(json_object_get(json_object_get(list, "last"), "end")));
    json_decref(list);
    return word;
}

static void begin_holding(struct fixture *f, unsigned session)
{
    assert_true(put(f, "hold", HOLD_SHIFT, false) >= 0);
    assert_int_equal(run(f, "hold", session, -1), 0);
    dispatch_until(f, holds_things);
}

static void they_are_kept_and_found_again(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(put(f, "hold", HOLD_SHIFT, true), 1);
    assert_int_equal(put(f, "hold", HOLD_SHIFT, true), -EEXIST);
    assert_int_equal(put(f, "hold", HOLD_SHIFT, false), 0);
    assert_int_equal(put(f, "Hold", HOLD_SHIFT, false), -EINVAL);
    assert_int_equal(put(f, "other", "{\"steps\":[{\"do\":\"sing\"}]}", false), -EINVAL);
    f->target.macros = macros_destroy(f->target.macros);
    assert_int_equal(macros_create(&f->target, &f->target.macros), 0);
    json_t *one = macros->get(&f->target.target, "hold");
    assert_int_equal(json_array_size(json_object_get(one, "steps")), 3);
    assert_string_equal(json_string_value(json_object_get(one, "name")), "hold");
    json_decref(one);
    assert_null(macros->get(&f->target.target, "other"));
    for (unsigned i = 1; i < MACROS_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "m%u", i);
        assert_int_equal(put(f, name, HOLD_SHIFT, true), 1);
    }
    assert_int_equal(put(f, "one-more", HOLD_SHIFT, true), -E2BIG);
    assert_int_equal(macros->remove(&f->target.target, "hold"), 0);
    assert_int_equal(macros->remove(&f->target.target, "hold"), -ENOENT);
    assert_int_equal(run(f, "hold", 0, -1), -ENOENT);
}

static void one_runs_to_its_end_and_gives_the_seat_back(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(put(f, "tap", "{\"steps\":[{\"do\":\"chord\",\"keys\":\"ctrl+a\"}]}", true), 1);
    size_t before = f->input->n_reports;
    assert_int_equal(run(f, "tap", 0, 2), 0);
    assert_int_equal(run(f, "tap", 0, 2), -EBUSY);
    assert_int_equal(f->target.target.seat.holder.session, 1);
    dispatch_until(f, has_ended);
    assert_int_equal(f->input->n_reports - before, 8); /* twice: two down, two up */
    assert_string_equal(last_end(f), "done");
    assert_int_equal(f->target.target.seat.holder.session, 0);
}

static void stopping_lets_go_at_once(void **state)
{
    struct fixture *f = *state;
    begin_holding(f, 0);
    uint64_t begun = clock_now_us();
    assert_true(macros->stop(&f->target.target));
    assert_false(anything_pressed(f));
    assert_true(clock_now_us() - begun < 60000000); /* a tenth of its pause */
    assert_false(macros->stop(&f->target.target));
    assert_string_equal(last_end(f), "stopped");
}

static void everybody_sees_that_one_runs(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *vera = open_viewer(f, 2, 2, true);
    f->viewers[2].changed = 0;
    begin_holding(f, 0);
    assert_true(f->viewers[2].changed & VIEWER_CHANGED_TARGET);
    json_t *running = macros->running(&f->target.target);
    assert_string_equal(json_string_value(json_object_get(running, "by")), "anna");
    assert_int_equal(json_integer_value(json_object_get(running, "step")), 3);
    json_decref(running);
    f->viewers[2].changed = 0;
    macros->stop(&f->target.target);
    assert_true(f->viewers[2].changed & VIEWER_CHANGED_TARGET);
    ops->close(vera);
}

static void a_page_that_opens_does_not_end_it(void **state)
{
    struct fixture *f = *state;
    begin_holding(f, 0);
    struct console_viewer *ben = open_viewer(f, 1, 1, false);
    assert_true(holds_things(f));
    ops->key(ben, KEY_A, true); /* he does not hold the seat */
    assert_false(keyboard_is_down(&f->input->keyboard, KEY_A));
    ops->close(ben);
    macros->stop(&f->target.target);
}

static void it_ends_when_the_seat_changes_hands(void **state)
{
    struct fixture *f = *state;
    struct console_viewer *anna = open_viewer(f, 0, 0, false), *adam = open_viewer(f, 3, 3, false);
    begin_holding(f, 0);
    ops->key(anna, KEY_SHIFT, true); /* she holds it too: it stays down with her */
    ops->key(anna, KEY_SHIFT, false);
    assert_true(holds_things(f));
    ops->seat(adam, CONSOLE_ACT_TAKE, 0);
    assert_true(has_ended(f));
    assert_false(anything_pressed(f));
    assert_string_equal(last_end(f), "seat");
    begin_holding(f, 3);
    ops->seat(adam, CONSOLE_ACT_SHARE, 0);
    assert_false(anything_pressed(f));
    begin_holding(f, 0); /* shared: anybody's */
    ops->close(anna);
    assert_true(holds_things(f)); /* a page may close */
    macros->stop(&f->target.target);
    ops->close(adam);
}

static void it_ends_with_the_right_of_who_started_it(void **state)
{
    struct fixture *f = *state;
    begin_holding(f, 0);
    grants_of_role(&f->sessions[0].grants, ROLE_READ_ONLY);
    dispatch_until(f, has_ended); /* without anybody telling it */
    assert_false(anything_pressed(f));
    begin_holding(f, 1);
    f->sessions[1].ended = true;
    dispatch_until(f, has_ended);
    assert_string_equal(last_end(f), "right");
}

static bool types(struct fixture *f)
{
    (void)f;
    return t.phase == TYPING_ON;
}

static void text_that_it_types_ends_with_it(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(put(f, "type", "{\"steps\":[{\"do\":\"text\",\"text\":\"root\"}]}", true), 1);
    assert_int_equal(run(f, "type", 0, 0), 0);
    dispatch_until(f, types);
    macros->stop(&f->target.target);
    assert_int_equal(t.stopped, 1);
    t.phase = TYPING_ON; /* somebody else's */
    begin_holding(f, 0);
    macros->stop(&f->target.target);
    assert_int_equal(t.stopped, 1);
}

/* Somebody stops it, or the target takes no more of it: the next step would be typed into something else. */
static void text_that_is_cut_ends_it(void **state)
{
    static const uint8_t ends[] = {TYPING_STOPPED, TYPING_GIVEN_UP};
    struct fixture *f = *state;
    put(f, "type", "{\"steps\":[{\"do\":\"text\",\"text\":\"root\"},{\"do\":\"text\",\"text\":\"more\"}]}", true);
    for (unsigned i = 0; i < 2; i++) {
        t.typed = 0;
        assert_int_equal(run(f, "type", 0, 0), 0);
        dispatch_until(f, types);
        t.phase = ends[i];
        dispatch_until(f, has_ended);
        assert_int_equal(t.typed, 1);
        assert_int_equal(t.stopped, 0);
        assert_string_equal(last_end(f), "failed");
    }
}

static void what_cannot_be_typed_is_said_before_the_first_key(void **state)
{
    struct fixture *f = *state;
    char why[240] = "";
    put(f, "one", "{\"steps\":[{\"do\":\"chord\",\"keys\":\"a\"},{\"do\":\"text\",\"text\":\"\u00e4\"}]}", true);
    put(f, "two", "{\"steps\":[{\"do\":\"text\",\"text\":\"a\",\"layout\":\"xx\"}]}", true);
    size_t before = f->input->n_reports;
    assert_int_equal(macros->run(&f->target.target, "one", &f->sessions[0], -1, why, sizeof why), -EINVAL);
    assert_non_null(strstr(why, "Step 2: layout 'us' has no key for U+00E4"));
    assert_int_equal(macros->run(&f->target.target, "two", &f->sessions[0], -1, why, sizeof why), -EINVAL);
    assert_non_null(strstr(why, "Step 1: there is no layout 'xx'"));
    assert_int_equal(f->input->n_reports, before);
    assert_false(macros_run_now(f->target.macros));
}

static void one_that_is_deleted_ends(void **state)
{
    struct fixture *f = *state;
    begin_holding(f, 0);
    assert_int_equal(macros->remove(&f->target.target, "hold"), 0);
    assert_true(has_ended(f));
    assert_false(anything_pressed(f));
}

/* ---- gestures of the pointer ---- */

static int gesture_end; /* 1: none has come */

static void gesture_done(void *data, int error, const char *why)
{
    (void)data, (void)why;
    assert_int_equal(gesture_end, 1);
    gesture_end = error;
}

static bool gesture_has_ended(struct fixture *f)
{
    (void)f;
    return gesture_end != 1;
}

static bool button_is_held(struct fixture *f)
{
    return f->input->buttons;
}

static int point(struct fixture *f, const char *text, unsigned session, bool force)
{
    char why[240] = "";
    json_t *steps = json_loads(text, 0, NULL);
    const struct api_gesture gesture = {
        .steps = steps, .session = &f->sessions[session], .force = force, .done = gesture_done};
    gesture_end = 1;
    int r = macros->point(&f->target.target, &gesture, why, sizeof why);
    json_decref(steps);
    return r;
}

#define HOLD_BUTTON "[{\"do\":\"button\",\"x\":9,\"y\":9,\"down\":true},{\"do\":\"pause\",\"ms\":10000}]"

static void a_gesture_is_done_and_lets_go(void **state)
{
    struct fixture *f = *state;
    size_t before = f->input->n_reports;
    assert_int_equal(point(f, "[{\"do\":\"click\",\"x\":1,\"y\":2},{\"do\":\"move\",\"dx\":3,\"dy\":4}]", 0, false), 0);
    assert_int_equal(point(f, HOLD_BUTTON, 0, false), -EBUSY);
    dispatch_until(f, gesture_has_ended);
    assert_int_equal(gesture_end, 0);
    assert_int_equal(f->input->n_reports - before, 4);
    uint8_t there[POINTER_ABSOLUTE_SIZE];
    pointer_absolute_report(INPUT_BUTTON_LEFT, 1, 2, 0, 0, there);
    assert_memory_equal(input_recording_last(f->input, 2)->bytes, there, sizeof there);
    assert_false(f->target.target.seat.holder.session); /* it holds none */
    assert_int_equal(point(f, "[{\"do\":\"button\",\"down\":true}]", 0, false), 0);
    dispatch_until(f, gesture_has_ended);
    assert_false(anything_pressed(f));
    assert_int_equal(point(f, "[{\"do\":\"sing\"}]", 0, false), -EINVAL);
}

static void a_gesture_ends_with_the_seat_and_when_it_is_stopped(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(point(f, HOLD_BUTTON, 0, false), 0);
    dispatch_until(f, button_is_held);
    struct console_viewer *adam = open_viewer(f, 3, 3, false); /* sits down */
    dispatch_until(f, gesture_has_ended);
    assert_int_equal(gesture_end, -EPERM);
    assert_false(anything_pressed(f));
    assert_int_equal(point(f, HOLD_BUTTON, 0, true), 0); /* past him */
    dispatch_until(f, button_is_held);
    macros->point_stop(&f->target.target);
    assert_int_equal(gesture_end, -ENODEV);
    assert_false(anything_pressed(f));
    macros->point_stop(&f->target.target); /* none */
    assert_int_equal(point(f, HOLD_BUTTON, 0, true), 0);
    dispatch_until(f, button_is_held);
    macros_stop(f->target.macros); /* it is no macro */
    assert_true(button_is_held(f));
    macros_let_go(f->target.macros); /* the target goes */
    assert_int_equal(gesture_end, -ENODEV);
    ops->close(adam);
}

static void a_gesture_ends_with_the_right(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(point(f, HOLD_BUTTON, 1, false), 0);
    dispatch_until(f, button_is_held);
    grants_of_role(&f->sessions[1].grants, ROLE_READ_ONLY);
    dispatch_until(f, gesture_has_ended);
    assert_int_equal(gesture_end, -EPERM);
    assert_false(anything_pressed(f));
}

/* ---- the jiggler ---- */

static size_t reports_before;

static bool moved_and_back(struct fixture *f)
{
    return f->input->n_reports >= reports_before + 2;
}

static void type_and_stop(struct fixture *f)
{
    const struct layout *us = layout_find("us");
    const struct typing_request request = {.text = "stopped", .size = 7};
    struct layout_map *map;
    struct text_plan plan;
    size_t where;
    assert_int_equal(layout_map_create(us, &map), 0);
    assert_int_equal(text_plan_make(&request, map, &plan, &where), 0);
    assert_int_equal(typist_text(f->target.typist, &plan, us, true), 0);
    typist_stop(f->target.typist);
    layout_map_destroy(map);
}

static void the_jiggler_moves_one_pixel_and_back(void **state)
{
    struct fixture *f = *state;
    type_and_stop(f); /* what is left of it will not be typed */
    struct console_viewer *anna = open_viewer(f, 0, 0, false);
    f->target.target.width = 320;
    assert_int_equal(target_jiggler_configure(&f->target, 0), 0);
    ops->pointer_absolute(anna, 0, 1000, 2000, 0, 0);
    f->viewers[0].changed = 0;
    reports_before = f->input->n_reports;
    target_jiggler_set(&f->target, 1); /* no configuration allows so little: for the test */
    assert_true(f->viewers[0].changed & VIEWER_CHANGED_TARGET);
    dispatch_until(f, moved_and_back);
    uint8_t back[POINTER_ABSOLUTE_SIZE], away[POINTER_ABSOLUTE_SIZE];
    pointer_absolute_report(0, 1000, 2000, 0, 0, back);
    pointer_absolute_report(0, 1000 + INPUT_ABS_MAX / 320 + 1, 2000, 0, 0, away);
    assert_memory_equal(input_recording_last(f->input, 0)->bytes, back, sizeof back);
    assert_memory_equal(input_recording_last(f->input, 1)->bytes, away, sizeof away);
    ops->close(anna);
}

#define MACRO_TEST(name) cmocka_unit_test_setup_teardown(name, macros_set_up, macros_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MACRO_TEST(they_are_kept_and_found_again),
        MACRO_TEST(one_runs_to_its_end_and_gives_the_seat_back),
        MACRO_TEST(stopping_lets_go_at_once),
        MACRO_TEST(everybody_sees_that_one_runs),
        MACRO_TEST(a_page_that_opens_does_not_end_it),
        MACRO_TEST(it_ends_when_the_seat_changes_hands),
        MACRO_TEST(it_ends_with_the_right_of_who_started_it),
        MACRO_TEST(text_that_it_types_ends_with_it),
        MACRO_TEST(text_that_is_cut_ends_it),
        MACRO_TEST(what_cannot_be_typed_is_said_before_the_first_key),
        MACRO_TEST(one_that_is_deleted_ends),
        MACRO_TEST(a_gesture_is_done_and_lets_go),
        MACRO_TEST(a_gesture_ends_with_the_seat_and_when_it_is_stopped),
        MACRO_TEST(a_gesture_ends_with_the_right),
        MACRO_TEST(the_jiggler_moves_one_pixel_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
