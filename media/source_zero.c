#include "media/source_zero.h"

#include <errno.h>
#include <stdlib.h>

#define PIECE (256u << 10)

struct zeroing {
    struct source *source;
    uint64_t offset, left;
    size_t writing;
    bool inside, ended; /* a piece is being asked for; it ended meanwhile */
    int error;
    source_done_fn *done;
    void *data;
};

static const uint8_t zeros[PIECE];

static void written(void *data, int error);

/* A source that answers at once must not pile up calls. */
static void go_on(struct zeroing *self)
{
    do {
        self->writing = (size_t)MIN(self->left, (uint64_t)PIECE);
        self->inside = true;
        self->ended = false;
        source_write(self->source, self->offset, zeros, self->writing, written, self);
        self->inside = false;
        if (!self->ended)
            return;
    } while (self->error == 0 && self->left);
    self->done(self->data, self->error);
    free(self);
}

static void written(void *data, int error)
{
    struct zeroing *self = data;
    self->error = error;
    self->offset += self->writing;
    self->left -= self->writing;
    self->ended = true;
    if (self->inside)
        return;
    if (error == 0 && self->left) {
        go_on(self);
        return;
    }
    self->done(self->data, error);
    free(self);
}

void source_zero_by_writing(struct source *source, uint64_t offset, uint64_t length, source_done_fn *done, void *data)
{
    struct zeroing *self = calloc(1, sizeof *self);
    if (!self) {
        done(data, -ENOMEM);
        return;
    }
    *self = (struct zeroing){.source = source, .offset = offset, .left = length, .done = done, .data = data};
    go_on(self);
}
