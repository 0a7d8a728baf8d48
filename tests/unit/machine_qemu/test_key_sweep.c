/* A guest that stalls, or is stopped, while somebody types: in the end it holds no key. A boot sector behind a real
 * BIOS and its USB keyboard tells what it reads. */
#include "vm.h"

#define QUIET_US 1500000 /* longer than a BIOS waits before it repeats a key */

static struct vm *create(void)
{
    static const char *const disk[] = {"-drive", "if=ide,format=raw,snapshot=on,file=" STALL_BOOT, "-boot",
                                       "menu=on,splash-time=200", NULL};
    struct vm *vm = vm_create(disk, 0);
    vm_boot_tpk(vm); /* it says R too */
    return vm;
}

static void press(struct vm *vm, uint16_t usage, bool down)
{
    struct input *input = vm->machine->input;
    assert_int_equal(input->ops->key(input, usage, down), 0);
}

static void type(struct vm *vm, uint16_t first, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        press(vm, (uint16_t)(first + i), true);
        press(vm, (uint16_t)(first + i), false);
        vm_run_for(vm, 2000);
    }
}

/* The newest word on shift keys. */
static char flags(struct vm *vm)
{
    vm_has_said(vm, 0);
    for (size_t i = vm->n_said; i-- > 0;)
        if (vm->said[i] >= '@' && vm->said[i] <= 'O' && vm->said[i] != 'G')
            return vm->said[i];
    return '@';
}

static bool is_quiet(struct vm *vm)
{
    vm_has_said(vm, 0);
    size_t n = vm->n_said;
    vm_run_for(vm, QUIET_US);
    vm_has_said(vm, 0);
    return vm->n_said == n && flags(vm) == '@';
}

static void a_release_that_a_stalled_guest_lost_comes_after_all(void **state)
{
    (void)state;
    struct vm *vm = create();
    press(vm, 0xe1, true);
    VM_WAIT(vm, flags(vm) == 'B');
    press(vm, 0xe1, false);
    VM_WAIT(vm, flags(vm) == '@');

    vm_tell(vm, "s");
    VM_WAIT(vm, vm_has_said(vm, 'S'));
    type(vm, 0x04, 7); /* 14 events; the queue holds 16, and one may be with the controller */
    press(vm, 0xe1, true);
    press(vm, 0x1d, true);
    type(vm, 0x0b, 7);
    press(vm, 0x1d, false);
    press(vm, 0xe1, false);
    vm_tell(vm, "g");
    VM_WAIT(vm, vm_has_said(vm, 'k'));
    VM_WAIT(vm, is_quiet(vm));

    /* and it types on */
    vm->n_said = 0;
    type(vm, 0x04, 1);
    VM_WAIT(vm, vm_has_said(vm, 'k'));
    VM_WAIT(vm, is_quiet(vm));
    vm_destroy(vm);
}

static void stop(struct vm *vm, const char *command)
{
    struct qmp *qmp = vm_monitor(vm);
    free(vm_ask(vm, qmp, command, NULL));
    qmp_destroy(qmp);
}

static void what_was_let_go_while_it_was_stopped_is_up_when_it_goes_on(void **state)
{
    (void)state;
    struct vm *vm = create();
    press(vm, 0xe1, true);
    press(vm, 0x04, true);
    VM_WAIT(vm, flags(vm) == 'B' && vm_has_said(vm, 'k'));
    stop(vm, "stop");
    press(vm, 0x04, false);
    press(vm, 0xe1, false);
    type(vm, 0x05, 20);
    vm_run_for(vm, 2 * QUIET_US); /* sweeps that are refused */
    stop(vm, "cont");
    VM_WAIT(vm, is_quiet(vm));
    vm_destroy(vm);
}

static void what_a_former_process_lost_is_released(void **state)
{
    (void)state;
    struct vm *vm = create();
    press(vm, 0xe1, true);
    VM_WAIT(vm, flags(vm) == 'B');
    stop(vm, "stop");
    press(vm, 0xe1, false);
    vm_run_for(vm, 100000);
    vm_close(vm);
    vm_open(vm, 0);
    stop(vm, "cont");
    VM_WAIT(vm, is_quiet(vm));
    vm_destroy(vm);
}

static void a_key_that_is_held_is_left_alone(void **state)
{
    (void)state;
    struct vm *vm = create();
    press(vm, 0xe1, true);
    VM_WAIT(vm, flags(vm) == 'B');
    type(vm, 0x04, 3);
    vm_run_for(vm, 3000000);
    assert_int_equal(flags(vm), 'B');
    press(vm, 0xe1, false);
    VM_WAIT(vm, is_quiet(vm));
    vm_destroy(vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_release_that_a_stalled_guest_lost_comes_after_all),
        cmocka_unit_test(what_was_let_go_while_it_was_stopped_is_up_when_it_goes_on),
        cmocka_unit_test(what_a_former_process_lost_is_released),
        cmocka_unit_test(a_key_that_is_held_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
