#include "gateway/supervisor/supervisor_backup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/fd_write.h"
#include "core/log.h"
#include "gateway/control/control.h"
#include "gateway/owner/backup_seal.h"
#include "gateway/supervisor/child.h"
#include "gateway/supervisor/uid.h"

#define PATIENCE_US (180 * 1000000ull) /* a large store on a slow card */

struct supervisor_backup {
    struct loop *loop;
    struct supervisor_backup_config config;
    struct uid_choice self_user; /* nothing is dropped: it reads the keeper's folder */
    struct child *child;
    struct loop_timer *patience;
    int file; /* -1: none is made */
    uint32_t serial;
};

static void answer(struct supervisor_backup *self, uint32_t serial, int error, const char *why, int file)
{
    uint8_t room[512];
    struct stat st = {.st_size = 0};
    struct wire_writer w = wire_writer_init(room, sizeof room);
    struct ipc *gateway = self->config.gateway(self->config.data);
    if (file >= 0 && fstat(file, &st) < 0)
        error = -errno;
    wire_write_le32(&w, (uint32_t)error);
    ipc_write_string(&w, why);
    wire_write_le64(&w, (uint64_t)st.st_size);
    int r = gateway ? ipc_send(gateway, CONTROL_BACKUP, serial, room, wire_written(&w), &file, error ? 0 : 1) : 0;
    if (r < 0)
        log_error("supervisor", "the gateway does not take the backup: %s", strerror(-r));
}

static void on_ended(void *data, int status)
{
    struct supervisor_backup *self = data;
    self->child = child_destroy(self->child);
    loop_timer_disarm(self->patience);
    bool good = status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", self->file);
    _cleanup_close_ int file = good ? open(path, O_RDONLY | O_CLOEXEC) : -1; /* the gateway only reads it */
    if (file >= 0)
        answer(self, self->serial, 0, "", file);
    else
        answer(self, self->serial, -EIO, "The backup was not made; the log of lightsoutd says why.", -1);
    close(take_fd(&self->file));
}

static void on_patience(void *data)
{
    struct supervisor_backup *self = data;
    log_error("supervisor", "the backup takes too long and is ended");
    if (self->child)
        child_signal(self->child, SIGKILL);
}

/* On the disk where there is room for it, and gone with its last descriptor. */
static int make_file(const char *state)
{
    int fd = open(state, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        fd = memfd_create("backup", MFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int make_phrase(const char *passphrase)
{
    _cleanup_close_ int fd = memfd_create("passphrase", MFD_CLOEXEC);
    int r = fd < 0 ? -errno : fd_write_all(fd, passphrase, strlen(passphrase));
    r = r ? r : fd_write_all(fd, "\n", 1);
    return r < 0 ? r : take_fd(&fd);
}

static int start(struct supervisor_backup *self, const char *passphrase)
{
    _cleanup_close_ int phrase = make_phrase(passphrase);
    if (phrase < 0)
        return phrase;
    _cleanup_close_ int file = make_file(self->config.state);
    if (file < 0)
        return file;
    const int fds[] = {file, phrase};
    const char *argv[] = {"lightsoutd",
                          "--backup",
                          "/proc/self/fd/3",
                          "--passphrase-file",
                          "/proc/self/fd/4",
                          "--state",
                          self->config.state,
                          self->config.config_path ? "--config" : NULL,
                          self->config.config_path,
                          NULL};
    const struct child_spec spec = {.file = "/proc/self/exe",
                                    .argv = argv,
                                    .fds = fds,
                                    .n_fds = ARRAY_SIZE(fds),
                                    .output = -1,
                                    .user = &self->self_user,
                                    .own_session = true,
                                    .dies_with_us = true};
    int r = child_start(self->loop, &spec, on_ended, self, &self->child);
    if (r < 0)
        return r;
    self->file = take_fd(&file);
    loop_timer_arm_in(self->patience, PATIENCE_US);
    return 0;
}

bool supervisor_backup_message(struct supervisor_backup *self, const struct ipc_message *message)
{
    char passphrase[BACKUP_PASSPHRASE_MAX];
    struct wire_reader r = wire_reader_init(message->body, message->body_size);
    if (message->type != CONTROL_BACKUP_ASK || !ipc_read_string(&r, passphrase, sizeof passphrase))
        return false;
    int error = !wire_read_complete(&r) || strlen(passphrase) < BACKUP_PASSPHRASE_LEAST || strchr(passphrase, '\n')
                    ? -EINVAL
                : self->child ? -EBUSY
                              : 0;
    if (error == 0) {
        self->serial = message->serial;
        error = start(self, passphrase);
    }
    explicit_bzero(passphrase, sizeof passphrase);
    if (error < 0)
        answer(self, message->serial, error, error == -EBUSY ? "Another backup is being made: try again." : "", -1);
    return true;
}

int supervisor_backup_create(struct loop *loop, const struct supervisor_backup_config *config,
                             struct supervisor_backup **ret)
{
    _cleanup_free_ struct supervisor_backup *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct supervisor_backup){.loop = loop, .config = *config, .file = -1, .self_user.uid = geteuid()};
    int r = loop_timer_add(loop, on_patience, self, &self->patience);
    if (r == 0)
        *ret = take(self);
    return r;
}

struct supervisor_backup *supervisor_backup_destroy(struct supervisor_backup *self)
{
    if (!self)
        return NULL;
    if (self->child)
        child_signal(self->child, SIGKILL);
    self->child = child_destroy(self->child);
    loop_timer_remove(self->patience);
    if (self->file >= 0)
        close(self->file);
    free(self);
    return NULL;
}
