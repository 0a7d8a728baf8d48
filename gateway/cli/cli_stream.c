#include "gateway/cli/cli_stream.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/attrs.h"
#include "core/clock.h"
#include "core/text.h"
#include "gateway/cli/cli_file.h"
#include "gateway/cli/cli_socket.h"
#include "transport/media.h"

#define LOST (-1)  /* the connection broke; worth another try */
#define GO_ON (-2) /* neither that nor an exit code */
#define TICK_MS 500
#define RETRY_US 500000u
#define RETRY_MOST_US 5000000u
#define REFUSALS_US (60 * 1000000ull) /* a gateway that starts may not know its targets yet */
#define FAREWELL_MS 2000

struct stream {
    struct cli *cli;
    const struct cli_stream *what;
    struct media_hello hello;
    struct cli_file file;
    struct cli_socket *socket;
    bool inserted;        /* once: hello.id is its id */
    bool changed, unsaid; /* the last attempt failed without a word */
    uint64_t sent, copied, lost_us;
    struct cli_progress progress;

    struct media_message reads[MEDIA_MOST]; /* asked, in this order from `first` */
    unsigned first, n_reads;
    uint8_t *out; /* WEBSOCKET_HEAD_MAX bytes, then a message */
};

static volatile sig_atomic_t told_to_stop;

static void on_signal(int number)
{
    (void)number;
    told_to_stop = 1;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    told_to_stop = 0;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static const char *target_path(char *room, size_t size, const char *target, const char *tail)
{
    const char *path = cli_path("/targets/%s", target);
    if (!path)
        return NULL;
    snprintf(room, size, "%s%s", path, tail);
    return room;
}

/* Into hello. The local socket needs none. */
static int get_ticket(struct stream *self)
{
    char room[1200];
    json_t *answer = NULL;
    memset(self->hello.ticket, '0', MEDIA_TICKET_SIZE);
    if (!self->cli->url)
        return CLI_OK;
    const char *path = target_path(room, sizeof room, self->what->target, "/ticket?for=media");
    int r = cli_call(self->cli, "POST", path, NULL, &answer);
    if (r == CLI_OK && !text_copy(self->hello.ticket, sizeof self->hello.ticket, cli_member(answer, "ticket")))
        r = CLI_REFUSED;
    json_decref(answer);
    return r;
}

static void send_built(struct stream *self, const struct wire_writer *w)
{
    cli_socket_send(self->socket, self->out + WEBSOCKET_HEAD_MAX, wire_written(w));
}

static struct wire_writer begin(struct stream *self)
{
    return wire_writer_init(self->out + WEBSOCKET_HEAD_MAX, MEDIA_MAX_MESSAGE);
}

static void say_hello(struct stream *self)
{
    struct wire_writer w = begin(self);
    media_write_hello(&w, &self->hello);
    send_built(self, &w);
}

/* Of what was asked first: its bytes, or why not. A file that changes under the target's feet is never served on. */
static void answer_one(struct stream *self)
{
    struct media_message *m = &self->reads[self->first];
    struct wire_writer w = begin(self);
    uint32_t length = m->read.length, request = m->read.request;
    uint64_t offset = m->read.offset;
    self->first = (self->first + 1) % MEDIA_MOST;
    self->n_reads--;
    media_write_data_header(&w, request);
    uint8_t *room = wire_write_room(&w, length);
    bool inside = offset < self->file.size && length <= self->file.size - offset;
    bool read = room && inside && !self->changed && cli_file_read(&self->file, room, length, offset);
    if (!cli_file_same(&self->file)) {
        if (!self->changed)
            cli_error("'%s' has changed; the target gets errors instead. Eject it, and insert it again",
                      self->what->path);
        self->changed = true;
        read = false;
    } else if (!read && !self->changed) {
        cli_error("'%s' cannot be read at %llu: %s", self->what->path, (unsigned long long)offset,
                  inside ? strerror(errno) : "it is not that long");
    }
    if (!read) {
        w = begin(self);
        media_write_fail(&w, self->changed ? MEDIA_FAIL_CHANGED : MEDIA_FAIL_UNREADABLE, request);
    } else {
        self->sent += length;
    }
    send_built(self, &w);
}

static void ready(struct stream *self, const struct media_message *m)
{
    memcpy(self->hello.id, m->ready.id, sizeof self->hello.id);
    cli_progress_end(&self->progress);
    if (self->inserted) {
        fprintf(stderr, "lightsout: connected again\n");
    } else {
        printf("inserted\n");
        fflush(stdout);
    }
    self->inserted = true;
    self->lost_us = 0;
}

/* The gateway ends it: what that means for this command. */
static int ended(const struct stream *self, const struct media_message *m)
{
    bool starting = self->lost_us && clock_now_us() - self->lost_us < REFUSALS_US;
    switch ((enum media_end)m->end.reason) {
    case MEDIA_END_STOPPING:
        return LOST;
    case MEDIA_END_EJECTED:
        fprintf(stderr, "lightsout: ejected\n");
        return CLI_OK;
    case MEDIA_END_COPIED:
        fprintf(stderr, "lightsout: copied to the library; the file is no longer needed\n");
        return CLI_OK;
    case MEDIA_END_REFUSED:
        if (starting)
            return LOST;
        break;
    case MEDIA_END_SESSION:
        cli_error("%s", m->end.why);
        return CLI_DENIED;
    default:
        break;
    }
    cli_error("%s", m->end.why);
    return CLI_REFUSED;
}

static int take_message(struct stream *self, const struct websocket_message *raw)
{
    struct media_message m;
    const char *why = media_parse_gateway(raw->bytes, raw->size, &m);
    if (!why && m.type == MEDIA_READ && self->n_reads == MEDIA_MOST)
        why = "more requests than it may have open";
    if (why) {
        cli_error("the gateway sent %s", why);
        return CLI_REFUSED;
    }
    switch (m.type) {
    case MEDIA_READY:
        ready(self, &m);
        return GO_ON;
    case MEDIA_READ:
        self->reads[(self->first + self->n_reads++) % MEDIA_MOST] = m;
        return GO_ON;
    case MEDIA_PROGRESS:
        self->copied = m.progress.copied;
        return GO_ON;
    default:
        return ended(self, &m);
    }
}

static void show_progress(struct stream *self)
{
    if (self->what->wish.copy && self->copied)
        cli_progress_show(&self->progress, "copied to the library", self->copied, self->file.size);
    else
        cli_progress_show(&self->progress, "read by the target:", self->sent, 0);
}

/* Says that the file is withdrawn; the medium stays in the drive, and waits. */
static void say_bye(struct stream *self)
{
    uint64_t until = clock_now_us() + FAREWELL_MS * 1000ull;
    struct websocket_message raw;
    while (cli_socket_busy(self->socket) && clock_now_us() < until && cli_socket_wait(self->socket, 100) >= 0)
        while (cli_socket_next(self->socket, &raw) > 0)
            continue;
    if (cli_socket_busy(self->socket))
        return;
    struct wire_writer w = begin(self);
    media_write_bye(&w);
    send_built(self, &w);
    while (clock_now_us() < until && cli_socket_next(self->socket, &raw) >= 0)
        if (cli_socket_wait(self->socket, 100) < 0)
            return;
}

/* One connection, from HELLO to its end. */
static int serve(struct stream *self)
{
    struct websocket_message raw;
    self->n_reads = 0;
    say_hello(self);
    while (!told_to_stop) {
        int r;
        while ((r = cli_socket_next(self->socket, &raw)) > 0) {
            int result = take_message(self, &raw);
            if (result != GO_ON)
                return result;
        }
        if (r < 0)
            return LOST;
        bool ready_to_answer = self->n_reads && !cli_socket_busy(self->socket);
        if (ready_to_answer)
            answer_one(self);
        /* what stands in the socket is looked at between two answers, without waiting for more */
        if (cli_socket_wait(self->socket, ready_to_answer && !cli_socket_busy(self->socket) ? 0 : TICK_MS) < 0)
            continue; /* what came before the end is still to be heard */
        show_progress(self);
    }
    say_bye(self);
    return CLI_OK;
}

static int connect_once(struct stream *self)
{
    char room[1200];
    const char *path = target_path(room, sizeof room, self->what->target, "/media");
    int r = get_ticket(self);
    if (r == CLI_OK)
        r = cli_socket_open(self->cli, path, MEDIA_SUBPROTOCOL, MEDIA_MAX_OF_GATEWAY, &self->socket);
    self->unsaid = r != CLI_OK && self->cli->quiet;
    if (r != CLI_OK)
        return r;
    r = serve(self);
    self->socket = cli_socket_close(self->socket);
    return r;
}

static void pause_us(uint64_t us)
{
    struct timespec t = {.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000};
    nanosleep(&t, NULL); /* a signal ends it */
}

/* Once the medium is in, only the user, the gateway's word or a lost login ends it. */
static int run(struct stream *self)
{
    uint64_t wait = RETRY_US;
    for (;;) {
        bool was_quiet = self->cli->quiet;
        uint64_t lost_before = self->lost_us;
        self->cli->quiet |= self->inserted;
        int r = connect_once(self);
        self->cli->quiet = was_quiet;
        /* a gateway that restarts answers with a status above 500 for a while */
        bool starting = self->unsaid && r == CLI_REFUSED && cli_last_status() >= 500;
        bool again = self->inserted && (r == LOST || r == CLI_UNREACHABLE || starting);
        if (told_to_stop)
            return CLI_OK;
        if (r == LOST && !again)
            cli_error("the connection ended before the medium was in the drive");
        if (!again && self->unsaid)
            cli_error("the gateway takes the file no longer%s; insert it again",
                      r == CLI_DENIED ? ": the login has ended, or lacks the right" : "");
        if (!again)
            return r == LOST ? CLI_UNREACHABLE : r;
        if (!lost_before || !self->lost_us) {
            cli_progress_end(&self->progress);
            fprintf(stderr, "lightsout: the connection is lost; trying again\n");
            self->lost_us = clock_now_us();
            wait = RETRY_US;
        }
        pause_us(wait);
        wait = MIN(wait * 2, (uint64_t)RETRY_MOST_US);
        if (told_to_stop)
            return CLI_OK;
    }
}

static int eject(struct stream *self)
{
    char room[1200], drive[8];
    json_t *answer = NULL;
    snprintf(drive, sizeof drive, "%u", self->what->wish.drive);
    const char *path = cli_drive_path(room, sizeof room, self->what->target, drive, "eject");
    int r = cli_call(self->cli, "POST", path, json_pack("{s:b}", "force", 0), &answer);
    json_decref(answer);
    return r;
}

int cli_stream_run(struct cli *cli, struct cli_stream *what)
{
    struct stream *self = calloc(1, sizeof *self);
    uint8_t *out = malloc(WEBSOCKET_HEAD_MAX + MEDIA_MAX_MESSAGE);
    int r = CLI_REFUSED;
    if (!self || !out) {
        cli_error("out of memory");
    } else if (cli_file_open(&self->file, what->path)) {
        self->cli = cli;
        self->what = what;
        self->out = out;
        self->hello = what->wish;
        self->hello.size = self->file.size;
        self->hello.modified_ms = self->file.modified_ms;
        text_copy(self->hello.name, sizeof self->hello.name, self->file.name);
        catch_signals();
        r = run(self);
        cli_progress_end(&self->progress);
        if (told_to_stop && what->eject_at_end && self->inserted)
            r = eject(self);
        close(self->file.fd);
    }
    free(out);
    free(self);
    return r;
}
