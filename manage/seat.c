#include "manage/seat.h"

#include <stdio.h>

bool seat_take(struct seat *self, uint32_t viewer, const char *name, bool may_take)
{
    if (!may_take || !viewer || self->holder == viewer)
        return false;
    self->holder = viewer;
    snprintf(self->name, sizeof self->name, "%s", name);
    return true;
}

bool seat_release(struct seat *self, uint32_t viewer)
{
    if (!seat_holds(self, viewer))
        return false;
    *self = (struct seat){0};
    return true;
}

bool seat_holds(const struct seat *self, uint32_t viewer)
{
    return viewer && self->holder == viewer;
}
