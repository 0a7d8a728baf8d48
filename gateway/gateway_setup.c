/* The gateway's side of its channel to the supervisor. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "gateway/helper/helper_client.h"
#include "gateway/outward/outward_client.h"
#include "gateway/reader/reader_client.h"
#include "gateway/targets/gateway_targets.h"

static int take_message_fd(struct ipc_message *message)
{
    return message->n_fds > 0 ? take_fd(&message->fds[0]) : -1;
}

static bool on_setup(struct gateway *self, struct ipc_message *message)
{
    if (self->have_setup || !control_read_setup(message->body, message->body_size, &self->setup))
        return false;
    self->library_fd = take_message_fd(message);
    self->have_setup = true;
    return true;
}

static bool on_exports(struct gateway *self, struct ipc_message *message)
{
    struct control_exports setup;
    if (self->began || !control_read_exports(message->body, message->body_size, &setup) ||
        message->n_fds != (unsigned)setup.keys + setup.client_ca)
        return false;
    self->exports_setup = setup;
    self->exports_wanted = true;
    if (setup.keys)
        self->keys_fd = take_fd(&message->fds[0]);
    if (setup.client_ca)
        self->client_ca_fd = take_fd(&message->fds[setup.keys ? 1 : 0]);
    return true;
}

static bool on_helper(struct gateway *self, struct ipc_message *message)
{
    int fd = take_message_fd(message);
    if (fd < 0)
        return false;
    int r = helper_client_connect(self->helper, fd);
    if (r < 0)
        log_error("gateway", "the helper cannot be used: %s", strerror(-r));
    return true;
}

static bool on_outward(struct gateway *self, struct ipc_message *message)
{
    int fd = take_message_fd(message);
    if (fd < 0)
        return false;
    int r = outward_client_connect(self->outward, fd);
    if (r < 0)
        log_error("gateway", "outward cannot be used: %s", strerror(-r));
    return true;
}

static bool on_reader(struct gateway *self, struct ipc_message *message)
{
    int fd = take_message_fd(message);
    if (fd < 0)
        return false;
    int r = reader_client_connect(self->reader, fd);
    if (r < 0)
        log_error("gateway", "the reader cannot be used: %s", strerror(-r));
    return true;
}

static bool on_keeper(struct gateway *self, struct ipc_message *message)
{
    int fd = take_message_fd(message);
    if (fd < 0)
        return false;
    int r = self->keeper ? keeper_client_reconnect(self->keeper, fd) : -EINVAL;
    if (r < 0)
        log_error("gateway", "the new keeper cannot be used: %s", strerror(-r));
    return true;
}

static void on_message(void *data, struct ipc_message *message)
{
    struct gateway *self = data;
    bool good = false;
    switch (message->type) {
    case CONTROL_SETUP:
        good = on_setup(self, message);
        break;
    case CONTROL_EXPORTS:
        good = on_exports(self, message);
        break;
    case CONTROL_NET:
    case CONTROL_LISTEN:
    case CONTROL_UNLISTEN:
        good = gateway_net_told(self, message);
        break;
    case CONTROL_CLIENT_CA:
        good = gateway_tls_client_ca(self, message);
        break;
    case CONTROL_TARGET:
    case CONTROL_DONGLE:
    case CONTROL_VM:
    case CONTROL_WOKEN:
    case CONTROL_TARGET_GONE:
        good = gateway_targets_told(self, message);
        break;
    case CONTROL_HELPER:
        good = on_helper(self, message);
        break;
    case CONTROL_OUTWARD:
        good = on_outward(self, message);
        break;
    case CONTROL_READER:
        good = on_reader(self, message);
        break;
    case CONTROL_CLOCK:
        good = gateway_clock_told(self, message);
        break;
    case CONTROL_BACKUP:
        good = gateway_backup_told(self, message);
        break;
    case CONTROL_DEVICES:
        good = gateway_devices_told(self, message);
        break;
    case CONTROL_SETTINGS:
    case CONTROL_SETTINGS_ANSWER:
        good = gateway_settings_told(self->settings, message);
        break;
    case CONTROL_KEEPER:
        good = on_keeper(self, message);
        break;
    case CONTROL_BEGIN:
        good = self->have_setup && self->net.have && !self->began;
        self->began = true;
        break;
    }
    if (!good)
        log_error("gateway", "message %u of the supervisor makes no sense here", message->type);
}

/* Nobody would notice our end any more, and a new supervisor starts a gateway of its own. */
static void on_closed(void *data, int error)
{
    struct gateway *self = data;
    self->supervisor = ipc_destroy(self->supervisor);
    gateway_clock_lost(self);
    gateway_settings_lost(self->settings);
    gateway_backup_lost(self);
    gateway_devices_lost(self);
    log_warn("gateway", "the supervisor is gone%s%s", error ? ": " : "", error ? strerror(-error) : "");
    if (self->server)
        server_stop(self->server, 0);
    else
        loop_stop(self->loop, -ECONNRESET);
}

int gateway_receive_setup(struct gateway *self)
{
    static const struct ipc_listener listener = {.message = on_message, .closed = on_closed};
    int r = ipc_create(self->loop, GATEWAY_FD_SUPERVISOR, &listener, self, &self->supervisor);
    while (r == 0 && !self->began && self->supervisor)
        r = loop_dispatch(self->loop, 1000);
    return r < 0 ? r : self->began ? 0 : -ECONNRESET;
}
