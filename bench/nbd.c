/* Blocks of a file from our NBD server against nbdkit's file plugin, over unix sockets, in turns: reading all of it in
 * order, and 4 KiB here and there. The file is in the page cache, so that what is measured is the servers. */
#include <errno.h>
#include <fcntl.h>
#include <libnbd.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/child.h"
#include "bench/rows.h"
#include "core/log.h"
#include "core/loop.h"
#include "media/nbd_server.h"
#include "media/source_file.h"

#define TURNS 7
#define SIZE (512u << 20)
#define BLOCK (256u << 10)
#define SMALL 4096u
#define SMALL_READS 60000u
#define IN_FLIGHT 16

struct paths {
    char folder[40], image[64], ours[64], theirs[64];
};

static bool admit(void *data, pid_t pid, uid_t uid, const char *export)
{
    (void)data, (void)pid, (void)export;
    return uid == getuid();
}

static const struct nbd_server_host host = {.admit = admit};

/* As the gateway does it: the loop on one thread, four others for files. */
static void serve(const struct paths *paths)
{
    struct loop *loop;
    struct worker_pool *io;
    struct nbd_server *server;
    struct source *source;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    int fd = open(paths->image, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || loop_create(&loop) < 0 || worker_pool_create(loop, "io", 4, &io) < 0 ||
        nbd_server_create(loop, &host, NULL, &server) < 0 ||
        source_file_create(fd, "image", true, io, NULL, NULL, &source) < 0 ||
        nbd_server_add(server, "file", source) < 0 || nbd_server_listen(server, paths->ours) < 0)
        _exit(1);
    loop_run(loop);
    _exit(0);
}

static bool make_image(const char *path)
{
    static uint8_t piece[1u << 20];
    uint64_t x = 88172645463325252u;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    for (unsigned at = 0; fd >= 0 && at < SIZE; at += sizeof piece) {
        for (size_t i = 0; i < sizeof piece; i += 8) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            memcpy(piece + i, &x, 8);
        }
        if (write(fd, piece, sizeof piece) != (ssize_t)sizeof piece) {
            close(fd);
            return false;
        }
    }
    return fd >= 0 && close(fd) == 0;
}

static struct nbd_handle *open_export(const char *socket)
{
    struct nbd_handle *nbd = nbd_create();
    nbd_set_export_name(nbd, "file"); /* nbdkit has one export for all names */
    for (int i = 0; i < 200; i++) {
        struct stat st;
        if (stat(socket, &st) == 0 && nbd_connect_unix(nbd, socket) == 0)
            return nbd;
        usleep(20000);
        nbd_close(nbd);
        nbd = nbd_create();
        nbd_set_export_name(nbd, "file");
    }
    nbd_close(nbd);
    return NULL;
}

/* Keeps IN_FLIGHT requests going until all were answered. Seconds; < 0: one failed. */
static double read_blocks(struct nbd_handle *nbd, const uint64_t *offsets, unsigned n, size_t length)
{
    static uint8_t room[IN_FLIGHT][BLOCK];
    int64_t cookies[IN_FLIGHT];
    unsigned asked = 0, done = 0;
    double begin = wall_ms();
    for (unsigned i = 0; i < IN_FLIGHT; i++)
        cookies[i] = asked < n ? nbd_aio_pread(nbd, room[i], length, offsets[asked++], NBD_NULL_COMPLETION, 0) : -1;
    while (done < n) {
        if (nbd_poll(nbd, 30000) != 1)
            return -1;
        for (unsigned i = 0; i < IN_FLIGHT; i++) {
            int r = cookies[i] >= 0 ? nbd_aio_command_completed(nbd, (uint64_t)cookies[i]) : 0;
            if (r < 0)
                return -1;
            if (r == 0)
                continue;
            done++;
            cookies[i] = asked < n ? nbd_aio_pread(nbd, room[i], length, offsets[asked++], NBD_NULL_COMPLETION, 0) : -1;
        }
    }
    return (wall_ms() - begin) / 1e3;
}

struct work {
    uint64_t *offsets;
    unsigned n;
    size_t length;
};

static struct work in_order(void)
{
    struct work w = {malloc(SIZE / BLOCK * sizeof(uint64_t)), SIZE / BLOCK, BLOCK};
    for (unsigned i = 0; w.offsets && i < w.n; i++)
        w.offsets[i] = (uint64_t)i * BLOCK;
    return w;
}

static struct work here_and_there(void)
{
    struct work w = {malloc(SMALL_READS * sizeof(uint64_t)), SMALL_READS, SMALL};
    uint64_t x = 4711;
    for (unsigned i = 0; w.offsets && i < w.n; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        w.offsets[i] = (x >> 33) % (SIZE / SMALL) * SMALL;
    }
    return w;
}

static bool compare(const struct paths *paths, struct work w, const char *name, const char *metric, const char *unit,
                    double scale)
{
    double ours[TURNS], theirs[TURNS];
    struct nbd_handle *a = open_export(paths->ours), *b = open_export(paths->theirs);
    bool fine = a && w.offsets;
    for (unsigned i = 0; fine && i < TURNS; i++) {
        ours[i] = read_blocks(a, w.offsets, w.n, w.length) * scale;
        theirs[i] = b ? read_blocks(b, w.offsets, w.n, w.length) * scale : rows_none();
        fine = ours[i] > 0 && !(theirs[i] < 0);
    }
    if (fine)
        row_print("nbd", name, metric, unit, median(ours, TURNS), "nbdkit-file",
                  b ? median(theirs, TURNS) : rows_none());
    nbd_close(a);
    nbd_close(b);
    free(w.offsets);
    return fine;
}

int main(void)
{
    struct paths paths;
    log_set_level(LOG_ERROR);
    snprintf(paths.folder, sizeof paths.folder, "/tmp/lightsout-bench.XXXXXX");
    if (!mkdtemp(paths.folder))
        return 1;
    snprintf(paths.image, sizeof paths.image, "%s/image", paths.folder);
    snprintf(paths.ours, sizeof paths.ours, "%s/ours", paths.folder);
    snprintf(paths.theirs, sizeof paths.theirs, "%s/theirs", paths.folder);
    const char *const nbdkit[] = {"nbdkit", "-f", "-r", "-U", paths.theirs, "file", paths.image, NULL};
    bool fine = make_image(paths.image);
    pid_t server = fine ? fork() : -1;
    if (server == 0)
        serve(&paths);
    pid_t peer = fine ? child_start(nbdkit, -1, -1) : -1;
    fine = fine && compare(&paths, in_order(), "sequential", "s_per_gib", "s", 1073741824.0 / SIZE) &&
           compare(&paths, here_and_there(), "random-4k", "us_per_read", "us", 1e6 / SMALL_READS);
    if (server > 0)
        child_end(server);
    if (peer > 0)
        child_end(peer);
    unlink(paths.image);
    unlink(paths.ours);
    unlink(paths.theirs);
    rmdir(paths.folder);
    return fine ? 0 : 1;
}
