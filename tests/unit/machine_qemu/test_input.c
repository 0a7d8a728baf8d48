/* Keys and LEDs through a real QEMU: the test pattern kernel tells the scan codes that its keyboard controller gives.
 */
#include "machines/qemu/keymap.h"
#include "vm.h"

static const char *const with_tpk[] = {"-kernel", TPK_ELF, "-boot", "menu=on,splash-time=200", NULL};

static int press(struct vm *vm, uint16_t usage, bool down)
{
    struct input *input = vm->machine->input;
    return input->ops->key(input, usage, down);
}

static bool has_said_text(struct vm *vm, const char *text)
{
    vm_has_said(vm, 0);
    return memmem(vm->said, vm->n_said, text, strlen(text));
}

/* What set 1 says for a key number, as the kernel prints it. */
static void code_text(uint8_t qnum, bool down, char *room, size_t size)
{
    snprintf(room, size, "%s%02x", qnum & 0x80 ? "e0" : "", (qnum & 0x7f) | (down ? 0 : 0x80));
}

/* Keys whose sequences QEMU makes itself, or which its PS/2 keyboard or its table of today lacks (F13 to F24 came with
 * 8.0). */
static bool is_odd(uint16_t usage)
{
    return usage == 0x32 || usage == 0x46 || usage == 0x48 || (usage >= 0x68 && usage <= 0x7e) ||
           (usage >= 0x8c && usage < 0xe0);
}

static void every_key_arrives(void **state)
{
    (void)state;
    char want[8];
    unsigned arrived = 0;
    struct vm *vm = vm_create(with_tpk, 0);
    vm_boot_tpk(vm);
    vm_tell(vm, "k ffff\n");
    for (uint16_t usage = 4; usage < KEYMAP_USAGES; usage++) {
        if (!keymap_qnum(usage))
            continue;
        vm->n_said = 0;
        assert_int_equal(press(vm, usage, true), 0);
        assert_int_equal(press(vm, usage, false), 0);
        code_text(keymap_qnum(usage), false, want, sizeof want);
        uint64_t until = clock_now_us() + (is_odd(usage) ? 20000 : VM_LIMIT_US);
        while (!has_said_text(vm, want) && clock_now_us() < until)
            vm_run_for(vm, 1000);
        bool came = has_said_text(vm, want);
        if (!came && !is_odd(usage))
            fail_msg("usage 0x%02x: %.*s came instead of %s", usage, (int)vm->n_said, vm->said, want);
        code_text(keymap_qnum(usage), true, want, sizeof want);
        if (came)
            VM_WAIT(vm, has_said_text(vm, want));
        arrived += came;
    }
    print_message("%u keys arrived by number\n", arrived);
    /* Print Screen and Pause have sequences of their own */
    vm->n_said = 0;
    press(vm, 0x46, true);
    press(vm, 0x46, false);
    VM_WAIT(vm, has_said_text(vm, "e0b7"));
    press(vm, 0x48, true);
    press(vm, 0x48, false);
    VM_WAIT(vm, has_said_text(vm, "e11d45e19dc5"));
    vm_destroy(vm);
}

static void what_a_former_process_pressed_is_released(void **state)
{
    (void)state;
    struct vm *vm = vm_create(with_tpk, 0);
    vm_boot_tpk(vm);
    vm_tell(vm, "k ffff\n");
    press(vm, 0xe0, true);
    press(vm, 0x04, true);
    VM_WAIT(vm, has_said_text(vm, "1d1e"));
    vm->n_said = 0;
    vm_close(vm);
    vm_open(vm, 0);
    VM_WAIT(vm, has_said_text(vm, "9e") && has_said_text(vm, "9d"));
    /* nothing that was not down is heard */
    vm_run_for(vm, 100000);
    assert_int_equal(vm->n_said, 4);

    press(vm, 0x05, true);
    VM_WAIT(vm, has_said_text(vm, "30"));
    vm->machine->input->ops->release_all(vm->machine->input);
    VM_WAIT(vm, has_said_text(vm, "b0"));
    vm_destroy(vm);
}

static void on_leds(void *data, uint8_t leds)
{
    *(int *)data = leds;
}

static void leds_come_back(void **state)
{
    (void)state;
    static const struct input_listener listener = {.leds = on_leds};
    int leds = -1;
    struct vm *vm = vm_create(with_tpk, 0);
    vm->machine->input->ops->listen(vm->machine->input, &listener, &leds);
    assert_int_equal(leds, 0);
    vm_boot_tpk(vm);
    vm_tell(vm, "l 4\n");
    VM_WAIT(vm, leds == INPUT_LED_CAPS);
    vm_tell(vm, "l 3\n");
    VM_WAIT(vm, leds == (INPUT_LED_NUM | INPUT_LED_SCROLL));
    vm_tell(vm, "l 0\n");
    VM_WAIT(vm, leds == 0);
    vm_destroy(vm);
}

static void pointers_take_both_ways_of_moving(void **state)
{
    (void)state;
    struct vm *vm = vm_create(with_tpk, 0);
    struct input *input = vm->machine->input;
    vm_boot_tpk(vm);
    for (int i = 0; i < 2000; i++) {
        assert_int_equal(input->ops->pointer_absolute(input, 0, (uint16_t)(i * 16), (uint16_t)(i * 8), 0, 0), 0);
        assert_int_equal(input->ops->pointer_relative(input, 0, 3, -2, 0, 0), 0);
        if (i % 100 == 0)
            vm_run_for(vm, 1000);
    }
    assert_int_equal(input->ops->pointer_absolute(input, INPUT_BUTTON_LEFT, 40000, 5, 1, -1), 0);
    input->ops->release_all(input);
    vm_run_for(vm, 100000);
    vm_destroy(vm);
}

static bool has_answered(struct vm *vm, uint64_t answers)
{
    struct input_statistics s = {0};
    vm->machine->input->ops->statistics(vm->machine->input, &s);
    assert_true(s.last_us <= s.longest_us && s.longest_us <= s.answer_us && s.last_at_us <= clock_now_us());
    return s.answers == answers;
}

static void answers_to_keys_are_timed_those_to_the_pointer_not(void **state)
{
    (void)state;
    struct vm *vm = vm_create(with_tpk, 0);
    struct input *input = vm->machine->input;
    vm_boot_tpk(vm);
    assert_true(has_answered(vm, 0));
    /* more calls in all than may be on their way at once */
    for (int i = 1; i <= 200; i++) {
        assert_int_equal(press(vm, 0x04, true), 0);
        assert_int_equal(input->ops->pointer_relative(input, i % 2, 1, 1, 0, 0), 0);
        assert_int_equal(press(vm, 0x04, false), 0);
        VM_WAIT(vm, has_answered(vm, 2 * (uint64_t)i));
    }
    vm_destroy(vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_arrives),
        cmocka_unit_test(what_a_former_process_pressed_is_released),
        cmocka_unit_test(leds_come_back),
        cmocka_unit_test(pointers_take_both_ways_of_moving),
        cmocka_unit_test(answers_to_keys_are_timed_those_to_the_pointer_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
