/* Each mistake's text, because people act on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/config/config.h"

static char *printed(const struct config_mistakes *mistakes)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    config_print_mistakes(f, "f", mistakes);
    fclose(f);
    return text;
}

static void assert_mistakes_of(const char *text, bool trusted, const char *expected)
{
    struct config_mistakes mistakes = {0};
    struct config *config = NULL;
    int r = config_parse(text, strlen(text), trusted, &mistakes, &config);
    char *got = printed(&mistakes);
    assert_string_equal(got, expected);
    assert_true(r < 0);
    assert_null(config);
    free(got);
}

static void assert_mistakes(const char *text, const char *expected)
{
    assert_mistakes_of(text, false, expected);
}

#define QEMU "[target a]\nmachine = qemu\n"

struct mistake {
    const char *text, *expected;
};

static void assert_each(const struct mistake *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_mistakes(cases[i].text, cases[i].expected);
}

static const struct mistake in_form[] = {
    {"[gateway]\nlissten = 1\n", "f:2: lissten: unknown key; did you mean listen?\n"},
    {"[gateway]\nwhatever = 1\n", "f:2: whatever: unknown key; remove it, or see lightsoutd's configuration manual\n"},
    {"[gateway]\nmemory = 1\n", "f:2: memory: this key belongs into section [target NAME]; move it there\n"},
    {"[other]\nx = 1\n", "f:1: there is no section [other]; use [gateway] or [target NAME]\n"},
    {"[gateway\n", "f:1: the section's name has no closing bracket; write [gateway] or [target NAME]\n"},
    {"[gateway x]\n", "f:1: section [gateway] has no name; write [gateway]\n"},
    {"[gateway]\n[gateway]\n", "f:2: section [gateway] was begun already; join the two\n"},
    {"listen = 1\n", "f:1: listen: stands before any section; put [gateway] or [target NAME] above it\n"},
    {"[gateway]\nlisten\n",
     "f:2: the line is neither [section] nor key = value nor a comment; begin a comment with #\n"},
    {"[gateway]\n= 1\n", "f:2: there is no key before the =; write key = value\n"},
};

static void lines_and_sections(void **state)
{
    (void)state;
    assert_each(in_form, ARRAY_SIZE(in_form));
}

static const struct mistake in_gateway[] = {
    {"[gateway]\nlisten =\n", "f:2: listen: the value is missing; give addresses or interfaces with ports, for "
                              "example listen = 127.0.0.1:8443 [::1]:8443 eth0:8443\n"},
    {"[gateway]\nlisten = 10.0.0:1\n",
     "f:2: listen: '10.0.0:1' holds '10.0.0:1', which is no numeric address or interface with a port; give "
     "addresses or interfaces with ports, for example listen = 127.0.0.1:8443 [::1]:8443 eth0:8443\n"},
    {"[gateway]\nlisten = 1.2.3.4:80 [::1]:81\n",
     "f:2: listen: '1.2.3.4:80 [::1]:81' names two ports, 80 and 81; all addresses must have the same; give "
     "addresses or interfaces with ports, for example listen = 127.0.0.1:8443 [::1]:8443 eth0:8443\n"},
    {"[gateway]\ntrusted-proxies = 0.0.0.0/0\n",
     "f:2: trusted-proxies: '0.0.0.0/0' would believe everybody; give the proxies' addresses or networks, for example "
     "trusted-proxies = 192.0.2.10 fd00:1::/64\n"},
    {"[gateway]\nbase-path = kvm\n",
     "f:2: base-path: 'kvm' is no path that begins with / and ends without one; give the path that a proxy keeps in "
     "front, for example base-path = /kvm\n"},
    {"[gateway]\nbase-path = /k;x\n",
     "f:2: base-path: '/k;x' holds something other than letters, digits, - and _; give the path that a proxy keeps in "
     "front, for example base-path = /kvm\n"},
    {"[gateway]\nclient-crl = /c\n", "f: client-crl: revokes certificates of nobody; add client-ca\n"},
    {"[gateway]\nstate = here\n", "f:2: state: 'here' is no absolute path; give an absolute path, for example "
                                  "state = /var/lib/lightsout\n"},
    {"[gateway]\nuser = root\n", "f:2: user: 'root' would leave every part the powers of root; give the name or "
                                 "number of an unprivileged user, for example user = lightsout\n"},
    {"[gateway]\npublic-names = a/b\n", "f:2: public-names: 'a/b' holds 'a/b', which is no host name; give the "
                                        "names that browsers use, for example public-names = kvm.example.org "
                                        "localhost\n"},
    {"[gateway]\ncertificate = /c\n",
     "f: certificate-key: certificate and certificate-key belong together; give both or neither\n"},
};

static void values_of_the_gateway(void **state)
{
    (void)state;
    assert_each(in_gateway, ARRAY_SIZE(in_gateway));
}

static const struct mistake in_target[] = {
    {"[target Ab]\n", "f:1: 'Ab' is no name of a target; use up to 63 of a-z, 0-9 and -, for example [target "
                      "web1]\n"},
    {"[target]\n", "f:1: '' is no name of a target; use up to 63 of a-z, 0-9 and -, for example [target web1]\n"},
    {QEMU QEMU, "f:3: target a was begun in line 1 already; give each target one section\n"},
    {"[target a]\n", "f:1: machine: target a does not say what it is; add machine = qemu, or machine = dongle\n"},
    {"[target a]\nmachine = pc\n", "f:2: machine: 'pc' is not understood; choose qemu, testcard, replay or dongle\n"},
    {"[target a]\nmachine = testcard\ncpus = 2\n",
     "f:1: cpus: target a is a testcard, which has no such key; remove it\n"},
    {"[target a]\nmachine = replay\n", "f:1: recording: target a replays nothing; add recording = PATH\n"},
    {QEMU "memory = 12x\n", "f:3: memory: '12x' is no number; give megabytes without a unit, from 64 to 1048576, "
                            "for example memory = 2048\n"},
    {QEMU "memory = 1\n", "f:3: memory: '1' is out of range; give megabytes without a unit, from 64 to 1048576, "
                          "for example memory = 2048\n"},
    {QEMU "cpus = 1\ncpus = 2\n", "f:4: cpus: given twice in this section; remove one\n"},
    {QEMU "cpus = 99999999999999999999\n", "f:3: cpus: '99999999999999999999' is no number; give a number from 1 "
                                           "to 64\n"},
    {QEMU "tpm = maybe\n", "f:3: tpm: 'maybe' is not understood; write yes or no\n"},
    {QEMU "lifetime = ever\n", "f:3: lifetime: 'ever' is not understood; choose vm (it outlives the supervisor) "
                               "or supervisor (it ends with it)\n"},
    {QEMU "extra-arguments = -s\n",
     "f:3: extra-arguments: allowed only in a file that belongs to root and that nobody else may write; run chown "
     "root and chmod go-w on it, and on its folder\n"},
};

static void what_a_target_is(void **state)
{
    (void)state;
    assert_each(in_target, ARRAY_SIZE(in_target));
}

static const struct mistake in_devices[] = {
    {QEMU "disk = a.qcow2,bus=floppy\n",
     "f:3: disk: 'a.qcow2,bus=floppy' holds 'bus=floppy', which is no option of a disk; write "
     "PATH[,bus=sata|virtio|nvme][,size=SIZE][,format=qcow2|raw], for example disk = system.qcow2,size=20G\n"},
    {QEMU "disk = ../b/secret\n",
     "f:3: disk: '../b/secret' has no usable path; write PATH[,bus=sata|virtio|nvme][,size=SIZE]"
     "[,format=qcow2|raw], for example disk = system.qcow2,size=20G\n"},
    {QEMU "disk = a\ndisk = b\n", "f:4: disk: given twice in this section; remove one\n"},
    {QEMU "disk5 = a\n", "f:3: disk5: unknown key; did you mean disk?\n"},
    {QEMU "nic = tap:a/b\n", "f:3: nic: 'tap:a/b' names no possible network device; choose none, user (a network "
                             "of its own without a way out) or tap:NAME\n"},
    {QEMU "mac = 01:00:00:00:00:00\n",
     "f:3: mac: '01:00:00:00:00:00' is a group address; give six hexadecimal bytes, the first one even, for "
     "example mac = 52:54:00:12:34:56\n"},
    {QEMU "nic = none\nmac = 52:54:00:12:34:56\n",
     "f:1: mac: target 'a' has no network interface; remove mac, or nic = none\n"},
    {QEMU "drives = 5\n", "f:3: drives: '5' is out of range; give a number from 0 to 4, of a dongle from 0 to 2\n"},
    {QEMU "media-wait = soon\n",
     "f:3: media-wait: 'soon' is no number; give seconds from 1 to 3600, or 0 to wait for ever\n"},
    {"[gateway]\noutward-allow = 10.0.0.1/8\n",
     "f:2: outward-allow: '10.0.0.1/8' holds '10.0.0.1/8', which is no numeric address or network (bits behind the "
     "prefix must be zero); give addresses or networks, for example outward-allow = 127.0.0.1 fd00:1::/64\n"},
    {"[gateway]\noutward-deny = example.org\n",
     "f:2: outward-deny: 'example.org' holds 'example.org', which is no numeric address or network (bits behind the "
     "prefix must be zero); give addresses or networks, for example outward-deny = 192.168.0.0/16 fc00::/7\n"},
    {"[gateway]\noutward-proxy = socks5://a:1\n",
     "f:2: outward-proxy: 'socks5://a:1' begins with neither http:// nor https://; give the proxy with its port, for "
     "example outward-proxy = http://proxy.example.org:3128\n"},
    {"[gateway]\noutward-proxy = http://a\n",
     "f:2: outward-proxy: 'http://a' is not just a host and a port behind that; give the proxy with its port, for "
     "example outward-proxy = http://proxy.example.org:3128\n"},
    {"[gateway]\ncache-memory = 1M\n",
     "f:2: cache-memory: '1M' is out of range; give a size from 4M to 64G, for example cache-memory = 64M\n"},
    {"[gateway]\ncache-disk = 2\n",
     "f:2: cache-disk: '2' is no size; give a size up to 16T, or 0 for none, for example cache-disk = 2G\n"},
};

static void disks_drives_and_network(void **state)
{
    (void)state;
    assert_each(in_devices, ARRAY_SIZE(in_devices));
}

#define DONGLE "[target d]\nmachine = dongle\n"

static const struct mistake in_dongle[] = {
    {DONGLE "capture = /etc/shadow\n",
     "f:3: capture: '/etc/shadow' is no path of a device below /dev; give the absolute "
     "path of a device below /dev, for example capture = /dev/video0\n"},
    {DONGLE "capture = /dev/../etc/shadow\n",
     "f:3: capture: '/dev/../etc/shadow' is no path of a device below /dev; give the absolute path of a device below "
     "/dev, for example capture = /dev/video0\n"},
    {DONGLE "udc = ../x\n", "f:3: udc: '../x' is no name of a controller; write auto, or a name that stands in "
                            "/sys/class/udc, for example udc = fe980000.usb\n"},
    {DONGLE "usb-vendor = 12\n",
     "f:3: usb-vendor: '12' is no such number; give four hexadecimal digits, usb-vendor = 1d6b\n"},
    {DONGLE "edid = 4k\n", "f:3: edid: '4k' is not understood; choose keep, 1080p60, 1080p50, 1200p60, 720p60 or "
                           "file:PATH with an absolute path\n"},
    {DONGLE "gpio-power-button = gpiochip0\n", "f:3: gpio-power-button: 'gpiochip0' has no chip and line; write "
                                               "CHIP:LINE[,active-low], for example gpio-power-button = "
                                               "gpiochip0:17\n"},
    {DONGLE "drives = 3\n", "f:1: drives: a dongle has at most 2 drives; give a number from 0 to 2\n"},
    {DONGLE "capture = /dev/video0\nmedia-subdevs = /dev/v4l-subdev0\n",
     "f:1: media-subdevs: subdevices are set through their media device; add media = /dev/media0\n"},
    {DONGLE "media = /dev/media0\n", "f:1: media: the media device belongs to no capture device; add capture = PATH\n"},
    {DONGLE "wake-secureon = 01:02:03:04:05:06\n", "f:1: wake-secureon: no address to wake is given; add wake-mac\n"},
    {DONGLE "udc = u\n[target e]\nmachine = dongle\nudc = u\n",
     "f:4: udc: targets 'd' and 'e' share 'u'; give each a controller of its own\n"},
    {DONGLE "cpus = 1\n", "f:1: cpus: target d is a dongle, which has no such key; remove it\n"},
};

static void devices_of_a_dongle(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(in_dongle); i++)
        assert_mistakes_of(in_dongle[i].text, true, in_dongle[i].expected);
    assert_mistakes(DONGLE, "f:1: machine: target d is a dongle, which is allowed only in a file that belongs to root "
                            "and that nobody else may write; run chown root and chmod go-w on it, and on its folder\n");
}

static void reports_all_mistakes(void **state)
{
    (void)state;
    assert_mistakes("[gateway]\nx = 1\n" QEMU "cpus = 0\n[what]\nignored = 1\n[target b]\nmachine = qemu\ntpm = 1\n",
                    "f:2: x: unknown key; remove it, or see lightsoutd's configuration manual\n"
                    "f:5: cpus: '0' is out of range; give a number from 1 to 64\n"
                    "f:6: there is no section [what]; use [gateway] or [target NAME]\n"
                    "f:10: tpm: '1' is not understood; write yes or no\n");
}

static void refuses_control_characters_and_long_lines(void **state)
{
    (void)state;
    assert_mistakes("[gateway]\nuser = a\033[2Jb\n",
                    "f:2: the line holds control characters; remove them; is this a text file?\n");
    char *text = malloc(6000);
    memset(text, 'a', 5999);
    text[5999] = '\0';
    assert_mistakes(text, "f:1: the line is longer than 4096 bytes; shorten it\n");
    free(text);
}

static void counts_mistakes_beyond_its_room(void **state)
{
    (void)state;
    struct config_mistakes mistakes = {0};
    struct config *config = NULL;
    char text[241] = "";
    for (int i = 0; i < 120; i++)
        memcpy(text + 2 * i, "x\n", 3);
    assert_true(config_parse(text, strlen(text), false, &mistakes, &config) < 0);
    assert_int_equal(mistakes.n, CONFIG_MAX_MISTAKES);
    assert_int_equal(mistakes.further, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_and_sections),
        cmocka_unit_test(values_of_the_gateway),
        cmocka_unit_test(what_a_target_is),
        cmocka_unit_test(disks_drives_and_network),
        cmocka_unit_test(devices_of_a_dongle),
        cmocka_unit_test(reports_all_mistakes),
        cmocka_unit_test(refuses_control_characters_and_long_lines),
        cmocka_unit_test(counts_mistakes_beyond_its_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
