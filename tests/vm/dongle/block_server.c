#include "block_server.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "core/text.h"
#include "media/source_memory.h"

/* A source that takes its time for each read. */
struct slow {
    struct source source; /* first member */
    struct source *inner;
    struct block_server *server;
};

struct slow_read {
    struct slow_read *next, **link; /* in the server's list */
    struct slow *slow;
    struct loop_timer *timer;
    uint64_t offset;
    void *room;
    size_t length;
    source_done_fn *done;
    void *data;
};

/* What the test's thread wants is done by the server's, one after the other. */
struct order {
    void (*fn)(struct block_server *self, struct order *order);
    const char *name;
    uint8_t *bytes;
    size_t size;
    bool read_only;
    unsigned milliseconds;
    int fd;
    uint16_t flags;
    struct nbd_export_stats stats;
};

struct offer {
    char name[64];
    uint8_t *bytes;
    size_t size;
    bool read_only;
};

struct block_server {
    _Atomic unsigned delay_ms;
    struct slow_read *waiting;
    struct loop *loop;
    struct loop_wake *wake;
    struct nbd_server *server;
    struct offer offers[8];
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t done;
    struct order *order;
};

static bool admit(void *data, pid_t pid, uid_t uid, const char *export)
{
    (void)data, (void)pid, (void)uid, (void)export;
    return false;
}

static const struct nbd_server_host host = {.admit = admit};

static void on_order(void *data)
{
    struct block_server *self = data;
    pthread_mutex_lock(&self->mutex);
    struct order *order = self->order;
    self->order = NULL;
    if (order && order->fn)
        order->fn(self, order);
    else if (order)
        loop_stop(self->loop, 0);
    pthread_cond_signal(&self->done);
    pthread_mutex_unlock(&self->mutex); /* from here on the order is no more */
}

static void *run(void *data)
{
    struct block_server *self = data;
    loop_run(self->loop);
    return NULL;
}

static void give(struct block_server *self, struct order *order)
{
    pthread_mutex_lock(&self->mutex);
    self->order = order;
    loop_wake_signal(self->wake);
    while (self->order)
        pthread_cond_wait(&self->done, &self->mutex);
    pthread_mutex_unlock(&self->mutex);
}

static void forget(struct slow_read *read);

struct block_server *block_server_start(void)
{
    struct block_server *self = calloc(1, sizeof *self);
    log_set_level(LOG_ERROR);
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->done, NULL);
    if (loop_create(&self->loop) < 0 || loop_wake_add(self->loop, on_order, self, &self->wake) < 0 ||
        nbd_server_create(self->loop, &host, self, &self->server) < 0 ||
        pthread_create(&self->thread, NULL, run, self) != 0)
        abort();
    return self;
}

void block_server_stop(struct block_server *self)
{
    struct order order = {.fn = NULL};
    give(self, &order);
    pthread_join(self->thread, NULL);
    nbd_server_destroy(self->server);
    while (self->waiting)
        forget(self->waiting);
    loop_wake_remove(self->wake);
    loop_destroy(self->loop);
    free(self);
}

static void forget(struct slow_read *read)
{
    *read->link = read->next;
    if (read->next)
        read->next->link = read->link;
    loop_timer_remove(read->timer);
    free(read);
}

static void on_delay_over(void *data)
{
    struct slow_read *read = data;
    source_read(read->slow->inner, read->offset, read->room, read->length, read->done, read->data);
    forget(read);
}

static void slow_read(struct source *source, uint64_t offset, void *room, size_t length, source_done_fn *done,
                      void *data)
{
    struct slow *slow = (struct slow *)source;
    unsigned delay_ms = slow->server->delay_ms;
    if (!delay_ms) {
        source_read(slow->inner, offset, room, length, done, data);
        return;
    }
    struct slow_read *read = malloc(sizeof *read);
    struct slow_read **first = &slow->server->waiting;
    *read = (struct slow_read){.next = *first,
                               .link = first,
                               .slow = slow,
                               .offset = offset,
                               .room = room,
                               .length = length,
                               .done = done,
                               .data = data};
    if (*first)
        (*first)->link = &read->next;
    *first = read;
    if (loop_timer_add(slow->server->loop, on_delay_over, read, &read->timer) < 0)
        abort();
    loop_timer_arm_in(read->timer, delay_ms * 1000ull);
}

static void slow_write(struct source *source, uint64_t offset, const void *bytes, size_t length, source_done_fn *done,
                       void *data)
{
    source_write(((struct slow *)source)->inner, offset, bytes, length, done, data);
}

static void slow_flush(struct source *source, source_done_fn *done, void *data)
{
    source_flush(((struct slow *)source)->inner, done, data);
}

/* Its memory stays: reads may still be under way. */
static void slow_close(struct source *source)
{
    (void)source;
}

static const struct source_ops slow_ops = {
    .name = "slow", .read = slow_read, .write = slow_write, .flush = slow_flush, .close = slow_close};

static int make_slow(struct block_server *self, struct source *inner, struct source **ret)
{
    struct slow *slow = calloc(1, sizeof *slow);
    if (!slow)
        return -1;
    *slow = (struct slow){.source = {.ops = &slow_ops, .size = inner->size, .read_only = inner->read_only},
                          .inner = inner,
                          .server = self};
    *ret = &slow->source;
    return 0;
}

void block_server_delay(struct block_server *self, unsigned milliseconds)
{
    self->delay_ms = milliseconds;
}

static void do_offer(struct block_server *self, struct order *o)
{
    struct source *memory, *source;
    (void)nbd_server_remove(self->server, o->name);
    if (source_memory_create(o->bytes, o->size, o->read_only, &memory) < 0 || make_slow(self, memory, &source) < 0 ||
        nbd_server_add(self->server, o->name, source) < 0)
        abort();
}

void block_server_offer(struct block_server *self, const char *name, uint8_t *bytes, size_t size, bool read_only)
{
    struct order order = {.fn = do_offer, .name = name, .bytes = bytes, .size = size, .read_only = read_only};
    struct offer *offer = NULL;
    for (unsigned i = 0; i < ARRAY_SIZE(self->offers); i++)
        if (strcmp(self->offers[i].name, name) == 0 || (!offer && !self->offers[i].name[0]))
            offer = &self->offers[i];
    *offer = (struct offer){.bytes = bytes, .size = size, .read_only = read_only};
    (void)text_copy(offer->name, sizeof offer->name, name);
    give(self, &order);
}

static void do_withdraw(struct block_server *self, struct order *o)
{
    (void)nbd_server_remove(self->server, o->name);
}

void block_server_withdraw(struct block_server *self, const char *name)
{
    struct order order = {.fn = do_withdraw, .name = name};
    give(self, &order);
}

void block_server_break(struct block_server *self, const char *name)
{
    for (unsigned i = 0; i < ARRAY_SIZE(self->offers); i++)
        if (strcmp(self->offers[i].name, name) == 0)
            block_server_offer(self, name, self->offers[i].bytes, self->offers[i].size, self->offers[i].read_only);
}

static void do_connect(struct block_server *self, struct order *o)
{
    if (nbd_server_serve(self->server, o->name, o->fd, &o->flags) < 0)
        abort();
}

int block_server_connect(struct block_server *self, const char *name, uint16_t *ret_flags)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        abort();
    struct order order = {.fn = do_connect, .name = name, .fd = ends[1]};
    give(self, &order);
    *ret_flags = order.flags;
    return ends[0];
}

static void do_stall(struct block_server *self, struct order *o)
{
    unsigned milliseconds = o->milliseconds;
    pthread_cond_signal(&self->done);
    pthread_mutex_unlock(&self->mutex);
    usleep(milliseconds * 1000);
    pthread_mutex_lock(&self->mutex);
}

void block_server_stall(struct block_server *self, unsigned milliseconds)
{
    struct order order = {.fn = do_stall, .milliseconds = milliseconds};
    give(self, &order);
}

static void do_stats(struct block_server *self, struct order *o)
{
    (void)nbd_server_stats(self->server, o->name, &o->stats);
}

struct nbd_export_stats block_server_stats(struct block_server *self, const char *name)
{
    struct order order = {.fn = do_stats, .name = name};
    give(self, &order);
    return order.stats;
}
