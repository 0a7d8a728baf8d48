#include "encode/slots.h"

#include <errno.h>
#include <string.h>

struct slot_table {
    struct ref ref;
};

struct slot_record {
    uint32_t version[UPDATE_SLOTS];
};

int slot_table_create(struct slot_table **ret)
{
    struct slot_table *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    ref_init(&self->ref);
    *ret = self;
    return 0;
}

struct slot_table *slot_table_ref(struct slot_table *self)
{
    ref_get(&self->ref);
    return self;
}

struct slot_table *slot_table_unref(struct slot_table *self)
{
    if (self && ref_put(&self->ref))
        free(self);
    return NULL;
}

int slot_set_init(struct slot_set *self, struct slot_table *table)
{
    *self = (struct slot_set){.version = calloc(UPDATE_SLOTS, sizeof(uint32_t)),
                              .filled_at = calloc(UPDATE_SLOTS, sizeof(uint32_t))};
    if (!self->version || !self->filled_at) {
        slot_set_finish(self);
        return -ENOMEM;
    }
    self->table = slot_table_ref(table);
    return 0;
}

void slot_set_finish(struct slot_set *self)
{
    slot_table_unref(self->table);
    free(self->version);
    free(self->filled_at);
    free(self->found);
    *self = (struct slot_set){.table = NULL};
}

void slot_set_clear(struct slot_set *self)
{
    memset(self->version, 0, UPDATE_SLOTS * sizeof self->version[0]);
}

void slot_set_copy(struct slot_set *self, const struct slot_set *other)
{
    memcpy(self->version, other->version, UPDATE_SLOTS * sizeof self->version[0]);
    memcpy(self->filled_at, other->filled_at, UPDATE_SLOTS * sizeof self->filled_at[0]);
}

void slot_set_intersect(struct slot_set *self, const struct slot_set *other)
{
    for (int i = 0; i < UPDATE_SLOTS; i++)
        if (self->version[i] != other->version[i])
            self->version[i] = 0;
}

int slot_set_record(const struct slot_set *self, uint32_t update, struct slot_record **ret)
{
    struct slot_record *record = malloc(sizeof *record);
    if (!record)
        return -ENOMEM;
    for (int i = 0; i < UPDATE_SLOTS; i++)
        record->version[i] = (int32_t)(self->filled_at[i] - update) <= 0 ? self->version[i] : 0;
    *ret = record;
    return 0;
}

struct slot_record *slot_record_destroy(struct slot_record *self)
{
    free(self);
    return NULL;
}

void slot_set_restore(struct slot_set *self, const struct slot_record *record)
{
    memcpy(self->version, record->version, sizeof record->version);
    memset(self->filled_at, 0, UPDATE_SLOTS * sizeof self->filled_at[0]);
}

int slot_set_look(struct slot_set *self, const struct plan *plan, const struct view *view,
                  const struct picture *picture)
{
    (void)self;
    (void)plan;
    (void)view;
    (void)picture;
    return 0;
}

bool slot_set_next(const struct slot_set *self, const struct plan *plan, const struct view *view, uint32_t *at,
                   struct cell_rect *ret)
{
    (void)self;
    (void)plan;
    (void)view;
    (void)at;
    (void)ret;
    return false;
}

void slot_set_fill(struct slot_set *self, const struct view *view, const uint8_t *coded, uint32_t update, size_t room,
                   struct update_writer *writer)
{
    (void)self;
    (void)view;
    (void)coded;
    (void)update;
    (void)room;
    (void)writer;
}
