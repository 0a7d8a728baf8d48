#include "pattern_server.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "media/nbd_server.h"

void pattern_fill(uint8_t *room, uint64_t offset, size_t size, uint64_t seed)
{
    uint64_t word = (offset / 8 + 1) * 0x9E3779B97F4A7C15u + (seed << 56);
    for (size_t i = 0; i < size; i += 8, word += 0x9E3779B97F4A7C15u)
        memcpy(room + i, &word, 8);
}

/* --- the source --- */

struct pattern {
    struct source source;
    uint64_t seed;
};

static void pattern_read(struct source *source, uint64_t offset, void *room, size_t length, source_done_fn *done,
                         void *data)
{
    pattern_fill(room, offset, length, ((struct pattern *)source)->seed);
    done(data, 0);
}

static void pattern_close(struct source *source)
{
    free(source);
}

static const struct source_ops pattern_ops = {.name = "pattern", .read = pattern_read, .close = pattern_close};

/* --- the server: what the test's thread wants is done by the loop's --- */

struct pattern_server {
    struct loop *loop;
    struct loop_wake *wake;
    struct nbd_server *server;
    uint64_t sizes[16];
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t done;
    void (*order)(struct pattern_server *self);
    unsigned seed;
    int fd;
    uint16_t flags;
};

static bool admit(void *data, pid_t pid, uid_t uid, const char *export)
{
    (void)data, (void)pid, (void)uid, (void)export;
    return false;
}

static const struct nbd_server_host host = {.admit = admit};

static void on_order(void *data)
{
    struct pattern_server *self = data;
    pthread_mutex_lock(&self->mutex);
    if (self->order)
        self->order(self);
    self->order = NULL;
    pthread_cond_signal(&self->done);
    pthread_mutex_unlock(&self->mutex);
}

static void give(struct pattern_server *self, void (*order)(struct pattern_server *self))
{
    self->order = order;
    loop_wake_signal(self->wake);
    while (self->order)
        pthread_cond_wait(&self->done, &self->mutex);
}

static void *run(void *data)
{
    struct pattern_server *self = data;
    loop_run(self->loop);
    return NULL;
}

struct pattern_server *pattern_server_start(void)
{
    struct pattern_server *self = calloc(1, sizeof *self);
    if (!self)
        abort();
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->done, NULL);
    if (loop_create(&self->loop) < 0 || loop_wake_add(self->loop, on_order, self, &self->wake) < 0 ||
        nbd_server_create(self->loop, &host, self, &self->server) < 0 ||
        pthread_create(&self->thread, NULL, run, self) != 0)
        abort();
    return self;
}

static void do_stop(struct pattern_server *self)
{
    loop_stop(self->loop, 0);
}

void pattern_server_stop(struct pattern_server *self)
{
    pthread_mutex_lock(&self->mutex);
    give(self, do_stop);
    pthread_mutex_unlock(&self->mutex);
    pthread_join(self->thread, NULL);
    nbd_server_destroy(self->server);
    loop_wake_remove(self->wake);
    loop_destroy(self->loop);
    free(self);
}

static void do_offer(struct pattern_server *self)
{
    char name[16];
    snprintf(name, sizeof name, "%u", self->seed);
    (void)nbd_server_remove(self->server, name);
    struct pattern *pattern = calloc(1, sizeof *pattern);
    if (!pattern)
        abort();
    pattern->source = (struct source){.ops = &pattern_ops, .size = self->sizes[self->seed], .read_only = true};
    pattern->seed = self->seed;
    if (nbd_server_add(self->server, name, &pattern->source) < 0)
        abort();
}

void pattern_server_offer(struct pattern_server *self, unsigned seed, uint64_t size)
{
    pthread_mutex_lock(&self->mutex);
    self->seed = seed;
    self->sizes[seed] = size;
    give(self, do_offer);
    pthread_mutex_unlock(&self->mutex);
}

void pattern_server_break(struct pattern_server *self, unsigned seed)
{
    pattern_server_offer(self, seed, self->sizes[seed]);
}

static void do_connect(struct pattern_server *self)
{
    char name[16];
    snprintf(name, sizeof name, "%u", self->seed);
    if (nbd_server_serve(self->server, name, self->fd, &self->flags) < 0)
        abort();
}

int pattern_server_connect(struct pattern_server *self, unsigned seed, uint16_t *ret_flags)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        abort();
    pthread_mutex_lock(&self->mutex);
    self->seed = seed;
    self->fd = ends[1];
    give(self, do_connect);
    if (ret_flags)
        *ret_flags = self->flags;
    pthread_mutex_unlock(&self->mutex);
    return ends[0];
}
