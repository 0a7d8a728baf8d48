#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "capture/testcard.h"
#include "core/clock.h"
#include "screen_watch.h"

static struct screen *create(struct testcard_config config)
{
    struct screen *screen = NULL;
    assert_int_equal(testcard_create(&config, &screen), 0);
    return screen;
}

/* The pictures of one run, checked on the capture thread: both numbers equal, and all pixels that differ from the
 * picture before inside the hints. */
struct checker {
    uint8_t *before;
    int width, height;
    uint32_t last_number;
    unsigned checked, errors;
};

static bool inside(const struct rect_set *hints, int x, int y)
{
    for (unsigned i = 0; i < hints->count; i++) {
        struct rect r = hints->rects[i];
        if (x >= r.x && y >= r.y && x < r.x + r.w && y < r.y + r.h)
            return true;
    }
    return false;
}

static void check(struct screen_watch *watch, struct frame *frame)
{
    struct checker *c = watch->each_data;
    uint32_t upper = 0, lower = 1;
    if (!testcard_read_number(frame, false, &upper) || !testcard_read_number(frame, true, &lower) || upper != lower)
        c->errors++;
    if (c->checked && upper != c->last_number + 1)
        c->errors++;
    size_t size = frame->planes[0].stride * (size_t)frame->height;
    if (c->checked && c->width == frame->width && c->height == frame->height && frame->hints_valid) {
        const uint32_t *a = (const uint32_t *)c->before, *b = (const uint32_t *)frame->planes[0].data;
        for (int y = 0; y < frame->height; y++)
            for (int x = 0; x < frame->width; x++)
                if (a[y * frame->width + x] != b[y * frame->width + x] && !inside(&frame->hints, x, y))
                    c->errors++;
    } else if (c->checked) {
        c->errors++;
    }
    c->before = realloc(c->before, size);
    memcpy(c->before, frame->planes[0].data, size);
    c->width = frame->width;
    c->height = frame->height;
    c->last_number = upper;
    c->checked++;
}

static void test_pictures_are_whole_and_hints_cover_all_changes(void **state)
{
    (void)state;
    struct screen *screen = create((struct testcard_config){.width = 322, .height = 201, .fps = 240});
    struct checker checker = {0};
    struct screen_watch watch;
    watch_init(&watch);
    watch.each = check;
    watch.each_data = &checker;
    assert_int_equal(screen_start(screen, &watch_listener, &watch), 0);
    assert_int_equal(screen_start(screen, &watch_listener, &watch), -EBUSY);
    assert_true(watch_wait(&watch, 120, 1));
    screen_stop(screen);
    assert_int_equal(checker.errors, 0);
    assert_true(checker.checked >= 120);
    assert_false(watch.frame_before_signal);
    assert_int_equal(watch.signal, SCREEN_OK);
    assert_null(screen_destroy(screen));
    watch_finish(&watch);
    free(checker.before);
}

static void test_a_published_picture_never_changes(void **state)
{
    (void)state;
    struct screen *screen = create((struct testcard_config){.width = 128, .height = 64, .fps = 240});
    struct screen_watch watch;
    watch_init(&watch);
    assert_int_equal(screen_start(screen, &watch_listener, &watch), 0);
    assert_true(watch_wait(&watch, 3, 1));
    pthread_mutex_lock(&watch.lock);
    struct frame *held = frame_ref(watch.newest);
    pthread_mutex_unlock(&watch.lock);
    size_t size = held->planes[0].stride * 64;
    uint8_t *copy = malloc(size);
    memcpy(copy, held->planes[0].data, size);
    assert_true(watch_wait(&watch, 60, 1));
    assert_memory_equal(copy, held->planes[0].data, size);
    /* the screen, and its pool with it, goes first */
    screen_destroy(screen);
    assert_memory_equal(copy, held->planes[0].data, size);
    frame_unref(held);
    watch_finish(&watch);
    free(copy);
}

static struct frame *kept[64];
static unsigned n_kept;

static void keep(struct screen_watch *watch, struct frame *frame)
{
    (void)watch;
    if (n_kept < ARRAY_SIZE(kept))
        kept[n_kept++] = frame_ref(frame);
}

static void test_readers_that_keep_all_buffers_stop_the_pictures_only(void **state)
{
    (void)state;
    n_kept = 0;
    struct screen *screen = create((struct testcard_config){.width = 128, .height = 64, .fps = 240});
    struct screen_watch watch;
    watch_init(&watch);
    watch.each = keep;
    assert_int_equal(screen_start(screen, &watch_listener, &watch), 0);
    uint64_t limit = clock_now_us() + 120000000;
    while (testcard_dropped(screen) < 5 && clock_now_us() < limit)
        usleep(1000);
    assert_true(testcard_dropped(screen) >= 5);
    screen_stop(screen);
    assert_int_equal(n_kept, screen->ops->spare_buffers + 1);
    for (unsigned i = 0; i < n_kept; i++)
        for (unsigned j = 0; j < i; j++)
            assert_ptr_not_equal(kept[i], kept[j]);
    for (unsigned i = 0; i < n_kept; i++)
        frame_unref(kept[i]);
    unsigned before = watch.frames;
    assert_int_equal(screen_start(screen, &watch_listener, &watch), 0);
    assert_true(watch_wait(&watch, before + 1, 2));
    screen_destroy(screen);
    for (unsigned i = before; i < n_kept; i++)
        frame_unref(kept[i]);
    watch_finish(&watch);
}

static void test_still_gives_one_picture_for_each_start(void **state)
{
    (void)state;
    struct screen *screen = create((struct testcard_config){.width = 160, .height = 96, .fps = 240, .still = true});
    struct screen_watch watch;
    watch_init(&watch);
    for (unsigned start = 1; start <= 2; start++) {
        assert_int_equal(screen_start(screen, &watch_listener, &watch), 0);
        assert_true(watch_wait(&watch, start, start));
        /* what it does when told something else shows that it had rested */
        testcard_set_signal(screen, SCREEN_OK, "");
        screen_stop(screen);
    }
    uint32_t number = 0;
    assert_true(testcard_read_number(watch.newest, false, &number));
    assert_int_equal(number, 1);
    assert_true(watch.frames <= 4);
    screen_destroy(screen);
    watch_finish(&watch);
}

static void test_size_and_signal_change_while_running(void **state)
{
    (void)state;
    struct screen *screen = create((struct testcard_config){.width = 160, .height = 96, .fps = 60});
    struct screen_watch watch;
    watch_init(&watch);
    assert_int_equal(screen_start(screen, &watch_listener, &watch), 0);
    assert_true(watch_wait(&watch, 2, 1));
    assert_int_equal(testcard_set_size(screen, 100, 100), -EINVAL);
    assert_int_equal(testcard_set_size(screen, 640, 480), 0);
    int width = 0;
    for (unsigned n = 3; width != 640 && n < 100; n++) {
        assert_true(watch_wait(&watch, n, 1));
        pthread_mutex_lock(&watch.lock);
        width = watch.newest->width;
        pthread_mutex_unlock(&watch.lock);
    }
    assert_int_equal(width, 640);
    testcard_set_signal(screen, SCREEN_NO_SIGNAL, "The cable is out.");
    assert_true(watch_wait(&watch, 1, 2));
    assert_int_equal(watch.signal, SCREEN_NO_SIGNAL);
    assert_string_equal(watch.why, "The cable is out.");
    pthread_mutex_lock(&watch.lock);
    unsigned frames = watch.frames;
    pthread_mutex_unlock(&watch.lock);
    testcard_set_signal(screen, SCREEN_OK, NULL);
    assert_true(watch_wait(&watch, frames + 1, 3));
    screen_destroy(screen);
    watch_finish(&watch);
}

static void test_costs_little_when_nobody_watches(void **state)
{
    (void)state;
    struct screen *screen = create((struct testcard_config){.width = 128, .height = 64, .fps = 240, .unwatched = true});
    struct screen_watch watch;
    watch_init(&watch);
    assert_int_equal(screen_start(screen, &watch_listener, &watch), 0);
    uint64_t start = clock_now_us();
    assert_true(watch_wait(&watch, 3, 1));
    assert_true(clock_now_us() - start > 1900000);
    testcard_set_watched(screen, true);
    assert_true(watch_wait(&watch, 60, 1));
    screen_destroy(screen);
    watch_finish(&watch);
}

static void test_bad_configurations_are_refused(void **state)
{
    (void)state;
    struct screen *screen;
    assert_int_equal(testcard_create(&(struct testcard_config){.width = 127, .height = 64}, &screen), -EINVAL);
    assert_int_equal(testcard_create(&(struct testcard_config){.width = 128, .height = 63}, &screen), -EINVAL);
    assert_int_equal(testcard_create(&(struct testcard_config){.width = 9000, .height = 64}, &screen), -EINVAL);
    assert_int_equal(testcard_create(&(struct testcard_config){.fps = 241}, &screen), -EINVAL);
    assert_null(screen_destroy(NULL));
    screen = create((struct testcard_config){0});
    assert_string_equal(screen->ops->name, "testcard");
    screen_destroy(screen);
}

static void test_signals_have_stable_names(void **state)
{
    (void)state;
    assert_string_equal(screen_signal_name(SCREEN_OK), "ok");
    assert_string_equal(screen_signal_name(SCREEN_POWERED_OFF), "powered-off");
    assert_string_equal(screen_signal_name(SCREEN_STARTING), "starting");
    assert_string_equal(screen_signal_name((enum screen_signal)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures_are_whole_and_hints_cover_all_changes),
        cmocka_unit_test(test_a_published_picture_never_changes),
        cmocka_unit_test(test_readers_that_keep_all_buffers_stop_the_pictures_only),
        cmocka_unit_test(test_still_gives_one_picture_for_each_start),
        cmocka_unit_test(test_size_and_signal_change_while_running),
        cmocka_unit_test(test_costs_little_when_nobody_watches),
        cmocka_unit_test(test_bad_configurations_are_refused),
        cmocka_unit_test(test_signals_have_stable_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
