/* Which images are in drives. */
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "media/library_internal.h"

struct library_user {
    struct library_user *next;
    unsigned n;
    char name[256];
};

static struct library_user **find(const struct library *self, const char *name)
{
    struct library_user **at = (struct library_user **)&self->users;
    while (*at && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    return at;
}

void library_use(struct library *self, const char *name)
{
    pthread_mutex_lock(&self->lock);
    struct library_user **at = find(self, name);
    if (!*at && (*at = calloc(1, sizeof **at)))
        text_copy((*at)->name, sizeof(*at)->name, name);
    if (*at)
        (*at)->n++;
    pthread_mutex_unlock(&self->lock);
}

void library_unuse(struct library *self, const char *name)
{
    pthread_mutex_lock(&self->lock);
    struct library_user **at = find(self, name), *user = *at;
    if (user && --user->n == 0) {
        *at = user->next;
        free(user);
    }
    pthread_mutex_unlock(&self->lock);
}

bool library_in_use_locked(const struct library *self, const char *name)
{
    return *find(self, name);
}

bool library_in_use(struct library *self, const char *name)
{
    pthread_mutex_lock(&self->lock);
    bool used = library_in_use_locked(self, name);
    pthread_mutex_unlock(&self->lock);
    return used;
}

void library_forget_users(struct library *self)
{
    while (self->users) {
        struct library_user *user = self->users;
        self->users = user->next;
        free(user);
    }
}
