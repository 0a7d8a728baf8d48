#include "media/stack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/cleanup.h"

#define ASK_AGAIN_US 3000000 /* of a far medium, unless told otherwise */
#define PROBE_SIZE 512

/* A step that only passes on. One stands at either end: at the top because the stack must live as long as its layers,
 * which tell it what happens; at the bottom because the source stays the caller's until all layers stand. */
struct pass {
    struct source source;
    struct media_stack *stack;
    struct source *below;
    bool leave; /* below is not closed */
};

/* A few bytes of the source, which nobody gets. */
struct probe {
    struct media_stack *stack; /* NULL: destroyed meanwhile */
    uint8_t room[PROBE_SIZE];
};

struct media_stack {
    struct pass top, bottom;
    struct source *patience, *digest, *ahead, *overlay; /* NULL: not there; all are owned by what stands above */
    struct library_copy *copy;
    const struct media_stack_listener *listener; /* NULL after destroy */
    void *data;
    enum media_link link;
    int given_up;        /* what patience ends with */
    struct probe *probe; /* under way; NULL: none */
    bool answered;       /* the last one */
    unsigned refs;       /* the owner's, and one for each end that is not closed yet */
    bool open;           /* the top is not closed */
};

static struct pass *pass_of(struct source *source)
{
    return container_of(source, struct pass, source);
}

static void unref(struct media_stack *self)
{
    if (--self->refs == 0)
        free(self);
}

static void pass_read(struct source *source, uint64_t offset, void *room, size_t length, source_done_fn *done,
                      void *data)
{
    source_read(pass_of(source)->below, offset, room, length, done, data);
}

static void pass_write(struct source *source, uint64_t offset, const void *bytes, size_t length, source_done_fn *done,
                       void *data)
{
    source_write(pass_of(source)->below, offset, bytes, length, done, data);
}

static void pass_flush(struct source *source, source_done_fn *done, void *data)
{
    source_flush(pass_of(source)->below, done, data);
}

static void pass_trim(struct source *source, uint64_t offset, uint64_t length, source_done_fn *done, void *data)
{
    source_trim(pass_of(source)->below, offset, length, done, data);
}

static void pass_close(struct source *source)
{
    struct pass *self = pass_of(source);
    struct media_stack *stack = self->stack;
    if (self == &stack->top)
        stack->open = false;
    if (!self->leave)
        self->below = source_close(self->below);
    unref(stack);
}

static const struct source_ops pass_ops = {
    .name = "stack",
    .read = pass_read,
    .write = pass_write,
    .flush = pass_flush,
    .trim = pass_trim,
    .close = pass_close,
};

static void pass_init(struct pass *self, struct media_stack *stack, struct source *below)
{
    *self = (struct pass){
        .source = {.ops = &pass_ops, .size = below->size, .read_only = below->read_only},
        .stack = stack,
        .below = below,
    };
    stack->refs++;
}

static void set_link(struct media_stack *self, enum media_link link)
{
    if (self->link == link)
        return;
    self->link = link;
    if (self->listener && self->listener->changed)
        self->listener->changed(self->data);
}

static void on_waiting(void *data, int error)
{
    (void)error;
    set_link(data, MEDIA_LINK_WAITING);
}

static void on_resumed(void *data)
{
    set_link(data, MEDIA_LINK_GOOD);
}

static void on_lost(void *data, int error)
{
    (void)error;
    set_link(data, MEDIA_LINK_LOST);
}

static const struct patience_listener patience_listener = {on_waiting, on_resumed, on_lost};

/* Brought by somebody who may fall silent. */
static bool is_far(const struct media_stack_config *config)
{
    return config->cache || config->digest || config->copy;
}

static bool wants_patience(const struct media_stack_config *config)
{
    return config->patience_us || config->ask_again_us || is_far(config);
}

static int add_patience(struct media_stack *self, struct loop *loop, const struct media_stack_config *config,
                        struct source **top)
{
    struct patience_config patience = {config->patience_us, config->ask_again_us, config->given_up, config->after_us};
    if (!wants_patience(config))
        return 0;
    if (!patience.ask_again_us && is_far(config))
        patience.ask_again_us = ASK_AGAIN_US;
    int r = layer_patience_create(loop, *top, &patience, &patience_listener, self, top);
    if (r == 0)
        self->patience = *top;
    return r;
}

static void on_differs(void *data, uint64_t offset)
{
    struct media_stack *self = data;
    char why[256];
    snprintf(
        why, sizeof why,
        "The file is not the one that the target has read from: it differs at byte %llu. Eject the medium, or give "
        "the file as it was.",
        (unsigned long long)offset);
    if (self->listener && self->listener->fault)
        self->listener->fault(self->data, why);
}

static const struct digest_listener digest_listener = {on_differs};

static int add_digest(struct media_stack *self, struct worker_pool *io, const struct media_stack_config *config,
                      struct source **top)
{
    if (!config->digest)
        return 0;
    int r = layer_digest_create(*top, CACHE_BLOCK, config->digest_fd, io, &digest_listener, self, top);
    if (r == 0)
        self->digest = *top;
    return r;
}

/* The copy keeps blocks itself. */
static int add_store(struct media_stack *self, const struct media_stack_config *config, struct source **top)
{
    if (config->copy) {
        int r = layer_copy_create(config->copy, *top, top);
        if (r == 0)
            self->copy = config->copy;
        return r;
    }
    return config->cache ? layer_cache_create(config->cache, &config->key, *top, top) : 0;
}

static int add_read_ahead(struct media_stack *self, struct loop *loop, const struct media_stack_config *config,
                          struct source **top)
{
    if (!config->read_ahead || !(config->copy || config->cache))
        return 0;
    int r = layer_read_ahead_create(loop, *top, config->read_ahead, top);
    if (r == 0)
        self->ahead = *top;
    return r;
}

static int add_overlay(struct media_stack *self, struct worker_pool *io, const struct media_stack_config *config,
                       struct source **top)
{
    if (!config->overlay)
        return 0;
    int r = layer_overlay_create(*top, config->overlay_fd, config->identity, config->overlay_key, io, top);
    if (r == 0)
        self->overlay = *top;
    return r;
}

static int add_layers(struct media_stack *self, struct loop *loop, struct worker_pool *io,
                      const struct media_stack_config *config, struct source **top)
{
    int r = add_patience(self, loop, config, top);
    if (r == 0)
        r = add_digest(self, io, config, top);
    if (r == 0)
        r = add_store(self, config, top);
    if (r == 0)
        r = add_read_ahead(self, loop, config, top);
    if (r == 0 && config->rate)
        r = layer_rate_create(loop, *top, config->rate, top);
    if (r == 0)
        r = add_overlay(self, io, config, top);
    return r;
}

/* What is taken whatever happens, and no layer has. */
static void drop_parts(const struct media_stack *self, const struct media_stack_config *config)
{
    if (config->digest && config->digest_fd >= 0 && !(self && self->digest))
        close(config->digest_fd);
    if (config->copy && !(self && self->copy))
        library_copy_destroy(config->copy, false);
}

int media_stack_create(struct loop *loop, struct worker_pool *io, struct source *source,
                       const struct media_stack_config *config, const struct media_stack_listener *listener, void *data,
                       struct media_stack **ret)
{
    struct media_stack *self = calloc(1, sizeof *self);
    if (!self) {
        drop_parts(NULL, config);
        return -ENOMEM;
    }
    self->refs = 1;
    self->listener = listener;
    self->data = data;
    self->given_up = config->given_up ? config->given_up : -EIO;
    pass_init(&self->bottom, self, source);
    struct source *top = &self->bottom.source;
    int r = add_layers(self, loop, io, config, &top);
    if (r < 0) {
        self->bottom.leave = true;
        self->listener = NULL;
        drop_parts(self, config);
        source_close(top);
        unref(self);
        return r;
    }
    pass_init(&self->top, self, top);
    self->open = true;
    *ret = self;
    return 0;
}

struct source *media_stack_top(struct media_stack *self)
{
    return &self->top.source;
}

int media_stack_replace(struct media_stack *self, struct source *source)
{
    if (!self->open || !self->patience)
        return -ENOTCONN;
    if (self->digest)
        layer_digest_trust(self->digest);
    return layer_patience_replace(self->patience, source);
}

static void on_probed(void *data, int error)
{
    struct probe *probe = data;
    struct media_stack *self = probe->stack;
    if (self) {
        self->probe = NULL;
        self->answered = error != self->given_up;
    }
    free(probe);
}

bool media_stack_answers(struct media_stack *self)
{
    bool answered = self->answered;
    self->answered = false;
    if (answered || self->probe || !self->open || !self->patience)
        return answered;
    struct probe *probe = self->probe = malloc(sizeof *probe);
    if (!probe)
        return false;
    probe->stack = self;
    source_read(self->patience, 0, probe->room, (size_t)MIN(self->patience->size, (uint64_t)PROBE_SIZE), on_probed,
                probe);
    return false;
}

void media_stack_state(const struct media_stack *self, struct media_stack_state *ret)
{
    *ret = (struct media_stack_state){.link = self->link};
    if (!self->open)
        return;
    if (self->copy)
        library_copy_state(self->copy, &ret->copied, &ret->copy_complete);
    if (self->overlay) {
        struct overlay_statistics overlay;
        layer_overlay_statistics(self->overlay, &overlay);
        ret->changed = overlay.changed;
    }
    if (self->ahead) {
        struct read_ahead_statistics ahead;
        layer_read_ahead_statistics(self->ahead, &ahead);
        ret->read_ahead = ahead.depth;
        ret->rate = ahead.rate;
    }
}

struct media_stack *media_stack_destroy(struct media_stack *self)
{
    if (!self)
        return NULL;
    self->listener = NULL;
    if (self->probe)
        self->probe->stack = NULL;
    unref(self);
    return NULL;
}
