#include "gateway/vm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/clock.h"
#include "core/log.h"
#include "gateway/backoff.h"
#include "gateway/child.h"
#include "gateway/target_changes.h"
#include "gateway/vm_log.h"
#include "gateway/vm_options.h"
#include "gateway/vm_prepare.h"
#include "gateway/vm_record.h"

#define POLL_US 20000               /* for a socket to appear */
#define SOCKET_PATIENCE_US 10000000 /* a machine with its sockets late is told so, not killed */
#define WATCH_US 2000000            /* the log */
#define END_US 10000000             /* a machine writes its disks back */

enum vm_phase { VM_WAITING, VM_PREPARING, VM_TPM, VM_STARTING, VM_RUNNING, VM_ENDED };

struct vm {
    struct vm_config config;
    struct vm_paths paths;
    struct vm_confinement confinement;
    struct loop *loop;
    vm_changed_fn *changed;
    void *data;
    int folder;

    enum vm_phase phase;
    bool failed;
    char why[512];
    struct child *process, *helper, *tpm; /* the machine; what prepares it; its TPM */
    struct vm_log log;
    struct backoff backoff;
    uint64_t started_us;
    struct loop_timer *step, *watch, *kill;

    struct config_target *target, *next; /* config.target; what it becomes with the next process, NULL: nothing else */
    bool renewing, leaving;
    bool stale; /* its process was started by another supervisor, with something else */
};

static void advance(struct vm *self);

static void set_phase(struct vm *self, enum vm_phase phase)
{
    self->phase = phase;
    self->changed(self->data, self);
}

static const char *name_of(const struct vm *self)
{
    return self->config.target->name;
}

static void retry_later(struct vm *self)
{
    uint64_t delay = backoff_next(&self->backoff, self->started_us, clock_now_us());
    log_error("vm", "target %s: %s; next try in %.1f s", name_of(self), self->why, (double)delay / 1e6);
    self->failed = true;
    loop_timer_arm_in(self->step, delay);
    set_phase(self, VM_WAITING);
}

/* "QEMU ended with code 1: the last line it printed" */
static void explain_end(struct vm *self, const char *program, int status)
{
    char lines[TARGET_LOG_LINES][TARGET_LOG_LINE];
    unsigned n = vm_log_tail(&self->log, lines);
    char how[64] = "ended";
    if (status >= 0 && WIFEXITED(status))
        snprintf(how, sizeof how, "ended with code %d", WEXITSTATUS(status));
    else if (status >= 0 && WIFSIGNALED(status))
        snprintf(how, sizeof how, "was ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    snprintf(self->why, sizeof self->why, "%s %s%s%s", program, how, n ? ": " : "", n ? lines[n - 1] : "");
}

/* What was kept for the next process. */
static int take_next(struct vm *self)
{
    if (!self->next)
        return 0;
    config_target_free(self->target);
    self->config.target = self->target = take(self->next);
    self->confinement.off = self->target->extra.n > 0;
    return vm_paths_init(&self->paths, &self->config);
}

static void on_step(void *data);

static void on_process_ended(void *data, int status)
{
    struct vm *self = data;
    bool renewing = self->renewing;
    self->process = child_destroy(self->process);
    self->renewing = self->stale = false;
    loop_timer_disarm(self->kill);
    vm_record_remove(self->folder);
    if (self->leaving) {
        set_phase(self, VM_ENDED);
        return;
    }
    explain_end(self, "QEMU", status);
    if (!renewing) {
        retry_later(self);
        return;
    }
    self->phase = VM_WAITING;
    on_step(self);
    self->changed(self->data, self);
}

static void on_helper_ended(void *data, int status)
{
    struct vm *self = data;
    self->helper = child_destroy(self->helper);
    if (self->leaving)
        return;
    if (status == 0) {
        advance(self);
        return;
    }
    explain_end(self, "qemu-img", status);
    retry_later(self);
}

static void on_tpm_ended(void *data, int status)
{
    struct vm *self = data;
    self->tpm = child_destroy(self->tpm);
    if (self->phase != VM_TPM || self->leaving)
        return; /* it went with its machine */
    explain_end(self, "swtpm", status);
    retry_later(self);
}

static int start(struct vm *self, const char *file, const char *const *argv, int tap, child_ended_fn *ended,
                 struct child **ret)
{
    struct child_spec spec = {
        .file = file,
        .argv = argv,
        .fds = &tap,
        .n_fds = tap >= 0,
        .output = self->log.fd,
        .user = self->config.user,
        .folder = self->paths.folder,
        .own_session = true,
        .dies_with_us = self->config.target->lifetime == CONFIG_LIFETIME_SUPERVISOR,
        .confine = vm_prepare_confine,
        .confine_data = &self->confinement,
    };
    int r = child_start(self->loop, &spec, ended, self, ret);
    if (r < 0)
        snprintf(self->why, sizeof self->why, "%s cannot be started: %s%s", file, strerror(-r),
                 r == -ENOENT ? "; install it" : "");
    return r;
}

static int start_process(struct vm *self)
{
    struct qemu_argv argv = {0};
    int r = vm_options_argv(&self->config, &self->paths, &argv, self->why, sizeof self->why);
    if (r < 0)
        return r;
    _cleanup_close_ int tap = -1;
    if (self->config.target->nic.kind == CONFIG_NIC_TAP)
        tap = r = vm_prepare_tap(self->config.target->nic.tap, self->why, sizeof self->why);
    if (r >= 0) {
        unlink(self->paths.qmp);
        vm_log_mark(&self->log);
        r = start(self, argv.argv[0], (const char *const *)argv.argv, tap, on_process_ended, &self->process);
    }
    qemu_argv_finish(&argv);
    if (r < 0)
        return r;
    pid_t pid = child_pid(self->process);
    struct vm_record record = {.pid = pid, .start_time = child_start_time(pid)};
    r = vm_record_save(self->folder, &record);
    if (r < 0)
        log_warn("vm", "target %s: process %d cannot be noted (%s): a new supervisor would not find it", name_of(self),
                 (int)pid, strerror(-r));
    log_info("vm", "target %s: QEMU is process %d", name_of(self), (int)pid);
    return 0;
}

static int start_tpm(struct vm *self)
{
    const char *const *argv;
    int r = vm_prepare_tpm(&self->config, &self->paths, self->folder, &argv, self->why, sizeof self->why);
    return r < 0 ? r : start(self, argv[0], argv, -1, on_tpm_ended, &self->tpm);
}

static bool exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

/* One step further; what a step must wait for calls this again. */
static int next_step(struct vm *self)
{
    if (self->phase == VM_PREPARING) {
        const char *const *argv;
        int r = vm_prepare_disks(&self->config, &self->paths, &argv, self->why, sizeof self->why);
        if (r == 1)
            r = start(self, argv[0], argv, -1, on_helper_ended, &self->helper);
        if (r < 0 || self->helper)
            return r;
        r = vm_prepare_variables(&self->config, self->folder, self->why, sizeof self->why);
        if (r < 0)
            return r;
        self->phase = VM_TPM;
        if (self->config.target->tpm && (r = start_tpm(self)) < 0)
            return r;
    }
    if (self->phase == VM_TPM) {
        if (self->config.target->tpm && !exists(self->paths.tpm_socket)) {
            loop_timer_arm_in(self->step, POLL_US);
            return 0;
        }
        int r = start_process(self);
        if (r < 0)
            return r;
        set_phase(self, VM_STARTING);
    }
    if (exists(self->paths.qmp) || clock_now_us() - self->started_us > SOCKET_PATIENCE_US) {
        self->failed = false;
        self->why[0] = '\0';
        set_phase(self, VM_RUNNING);
    } else {
        loop_timer_arm_in(self->step, POLL_US);
    }
    return 0;
}

static void advance(struct vm *self)
{
    if (next_step(self) < 0) {
        /* a TPM without its machine would keep the socket of the next one */
        if (self->tpm)
            child_signal(self->tpm, SIGTERM);
        self->tpm = child_destroy(self->tpm);
        retry_later(self);
    }
}

static void on_step(void *data)
{
    struct vm *self = data;
    if (self->phase == VM_WAITING) {
        int r = take_next(self);
        if (r < 0)
            log_error("vm", "target %s: %s", name_of(self), strerror(-r));
        self->phase = VM_PREPARING;
        self->started_us = clock_now_us();
        vm_log_mark(&self->log);
    }
    advance(self);
}

static void on_watch(void *data)
{
    struct vm *self = data;
    if (vm_log_changed(&self->log))
        self->changed(self->data, self);
    loop_timer_arm_in(self->watch, WATCH_US);
}

static bool adopt(struct vm *self)
{
    struct vm_record record;
    struct qemu_argv argv = {0};
    char why[512];
    bool same = false;
    if (vm_record_load(self->folder, &record) < 0 ||
        vm_options_argv(&self->config, &self->paths, &argv, why, sizeof why) < 0)
        return false;
    int r = child_adopt(self->loop, record.pid, record.start_time, on_process_ended, self, &self->process);
    if (r == 0 && !vm_record_check(record.pid, self->config.user->uid, argv.argv, self->paths.runtime, &same)) {
        self->process = child_destroy(self->process);
        r = -ESRCH;
    }
    qemu_argv_finish(&argv);
    if (r < 0)
        return false;
    log_info("vm", "target %s: QEMU still runs as process %d%s", name_of(self), (int)record.pid,
             same ? "" : "; its configuration has changed, which counts when it is powered off and on");
    self->stale = !same;
    self->started_us = clock_now_us();
    set_phase(self, VM_RUNNING);
    return true;
}

void vm_begin(struct vm *self)
{
    loop_timer_arm_in(self->watch, WATCH_US);
    if (!adopt(self))
        on_step(self);
}

void vm_describe(struct vm *self, struct control_vm *ret)
{
    static const char *const names[] = {
        [VM_WAITING] = "starting",  [VM_PREPARING] = "starting", [VM_TPM] = "starting",
        [VM_STARTING] = "starting", [VM_RUNNING] = "running",    [VM_ENDED] = "ended",
    };
    memset(ret, 0, sizeof *ret);
    ret->index = self->config.place.index;
    ret->generation = self->config.place.generation;
    ret->running = self->process != NULL;
    ret->pid = self->process ? (uint32_t)child_pid(self->process) : 0;
    bool failed = self->failed && self->phase < VM_RUNNING;
    snprintf(ret->state, sizeof ret->state, "%s", failed ? "failed" : names[self->phase]);
    snprintf(ret->why, sizeof ret->why, "%s", self->why);
    ret->n_log = (uint8_t)vm_log_tail(&self->log, ret->log);
}

/* ---- changes while it runs ---- */

int vm_set_target(struct vm *self, const struct config_target *target)
{
    struct config_target *copy = config_target_copy(target);
    if (!copy)
        return -ENOMEM;
    config_target_free(self->next);
    self->next = copy;
    if (config_target_same_shape(copy, self->target) && !self->stale)
        self->next = config_target_free(self->next);
    return 0;
}

const struct config_target *vm_target(const struct vm *self)
{
    return self->target;
}

void vm_listen(struct vm *self, vm_changed_fn *changed, void *data)
{
    self->changed = changed;
    self->data = data;
}

bool vm_waits(const struct vm *self)
{
    return self->process && (self->next || self->stale);
}

bool vm_runs(const struct vm *self)
{
    return self->process != NULL;
}

void vm_set_place(struct vm *self, const struct control_place *place)
{
    self->config.place = *place;
}

static void on_kill(void *data)
{
    struct vm *self = data;
    if (!self->process)
        return;
    log_warn("vm", "target %s: QEMU did not end by itself and is killed", name_of(self));
    child_signal(self->process, SIGKILL);
}

static void end_process(struct vm *self)
{
    child_signal(self->process, SIGTERM);
    loop_timer_arm_in(self->kill, END_US);
}

void vm_renew(struct vm *self)
{
    if (!self->process || self->renewing || self->leaving)
        return;
    log_info("vm", "target %s: it is off; its process begins anew", name_of(self));
    self->renewing = true;
    end_process(self);
}

void vm_leave(struct vm *self)
{
    if (self->leaving)
        return;
    self->leaving = true;
    loop_timer_disarm(self->step);
    loop_timer_disarm(self->watch);
    if (self->helper)
        child_signal(self->helper, SIGTERM);
    if (self->tpm)
        child_signal(self->tpm, SIGTERM);
    if (self->process)
        end_process(self);
    else
        set_phase(self, VM_ENDED);
}

/* ---- the supervisor's end ---- */

void vm_end(struct vm *self)
{
    loop_timer_disarm(self->step);
    loop_timer_disarm(self->watch);
    if (self->helper)
        child_signal(self->helper, SIGTERM);
    if (self->process && self->config.target->lifetime == CONFIG_LIFETIME_SUPERVISOR)
        child_signal(self->process, SIGTERM);
}

void vm_end_wait(struct vm *self, int timeout_ms)
{
    if (!self->process || self->config.target->lifetime != CONFIG_LIFETIME_SUPERVISOR)
        return;
    if (!child_wait(self->process, timeout_ms, NULL)) {
        log_warn("vm", "target %s: QEMU did not end by itself and is killed", name_of(self));
        child_signal(self->process, SIGKILL);
        child_wait(self->process, timeout_ms, NULL);
    }
    self->process = child_destroy(self->process);
    vm_record_remove(self->folder);
    self->phase = VM_ENDED;
}

static void no_free_arguments_hint(const struct vm *self)
{
    if (self->confinement.off)
        log_warn("vm", "target %s: extra-arguments may name any file, so its process is not confined by Landlock",
                 name_of(self));
}

int vm_create(struct loop *loop, const struct vm_config *config, vm_changed_fn *changed, void *data, struct vm **ret)
{
    struct vm *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->config = *config;
    self->config.target = self->target = config_target_copy(config->target);
    self->loop = loop;
    self->changed = changed;
    self->data = data;
    self->folder = self->log.fd = -1;
    self->backoff = (struct backoff){.first_us = 1000000, .longest_us = 60000000, .good_us = 30000000};
    self->confinement = (struct vm_confinement){.paths = &self->paths, .off = config->target->extra.n > 0};
    int r = self->target ? vm_paths_init(&self->paths, config) : -ENOMEM;
    if (r == 0 && (self->folder = open(self->paths.folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
        r = -errno;
    if (r == 0)
        r = vm_log_open(&self->log, self->folder, config->user);
    if (r == 0)
        r = loop_timer_add(loop, on_step, self, &self->step);
    if (r == 0)
        r = loop_timer_add(loop, on_watch, self, &self->watch);
    if (r == 0)
        r = loop_timer_add(loop, on_kill, self, &self->kill);
    if (r < 0) {
        vm_destroy(self);
        return r;
    }
    no_free_arguments_hint(self);
    *ret = self;
    return 0;
}

struct vm *vm_destroy(struct vm *self)
{
    if (!self)
        return NULL;
    child_destroy(self->process);
    child_destroy(self->helper);
    child_destroy(self->tpm);
    loop_timer_remove(self->step);
    loop_timer_remove(self->watch);
    loop_timer_remove(self->kill);
    config_target_free(self->target);
    config_target_free(self->next);
    vm_log_close(&self->log);
    if (self->folder >= 0)
        close(self->folder);
    free(self);
    return NULL;
}
