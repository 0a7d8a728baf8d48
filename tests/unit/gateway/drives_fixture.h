/* A gateway with one target whose machine is a fake drive, real media below it, and a target that reads through the NBD
 * server as QEMU or the kernel would. Transport's side of a media websocket is played here. For one source file of a
 * program. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "core/clock.h"
#include "core/text.h"
#include "gateway/drives/drives.h"
#include "gateway/drives/media_streams.h"
#include "media/layers.h"
#include "media/source_nbd.h"
#include "media/source_stream.h"

#define HANG_US 120000000
#define IMAGE_SIZE (3u << 20)
#define WAIT_S 1 /* before the machine stands still */

/* ---- transport's side ---- */

struct asked {
    uint32_t id, length;
    uint64_t offset;
};

struct media_peer {
    struct media_stream *stream;
    uint8_t seed;     /* of the file that it brings */
    uint64_t differs; /* at that byte, if not 0 */
    bool mute;        /* it answers nothing */
    bool ready, ended, complete;
    enum media_end reason;
    char why[256];
    uint8_t id[MEDIUM_ID_SIZE];
    struct asked asked[256];
    unsigned n_asked;
    uint64_t copied;
};

void media_peer_ready(struct media_peer *self, const uint8_t id[MEDIUM_ID_SIZE])
{
    assert_false(self->ready);
    self->ready = true;
    memcpy(self->id, id, MEDIUM_ID_SIZE);
}

void media_peer_ask(struct media_peer *self, uint32_t id, uint64_t offset, uint32_t length)
{
    assert_true(self->n_asked < ARRAY_SIZE(self->asked));
    self->asked[self->n_asked++] = (struct asked){id, length, offset};
}

void media_peer_progress(struct media_peer *self, uint64_t copied, uint64_t size, bool complete)
{
    assert_true(copied <= size);
    self->copied = copied;
    self->complete |= complete;
}

void media_peer_end(struct media_peer *self, enum media_end reason, const char *why)
{
    assert_false(self->ended);
    self->ended = true;
    self->reason = reason;
    snprintf(self->why, sizeof self->why, "%s", why);
}

/* ---- the machine's side ---- */

struct machine_drive {
    struct drive drive; /* first member */
    struct drive_medium medium;
    enum drive_phase phase;
    bool paused;
    unsigned resumed;
    void (*changed)(void *data);
    void *changed_data;
};

static void machine_insert(struct drive *drive, const struct drive_medium *medium, drive_done_fn *done, void *data)
{
    struct machine_drive *self = (struct machine_drive *)drive;
    self->medium = *medium;
    self->phase = DRIVE_INSERTED;
    self->changed(self->changed_data);
    done(data, 0, NULL);
}

static void machine_eject(struct drive *drive, bool force, drive_done_fn *done, void *data)
{
    struct machine_drive *self = (struct machine_drive *)drive;
    (void)force;
    self->phase = DRIVE_EMPTY;
    self->medium = (struct drive_medium){0};
    self->changed(self->changed_data);
    done(data, 0, NULL);
}

static void machine_state(struct drive *drive, struct drive_state *ret)
{
    const struct machine_drive *self = (const struct machine_drive *)drive;
    *ret = (struct drive_state){.phase = self->phase, .kind = self->medium.kind, .paused = self->paused};
}

static void machine_listen(struct drive *drive, void (*changed)(void *data), void *data)
{
    struct machine_drive *self = (struct machine_drive *)drive;
    self->changed = changed;
    self->changed_data = data;
}

static void machine_resume(struct drive *drive)
{
    struct machine_drive *self = (struct machine_drive *)drive;
    self->resumed++;
    self->paused = false;
}

/* ---- the gateway ---- */

struct bench {
    char folder[64];
    struct gateway gateway;
    struct gateway_target target;
    struct machine_drive machine;
    struct auth_session session;
};

static inline void bench_start(struct bench *b)
{
    static const struct drive_ops ops = {.name = "fake",
                                         .insert = machine_insert,
                                         .eject = machine_eject,
                                         .state = machine_state,
                                         .listen = machine_listen,
                                         .resume = machine_resume};
    struct gateway *g = &b->gateway;
    char path[128];
    memset(g, 0, sizeof *g);
    memset(&b->target, 0, sizeof b->target);
    b->target.recording_fd = -1;
    b->machine.drive.ops = &ops;
    snprintf(g->setup.state, sizeof g->setup.state, "%s", b->folder);
    g->setup.cache_memory = 16 << 20;
    assert_int_equal(loop_create(&g->loop), 0);
    assert_int_equal(worker_pool_create(g->loop, "io", 2, &g->io), 0);
    snprintf(path, sizeof path, "%s/library", b->folder);
    assert_int_equal(library_create(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), g->io, &g->library), 0);
    struct cache_config cache = {.memory = g->setup.cache_memory, .folder_fd = -1};
    assert_int_equal(cache_create(g->io, &cache, &g->cache), 0);
    g->targets[0] = &b->target;
    g->list[0] = &b->target.target;
    g->target_list = (struct target_list){.targets = g->list, .n = 1};
    b->target.gateway = g;
    b->target.setup.machine = CONFIG_QEMU;
    b->target.setup.media_wait_s = WAIT_S;
    text_copy(b->target.target.name, sizeof b->target.target.name, "web1");
    assert_int_equal(drives_create(&b->target, NULL, &b->target.drives), 0);
    struct drive *drives[] = {&b->machine.drive};
    assert_int_equal(drives_attach(b->target.drives, drives, 1), 0);
}

static inline void bench_stop(struct bench *b)
{
    struct gateway *g = &b->gateway;
    drives_stop(b->target.drives);
    g->io = worker_pool_destroy(g->io);
    g->cache = cache_destroy(g->cache);
    g->library = library_destroy(g->library);
    b->target.drives = drives_destroy(b->target.drives);
    g->loop = loop_destroy(g->loop);
}

/* As after kill -9: the machine still has what it had, and the drives are known. */
static inline void bench_restart(struct bench *b)
{
    bench_stop(b);
    bench_start(b);
    b->machine.changed(b->machine.changed_data);
    drives_restore(b->target.drives);
}

static inline int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    char path[128];
    layer_overlay_prepare();
    text_copy(b->folder, sizeof b->folder, "/tmp/lightsout-drives-XXXXXX");
    assert_non_null(mkdtemp(b->folder));
    snprintf(path, sizeof path, "%s/gateway", b->folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/library", b->folder);
    assert_int_equal(mkdir(path, 0700), 0);
    b->session = (struct auth_session){.user = "ann", .role = ROLE_ADMINISTRATOR, .local = true};
    grants_of_role(&b->session.grants, b->session.role);
    ref_init(&b->session.ref);
    bench_start(b);
    *state = b;
    return 0;
}

static inline int tear_down(void **state)
{
    struct bench *b = *state;
    char command[128];
    bench_stop(b);
    snprintf(command, sizeof command, "rm -r '%s'", b->folder);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a path of ours */
    free(b);
    return 0;
}

#define WAIT(b, condition)                                                                                             \
    do {                                                                                                               \
        uint64_t until_ = clock_now_us() + HANG_US;                                                                    \
        while (!(condition)) {                                                                                         \
            if (clock_now_us() > until_)                                                                               \
                fail_msg("%s: waited in vain", #condition);                                                            \
            assert_int_equal(loop_dispatch((b)->gateway.loop, 5), 0);                                                  \
        }                                                                                                              \
    } while (0)

static inline void run_for(struct bench *b, uint64_t us)
{
    for (uint64_t until = clock_now_us() + us; clock_now_us() < until;)
        assert_int_equal(loop_dispatch(b->gateway.loop, 5), 0);
}

static inline struct drive_state drive_now(struct bench *b)
{
    struct drive_state state = {0};
    b->target.target.drives[0]->ops->state(b->target.target.drives[0], &state);
    return state;
}

/* ---- what a file holds ---- */

static inline uint8_t byte_at(uint8_t seed, uint64_t offset)
{
    return (uint8_t)(seed + offset * 31 + (offset >> 9) * 7 + (offset >> 16) * 3);
}

static inline void write_image(struct bench *b, const char *name, uint8_t seed, size_t size)
{
    char path[160];
    uint8_t *bytes = malloc(size);
    for (size_t i = 0; i < size; i++)
        bytes[i] = byte_at(seed, i);
    snprintf(path, sizeof path, "%s/library/%s", b->folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
    free(bytes);
}

/* ---- calls that end in one ---- */

struct result {
    bool done;
    int error;
    char why[256];
};

static inline void on_result(void *data, int error, const char *why)
{
    struct result *self = data;
    assert_false(self->done);
    self->done = true;
    self->error = error;
    snprintf(self->why, sizeof self->why, "%s", why ? why : "");
}

static inline int insert(struct bench *b, const struct medium_spec *spec, struct result *ret)
{
    *ret = (struct result){0};
    drives_insert(b->target.drives, 0, spec, on_result, ret);
    WAIT(b, ret->done);
    return ret->error;
}

static inline void eject(struct bench *b)
{
    struct result result = {0};
    b->target.target.drives[0]->ops->eject(b->target.target.drives[0], false, on_result, &result);
    WAIT(b, result.done);
    assert_int_equal(result.error, 0);
}

/* ---- the target: reads and writes ---- */

struct reader {
    struct source *source;
    bool done;
    int error;
};

static inline void reader_closed(void *data, const char *why)
{
    (void)data, (void)why;
}

static inline void reader_done(void *data, int error)
{
    struct reader *self = data;
    self->done = true;
    self->error = error;
}

static inline struct reader reader_open(struct bench *b)
{
    static const struct source_nbd_listener listener = {reader_closed};
    struct reader self = {0};
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    assert_int_equal(drives_serve(b->target.drives, b->machine.medium.export, pair[0], NULL), 0);
    assert_int_equal(source_nbd_create(b->gateway.loop, pair[1], b->machine.medium.size, b->machine.medium.read_only,
                                       &listener, NULL, &self.source),
                     0);
    return self;
}

static inline void reader_close(struct reader *self)
{
    self->source = source_close(self->source);
}

static inline void read_begin(struct reader *self, uint64_t offset, uint8_t *room, size_t size)
{
    self->done = false;
    source_read(self->source, offset, room, size, reader_done, self);
}

static inline int read_at(struct bench *b, struct reader *self, uint64_t offset, uint8_t *room, size_t size)
{
    read_begin(self, offset, room, size);
    WAIT(b, self->done);
    return self->error;
}

static inline int write_at(struct bench *b, struct reader *self, uint64_t offset, const uint8_t *bytes, size_t size)
{
    self->done = false;
    source_write(self->source, offset, bytes, size, reader_done, self);
    WAIT(b, self->done);
    return self->error;
}

static inline bool is_image(const uint8_t *bytes, size_t size, uint64_t offset, uint8_t seed)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != byte_at(seed, offset + i))
            return false;
    return true;
}

/* ---- peers ---- */

static inline struct medium_spec file_spec(const char *name)
{
    return (struct medium_spec){.origin = MEDIUM_STREAM,
                                .image = name,
                                .kind = -1,
                                .read_only = true,
                                .size = IMAGE_SIZE,
                                .modified_ms = 1700000000123};
}

static inline int peer_open(struct bench *b, struct media_peer *peer, const struct medium_spec *spec)
{
    char why[256] = "";
    peer->mute = false;
    int r = media_stream_ops.open(&b->gateway, "web1", 0, &b->session, spec, peer, why, sizeof why, &peer->stream);
    if (r < 0)
        snprintf(peer->why, sizeof peer->why, "%s", why);
    return r;
}

/* Answers the newest question first, so that the order is never the one of the questions. */
static inline void peer_serve(struct media_peer *peer)
{
    static uint8_t bytes[STREAM_MAX_READ];
    while (peer->n_asked && !peer->mute && !peer->ended) {
        struct asked asked = peer->asked[--peer->n_asked];
        for (uint32_t i = 0; i < asked.length; i++) {
            bytes[i] = byte_at(peer->seed, asked.offset + i);
            if (peer->differs && asked.offset + i == peer->differs)
                bytes[i] ^= 1;
        }
        assert_true(media_stream_ops.answer(peer->stream, asked.id, bytes, asked.length, 0));
    }
}

static inline void peer_close(struct media_peer *peer)
{
    peer->n_asked = 0;
    media_stream_ops.close(peer->stream, false);
    peer->stream = NULL;
}

/* As WAIT, with a peer that serves meanwhile. */
#define WAIT_SERVING(b, peer, condition)                                                                               \
    do {                                                                                                               \
        uint64_t until_ = clock_now_us() + HANG_US;                                                                    \
        while (!(condition)) {                                                                                         \
            if (clock_now_us() > until_)                                                                               \
                fail_msg("%s: waited in vain", #condition);                                                            \
            peer_serve(peer);                                                                                          \
            assert_int_equal(loop_dispatch((b)->gateway.loop, 5), 0);                                                  \
        }                                                                                                              \
    } while (0)
