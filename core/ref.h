/* Atomic reference count, embedded in the counted object. */
#pragma once

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>

struct ref {
    atomic_int count;
};

static inline void ref_init(struct ref *self)
{
    atomic_init(&self->count, 1);
}

static inline void ref_get(struct ref *self)
{
    int before = atomic_fetch_add_explicit(&self->count, 1, memory_order_relaxed);
    assert(before > 0);
    (void)before;
}

/* True: this was the last reference, the caller frees the object. */
static inline bool ref_put(struct ref *self)
{
    int before = atomic_fetch_sub_explicit(&self->count, 1, memory_order_acq_rel);
    assert(before > 0);
    return before == 1;
}
