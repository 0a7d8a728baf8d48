#include "encode/shelf.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/ref.h"

#define ALIGNMENT 64

struct shelf {
    struct ref ref; /* the owner's and one for each block that is out */
    pthread_mutex_t lock;
    size_t size; /* of a block with its head */
    unsigned max, n;
    struct block *idle;
};

struct block {
    struct shelf *shelf;
    struct block *next;
} __attribute__((aligned(ALIGNMENT)));

struct shelf *shelf_create(size_t size, unsigned max)
{
    struct shelf *self = calloc(1, sizeof *self);
    if (!self)
        return NULL;
    ref_init(&self->ref);
    pthread_mutex_init(&self->lock, NULL);
    self->size = (sizeof(struct block) + size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    self->max = max;
    return self;
}

struct shelf *shelf_drop(struct shelf *self)
{
    if (!self || !ref_put(&self->ref))
        return NULL;
    while (self->idle) {
        struct block *block = self->idle;
        self->idle = block->next;
        free(block);
    }
    pthread_mutex_destroy(&self->lock);
    free(self);
    return NULL;
}

static struct block *block_new(struct shelf *self)
{
    struct block *block = self->n < self->max ? aligned_alloc(ALIGNMENT, self->size) : NULL;
    if (!block)
        return NULL;
    memset(block, 0, self->size);
    block->shelf = self;
    self->n++;
    return block;
}

void *shelf_take(struct shelf *self)
{
    pthread_mutex_lock(&self->lock);
    struct block *block = self->idle;
    if (block)
        self->idle = block->next;
    pthread_mutex_unlock(&self->lock);
    if (!block)
        block = block_new(self);
    if (!block)
        return NULL;
    ref_get(&self->ref);
    return block + 1;
}

void shelf_put(void *data)
{
    struct block *block = (struct block *)data - 1;
    struct shelf *self = block->shelf;
    pthread_mutex_lock(&self->lock);
    block->next = self->idle;
    self->idle = block;
    pthread_mutex_unlock(&self->lock);
    shelf_drop(self);
}
