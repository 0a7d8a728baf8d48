/* The client of the transmission phase with a server that sends anything, in pieces: each request is answered exactly
 * once, and a read that ended well has got all of its bytes. An input is a list of pieces: a byte that says what to do,
 * then for a piece its length and bytes. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/wire.h"
#include "media/source_nbd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE 65536
#define REQUESTS 64

struct asked {
    unsigned calls;
    uint8_t *room; /* of just its length, so that a sanitizer sees a byte too much */
};

static struct asked asked[REQUESTS];
static unsigned n_asked;

static void on_done(void *data, int error)
{
    struct asked *a = data;
    if (a->calls++ || error > 0)
        abort();
}

static void ask(struct source *source, unsigned what, unsigned length)
{
    if (n_asked == REQUESTS)
        return;
    struct asked *a = &asked[n_asked++];
    *a = (struct asked){.room = malloc(length + 1u)};
    memset(a->room, 1, length + 1u);
    if (what == 0)
        source_read(source, 0, a->room, length + 1u, on_done, a);
    else if (what == 1)
        source_write(source, 0, a->room, length + 1u, on_done, a);
    else if (what == 2)
        source_flush(source, on_done, a);
    else
        source_trim(source, 0, length, on_done, a);
}

/* An answer as an honest server would give it, so that payloads are reached: cookie of the n-th request. */
static void answer(int fd, unsigned error, unsigned index)
{
    uint8_t room[16];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_be32(&w, 0x67446698);
    wire_write_be32(&w, error);
    wire_write_be32(&w, index >> 6);
    wire_write_be32(&w, index & 63);
    send(fd, room, sizeof room, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void play(struct loop *loop, struct source *source, int fd, struct wire_reader r)
{
    while (r.left && !r.bad) {
        unsigned what = wire_read_u8(&r), n = wire_read_u8(&r);
        if (what < 4) {
            ask(source, what, n);
        } else if (what < 8) {
            answer(fd, what == 7 ? n : 0, n);
        } else {
            n = (unsigned)MIN(n, r.left);
            const uint8_t *piece = wire_read_bytes(&r, n);
            if (n)
                send(fd, piece, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        }
        loop_dispatch(loop, 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct loop *loop;
    struct source *source;
    int ends[2];
    if (loop_create(&loop) < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ||
        source_nbd_create(loop, ends[0], SIZE, false, NULL, NULL, &source) < 0)
        abort();
    n_asked = 0;
    play(loop, source, ends[1], wire_reader_init(data, size));
    source_close(source);
    for (unsigned i = 0; i < n_asked; i++) {
        if (asked[i].calls != 1)
            abort();
        free(asked[i].room);
    }
    close(ends[1]);
    loop_destroy(loop);
    return 0;
}
