/* A real QEMU for the tests of its driver: started from the command line that argv.c builds, without network, under
 * TCG, killed at the end; and a screen listener that keeps the newest picture. Functions poll the loop until something
 * is true; the limit only catches hangs. */
#pragma once

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "capture/screen.h"
#include "core/attrs.h"
#include "core/clock.h"
#include "core/loop.h"
#include "core/text.h"
#include "machines/qemu/qemu_machine.h"
#include "machines/qemu/qmp.h"
#include "manage/power.h"
#include "usbgadget/input.h"

#ifdef LIGHTSOUT_SANITIZED
#define VM_LIMIT_US 240000000ull
#else
#define VM_LIMIT_US 120000000ull
#endif

struct vm {
    struct loop *loop;
    struct machine *machine;
    char folder[64], qmp[108], nbd[108];
    pid_t pid;
    const char *const *extra; /* further arguments */

    /* what the screen says, under lock: frames come on the capture thread */
    pthread_mutex_t lock;
    struct frame *frame;
    enum screen_signal signal;
    char why[256];
    unsigned frames;
    void (*check)(struct vm *vm, const struct frame *frame); /* sees every frame, on the capture thread */
    unsigned bad;
    uint32_t expect[4]; /* the check's */

    int serial, debug;
    char said[65536]; /* on the debug port */
    size_t n_said;
};

static inline void vm_on_frame(void *data, struct frame *frame)
{
    struct vm *vm = data;
    pthread_mutex_lock(&vm->lock);
    if (vm->check)
        vm->check(vm, frame);
    struct frame *old = vm->frame;
    vm->frame = frame;
    vm->frames++;
    pthread_mutex_unlock(&vm->lock);
    frame_unref(old);
}

static inline void vm_on_signal(void *data, enum screen_signal signal, const char *why)
{
    struct vm *vm = data;
    pthread_mutex_lock(&vm->lock);
    vm->signal = signal;
    snprintf(vm->why, sizeof vm->why, "%s", why);
    pthread_mutex_unlock(&vm->lock);
}

/* Starts QEMU in the folder of vm. */
static inline void vm_spawn(struct vm *vm)
{
    char why[256], debug[160], qmp2[160];
    snprintf(debug, sizeof debug, "socket,id=debug,path=%s/debug.sock,server=on,wait=off", vm->folder);
    snprintf(qmp2, sizeof qmp2, "socket,id=qmp2,path=%s/qmp2.sock,server=on,wait=off", vm->folder);
    const char *extra[64] = {"-chardev", debug, "-device", "isa-debugcon,chardev=debug,iobase=0xe9",
                             "-chardev", qmp2,  "-mon",    "chardev=qmp2,mode=control"};
    for (unsigned i = 0; vm->extra && vm->extra[i]; i++)
        extra[8 + i] = vm->extra[i];
    struct qemu_options options = {
        .name = "test", .cpus = 1, .memory_mb = 128, .runtime = vm->folder, .serials = 1, .extra = extra};
    struct qemu_argv argv;
    if (qemu_argv_build(&options, &argv, why, sizeof why) < 0)
        fail_msg("%s", why);
    vm->pid = fork();
    if (vm->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execvp(argv.argv[0], argv.argv);
        _exit(127);
    }
    qemu_argv_finish(&argv);
}

static inline void vm_kill(struct vm *vm)
{
    kill(vm->pid, SIGKILL);
    waitpid(vm->pid, NULL, 0);
    vm->pid = 0;
}

static inline struct machine *vm_open(struct vm *vm, unsigned drives)
{
    static const struct screen_listener listener = {.frame = vm_on_frame, .signal = vm_on_signal};
    struct qemu_machine_config config = {
        .name = "test", .qmp_socket = vm->qmp, .nbd_socket = vm->nbd, .drives = drives, .firmware = QEMU_BIOS};
    assert_int_equal(qemu_machine_create(vm->loop, &config, &vm->machine), 0);
    assert_int_equal(vm->machine->screen->ops->start(vm->machine->screen, &listener, vm), 0);
    return vm->machine;
}

static inline void vm_close(struct vm *vm)
{
    if (vm->machine)
        vm->machine->ops->destroy(vm->machine);
    vm->machine = NULL;
    vm->frame = frame_unref(vm->frame);
}

static inline struct vm *vm_create(const char *const *extra, unsigned drives)
{
    struct vm *vm = calloc(1, sizeof *vm);
    assert_non_null(vm);
    signal(SIGPIPE, SIG_IGN);
    vm->serial = vm->debug = -1;
    vm->extra = extra;
    pthread_mutex_init(&vm->lock, NULL);
    text_copy(vm->folder, sizeof vm->folder, "/tmp/lightsout-vm-XXXXXX");
    assert_non_null(mkdtemp(vm->folder));
    snprintf(vm->qmp, sizeof vm->qmp, "%s/qmp.sock", vm->folder);
    snprintf(vm->nbd, sizeof vm->nbd, "%s/nbd.sock", vm->folder);
    assert_int_equal(loop_create(&vm->loop), 0);
    vm_spawn(vm);
    vm_open(vm, drives);
    return vm;
}

static inline void vm_destroy(struct vm *vm)
{
    static const char *const files[] = {"qmp.sock",     "qmp2.sock",   "debug.sock",
                                        "serial0.sock", "serial0.log", "nbd.sock"};
    char path[160];
    vm_close(vm);
    vm_kill(vm);
    loop_destroy(vm->loop);
    if (vm->serial >= 0)
        close(vm->serial);
    if (vm->debug >= 0)
        close(vm->debug);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        snprintf(path, sizeof path, "%s/%s", vm->folder, files[i]);
        unlink(path);
    }
    rmdir(vm->folder);
    pthread_mutex_destroy(&vm->lock);
    free(vm);
}

/* Runs the loop until `condition` holds; fails the test after the limit. */
#define VM_WAIT(vm, condition)                                                                                         \
    do {                                                                                                               \
        uint64_t until_ = clock_now_us() + VM_LIMIT_US;                                                                \
        while (!(condition)) {                                                                                         \
            if (clock_now_us() > until_)                                                                               \
                fail_msg("%s: waited in vain (signal %d: %s)", #condition, (vm)->signal, (vm)->why);                   \
            assert_int_equal(loop_dispatch((vm)->loop, 5), 0);                                                         \
        }                                                                                                              \
    } while (0)

static inline void vm_run_for(struct vm *vm, uint64_t us)
{
    for (uint64_t until = clock_now_us() + us; clock_now_us() < until;)
        assert_int_equal(loop_dispatch(vm->loop, 5), 0);
}

static inline enum screen_signal vm_signal(struct vm *vm)
{
    pthread_mutex_lock(&vm->lock);
    enum screen_signal signal = vm->signal;
    pthread_mutex_unlock(&vm->lock);
    return signal;
}

static inline bool vm_why_has(struct vm *vm, const char *text)
{
    pthread_mutex_lock(&vm->lock);
    bool has = strstr(vm->why, text);
    pthread_mutex_unlock(&vm->lock);
    return has;
}

static inline unsigned vm_frames(struct vm *vm)
{
    pthread_mutex_lock(&vm->lock);
    unsigned frames = vm->frames;
    pthread_mutex_unlock(&vm->lock);
    return frames;
}

static inline struct frame *vm_frame(struct vm *vm)
{
    pthread_mutex_lock(&vm->lock);
    struct frame *frame = vm->frame ? frame_ref(vm->frame) : NULL;
    pthread_mutex_unlock(&vm->lock);
    return frame;
}

static inline uint32_t vm_pixel(const struct frame *frame, int x, int y)
{
    uint32_t pixel;
    memcpy(&pixel, frame->planes[0].data + (size_t)y * frame->planes[0].stride + (size_t)x * 4, 4);
    return pixel & 0xffffff;
}

/* True when the newest picture has this size and is of one colour. */
static inline bool vm_shows(struct vm *vm, int width, int height, uint32_t colour)
{
    struct frame *frame = vm_frame(vm);
    bool same = frame && frame->width == width && frame->height == height;
    for (int y = 0; same && y < height; y += y == 0 || y >= height - 4 ? 1 : 3)
        for (int x = 0; same && x < width; x++)
            same = vm_pixel(frame, x, y) == colour;
    frame_unref(frame);
    return same;
}

static inline bool vm_has_size(struct vm *vm, int width, int height)
{
    struct frame *frame = vm_frame(vm);
    bool same = frame && frame->width == width && frame->height == height;
    frame_unref(frame);
    return same;
}

/* ---- actions that end in a callback ---- */

struct vm_result {
    bool done;
    int error;
    char why[256];
};

static inline void vm_on_done(void *data, int error, const char *why)
{
    struct vm_result *result = data;
    assert_false(result->done);
    result->done = true;
    result->error = error;
    snprintf(result->why, sizeof result->why, "%s", why ? why : "");
}

static inline int vm_act(struct vm *vm, enum power_action action)
{
    struct vm_result result = {0};
    vm->machine->power->ops->act(vm->machine->power, action, vm_on_done, &result);
    VM_WAIT(vm, result.done);
    return result.error;
}

static inline enum power_state vm_power(struct vm *vm)
{
    return vm->machine->power->ops->state(vm->machine->power);
}

static inline void vm_power_on(struct vm *vm)
{
    VM_WAIT(vm, vm_power(vm) == POWER_OFF);
    assert_int_equal(vm_act(vm, POWER_ACT_ON), 0);
    VM_WAIT(vm, vm_signal(vm) == SCREEN_OK);
}

static inline int vm_connect(struct vm *vm, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", vm->folder, name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    uint64_t until = clock_now_us() + VM_LIMIT_US;
    while (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        assert_true(clock_now_us() < until);
        vm_run_for(vm, 5000);
    }
    return fd;
}

/* Until no picture has come for so long. */
static inline void vm_await_rest(struct vm *vm, uint64_t us)
{
    unsigned before;
    uint64_t until = clock_now_us() + VM_LIMIT_US;
    do {
        assert_true(clock_now_us() < until);
        before = vm_frames(vm);
        vm_run_for(vm, us);
    } while (vm_frames(vm) != before);
}

/* ---- the test pattern kernel ---- */

/* True once the kernel has said c since the last vm_tell. */
static inline bool vm_has_said(struct vm *vm, char c)
{
    ssize_t n = recv(vm->debug, vm->said + vm->n_said, sizeof vm->said - vm->n_said, MSG_DONTWAIT);
    if (n > 0)
        vm->n_said += (size_t)n;
    return memchr(vm->said, c, vm->n_said);
}

static inline void vm_tell(struct vm *vm, const char *command)
{
    vm->n_said = 0;
    assert_int_equal(send(vm->serial, command, strlen(command), MSG_NOSIGNAL), (ssize_t)strlen(command));
}

/* Connects to the kernel's ports (before the machine is on: what it says first would be lost) and turns it on. */
static inline void vm_boot_tpk(struct vm *vm)
{
    if (vm->serial < 0) {
        vm->serial = vm_connect(vm, "serial0.sock");
        vm->debug = vm_connect(vm, "debug.sock");
    }
    vm->n_said = 0;
    vm_power_on(vm);
    VM_WAIT(vm, vm_has_said(vm, 'R'));
}

/* ---- a monitor of the test's own ---- */

struct vm_answer {
    bool done;
    int error;
    char *text; /* as JSON */
};

static inline void vm_on_answer(void *data, int error, const json_t *answer, const char *why)
{
    struct vm_answer *a = data;
    (void)why;
    a->done = true;
    a->error = error;
    a->text = answer ? json_dumps(answer, JSON_ENCODE_ANY) : NULL;
}

static inline void vm_ignore(void *data)
{
    (void)data;
}

static inline void vm_ignore_event(void *data, const char *name, const json_t *body)
{
    (void)data;
    (void)name;
    (void)body;
}

static inline void vm_ignore_lost(void *data, const char *why)
{
    (void)data;
    (void)why;
}

static inline struct qmp *vm_monitor(struct vm *vm)
{
    static const struct qmp_listener listener = {vm_ignore, vm_ignore_event, vm_ignore_lost};
    char path[108];
    struct qmp *qmp;
    snprintf(path, sizeof path, "%.80s/qmp2.sock", vm->folder);
    assert_int_equal(qmp_create(vm->loop, path, &listener, vm, &qmp), 0);
    VM_WAIT(vm, qmp_is_ready(qmp));
    return qmp;
}

/* The answer as text, to be freed. */
static inline char *vm_ask(struct vm *vm, struct qmp *qmp, const char *command, json_t *arguments)
{
    struct vm_answer answer = {0};
    assert_int_equal(qmp_call(qmp, command, arguments, -1, vm_on_answer, &answer), 0);
    VM_WAIT(vm, answer.done);
    assert_int_equal(answer.error, 0);
    return answer.text;
}
