/* Pieces that are read before they are asked for. They serve readers themselves, so that what was read ahead is not
 * lost to other media in a cache below before its reader comes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "core/clock.h"
#include "media/cache.h"
#include "media/layers.h"
#include "media/read_ahead_rule.h"

/* A piece that fails may have failed for bytes that its reader does not want, so he asks for his own; but not when he
 * has waited already until somebody's patience ended. */
#define ASK_ITSELF_US 1000000

struct request {
    struct ahead *owner;
    uint64_t since_us;
    unsigned left; /* parts, and the one who divides it */
    int error;
    source_done_fn *done;
    void *data;
};

/* A part of a request that waits for a piece, or is read from below by itself. */
struct part {
    SLIST_ENTRY(part) link;
    struct request *request;
    uint64_t offset;
    size_t length;
    uint8_t *room;
    struct read_ahead_mark mark;
};

struct piece {
    TAILQ_ENTRY(piece) link;
    SLIST_HEAD(, part) parts; /* that wait for it */
    struct ahead *owner;
    uint64_t offset;
    size_t length;
    bool ready;
    struct read_ahead_mark mark;
    uint8_t bytes[];
};

struct ahead {
    struct source source;
    struct source *below;
    uint64_t (*now_us)(void);
    struct read_ahead_rule rule;
    TAILQ_HEAD(, piece) pieces;
    uint64_t used;         /* bytes of pieces */
    unsigned refs;         /* the owner's, requests, pieces on their way */
    bool troubled, closed; /* troubled: a piece failed, nothing is read ahead until a reader was served again */
};

static struct ahead *ahead_of(struct source *source)
{
    return container_of(source, struct ahead, source);
}

static void drop_piece(struct ahead *self, struct piece *piece)
{
    TAILQ_REMOVE(&self->pieces, piece, link);
    self->used -= piece->length;
    free(piece);
}

static void unref(struct ahead *self)
{
    if (--self->refs)
        return;
    while (!TAILQ_EMPTY(&self->pieces))
        drop_piece(self, TAILQ_FIRST(&self->pieces));
    free(self);
}

static void part_ended(struct request *request, int error)
{
    if (error && !request->error)
        request->error = error;
    if (--request->left)
        return;
    struct ahead *self = request->owner;
    source_done_fn *done = request->done;
    void *data = request->data;
    error = request->error;
    free(request);
    done(data, error);
    unref(self);
}

static void on_part(void *data, int error)
{
    struct part *part = data;
    struct request *request = part->request;
    struct ahead *self = request->owner;
    read_ahead_ended(&self->rule, &part->mark, error ? 0 : part->length, self->now_us());
    if (!error)
        self->troubled = false;
    free(part);
    part_ended(request, error);
}

static void read_part(struct ahead *self, struct part *part)
{
    read_ahead_asked(&self->rule, self->now_us(), &part->mark);
    if (self->closed)
        on_part(part, -EIO);
    else
        source_read(self->below, part->offset, part->room, part->length, on_part, part);
}

/* Those that wait are told when the piece is no longer touched: they may read again, and so drop it. */
static void on_piece(void *data, int error)
{
    struct piece *piece = data;
    struct ahead *self = piece->owner;
    struct part *parts = SLIST_FIRST(&piece->parts), *part;
    SLIST_INIT(&piece->parts);
    read_ahead_ended(&self->rule, &piece->mark, error ? 0 : piece->length, self->now_us());
    piece->ready = true;
    for (part = parts; part && !error; part = SLIST_NEXT(part, link))
        memcpy(part->room, piece->bytes + (part->offset - piece->offset), part->length);
    if (error) {
        self->troubled = true;
        drop_piece(self, piece);
    }
    while ((part = parts)) {
        parts = SLIST_NEXT(part, link);
        struct request *request = part->request;
        if (error && self->now_us() - request->since_us < ASK_ITSELF_US) {
            read_part(self, part);
        } else {
            free(part);
            part_ended(request, error);
        }
    }
    unref(self);
}

/* The piece at this byte, or NULL and where the next one begins. */
static struct piece *piece_at(const struct ahead *self, uint64_t offset, uint64_t *ret_next)
{
    struct piece *piece;
    *ret_next = self->source.size;
    TAILQ_FOREACH(piece, &self->pieces, link)
    {
        if (offset >= piece->offset && offset - piece->offset < piece->length)
            return piece;
        if (piece->offset > offset)
            *ret_next = MIN(*ret_next, piece->offset);
    }
    return NULL;
}

static void drop_useless(struct ahead *self)
{
    for (struct piece *piece = TAILQ_FIRST(&self->pieces), *next; piece; piece = next) {
        next = TAILQ_NEXT(piece, link);
        if (piece->ready && SLIST_EMPTY(&piece->parts) && !read_ahead_useful(&self->rule, piece->offset, piece->length))
            drop_piece(self, piece);
    }
}

static bool in_cache(const struct ahead *self, uint64_t from, uint64_t to)
{
    for (uint64_t block = from / CACHE_BLOCK; block * CACHE_BLOCK < to; block++)
        if (!layer_cache_has(self->below, block))
            return false;
    return true;
}

static void begin_piece(struct ahead *self, uint64_t offset, size_t length)
{
    struct piece *piece = malloc(sizeof *piece + length);
    if (!piece)
        return;
    *piece = (struct piece){.owner = self, .offset = offset, .length = length};
    SLIST_INIT(&piece->parts);
    TAILQ_INSERT_TAIL(&self->pieces, piece, link);
    self->used += length;
    self->refs++;
    read_ahead_asked(&self->rule, self->now_us(), &piece->mark);
    source_read(self->below, offset, piece->bytes, length, on_piece, piece);
}

static void read_on(struct ahead *self, uint64_t from, uint64_t to)
{
    if (read_ahead_drain(&self->rule, self->now_us()))
        return;
    while (from < MIN(to, self->source.size) && !self->troubled && !self->closed) {
        uint64_t next;
        const struct piece *piece = piece_at(self, from, &next);
        if (piece) {
            from = piece->offset + piece->length;
            continue;
        }
        uint64_t end = MIN((from / READ_AHEAD_PIECE + 1) * READ_AHEAD_PIECE, next);
        if (self->used + (end - from) > self->rule.most)
            return;
        if (!in_cache(self, from, end))
            begin_piece(self, from, end - from);
        from = end;
    }
}

/* Takes the bytes from `offset` on, as far as one piece, or one gap between pieces, has them. */
static size_t take_part(struct ahead *self, struct request *request, uint64_t offset, uint8_t *room, size_t length)
{
    uint64_t next;
    struct piece *piece = piece_at(self, offset, &next);
    length = MIN(length, piece ? piece->offset + piece->length - offset : next - offset);
    if (piece && piece->ready) {
        memcpy(room, piece->bytes + (offset - piece->offset), length);
        self->troubled = false;
        return length;
    }
    struct part *part = malloc(sizeof *part);
    request->left++;
    if (!part) {
        part_ended(request, -ENOMEM);
        return length;
    }
    *part = (struct part){.request = request, .offset = offset, .length = length, .room = room};
    if (piece)
        SLIST_INSERT_HEAD(&piece->parts, part, link);
    else
        read_part(self, part);
    return length;
}

static void ahead_read(struct source *source, uint64_t offset, void *room, size_t length, source_done_fn *done,
                       void *data)
{
    struct ahead *self = ahead_of(source);
    struct request *request = malloc(sizeof *request);
    if (!request) {
        done(data, -ENOMEM);
        return;
    }
    *request = (struct request){.owner = self, .since_us = self->now_us(), .left = 1, .done = done, .data = data};
    self->refs += 2; /* the request's, and ours */
    uint64_t from, to;
    bool on = read_ahead_wanted(&self->rule, offset, length, &from, &to);
    for (size_t at = 0; at < length;)
        at += take_part(self, request, offset + at, (uint8_t *)room + at, length - at);
    drop_useless(self);
    if (on)
        read_on(self, from, to);
    part_ended(request, 0);
    unref(self);
}

static void ahead_close(struct source *source)
{
    struct ahead *self = ahead_of(source);
    self->closed = true;
    self->below = source_close(self->below);
    unref(self);
}

static const struct source_ops ahead_ops = {.name = "read-ahead", .read = ahead_read, .close = ahead_close};

void layer_read_ahead_statistics(const struct source *source, struct read_ahead_statistics *ret)
{
    const struct ahead *self = container_of(source, const struct ahead, source);
    *ret = (struct read_ahead_statistics){
        .depth = read_ahead_depth(&self->rule),
        .rate = self->rule.rate,
        .delay_us = (uint32_t)MIN(self->rule.delay_us, (uint64_t)UINT32_MAX),
    };
}

int layer_read_ahead_create_timed(struct source *below, uint64_t most, uint64_t (*now_us)(void), struct source **ret)
{
    struct ahead *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->source = (struct source){.ops = &ahead_ops, .size = below->size, .read_only = true};
    self->below = below;
    self->now_us = now_us;
    self->refs = 1;
    read_ahead_init(&self->rule, most);
    TAILQ_INIT(&self->pieces);
    *ret = &self->source;
    return 0;
}

int layer_read_ahead_create(struct loop *loop, struct source *below, uint64_t most, struct source **ret)
{
    (void)loop; /* nothing is timed: each read moves it on */
    return layer_read_ahead_create_timed(below, most, clock_now_us, ret);
}
