#include <errno.h>

#include "v4l2_fixture.h"
#include "video/csc.h"

static void test_pictures_come_without_a_copy(void **state)
{
    (void)state;
    struct v4l2_fixture f;
    fixture_init(&f, &fake_hdmi_yuyv, NULL);
    for (int i = 0; i < 20; i++) {
        fixture_picture(&f);
        const struct frame *frame = f.watch.newest;
        assert_int_equal(frame->width, 64);
        assert_int_equal(frame->height, 48);
        assert_int_equal(frame->fourcc, FOURCC_YUYV);
        assert_int_equal(frame->planes[0].stride, 128);
        assert_int_equal(frame->colour, COLOUR_BT601_LIMITED);
        /* where the driver wrote it: what it writes there is seen */
        assert_int_equal(frame->planes[0].data[127 + 47 * 128], (f.fake.number - 1) & 255);
        assert_true(frame->captured_us <= clock_now_us() && frame->captured_us + PATIENCE_US > clock_now_us());
    }
    assert_int_equal(f.watch.signal, SCREEN_OK);
    assert_false(f.watch.frame_before_signal);
    struct v4l2_statistics s = fixture_counts(&f);
    assert_int_equal(s.copies, 0);
    assert_int_equal(s.gaps_unexplained, 0);
    assert_true(s.published >= 20);
    assert_int_equal(f.fake.n_buffers, 7);
    fixture_finish(&f);
}

static void test_only_the_newest_of_many_is_shown(void **state)
{
    (void)state;
    struct v4l2_fixture f;
    fixture_init(&f, &fake_hdmi_yuyv, NULL);
    fixture_picture(&f);
    unsigned before = watch_frames(&f.watch);
    struct v4l2_statistics old = fixture_counts(&f);
    pthread_mutex_lock(&f.watch.lock); /* the thread waits in the listener with the first of them */
    fake_frame(&f.fake, 0, 0);
    wait_until(fixture_counts(&f).published == old.published + 1);
    for (int i = 0; i < 4; i++)
        fake_frame(&f.fake, 0, 0);
    pthread_mutex_unlock(&f.watch.lock);
    unsigned last = (f.fake.number - 1) & 255;
    wait_until(fixture_counts(&f).frames == old.frames + 5);
    wait_until(watch_frames(&f.watch) == before + 2);
    screen_stop(f.screen);
    assert_int_equal(f.watch.newest->planes[0].data[0], last);
    struct v4l2_statistics s = fixture_counts(&f);
    assert_int_equal(s.published - old.published + s.requeued - old.requeued, 5);
    assert_int_equal(s.requeued - old.requeued, 3);
    assert_int_equal(s.gaps, 0);
    fixture_finish(&f);
}

struct keeper {
    struct frame *kept[16];
    unsigned n;
};

static void keep(struct screen_watch *watch, struct frame *frame)
{
    struct keeper *k = watch->each_data;
    pthread_mutex_lock(&watch->lock);
    if (k->n < 16)
        k->kept[k->n++] = frame_ref(frame);
    pthread_mutex_unlock(&watch->lock);
}

static unsigned kept(struct v4l2_fixture *f, struct keeper *k)
{
    pthread_mutex_lock(&f->watch.lock);
    unsigned n = k->n;
    pthread_mutex_unlock(&f->watch.lock);
    return n;
}

static void test_over_budget_the_new_picture_goes_back(void **state)
{
    (void)state;
    struct v4l2_fixture f;
    struct keeper k = {.n = 0};
    fixture_init(&f, &fake_hdmi_yuyv, NULL);
    f.watch.each_data = &k;
    f.watch.each = keep;
    for (unsigned i = 0; i < f.screen->ops->spare_buffers; i++)
        fixture_picture(&f);
    assert_int_equal(kept(&f, &k), 4);
    uint8_t content[4];
    for (unsigned i = 0; i < 4; i++)
        content[i] = k.kept[i]->planes[0].data[0];
    for (int i = 0; i < 200; i++) {
        uint64_t seen = fixture_counts(&f).frames;
        assert_true(fake_frame(&f.fake, 0, 0)); /* never without a buffer */
        wait_until(fixture_counts(&f).frames == seen + 1);
        wait_until(fake_queued(&f.fake) == 3);
    }
    assert_int_equal(fixture_counts(&f).requeued, 200);
    assert_int_equal(fixture_counts(&f).gaps, 0);
    assert_int_equal(kept(&f, &k), 4);
    for (unsigned i = 0; i < 4; i++)
        for (unsigned b = 0; b < 128 * 48; b++)
            assert_int_equal(k.kept[i]->planes[0].data[b], content[i]);
    f.watch.each = NULL;
    frame_unref(k.kept[0]);
    fixture_picture(&f); /* one came back: there is room again */
    for (unsigned i = 1; i < 4; i++)
        frame_unref(k.kept[i]);
    fixture_finish(&f);
}

static void test_gaps_are_explained_only_by_a_driver_without_buffers(void **state)
{
    (void)state;
    struct v4l2_fixture f;
    fixture_init(&f, &fake_hdmi_yuyv, NULL);
    fixture_picture(&f);
    uint64_t before = fixture_counts(&f).published, before_frames = fixture_counts(&f).frames;
    pthread_mutex_lock(&f.watch.lock); /* the thread gets no further than the first of these */
    fake_frame(&f.fake, 0, 0);
    wait_until(fixture_counts(&f).published == before + 1);
    for (int i = 0; i < 10; i++)
        fake_frame(&f.fake, 0, 0);
    pthread_mutex_unlock(&f.watch.lock);
    wait_until(fixture_counts(&f).frames == before_frames + 6);
    fixture_picture(&f); /* the first after those that were lost */
    wait_until(fixture_counts(&f).gaps > 0);
    assert_int_equal(fixture_counts(&f).gaps_unexplained, 0);
    pthread_mutex_lock(&f.fake.lock);
    f.fake.sequence += 3; /* lost in the device */
    pthread_mutex_unlock(&f.fake.lock);
    fake_frame(&f.fake, 0, 0);
    wait_until(fixture_counts(&f).gaps_unexplained == 3);
    fixture_finish(&f);
}

static void test_damaged_and_short_pictures_are_dropped_and_counted(void **state)
{
    (void)state;
    struct v4l2_fixture f;
    fixture_init(&f, &fake_hdmi_yuyv, NULL);
    fixture_picture(&f);
    unsigned before = watch_frames(&f.watch);
    uint64_t frames = fixture_counts(&f).frames;
    fake_frame(&f.fake, V4L2_BUF_FLAG_ERROR, 0);
    wait_until(fixture_counts(&f).frames == frames + 1);
    fake_frame(&f.fake, 0, 128 * 48 - 1); /* a byte is missing */
    wait_until(fixture_counts(&f).frames == frames + 2);
    fake_frame(&f.fake, 0, 1u << 30); /* more than there is room for */
    wait_until(fixture_counts(&f).frames == frames + 3);
    wait_until(fixture_counts(&f).errors == 3);
    assert_int_equal(watch_frames(&f.watch), before);
    fake_frame(&f.fake, 0, 128 * 48); /* just enough: what drivers put behind it is nobody's */
    wait_until(watch_frames(&f.watch) == before + 1);
    assert_int_equal(fixture_counts(&f).errors, 3);
    assert_int_equal(fixture_counts(&f).restarts, 0);
    fixture_finish(&f);
}

static void test_frames_outlive_device_and_screen(void **state)
{
    (void)state;
    struct v4l2_fixture f;
    fixture_init(&f, &fake_hdmi_yuyv, NULL);
    fixture_picture(&f);
    struct frame *first = frame_ref(f.watch.newest);
    unsigned is = first->planes[0].data[0];
    fixture_picture(&f);
    struct frame *second = frame_ref(f.watch.newest);
    fake_unplug(&f.fake);
    wait_until(watch_state(&f.watch) == SCREEN_DEVICE_GONE);
    assert_int_equal(first->planes[0].data[128 * 48 - 1], is);
    frame_unref(first);
    screen_destroy(f.screen);
    watch_finish(&f.watch);
    assert_int_equal(second->planes[0].data[128 * 48 - 1], is + 1);
    assert_true(f.fake.n_maps > 0);
    frame_unref(second);
    assert_true(fake_finish(&f.fake));
}

static void test_start_and_stop_again_and_again(void **state)
{
    (void)state;
    struct v4l2_fixture f;
    fixture_init(&f, &fake_hdmi_yuyv, NULL);
    for (int i = 0; i < 30; i++) {
        fixture_picture(&f);
        screen_stop(f.screen);
        unsigned n = f.watch.frames, signals = f.watch.signals;
        fake_frame(&f.fake, 0, 0);
        assert_int_equal(f.watch.frames, n); /* nothing is called any more */
        assert_int_equal(screen_start(f.screen, &watch_listener, &f.watch), 0);
        assert_int_equal(screen_start(f.screen, &watch_listener, &f.watch), -EBUSY);
        assert_true(watch_wait(&f.watch, 0, signals + 1));
    }
    assert_int_equal(f.wants, 1); /* it keeps its device */
    fixture_finish(&f);
}

static void test_bad_configurations_are_refused(void **state)
{
    (void)state;
    struct screen *screen;
    struct v4l2_config config = {.input = 0};
    assert_int_equal(v4l2_create(&config, &screen), -EINVAL);
    config.want_device = fixture_want;
    config.edid.size = 100;
    assert_int_equal(v4l2_create(&config, &screen), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures_come_without_a_copy),
        cmocka_unit_test(test_only_the_newest_of_many_is_shown),
        cmocka_unit_test(test_over_budget_the_new_picture_goes_back),
        cmocka_unit_test(test_gaps_are_explained_only_by_a_driver_without_buffers),
        cmocka_unit_test(test_damaged_and_short_pictures_are_dropped_and_counted),
        cmocka_unit_test(test_frames_outlive_device_and_screen),
        cmocka_unit_test(test_start_and_stop_again_and_again),
        cmocka_unit_test(test_bad_configurations_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
