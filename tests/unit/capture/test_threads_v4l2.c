/* Everybody at once: the driver fills, readers let go on other threads, the signal changes, the device comes and goes,
 * somebody looks and nobody, and others ask for figures. */
#include <errno.h>

#include "v4l2_fixture.h"

#define READERS 3
#define HELD 2

static struct v4l2_fixture f;
static atomic_bool ended;
static atomic_uint torn;

/* A published picture never changes while it is held. */
static void *read_frames(void *data)
{
    struct frame *held[HELD] = {NULL};
    unsigned turn = 0;
    (void)data;
    while (!atomic_load(&ended)) {
        struct frame **place = &held[turn++ % HELD];
        frame_unref(*place);
        pthread_mutex_lock(&f.watch.lock);
        *place = f.watch.newest ? frame_ref(f.watch.newest) : NULL;
        pthread_mutex_unlock(&f.watch.lock);
        for (unsigned i = 0; i < HELD; i++)
            if (held[i]) {
                const struct frame_plane *plane = &held[i]->planes[0];
                const uint8_t *last = plane->data + plane->stride * ((size_t)held[i]->height - 1);
                if (plane->data[0] != last[held[i]->width * 2 - 1])
                    atomic_fetch_add(&torn, 1);
            }
        usleep(300);
    }
    for (unsigned i = 0; i < HELD; i++)
        frame_unref(held[i]);
    return NULL;
}

static void *fill_buffers(void *data)
{
    (void)data;
    while (!atomic_load(&ended)) {
        fake_frame(&f.fake, 0, 0);
        usleep(500);
    }
    return NULL;
}

static void *ask(void *data)
{
    (void)data;
    while (!atomic_load(&ended)) {
        struct v4l2_description d;
        v4l2_describe(f.screen, &d);
        fixture_counts(&f);
        usleep(700);
    }
    return NULL;
}

static void upset(unsigned i)
{
    switch (i % 6) {
    case 0:
        fake_signal(&f.fake, i % 4 ? 0 : -ENOLINK, 64 + i % 3 * 16, 48, 60);
        break;
    case 1:
        v4l2_set_watched(f.screen, i % 4 == 1);
        break;
    case 2:
        fake_signal(&f.fake, 0, 0, 0, 0);
        break;
    case 3:
        v4l2_set_watched(f.screen, true);
        break;
    case 4:
        screen_stop(f.screen);
        assert_int_equal(screen_start(f.screen, &watch_listener, &f.watch), 0);
        break;
    default:
        if (i % 30 == 5) {
            fake_unplug(&f.fake);
            wait_until(watch_state(&f.watch) == SCREEN_DEVICE_GONE);
            fake_plug(&f.fake);
        }
    }
    usleep(3000);
}

static void test_all_at_once(void **state)
{
    (void)state;
    pthread_t threads[READERS + 2];
    struct fake_config config = fake_hdmi_yuyv;
    config.formats[0].padding = 2;
    fixture_init(&f, &config, NULL);
    fixture_picture(&f);
    for (unsigned i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_frames, NULL), 0);
    assert_int_equal(pthread_create(&threads[READERS], NULL, fill_buffers, NULL), 0);
    assert_int_equal(pthread_create(&threads[READERS + 1], NULL, ask, NULL), 0);
    for (unsigned i = 0; i < 90; i++)
        upset(i);
    fake_signal(&f.fake, 0, 64, 48, 60);
    v4l2_set_watched(f.screen, true);
    unsigned before = watch_frames(&f.watch);
    wait_until(watch_frames(&f.watch) > before + 20);
    atomic_store(&ended, true);
    for (unsigned i = 0; i < READERS + 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&torn), 0);
    assert_int_equal(fixture_counts(&f).copies, 0);
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_at_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
