#include "gateway/supervisor/supervisor_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/fd_write.h"
#include "core/log.h"
#include "core/text.h"
#include "gateway/control/control.h"
#include "gateway/control/control_devices.h"

#define LOOK_PIPE 3
#define PATIENCE_US 8000000 /* a USB device that hangs holds its driver for 5 s */

struct supervisor_devices {
    struct loop *loop;
    struct supervisor_devices_config config;
    struct control_devices list;
    struct device_question question; /* seen: as far as it has come back */
    pid_t process;                   /* that looks; 0: none */
    bool asked;                      /* somebody waits for it */
    int pipe;                        /* from it, -1 */
    struct loop_io *pipe_io;
    struct loop_timer *patience;
    size_t got;
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

/* In the process that looks. It has nothing of ours but the pipe. */
static _Noreturn void look(struct device_question *question, int pipe)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (dup2(pipe, LOOK_PIPE) < 0 || close_range(LOOK_PIPE + 1, ~0u, 0) < 0)
        _exit(1);
    device_look(question);
    _exit(fd_write_all(LOOK_PIPE, &question->seen, sizeof question->seen) < 0);
}

/* The process is gone, or will be when its driver lets it. */
static void end_look(struct supervisor_devices *self, int error)
{
    loop_timer_disarm(self->patience);
    self->pipe_io = loop_io_remove(self->pipe_io);
    close(take_fd(&self->pipe));
    if (self->asked)
        tell_seen(self, self->serial, error);
    self->asked = false;
}

static void on_pipe(void *data, int fd, attr_unused uint32_t events)
{
    struct supervisor_devices *self = data;
    struct device_seen *seen = &self->question.seen;
    uint8_t room[sizeof *seen];
    ssize_t n = read(fd, room, sizeof room);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    size_t take = MIN(n > 0 ? (size_t)n : 0, sizeof *seen - self->got);
    memcpy((uint8_t *)seen + self->got, room, take);
    self->got += take;
    if (n > 0)
        return;
    waitpid(self->process, NULL, 0); /* it has closed its end by ending */
    self->process = 0;
    end_look(self, self->got == sizeof *seen ? 0 : -EIO);
}

static void on_patience(void *data)
{
    struct supervisor_devices *self = data;
    log_error("supervisor", "%s does not answer: it is looked at no longer", self->question.seen.device);
    kill(self->process, SIGKILL);
    end_look(self, -ETIMEDOUT);
}

/* One that is stuck in its driver still counts. */
static bool is_looking(struct supervisor_devices *self)
{
    if (self->process > 0 && waitpid(self->process, NULL, WNOHANG) != 0)
        self->process = 0;
    return self->process > 0 || self->asked;
}

static int start_look(struct supervisor_devices *self)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    _cleanup_close_ int mine = ends[0], other = ends[1];
    pid_t process = fork();
    if (process < 0)
        return -errno;
    if (process == 0)
        look(&self->question, other);
    self->process = process;
    int r = loop_io_add(self->loop, mine, EPOLLIN, on_pipe, self, &self->pipe_io);
    if (r < 0) {
        kill(process, SIGKILL);
        return r;
    }
    self->pipe = take_fd(&mine);
    self->got = 0;
    self->asked = true;
    loop_timer_arm_in(self->patience, PATIENCE_US);
    return 0;
}

static int begin_look(struct supervisor_devices *self, const struct control_devices_ask *ask)
{
    if (is_looking(self))
        return -EBUSY;
    memset(&self->list, 0, sizeof self->list);
    devices_list(self->config.root, &self->list.devices);
    int r = device_question_make(self->config.root, self->config.config, &self->list.devices,
                                 (enum device_kind)ask->kind, ask->value, &self->question);
    return r ? r : start_look(self);
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
    _cleanup_free_ struct supervisor_devices *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct supervisor_devices){.loop = loop, .config = *config, .pipe = -1};
    int r = loop_timer_add(loop, on_patience, self, &self->patience);
    if (r == 0)
        *ret = take(self);
    return r;
}

struct supervisor_devices *supervisor_devices_destroy(struct supervisor_devices *self)
{
    if (!self)
        return NULL;
    if (is_looking(self) && self->process > 0)
        kill(self->process, SIGKILL);
    loop_io_remove(self->pipe_io);
    loop_timer_remove(self->patience);
    if (self->pipe >= 0)
        close(self->pipe);
    free(self);
    return NULL;
}
