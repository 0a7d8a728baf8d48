#include <errno.h>
#include <fcntl.h>

#include "capture/edid.h"
#include "v4l2_fixture.h"

static void test_states_have_names_and_come_at_once(void **state)
{
    (void)state;
    static const struct {
        int signal;
        enum screen_signal state;
    } states[] = {{-ENOLINK, SCREEN_NO_SIGNAL}, {-ENOLCK, SCREEN_NO_LOCK}, {-ERANGE, SCREEN_OUT_OF_RANGE}};
    struct v4l2_fixture f;
    fixture_init(&f, &fake_hdmi_yuyv, NULL);
    for (unsigned i = 0; i < ARRAY_SIZE(states); i++) {
        fixture_picture(&f);
        assert_int_equal(watch_state(&f.watch), SCREEN_OK);
        fake_signal(&f.fake, states[i].signal, 0, 0, 0);
        wait_until(watch_state(&f.watch) == states[i].state);
        wait_until(!fake_is_streaming(&f.fake)); /* what such a source sends is noise */
        fake_signal(&f.fake, 0, 0, 0, 0);
    }
    fixture_picture(&f);
    assert_int_equal(watch_state(&f.watch), SCREEN_OK);
    assert_int_equal(fixture_counts(&f).errors, 0);
    fixture_finish(&f);
}

static void test_another_mode_is_followed(void **state)
{
    (void)state;
    struct v4l2_fixture f;
    fixture_init(&f, &fake_hdmi_yuyv, NULL);
    fixture_picture(&f);
    struct frame *old = frame_ref(f.watch.newest);
    unsigned is = old->planes[0].data[0];
    fake_signal(&f.fake, 0, 80, 60, 50);
    do
        fixture_picture(&f);
    while (f.watch.newest->width == 64);
    assert_int_equal(f.watch.newest->width, 80);
    assert_int_equal(f.watch.newest->height, 60);
    assert_int_equal(old->width, 64);
    assert_int_equal(old->planes[0].data[128 * 48 - 1], is);
    frame_unref(old);
    struct v4l2_description d;
    v4l2_describe(f.screen, &d);
    assert_string_equal(d.timings, "80x60p50, 1890 kHz");
    unsigned streamons = fake_streamons(&f.fake);
    fake_signal(&f.fake, 0, 80, 60, 50); /* an event without a change is none */
    fixture_picture(&f);
    assert_int_equal(fake_streamons(&f.fake), streamons);
    fixture_finish(&f);
}

static void test_drivers_that_wait_for_their_buffers_get_them(void **state)
{
    (void)state;
    struct fake_config config = fake_hdmi_yuyv;
    config.no_orphans = true;
    struct v4l2_fixture f;
    fixture_init(&f, &config, NULL);
    fixture_picture(&f);
    struct frame *old = frame_ref(f.watch.newest);
    unsigned is = old->planes[0].data[0];
    for (unsigned i = 1; i < 5; i++) {
        fake_signal(&f.fake, 0, 64 + 16 * i, 60, 50);
        do
            fixture_picture(&f);
        while ((unsigned)f.watch.newest->width != 64 + 16 * i);
        assert_int_equal(old->planes[0].data[128 * 48 - 1], is);
    }
    frame_unref(old);
    assert_int_equal(fixture_counts(&f).errors, 0);
    fixture_finish(&f);
}

static void test_a_receiver_without_events_is_asked(void **state)
{
    (void)state;
    struct fake_config config = fake_hdmi_yuyv;
    config.no_events = true;
    struct v4l2_fixture f;
    fixture_init(&f, &config, NULL);
    fixture_picture(&f);
    fake_signal(&f.fake, -ENOLINK, 0, 0, 0);
    wait_until(watch_state(&f.watch) == SCREEN_NO_SIGNAL);
    fake_signal(&f.fake, 0, 0, 0, 0);
    fixture_picture(&f);
    fixture_finish(&f);
}

static void test_modes_that_cannot_be_taken_are_told(void **state)
{
    (void)state;
    struct v4l2_fixture f;
    fixture_init(&f, &fake_hdmi_yuyv, NULL);
    fixture_picture(&f);
    fake_signal(&f.fake, 0, 8200, 48, 60);
    wait_until(watch_state(&f.watch) == SCREEN_OUT_OF_RANGE);
    assert_true(watch_says(&f.watch, "8200x48p60"));
    pthread_mutex_lock(&f.fake.lock);
    f.fake.source.bt.width = 64;
    f.fake.source.bt.interlaced = V4L2_DV_INTERLACED;
    pthread_mutex_unlock(&f.fake.lock);
    fake_signal(&f.fake, 0, 0, 0, 0);
    wait_until(watch_says(&f.watch, "interlaced"));
    fake_signal(&f.fake, 0, 64, 48, 60);
    fixture_picture(&f);
    fixture_finish(&f);
}

static void test_a_stall_starts_anew_and_says_so(void **state)
{
    (void)state;
    struct v4l2_fixture f;
    fixture_init(&f, &fake_hdmi_yuyv, NULL);
    fixture_picture(&f);
    unsigned streamons = fake_streamons(&f.fake);
    wait_until(watch_state(&f.watch) == SCREEN_NO_LOCK); /* nobody calls fake_frame */
    wait_until(fixture_counts(&f).stalls == 1);
    wait_until(fake_streamons(&f.fake) > streamons);
    assert_true(watch_says(&f.watch, "started anew"));
    fixture_picture(&f);
    assert_int_equal(watch_state(&f.watch), SCREEN_OK);
    assert_int_equal(fixture_counts(&f).restarts, 1);
    fixture_finish(&f);
}

static void test_faults_of_the_driver_are_survived(void **state)
{
    (void)state;
    struct v4l2_fixture f;
    fixture_init(&f, &fake_hdmi_yuyv, NULL);
    fixture_picture(&f);
    static const int errors[] = {-EIO, -EINVAL, -EPIPE};
    for (unsigned i = 0; i < ARRAY_SIZE(errors); i++) {
        pthread_mutex_lock(&f.fake.lock);
        f.fake.n_dqbuf = f.fake.n_reqbufs = f.fake.n_streamon = 1;
        f.fake.fail_dqbuf = f.fake.fail_reqbufs = f.fake.fail_streamon = errors[i];
        pthread_mutex_unlock(&f.fake.lock);
        uint64_t before = fixture_counts(&f).restarts;
        fake_frame(&f.fake, 0, 0);
        wait_until(fixture_counts(&f).restarts == before + 1);
        fixture_picture(&f);
    }
    uint64_t errors_before = fixture_counts(&f).errors;
    pthread_mutex_lock(&f.fake.lock);
    f.fake.n_qbuf = 3;
    f.fake.fail_qbuf = -EIO;
    pthread_mutex_unlock(&f.fake.lock);
    for (int i = 0; i < 10; i++)
        fixture_picture(&f);
    fixture_picture(&f);
    wait_until(fake_queued(&f.fake) == 6); /* none was lost */
    (void)errors_before;
    fixture_finish(&f);
}

static void test_unplugged_and_back_many_times(void **state)
{
    (void)state;
    struct v4l2_fixture f;
    fixture_init(&f, &fake_hdmi_yuyv, NULL);
    for (int i = 0; i < 3; i++) {
        fixture_picture(&f);
        fake_unplug(&f.fake);
        wait_until(watch_state(&f.watch) == SCREEN_DEVICE_GONE);
        wait_until(watch_says(&f.watch, "No capture device is plugged in."));
        fake_plug(&f.fake);
    }
    fixture_picture(&f);
    assert_int_equal(watch_state(&f.watch), SCREEN_OK);
    fixture_finish(&f);
}

static void test_the_owner_may_answer_late_or_not_at_all(void **state)
{
    (void)state;
    struct v4l2_fixture f;
    memset(&f, 0, sizeof f);
    fake_init(&f.fake, &fake_hdmi_yuyv);
    watch_init(&f.watch);
    f.keep_waiting = true;
    struct v4l2_config config = {.io = &f.fake.io, .input = (unsigned)-1, .want_device = fixture_want, .data = &f};
    assert_int_equal(v4l2_create(&config, &f.screen), 0);
    assert_int_equal(screen_start(f.screen, &watch_listener, &f.watch), 0);
    wait_until(atomic_load(&f.wants) == 1);
    assert_int_equal(watch_state(&f.watch), SCREEN_STARTING);
    usleep(1100000);
    assert_int_equal(atomic_load(&f.wants), 1); /* asked once */
    struct v4l2_device device = fake_open(&f.fake);
    v4l2_give(f.screen, &device, NULL);
    fixture_picture(&f);
    screen_stop(f.screen);
    device = (struct v4l2_device){.video = dup(2), .heap = -1, .media = -1};
    int fd = device.video; /* never looked at, and closed all the same */
    assert_true(fd >= 0);
    v4l2_give(f.screen, &device, NULL);
    fixture_finish(&f);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void test_unwatched_one_picture_a_second(void **state)
{
    (void)state;
    struct v4l2_fixture f;
    fixture_init(&f, &fake_hdmi_yuyv, NULL);
    fixture_picture(&f);
    v4l2_set_watched(f.screen, false);
    fixture_picture(&f);
    wait_until(!fake_is_streaming(&f.fake));
    unsigned frames = watch_frames(&f.watch);
    uint64_t start = clock_now_us();
    while (watch_frames(&f.watch) < frames + 2) {
        fake_frame(&f.fake, 0, 0);
        usleep(2000);
    }
    assert_true(clock_now_us() - start >= 1000000);
    wait_until(!fake_is_streaming(&f.fake));
    v4l2_set_watched(f.screen, true);
    wait_until(fake_is_streaming(&f.fake));
    for (int i = 0; i < 10; i++)
        fixture_picture(&f);
    assert_int_equal(fixture_counts(&f).gaps, 0);
    assert_int_equal(fixture_counts(&f).stalls, 0);
    fixture_finish(&f);
}

static void test_the_edid_is_written_once_and_read_back(void **state)
{
    (void)state;
    struct v4l2_config config = {.input = (unsigned)-1};
    struct v4l2_description d;
    edid_make(EDID_720P60, NULL, &config.edid);
    struct v4l2_fixture f;
    fixture_init(&f, &fake_hdmi_yuyv, &config);
    fixture_picture(&f);
    assert_int_equal(f.fake.s_edids, 1);
    fake_unplug(&f.fake);
    wait_until(watch_state(&f.watch) == SCREEN_DEVICE_GONE);
    fake_plug(&f.fake);
    fixture_picture(&f);
    assert_int_equal(f.fake.s_edids, 1); /* it was there still */
    struct edid other;
    edid_make(EDID_1200P60, NULL, &other);
    assert_int_equal(v4l2_set_edid(f.screen, &other), 0);
    wait_until(fake_edids(&f.fake) == 2);
    fixture_picture(&f);
    v4l2_describe(f.screen, &d);
    assert_true(d.has_edid);
    assert_int_equal(d.edid.size, other.size);
    assert_memory_equal(d.edid.bytes, other.bytes, other.size);
    other.size = 77;
    assert_int_equal(v4l2_set_edid(f.screen, &other), -EINVAL);
    assert_int_equal(fixture_counts(&f).restarts, 0);
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states_have_names_and_come_at_once),
        cmocka_unit_test(test_another_mode_is_followed),
        cmocka_unit_test(test_drivers_that_wait_for_their_buffers_get_them),
        cmocka_unit_test(test_a_receiver_without_events_is_asked),
        cmocka_unit_test(test_modes_that_cannot_be_taken_are_told),
        cmocka_unit_test(test_a_stall_starts_anew_and_says_so),
        cmocka_unit_test(test_faults_of_the_driver_are_survived),
        cmocka_unit_test(test_unplugged_and_back_many_times),
        cmocka_unit_test(test_the_owner_may_answer_late_or_not_at_all),
        cmocka_unit_test(test_unwatched_one_picture_a_second),
        cmocka_unit_test(test_the_edid_is_written_once_and_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
