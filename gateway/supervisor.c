#include "gateway/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include "core/log.h"
#include "gateway/announce.h"
#include "gateway/listen.h"
#include "gateway/notify.h"
#include "gateway/notify_alive.h"
#include "gateway/sandbox.h"
#include "gateway/signal_watch.h"
#include "gateway/supervisor_net.h"
#include "gateway/supervisor_roles.h"
#include "machines/qemu/argv.h"

#define KVM_PROBE_MS 2000
#define STOP_MS 3000     /* for our own processes */
#define VM_STOP_MS 10000 /* a machine writes its disks back */

struct supervisor {
    const struct options *options;
    struct config *config;
    struct uid_choice user, keeper, outward;
    struct state state;
    struct listeners listeners;
    struct loop *loop;
    struct signal_watch signals;
    struct notify_alive *alive;
    struct roles *roles;
    struct net_follow *net;
    struct vm *vms[CONFIG_MAX_TARGETS]; /* NULL for targets without a process */
    char config_path[PATH_MAX];         /* absolute */
};

static int load_config(const struct options *options, struct config **ret)
{
    const char *path = options->config ? options->config : CONFIG_DEFAULT_PATH;
    struct stat st;
    if (!options->config && stat(path, &st) < 0 && errno == ENOENT) {
        log_info("supervisor", "no configuration (%s): no targets", path);
        return config_default(ret);
    }
    struct config_mistakes *mistakes = calloc(1, sizeof *mistakes);
    int r = mistakes ? config_load(path, mistakes, ret) : -ENOMEM;
    if (r < 0 && mistakes)
        config_print_mistakes(stderr, path, mistakes);
    free(mistakes);
    return r;
}

static int check(const struct options *options)
{
    struct config *config = NULL;
    if (load_config(options, &config) < 0)
        return EXIT_CONFIG;
    printf("%s: no mistakes, %u target%s\n", options->config ? options->config : CONFIG_DEFAULT_PATH, config->n_targets,
           config->n_targets == 1 ? "" : "s");
    config_destroy(config);
    return EXIT_FINE;
}

static int refuse(int code, const char *why)
{
    log_error("supervisor", "%s", why);
    return code;
}

static int open_pem(const char *what, const char *path, int *ret, char *why, size_t why_size)
{
    if (!*path)
        return 0;
    *ret = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (*ret >= 0)
        return 0;
    int r = -errno;
    snprintf(why, why_size, "%s %s cannot be opened: %s; make it readable, or change %s in the configuration", what,
             path, strerror(-r), what);
    return r;
}

/* Files that are not there are told of before anything starts. */
static int check_certificate(const struct supervisor *self, char *why, size_t why_size)
{
    _cleanup_close_ int certificate = -1, key = -1;
    int r = open_pem("certificate", self->config->certificate, &certificate, why, why_size);
    return r ? r : open_pem("certificate-key", self->config->certificate_key, &key, why, why_size);
}

/* Everything that can be refused, before anything is started: nothing is left half-way. */
static int open_all(struct supervisor *self)
{
    char why[1600] = "", path[CONFIG_PATH_MAX] = "";
    if (load_config(self->options, &self->config) < 0)
        return EXIT_CONFIG;
    sandbox_choose(self->config->sandbox == CONFIG_SANDBOX_BEST);
    if (uid_choose(self->config->user, &self->user, why, sizeof why) < 0)
        return refuse(EXIT_USER, why);
    uid_choose_own(UID_KEEPER_USER, &self->user, &self->keeper);
    uid_choose_own(UID_OUTWARD_USER, &self->user, &self->outward);
    if (options_state_path(self->options, self->config, path, sizeof path) < 0)
        return refuse(EXIT_STATE, "there is no place for the state folder; give one with --state");
    int r = state_open(path, self->config, &self->user, &self->keeper, &self->state, why, sizeof why);
    if (r < 0)
        return refuse(r == -EBUSY ? EXIT_RUNNING : EXIT_STATE, why);
    r = check_certificate(self, why, sizeof why);
    if (r < 0)
        return refuse(EXIT_KEEPER, why);
    r = listeners_open(self->config, &self->state, &self->user, &self->listeners, why, sizeof why);
    if (r < 0)
        return refuse(EXIT_PORT, why);
    return EXIT_FINE;
}

/* SIGHUP: where the page is reached, as whom, by which certificates, and who vouches for users. What is there stays
 * when the new one has a mistake. */
static void reload(struct supervisor *self)
{
    struct config *read = NULL;
    bool rest = false;
    if (!self->net)
        return; /* not yet begun: it was read a moment ago */
    notify_send("RELOADING=1");
    if (load_config(self->options, &read) < 0) {
        log_error("supervisor", "the configuration has mistakes: all stays as it is");
    } else {
        net_follow_take_over(self->config, read, &rest);
        read = config_destroy(read);
        net_follow_again(self->net);
        roles_tell_certificates(self->roles);
        roles_tell_directory(self->roles);
        log_info("supervisor", "the configuration was read anew%s",
                 rest ? "; what it says besides addresses, names, certificates and the directory waits for a restart"
                      : "");
    }
    notify_send("READY=1");
}

static void on_signal(void *data, int number)
{
    struct supervisor *self = data;
    if (number == SIGHUP)
        reload(self);
    else
        loop_stop(self->loop, EXIT_FINE);
}

static void on_vm_changed(void *data, struct vm *vm)
{
    struct supervisor *self = data;
    roles_tell_vm(self->roles, vm);
}

static int kvm_works(const void *data)
{
    (void)data;
    return qemu_kvm_works(KVM_PROBE_MS);
}

/* As the user that machines run as: root may open what they may not. */
static bool host_has_kvm(const struct supervisor *self)
{
    const struct config *config = self->config;
    unsigned n = 0;
    for (unsigned i = 0; i < config->n_targets; i++)
        n += config->targets[i]->machine == CONFIG_QEMU && config->targets[i]->accel == CONFIG_ACCEL_AUTO;
    if (n == 0)
        return false;
    bool works = uid_ask(&self->user, kvm_works, NULL) == 1;
    if (!works)
        log_info("supervisor", "KVM does not work for user %s (is it in the group of /dev/kvm?): machines are emulated",
                 self->user.name);
    return works;
}

static int make_vms(struct supervisor *self)
{
    bool kvm = host_has_kvm(self);
    for (unsigned i = 0; i < self->config->n_targets; i++) {
        struct vm_config config = {
            .target = self->config->targets[i], .state = &self->state, .user = &self->user, .index = i, .kvm = kvm};
        if (config.target->machine != CONFIG_QEMU)
            continue;
        int r = vm_create(self->loop, &config, on_vm_changed, self, &self->vms[i]);
        if (r < 0) {
            log_error("supervisor", "target %s: %s", config.target->name, strerror(-r));
            return r;
        }
    }
    return 0;
}

/* Called once, when keeper and gateway are ready for the first time. */
static void on_ready(void *data, const struct announce_marks *marks, const char *secret)
{
    struct supervisor *self = data;
    announce(stdout, self->config, marks, secret, self->options->qr || isatty(1));
    notify_send("READY=1");
}

static void on_refused(void *data, int exit_code)
{
    struct supervisor *self = data;
    loop_stop(self->loop, exit_code);
}

/* The units run as the users of the package: a user of the owner's own choice gets children. */
static const char *units_folder(const struct supervisor *self)
{
    const char *user = self->config->user;
    if (!self->options->units || !*user || strcmp(user, UID_DEFAULT_USER) == 0)
        return self->options->units;
    log_warn("supervisor", "user = %s in the configuration: the parts run as that, and not as units of their own",
             user);
    return NULL;
}

static int begin(struct supervisor *self)
{
    static const struct roles_owner owner = {.ready = on_ready, .refused = on_refused};
    int r = loop_create(&self->loop);
    r = r ? r
          : signal_watch_begin(&self->signals, self->loop, (const int[]){SIGTERM, SIGINT, SIGHUP, 0}, on_signal, self);
    r = r ? r : notify_alive_create(self->loop, &self->alive);
    r = r ? r : make_vms(self);
    const char *config_path = self->options->config ? self->options->config : CONFIG_DEFAULT_PATH;
    if (r == 0 && realpath(config_path, self->config_path))
        config_path = self->config_path;
    struct roles_config config = {.config = self->config,
                                  .config_path = config_path,
                                  .state = &self->state,
                                  .user = &self->user,
                                  .keeper = &self->keeper,
                                  .outward = &self->outward,
                                  .listeners = &self->listeners,
                                  .units = units_folder(self),
                                  .vms = self->vms};
    r = r ? r : roles_create(self->loop, &config, &owner, self, &self->roles);
    r = r ? r : net_follow_create(self->loop, self->config, &self->listeners, self->roles, &self->net);
    for (unsigned i = 0; r == 0 && i < self->config->n_targets; i++)
        if (self->vms[i])
            vm_begin(self->vms[i]);
    return r;
}

/* The gateway first: it lets go of all keys while the machines are still there to hear it. */
static void end(struct supervisor *self)
{
    notify_send("STOPPING=1");
    roles_stop(self->roles, STOP_MS);
    for (unsigned i = 0; i < CONFIG_MAX_TARGETS; i++)
        if (self->vms[i])
            vm_end(self->vms[i]);
    for (unsigned i = 0; i < CONFIG_MAX_TARGETS; i++)
        if (self->vms[i])
            vm_end_wait(self->vms[i], VM_STOP_MS);
}

static void finish(struct supervisor *self)
{
    self->net = net_follow_destroy(self->net);
    self->roles = roles_destroy(self->roles);
    for (unsigned i = 0; i < CONFIG_MAX_TARGETS; i++)
        self->vms[i] = vm_destroy(self->vms[i]);
    self->alive = notify_alive_destroy(self->alive);
    signal_watch_end(&self->signals);
    self->loop = loop_destroy(self->loop);
    listeners_close(&self->listeners);
    state_close(&self->state);
    self->config = config_destroy(self->config);
}

int supervisor_main(const struct options *options)
{
    struct supervisor self = {.options = options, .state.lock_fd = -1, .listeners.control = -1};
    if (options->check)
        return check(options);
    log_init("supervisor");
    int code = open_all(&self);
    if (code == EXIT_FINE) {
        int r = begin(&self);
        if (r < 0)
            log_error("supervisor", "cannot start: %s", strerror(-r));
        code = r < 0 ? EXIT_FAILED : loop_run(self.loop);
        if (self.roles)
            end(&self);
    }
    finish(&self);
    return code < 0 ? EXIT_FAILED : code;
}
