/* The drive at work: wrapper, command, data, status, as far as it goes without waiting. */
#include "usbgadget/big_cd_internal.h"

#include <errno.h>
#include <sys/epoll.h>

#include "core/clock.h"
#include "core/log.h"

#define AGAIN_US 10000

void big_cd_notify(struct big_cd *self)
{
    loop_wake_signal(self->wake);
}

void big_cd_set_up(struct big_cd *self, bool up)
{
    self->up = up;
    self->tell_enabled = true;
    big_cd_notify(self);
}

void big_cd_forget(struct big_cd *self)
{
    self->pipe->ops->cancel(self->pipe);
    bulk_reset(&self->bulk);
    self->reading = false;
    self->waiting_since = 0;
}

static void watch_socket(struct big_cd *self)
{
    const struct nbd_client *client = &self->blocks.client;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = BIG_CD_SOCKET};
    if (nbd_client_wants_to_send(client))
        event.events |= EPOLLOUT;
    if (event.events == self->watched)
        return;
    self->watched = event.events;
    if (epoll_ctl(self->epoll, EPOLL_CTL_MOD, client->fd, &event) < 0 && errno == ENOENT)
        (void)epoll_ctl(self->epoll, EPOLL_CTL_ADD, client->fd, &event);
}

void big_cd_new_socket(struct big_cd *self)
{
    self->watched = 0; /* the one before was closed, so it is not in the set any more */
    watch_socket(self);
}

static void lose(struct big_cd *self, uint64_t now)
{
    big_cd_blocks_lose(&self->blocks);
    if (self->waiting_since)
        self->waiting_since = now; /* from now on for another socket */
    self->tell_lost = true;
    big_cd_notify(self);
}

void big_cd_run_socket(struct big_cd *self, uint64_t now)
{
    bool moved = false, had_one = self->blocks.client.fd >= 0;
    int r = big_cd_blocks_run(&self->blocks, &moved);
    if (r < 0) {
        log_warn("big-cd", "the connection to the medium's server broke (error %d); waiting for another one", -r);
        lose(self, now);
    } else if (had_one) {
        watch_socket(self);
    }
    if (moved && self->waiting_since)
        self->waiting_since = now;
}

/* Whether the command that waits for blocks has waited long enough. A server that is silent is as good as none. */
static bool out_of_patience(struct big_cd *self, uint64_t now)
{
    bool connected = self->blocks.client.fd >= 0;
    if (!connected && self->gave_up)
        return true;
    if (!self->waiting_since)
        self->waiting_since = now;
    if (now - self->waiting_since < (connected ? self->stall_us : self->lost_us))
        return false;
    log_warn("big-cd", connected ? "the medium's server says nothing: the target gets a medium error"
                                 : "nobody brought the medium's server back: the target gets a medium error");
    if (connected)
        lose(self, now);
    self->gave_up = true;
    return true;
}

/* The next bytes of the read that runs: how many, 0: later, < 0: the read ends here and its sense is set. */
static int next_bytes(struct big_cd *self, const uint8_t **ret, uint64_t now)
{
    if (self->medium_gone) {
        scsi_cd_fail(&self->scsi, scsi_cd_not_ready(&self->scsi));
        return -ENODEV;
    }
    int n = big_cd_blocks_next(&self->blocks, ret);
    big_cd_run_socket(self, now);
    if (n == 0)
        n = big_cd_blocks_next(&self->blocks, ret);
    if (n == 0 && out_of_patience(self, now))
        n = -EIO;
    if (n < 0)
        scsi_cd_fail_read(&self->scsi, self->blocks.at / SCSI_CD_BLOCK);
    if (n != 0)
        self->waiting_since = 0;
    return n;
}

static void note_read(struct big_cd *self, uint32_t bytes, uint64_t now)
{
    self->statistics.blocks += bytes / SCSI_CD_BLOCK;
    self->statistics.last_read_us = now;
}

/* --- command --- */

static void answer(struct big_cd *self, bool failed)
{
    const struct scsi_cd_answer *a = &self->answer;
    uint64_t blocks = a->verify ? 0 : (uint64_t)a->blocks * SCSI_CD_BLOCK;
    self->statistics.errors += failed;
    if (a->takes)
        bulk_answer(&self->bulk, BULK_OUT, a->takes, failed);
    else
        bulk_answer(&self->bulk, BULK_IN, blocks ? blocks : a->size, failed);
    if (self->bulk.state != BULK_DATA_IN)
        self->reading = false;
}

static void begin_command(struct big_cd *self)
{
    struct scsi_cd_answer *a = &self->answer;
    self->sent = 0;
    self->medium_gone = false;
    self->statistics.commands++;
    scsi_cd_command(&self->scsi, self->bulk.cdb, self->bulk.lun, a);
    if (a->ejected) {
        big_cd_blocks_remove(&self->blocks);
        self->tell_ejected = true;
        big_cd_notify(self);
    }
    self->reading = a->blocks != 0;
    if (self->reading) {
        uint64_t at = a->lba * SCSI_CD_BLOCK;
        big_cd_blocks_begin(&self->blocks, at, at + (uint64_t)a->blocks * SCSI_CD_BLOCK);
    }
    if (!a->verify)
        answer(self, a->failed);
}

/* Reads and looks at nothing: what counts is that it can be read. False: later. */
static bool verify(struct big_cd *self, uint64_t now)
{
    const uint8_t *bytes;
    int n = 1;
    while ((self->medium_gone || self->blocks.at < self->blocks.end) && (n = next_bytes(self, &bytes, now)) > 0) {
        big_cd_blocks_advance(&self->blocks, (uint32_t)n);
        note_read(self, (uint32_t)n, now);
    }
    if (n == 0)
        return false;
    self->reading = false;
    answer(self, n < 0);
    return true;
}

/* --- data --- */

/* What an operation on the endpoints came to. */
static bool went(struct big_cd *self, int r)
{
    if (r == -ENOMEM || r == -EAGAIN)
        self->again = true;
    else if (r < 0)
        big_cd_set_up(self, false);
    return r > 0;
}

/* False: later. */
static bool end_data(struct big_cd *self, bool failed)
{
    if (bulk_ends_empty(&self->bulk, self->sent, self->pipe->packet) &&
        !went(self, self->pipe->ops->write_empty(self->pipe)))
        return false;
    self->statistics.errors += failed;
    self->reading = false;
    bulk_sent(&self->bulk, self->sent, failed);
    return true;
}

/* What the command left in the drive's room, or the next bytes of the medium. As next_bytes. */
static int next_data(struct big_cd *self, const uint8_t **ret, uint64_t now)
{
    uint32_t left = self->bulk.transfer - self->sent;
    if (!self->reading) {
        *ret = self->scsi.room + self->sent;
        return (int)left;
    }
    int n = next_bytes(self, ret, now);
    return n > 0 && (uint32_t)n > left ? (int)left : n;
}

static bool send_data(struct big_cd *self, uint64_t now)
{
    while (self->sent < self->bulk.transfer) {
        const uint8_t *bytes = NULL;
        int n = next_data(self, &bytes, now);
        if (n < 0)
            return end_data(self, true);
        if (n == 0)
            return false;
        n = self->pipe->ops->write(self->pipe, bytes, (size_t)n);
        if (!went(self, n))
            return false;
        self->sent += (uint32_t)n;
        if (self->reading) {
            big_cd_blocks_advance(&self->blocks, (uint32_t)n);
            note_read(self, (uint32_t)n, now);
        }
    }
    return end_data(self, false);
}

/* --- the rest --- */

static bool send_status(struct big_cd *self)
{
    uint8_t csw[BULK_CSW];
    bulk_status(&self->bulk, csw);
    int r = self->pipe->ops->write(self->pipe, csw, sizeof csw);
    if (!went(self, r))
        return false;
    bulk_status_sent(&self->bulk);
    return true;
}

static bool halt(struct big_cd *self)
{
    if (!went(self, self->pipe->ops->halt(self->pipe)))
        return false;
    bulk_halted(&self->bulk);
    return true;
}

static void receive(struct big_cd *self)
{
    if (self->pipe->receiving)
        return;
    unsigned packet = self->pipe->packet;
    uint32_t size = packet;
    if (self->bulk.state == BULK_DATA_OUT)
        size = self->bulk.left < BIG_CD_PIPE_READ ? (self->bulk.left + packet - 1) / packet * packet : BIG_CD_PIPE_READ;
    (void)went(self, self->pipe->ops->read(self->pipe, size));
}

/* One step. False: something is waited for. */
static bool step(struct big_cd *self, uint64_t now)
{
    switch (self->bulk.state) {
    case BULK_COMMAND:
        if (!self->reading)
            begin_command(self);
        return self->bulk.state != BULK_COMMAND || verify(self, now);
    case BULK_DATA_IN:
        return send_data(self, now);
    case BULK_STATUS:
        return send_status(self);
    case BULK_HALT:
        return halt(self);
    default:
        receive(self);
        return false;
    }
}

void big_cd_advance(struct big_cd *self, uint64_t now)
{
    self->again = false;
    while (self->up && step(self, now))
        ;
    big_cd_run_socket(self, now);
}

bool big_cd_reap(struct big_cd *self)
{
    struct big_cd_pipe *pipe = self->pipe;
    enum big_cd_pipe_event event;
    bool any = false;
    while ((event = pipe->ops->reap(pipe)) != PIPE_NOTHING) {
        any = true;
        if (event == PIPE_RECEIVED)
            bulk_received(&self->bulk, pipe->received, pipe->received_size, pipe->received_short);
        else if (event == PIPE_DOWN && self->up)
            big_cd_set_up(self, false);
    }
    return any;
}

uint64_t big_cd_deadline(const struct big_cd *self, uint64_t now)
{
    uint64_t when = self->again ? now + AGAIN_US : 0;
    if (self->waiting_since) {
        uint64_t patience = self->blocks.client.fd >= 0 ? self->stall_us : self->lost_us;
        uint64_t end = self->waiting_since + patience;
        when = when && when < end ? when : end;
    }
    return when;
}
