/* Power of a real QEMU: what each action does, what the guest does by itself, and the way into the boot menu. */
#include "vm_text.h"

static const char *const with_tpk[] = {"-kernel", TPK_ELF, "-boot", "menu=on,splash-time=200", NULL};

static void does_what_each_action_says(void **state)
{
    (void)state;
    struct vm *vm = vm_create(with_tpk, 0);
    VM_WAIT(vm, vm_signal(vm) == SCREEN_POWERED_OFF);
    assert_int_equal(vm_frames(vm), 0);
    assert_int_equal(vm_act(vm, POWER_ACT_RESET), -EINVAL);
    assert_int_equal(vm_act(vm, POWER_ACT_NMI), -EINVAL);
    assert_int_equal(vm_act(vm, POWER_ACT_HARD_OFF), 0);
    vm_boot_tpk(vm);
    assert_int_equal(vm_power(vm), POWER_ON);
    assert_int_equal(vm_act(vm, POWER_ACT_ON), 0);
    VM_WAIT(vm, vm_shows(vm, 1024, 768, 0x203040));

    vm->n_said = 0;
    assert_int_equal(vm_act(vm, POWER_ACT_RESET), 0);
    VM_WAIT(vm, vm_has_said(vm, 'R'));

    /* a guest that does not listen to its button */
    assert_int_equal(vm_act(vm, POWER_ACT_SOFT_OFF), 0);
    assert_int_equal(vm_power(vm), POWER_GOING_OFF);

    assert_int_equal(vm_act(vm, POWER_ACT_HARD_OFF), 0);
    assert_int_equal(vm_power(vm), POWER_OFF);
    VM_WAIT(vm, vm_signal(vm) == SCREEN_POWERED_OFF);
    assert_true(vm_why_has(vm, "powered off"));
    unsigned before = vm_frames(vm);
    vm_run_for(vm, 500000);
    assert_int_equal(vm_frames(vm), before);

    vm_boot_tpk(vm);
    VM_WAIT(vm, vm_shows(vm, 1024, 768, 0x203040));
    vm_destroy(vm);
}

static void sees_the_guest_go_off_by_itself(void **state)
{
    (void)state;
    struct vm *vm = vm_create(with_tpk, 0);
    vm_boot_tpk(vm);
    vm_tell(vm, "o\n");
    VM_WAIT(vm, vm_power(vm) == POWER_OFF && vm_signal(vm) == SCREEN_POWERED_OFF);
    vm_boot_tpk(vm); /* QEMU wants a reset before it goes on */
    assert_int_equal(vm_power(vm), POWER_ON);
    vm_destroy(vm);
}

static void finds_a_machine_that_runs_already(void **state)
{
    (void)state;
    struct vm *vm = vm_create(with_tpk, 0);
    vm_boot_tpk(vm);
    vm_close(vm);
    vm_open(vm, 0);
    VM_WAIT(vm, vm_power(vm) == POWER_ON);
    assert_int_equal(vm_act(vm, POWER_ACT_NMI), 0);
    vm_destroy(vm);
}

static int boot_once(struct vm *vm, enum power_boot boot, struct vm_result *ret)
{
    *ret = (struct vm_result){0};
    vm->machine->power->ops->boot_once(vm->machine->power, boot, vm_on_done, ret);
    VM_WAIT(vm, ret->done);
    return ret->error;
}

static void gets_into_the_boot_menu(void **state)
{
    (void)state;
    struct vm_result result;
    struct vm *vm = vm_create(NULL, 0);
    struct power *power = vm->machine->power;
    assert_int_equal(boot_once(vm, POWER_BOOT_MENU, &result), 0);
    assert_int_equal(power->ops->boot_next(power), POWER_BOOT_MENU);
    vm_power_on(vm);
    assert_int_equal(power->ops->boot_next(power), POWER_BOOT_DEFAULT);
    VM_WAIT(vm, vm_screen_has(vm, "Select boot device"));
    vm_run_for(vm, 2000000);
    assert_true(vm_screen_has(vm, "Select boot device"));
    /* and not the next time */
    assert_int_equal(vm_act(vm, POWER_ACT_RESET), 0);
    VM_WAIT(vm, vm_screen_has(vm, "No bootable device"));
    vm_destroy(vm);
}

static void says_what_cannot_be_booted(void **state)
{
    (void)state;
    struct vm_result result;
    struct vm *vm = vm_create(NULL, 0);
    VM_WAIT(vm, vm_power(vm) == POWER_OFF);
    assert_int_equal(boot_once(vm, POWER_BOOT_SETUP, &result), -ENOTSUP);
    assert_non_null(strstr(result.why, "set-up"));
    assert_int_equal(boot_once(vm, POWER_BOOT_PXE, &result), -ENOTSUP);
    assert_non_null(strstr(result.why, "network card"));
    assert_int_equal(boot_once(vm, POWER_BOOT_CD, &result), -ENOTSUP);
    assert_int_equal(boot_once(vm, POWER_BOOT_DISK, &result), -ENOTSUP);
    vm_destroy(vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_what_each_action_says),        cmocka_unit_test(sees_the_guest_go_off_by_itself),
        cmocka_unit_test(finds_a_machine_that_runs_already), cmocka_unit_test(gets_into_the_boot_menu),
        cmocka_unit_test(says_what_cannot_be_booted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
