#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "core/clock.h"
#include "core/loop_internal.h"

#define NOT_ARMED SIZE_MAX
#define DUE (SIZE_MAX - 1)

static void put(struct loop_timers *timers, size_t place, struct loop_timer *timer)
{
    timers->heap[place] = timer;
    timer->place = place;
}

static void sift_up(struct loop_timers *timers, size_t place, struct loop_timer *timer)
{
    while (place > 0) {
        size_t parent = (place - 1) / 2;
        if (timers->heap[parent]->when_us <= timer->when_us)
            break;
        put(timers, place, timers->heap[parent]);
        place = parent;
    }
    put(timers, place, timer);
}

static void sift_down(struct loop_timers *timers, size_t place, struct loop_timer *timer)
{
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= timers->armed)
            break;
        if (child + 1 < timers->armed && timers->heap[child + 1]->when_us < timers->heap[child]->when_us)
            child++;
        if (timer->when_us <= timers->heap[child]->when_us)
            break;
        put(timers, place, timers->heap[child]);
        place = child;
    }
    put(timers, place, timer);
}

static void heap_remove(struct loop_timers *timers, struct loop_timer *timer)
{
    size_t place = timer->place;
    struct loop_timer *last = timers->heap[--timers->armed];

    timer->place = NOT_ARMED;
    if (last == timer)
        return;
    if (place > 0 && last->when_us < timers->heap[(place - 1) / 2]->when_us)
        sift_up(timers, place, last);
    else
        sift_down(timers, place, last);
}

static void due_remove(struct loop_timers *timers, struct loop_timer *timer)
{
    if (timer->prev_due)
        timer->prev_due->next_due = timer->next_due;
    else
        timers->due = timer->next_due;
    if (timer->next_due)
        timer->next_due->prev_due = timer->prev_due;
    timer->prev_due = timer->next_due = NULL;
    timer->place = NOT_ARMED;
}

/* Only an earlier time is worth a system call: a timer that was put off costs one empty wake-up instead. */
static void set_descriptor(struct loop_timers *timers)
{
    if (timers->armed == 0 || timers->heap[0]->when_us >= timers->set_for_us)
        return;

    uint64_t when = timers->heap[0]->when_us;
    uint64_t at = MAX(when, 1); /* 0 would switch the descriptor off */
    struct itimerspec spec = {.it_value = {.tv_sec = (time_t)(at / 1000000), .tv_nsec = (long)(at % 1000000) * 1000}};
    timerfd_settime(timers->fd, TFD_TIMER_ABSTIME, &spec, NULL);
    timers->set_for_us = when;
}

/* Due timers leave the heap before the first one runs, so that one that arms itself for now waits for the next pass
 * and starves nobody. */
static void collect_due(struct loop_timers *timers, uint64_t now)
{
    struct loop_timer *tail = timers->due;
    while (tail && tail->next_due)
        tail = tail->next_due;

    while (timers->armed > 0 && timers->heap[0]->when_us <= now) {
        struct loop_timer *timer = timers->heap[0];
        heap_remove(timers, timer);
        timer->place = DUE;
        timer->prev_due = tail;
        if (tail)
            tail->next_due = timer;
        else
            timers->due = timer;
        tail = timer;
    }
}

static void on_expired(void *data, int fd, attr_unused uint32_t events)
{
    struct loop_timers *timers = data;
    uint64_t count;

    if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
        return;
    timers->set_for_us = UINT64_MAX;
    collect_due(timers, clock_now_us());
    while (timers->due) {
        struct loop_timer *timer = timers->due;
        due_remove(timers, timer);
        timer->fn(timer->data);
    }
    set_descriptor(timers);
}

int loop_timers_init(struct loop *self)
{
    struct loop_timers *timers = &self->timers;

    timers->set_for_us = UINT64_MAX;
    timers->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (timers->fd < 0)
        return -errno;
    int r = loop_io_add(self, timers->fd, EPOLLIN, on_expired, timers, &timers->io);
    if (r < 0)
        close(timers->fd);
    return r;
}

void loop_timers_finish(struct loop *self)
{
    loop_io_remove(self->timers.io);
    close(self->timers.fd);
    free(self->timers.heap);
}

int loop_timer_add(struct loop *self, loop_timer_fn *fn, void *data, struct loop_timer **ret)
{
    struct loop_timers *timers = &self->timers;

    if (timers->existing == timers->room) {
        size_t room = timers->room ? 2 * timers->room : 16;
        void *heap = reallocarray(timers->heap, room, sizeof(void *));
        if (!heap)
            return -ENOMEM;
        timers->heap = heap;
        timers->room = room;
    }
    struct loop_timer *timer = calloc(1, sizeof(*timer));
    if (!timer)
        return -ENOMEM;
    *timer = (struct loop_timer){.loop = self, .fn = fn, .data = data, .place = NOT_ARMED};
    timers->existing++;
    *ret = timer;
    return 0;
}

void loop_timer_disarm(struct loop_timer *self)
{
    if (self->place == DUE)
        due_remove(&self->loop->timers, self);
    else if (self->place != NOT_ARMED)
        heap_remove(&self->loop->timers, self);
}

void loop_timer_arm_at(struct loop_timer *self, uint64_t when_us)
{
    struct loop_timers *timers = &self->loop->timers;

    loop_timer_disarm(self);
    self->when_us = when_us;
    sift_up(timers, timers->armed++, self);
    set_descriptor(timers);
}

void loop_timer_arm_in(struct loop_timer *self, uint64_t delay_us)
{
    uint64_t when;
    if (add_overflows(clock_now_us(), delay_us, &when))
        when = UINT64_MAX - 1;
    loop_timer_arm_at(self, when);
}

struct loop_timer *loop_timer_remove(struct loop_timer *self)
{
    if (!self)
        return NULL;
    loop_timer_disarm(self);
    self->loop->timers.existing--;
    free(self);
    return NULL;
}
