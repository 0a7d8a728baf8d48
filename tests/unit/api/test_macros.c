/* Macros and the jiggler over REST: what is asked of the gateway's side, and how its answers are told. */
#include "api_calls.h"

#include "api/macros.h"

#define MACRO "{\"steps\":[{\"do\":\"pause\",\"ms\":1}]}"

static struct {
    int put, remove, run; /* what the fake answers */
    bool runs;
    long times;
    char name[64];
    bool only_new;
    int point;
    struct api_gesture gesture; /* under way, or was */
    size_t n_steps;
    unsigned point_stops;
} fake;

static json_t *fake_list(struct target *t)
{
    (void)t;
    return json_pack("{s:[]}", "macros");
}

static json_t *fake_running(struct target *t)
{
    (void)t;
    return fake.runs ? json_pack("{s:s}", "name", "one") : json_null();
}

static json_t *fake_get(struct target *t, const char *name)
{
    (void)t;
    return strcmp(name, "one") ? NULL : json_pack("{s:s}", "name", name);
}

static int fake_put(struct target *t, const char *name, json_t *macro, bool only_new, char *why, size_t size)
{
    (void)t;
    assert_true(json_is_object(macro));
    text_copy(fake.name, sizeof fake.name, name);
    fake.only_new = only_new;
    snprintf(why, size, "Step 3: it sings.");
    return fake.put;
}

static int fake_remove(struct target *t, const char *name)
{
    (void)t, (void)name;
    return fake.remove;
}

static int fake_run(struct target *t, const char *name, struct auth_session *session, long times, char *why,
                    size_t size)
{
    (void)t, (void)name;
    assert_non_null(session);
    snprintf(why, size, "Step 1: it sings.");
    fake.times = times;
    fake.runs = fake.run == 0;
    return fake.run;
}

static bool fake_stop(struct target *t)
{
    (void)t;
    return fake.runs;
}

static int fake_point(struct target *t, const struct api_gesture *gesture, char *why, size_t size)
{
    (void)t;
    fake.gesture = *gesture;
    fake.n_steps = json_array_size(gesture->steps);
    snprintf(why, size, "Step 1: it sings.");
    return fake.point;
}

static void fake_point_stop(struct target *t)
{
    (void)t;
    fake.point_stops++;
    fake.gesture.done(fake.gesture.data, -ENODEV, "The target is gone.");
}

static int macros_set_up(void **state)
{
    static const struct api_macros_ops ops = {
        .list = fake_list,
        .running = fake_running,
        .get = fake_get,
        .put = fake_put,
        .remove = fake_remove,
        .run = fake_run,
        .stop = fake_stop,
        .point = fake_point,
        .point_stop = fake_point_stop,
    };
    int r = set_up(state);
    memset(&fake, 0, sizeof fake);
    f.api.macros = &ops;
    return r;
}

static void are_kept_and_told(void **state)
{
    (void)state;
    expect(ROUTE_GET, TARGET "/macros", "", 200, "\"macros\"");
    expect(ROUTE_GET, TARGET "/macros/one", "", 200, "\"one\"");
    expect(ROUTE_GET, TARGET "/macros/two", "", 404, "no-such-macro");
    fake.put = 1;
    expect(ROUTE_PUT, TARGET "/macros/one", MACRO, 201, "\"one\"");
    assert_false(fake.only_new);
    expect(ROUTE_POST, TARGET "/macros", "{\"name\":\"one\",\"steps\":[]}", 201, "\"one\"");
    assert_true(fake.only_new);
    expect(ROUTE_POST, TARGET "/macros", MACRO, 400, "name");
    fake.put = 0;
    expect(ROUTE_PUT, TARGET "/macros/one", MACRO, 200, "\"one\"");
    expect(ROUTE_PUT, TARGET "/macros/one", "{\"stepps\":[]}", 400, "stepps");
    expect(ROUTE_DELETE, TARGET "/macros/one", "", 204, "");
}

static void refusals_are_explained(void **state)
{
    (void)state;
    fake.put = -EINVAL;
    expect(ROUTE_PUT, TARGET "/macros/one", MACRO, 422, "Step 3: it sings.");
    fake.put = -EEXIST;
    expect(ROUTE_POST, TARGET "/macros", "{\"name\":\"one\",\"steps\":[]}", 409, "macro-exists");
    fake.put = -E2BIG;
    expect(ROUTE_PUT, TARGET "/macros/one", MACRO, 409, "too-many-macros");
    fake.put = -ENOSPC;
    expect(ROUTE_PUT, TARGET "/macros/one", MACRO, 507, "no-room");
    fake.remove = -ENOENT;
    expect(ROUTE_DELETE, TARGET "/macros/one", "", 404, "no-such-macro");
    f.api.macros = NULL;
    expect(ROUTE_GET, TARGET "/macros", "", 501, "not-supported");
}

static void run_as_often_as_is_said(void **state)
{
    (void)state;
    expect(ROUTE_POST, TARGET "/macros/one/run", "", 202, "\"one\"");
    assert_int_equal(fake.times, -1);
    expect(ROUTE_POST, TARGET "/macros/one/run", "{\"times\":3}", 202, "");
    assert_int_equal(fake.times, 3);
    expect(ROUTE_POST, TARGET "/macros/one/run", "{\"loop\":true}", 202, "");
    assert_int_equal(fake.times, 0);
    expect(ROUTE_POST, TARGET "/macros/one/run", "{\"times\":0}", 400, "'times'");
    expect(ROUTE_POST, TARGET "/macros/one/run", "{\"times\":2,\"loop\":true}", 400, "'times'");
    expect(ROUTE_GET, TARGET, "", 200, "\"macro\":{\"name\":\"one\"}");
    fake.run = -EBUSY;
    expect(ROUTE_POST, TARGET "/macros/one/run", "", 409, "busy");
    fake.run = -EINVAL;
    expect(ROUTE_POST, TARGET "/macros/one/run", "", 422, "it sings");
    fake.run = -ENODEV;
    expect(ROUTE_POST, TARGET "/macros/one/run", "", 409, "not-there");
    expect(ROUTE_POST, TARGET "/macros/stop", "", 204, "");
}

static void are_not_started_past_somebody_at_the_seat(void **state)
{
    (void)state;
    f.target.seat.holder = (struct seat_party){.session = 77, .viewer = 1, .name = "ben"};
    expect(ROUTE_POST, TARGET "/macros/one/run", "", 409, "seat-taken");
    assert_false(fake.runs);
    expect(ROUTE_POST, TARGET "/macros/one/run", "{\"force\":true}", 202, "");
}

#define CLICK "{\"steps\":[{\"do\":\"click\"}]}"

static void the_pointer_is_answered_when_its_steps_are_done(void **state)
{
    (void)state;
    static const struct {
        int error, status;
        const char *says;
    } ends[] = {{0, 204, ""}, {-EPERM, 409, "seat-taken"}, {-ETIMEDOUT, 504, "no-answer"}, {-ENODEV, 409, "not-there"}};
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        assert_true(fixture_call(&f, ROUTE_POST, TARGET "/pointer", "", CLICK, strlen(CLICK)));
        assert_int_equal(f.status, 0);
        assert_int_equal(fake.n_steps, 1);
        assert_false(fake.gesture.force);
        fake.gesture.done(fake.gesture.data, ends[i].error, "It sings.");
        assert_int_equal(f.status, ends[i].status);
        assert_non_null(strstr(f.body, ends[i].says));
        assert_null(f.call.cancelled);
    }
}

static void the_pointer_lets_go_when_nobody_waits_for_it(void **state)
{
    (void)state;
    assert_true(fixture_call(&f, ROUTE_POST, TARGET "/pointer", "", CLICK, strlen(CLICK)));
    f.call.cancelled(f.call.cancelled_data);
    assert_int_equal(fake.point_stops, 1);
}

static void the_pointer_is_refused_with_a_reason(void **state)
{
    (void)state;
    expect(ROUTE_POST, TARGET "/pointer", "{\"stepps\":[]}", 400, "stepps");
    expect(ROUTE_POST, TARGET "/pointer", "{\"steps\":[],\"force\":1}", 400, "'force'");
    fake.point = -EINVAL;
    expect(ROUTE_POST, TARGET "/pointer", CLICK, 400, "Step 1: it sings.");
    fake.point = -EBUSY;
    expect(ROUTE_POST, TARGET "/pointer", CLICK, 409, "busy");
    fake.point = -ENODEV;
    expect(ROUTE_POST, TARGET "/pointer", CLICK, 409, "not-there");
    f.target.seat.holder = (struct seat_party){.session = 77, .viewer = 1, .name = "ben"};
    expect(ROUTE_POST, TARGET "/pointer", CLICK, 409, "seat-taken");
    expect(ROUTE_POST, TARGET "/pointer", "{\"steps\":[],\"force\":true}", 409, "not-there");
    assert_true(fake.gesture.force);
    f.denied_rights = RIGHT_CONFIGURE;
    expect(ROUTE_POST, TARGET "/pointer", "{\"steps\":[],\"force\":true}", 409, "seat-taken");
    f.api.macros = NULL;
    expect(ROUTE_POST, TARGET "/pointer", CLICK, 501, "not-supported");
}

static void set_jiggler(struct target *t, unsigned seconds)
{
    t->jiggler_s = seconds;
}

static void the_jiggler_has_its_bounds(void **state)
{
    (void)state;
    static struct target_ops ops;
    expect(ROUTE_PUT, TARGET "/jiggler", "{\"seconds\":60}", 501, "not-supported");
    ops = *f.target.ops;
    ops.set_jiggler = set_jiggler;
    f.target.ops = &ops;
    expect(ROUTE_PUT, TARGET "/jiggler", "{\"seconds\":60}", 200, "\"seconds\":60");
    expect(ROUTE_GET, TARGET "/jiggler", "", 200, "\"configured\":0");
    expect(ROUTE_PUT, TARGET "/jiggler", "{\"seconds\":9}", 400, "'seconds'");
    expect(ROUTE_PUT, TARGET "/jiggler", "{\"seconds\":3601}", 400, "'seconds'");
    expect(ROUTE_PUT, TARGET "/jiggler", "{}", 400, "'seconds'");
    expect(ROUTE_PUT, TARGET "/jiggler", "{\"seconds\":0}", 200, "\"seconds\":0");
}

#define MACRO_TEST(name) cmocka_unit_test_setup_teardown(name, macros_set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MACRO_TEST(are_kept_and_told),
        MACRO_TEST(refusals_are_explained),
        MACRO_TEST(run_as_often_as_is_said),
        MACRO_TEST(are_not_started_past_somebody_at_the_seat),
        MACRO_TEST(the_pointer_is_answered_when_its_steps_are_done),
        MACRO_TEST(the_pointer_lets_go_when_nobody_waits_for_it),
        MACRO_TEST(the_pointer_is_refused_with_a_reason),
        MACRO_TEST(the_jiggler_has_its_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
