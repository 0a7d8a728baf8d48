/* A real QEMU whose medium says "no space" (nbdkit's error filter): the machine stands still, nothing is seen by what
 * runs in it, and it goes on by itself when the medium is there again. What else a medium says is
 * the guest's affair. */
#include <fcntl.h>

#include "boot_media.h"
#include "vm_text.h"

static const char *const quick[] = {"-boot", "menu=off", NULL};

struct bench {
    struct vm *vm;
    pid_t nbdkit;
    char image[160], away[160];
};

static void put(const char *path, bool there)
{
    if (!there)
        unlink(path);
    else
        close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

static void start_server(struct bench *b)
{
    char away[200];
    snprintf(away, sizeof away, "error-pread-file=%s", b->away);
    b->nbdkit = fork();
    if (b->nbdkit == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execlp("nbdkit", "nbdkit", "-f", "-U", b->vm->nbd, "--filter=error", "file", b->image, "error-pread=ENOSPC",
               "error-pread-rate=1", away, NULL);
        _exit(127);
    }
    close(vm_connect(b->vm, "nbd.sock")); /* the name is there before it listens */
}

static int setup(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    b->vm = vm_create(quick, 1);
    snprintf(b->image, sizeof b->image, "%s/image", b->vm->folder);
    snprintf(b->away, sizeof b->away, "%s/away", b->vm->folder);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    kill(b->nbdkit, SIGKILL);
    waitpid(b->nbdkit, NULL, 0);
    unlink(b->image);
    put(b->away, false);
    vm_destroy(b->vm);
    free(b);
    return 0;
}

static struct drive_state drive_now(struct bench *b)
{
    struct drive_state state;
    b->vm->machine->drives[0]->ops->state(b->vm->machine->drives[0], &state);
    return state;
}

static void insert(struct bench *b, enum drive_kind kind)
{
    struct drive_medium medium = {.kind = kind, .read_only = true};
    struct vm_result result = {0};
    snprintf(medium.name, sizeof medium.name, "image");
    b->vm->machine->drives[0]->ops->insert(b->vm->machine->drives[0], &medium, vm_on_done, &result);
    VM_WAIT(b->vm, result.done);
    assert_int_equal(result.error, 0);
}

static int eject(struct bench *b)
{
    struct vm_result result = {0};
    b->vm->machine->drives[0]->ops->eject(b->vm->machine->drives[0], true, vm_on_done, &result);
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

static void boot(struct bench *b, enum drive_kind kind, const char *text)
{
    if (kind == DRIVE_CDROM)
        boot_make_cd(b->image, text);
    else
        boot_make_disk(b->image, text);
    start_server(b);
    VM_WAIT(b->vm, vm_power(b->vm) == POWER_OFF);
    insert(b, kind);
    vm_power_on(b->vm);
    VM_WAIT(b->vm, vm_screen_has(b->vm, text));
}

/* Presses keys until the guest has asked for a block that is away. */
static void stand_still(struct bench *b)
{
    put(b->away, true);
    for (int i = 0; i < 50 && !drive_now(b).paused; i++)
        press_key(b);
    VM_WAIT(b->vm, drive_now(b).paused);
    assert_false(vm_screen_has(b->vm, "!"));
    assert_int_equal(vm_power(b->vm), POWER_ON);
}

static void resume(struct bench *b)
{
    b->vm->machine->drives[0]->ops->resume(b->vm->machine->drives[0]);
}

static void a_pause_is_not_seen(struct bench *b, enum drive_kind kind, uint64_t us)
{
    boot(b, kind, "medium here");
    stand_still(b);
    vm_run_for(b->vm, us);
    resume(b); /* too early: it stands still again */
    vm_run_for(b->vm, 300000);
    VM_WAIT(b->vm, drive_now(b).paused);
    put(b->away, false);
    resume(b);
    VM_WAIT(b->vm, !drive_now(b).paused);
    press_key(b);
    assert_false(vm_screen_has(b->vm, "!"));
    assert_int_equal(drive_now(b).phase, DRIVE_INSERTED);
}

static void a_cd_that_is_away_stops_the_machine(void **state)
{
    a_pause_is_not_seen(*state, DRIVE_CDROM, 6000000); /* longer than firmware would wait for a command */
}

static void a_stick_that_is_away_stops_the_machine(void **state)
{
    a_pause_is_not_seen(*state, DRIVE_DISK, 100000);
}

static void a_medium_may_be_taken_out_meanwhile(void **state)
{
    struct bench *b = *state;
    boot(b, DRIVE_CDROM, "medium here");
    stand_still(b);
    assert_int_equal(eject(b), 0);
    VM_WAIT(b->vm, !drive_now(b).paused);
    assert_int_equal(drive_now(b).phase, DRIVE_EMPTY);
    VM_WAIT(b->vm, vm_screen_has(b->vm, "!")); /* the guest is told, and goes on */
}

static void a_stick_may_be_taken_out_meanwhile(void **state)
{
    struct bench *b = *state;
    boot(b, DRIVE_DISK, "medium here");
    stand_still(b);
    assert_int_equal(eject(b), 0);
    VM_WAIT(b->vm, !drive_now(b).paused);
    assert_int_equal(drive_now(b).phase, DRIVE_EMPTY);
    VM_WAIT(b->vm, vm_screen_has(b->vm, "!"));
}

static void power_works_meanwhile(void **state)
{
    struct bench *b = *state;
    boot(b, DRIVE_CDROM, "medium here");
    stand_still(b);
    assert_int_equal(vm_act(b->vm, POWER_ACT_HARD_OFF), 0);
    VM_WAIT(b->vm, vm_power(b->vm) == POWER_OFF);
    resume(b); /* switches nothing on */
    VM_WAIT(b->vm, !drive_now(b).paused);
    vm_run_for(b->vm, 500000);
    assert_int_equal(vm_power(b->vm), POWER_OFF);
    put(b->away, false);
    vm_power_on(b->vm);
    VM_WAIT(b->vm, vm_screen_has(b->vm, "medium here"));
    stand_still(b);
    put(b->away, false);
    assert_int_equal(vm_act(b->vm, POWER_ACT_RESET), 0);
    VM_WAIT(b->vm, vm_screen_has(b->vm, "medium here"));
}

static void a_new_driver_finds_the_machine_standing_still(void **state)
{
    struct bench *b = *state;
    boot(b, DRIVE_CDROM, "medium here");
    stand_still(b);
    vm_close(b->vm);
    vm_open(b->vm, 1);
    VM_WAIT(b->vm, drive_now(b).phase == DRIVE_INSERTED && drive_now(b).paused);
    put(b->away, false);
    resume(b);
    VM_WAIT(b->vm, !drive_now(b).paused);
    press_key(b);
    assert_false(vm_screen_has(b->vm, "!"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_cd_that_is_away_stops_the_machine),
        TEST(a_stick_that_is_away_stops_the_machine),
        TEST(a_medium_may_be_taken_out_meanwhile),
        TEST(a_stick_may_be_taken_out_meanwhile),
        TEST(power_works_meanwhile),
        TEST(a_new_driver_finds_the_machine_standing_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
