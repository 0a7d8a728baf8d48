/* Writing the map down: first the blocks go to the disk, then the units that tell of them. The units are taken as they
 * are before the blocks are synced, so that none tells of a block that came later. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "media/library_copy_internal.h"

#define UNITS 64 /* at a time: blocks of 16 GB */

struct copy_sync {
    struct library_copy *copy;
    unsigned n;
    int error;
    uint64_t units[UNITS];
    uint8_t bytes[UNITS][COPY_UNIT];
};

struct copy_sync *copy_sync_begin(struct library_copy *self)
{
    struct copy_sync *sync = NULL;
    for (uint64_t i = 0; i < self->map.n_units && (!sync || sync->n < UNITS); i++) {
        if (!self->map.dirty[i])
            continue;
        if (!sync && !(sync = calloc(1, sizeof *sync)))
            return NULL;
        sync->copy = self;
        sync->error = -ECANCELED;
        sync->units[sync->n] = i;
        copy_map_unit(&self->map, i, sync->bytes[sync->n++]);
        self->map.dirty[i] = false;
    }
    return sync;
}

void copy_sync_run(struct copy_sync *sync)
{
    struct library_copy *self = sync->copy;
    sync->error = fdatasync(self->fd) < 0 ? -errno : 0;
    for (unsigned i = 0; i < sync->n && !sync->error; i++)
        sync->error = copy_write_all(self->map_fd, sync->bytes[i], COPY_UNIT, (sync->units[i] + 1) * COPY_UNIT);
}

int copy_sync_end(struct copy_sync *sync)
{
    int error = sync->error;
    for (unsigned i = 0; i < sync->n && error; i++)
        sync->copy->map.dirty[sync->units[i]] = true;
    free(sync);
    return error;
}

struct library_copy *copy_sync_copy(const struct copy_sync *sync)
{
    return sync->copy;
}
