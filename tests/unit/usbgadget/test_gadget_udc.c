/* Controllers as sysfs and configfs show them, made of plain files. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/text.h"
#include "usbgadget/gadget_kernel.h"
#include "usbgadget/gadget_udc.h"

struct fixture {
    char root[64], udcs[128], configfs[128];
    struct gadget_place place;
    struct gadget_udc udc;
    char why[256];
};

static void make(const struct fixture *f, const char *path, const char *content, size_t size)
{
    char full[GADGET_PATH_SIZE];
    gadget_path(full, "%s/%s", f->root, path);
    for (char *slash = full + strlen(f->root) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = 0;
        assert_true(mkdir(full, 0700) == 0 || errno == EEXIST);
    }
    _cleanup_close_ int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, content, size), size);
}

static void make_udc(const struct fixture *f, const char *name, const char *driver, const char *function)
{
    char path[GADGET_PATH_SIZE], link[GADGET_PATH_SIZE], target[64];
    make(f, gadget_path(path, "udc/%s/state", name), "not attached\n", 13);
    make(f, gadget_path(path, "udc/%s/function", name), function, strlen(function));
    make(f, gadget_path(path, "udc/%s/device/of_node/compatible", name), "allwinner,sun8i-h3-musb", 24);
    snprintf(target, sizeof target, "../../../bus/platform/drivers/%s", driver);
    assert_int_equal(symlink(target, gadget_path(link, "%s/udc/%s/device/driver", f->root, name)), 0);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    (void)text_copy(f->root, sizeof f->root, "/tmp/lightsout.XXXXXX");
    if (!mkdtemp(f->root))
        return -1;
    snprintf(f->udcs, sizeof f->udcs, "%s/udc", f->root);
    snprintf(f->configfs, sizeof f->configfs, "%s/config", f->root);
    f->place = (struct gadget_place){.udcs = f->udcs, .configfs = f->configfs};
    return 0;
}

static int remove_all(void *data, const char *folder, const char *name)
{
    char path[GADGET_PATH_SIZE];
    gadget_path(path, "%s/%s", folder, name);
    if (unlink(path) == 0)
        return 0;
    (void)gadget_each_entry(path, remove_all, data);
    return rmdir(path);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    (void)gadget_each_entry(f->root, remove_all, NULL);
    int r = rmdir(f->root);
    free(f);
    return r;
}

static int find(struct fixture *f, const char *wanted)
{
    return gadget_udc_find(&f->place, wanted, "ours", &f->udc, f->why, sizeof f->why);
}

static void test_none(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(find(f, ""), -ENODEV);
    assert_true(strlen(f->why) > 20);
    make_udc(f, "a.usb", "dwc2", "");
    assert_int_equal(find(f, "b.usb"), -ENODEV);
    assert_non_null(strstr(f->why, "b.usb"));
    assert_true(gadget_udc_there(&f->place, "a.usb"));
    assert_false(gadget_udc_there(&f->place, "b.usb"));
    assert_false(gadget_udc_there(&f->place, ""));
}

static void test_endpoints_by_driver(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *driver;
        unsigned in, out;
    } rows[] = {{"dwc2", 7, 7},    {"dummy_udc", 15, 15}, {"usbip-vudc", 15, 15}, {"musb-hdrc", 4, 4},
                {"ci_hdrc", 7, 7}, {"dwc3", 0, 0},        {"something-new", 0, 0}};
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[16];
        snprintf(name, sizeof name, "u%u", i);
        make_udc(f, name, rows[i].driver, "");
        assert_int_equal(find(f, name), 0);
        assert_string_equal(f->udc.name, name);
        assert_string_equal(f->udc.driver, rows[i].driver);
        assert_int_equal(f->udc.in, rows[i].in);
        assert_int_equal(f->udc.out, rows[i].out);
    }
}

static void test_transmit_fifos_are_counted(void **state)
{
    struct fixture *f = *state;
    static const char fifos[6 * 4];
    make_udc(f, "fe980000.usb", "dwc2", "");
    make(f, "udc/fe980000.usb/device/of_node/g-tx-fifo-size", fifos, sizeof fifos);
    assert_int_equal(find(f, ""), 0);
    assert_int_equal(f->udc.in, 6);
    assert_int_equal(f->udc.out, 7);
}

static void test_the_first_that_nobody_has(void **state)
{
    struct fixture *f = *state;
    make_udc(f, "a", "dwc2", "");
    make_udc(f, "b", "dwc2", "g_ether\n");
    make_udc(f, "c", "dwc2", "configfs-gadget.ours\n");
    make(f, "config/usb_gadget/other/UDC", "a\n", 2);
    make(f, "config/usb_gadget/ours/UDC", "c\n", 2);
    assert_int_equal(find(f, ""), 0);
    assert_string_equal(f->udc.name, "c");
    assert_int_equal(find(f, "a"), -EBUSY);
    assert_non_null(strstr(f->why, "other"));
    assert_int_equal(find(f, "b"), -EBUSY);
    assert_non_null(strstr(f->why, "g_ether"));
}

static void test_hids_of_others(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(gadget_kernel_free_hids(&f->place, "ours"), 4);
    make(f, "config/usb_gadget/ours/functions/hid.keyboard/dev", "", 0);
    make(f, "config/usb_gadget/x/functions/hid.0/dev", "", 0);
    make(f, "config/usb_gadget/x/functions/hid.1/dev", "", 0);
    make(f, "config/usb_gadget/y/functions/acm.0/x", "", 0);
    make(f, "config/usb_gadget/y/functions/hid.1/dev", "", 0);
    assert_int_equal(gadget_kernel_free_hids(&f->place, "ours"), 1);
}

static void test_attributes(void **state)
{
    struct fixture *f = *state;
    char path[GADGET_PATH_SIZE], room[8];
    make(f, "a/value", "1234567\n", 8);
    gadget_path(path, "%s/a/value", f->root);
    assert_int_equal(gadget_attr_read(&f->place, path, room, sizeof room), -EMSGSIZE);
    make(f, "a/value", "123456\n", 7);
    assert_int_equal(gadget_attr_read(&f->place, path, room, sizeof room), 0);
    assert_string_equal(room, "123456");
    assert_int_equal(gadget_attr_write(&f->place, path, "x"), 0);
    gadget_path(path, "%s/a/nothing", f->root);
    assert_int_equal(gadget_attr_write(&f->place, path, "x"), -ENOENT); /* it makes none */
    assert_int_equal(gadget_attr_read(&f->place, path, room, sizeof room), -ENOENT);
    char longest[GADGET_PATH_SIZE];
    assert_string_equal(gadget_path(longest, "%*s", GADGET_PATH_SIZE, "x"), "");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_none),
        T(test_endpoints_by_driver),
        T(test_transmit_fifos_are_counted),
        T(test_the_first_that_nobody_has),
        T(test_hids_of_others),
        T(test_attributes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
