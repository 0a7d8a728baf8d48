#include "gateway/supervisor/supervisor.h"

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
#include "gateway/config/config_store.h"
#include "gateway/doctor/devices.h"
#include "gateway/sandbox/sandbox.h"
#include "gateway/signal_watch.h"
#include "gateway/supervisor/announce.h"
#include "gateway/supervisor/listen.h"
#include "gateway/supervisor/notify.h"
#include "gateway/supervisor/notify_alive.h"
#include "gateway/supervisor/supervisor_backup.h"
#include "gateway/supervisor/supervisor_devices.h"
#include "gateway/supervisor/supervisor_net.h"
#include "gateway/supervisor/supervisor_reader.h"
#include "gateway/supervisor/supervisor_roles.h"
#include "gateway/supervisor/supervisor_settings.h"
#include "gateway/supervisor/supervisor_targets.h"

#define STOP_MS 3000     /* for our own processes */
#define VM_STOP_MS 10000 /* a machine writes its disks back */

struct supervisor {
    const struct options *options;
    struct config *config;
    struct settings_loaded loaded; /* until it is the settings' */
    struct supervisor_settings *settings;
    struct supervisor_backup *backup;
    struct supervisor_devices *devices;
    struct uid_choice user, keeper, outward, reader_user;
    struct reader_link *reader;
    struct state state;
    struct listeners listeners;
    struct loop *loop;
    struct signal_watch signals;
    struct notify_alive *alive;
    struct roles *roles;
    struct net_follow *net;
    struct supervisor_targets *targets;
    char config_path[PATH_MAX]; /* absolute */
};

static int check(const struct options *options)
{
    struct settings_loaded loaded;
    int r = settings_load(options, &loaded);
    if (r != EXIT_FINE)
        return r;
    unsigned n = loaded.base.config->n_targets, ignored = loaded.ignored->n + loaded.ignored->further;
    printf("%s: no mistakes, %u target%s\n", loaded.path, n, n == 1 ? "" : "s");
    if (ignored)
        printf("%s/" CONFIG_STORE_FOLDER ": %u setting%s of the page cannot be used, as said above\n", loaded.state,
               ignored, ignored == 1 ? "" : "s");
    settings_loaded_finish(&loaded);
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
    int code = settings_load(self->options, &self->loaded);
    if (code != EXIT_FINE)
        return code;
    if (settings_read(&self->loaded.base.file, self->loaded.base.page, self->loaded.ignored, &self->config) < 0)
        return EXIT_CONFIG;
    sandbox_choose(self->config->sandbox == CONFIG_SANDBOX_BEST);
    if (uid_choose(self->config->user, &self->user, why, sizeof why) < 0)
        return refuse(EXIT_USER, why);
    uid_choose_own(UID_KEEPER_USER, &self->user, &self->keeper);
    uid_choose_own(UID_OUTWARD_USER, &self->user, &self->outward);
    uid_choose_own(UID_READER_USER, &self->user, &self->reader_user);
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

/* SIGHUP. What is there stays when the new one has a mistake. */
static void reload(struct supervisor *self)
{
    if (!self->settings)
        return; /* not yet begun: it was read a moment ago */
    notify_send("RELOADING=1");
    if (!supervisor_settings_reload(self->settings))
        log_error("supervisor", "the configuration has mistakes: all stays as it is");
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

static struct ipc *gateway_of(void *data)
{
    const struct supervisor *self = data;
    return roles_gateway(self->roles);
}

static void on_dongles_changed(void *data)
{
    const struct supervisor *self = data;
    roles_need_helper(self->roles);
}

static void on_waiting_changed(void *data)
{
    const struct supervisor *self = data;
    if (self->settings)
        supervisor_settings_tell(self->settings);
}

static int make_targets(struct supervisor *self)
{
    static const struct supervisor_targets_owner owner = {
        .gateway = gateway_of, .dongles_changed = on_dongles_changed, .waiting_changed = on_waiting_changed};
    struct supervisor_targets_config config = {.config = self->config, .state = &self->state, .user = &self->user};
    return supervisor_targets_create(self->loop, &config, &owner, self, &self->targets);
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

/* ---- settings ---- */

static void on_settings(void *data, bool gateway, struct config *next, const struct target_removal *removal)
{
    struct supervisor *self = data;
    supervisor_targets_apply(self->targets, self->config, next, removal, NULL);
    if (!gateway)
        return;
    net_follow_again(self->net);
    roles_tell_certificates(self->roles);
    roles_tell_directory(self->roles);
    roles_tell_outside(self->roles);
}

static void on_restart_gateway(void *data)
{
    struct supervisor *self = data;
    roles_restart_gateway(self->roles);
}

static void on_gateway_begins(void *data)
{
    struct supervisor *self = data;
    supervisor_settings_gateway_begins(self->settings);
}

static void on_gateway_begun(void *data)
{
    struct supervisor *self = data;
    supervisor_settings_tell(self->settings);
}

static bool on_gateway_asks(void *data, const struct ipc_message *message)
{
    struct supervisor *self = data;
    if (message->type == CONTROL_WANT_READER && message->body_size == 0) {
        reader_link_want(self->reader);
        return true;
    }
    if (self->backup && supervisor_backup_message(self->backup, message))
        return true;
    if (self->devices && supervisor_devices_message(self->devices, message))
        return true;
    return self->settings && supervisor_settings_message(self->settings, message);
}

static bool give_reader(void *data, int fd)
{
    struct supervisor *self = data;
    struct ipc *gateway = roles_gateway(self->roles);
    return gateway && ipc_send(gateway, CONTROL_READER, 0, NULL, 0, &fd, 1) == 0;
}

static void on_target_waits(void *data, const char *target, char *room, size_t size)
{
    const struct supervisor *self = data;
    struct targets_state state;
    bool there = supervisor_targets_state(self->targets, target, &state);
    snprintf(room, size, "%s", there ? state.waits : "");
}

/* From the page only what stands in the list of this machine becomes a path. */
static bool on_listed(void *data, const struct config_key *key, const char *value)
{
    static const enum device_kind kinds[] = {[CONFIG_DEVICES_CAPTURE] = DEVICE_CAPTURE,
                                             [CONFIG_DEVICES_UDC] = DEVICE_UDC,
                                             [CONFIG_DEVICES_GPIO] = DEVICE_GPIO};
    static struct devices devices;
    (void)data;
    devices_list("", &devices);
    return devices_have(&devices, kinds[key->devices], value);
}

static int begin_settings(struct supervisor *self)
{
    static const struct supervisor_settings_owner owner = {.gateway = gateway_of,
                                                           .changed = on_settings,
                                                           .target_waits = on_target_waits,
                                                           .listed = on_listed,
                                                           .restart_gateway = on_restart_gateway};
    return supervisor_settings_create(self->loop, &self->loaded, self->options, self->config, &self->state, &owner,
                                      self, &self->settings);
}

static int begin_backup(struct supervisor *self)
{
    const struct supervisor_backup_config config = {.config_path = self->options->config ? self->config_path : NULL,
                                                    .state = self->state.path,
                                                    .gateway = gateway_of,
                                                    .data = self};
    return supervisor_backup_create(self->loop, &config, &self->backup);
}

static int begin_devices(struct supervisor *self)
{
    const struct supervisor_devices_config config = {
        .root = "", .config = self->config, .gateway = gateway_of, .data = self};
    return supervisor_devices_create(self->loop, &config, &self->devices);
}

static int begin(struct supervisor *self)
{
    static const struct roles_owner owner = {.ready = on_ready,
                                             .refused = on_refused,
                                             .gateway_begins = on_gateway_begins,
                                             .gateway_begun = on_gateway_begun,
                                             .gateway_asks = on_gateway_asks};
    int r = loop_create(&self->loop);
    r = r ? r
          : signal_watch_begin(&self->signals, self->loop, (const int[]){SIGTERM, SIGINT, SIGHUP, 0}, on_signal, self);
    r = r ? r : notify_alive_create(self->loop, &self->alive);
    r = r ? r : make_targets(self);
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
                                  .targets = self->targets};
    r = r ? r : roles_create(self->loop, &config, &owner, self, &self->roles);
    static const struct reader_link_owner reader = {.give = give_reader};
    r = r ? r : reader_link_create(self->loop, &self->reader_user, units_folder(self), &reader, self, &self->reader);
    r = r ? r : net_follow_create(self->loop, self->config, &self->listeners, self->roles, &self->net);
    r = r ? r : begin_settings(self);
    r = r ? r : begin_backup(self);
    r = r ? r : begin_devices(self);
    if (r == 0)
        supervisor_targets_begin(self->targets);
    return r;
}

/* The gateway first: it lets go of all keys while the machines are still there to hear it. */
static void end(struct supervisor *self)
{
    notify_send("STOPPING=1");
    roles_stop(self->roles, STOP_MS);
    reader_link_stop(self->reader, STOP_MS);
    supervisor_targets_end(self->targets, VM_STOP_MS);
}

static void finish(struct supervisor *self)
{
    self->settings = supervisor_settings_destroy(self->settings);
    self->backup = supervisor_backup_destroy(self->backup);
    self->devices = supervisor_devices_destroy(self->devices);
    settings_loaded_finish(&self->loaded);
    self->net = net_follow_destroy(self->net);
    self->roles = roles_destroy(self->roles);
    self->reader = reader_link_destroy(self->reader);
    self->targets = supervisor_targets_destroy(self->targets);
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
