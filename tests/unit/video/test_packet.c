/* Packets and frames: room in front, and given back once, by the last reference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "video/frame.h"
#include "video/packet.h"

static void test_headroom_is_writable(void **state)
{
    (void)state;
    struct packet *packet;
    assert_int_equal(packet_create(100, &packet), 0);
    assert_int_equal(packet->size, 0);
    assert_int_equal(packet->capacity, 100);
    memset(packet->data - PACKET_HEADROOM, 0xEE, PACKET_HEADROOM + 100);
    assert_int_equal(packet->capacity, 100);
    packet_ref(packet);
    packet_unref(packet);
    assert_null(packet_unref(packet));
    assert_null(packet_unref(NULL));
}

static void test_absurd_capacity(void **state)
{
    (void)state;
    struct packet *packet = NULL;
    assert_int_not_equal(packet_create(SIZE_MAX - 4, &packet), 0);
    assert_null(packet);
}

static void count_release(struct frame *frame)
{
    ++*(int *)frame->release_data;
}

static void test_frame_released_once(void **state)
{
    (void)state;
    int released = 0;
    struct frame frame = {.width = 1, .height = 1, .release = count_release, .release_data = &released};
    ref_init(&frame.ref);
    assert_ptr_equal(frame_ref(&frame), &frame);
    frame_unref(&frame);
    assert_int_equal(released, 0);
    assert_null(frame_unref(&frame));
    assert_int_equal(released, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headroom_is_writable),
        cmocka_unit_test(test_absurd_capacity),
        cmocka_unit_test(test_frame_released_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
