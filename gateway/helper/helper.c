#include "gateway/helper/helper.h"
#include "gateway/config/config_store.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "core/log.h"
#include "gateway/helper/helper_sandbox.h"
#include "gateway/role.h"
#include "gateway/supervisor/uid.h"

#define WATCH_US 1000000

/* --- to the gateway --- */

static void drop_peer(struct helper *self)
{
    self->peer = ipc_destroy(self->peer);
    for (unsigned i = 0; i < CONFIG_MAX_TARGETS; i++)
        if (self->dongles[i])
            helper_dongle_number(self->dongles[i], HELPER_NO_NUMBER);
}

static void send_answer(struct helper *self, uint32_t serial, const struct helper_answer *answer, const int *fds,
                        unsigned n)
{
    uint8_t room[4096];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    helper_write_answer(&w, answer);
    int r = !self->peer ? 0 : ipc_send(self->peer, HELPER_ANSWER, serial, room, wire_written(&w), fds, n);
    if (r == 0)
        return;
    /* who does not read its answers is no gateway that works */
    log_error("helper", "an answer to the gateway is lost: %s; its channel is closed", strerror(-r));
    drop_peer(self);
}

void helper_answer(struct helper *self, uint32_t serial, int error, const char *why)
{
    struct helper_answer answer = {.error = error};
    snprintf(answer.why, sizeof answer.why, "%s", why ? why : "");
    send_answer(self, serial, &answer, NULL, 0);
}

void helper_answer_fds(struct helper *self, uint32_t serial, uint8_t have, const int *fds, unsigned n, const char *why)
{
    struct helper_answer answer = {.have = have};
    snprintf(answer.why, sizeof answer.why, "%s", why ? why : "");
    send_answer(self, serial, &answer, fds, n);
}

void helper_answer_text(struct helper *self, uint32_t serial, const char *text)
{
    struct helper_answer answer = {0};
    snprintf(answer.text, sizeof answer.text, "%s", text);
    send_answer(self, serial, &answer, NULL, 0);
}

void helper_tell(struct helper_dongle *dongle)
{
    struct helper *self = dongle->helper;
    struct helper_state state;
    uint8_t room[sizeof dongle->told];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    helper_gadget_state(dongle, &state);
    memcpy(state.leds, dongle->leds, sizeof state.leds);
    for (unsigned i = 0; dongle->panel && i < FRONT_PANEL_BUTTONS; i++)
        if (dongle->target->dongle.panel.buttons[i].chip[0])
            state.buttons |= (uint8_t)(1u << i);
    helper_write_state(&w, &state);
    size_t size = wire_written(&w);
    if (!self->peer || dongle->index == HELPER_NO_NUMBER ||
        (size == dongle->told_size && memcmp(room, dongle->told, size) == 0))
        return;
    memcpy(dongle->told, room, size);
    dongle->told_size = ipc_send(self->peer, HELPER_STATE, 0, room, size, NULL, 0) == 0 ? size : 0;
}

/* --- from the gateway --- */

static void on_peer_message(void *data, struct ipc_message *message)
{
    struct helper *self = data;
    if (helper_dispatch(self, message))
        return;
    log_error("helper", "the gateway sent message %u, which makes no sense; its channel is closed", message->type);
    drop_peer(self);
}

static void on_peer_closed(void *data, int error)
{
    struct helper *self = data;
    if (error < 0 && error != -ECONNRESET && error != -EPIPE)
        log_error("helper", "the gateway's channel is broken: %s", strerror(-error));
    drop_peer(self);
}

/* The newest one is the gateway: the one before it has ended, or is about to. Takes fd. */
static void take_peer(struct helper *self, int fd)
{
    static const struct ipc_listener listener = {.message = on_peer_message, .closed = on_peer_closed};
    drop_peer(self);
    int r = ipc_create(self->loop, fd, &listener, self, &self->peer);
    if (r < 0)
        log_error("helper", "the gateway's channel cannot be used: %s", strerror(-r));
}

/* --- how gateways come --- */

static void on_supervisor_message(void *data, struct ipc_message *message)
{
    struct helper *self = data;
    if (message->type == HELPER_PEER && message->n_fds == 1)
        take_peer(self, take_fd(&message->fds[0]));
    else
        log_error("helper", "the supervisor sent message %u, which makes no sense", message->type);
}

static void on_supervisor_closed(void *data, int error)
{
    struct helper *self = data;
    (void)error;
    self->supervisor = ipc_destroy(self->supervisor);
    loop_stop(self->loop, 0);
}

static void on_connect(void *data, int fd, uint32_t events)
{
    struct helper *self = data;
    struct ucred peer = {0};
    socklen_t size = sizeof peer;
    (void)events;
    _cleanup_close_ int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection < 0)
        return;
    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return;
    if (peer.uid != 0 && peer.uid != self->peer_uid)
        log_warn("helper", "process %d of user %u asked for the devices and was refused", (int)peer.pid,
                 (unsigned)peer.uid);
    else
        take_peer(self, take_fd(&connection));
}

/* Of the service manager (sd_listen_fds(3)): one socket, the first descriptor. */
static bool is_activated(void)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    return pid && fds && strtol(pid, NULL, 10) == getpid() && strcmp(fds, "1") == 0;
}

static int open_door(struct helper *self)
{
    static const struct ipc_listener listener = {.message = on_supervisor_message, .closed = on_supervisor_closed};
    if (!is_activated())
        return ipc_create(self->loop, HELPER_FD_SUPERVISOR, &listener, self, &self->supervisor);
    int type = 0;
    socklen_t size = sizeof type;
    self->listener = HELPER_FD_SUPERVISOR;
    if (getsockopt(self->listener, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_SEQPACKET) {
        log_error("helper", "the socket of the service manager is no sequential-packet one; write "
                            "ListenSequentialPacket=" HELPER_SOCKET);
        return -EPROTOTYPE;
    }
    fcntl(self->listener, F_SETFD, FD_CLOEXEC);
    return loop_io_add(self->loop, self->listener, EPOLLIN, on_connect, self, &self->listener_io);
}

/* --- beginning and end --- */

static void find_peer_uid(struct helper *self)
{
    struct uid_choice user;
    char why[256];
    self->peer_uid = uid_choose(self->config->user, &user, why, sizeof why) == 0 ? uid_of_supervisor(&user) : 0;
}

/* What is forbidden from then on (Landlock forbids all mounting). The mounts are this process's own and end with it,
 * where it may have a namespace for them; else the next helper finds and replaces them. */
static void mount_all(struct helper *self)
{
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        log_debug("helper", "no mounts of its own: %s", strerror(errno));
    for (unsigned i = 0; i < self->config->n_targets; i++)
        if (self->config->targets[i]->machine == CONFIG_DONGLE)
            self->ffs_ready[i] = helper_gadget_prepare(self->config->targets[i]);
}

static void on_watch(void *data)
{
    struct helper *self = data;
    for (unsigned i = 0; i < CONFIG_MAX_TARGETS; i++) {
        struct helper_dongle *dongle = self->dongles[i];
        if (!dongle)
            continue;
        helper_gadget_watch(dongle);
        helper_drives_watch(dongle);
        helper_tell(dongle);
    }
    loop_timer_arm_in(self->watch, WATCH_US);
}

static void on_signal(void *data, int number)
{
    struct helper *self = data;
    (void)number;
    loop_stop(self->loop, 0);
}

/* Where the supervisor keeps what the page has set. */
static const char *settings_folder(const struct helper *self, char *room, size_t size)
{
    char state[CONFIG_PATH_MAX];
    if (options_state_path(self->options, self->config, state, sizeof state) < 0)
        state[0] = '\0';
    snprintf(room, size, "%s/" CONFIG_STORE_FOLDER, state);
    return room;
}

static int begin(struct helper *self, const struct options *options)
{
    const char *config = options->config ? options->config : CONFIG_DEFAULT_PATH;
    char settings[CONFIG_PATH_MAX + 16];
    int r = loop_create(&self->loop);
    r = r ? r : signal_watch_begin(&self->signals, self->loop, signal_watch_stops, on_signal, self);
    self->config_path = config;
    self->options = options;
    r = r ? r : helper_config_load(self);
    if (r < 0)
        return r;
    find_peer_uid(self);
    mount_all(self);
    r = helper_sandbox_enter(config, settings_folder(self, settings, sizeof settings));
    if (r == 0 && nbd_device_remove_left_over() > 0)
        log_info("helper", "block devices of a helper that was killed were taken back");
    r = r ? r : helper_guard_create(&self->guard);
    r = r ? r : helper_config_begin(self);
    r = r ? r : open_door(self);
    r = r ? r : loop_timer_add(self->loop, on_watch, self, &self->watch);
    if (r == 0)
        loop_timer_arm_in(self->watch, WATCH_US);
    if (r == 0 && self->supervisor)
        r = ipc_send(self->supervisor, HELPER_PEER, 0, NULL, 0, NULL, 0); /* ready */
    return r;
}

/* The target sees everything leave. */
static void end(struct helper *self)
{
    drop_peer(self);
    helper_config_end(self);
    self->guard = helper_guard_destroy(self->guard);
    self->supervisor = ipc_destroy(self->supervisor);
    self->listener_io = loop_io_remove(self->listener_io);
    self->watch = loop_timer_remove(self->watch);
    signal_watch_end(&self->signals);
    self->loop = loop_destroy(self->loop);
}

int helper_role_main(const struct options *options)
{
    log_init("helper");
    struct helper *self = calloc(1, sizeof *self);
    if (!self)
        return EXIT_FAILED;
    self->listener = -1;
    int r = begin(self, options);
    if (r < 0)
        log_error("helper", "cannot start: %s", strerror(-r));
    else
        r = loop_run(self->loop);
    end(self);
    free(self);
    return r < 0 ? EXIT_FAILED : EXIT_FINE;
}
