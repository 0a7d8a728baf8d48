/* Pictures of a real QEMU: modes, a counter that must never be mixed, a mode change that must never be either, frames
 * that stay as they were, and a QEMU that dies. */
#include "vm.h"

static const char *const with_tpk[] = {"-kernel", TPK_ELF, "-boot", "menu=on,splash-time=200", NULL};

static int setup(void **state)
{
    *state = vm_create(with_tpk, 0);
    vm_boot_tpk(*state);
    return 0;
}

static int teardown(void **state)
{
    vm_destroy(*state);
    return 0;
}

static void shows_each_mode_whole(void **state)
{
    struct vm *vm = *state;
    static const struct {
        int width, height;
        uint32_t colour;
        const char *mode, *fill;
    } modes[] = {
        {640, 480, 0x112233, "m 280 1e0\n", "f 112233\n"},
        {1024, 768, 0x445566, "m 400 300\n", "f 445566\n"},
        {1920, 1080, 0x778899, "m 780 438\n", "f 778899\n"},
        {800, 600, 0xaabbcc, "m 320 258\n", "f aabbcc\n"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        vm_tell(vm, modes[i].mode);
        VM_WAIT(vm, vm_has_said(vm, 'M'));
        VM_WAIT(vm, vm_shows(vm, modes[i].width, modes[i].height, 0x004080));
        vm_tell(vm, modes[i].fill);
        VM_WAIT(vm, vm_shows(vm, modes[i].width, modes[i].height, modes[i].colour));
    }
}

static void check_counter(struct vm *vm, const struct frame *frame)
{
    uint32_t top = vm_pixel(frame, 0, 0);
    if (frame->width != (int)vm->expect[0])
        return;
    for (int row = 0; row < 16; row++)
        for (int x = 0; x < frame->width; x++)
            if (vm_pixel(frame, x, row) != top || vm_pixel(frame, x, frame->height - 1 - row) != top) {
                vm->bad++;
                return;
            }
}

static void never_mixes_a_counter_at_both_ends(void **state)
{
    struct vm *vm = *state;
    vm_tell(vm, "m 500 2d0\n");
    VM_WAIT(vm, vm_has_said(vm, 'M'));
    VM_WAIT(vm, vm_shows(vm, 1280, 720, 0x004080));
    vm->expect[0] = 1280;
    vm->bad = 0;
    unsigned before = vm_frames(vm);
    pthread_mutex_lock(&vm->lock);
    vm->check = check_counter;
    pthread_mutex_unlock(&vm->lock);
    vm_tell(vm, "c 200\n");
    VM_WAIT(vm, vm_has_said(vm, 'C'));
    struct frame *frame = NULL;
    VM_WAIT(vm, (frame_unref(frame), frame = vm_frame(vm), vm_pixel(frame, 0, 0) == 0x200));
    assert_int_equal(vm_pixel(frame, 1279, 719), 0x200);
    frame_unref(frame);
    pthread_mutex_lock(&vm->lock);
    vm->check = NULL;
    pthread_mutex_unlock(&vm->lock);
    assert_int_equal(vm->bad, 0);
    print_message("%u frames of 512 screens\n", vm_frames(vm) - before);
    assert_true(vm_frames(vm) - before > 5);
}

/* Either all of the old picture (red at 1024x768) or nothing of it. */
static void check_red(struct vm *vm, const struct frame *frame)
{
    unsigned red = 0, pixels = 0;
    for (int y = 0; y < frame->height; y += 2)
        for (int x = 0; x < frame->width; x += 3) {
            red += vm_pixel(frame, x, y) == 0xfe0102;
            pixels++;
        }
    vm->expect[1] += frame->width == 720;
    if (red && (red != pixels || frame->width != 1024))
        vm->bad++;
}

static void a_mode_change_never_mixes(void **state)
{
    struct vm *vm = *state;
    for (int round = 0; round < 5; round++) {
        vm_tell(vm, "m 400 300\n");
        VM_WAIT(vm, vm_has_said(vm, 'M'));
        vm_tell(vm, "f fe0102\n");
        VM_WAIT(vm, vm_has_said(vm, 'F'));
        VM_WAIT(vm, vm_shows(vm, 1024, 768, 0xfe0102));
        pthread_mutex_lock(&vm->lock);
        vm->check = check_red;
        vm->bad = vm->expect[1] = 0;
        pthread_mutex_unlock(&vm->lock);
        vm->n_said = 0;
        /* to BIOS text, whose picture comes in strips, and back to graphics by the kernel */
        assert_int_equal(vm_act(vm, POWER_ACT_RESET), 0);
        VM_WAIT(vm, vm_has_said(vm, 'R'));
        VM_WAIT(vm, vm_shows(vm, 1024, 768, 0x203040));
        pthread_mutex_lock(&vm->lock);
        vm->check = NULL;
        pthread_mutex_unlock(&vm->lock);
        assert_int_equal(vm->bad, 0);
        assert_true(vm->expect[1] > 0);
    }
}

static uint64_t sum_of(const struct frame *frame)
{
    uint64_t sum = 0;
    for (int y = 0; y < frame->height; y++)
        for (int x = 0; x < frame->width; x++)
            sum = sum * 31 + vm_pixel(frame, x, y);
    return sum;
}

static void held_frames_stay_as_they_were(void **state)
{
    struct vm *vm = *state;
    struct frame *held[8] = {0};
    uint64_t sums[8];
    unsigned n = 0;
    vm_tell(vm, "m 280 1e0\n");
    VM_WAIT(vm, vm_has_said(vm, 'M'));
    vm_tell(vm, "s 800\n");
    uint64_t until = clock_now_us() + VM_LIMIT_US;
    while (n < 8 && !(n >= 4 && vm_has_said(vm, 'S')) && clock_now_us() < until) {
        struct frame *frame = vm_frame(vm);
        bool is_new = frame && (!n || frame != held[n - 1]);
        if (is_new) {
            sums[n] = sum_of(frame);
            held[n++] = frame;
        } else {
            frame_unref(frame);
        }
        vm_run_for(vm, 10000);
    }
    /* all that may be out is out; the source goes on drawing unseen */
    assert_true(n >= 4);
    vm_run_for(vm, 300000);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(sum_of(held[i]), sums[i]);
    VM_WAIT(vm, vm_has_said(vm, 'S'));
    for (unsigned i = 0; i < n; i++)
        held[i] = frame_unref(held[i]);
    VM_WAIT(vm, vm_shows(vm, 640, 480, 0x7ff * 0x01030509u & 0xffffff));
}

static void small_changes_come_as_small_hints(void **state)
{
    struct vm *vm = *state;
    vm_tell(vm, "m 400 300\n");
    VM_WAIT(vm, vm_has_said(vm, 'M'));
    VM_WAIT(vm, vm_shows(vm, 1024, 768, 0x004080));
    vm_await_rest(vm, 200000);
    unsigned before = vm_frames(vm);
    vm_tell(vm, "p 123456\n");
    struct frame *frame = NULL;
    VM_WAIT(vm, (frame_unref(frame), frame = vm_frame(vm), vm_pixel(frame, 1023, 767) == 0x123456));
    assert_true(frame->hints_valid);
    for (unsigned i = 0; i < frame->hints.count; i++)
        assert_true(frame->hints.rects[i].y >= 752);
    frame_unref(frame);
    assert_in_range(vm_frames(vm) - before, 1, 3);
    /* and nothing comes from a screen at rest */
    vm_await_rest(vm, 100000);
    before = vm_frames(vm);
    vm_run_for(vm, 1000000);
    assert_int_equal(vm_frames(vm), before);
}

static void a_dead_qemu_is_told_and_a_new_one_found(void **state)
{
    struct vm *vm = *state;
    vm_kill(vm);
    VM_WAIT(vm, vm_signal(vm) == SCREEN_DEVICE_GONE);
    assert_true(vm_why_has(vm, "QEMU"));
    assert_int_equal(vm_power(vm), POWER_UNKNOWN);
    qemu_machine_vm_changed(vm->machine, false, "QEMU was killed by signal 9.");
    VM_WAIT(vm, vm_why_has(vm, "QEMU was killed by signal 9."));
    close(vm->serial);
    close(vm->debug);
    vm->serial = vm->debug = -1;
    vm_spawn(vm);
    qemu_machine_vm_changed(vm->machine, true, NULL);
    VM_WAIT(vm, vm_signal(vm) == SCREEN_POWERED_OFF);
    vm_boot_tpk(vm);
    vm_tell(vm, "f 0a0b0c\n");
    VM_WAIT(vm, vm_shows(vm, 1024, 768, 0x0a0b0c));
}

static void a_new_driver_finds_the_running_machine(void **state)
{
    struct vm *vm = *state;
    vm_tell(vm, "m 320 258\n");
    VM_WAIT(vm, vm_has_said(vm, 'M'));
    vm_tell(vm, "f 717273\n");
    VM_WAIT(vm, vm_shows(vm, 800, 600, 0x717273));
    vm_close(vm);
    vm->signal = SCREEN_STARTING;
    uint64_t start = clock_now_us();
    vm_open(vm, 0);
    VM_WAIT(vm, vm_shows(vm, 800, 600, 0x717273));
    assert_int_equal(vm_power(vm), POWER_ON);
    print_message("picture again after %.0f ms\n", (double)(clock_now_us() - start) / 1e3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_each_mode_whole),
        cmocka_unit_test(never_mixes_a_counter_at_both_ends),
        cmocka_unit_test(a_mode_change_never_mixes),
        cmocka_unit_test(held_frames_stay_as_they_were),
        cmocka_unit_test(small_changes_come_as_small_hints),
        cmocka_unit_test(a_new_driver_finds_the_running_machine),
        cmocka_unit_test(a_dead_qemu_is_told_and_a_new_one_found),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
