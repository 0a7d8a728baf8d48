/* Endpoint files of FunctionFS cannot be polled, and reads and writes on them wait for the host for as long as it
 * likes. The kernel's asynchronous I/O (io_submit) never waits, ends in an eventfd, and can be taken back. A write's
 * bytes are copied before io_submit returns; a request that could not even begin has ended by then, too, which is how
 * it is seen before anything is queued behind it. */
#include "usbgadget/big_cd_pipe.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/usb/ch9.h>
#include <linux/usb/functionfs.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "core/cleanup.h"

#define OPERATIONS 32          /* more than are ever under way, because those taken back need a moment */
#define WRITES 6               /* at a time: so much memory of the kernel's is held at most */
#define WRITE_SIZE (64u << 10) /* a request of that size needs as much contiguous memory */
#define WRITE_LEAST 4096u
#define ROOMS 4

enum operation_state { FREE, BUSY, ENDED };

struct operation {
    struct iocb iocb;
    enum operation_state state;
    bool stale; /* taken back, or seen already: its end is not told */
    long long result;
};

struct aio {
    struct big_cd_pipe pipe;
    aio_context_t context;
    int in, out;
    size_t asked; /* of the read */
    unsigned n_ended;
    uint8_t ended[OPERATIONS]; /* still to be told, in order */
    struct operation operations[OPERATIONS];
    unsigned room; /* of the read: another one each time, since one that was taken back may still be written to */
    uint8_t rooms[ROOMS][BIG_CD_PIPE_READ];
};

static struct aio *to_aio(struct big_cd_pipe *pipe)
{
    return container_of(pipe, struct aio, pipe);
}

static void collect(struct aio *self)
{
    struct io_event events[OPERATIONS]; /* there are never more */
    struct timespec now = {0};
    long n = syscall(SYS_io_getevents, self->context, 0L, (long)OPERATIONS, events, &now);
    for (long i = 0; i < n; i++) {
        struct operation *op = &self->operations[events[i].data];
        op->state = ENDED;
        op->result = events[i].res;
        self->ended[self->n_ended++] = (uint8_t)events[i].data;
    }
}

static struct operation *take_ended(struct aio *self)
{
    if (!self->n_ended)
        return NULL;
    struct operation *op = &self->operations[self->ended[0]];
    memmove(self->ended, self->ended + 1, --self->n_ended);
    op->state = FREE;
    return op;
}

static unsigned count_writes(const struct aio *self)
{
    unsigned n = 0;
    for (size_t i = 0; i < OPERATIONS; i++)
        n += self->operations[i].state == BUSY && self->operations[i].iocb.aio_lio_opcode == IOCB_CMD_PWRITE;
    return n;
}

static struct operation *find_free(struct aio *self)
{
    for (size_t i = 0; i < OPERATIONS; i++)
        if (self->operations[i].state == FREE)
            return &self->operations[i];
    return NULL;
}

/* 0: it has begun; -EBUSY: not now; else why it could not begin. */
static int submit(struct aio *self, unsigned code, const void *bytes, size_t size)
{
    struct operation *op = find_free(self);
    if (!op)
        return -EBUSY;
    op->iocb = (struct iocb){
        .aio_data = (uint64_t)(op - self->operations),
        .aio_lio_opcode = (uint16_t)code,
        .aio_fildes = (uint32_t)(code == IOCB_CMD_PREAD ? self->out : self->in),
        .aio_buf = (uint64_t)(uintptr_t)bytes,
        .aio_nbytes = size,
        .aio_flags = IOCB_FLAG_RESFD,
        .aio_resfd = (uint32_t)self->pipe.event_fd,
    };
    struct iocb *list[] = {&op->iocb};
    op->stale = false;
    if (syscall(SYS_io_submit, self->context, 1L, list) != 1)
        return errno == EAGAIN ? -EBUSY : -errno;
    op->state = BUSY;
    collect(self);
    if (op->state != ENDED || op->result >= 0)
        return 0;
    op->stale = true;
    return (int)op->result;
}

/* As the ops are to answer. */
static int outcome(int r, int good)
{
    if (r == 0)
        return good;
    return r == -EBUSY ? -EAGAIN : r == -ENOMEM ? r : -ESHUTDOWN;
}

static int aio_write(struct big_cd_pipe *pipe, const void *bytes, size_t size)
{
    struct aio *self = to_aio(pipe);
    if (count_writes(self) >= WRITES)
        return 0;
    size = MIN(size, WRITE_SIZE);
    int r = submit(self, IOCB_CMD_PWRITE, bytes, size);
    while (r == -ENOMEM && size > WRITE_LEAST) {
        size = MAX(size / 2 & ~(size_t)(WRITE_LEAST - 1), WRITE_LEAST);
        r = submit(self, IOCB_CMD_PWRITE, bytes, size);
    }
    return outcome(r, (int)size);
}

static int aio_write_empty(struct big_cd_pipe *pipe)
{
    return outcome(submit(to_aio(pipe), IOCB_CMD_PWRITE, "", 0), 1);
}

static int aio_read(struct big_cd_pipe *pipe, size_t size)
{
    struct aio *self = to_aio(pipe);
    self->asked = MIN(size, BIG_CD_PIPE_READ);
    self->room = (self->room + 1) % ROOMS;
    int r = submit(self, IOCB_CMD_PREAD, self->rooms[self->room], self->asked);
    pipe->receiving = r == 0;
    return outcome(r, 1);
}

static enum big_cd_pipe_event tell(struct aio *self, const struct operation *op)
{
    bool reading = op->iocb.aio_lio_opcode == IOCB_CMD_PREAD;
    if (reading)
        self->pipe.receiving = false;
    if (op->result < 0)
        return PIPE_DOWN;
    if (!reading)
        return PIPE_SENT;
    self->pipe.received = self->rooms[self->room];
    self->pipe.received_size = (size_t)op->result;
    self->pipe.received_short = self->pipe.received_size < self->asked;
    return PIPE_RECEIVED;
}

static enum big_cd_pipe_event aio_reap(struct big_cd_pipe *pipe)
{
    struct aio *self = to_aio(pipe);
    if (!self->n_ended)
        collect(self);
    for (struct operation *op; (op = take_ended(self));)
        if (!op->stale)
            return tell(self, op);
    return PIPE_NOTHING;
}

static void aio_cancel(struct big_cd_pipe *pipe)
{
    struct aio *self = to_aio(pipe);
    for (size_t i = 0; i < OPERATIONS; i++) {
        struct operation *op = &self->operations[i];
        struct io_event event;
        if (op->state == BUSY && !op->stale)
            (void)syscall(SYS_io_cancel, self->context, &op->iocb, &event);
        op->stale = true;
    }
    pipe->receiving = false;
    (void)ioctl(self->in, FUNCTIONFS_FIFO_FLUSH);
}

/* Reading an IN endpoint halts it. */
static int aio_halt(struct big_cd_pipe *pipe)
{
    uint8_t byte;
    if (read(to_aio(pipe)->in, &byte, 1) >= 0 || errno == EBADMSG)
        return 1;
    if (errno == EAGAIN || errno == EINTR)
        return -EAGAIN;
    return -ESHUTDOWN;
}

static void aio_enabled(struct big_cd_pipe *pipe)
{
    struct usb_endpoint_descriptor endpoint;
    if (ioctl(to_aio(pipe)->in, FUNCTIONFS_ENDPOINT_DESC, &endpoint) < 0)
        return;
    unsigned packet = le16toh(endpoint.wMaxPacketSize) & 0x7FF;
    if (packet == 8 || packet == 16 || packet == 32 || packet == 64 || packet == 512 || packet == 1024)
        pipe->packet = packet;
}

static void aio_destroy(struct big_cd_pipe *pipe)
{
    struct aio *self = to_aio(pipe);
    aio_cancel(pipe);
    (void)syscall(SYS_io_destroy, self->context); /* waits for what was taken back */
    close(self->in);
    close(self->out);
    close(pipe->event_fd);
    free(self);
}

static const struct big_cd_pipe_ops aio_ops = {
    .write = aio_write,
    .write_empty = aio_write_empty,
    .read = aio_read,
    .reap = aio_reap,
    .cancel = aio_cancel,
    .halt = aio_halt,
    .enabled = aio_enabled,
    .destroy = aio_destroy,
};

int big_cd_aio_create(int bulk_in, int bulk_out, struct big_cd_pipe **ret)
{
    _cleanup_free_ struct aio *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    _cleanup_close_ int event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event_fd < 0 || syscall(SYS_io_setup, OPERATIONS, &self->context) < 0)
        return -errno;
    /* an endpoint that is disabled refuses, instead of waiting for the host */
    (void)fcntl(bulk_in, F_SETFL, fcntl(bulk_in, F_GETFL) | O_NONBLOCK);
    (void)fcntl(bulk_out, F_SETFL, fcntl(bulk_out, F_GETFL) | O_NONBLOCK);
    self->in = bulk_in;
    self->out = bulk_out;
    self->pipe.ops = &aio_ops;
    self->pipe.packet = 512;
    self->pipe.event_fd = take_fd(&event_fd);
    *ret = &take(self)->pipe;
    return 0;
}
