#include "gateway/supervisor/supervisor_helper.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/clock.h"
#include "core/log.h"
#include "gateway/control/control.h"
#include "gateway/control/control_dongle.h"
#include "gateway/helper/helper_wire.h"
#include "gateway/supervisor/process.h"
#include "manage/wake.h"

#define AGAIN_US 500000

struct helper_link {
    const struct helper_link_owner *owner;
    void *data;
    bool child; /* it is a process of ours */
    bool needed, wanted, stopping, complained;
    uint64_t given_us;
    struct process process;
    struct uid_choice root; /* it keeps what we are */
    struct loop_timer *again;
};

static void on_started(void *data)
{
    struct helper_link *self = data;
    if (self->wanted)
        helper_link_want(self);
}

static void on_message(void *data, struct ipc_message *message)
{
    struct helper_link *self = data;
    (void)message; /* that it is ready */
    self->process.served = true;
}

static bool on_ended(void *data, int status)
{
    struct helper_link *self = data;
    (void)status;
    return !self->stopping;
}

static int connect_service(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = HELPER_SOCKET};
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        return -errno;
    return take_fd(&fd);
}

/* *ret: the gateway's end. */
static int make_channel(struct helper_link *self, int *ret)
{
    if (self->child)
        return process_connect(&self->process, HELPER_PEER, ret);
    int fd = connect_service();
    if (fd < 0)
        return fd;
    *ret = fd;
    return 0;
}

static void complain(struct helper_link *self, int error)
{
    if (self->complained || self->child)
        return;
    self->complained = true;
    log_error("supervisor",
              "the helper cannot be reached at " HELPER_SOCKET
              " (%s): dongles have no picture, keys or drives; start lightsout-helper.socket, or lightsoutd as root",
              strerror(-error));
}

void helper_link_want(struct helper_link *self)
{
    if (!self || !self->needed)
        return;
    self->wanted = true;
    /* whoever breaks one channel after another gets them slowly */
    bool soon = self->given_us && clock_now_us() - self->given_us < AGAIN_US;
    _cleanup_close_ int fd = -1;
    int r = soon ? -EAGAIN : make_channel(self, &fd);
    if (r < 0 && !soon)
        complain(self, r);
    if (r == 0 && self->owner->give(self->data, fd)) {
        self->wanted = self->complained = false;
        self->given_us = clock_now_us();
    }
    if (self->wanted)
        loop_timer_arm_in(self->again, AGAIN_US);
}

static void on_again(void *data)
{
    struct helper_link *self = data;
    if (self->wanted)
        helper_link_want(self);
}

int helper_link_create(struct loop *loop, bool needed, const char *config_path, const char *state,
                       const struct helper_link_owner *owner, void *data, struct helper_link **ret)
{
    static const struct process_owner process = {.started = on_started, .message = on_message, .ended = on_ended};
    *ret = NULL;
    struct helper_link *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct helper_link){.owner = owner, .data = data, .child = geteuid() == 0};
    int r = loop_timer_add(loop, on_again, self, &self->again);
    if (r == 0 && self->child) {
        r = process_init(&self->process, loop, "helper", &self->root, &process, self);
        self->process.config = config_path;
        self->process.state = state;
    }
    if (r < 0) {
        helper_link_destroy(self);
        return r;
    }
    if (needed)
        helper_link_need(self);
    *ret = self;
    return 0;
}

void helper_link_need(struct helper_link *self)
{
    if (self->needed)
        return;
    self->needed = true;
    int r = self->child ? process_start(&self->process) : 0;
    if (r < 0)
        log_error("supervisor", "the helper cannot be started: %s", strerror(-r));
    else
        helper_link_want(self);
}

void helper_link_stop(struct helper_link *self, int timeout_ms)
{
    if (!self)
        return;
    self->stopping = true;
    self->wanted = false;
    process_stop(&self->process, timeout_ms);
}

struct helper_link *helper_link_destroy(struct helper_link *self)
{
    if (!self)
        return NULL;
    process_finish(&self->process);
    loop_timer_remove(self->again);
    free(self);
    return NULL;
}

void helper_link_tell(struct ipc *gateway, const struct config_target *target, unsigned index)
{
    uint8_t room[IPC_MAX_BODY];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    struct control_dongle message;
    _cleanup_close_ int edid = -1;
    if (!gateway || target->machine != CONFIG_DONGLE)
        return;
    control_dongle_fill(&message, (uint16_t)index, &target->dongle);
    if (message.edid == CONFIG_EDID_FILE) {
        edid = open(target->dongle.edid.path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (edid < 0) {
            log_error("supervisor", "target %s: EDID %s cannot be opened: %s; the receiver keeps what it has",
                      target->name, target->dongle.edid.path, strerror(errno));
            message.edid = CONFIG_EDID_KEEP;
        }
    }
    control_write_dongle(&w, &message);
    int r = w.full ? -EMSGSIZE : ipc_send(gateway, CONTROL_DONGLE, 0, room, wire_written(&w), &edid, edid >= 0 ? 1 : 0);
    if (r < 0)
        log_error("supervisor", "target %s: its dongle's message is lost: %s", target->name, strerror(-r));
}

static int send_wake(const struct config_dongle *dongle, char *why, size_t size)
{
    struct wake wake = {.secure = dongle->wake_secureon.given};
    if (!dongle->wake_mac.given) {
        snprintf(why, size, "The target has no wake-mac in the configuration.");
        return -ENOTSUP;
    }
    memcpy(wake.mac, dongle->wake_mac.bytes, sizeof wake.mac);
    memcpy(wake.password, dongle->wake_secureon.bytes, sizeof wake.password);
    if (dongle->wake_broadcast[0])
        inet_pton(AF_INET, dongle->wake_broadcast, &wake.broadcast);
    return wake_send(&wake, why, size);
}

bool helper_link_wake(struct ipc *gateway, struct supervisor_targets *targets, const struct ipc_message *message)
{
    struct control_wake wake;
    if (!control_read_wake(message->body, message->body_size, &wake))
        return false;
    const struct config_target *target = supervisor_targets_at(targets, &wake.place);
    if (!target)
        return true; /* it has just gone */
    if (target->machine != CONFIG_DONGLE)
        return false;
    struct control_woken woken = {.place = wake.place};
    uint8_t room[512];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    woken.error = send_wake(&target->dongle, woken.why, sizeof woken.why);
    control_write_woken(&w, &woken);
    int r = ipc_send(gateway, CONTROL_WOKEN, 0, room, wire_written(&w), NULL, 0);
    if (r < 0)
        log_error("supervisor", "message %u to the gateway is lost: %s", CONTROL_WOKEN, strerror(-r));
    return true;
}
