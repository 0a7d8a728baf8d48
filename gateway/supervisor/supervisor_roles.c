#include "gateway/supervisor/supervisor_roles.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "auth/keeper/keeper.h"
#include "capture/v4l2.h"
#include "core/log.h"
#include "core/text.h"
#include "gateway/control/control.h"
#include "gateway/control/control_net.h"
#include "gateway/options.h"
#include "gateway/outward/directory_setup.h"
#include "gateway/owner/first_start.h"
#include "gateway/role.h"
#include "gateway/supervisor/process.h"
#include "gateway/supervisor/supervisor_audit.h"
#include "gateway/supervisor/supervisor_certificates.h"
#include "gateway/supervisor/supervisor_clock.h"
#include "gateway/supervisor/supervisor_helper.h"
#include "gateway/supervisor/supervisor_outward.h"

/* Its store waits for the disk, and a worn card may take its time. */
#define KEEPER_PATIENCE_US 20000000
/* For a gateway that is told of 256 machines at once, each with what it printed. */
#define MOST_MESSAGES 2048
#define MOST_BYTES (8 << 20)

struct roles {
    struct roles_config config;
    const struct roles_owner *owner;
    void *data;
    struct process keeper, gateway;
    struct helper_link *helper;
    struct outward_link *outward;
    struct clock_watch *clock;
    char keeper_folder[CONFIG_PATH_MAX];
    struct keeper_ready keeper_ready;
    bool client_ca_told; /* there was one */
    bool keeper_was_ready, gateway_was_ready, stopping;
};

static int make_pair(int *ret_a, int *ret_b)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    *ret_a = pair[0];
    *ret_b = pair[1];
    return 0;
}

static void send_gateway(struct roles *self, uint16_t type, const struct wire_writer *w, int fd)
{
    if (!self->gateway.channel)
        return;
    int r =
        w->full ? -EMSGSIZE : ipc_send(self->gateway.channel, type, 0, w->start, wire_written(w), &fd, fd >= 0 ? 1 : 0);
    if (r < 0)
        log_error("supervisor", "message %u to the gateway is lost: %s", type, strerror(-r));
}

static void tell_setup(struct roles *self)
{
    const struct config *config = self->config.config;
    uint8_t room[IPC_MAX_BODY];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    struct control_setup setup = {.cache_memory = config->cache_memory,
                                  .cache_disk = config->cache_disk,
                                  .recordings_keep = config->recordings_keep};
    snprintf(setup.state, sizeof setup.state, "%s", self->config.state->path);
    control_write_setup(&w, &setup);
    char path[CONFIG_PATH_MAX];
    state_path(self->config.state, "library", NULL, NULL, path, sizeof path);
    const char *library = config->library[0] ? config->library : path;
    _cleanup_close_ int folder = open(library, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        log_error("supervisor", "library %s cannot be opened: %s; change library in the configuration", library,
                  strerror(errno));
    send_gateway(self, CONTROL_SETUP, &w, folder);
}

void roles_tell_net(struct roles *self)
{
    const struct config *config = self->config.config;
    uint8_t room[IPC_MAX_BODY];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    struct control_net said = {.port = config->listen.list[0].port,
                               .public_names = config->public_names,
                               .trusted_proxies = config->trusted_proxies};
    snprintf(said.base_path, sizeof said.base_path, "%s", config->base_path);
    control_write_net(&w, &said);
    send_gateway(self, CONTROL_NET, &w, -1);
}

struct ipc *roles_gateway(const struct roles *self)
{
    return self ? self->gateway.channel : NULL;
}

void roles_restart_gateway(struct roles *self)
{
    log_info("supervisor", "the gateway begins anew");
    self->gateway.explained = true;
    if (self->gateway.child)
        child_signal(self->gateway.child, SIGTERM);
}

void roles_need_helper(struct roles *self)
{
    if (self)
        helper_link_need(self->helper);
}

void roles_tell_directory(struct roles *self)
{
    directory_setup_send(&self->config.config->directory, self->keeper.channel);
}

void roles_tell_outside(struct roles *self)
{
    supervisor_tell_audit(self->keeper.channel, self->config.config);
    outward_link_tell(self->outward);
}

void roles_tell_certificates(struct roles *self)
{
    certificates_again(self->config.config, self->keeper.channel);
    certificates_client_ca(self->config.config, &self->client_ca_told, self->keeper.channel, self->gateway.channel);
}

void roles_lend(struct roles *self, const struct listener *listener)
{
    uint8_t room[16];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    control_write_listen(&w, &(struct control_listen){.id = listener->id, .face = (uint8_t)listener->face});
    send_gateway(self, CONTROL_LISTEN, &w, listener->fd);
}

void roles_take_back(struct roles *self, uint32_t listener)
{
    uint8_t room[16];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    control_write_unlisten(&w, listener);
    send_gateway(self, CONTROL_UNLISTEN, &w, -1);
}

/* A file that went away since the start: the gateway says that exports are off. */
static int open_secret(const char *path)
{
    int fd = *path ? open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC) : -1;
    if (*path && fd < 0)
        log_error("supervisor", "%s cannot be read: %s; nbd-psk-file and nbd-client-ca name such files", path,
                  strerror(errno));
    return fd;
}

static void tell_exports(struct roles *self)
{
    const struct config_nbd *nbd = &self->config.config->nbd;
    if (!nbd->listen.n || !self->gateway.channel)
        return;
    uint8_t room[16];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    int fds[2];
    unsigned n = 0;
    struct control_exports message = {.keys = false};
    fds[n] = open_secret(nbd->psk_file);
    message.keys = fds[n] >= 0;
    n += message.keys;
    fds[n] = open_secret(nbd->client_ca);
    message.client_ca = fds[n] >= 0;
    n += message.client_ca;
    control_write_exports(&w, &message);
    int r = ipc_send(self->gateway.channel, CONTROL_EXPORTS, 0, w.start, wire_written(&w), fds, n);
    if (r < 0)
        log_error("supervisor", "the gateway is not told of exports: %s", strerror(-r));
    while (n)
        close(fds[--n]);
}

static bool give_helper(void *data, int fd)
{
    struct roles *self = data;
    struct wire_writer nothing = wire_writer_init(NULL, 0);
    send_gateway(self, CONTROL_HELPER, &nothing, fd);
    return self->gateway.channel != NULL;
}

static bool give_outward(void *data, int fd)
{
    struct roles *self = data;
    struct wire_writer nothing = wire_writer_init(NULL, 0);
    send_gateway(self, CONTROL_OUTWARD, &nothing, fd);
    return self->gateway.channel != NULL;
}

static bool give_errands(void *data, int fd)
{
    struct roles *self = data;
    if (!self->keeper.channel)
        return false;
    int r = keeper_errands_send(self->keeper.channel, fd);
    if (r < 0)
        log_error("supervisor", "the keeper does not take outward's channel: %s", strerror(-r));
    return r >= 0;
}

/* Without a keeper the gateway finds its channel closed, and gets another when the keeper is back. */
static void give_keeper(struct roles *self, int fd)
{
    int r = self->keeper.channel ? keeper_gateway_send(self->keeper.channel, fd) : 0;
    if (r < 0)
        log_error("supervisor", "the keeper does not take the gateway's channel: %s", strerror(-r));
}

static int gateway_prepare(void *data, int *fds, bool *close_it, unsigned *n_fds)
{
    struct roles *self = data;
    const struct listeners *listeners = self->config.listeners;
    int for_keeper = -1;
    self->owner->gateway_begins(self->data);
    int r = make_pair(&fds[GATEWAY_FD_KEEPER - CHILD_FIRST_FD], &for_keeper);
    if (r < 0)
        return r;
    close_it[GATEWAY_FD_KEEPER - CHILD_FIRST_FD] = true;
    give_keeper(self, for_keeper);
    close(for_keeper);
    fds[GATEWAY_FD_CONTROL - CHILD_FIRST_FD] = listeners->control;
    listeners_listen_again(listeners);
    *n_fds = GATEWAY_FD_END - CHILD_FIRST_FD;
    return 0;
}

static void gateway_started(void *data)
{
    struct roles *self = data;
    struct wire_writer nothing = wire_writer_init(NULL, 0);
    const struct listeners *listeners = self->config.listeners;
    ipc_let_wait(self->gateway.channel, MOST_MESSAGES, MOST_BYTES);
    tell_setup(self);
    roles_tell_net(self);
    for (unsigned i = 0; i < listeners->n; i++)
        roles_lend(self, &listeners->list[i]);
    certificates_client_ca(self->config.config, &self->client_ca_told, NULL, self->gateway.channel);
    tell_exports(self);
    supervisor_targets_tell(self->config.targets);
    clock_watch_tell(self->clock, self->gateway.channel);
    self->owner->gateway_begun(self->data);
    send_gateway(self, CONTROL_BEGIN, &nothing, -1);
    helper_link_want(self->helper);
    outward_link_offer(self->outward);
}

static void on_clock(void *data)
{
    struct roles *self = data;
    clock_watch_tell(self->clock, self->gateway.channel);
}

static void write_marks(const struct keeper_ready *ready, struct announce_marks *ret)
{
    for (unsigned i = 0; i < 32; i++) {
        snprintf(ret->fingerprint + 3 * i, 4, "%02X%s", ready->fingerprint[i], i < 31 ? ":" : "");
        snprintf(ret->audit_key + 2 * i, 3, "%02x", ready->audit_key[i]);
    }
}

/* The file for those who have no screen here. */
static void tell_secret_file(struct roles *self, const char *secret)
{
    struct announce_marks marks;
    write_marks(&self->keeper_ready, &marks);
    first_start_tell(self->config.config, &marks, secret);
}

static void tell_owner(struct roles *self)
{
    struct announce_marks marks;
    write_marks(&self->keeper_ready, &marks);
    self->owner->ready(self->data, &marks, self->keeper_ready.needs_setup ? self->keeper_ready.secret : "");
    explicit_bzero(self->keeper_ready.secret, sizeof self->keeper_ready.secret);
}

static void gateway_message(void *data, struct ipc_message *message)
{
    struct roles *self = data;
    if (message->type == CONTROL_WANT_HELPER) {
        helper_link_want(self->helper);
        return;
    }
    if (message->type == CONTROL_WAKE && helper_link_wake(self->gateway.channel, self->config.targets, message))
        return;
    if (supervisor_targets_message(self->config.targets, message))
        return;
    if (message->type == CONTROL_SET_CLOCK && clock_watch_set(self->clock, self->gateway.channel, message))
        return;
    if (self->owner->gateway_asks(self->data, message))
        return;
    if (message->type != CONTROL_READY || message->body_size != 0) {
        log_error("supervisor", "the gateway sent message %u, which makes no sense", message->type);
        return;
    }
    log_info("supervisor", "the gateway is ready (process %d)", (int)child_pid(self->gateway.child));
    self->gateway.served = true;
    if (!self->gateway_was_ready)
        tell_owner(self);
    self->gateway_was_ready = true;
}

static bool gateway_ended(void *data, int status)
{
    struct roles *self = data;
    (void)status;
    /* nothing stays half started: what did not work at all the first time is for a person to look at */
    if (!self->gateway_was_ready)
        self->owner->refused(self->data, EXIT_FAILED);
    return self->gateway_was_ready && !self->stopping;
}

static int keeper_prepare(void *data, int *fds, bool *close_it, unsigned *n_fds)
{
    struct roles *self = data;
    unsigned place = KEEPER_FD_STATE - CHILD_FIRST_FD;
    int fd = open(self->keeper_folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    fds[place] = fd;
    close_it[place] = true;
    *n_fds = place + 1;
    return 0;
}

static void begin_keeper(struct roles *self)
{
    first_start_offer(self->config.config, self->keeper.channel);
    supervisor_tell_audit(self->keeper.channel, self->config.config);
    directory_setup_send(&self->config.config->directory, self->keeper.channel);
    certificates_begin(self->config.config, self->keeper.channel);
    certificates_client_ca(self->config.config, &self->client_ca_told, self->keeper.channel, NULL);
}

/* A gateway that was there before gets a channel to the new keeper; logins in progress fail, sessions stay. */
static void keeper_started(void *data)
{
    struct roles *self = data;
    begin_keeper(self);
    outward_link_offer_errands(self->outward);
    if (!self->gateway.channel)
        return;
    int for_keeper = -1, for_gateway = -1;
    if (make_pair(&for_keeper, &for_gateway) < 0)
        return;
    struct wire_writer nothing = wire_writer_init(NULL, 0);
    give_keeper(self, for_keeper);
    send_gateway(self, CONTROL_KEEPER, &nothing, for_gateway);
    close(for_keeper);
    close(for_gateway);
}

static void keeper_message(void *data, struct ipc_message *message)
{
    struct roles *self = data;
    char secret[sizeof self->keeper_ready.secret];
    if (keeper_setup_read(message, secret, sizeof secret) == 0) {
        tell_secret_file(self, secret);
        explicit_bzero(secret, sizeof secret);
        return;
    }
    int r = keeper_ready_read(message, &self->keeper_ready);
    if (r < 0) {
        log_error("supervisor", "the keeper sent message %u, which makes no sense", message->type);
        return;
    }
    if (r > 0) {
        log_error("supervisor", "%s", self->keeper_ready.reason);
        self->keeper.explained = true;
        return; /* it ends now */
    }
    self->keeper.served = true;
    log_info("supervisor", "the keeper is ready (process %d)", (int)child_pid(self->keeper.child));
    if (self->keeper_ready.audit_broken)
        log_warn("supervisor", "the audit log was changed by somebody else than the keeper");
    first_start_offered(self->config.config, &self->keeper_ready);
    tell_secret_file(self, self->keeper_ready.secret);
    /* each start of the keeper voids the set-up secret before it, so a new one must be shown */
    if (self->gateway_was_ready && self->keeper_ready.needs_setup)
        tell_owner(self);
    if (self->keeper_was_ready)
        return;
    self->keeper_was_ready = true;
    r = process_start(&self->gateway);
    if (r < 0) {
        log_error("supervisor", "the gateway cannot be started: %s", strerror(-r));
        self->owner->refused(self->data, EXIT_FAILED);
    }
}

static bool keeper_ended(void *data, int status)
{
    struct roles *self = data;
    (void)status;
    if (!self->keeper_was_ready)
        self->owner->refused(self->data, EXIT_KEEPER);
    return self->keeper_was_ready && !self->stopping;
}

int roles_create(struct loop *loop, const struct roles_config *config, const struct roles_owner *owner, void *data,
                 struct roles **ret)
{
    static const struct process_owner keeper = {
        .prepare = keeper_prepare, .started = keeper_started, .message = keeper_message, .ended = keeper_ended};
    static const struct process_owner gateway = {
        .prepare = gateway_prepare, .started = gateway_started, .message = gateway_message, .ended = gateway_ended};
    struct roles *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->config = *config;
    self->owner = owner;
    self->data = data;
    int r = state_path(config->state, "keeper", NULL, NULL, self->keeper_folder, sizeof self->keeper_folder);
    r = r ? r : process_init(&self->keeper, loop, "keeper", config->keeper, &keeper, self);
    r = r ? r : process_init(&self->gateway, loop, "gateway", config->user, &gateway, self);
    self->gateway.rtprio = V4L2_RTPRIO;
    self->keeper.patience_us = KEEPER_PATIENCE_US;
    self->keeper.units = self->gateway.units = config->units;
    self->keeper.folder = self->keeper_folder;
    self->keeper.state = self->gateway.state = config->state->path;
    static const struct helper_link_owner helper = {.give = give_helper};
    r = r ? r : clock_watch_create(loop, &wall_clock_real, on_clock, self, &self->clock);
    r = r ? r
          : helper_link_create(loop, supervisor_targets_have_dongle(config->targets), config->config_path,
                               config->state->path, &helper, self, &self->helper);
    static const struct outward_link_owner outward = {.give = give_outward, .give_errands = give_errands};
    r = r ? r
          : outward_link_create(loop, config->config, config->state, config->outward, config->units, &outward, self,
                                &self->outward);
    r = r ? r : process_start(&self->keeper);
    if (r < 0) {
        roles_destroy(self);
        return r;
    }
    *ret = self;
    return 0;
}

void roles_stop(struct roles *self, int timeout_ms)
{
    self->stopping = true;
    process_stop(&self->gateway, timeout_ms);
    process_stop(&self->keeper, timeout_ms);
    helper_link_stop(self->helper, timeout_ms);
    outward_link_stop(self->outward, timeout_ms);
}

struct roles *roles_destroy(struct roles *self)
{
    if (!self)
        return NULL;
    process_finish(&self->gateway);
    process_finish(&self->keeper);
    self->helper = helper_link_destroy(self->helper);
    self->outward = outward_link_destroy(self->outward);
    self->clock = clock_watch_destroy(self->clock);
    free(self);
    return NULL;
}
