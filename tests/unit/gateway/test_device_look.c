/* What is said of a device, and how gateway and supervisor tell each other: by a folder that looks like a machine. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/ipc.h"
#include "core/text.h"
#include "gateway/control/control.h"
#include "gateway/control/control_devices.h"
#include "gateway/supervisor/supervisor_devices.h"
#include "machine_folder.h"

#define HANG_US 120000000

static struct machine_folder root;
static struct devices devices;
static struct config_target target = {.machine = CONFIG_DONGLE, .name = "desk"};
static struct config config;

static int make_machine(void **state)
{
    (void)state;
    machine_folder_make(&root);
    machine_folder_file(&root, "sys/class/video4linux/video0/name", "HDMI bridge\n");
    machine_folder_file(&root, "sys/class/video4linux/video2/name", "stick\n");
    machine_folder_file(&root, "sys/class/udc/fe980000.usb/state", "configured\n");
    machine_folder_file(&root, "sys/class/udc/fe980000.usb/function", "lightsout-desk\n");
    machine_folder_file(&root, "sys/class/udc/fe980000.usb/current_speed", "high-speed\n");
    machine_folder_file(&root, "sys/class/udc/other.usb/function", "g_ether\n");
    machine_folder_file(&root, "sys/class/udc/spare.usb/state", "not attached\n");
    machine_folder_file(&root, "sys/class/udc/spare.usb/maximum_speed", "super-speed\n");
    machine_folder_file(&root, "sys/bus/gpio/devices/gpiochip0/ngpio", "8\n");
    machine_folder_file(&root, "dev/video2", "no device");
    devices_list(root.path, &devices);
    snprintf(target.dongle.capture, sizeof target.dongle.capture, "/dev/video0");
    snprintf(target.dongle.panel.buttons[0].chip, sizeof target.dongle.panel.buttons[0].chip, "/dev/gpiochip0");
    target.dongle.panel.buttons[0].offset = 3;
    config.targets[0] = &target;
    config.n_targets = 1;
    return 0;
}

static int remove_machine(void **state)
{
    (void)state;
    machine_folder_remove(&root);
    return 0;
}

static const struct device_seen *look(enum device_kind kind, const char *value)
{
    static struct device_question question;
    assert_int_equal(device_question_make(root.path, &config, &devices, kind, value, &question), 0);
    device_look(&question);
    return &question.seen;
}

static void what_a_target_has_is_not_opened(void **state)
{
    (void)state;
    const struct device_seen *seen = look(DEVICE_CAPTURE, "/dev/video0");
    assert_true(seen->busy);
    assert_int_equal(seen->works, DEVICE_UNKNOWN);
    assert_string_equal(seen->target, "desk");
    assert_string_equal(seen->facts[DEVICE_FACT_CARD], "HDMI bridge");
    assert_non_null(strstr(seen->not_seen, "was not opened"));
}

static void what_is_no_capture_device_fails(void **state)
{
    (void)state;
    const struct device_seen *seen = look(DEVICE_CAPTURE, "/dev/video2");
    assert_int_equal(seen->works, DEVICE_FAILS);
    assert_false(seen->busy);
    assert_string_equal(seen->target, "");
    assert_non_null(strstr(seen->why, "/dev/video2 is no capture device"));
}

static void controllers(void **state)
{
    (void)state;
    const struct device_seen *seen = look(DEVICE_UDC, "fe980000.usb");
    assert_true(seen->busy);
    assert_string_equal(seen->target, "desk");
    assert_string_equal(seen->facts[DEVICE_FACT_SPEED], "high-speed");
    seen = look(DEVICE_UDC, "other.usb");
    assert_true(seen->busy);
    assert_int_equal(seen->works, DEVICE_FAILS);
    assert_string_equal(seen->target, "");
    assert_non_null(strstr(seen->why, "g_ether"));
    seen = look(DEVICE_UDC, "spare.usb");
    assert_false(seen->busy);
    assert_int_equal(seen->works, DEVICE_WORKS);
    assert_string_equal(seen->facts[DEVICE_FACT_MAX_SPEED], "super-speed");
}

static void lines(void **state)
{
    (void)state;
    const struct device_seen *seen = look(DEVICE_GPIO, "gpiochip0:3,active-low");
    assert_string_equal(seen->device, "gpiochip0:3");
    assert_string_equal(seen->target, "desk");
    seen = look(DEVICE_GPIO, "gpiochip0:4");
    assert_string_equal(seen->target, "");
    assert_int_equal(seen->works, DEVICE_UNKNOWN);
    assert_non_null(strstr(seen->not_seen, "not looked at"));
}

static void what_is_not_listed_is_not_looked_at(void **state)
{
    (void)state;
    static struct device_question question;
    static const char *const strange[] = {"/dev/video1", "/etc/passwd", "", "/dev/../dev/video0"};
    for (unsigned i = 0; i < ARRAY_SIZE(strange); i++)
        assert_int_equal(device_question_make(root.path, &config, &devices, DEVICE_CAPTURE, strange[i], &question),
                         -ENOENT);
}

static void a_list_without_room_says_so(void **state)
{
    (void)state;
    static struct control_devices list;
    static struct control_devices_answer answer;
    static uint8_t room[IPC_MAX_BODY];
    list.devices.n_captures = DEVICES_MAX;
    for (unsigned i = 0; i < DEVICES_MAX; i++) {
        struct device_capture *one = &list.devices.captures[i];
        memset(one->node, 'n', sizeof one->node - 1);
        memset(one->stable, 's', sizeof one->stable - 1);
        memset(one->card, 'c', sizeof one->card - 1);
    }
    struct wire_writer w = wire_writer_init(room, sizeof room);
    control_write_devices(&w, &list);
    assert_false(w.full);
    assert_true(control_read_devices(room, wire_written(&w), &answer));
    assert_true(answer.list.left_out > 0);
    assert_int_equal(answer.list.devices.n_captures + answer.list.left_out, DEVICES_MAX);
    for (size_t n = 0; n < wire_written(&w); n += 97)
        (void)control_read_devices(room, n, &answer);
    room[0] = 2;
    assert_false(control_read_devices(room, wire_written(&w), &answer));
}

/* ---- through the supervisor ---- */

struct bed {
    struct loop *loop;
    struct ipc *supervisor, *gateway;
    struct supervisor_devices *devices;
    struct loop_timer *hang;
    struct control_devices_answer answers[3];
    unsigned n, wanted;
};

static struct ipc *gateway_of(void *data)
{
    struct bed *bed = data;
    return bed->supervisor;
}

static void on_ask(void *data, struct ipc_message *message)
{
    struct bed *bed = data;
    assert_true(supervisor_devices_message(bed->devices, message));
}

static void on_answer(void *data, struct ipc_message *message)
{
    struct bed *bed = data;
    assert_int_equal(message->type, CONTROL_DEVICES);
    assert_true(message->serial >= 1 && message->serial <= 3);
    assert_true(control_read_devices(message->body, message->body_size, &bed->answers[message->serial - 1]));
    if (++bed->n == bed->wanted)
        loop_stop(bed->loop, 0);
}

static void on_hang(void *data)
{
    struct bed *bed = data;
    loop_stop(bed->loop, 1);
}

static void on_closed(void *data, int error)
{
    (void)data;
    (void)error;
}

static void ask(struct bed *bed, uint32_t serial, const struct control_devices_ask *ask)
{
    uint8_t room[512];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    control_write_devices_ask(&w, ask);
    assert_int_equal(ipc_send(bed->gateway, CONTROL_DEVICES_ASK, serial, room, wire_written(&w), NULL, 0), 0);
}

static void the_supervisor_answers(void **state)
{
    (void)state;
    static const struct ipc_listener asks = {.message = on_ask, .closed = on_closed},
                                     answers = {.message = on_answer, .closed = on_closed};
    static struct bed bed = {.wanted = 3};
    int fds[2];
    assert_int_equal(loop_create(&bed.loop), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    assert_int_equal(ipc_create(bed.loop, fds[0], &asks, &bed, &bed.supervisor), 0);
    assert_int_equal(ipc_create(bed.loop, fds[1], &answers, &bed, &bed.gateway), 0);
    const struct supervisor_devices_config c = {
        .root = root.path, .config = &config, .gateway = gateway_of, .data = &bed};
    assert_int_equal(supervisor_devices_create(bed.loop, &c, &bed.devices), 0);
    assert_int_equal(loop_timer_add(bed.loop, on_hang, &bed, &bed.hang), 0);
    loop_timer_arm_in(bed.hang, HANG_US);
    ask(&bed, 1, &(struct control_devices_ask){.test = false});
    ask(&bed, 2, &(struct control_devices_ask){.test = true, .kind = DEVICE_UDC, .value = "spare.usb"});
    ask(&bed, 3, &(struct control_devices_ask){.test = true, .kind = DEVICE_UDC, .value = "none.usb"});
    assert_int_equal(loop_run(bed.loop), 0);
    const struct control_devices *list = &bed.answers[0].list;
    assert_int_equal(list->devices.n_captures, 2);
    assert_string_equal(list->capture_users[0], "desk");
    assert_string_equal(list->capture_users[1], "");
    assert_int_equal(list->n_lines, 1);
    assert_int_equal(list->lines[0].line, 3);
    assert_string_equal(list->lines[0].target, "desk");
    assert_int_equal(bed.answers[1].error, 0);
    assert_int_equal(bed.answers[1].seen.works, DEVICE_WORKS);
    /* behind the other one, or while that is looked at */
    assert_true(bed.answers[2].error == -ENOENT || bed.answers[2].error == -EBUSY);
    supervisor_devices_destroy(bed.devices);
    ipc_destroy(bed.supervisor);
    ipc_destroy(bed.gateway);
    loop_timer_remove(bed.hang);
    loop_destroy(bed.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_target_has_is_not_opened),
        cmocka_unit_test(what_is_no_capture_device_fails),
        cmocka_unit_test(controllers),
        cmocka_unit_test(lines),
        cmocka_unit_test(what_is_not_listed_is_not_looked_at),
        cmocka_unit_test(a_list_without_room_says_so),
        cmocka_unit_test(the_supervisor_answers),
    };
    return cmocka_run_group_tests(tests, make_machine, remove_machine);
}
