#include "manage/target.h"

#include <string.h>

struct target *target_find(const struct target_list *self, const char *name)
{
    for (size_t i = 0; i < self->n; i++)
        if (!strcmp(self->targets[i]->name, name))
            return self->targets[i];
    return NULL;
}
