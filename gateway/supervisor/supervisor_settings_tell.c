/* What the gateway is told of the settings, and answered. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/fd_write.h"
#include "core/ipc.h"
#include "core/log.h"
#include "gateway/control/control.h"
#include "gateway/supervisor/supervisor_settings_inner.h"

static unsigned add_target_waiting(const char *target, char *keys, struct settings_waiting *ret, unsigned room)
{
    unsigned n = 0;
    char *rest = keys;
    for (char *word; n < room && (word = strsep(&rest, ", "));)
        if (*word) {
            ret[n] = (struct settings_waiting){.running = NULL};
            snprintf(ret[n].target, sizeof ret[n].target, "%s", target);
            snprintf(ret[n++].key, sizeof ret->key, "%.63s", word);
        }
    return n;
}

unsigned supervisor_settings_waiting(const struct supervisor_settings *self, struct settings_waiting *ret)
{
    const struct config *config = self->loaded.base.config;
    unsigned n = settings_waiting_find(&self->running, config, ret, SUPERVISOR_SETTINGS_WAITING);
    for (unsigned i = 0; i < config->n_targets && self->owner->target_waits; i++) {
        char keys[200] = "";
        self->owner->target_waits(self->data, config->targets[i]->name, keys, sizeof keys);
        n += add_target_waiting(config->targets[i]->name, keys, ret + n, SUPERVISOR_SETTINGS_WAITING - n);
    }
    return n;
}

/* Memory that nobody can change any more. */
static int sealed(const void *bytes, size_t size)
{
    _cleanup_close_ int fd = memfd_create("settings", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -errno;
    int r = fd_write_all(fd, bytes, size);
    if (r < 0)
        return r;
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
        return -errno;
    return take_fd(&fd);
}

static int write_state(struct supervisor_settings *self, struct settings_waiting *waiting)
{
    _cleanup_free_ uint8_t *room = malloc(SETTINGS_STATE_MAX);
    if (!room)
        return -ENOMEM;
    struct wire_writer w = wire_writer_init(room, SETTINGS_STATE_MAX);
    const struct settings_told told = {.base = &self->loaded.base,
                                       .ignored = self->loaded.ignored,
                                       .trial = &self->loaded.trial,
                                       .waiting = waiting,
                                       .n_waiting = supervisor_settings_waiting(self, waiting),
                                       .path = self->loaded.base.file.there ? self->loaded.path : "",
                                       .last = self->last,
                                       .reverted = self->reverted};
    bool fits = settings_state_write(&w, &told, self->tag);
    for (unsigned i = 0; i < told.n_waiting; i++)
        free(waiting[i].running);
    return fits ? sealed(room, wire_written(&w)) : -EMSGSIZE;
}

void supervisor_settings_tell(struct supervisor_settings *self)
{
    struct ipc *gateway = self ? self->owner->gateway(self->data) : NULL;
    _cleanup_free_ struct settings_waiting *waiting = calloc(SUPERVISOR_SETTINGS_WAITING, sizeof *waiting);
    if (!self || !waiting)
        return;
    _cleanup_close_ int fd = write_state(self, waiting);
    int r = fd < 0 ? fd : gateway ? ipc_send(gateway, CONTROL_SETTINGS, 0, NULL, 0, &fd, 1) : 0;
    if (r < 0)
        log_error("supervisor", "the gateway is not told of the settings: %s", strerror(-r));
}

void supervisor_settings_answer(struct supervisor_settings *self, uint32_t serial, struct settings_answer *said)
{
    uint8_t room[IPC_MAX_BODY];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    struct ipc *gateway = self->owner->gateway(self->data);
    settings_answer_write(&w, said);
    for (; w.full && said->faults.n; said->faults.n /= 2) {
        w = wire_writer_init(room, sizeof room);
        settings_answer_write(&w, said);
    }
    int r = gateway ? ipc_send(gateway, CONTROL_SETTINGS_ANSWER, serial, room, wire_written(&w), NULL, 0) : 0;
    if (r < 0)
        log_error("supervisor", "the gateway gets no answer about settings: %s", strerror(-r));
}
