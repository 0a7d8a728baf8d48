/* Other kernels, other gadgets and other controllers than a gadget would like: what is missing, taken, left behind, or
 * goes away. */
#include <errno.h>
#include <fcntl.h>
#include <linux/usb/functionfs.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "host_side.h"
#include "usbgadget/gadget_internal.h"
#include "usbgadget/gadget_remove.h"

#define PRODUCT 0x0107
#define GADGETS "/sys/kernel/config/usb_gadget/"
#define OURS GADGETS "lightsout-test"

struct fixture {
    struct gadget_place place;
    struct gadget_config config;
    struct gadget *gadget;
    char why[256];
};

static const char *missing[4];  /* names of files that this kernel has not got */
static unsigned most_functions; /* that the controller binds; 0: any number */
static int refusal;             /* older kernels tell the reason, newer ones always say EBUSY */

static bool absent(const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    for (unsigned i = 0; i < 4; i++)
        if (missing[i] && strcmp(missing[i], name) == 0)
            return true;
    return false;
}

static int count_link(void *data, const char *folder, const char *name)
{
    char path[GADGET_PATH_SIZE];
    struct stat st;
    if (lstat(gadget_path(path, "%s/%s", folder, name), &st) == 0 && S_ISLNK(st.st_mode))
        ++*(unsigned *)data;
    return 0;
}

/* A controller with few endpoints. */
static int write_or_refuse(const char *path, const char *text)
{
    unsigned links = 0;
    if (most_functions && strstr(path, "/UDC") && text[0] != '\n') {
        (void)gadget_each_entry(OURS "/configs/c.1", count_link, &links);
        if (links > most_functions)
            return refusal;
    }
    return host_write(path, text);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    log_set_level(LOG_ERROR);
    memset(missing, 0, sizeof missing);
    most_functions = 0;
    f->place = gadget_place_default;
    f->place.absent = absent;
    f->place.write = write_or_refuse;
    f->config = host_gadget_config(PRODUCT);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    gadget_destroy(f->gadget);
    bool clean = host_wait_no_device(PRODUCT) && access(OURS, F_OK) < 0;
    free(f);
    return clean ? 0 : -1;
}

static void create(struct fixture *f)
{
    int r = gadget_create_at(&f->place, &f->config, &f->gadget, f->why, sizeof f->why);
    if (r < 0)
        fail_msg("gadget_create: %d %s", r, f->why);
}

static int up(struct fixture *f, enum personality personality)
{
    return gadget_up(f->gadget, personality, NULL, f->why, sizeof f->why);
}

static void expect_interfaces(const char *expected)
{
    char interfaces[32] = "";
    for (unsigned i = 0; i < HOST_PATIENCE_US / 10000 && strcmp(interfaces, expected) != 0; i++) {
        host_interfaces(PRODUCT, interfaces);
        usleep(10000);
    }
    assert_string_equal(interfaces, expected);
}

/* --- kernels --- */

static void test_a_kernel_that_lacks_attributes(void **state)
{
    struct fixture *f = *state;
    struct gadget_description d;
    missing[0] = "no_out_endpoint", missing[1] = "inquiry_string", missing[2] = "forced_eject", missing[3] = "stall";
    f->config.wakeup = true;
    create(f);
    assert_int_equal(up(f, PERSONALITY_FULL), 0);
    expect_interfaces("KHMHS");
    gadget_describe(f->gadget, &d);
    assert_true(d.led_endpoint); /* not wanted, but not to be avoided */
    assert_int_equal(d.out, 5);
    assert_false(d.stall || d.wakeup);
    assert_non_null(strstr(d.kernel, "no_out_endpoint"));
    assert_non_null(strstr(d.kernel, "forced_eject"));
    f->gadget->config.endpoints_out = 3;
    assert_int_equal(up(f, PERSONALITY_FULL), 0);
    expect_interfaces("KHS");
}

static void test_endpoints_are_counted(void **state)
{
    struct fixture *f = *state;
    struct gadget_description d;
    f->config.endpoints_in = 3;
    f->config.led_endpoint = true;
    create(f);
    assert_int_equal(up(f, PERSONALITY_FULL), 0);
    expect_interfaces("KHS");
    gadget_describe(f->gadget, &d);
    assert_true(d.led_endpoint);
    assert_true(left_out_functions(&d.left_out) & 1u << GADGET_CONSUMER);
    assert_int_equal(d.in, 3);
}

static void test_a_controller_that_refuses(void **state)
{
    struct fixture *f = *state;
    struct gadget_description d;
    create(f);
    most_functions = 3;
    refusal = -ENODEV;
    assert_int_equal(up(f, PERSONALITY_FULL), 0);
    expect_interfaces("KHS");
    refusal = -EBUSY;
    assert_int_equal(up(f, PERSONALITY_FULL), 0);
    expect_interfaces("KHS");
    gadget_describe(f->gadget, &d);
    assert_true(d.bound && left_out_functions(&d.left_out));
    most_functions = 1;
    assert_int_equal(up(f, PERSONALITY_STORAGE_FIRST), -ENOSPC);
    assert_int_equal(up(f, PERSONALITY_FULL), 0);
    expect_interfaces("K");
}

/* --- others --- */

static void test_hids_of_others_count(void **state)
{
    struct fixture *f = *state;
    static const char *const folders[] = {GADGETS "other", GADGETS "other/functions/hid.1",
                                          GADGETS "other/functions/hid.2"};
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(mkdir(folders[i], 0755), 0);
    create(f);
    assert_int_equal(up(f, PERSONALITY_FULL), 0);
    expect_interfaces("KHS");
    assert_int_equal(gadget_remove(&gadget_place_default, "other", NULL), 0);
    assert_int_equal(up(f, PERSONALITY_FULL), 0);
    expect_interfaces("KHMHS");
}

static void test_a_controller_that_others_have(void **state)
{
    struct fixture *f = *state;
    struct gadget *other;
    char room[64];
    struct gadget_config config = host_gadget_config(0x0108);
    struct gadget_description d;
    config.name = "lightsout-other";
    assert_int_equal(gadget_create(&config, &other, f->why, sizeof f->why), 0);
    assert_int_equal(gadget_up(other, PERSONALITY_KEYBOARD, NULL, f->why, sizeof f->why), 0);
    assert_int_equal(gadget_create_at(&f->place, &f->config, &f->gadget, f->why, sizeof f->why), -EBUSY);
    assert_non_null(strstr(f->why, "lightsout-other"));
    f->config.udc = "nothing.0";
    assert_int_equal(gadget_create_at(&f->place, &f->config, &f->gadget, f->why, sizeof f->why), -ENODEV);
    f->config.udc = ""; /* whichever is free */
    create(f);
    gadget_describe(f->gadget, &d);
    assert_string_equal(d.udc, "usbip-vudc.0");
    assert_int_equal(up(f, PERSONALITY_FULL), 0);
    assert_string_equal(gadget_state(f->gadget, room, sizeof room), "not attached");
    /* two HID functions would be too many for one system by now */
    gadget_describe(f->gadget, &d);
    assert_false(d.has[GADGET_CONSUMER]);
    _cleanup_close_ int keyboard = gadget_open_hid(f->gadget, GADGET_KEYBOARD);
    assert_true(keyboard >= 0);
    assert_int_equal(write(keyboard, "\0\0\0\0\0\0\0\0", 8), -1); /* nobody is attached */
    assert_int_equal(errno, ESHUTDOWN);
    gadget_destroy(other);
    assert_true(host_wait_no_device(0x0108));
}

/* --- what an earlier run left --- */

static void make_half_built(unsigned stage)
{
    static const char *const steps[] = {
        OURS,
        OURS "/functions/hid.keyboard",
        OURS "/functions/mass_storage.drives",
        OURS "/functions/mass_storage.drives/lun.1",
        OURS "/configs/c.1",
        OURS "/configs/c.1/strings/0x409",
        OURS "/strings/0x409",
        OURS "/functions/ffs.old",
    };
    for (unsigned i = 0; i <= stage && i < ARRAY_SIZE(steps); i++)
        assert_int_equal(mkdir(steps[i], 0755), 0);
    if (stage >= ARRAY_SIZE(steps))
        assert_int_equal(symlink(OURS "/functions/mass_storage.drives", OURS "/configs/c.1/mass_storage.drives"), 0);
}

static void test_left_overs(void **state)
{
    struct fixture *f = *state;
    for (unsigned stage = 0; stage <= 8; stage++) {
        make_half_built(stage);
        create(f);
        f->gadget = gadget_destroy(f->gadget);
        assert_int_equal(access(OURS, F_OK), -1);
    }
    /* and one that is bound, with its media: as after a kill */
    struct gadget *killed;
    assert_int_equal(gadget_create(&f->config, &killed, f->why, sizeof f->why), 0);
    assert_int_equal(gadget_up(killed, PERSONALITY_FULL, NULL, f->why, sizeof f->why), 0);
    int held = gadget_open_hid(killed, GADGET_KEYBOARD);
    expect_interfaces("KHMHS");
    create(f);
    assert_true(host_wait_no_device(PRODUCT));
    assert_int_equal(up(f, PERSONALITY_KEYBOARD), 0);
    expect_interfaces("K");
    close(held);
    gadget_destroy(killed); /* frees it; ours goes with it, by its name */
    assert_false(gadget_is_bound(f->gadget));
}

/* --- a controller that goes away --- */

static bool is_gone(void *data)
{
    struct fixture *f = data;
    char room[64];
    return strcmp(gadget_state(f->gadget, room, sizeof room), "gone") == 0;
}

static void test_a_controller_that_goes_and_comes_back(void **state)
{
    struct fixture *f = *state;
    char room[64];
    create(f);
    assert_int_equal(up(f, PERSONALITY_KEYBOARD_DRIVE), 0);
    expect_interfaces("KS");
    for (unsigned i = 0; i < 2; i++) {
        _cleanup_close_ int watch = gadget_open_state(f->gadget);
        assert_true(watch >= 0);
        assert_int_equal(host_write("/sys/bus/platform/drivers/dummy_udc/unbind", "dummy_udc.0"), 0);
        struct pollfd p = {.fd = watch, .events = POLLPRI};
        assert_int_equal(poll(&p, 1, 60000), 1);
        assert_true(host_wait(is_gone, f));
        assert_int_equal(up(f, PERSONALITY_FULL), -ENODEV);
        assert_int_equal(gadget_open_state(f->gadget), -ENOENT);
        assert_int_equal(host_write("/sys/bus/platform/drivers/dummy_udc/bind", "dummy_udc.0"), 0);
        assert_int_equal(up(f, PERSONALITY_FULL), 0);
        expect_interfaces("KHMHS");
        assert_string_equal(gadget_state(f->gadget, room, sizeof room), "configured");
    }
}

/* --- FunctionFS --- */

static const struct {
    struct usb_functionfs_descs_head_v2 head;
    __le32 full, high;
    struct {
        struct usb_interface_descriptor interface;
        struct usb_endpoint_descriptor_no_audio in, out;
    } __attribute__((packed)) descriptors[2];
} __attribute__((packed)) ffs_descriptors = {
    .head = {FUNCTIONFS_DESCRIPTORS_MAGIC_V2, sizeof ffs_descriptors, FUNCTIONFS_HAS_FS_DESC | FUNCTIONFS_HAS_HS_DESC},
    .full = 3,
    .high = 3,
    .descriptors = {{{9, USB_DT_INTERFACE, 0, 0, 2, 8, 6, 0x50, 1},
                     {7, USB_DT_ENDPOINT, 1 | USB_DIR_IN, USB_ENDPOINT_XFER_BULK, 64, 0},
                     {7, USB_DT_ENDPOINT, 2 | USB_DIR_OUT, USB_ENDPOINT_XFER_BULK, 64, 0}},
                    {{9, USB_DT_INTERFACE, 0, 0, 2, 8, 6, 0x50, 1},
                     {7, USB_DT_ENDPOINT, 1 | USB_DIR_IN, USB_ENDPOINT_XFER_BULK, 512, 0},
                     {7, USB_DT_ENDPOINT, 2 | USB_DIR_OUT, USB_ENDPOINT_XFER_BULK, 512, 0}}},
};
static const struct {
    struct usb_functionfs_strings_head head;
    __le16 language;
    char text[4];
} __attribute__((packed)) ffs_strings = {{FUNCTIONFS_STRINGS_MAGIC, sizeof ffs_strings, 1, 1}, 0x409, "Big"};

static void test_a_function_of_our_own(void **state)
{
    struct fixture *f = *state;
    struct gadget_description d;
    int fds[3];
    f->config.big_cd = true;
    create(f);
    assert_int_equal(up(f, PERSONALITY_KEYBOARD_DRIVE), 0); /* nobody has asked for it yet */
    expect_interfaces("KS");
    for (unsigned round = 0; round < 2; round++) {
        assert_int_equal(gadget_open_ffs(f->gadget, fds), 0);
        int ep0 = fds[0];
        assert_int_equal(write(ep0, &ffs_descriptors, sizeof ffs_descriptors), sizeof ffs_descriptors);
        assert_int_equal(write(ep0, &ffs_strings, sizeof ffs_strings), sizeof ffs_strings);
        assert_int_equal(up(f, PERSONALITY_KEYBOARD_DRIVE), 0);
        gadget_describe(f->gadget, &d);
        assert_true(d.has[GADGET_BIG_CD] && d.has[GADGET_STORAGE]);
        assert_int_equal(gadget_open_ffs(f->gadget, fds), 0);
        assert_true(fds[0] == -1 && fds[1] >= 0 && fds[2] >= 0);
        gadget_down(f->gadget);
        close(fds[1]), close(fds[2]), close(ep0);
    }
    /* descriptors that nobody has written: shown without that drive */
    assert_int_equal(gadget_open_ffs(f->gadget, fds), 0);
    assert_int_equal(up(f, PERSONALITY_KEYBOARD_DRIVE), 0);
    gadget_describe(f->gadget, &d);
    assert_true(d.bound && !d.has[GADGET_BIG_CD]);
    gadget_down(f->gadget);
    close(fds[0]);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_a_kernel_that_lacks_attributes),
        T(test_endpoints_are_counted),
        T(test_a_controller_that_refuses),
        T(test_hids_of_others_count),
        T(test_a_controller_that_others_have),
        T(test_left_overs),
        T(test_a_controller_that_goes_and_comes_back),
        T(test_a_function_of_our_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
