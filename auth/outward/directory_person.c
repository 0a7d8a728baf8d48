/* What the entry of a user says. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/outward/directory_account.h"
#include "auth/outward/directory_search.h"
#include "core/clock.h"
#include "core/text.h"

static bool is_name(const char *attribute)
{
    return strcasecmp(attribute, "uid") == 0 || strcasecmp(attribute, "sAMAccountName") == 0 ||
           strcasecmp(attribute, "userPrincipalName") == 0;
}

static void add_name(struct directory_person *self, const void *value, size_t size)
{
    if (self->n_names == DIRECTORY_NAMES_MAX || size == 0 || size >= sizeof self->names[0] || memchr(value, 0, size))
        return;
    memcpy(self->names[self->n_names], value, size);
    self->names[self->n_names++][size] = '\0';
}

static bool add_group(struct directory_person *self, const void *value, size_t size, struct directory_note *note)
{
    if (self->n_member_of == DIRECTORY_GROUPS_MAX) {
        directory_fail(note, -EPROTO, "The user is in more than %d groups.", DIRECTORY_GROUPS_MAX);
        return false;
    }
    if (size == 0 || size >= ERRAND_MAX_DN || memchr(value, 0, size))
        return true; /* no name that could be worth anything here */
    char **list = reallocarray(self->member_of, self->n_member_of + 1, sizeof *list);
    if (list)
        self->member_of = list;
    char *copy = list ? strndup(value, size) : NULL;
    if (!copy) {
        directory_fail(note, -EHOSTUNREACH, "There is no memory for an entry.");
        return false;
    }
    self->member_of[self->n_member_of++] = copy;
    return true;
}

static bool on_entry(void *data, const char *dn, struct directory_note *note)
{
    struct directory_person *self = data;
    if (self->dn[0]) {
        directory_fail(note, -EPROTO,
                       "The directory has more than one entry for this name: make directory-user-filter "
                       "narrower.");
        return false;
    }
    text_copy(self->dn, sizeof self->dn, dn); /* the search has looked at its length */
    return true;
}

static bool on_value(void *data, const char *attribute, const void *value, size_t size, struct directory_note *note)
{
    struct directory_person *self = data;
    if (strcasecmp(attribute, "memberOf") == 0)
        return add_group(self, value, size, note);
    if (is_name(attribute))
        add_name(self, value, size);
    else if (!self->fault)
        self->fault = directory_account_fault(attribute, value, size, (int64_t)(clock_wall_us() / 1000000));
    return true;
}

int directory_person_find(struct directory_link *link, const struct directory_wish *wish, struct directory_note *note,
                          struct directory_person *ret)
{
    struct directory_visitor visitor = {.entry = on_entry, .value = on_value, .data = ret};
    struct directory_wish whole = *wish;
    whole.attributes = directory_account_attributes;
    whole.most = 2; /* the second one is the mistake */
    *ret = (struct directory_person){0};
    int n = directory_search(link, &whole, &visitor, note);
    if (n < 0)
        return n;
    if (n == 0)
        return directory_fail(note, -EACCES, "The directory has no entry for this name.");
    directory_step(note, "found %s", ret->dn);
    return 0;
}

void directory_person_finish(struct directory_person *self)
{
    for (unsigned i = 0; i < self->n_member_of; i++)
        free(self->member_of[i]);
    free(self->member_of);
    *self = (struct directory_person){0};
}
