/* From nothing to a machine that runs: disks, variables, TPM, process, sockets; found again, or tried again. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/clock.h"
#include "core/log.h"
#include "gateway/targets/target_changes.h"
#include "gateway/vm/vm_inner.h"
#include "gateway/vm/vm_options.h"

#define POLL_US 20000               /* for a socket to appear */
#define SOCKET_PATIENCE_US 10000000 /* a machine with its sockets late is told so, not killed */

static void advance(struct vm *self);

void vm_set_phase(struct vm *self, enum vm_phase phase)
{
    self->phase = phase;
    self->changed(self->data, self);
}

const char *vm_name(const struct vm *self)
{
    return self->config.target->name;
}

static void retry_later(struct vm *self)
{
    uint64_t delay = backoff_next(&self->backoff, self->started_us, clock_now_us());
    log_error("vm", "target %s: %s; next try in %.1f s", vm_name(self), self->why, (double)delay / 1e6);
    self->failed = true;
    loop_timer_arm_in(self->step, delay);
    vm_set_phase(self, VM_WAITING);
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

static void on_process_ended(void *data, int status)
{
    struct vm *self = data;
    bool renewing = self->renewing;
    self->process = child_destroy(self->process);
    self->renewing = self->stale = false;
    loop_timer_disarm(self->kill);
    vm_record_remove(self->folder);
    if (self->leaving) {
        vm_set_phase(self, VM_ENDED);
        return;
    }
    explain_end(self, "QEMU", status);
    if (!renewing) {
        retry_later(self);
        return;
    }
    self->phase = VM_WAITING;
    vm_step(self);
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
        log_warn("vm", "target %s: process %d cannot be noted (%s): a new supervisor would not find it", vm_name(self),
                 (int)pid, strerror(-r));
    log_info("vm", "target %s: QEMU is process %d", vm_name(self), (int)pid);
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
        vm_set_phase(self, VM_STARTING);
    }
    if (exists(self->paths.qmp) || clock_now_us() - self->started_us > SOCKET_PATIENCE_US) {
        self->failed = false;
        self->why[0] = '\0';
        vm_set_phase(self, VM_RUNNING);
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

void vm_step(void *data)
{
    struct vm *self = data;
    if (self->phase == VM_WAITING) {
        int r = take_next(self);
        if (r < 0)
            log_error("vm", "target %s: %s", vm_name(self), strerror(-r));
        self->phase = VM_PREPARING;
        self->started_us = clock_now_us();
        vm_log_mark(&self->log);
    }
    advance(self);
}

bool vm_adopt(struct vm *self)
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
    log_info("vm", "target %s: QEMU still runs as process %d%s", vm_name(self), (int)record.pid,
             same ? "" : "; its configuration has changed, which counts when it is powered off and on");
    self->stale = !same;
    self->started_us = clock_now_us();
    vm_set_phase(self, VM_RUNNING);
    return true;
}
