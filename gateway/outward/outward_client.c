/* A medium is opened in three steps: adopt (the job may be there already), open, and the socket becomes a source. The
 * same steps are gone again after a restart of outward, with the credentials that are kept here; only then failures of
 * the network are no answer but a reason to try again. */
#include "gateway/outward/outward_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "core/text.h"
#include "gateway/outward/outward_outlet.h"

#define AGAIN_FIRST_US 250000
#define AGAIN_LONGEST_US 10000000

enum step { WAITING, ADOPTING, OPENING, SERVED, OVER };

struct outward_medium {
    struct outward_client *client;
    struct outward_medium *next;
    struct loop_timer *again;
    uint64_t pause_us;
    struct outward_open open; /* with the credentials */
    const struct outward_medium_listener *listener;
    outward_opened_fn *done; /* NULL: called */
    void *data;
    enum step step;
    bool adopt;                    /* the job may be there */
    bool forgotten;                /* it is an earlier gateway's: credentials, if it had any, are not known */
    uint32_t serial;               /* of the question under way */
    int near_end;                  /* of the socket that is to be served; -1 */
    struct outward_outlet *outlet; /* the newest; NULL: none */
    struct outward_opened opened;  /* as of the first time */
    enum outward_link link;
    bool untold; /* outward is away: to be said */
};

struct outward_client {
    struct loop *loop;
    struct ipc *ipc; /* NULL: outward is away */
    uint32_t serial;
    struct outward_medium *media;
};

static void start(struct outward_medium *self);

static void tell_link(struct outward_medium *self, enum outward_link link, const char *why)
{
    if (self->link == link || self->link == OUTWARD_CHANGED)
        return;
    self->link = link;
    self->listener->link(self->data, link, why);
}

/* The answer to who asked for it: once. */
static void fail(struct outward_medium *self, int error, const char *why)
{
    outward_opened_fn *done = self->done;
    self->done = NULL;
    self->step = OVER;
    done(self->data, error, why, NULL, NULL);
}

static void try_again(struct outward_medium *self)
{
    self->step = WAITING;
    loop_timer_arm_in(self->again, self->pause_us);
    self->pause_us = MIN(self->pause_us * 2, AGAIN_LONGEST_US);
}

static void drop_socket(struct outward_medium *self)
{
    if (self->near_end >= 0)
        close(take_fd(&self->near_end));
    self->serial = 0;
}

static uint32_t next_serial(struct outward_client *self)
{
    self->serial = (self->serial + 1) & ~IPC_CALL_SERIAL;
    self->serial += self->serial == 0;
    return self->serial;
}

static int ask(struct outward_medium *self, enum outward_type type)
{
    uint8_t room[IPC_MAX_BODY];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    int pair[2];
    if (!self->client->ipc)
        return -ENOTCONN;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
        return -errno;
    _cleanup_close_ int near_end = pair[0], far_end = pair[1];
    if (type == OUTWARD_OPEN)
        outward_write_open(&w, &self->open);
    else
        outward_write_token(&w, self->open.token);
    uint32_t serial = next_serial(self->client);
    int r =
        w.full ? -EMSGSIZE : ipc_send(self->client->ipc, (uint16_t)type, serial, room, wire_written(&w), &far_end, 1);
    explicit_bzero(room, sizeof room);
    if (r < 0)
        return r;
    drop_socket(self);
    self->near_end = take_fd(&near_end);
    self->serial = serial;
    self->step = type == OUTWARD_OPEN ? OPENING : ADOPTING;
    return 0;
}

static void start(struct outward_medium *self)
{
    if (!self->client->ipc)
        return; /* outward_client_connect goes on */
    if (ask(self, self->adopt ? OUTWARD_ADOPT : OUTWARD_OPEN) < 0)
        try_again(self);
}

static void on_again(void *data)
{
    struct outward_medium *self = data;
    if (self->step == WAITING)
        start(self);
}

/* --- the source --- */

static void forget_outlet(struct outward_medium *self)
{
    outward_outlet_forget(self->outlet);
    self->outlet = NULL;
}

static void on_outlet_closed(void *data)
{
    struct outward_medium *self = data;
    self->outlet = NULL;
}

/* While the channel stands it was the socket alone: the job is still there. */
static void on_outlet_broken(void *data)
{
    struct outward_medium *self = data;
    if (self->step != SERVED)
        return;
    forget_outlet(self);
    self->adopt = true;
    try_again(self);
    tell_link(self, OUTWARD_AWAY, "The connection to the process that fetches it broke.");
}

static int make_source(struct outward_medium *self, const struct outward_opened *opened, struct source **ret)
{
    static const struct outward_outlet_owner owner = {.broken = on_outlet_broken, .closed = on_outlet_closed};
    struct outward_outlet *outlet;
    int r = outward_outlet_create(self->client->loop, self->near_end, opened, &owner, self, &outlet);
    if (r < 0)
        return r;
    self->near_end = -1;
    forget_outlet(self);
    self->outlet = outlet;
    *ret = outward_outlet_source(outlet);
    return 0;
}

/* --- answers --- */

static bool same_file(const struct outward_opened *a, const struct outward_opened *b)
{
    return a->size == b->size && a->read_only == b->read_only && strcmp(a->validator, b->validator) == 0;
}

static bool is_there(const struct outward_client *self, const struct outward_medium *medium)
{
    for (const struct outward_medium *m = self->media; m; m = m->next)
        if (m == medium)
            return true;
    return false;
}

static void succeed(struct outward_medium *self, const struct outward_opened *opened)
{
    struct source *source = NULL;
    outward_opened_fn *done = self->done;
    if (!done && !same_file(&self->opened, opened)) {
        self->step = OVER;
        tell_link(self, OUTWARD_CHANGED, "Another file is there now than the one that was inserted.");
        return;
    }
    int r = make_source(self, opened, &source);
    if (r < 0) {
        try_again(self);
        return;
    }
    self->step = SERVED;
    self->adopt = true;
    self->pause_us = AGAIN_FIRST_US;
    self->opened = *opened;
    if (done) {
        self->done = NULL;
        done(self->data, 0, NULL, &self->opened, source);
        return;
    }
    /* the medium may be closed in either */
    const struct outward_client *client = self->client;
    enum outward_link before = self->link;
    self->link = OUTWARD_GOOD;
    const struct outward_medium_listener *listener = self->listener;
    void *data = self->data;
    listener->source(data, source);
    if (before != OUTWARD_GOOD && is_there(client, self))
        listener->link(data, OUTWARD_GOOD, "");
}

static void refused(struct outward_medium *self, const struct outward_opened *opened)
{
    if (self->step == ADOPTING && opened->error == -ENOENT) {
        self->adopt = false; /* outward does not have it (any more) */
        start(self);
    } else if (self->done) {
        bool no_secret = self->forgotten && opened->error == -EACCES;
        fail(self, no_secret ? -ESTALE : opened->error,
             no_secret ? "Its password is not stored: insert it again." : opened->why);
    } else {
        try_again(self); /* it worked before */
    }
}

static struct outward_medium *find_question(struct outward_client *self, uint32_t serial)
{
    for (struct outward_medium *m = self->media; m && serial; m = m->next)
        if (m->serial == serial)
            return m;
    return NULL;
}

static void on_opened(struct outward_client *self, const struct ipc_message *message)
{
    static struct outward_opened opened;
    struct outward_medium *medium = find_question(self, message->serial);
    if (!medium)
        return; /* closed meanwhile */
    bool good = outward_read_opened(message->body, message->body_size, &opened);
    if (!good) {
        log_error("gateway", "outward's answer makes no sense");
        opened = (struct outward_opened){.error = -EPROTO, .why = "The process that fetches it answers nonsense."};
    }
    medium->serial = 0;
    if (opened.error == 0) {
        succeed(medium, &opened);
        return;
    }
    drop_socket(medium);
    refused(medium, &opened);
}

static void on_state(struct outward_client *self, const struct ipc_message *message)
{
    struct outward_state state;
    if (!outward_read_state(message->body, message->body_size, &state)) {
        log_error("gateway", "outward told a state that makes no sense");
        return;
    }
    for (struct outward_medium *m = self->media; m; m = m->next)
        if (memcmp(m->open.token, state.token, sizeof state.token) == 0 && m->step == SERVED) {
            tell_link(m, (enum outward_link)state.link, state.why);
            return;
        }
}

static void on_message(void *data, struct ipc_message *message)
{
    struct outward_client *self = data;
    if (message->type == OUTWARD_OPENED)
        on_opened(self, message);
    else if (message->type == OUTWARD_STATE)
        on_state(self, message);
    else
        log_error("gateway", "outward sent message %u, which makes no sense", message->type);
}

/* --- the channel --- */

/* Media may be closed in what they tell: those that are still there are found from the start again. */
static void lose(struct outward_client *self)
{
    self->ipc = ipc_destroy(self->ipc);
    for (struct outward_medium *m = self->media; m; m = m->next) {
        drop_socket(m);
        forget_outlet(m);
        m->step = m->step == OVER || m->link == OUTWARD_CHANGED ? OVER : WAITING;
        m->adopt = true; /* if it was the channel alone */
        m->untold = m->done == NULL;
    }
    for (struct outward_medium *m = self->media; m;) {
        bool tell = m->untold;
        m->untold = false;
        if (tell)
            tell_link(m, OUTWARD_AWAY, "The process that fetches it ended and is started again.");
        m = tell ? self->media : m->next;
    }
}

static void on_closed(void *data, int error)
{
    struct outward_client *self = data;
    log_warn("gateway", "outward is gone%s%s; media of other machines wait", error < 0 ? ": " : "",
             error < 0 ? strerror(-error) : "");
    lose(self);
}

int outward_client_create(struct loop *loop, struct outward_client **ret)
{
    struct outward_client *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->loop = loop;
    *ret = self;
    return 0;
}

int outward_client_connect(struct outward_client *self, int fd)
{
    static const struct ipc_listener listener = {.message = on_message, .closed = on_closed};
    if (self->ipc)
        lose(self);
    int r = ipc_create(self->loop, fd, &listener, self, &self->ipc);
    for (struct outward_medium *m = self->media; r == 0 && m; m = m->next)
        if (m->step == WAITING) {
            m->pause_us = AGAIN_FIRST_US;
            start(m);
        }
    return r;
}

struct outward_client *outward_client_destroy(struct outward_client *self)
{
    if (!self)
        return NULL;
    self->ipc = ipc_destroy(self->ipc); /* without a word: the jobs are for the next gateway */
    while (self->media)
        outward_client_close(self->media);
    free(self);
    return NULL;
}

/* --- media --- */

static bool fill_open(struct outward_open *open, const struct medium_spec *spec)
{
    open->writable = spec->origin == MEDIUM_NBD && !spec->read_only;
    return spec->url && text_copy(open->url, sizeof open->url, spec->url) &&
           text_copy(open->user, sizeof open->user, spec->user ? spec->user : "") &&
           text_copy(open->secret, sizeof open->secret, spec->secret ? spec->secret : "") &&
           text_copy(open->ca, sizeof open->ca, spec->ca ? spec->ca : "");
}

static void free_medium(struct outward_medium *self)
{
    drop_socket(self);
    forget_outlet(self);
    loop_timer_remove(self->again);
    explicit_bzero(&self->open, sizeof self->open);
    free(self);
}

int outward_client_open(struct outward_client *self, const struct medium_spec *spec, uint8_t token[OUTWARD_TOKEN_SIZE],
                        const struct outward_medium_listener *listener, outward_opened_fn *done, void *data,
                        struct outward_medium **ret)
{
    static const uint8_t none[OUTWARD_TOKEN_SIZE];
    struct outward_medium *medium = calloc(1, sizeof *medium);
    if (!medium)
        return -ENOMEM;
    *medium = (struct outward_medium){.client = self,
                                      .listener = listener,
                                      .done = done,
                                      .data = data,
                                      .near_end = -1,
                                      .pause_us = AGAIN_FIRST_US,
                                      .adopt = memcmp(token, none, sizeof none) != 0};
    medium->forgotten = medium->adopt;
    int r = fill_open(&medium->open, spec) ? 0 : -ENAMETOOLONG;
    r = r ? r : loop_timer_add(self->loop, on_again, medium, &medium->again);
    if (r == 0 && !medium->adopt && getrandom(token, OUTWARD_TOKEN_SIZE, 0) != OUTWARD_TOKEN_SIZE)
        r = -EIO;
    if (r < 0) {
        free_medium(medium);
        return r;
    }
    memcpy(medium->open.token, token, OUTWARD_TOKEN_SIZE);
    medium->next = self->media;
    self->media = medium;
    *ret = medium;
    start(medium);
    return 0;
}

void outward_client_close(struct outward_medium *medium)
{
    struct outward_client *self = medium->client;
    uint8_t room[OUTWARD_TOKEN_SIZE];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    struct outward_medium **at = &self->media;
    while (*at != medium)
        at = &(*at)->next;
    *at = medium->next;
    outward_write_token(&w, medium->open.token);
    /* a channel that is full breaks soon, and the job with it */
    if (self->ipc && ipc_send(self->ipc, OUTWARD_CLOSE, 0, room, sizeof room, NULL, 0) < 0)
        log_warn("gateway", "outward does not listen; a medium is closed there later");
    free_medium(medium);
}

/* --- is it there again? --- */

#define PROBE_SIZE 512

static void on_probed(void *data, int error)
{
    (void)error; /* outward has seen it, and says so */
    free(data);
}

void outward_client_probe(struct outward_medium *medium)
{
    struct source *source = medium->outlet ? outward_outlet_source(medium->outlet) : NULL;
    size_t size = source && source->size < PROBE_SIZE ? (size_t)source->size : PROBE_SIZE;
    void *room = source && medium->step == SERVED ? malloc(size) : NULL;
    if (room)
        source_read(source, 0, room, size, on_probed, room);
}
