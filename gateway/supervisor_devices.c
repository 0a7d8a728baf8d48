#include "gateway/supervisor_devices.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "core/text.h"
#include "gateway/control.h"
#include "gateway/control_devices.h"

struct supervisor_devices {
    struct loop *loop;
    struct supervisor_devices_config config;
    struct control_devices list;
    struct device_question question; /* the thread's while it looks */
    pthread_t thread;
    bool looking;
    int done; /* eventfd: the thread has looked */
    struct loop_io *done_io;
    uint32_t serial;
};

static void tell(struct supervisor_devices *self, uint32_t serial, const uint8_t *body, size_t size)
{
    struct ipc *gateway = self->config.gateway(self->config.data);
    int r = gateway ? ipc_send(gateway, CONTROL_DEVICES, serial, body, size, NULL, 0) : 0;
    if (r < 0)
        log_error("supervisor", "the gateway is not told of devices: %s", strerror(-r));
}

/* ---- the list ---- */

static void find_users(struct control_devices *list, const struct config *config)
{
    const struct devices *d = &list->devices;
    for (unsigned i = 0; i < d->n_captures; i++)
        snprintf(list->capture_users[i], TARGET_NAME_MAX, "%s", device_user(config, d, DEVICE_CAPTURE, i, 0));
    for (unsigned i = 0; i < d->n_udcs; i++)
        snprintf(list->udc_users[i], TARGET_NAME_MAX, "%s", device_user(config, d, DEVICE_UDC, i, 0));
    for (unsigned i = 0; i < d->n_gpios; i++)
        for (unsigned line = 0; line < d->gpios[i].lines && line <= UINT16_MAX; line++) {
            const char *user = device_user(config, d, DEVICE_GPIO, i, line);
            if (!*user || list->n_lines == CONTROL_DEVICES_LINES)
                continue;
            struct control_devices_line *one = &list->lines[list->n_lines++];
            *one = (struct control_devices_line){.chip = (uint8_t)i, .line = (uint16_t)line};
            snprintf(one->target, sizeof one->target, "%s", user);
        }
}

static void tell_list(struct supervisor_devices *self, uint32_t serial)
{
    uint8_t room[IPC_MAX_BODY];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    memset(&self->list, 0, sizeof self->list);
    devices_list(self->config.root, &self->list.devices);
    find_users(&self->list, self->config.config);
    control_write_devices(&w, &self->list);
    tell(self, serial, room, wire_written(&w));
}

/* ---- a test ---- */

static void tell_seen(struct supervisor_devices *self, uint32_t serial, int error)
{
    uint8_t room[IPC_MAX_BODY];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    control_write_device_seen(&w, error, &self->question.seen);
    tell(self, serial, room, wire_written(&w));
}

static void *look(void *data)
{
    struct supervisor_devices *self = data;
    device_look(&self->question);
    eventfd_write(self->done, 1);
    return NULL;
}

static void on_done(void *data, int fd, attr_unused uint32_t events)
{
    struct supervisor_devices *self = data;
    eventfd_t count;
    eventfd_read(fd, &count);
    if (!self->looking)
        return;
    pthread_join(self->thread, NULL);
    self->looking = false;
    tell_seen(self, self->serial, 0);
}

static int begin_look(struct supervisor_devices *self, const struct control_devices_ask *ask)
{
    if (self->looking)
        return -EBUSY;
    memset(&self->list, 0, sizeof self->list);
    devices_list(self->config.root, &self->list.devices);
    int r = device_question_make(self->config.root, self->config.config, &self->list.devices,
                                 (enum device_kind)ask->kind, ask->value, &self->question);
    r = r ? r : -pthread_create(&self->thread, NULL, look, self);
    self->looking = r == 0;
    return r;
}

bool supervisor_devices_message(struct supervisor_devices *self, const struct ipc_message *message)
{
    struct control_devices_ask ask;
    if (message->type != CONTROL_DEVICES_ASK || !control_read_devices_ask(message->body, message->body_size, &ask))
        return false;
    if (!ask.test) {
        tell_list(self, message->serial);
        return true;
    }
    int r = begin_look(self, &ask);
    if (r < 0)
        tell_seen(self, message->serial, r);
    else
        self->serial = message->serial;
    return true;
}

/* ---- life ---- */

int supervisor_devices_create(struct loop *loop, const struct supervisor_devices_config *config,
                              struct supervisor_devices **ret)
{
    struct supervisor_devices *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct supervisor_devices){.loop = loop, .config = *config};
    self->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int r = self->done < 0 ? -errno : loop_io_add(loop, self->done, EPOLLIN, on_done, self, &self->done_io);
    if (r < 0) {
        supervisor_devices_destroy(self);
        return r;
    }
    *ret = self;
    return 0;
}

struct supervisor_devices *supervisor_devices_destroy(struct supervisor_devices *self)
{
    if (!self)
        return NULL;
    if (self->looking)
        pthread_join(self->thread, NULL);
    loop_io_remove(self->done_io);
    if (self->done >= 0)
        close(self->done);
    free(self);
    return NULL;
}
