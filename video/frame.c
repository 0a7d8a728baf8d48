#include "video/frame.h"

struct frame *frame_ref(struct frame *self)
{
    ref_get(&self->ref);
    return self;
}

struct frame *frame_unref(struct frame *self)
{
    if (self && ref_put(&self->ref) && self->release)
        self->release(self);
    return NULL;
}
