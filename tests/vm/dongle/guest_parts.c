/* What every test of a guest builds on is there: the stock kernel's gadget side, host side, NBD and a capture device.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

static void test_the_kernel_has_both_ends_of_a_cable(void **state)
{
    (void)state;
    assert_int_equal(access("/sys/class/udc/dummy_udc.0/state", R_OK), 0);
    assert_int_equal(access("/sys/kernel/config/usb_gadget", W_OK), 0);
    assert_int_equal(access("/sys/bus/usb/drivers/usbhid", R_OK), 0);
    assert_int_equal(access("/sys/bus/usb/drivers/usb-storage", R_OK), 0);
}

static void test_devices_are_there(void **state)
{
    (void)state;
    struct stat info;
    assert_int_equal(stat("/dev/nbd0", &info), 0);
    assert_true(S_ISBLK(info.st_mode));
    assert_int_equal(stat("/dev/video0", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
    assert_int_equal(getuid(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_kernel_has_both_ends_of_a_cable),
        cmocka_unit_test(test_devices_are_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
