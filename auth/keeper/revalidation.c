#include "auth/keeper/revalidation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct watched {
    struct book_directory_user user;
    int64_t due_us;
    int64_t vouched_us; /* when the directory last spoke for it */
    bool asked;
    bool listed; /* while a list is taken in */
};

struct revalidation {
    struct watched *list;
    unsigned n, under_way;
    bool began; /* a first list was taken in */
};

int revalidation_create(struct revalidation **ret)
{
    *ret = calloc(1, sizeof **ret);
    return *ret ? 0 : -ENOMEM;
}

struct revalidation *revalidation_destroy(struct revalidation *self)
{
    if (self)
        free(self->list);
    free(self);
    return NULL;
}

static struct watched *find(struct revalidation *self, const char *name)
{
    for (unsigned i = 0; i < self->n; i++)
        if (strcasecmp(self->list[i].user.name, name) == 0)
            return &self->list[i];
    return NULL;
}

static void forget(struct revalidation *self, unsigned at)
{
    self->under_way -= self->list[at].asked;
    self->list[at] = self->list[--self->n];
}

int revalidation_list(struct revalidation *self, const struct book_directory_user *users, unsigned n, int64_t now_us)
{
    struct watched *room = reallocarray(self->list, self->n + n + 1, sizeof *room);
    if (!room)
        return -ENOMEM;
    self->list = room;
    for (unsigned i = 0; i < self->n; i++)
        self->list[i].listed = false;
    for (unsigned i = 0; i < n; i++) {
        struct watched *known = find(self, users[i].name);
        if (!known) {
            known = &self->list[self->n++];
            *known = (struct watched){.due_us =
                                          self->began ? now_us + REVALIDATION_EVERY_US - REVALIDATION_EARLY_US : now_us,
                                      .vouched_us = now_us};
        }
        known->user = users[i]; /* the DN may be another since a login */
        known->listed = true;
    }
    for (unsigned i = self->n; i-- > 0;)
        if (!self->list[i].listed)
            forget(self, i);
    self->began = true;
    return 0;
}

void revalidation_hurry(struct revalidation *self, int64_t now_us)
{
    for (unsigned i = 0; i < self->n; i++)
        self->list[i].due_us = now_us;
}

bool revalidation_next(struct revalidation *self, int64_t now_us, struct book_directory_user *ret)
{
    struct watched *first = NULL;
    for (unsigned i = 0; i < self->n && self->under_way < REVALIDATION_AT_ONCE; i++) {
        struct watched *one = &self->list[i];
        if (!one->asked && one->due_us <= now_us && (!first || one->due_us < first->due_us))
            first = one;
    }
    if (!first)
        return false;
    first->asked = true;
    self->under_way++;
    *ret = first->user;
    return true;
}

bool revalidation_answered(struct revalidation *self, const char *name, int error, int64_t now_us, bool *ret_over)
{
    struct watched *one = find(self, name);
    *ret_over = false;
    if (!one || !one->asked) /* it was forgotten meanwhile: nothing of it is left to end */
        return false;
    one->asked = false;
    self->under_way--;
    bool heard = error == 0 || error == -EACCES;
    if (heard) {
        one->vouched_us = now_us;
        one->due_us = now_us + REVALIDATION_EVERY_US - REVALIDATION_EARLY_US;
    } else {
        one->due_us = now_us + REVALIDATION_AGAIN_US;
        *ret_over = now_us - one->vouched_us >= REVALIDATION_TRUST_US;
    }
    return heard;
}
