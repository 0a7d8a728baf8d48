/* What a machine has for targets, read from a folder that looks like one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/doctor/devices.h"
#include "machine_folder.h"

static struct machine_folder root;
static struct devices devices;

static int make_machine(void **state)
{
    (void)state;
    machine_folder_make(&root);
    machine_folder_file(&root, "sys/class/video4linux/video0/name", "HDMI stick\n");
    machine_folder_link(&root, "sys/class/video4linux/video0/device/driver", "../../bus/usb/drivers/uvcvideo");
    machine_folder_file(&root, "sys/class/video4linux/video10/name", "second\n");
    machine_folder_file(&root, "sys/class/video4linux/v4l-subdev0/name", "not one\n");
    machine_folder_link(&root, "dev/v4l/by-path/pci-0-usb-1-video-index0", "../../video0");
    machine_folder_file(&root, "sys/class/udc/fe980000.usb/state", "configured\n");
    machine_folder_file(&root, "sys/class/udc/fe980000.usb/function", "lightsout-a\n");
    machine_folder_file(&root, "sys/bus/gpio/devices/gpiochip0/ngpio", "54\n");
    machine_folder_file(&root, "sys/bus/gpio/devices/gpiochip0/of_node/name", "pinctrl");
    machine_folder_file(&root, "dev/kvm", "");
    devices_list(root.path, &devices);
    return 0;
}

static int remove_machine(void **state)
{
    (void)state;
    machine_folder_remove(&root);
    return 0;
}

static void all_are_listed(void **state)
{
    (void)state;
    assert_int_equal(devices.n_captures, 2);
    assert_string_equal(devices.captures[0].node, "/dev/video0");
    assert_string_equal(devices.captures[0].stable, "/dev/v4l/by-path/pci-0-usb-1-video-index0");
    assert_string_equal(devices.captures[0].card, "HDMI stick");
    assert_string_equal(devices.captures[0].driver, "uvcvideo");
    assert_string_equal(devices.captures[1].node, "/dev/video10");
    assert_string_equal(devices.captures[1].stable, "");
    assert_int_equal(devices.n_udcs, 1);
    assert_string_equal(devices.udcs[0].state, "configured");
    assert_string_equal(devices.udcs[0].gadget, "lightsout-a");
    assert_int_equal(devices.n_gpios, 1);
    assert_int_equal(devices.gpios[0].lines, 54);
    assert_true(devices.kvm);
    assert_false(devices.uefi);
}

static void only_what_is_listed_is_taken(void **state)
{
    (void)state;
    assert_true(devices_have(&devices, DEVICE_CAPTURE, "/dev/video0"));
    assert_true(devices_have(&devices, DEVICE_CAPTURE, "/dev/v4l/by-path/pci-0-usb-1-video-index0"));
    static const char *const strange[] = {"",       "/dev/video",      "/dev/video1", "/dev/sda", "/dev/../dev/video0",
                                          "video0", "/dev/v4l-subdev0"};
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
        assert_false(devices_have(&devices, DEVICE_CAPTURE, strange[i]));
    assert_true(devices_have(&devices, DEVICE_UDC, "auto"));
    assert_true(devices_have(&devices, DEVICE_UDC, "fe980000.usb"));
    assert_false(devices_have(&devices, DEVICE_UDC, "dummy_udc.0"));
    assert_true(devices_have(&devices, DEVICE_GPIO, "gpiochip0:17"));
    assert_true(devices_have(&devices, DEVICE_GPIO, "pinctrl:0,active-low"));
    static const char *const lines[] = {"gpiochip0",     "gpiochip0:",       "gpiochip0:54", "gpiochip1:3",
                                        "gpiochip0:3,x", "/dev/gpiochip0:3", "gpiochip0:-1", ":3"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_false(devices_have(&devices, DEVICE_GPIO, lines[i]));
}

static void a_machine_without_any(void **state)
{
    (void)state;
    static struct devices none;
    devices_list("/nowhere", &none);
    assert_int_equal(none.n_captures + none.n_udcs + none.n_gpios, 0);
    assert_false(none.kvm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_listed),
        cmocka_unit_test(only_what_is_listed_is_taken),
        cmocka_unit_test(a_machine_without_any),
    };
    return cmocka_run_group_tests(tests, make_machine, remove_machine);
}
