#include "gateway/console/console_slots.h"

#include <string.h>

#include "core/attrs.h"

static void erase(struct console_slots_entry *entry)
{
    slot_record_destroy(entry->record);
    *entry = (struct console_slots_entry){.record = NULL};
}

void console_slots_finish(struct console_slots *self)
{
    for (unsigned i = 0; i < CONSOLE_SLOTS_MAX; i++)
        erase(&self->entry[i]);
}

static void drop_old(struct console_slots *self, uint64_t now_us)
{
    for (unsigned i = 0; i < CONSOLE_SLOTS_MAX; i++)
        if (self->entry[i].record && now_us - self->entry[i].kept_us > CONSOLE_SLOTS_LIFE_US)
            erase(&self->entry[i]);
}

/* The oldest of a session's (0: of all), and how many it has. */
static struct console_slots_entry *oldest(struct console_slots *self, uint64_t session, unsigned *ret_n)
{
    struct console_slots_entry *found = NULL;
    *ret_n = 0;
    for (unsigned i = 0; i < CONSOLE_SLOTS_MAX; i++) {
        struct console_slots_entry *e = &self->entry[i];
        if (!e->record || (session && e->session != session))
            continue;
        ++*ret_n;
        if (!found || e->kept_us < found->kept_us)
            found = e;
    }
    return found;
}

static struct console_slots_entry *make_room(struct console_slots *self, uint64_t session)
{
    unsigned n;
    struct console_slots_entry *e = oldest(self, session, &n);
    if (n >= CONSOLE_SLOTS_OF_SESSION)
        erase(e);
    e = oldest(self, 0, &n);
    if (n >= CONSOLE_SLOTS_MAX)
        erase(e);
    for (e = self->entry; e->record; e++)
        continue;
    return e;
}

void console_slots_keep(struct console_slots *self, uint64_t session, uint32_t viewer, const uint8_t *page,
                        uint32_t acked, struct slot_record *record, uint64_t now_us)
{
    drop_old(self, now_us);
    struct console_slots_entry *e = make_room(self, session);
    *e = (struct console_slots_entry){
        .record = record, .session = session, .kept_us = now_us, .viewer = viewer, .acked = acked};
    memcpy(e->page, page, sizeof e->page);
}

struct slot_record *console_slots_take(struct console_slots *self, uint64_t session, const struct console_hello *hello,
                                       uint64_t now_us)
{
    drop_old(self, now_us);
    for (unsigned i = 0; i < CONSOLE_SLOTS_MAX; i++) {
        struct console_slots_entry *e = &self->entry[i];
        if (!e->record || e->session != session || e->viewer != hello->last_viewer ||
            memcmp(e->page, hello->page, sizeof e->page) != 0)
            continue;
        /* one that has applied less than it acked is not what it says */
        struct slot_record *record = (int32_t)(hello->last_sequence - e->acked) >= 0 ? take(e->record) : NULL;
        erase(e);
        return record;
    }
    return NULL;
}

void console_slots_erase(struct console_slots *self, uint64_t session)
{
    for (unsigned i = 0; i < CONSOLE_SLOTS_MAX; i++)
        if (self->entry[i].record && self->entry[i].session == session)
            erase(&self->entry[i]);
}
