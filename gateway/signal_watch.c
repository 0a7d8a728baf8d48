#include "gateway/signal_watch.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

const int signal_watch_stops[] = {SIGTERM, SIGINT, 0};

static void on_readable(void *data, int fd, uint32_t events)
{
    struct signal_watch *self = data;
    struct signalfd_siginfo info;
    (void)events;
    if (read(fd, &info, sizeof info) == sizeof info)
        self->arrived(self->data, (int)info.ssi_signo);
}

int signal_watch_begin(struct signal_watch *self, struct loop *loop, const int *numbers,
                       void (*arrived)(void *data, int number), void *data)
{
    sigset_t set;
    sigemptyset(&set);
    for (; *numbers; numbers++)
        sigaddset(&set, *numbers);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    *self = (struct signal_watch){.arrived = arrived, .data = data};
    self->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (self->fd < 0)
        return -errno;
    int r = loop_io_add(loop, self->fd, EPOLLIN, on_readable, self, &self->io);
    if (r < 0)
        close(self->fd);
    return r;
}

void signal_watch_end(struct signal_watch *self)
{
    if (!self->io)
        return;
    self->io = loop_io_remove(self->io);
    close(self->fd);
}
