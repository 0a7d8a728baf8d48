#include "gateway/supervisor/unit_link.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "gateway/supervisor/handover.h"

#define PATIENCE_US 20000000 /* a crowded machine starts a service slowly */

struct unit_link {
    int door;
    struct loop_io *io;
    struct loop_timer *timer;
    unit_answer_fn *answer;
    void *data;
};

static void on_answer(void *data, int fd, uint32_t events)
{
    struct unit_link *self = data;
    (void)events;
    pid_t pid = handover_answer(fd);
    if (pid != 0)
        self->answer(self->data, pid);
}

static void on_silence(void *data)
{
    struct unit_link *self = data;
    self->answer(self->data, -ETIMEDOUT);
}

int unit_link_create(struct loop *loop, const char *folder, const char *role, const int *fds, unsigned n,
                     unit_answer_fn *answer, void *data, struct unit_link **ret)
{
    struct unit_link *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct unit_link){.answer = answer, .data = data};
    self->door = handover_connect(folder, role);
    int r = self->door < 0 ? self->door : handover_send(self->door, fds, n);
    r = r ? r : loop_io_add(loop, self->door, EPOLLIN, on_answer, self, &self->io);
    r = r ? r : loop_timer_add(loop, on_silence, self, &self->timer);
    if (r < 0) {
        unit_link_destroy(self);
        return r;
    }
    loop_timer_arm_in(self->timer, PATIENCE_US);
    *ret = self;
    return 0;
}

struct unit_link *unit_link_destroy(struct unit_link *self)
{
    if (!self)
        return NULL;
    loop_timer_remove(self->timer);
    loop_io_remove(self->io);
    if (self->door >= 0)
        close(self->door);
    free(self);
    return NULL;
}
