/* The file behind a URL as a source: what is asked for waits in a queue; neighbours become one range; a few ranges are
 * under way at a time, each over a connection that is kept. Bytes go from curl's buffer straight to where they are
 * wanted. Done functions are called when curl has returned, because they may want more, or close the source. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/text.h"
#include "media/outward/remote_kinds.h"
#include "media/outward/url_multi.h"
#include "media/outward/url_transfer.h"

#define TRANSFERS 6
#define PROBE_LENGTH 512
#define LEAST_RANGE (256u << 10) /* below it a round trip more costs more than another connection brings */
#define MOST_RANGE (4u << 20)
#define RANGE_US 2000000 /* a range shall not take longer: reads wait for it, and a cut loses it */

struct request {
    struct request *next;
    uint64_t offset;
    uint8_t *room;
    size_t length, have;
    source_done_fn *done;
    void *data;
    int error;
};

struct slot {
    struct url_transfer transfer; /* first */
    struct url_source *source;
    bool busy;
    struct request *requests; /* of the range, in order; the first is the one that is being filled */
    uint64_t since_us;
};

struct list {
    struct request *first, **end;
};

struct url_source {
    struct source source; /* first */
    struct remote remote;
    struct loop *loop;
    const struct remote_listener *listener;
    void *data;
    struct url_site site;
    struct url_multi *multi;
    struct loop_timer *later;
    struct slot slots[TRANSFERS];
    struct list queue, ended;
    struct request *unused;
    uint64_t queued; /* bytes */
    uint64_t per_s;  /* bytes that one connection brought in a second */
    bool opened, probed, closed;
    int probe_error;
    enum remote_link link;
    char why[256]; /* it has changed */
};

static void list_init(struct list *self)
{
    self->first = NULL;
    self->end = &self->first;
}

static void list_add(struct list *self, struct request *request)
{
    request->next = NULL;
    *self->end = request;
    self->end = &request->next;
}

static struct request *list_take(struct list *self, struct request **at)
{
    struct request *request = *at;
    *at = request->next;
    if (!*at)
        self->end = at;
    request->next = NULL;
    return request;
}

static void end_request(struct url_source *self, struct request *request, int error)
{
    request->error = error;
    list_add(&self->ended, request);
}

static void free_source(struct url_source *self)
{
    for (struct request *request = self->unused, *next; request; request = next) {
        next = request->next;
        free(request);
    }
    for (unsigned i = 0; i < TRANSFERS; i++)
        if (self->slots[i].transfer.easy)
            url_transfer_finish(&self->slots[i].transfer);
    url_multi_destroy(self->multi);
    loop_timer_remove(self->later);
    url_site_finish(&self->site);
    free(self);
}

static void tell_link(struct url_source *self, enum remote_link link, const char *why)
{
    if (self->link == link || self->link == REMOTE_CHANGED || !self->opened)
        return;
    self->link = link;
    if (link == REMOTE_CHANGED)
        text_copy(self->why, sizeof self->why, why);
    if (!self->closed)
        self->listener->link(self->data, link, why);
}

/* --- the queue --- */

static struct request *find_next(struct url_source *self, uint64_t offset, struct request ***ret_at)
{
    for (struct request **at = &self->queue.first; *at; at = &(*at)->next)
        if ((*at)->offset == offset) {
            *ret_at = at;
            return *at;
        }
    return NULL;
}

/* How long a range may be, so that the connections share what is wanted and none is busy for long. */
static uint64_t range_limit(const struct url_source *self, unsigned n_free)
{
    uint64_t share = self->queued / n_free, soon = self->per_s * RANGE_US / 1000000;
    uint64_t most = self->per_s ? MAX(MIN(soon, MOST_RANGE), LEAST_RANGE) : 4 * LEAST_RANGE;
    return MIN(MAX(share, LEAST_RANGE), most);
}

/* The oldest request, and those behind its end. */
static void fill_slot(struct url_source *self, struct slot *slot, uint64_t limit)
{
    struct request *request = list_take(&self->queue, &self->queue.first), **at, **end = &slot->requests;
    uint64_t first = request->offset, length = 0;
    for (;;) {
        *end = request;
        end = &request->next;
        length += request->length;
        self->queued -= request->length;
        if (length >= limit || !find_next(self, first + length, &at) || length + (*at)->length > limit)
            break;
        request = list_take(&self->queue, at);
    }
    url_transfer_prepare(&slot->transfer, first, length);
    slot->since_us = clock_now_us();
    slot->busy = url_multi_add(self->multi, slot->transfer.easy) == 0;
}

static void fail_requests(struct url_source *self, struct slot *slot, int error)
{
    for (struct request *request = slot->requests, *next; request; request = next) {
        next = request->next;
        end_request(self, request, error);
    }
    slot->requests = NULL;
}

static void dispatch(struct url_source *self)
{
    unsigned n_free = 0;
    for (unsigned i = 0; i < TRANSFERS; i++)
        n_free += !self->slots[i].busy;
    uint64_t limit = n_free ? range_limit(self, n_free) : 0;
    for (unsigned i = 0; i < TRANSFERS && self->queue.first; i++) {
        struct slot *slot = &self->slots[i];
        if (slot->busy)
            continue;
        fill_slot(self, slot, limit);
        if (!slot->busy)
            fail_requests(self, slot, -EAGAIN);
    }
}

static void fail_queue(struct url_source *self, int error)
{
    while (self->queue.first)
        end_request(self, list_take(&self->queue, &self->queue.first), error);
    self->queued = 0;
}

static void call_done(struct url_source *self)
{
    while (self->ended.first) {
        struct request *request = list_take(&self->ended, &self->ended.first);
        source_done_fn *done = request->done;
        void *data = request->data;
        int error = request->error;
        request->next = self->unused;
        self->unused = request;
        done(data, error);
    }
}

/* --- what comes --- */

static void on_bytes(struct url_transfer *transfer, const uint8_t *bytes, size_t size)
{
    struct slot *slot = (struct slot *)transfer;
    while (size && slot->requests) {
        struct request *request = slot->requests;
        size_t n = MIN(size, request->length - request->have);
        memcpy(request->room + request->have, bytes, n);
        request->have += n;
        bytes += n;
        size -= n;
        if (request->have < request->length)
            break;
        slot->requests = request->next;
        end_request(slot->source, request, 0);
    }
}

static void on_probed(struct url_source *self, struct url_transfer *transfer, int error)
{
    self->probed = true;
    self->probe_error = error ? error : url_site_learn(&self->site, transfer);
}

static void measure(struct url_source *self, const struct slot *slot)
{
    uint64_t took = clock_now_us() - slot->since_us;
    if (slot->transfer.length >= LEAST_RANGE / 2)
        self->per_s = slot->transfer.length * 1000000 / MAX(took, 1000);
}

static void on_finished(void *data, CURL *easy, CURLcode code)
{
    struct url_source *self = data;
    struct slot *slot = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&slot);
    slot->busy = false;
    int r = url_transfer_result(&slot->transfer, code);
    if (!self->probed) {
        on_probed(self, &slot->transfer, r);
        return;
    }
    if (r == -ESTALE) {
        tell_link(self, REMOTE_CHANGED, slot->transfer.why);
    } else if ((r == -ENOENT || r == -EACCES) && slot->transfer.use_effective && !self->site.lost) {
        self->site.lost = true; /* where we were sent once; the next try begins at the beginning */
        r = -EAGAIN;
    } else if (r < 0) {
        tell_link(self, REMOTE_AWAY, slot->transfer.why);
    } else {
        tell_link(self, REMOTE_GOOD, "");
        measure(self, slot);
        if (self->site.lost)
            url_site_follow(&self->site, &slot->transfer);
    }
    fail_requests(self, slot, r < 0 ? r : -ECONNRESET);
}

static void finish_opening(struct url_source *self)
{
    struct url_transfer *probe = &self->slots[0].transfer;
    struct remote_info info = {.size = self->site.size, .read_only = true};
    if (self->probe_error == 0) {
        self->opened = true;
        self->source.size = self->site.size;
        url_site_name(&self->site, info.name);
        text_copy(info.validator, sizeof info.validator, self->site.validator);
        self->listener->opened(self->data, 0, NULL, &info, &self->source);
        return;
    }
    self->closed = true;
    loop_timer_arm_in(self->later, 0);
    self->listener->opened(self->data, self->probe_error, probe->why[0] ? probe->why : "There is no memory.", NULL,
                           NULL);
}

static void on_settled(void *data)
{
    struct url_source *self = data;
    if (self->probed && !self->opened && !self->closed)
        finish_opening(self);
    if (self->queue.first || self->ended.first || self->closed)
        loop_timer_arm_in(self->later, 0);
}

static void give_up(struct url_source *self)
{
    for (unsigned i = 0; i < TRANSFERS; i++) {
        if (self->slots[i].busy)
            url_multi_remove(self->multi, self->slots[i].transfer.easy);
        self->slots[i].busy = false;
        fail_requests(self, &self->slots[i], -ECANCELED);
    }
    fail_queue(self, -ECANCELED);
    call_done(self);
    free_source(self);
}

static void on_later(void *data)
{
    struct url_source *self = data;
    if (self->closed) {
        give_up(self);
        return;
    }
    if (self->link == REMOTE_CHANGED)
        fail_queue(self, -ESTALE);
    else if (self->probed)
        dispatch(self);
    call_done(self);
}

/* --- the source --- */

static void url_read(struct source *source, uint64_t offset, void *room, size_t length, source_done_fn *done,
                     void *data)
{
    struct url_source *self = (struct url_source *)source;
    struct request *request = self->unused;
    if (request)
        self->unused = request->next;
    else
        request = malloc(sizeof *request);
    if (!request || self->closed) {
        free(request);
        done(data, self->closed ? -ECANCELED : -ENOMEM);
        return;
    }
    *request = (struct request){.offset = offset, .room = room, .length = length, .done = done, .data = data};
    list_add(&self->queue, request);
    self->queued += length;
    loop_timer_arm_in(self->later, 0); /* others that come in the same breath may be its neighbours */
}

static void url_close(struct source *source)
{
    struct url_source *self = (struct url_source *)source;
    self->closed = true;
    loop_timer_arm_in(self->later, 0);
}

static void cancel(struct remote *remote)
{
    url_close(&container_of(remote, struct url_source, remote)->source);
}

static int begin(struct url_source *self)
{
    static const struct url_multi_owner owner = {.finished = on_finished, .settled = on_settled};
    static const struct url_transfer_owner transfers = {.bytes = on_bytes};
    int r = loop_timer_add(self->loop, on_later, self, &self->later);
    r = r ? r : url_multi_create(self->loop, &owner, self, &self->multi);
    for (unsigned i = 0; r == 0 && i < TRANSFERS; i++) {
        self->slots[i].source = self;
        r = url_transfer_init(&self->slots[i].transfer, &self->site, &transfers);
    }
    if (r < 0)
        return r;
    url_transfer_prepare(&self->slots[0].transfer, 0, PROBE_LENGTH);
    r = url_multi_add(self->multi, self->slots[0].transfer.easy);
    self->slots[0].busy = r == 0;
    return r;
}

static int url_open(struct loop *loop, const struct remote_settings *settings, const struct remote_spec *spec,
                    const struct remote_listener *listener, void *data, struct remote **ret, char *why, size_t why_size)
{
    static const struct source_ops ops = {.name = "url", .read = url_read, .close = url_close};
    static bool curl_ready;
    if (!curl_ready && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return -ENOMEM;
    curl_ready = true;
    struct url_source *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->source = (struct source){.ops = &ops, .read_only = true};
    self->remote.cancel = cancel;
    self->loop = loop;
    self->listener = listener;
    self->data = data;
    list_init(&self->queue);
    list_init(&self->ended);
    int r = url_site_init(&self->site, settings, spec, why, why_size);
    r = r ? r : begin(self);
    if (r < 0) {
        free_source(self);
        return r;
    }
    *ret = &self->remote;
    return 0;
}

const struct remote_kind remote_url = {.schemes = {"http", "https", NULL}, .open = url_open};
