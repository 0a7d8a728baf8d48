/* Virtual drives of a real QEMU, served by nbdkit (one export a file of a folder): what is booted, what is read after a
 * change of medium, and what is left after each way in which something dies. */
#include <sys/stat.h>

#include "boot_media.h"
#include "vm_text.h"

static const char *const quick[] = {"-boot", "menu=off", NULL};

struct bench {
    struct vm *vm;
    pid_t nbdkit;
    char images[160];
};

static void start_server(struct bench *b)
{
    char folder[180];
    snprintf(folder, sizeof folder, "dir=%s", b->images);
    unlink(b->vm->nbd);
    b->nbdkit = fork();
    if (b->nbdkit == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execlp("nbdkit", "nbdkit", "-f", "-U", b->vm->nbd, "file", folder, NULL);
        _exit(127);
    }
    close(vm_connect(b->vm, "nbd.sock")); /* the name is there before it listens */
}

static void stop_server(struct bench *b)
{
    kill(b->nbdkit, SIGKILL);
    waitpid(b->nbdkit, NULL, 0);
}

static const char *const names[] = {"one.iso", "two.iso", "stick.img"};

static char *image(struct bench *b, const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", b->images, name);
    return path;
}

static int setup(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    b->vm = vm_create(quick, 2);
    snprintf(b->images, sizeof b->images, "%s/images", b->vm->folder);
    mkdir(b->images, 0700);
    boot_make_cd(image(b, names[0]), "medium one");
    boot_make_cd(image(b, names[1]), "medium two");
    boot_make_disk(image(b, names[2]), "medium stick");
    start_server(b);
    VM_WAIT(b->vm, vm_power(b->vm) == POWER_OFF);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    stop_server(b);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        unlink(image(b, names[i]));
    rmdir(b->images);
    vm_destroy(b->vm);
    free(b);
    return 0;
}

static struct drive_state drive_now(struct bench *b, unsigned i)
{
    struct drive_state state;
    b->vm->machine->drives[i]->ops->state(b->vm->machine->drives[i], &state);
    return state;
}

static int insert_medium(struct bench *b, unsigned i, const char *name, struct drive_medium medium,
                         struct vm_result *ret)
{
    snprintf(medium.name, sizeof medium.name, "%s", name);
    snprintf(medium.export, sizeof medium.export, "%s", name);
    *ret = (struct vm_result){0};
    b->vm->machine->drives[i]->ops->insert(b->vm->machine->drives[i], &medium, vm_on_done, ret);
    VM_WAIT(b->vm, ret->done);
    return ret->error;
}

static int insert(struct bench *b, unsigned i, const char *name, enum drive_kind kind, struct vm_result *ret)
{
    struct drive_medium medium = {.kind = kind, .read_only = kind == DRIVE_CDROM};
    return insert_medium(b, i, name, medium, ret);
}

static int eject(struct bench *b, unsigned i, bool force)
{
    struct vm_result result = {0};
    b->vm->machine->drives[i]->ops->eject(b->vm->machine->drives[i], force, vm_on_done, &result);
    VM_WAIT(b->vm, result.done);
    return result.error;
}

static void press_key(struct bench *b)
{
    struct input *input = b->vm->machine->input;
    input->ops->key(input, 0x2c, true);
    vm_run_for(b->vm, 50000);
    input->ops->key(input, 0x2c, false);
    vm_run_for(b->vm, 100000);
}

static bool press_until(struct bench *b, const char *text)
{
    for (uint64_t until = clock_now_us() + VM_LIMIT_US; clock_now_us() < until; press_key(b))
        if (vm_screen_has(b->vm, text))
            return true;
    vm_print_screen(b->vm);
    return false;
}

static void boots_from_a_cd_put_in_before_power_on(void **state)
{
    struct bench *b = *state;
    struct vm_result result;
    assert_int_equal(drive_now(b, 0).phase, DRIVE_EMPTY);
    assert_int_equal(insert(b, 0, "one.iso", DRIVE_CDROM, &result), 0);
    struct drive_state now = drive_now(b, 0);
    assert_int_equal(now.phase, DRIVE_INSERTED);
    assert_string_equal(now.medium, "one.iso");
    assert_int_equal(insert(b, 0, "two.iso", DRIVE_CDROM, &result), -EBUSY);
    vm_power_on(b->vm);
    VM_WAIT(b->vm, vm_screen_has(b->vm, "medium one"));
}

static void a_changed_medium_is_what_the_guest_reads(void **state)
{
    struct bench *b = *state;
    struct vm_result result;
    assert_int_equal(eject(b, 0, false), 0);
    assert_int_equal(drive_now(b, 0).phase, DRIVE_EMPTY);
    assert_string_equal(drive_now(b, 0).medium, "");
    assert_int_equal(eject(b, 0, false), 0); /* nothing in is fine */
    assert_int_equal(insert(b, 0, "two.iso", DRIVE_CDROM, &result), 0);
    assert_true(press_until(b, "medium two"));
}

static void what_the_guest_ejects_is_told(void **state)
{
    struct bench *b = *state;
    struct vm_result result;
    struct qmp *qmp = vm_monitor(b->vm);
    /* the event of a guest that opens the tray is this one */
    free(vm_ask(b->vm, qmp, "blockdev-open-tray", json_pack("{s:s}", "id", "drive0")));
    VM_WAIT(b->vm, drive_now(b, 0).phase == DRIVE_EJECTED_BY_TARGET);
    char *blocks = vm_ask(b->vm, qmp, "query-block", NULL);
    assert_null(strstr(blocks, "one.iso"));
    assert_null(strstr(blocks, "two.iso"));
    free(blocks);
    qmp_destroy(qmp);
    assert_int_equal(insert(b, 0, "one.iso", DRIVE_CDROM, &result), 0);
    assert_true(press_until(b, "medium one"));
}

static void a_stick_comes_boots_once_and_goes(void **state)
{
    struct bench *b = *state;
    struct vm_result result = {0};
    struct power *power = b->vm->machine->power;
    assert_int_equal(insert(b, 1, "stick.img", DRIVE_DISK, &result), 0);
    result = (struct vm_result){0};
    power->ops->boot_once(power, POWER_BOOT_DISK, vm_on_done, &result);
    VM_WAIT(b->vm, result.done);
    assert_int_equal(result.error, 0);
    assert_int_equal(vm_act(b->vm, POWER_ACT_RESET), 0);
    VM_WAIT(b->vm, vm_screen_has(b->vm, "medium stick"));
    assert_int_equal(power->ops->boot_next(power), POWER_BOOT_DEFAULT);
    /* the guest itself starts again, later than firmware would */
    vm_run_for(b->vm, 5000000);
    static const uint16_t chord[] = {0xe0, 0xe2, 0x4c};
    for (int i = 0; i < 6; i++)
        b->vm->machine->input->ops->key(b->vm->machine->input, chord[i % 3], i < 3);
    VM_WAIT(b->vm, vm_screen_has(b->vm, "medium one"));
    assert_int_equal(eject(b, 1, false), 0);
    assert_int_equal(drive_now(b, 1).phase, DRIVE_EMPTY);
    struct qmp *qmp = vm_monitor(b->vm);
    char *devices = vm_ask(b->vm, qmp, "qom-list", json_pack("{s:s}", "path", "/machine/peripheral"));
    assert_null(strstr(devices, "\"drive1\""));
    assert_non_null(strstr(devices, "\"drive0\""));
    free(devices);
    qmp_destroy(qmp);
}

static void a_cd_drive_gives_way_to_a_stick(void **state)
{
    struct bench *b = *state;
    struct vm_result result;
    assert_int_equal(insert(b, 1, "two.iso", DRIVE_CDROM, &result), 0);
    assert_int_equal(eject(b, 1, true), 0);
    assert_int_equal(insert(b, 1, "stick.img", DRIVE_DISK, &result), 0);
    assert_int_equal(eject(b, 1, true), 0);
}

static void a_missing_export_is_named_and_the_drive_stays_usable(void **state)
{
    struct bench *b = *state;
    struct vm_result result;
    assert_int_equal(insert(b, 1, "none.iso", DRIVE_CDROM, &result), -EREMOTEIO);
    assert_non_null(strstr(result.why, "did not take the medium"));
    assert_int_equal(drive_now(b, 1).phase, DRIVE_FAILED);
    assert_string_equal(drive_now(b, 1).reason, result.why);
    assert_int_equal(insert(b, 1, "two.iso", DRIVE_CDROM, &result), 0);
    assert_int_equal(eject(b, 1, false), 0);
}

static void a_lost_server_is_a_pause(void **state)
{
    struct bench *b = *state;
    stop_server(b);
    press_key(b); /* the guest reads, and waits */
    vm_run_for(b->vm, 500000);
    start_server(b);
    press_key(b);
    assert_false(vm_screen_has(b->vm, "!"));
    struct vm_result result;
    assert_int_equal(eject(b, 0, false), 0);
    assert_int_equal(insert(b, 0, "two.iso", DRIVE_CDROM, &result), 0);
    assert_true(press_until(b, "medium two"));
}

static void a_new_driver_finds_the_medium(void **state)
{
    struct bench *b = *state;
    struct vm *vm = b->vm;
    vm_close(vm);
    vm_open(vm, 2);
    VM_WAIT(vm, drive_now(b, 0).phase == DRIVE_INSERTED);
    assert_string_equal(drive_now(b, 0).medium, "two.iso");
    assert_true(drive_now(b, 0).read_only);
    assert_int_equal(drive_now(b, 0).size, 22 * 2048);
    assert_int_equal(eject(b, 0, true), 0);
    struct vm_result result;
    assert_int_equal(insert(b, 0, "one.iso", DRIVE_CDROM, &result), 0);
    vm_close(vm);
    vm_open(vm, 2);
    VM_WAIT(vm, drive_now(b, 0).phase == DRIVE_INSERTED);
    assert_string_equal(drive_now(b, 0).medium, "one.iso");
}

static void a_new_qemu_gets_the_medium_again(void **state)
{
    struct bench *b = *state;
    vm_kill(b->vm);
    VM_WAIT(b->vm, drive_now(b, 0).phase == DRIVE_FAILED);
    assert_non_null(strstr(drive_now(b, 0).reason, "inserted again"));
    vm_spawn(b->vm);
    VM_WAIT(b->vm, drive_now(b, 0).phase == DRIVE_INSERTED);
    vm_power_on(b->vm);
    VM_WAIT(b->vm, vm_screen_has(b->vm, "medium one"));
}

static void a_cd_to_boot_once_stands_behind_others_afterwards(void **state)
{
    struct bench *b = *state;
    struct power *power = b->vm->machine->power;
    struct vm_result result;
    struct drive_medium once = {.kind = DRIVE_CDROM, .read_only = true, .boot_once = true};
    assert_int_equal(eject(b, 0, true), 0);
    assert_int_equal(insert_medium(b, 0, "two.iso", once, &result), 0); /* into a drive that stood first until now */
    assert_int_equal(insert(b, 1, "one.iso", DRIVE_CDROM, &result), 0);
    result = (struct vm_result){0};
    power->ops->boot_once(power, POWER_BOOT_CD, vm_on_done, &result);
    VM_WAIT(b->vm, result.done);
    assert_int_equal(vm_act(b->vm, POWER_ACT_RESET), 0);
    VM_WAIT(b->vm, vm_screen_has(b->vm, "medium two"));
    /* what is known of it survives the gateway */
    vm_close(b->vm);
    vm_open(b->vm, 2);
    VM_WAIT(b->vm, drive_now(b, 0).phase == DRIVE_INSERTED && drive_now(b, 1).phase == DRIVE_INSERTED);
    vm_run_for(b->vm, 200000);
    assert_int_equal(vm_act(b->vm, POWER_ACT_RESET), 0);
    VM_WAIT(b->vm, vm_screen_has(b->vm, "medium one"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boots_from_a_cd_put_in_before_power_on),
        cmocka_unit_test(a_changed_medium_is_what_the_guest_reads),
        cmocka_unit_test(what_the_guest_ejects_is_told),
        cmocka_unit_test(a_stick_comes_boots_once_and_goes),
        cmocka_unit_test(a_cd_drive_gives_way_to_a_stick),
        cmocka_unit_test(a_missing_export_is_named_and_the_drive_stays_usable),
        cmocka_unit_test(a_lost_server_is_a_pause),
        cmocka_unit_test(a_new_driver_finds_the_medium),
        cmocka_unit_test(a_new_qemu_gets_the_medium_again),
        cmocka_unit_test(a_cd_to_boot_once_stands_behind_others_afterwards),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
