#include "auth/outward/directory_groups.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/outward/directory_text.h"
#include "core/text.h"

#define CANONICAL_MAX (ERRAND_MAX_DN * 3)
#define AT_ONCE 16 /* groups that one search asks about */
#define SEARCHES_MAX 256
/* MS-ADTS section 3.1.1.3.4.4.3: the server walks by itself */
#define OID_IN_CHAIN ":1.2.840.113556.1.4.1941:="

struct group {
    char *dn, *canonical;
    unsigned depth;
};

struct walk {
    struct directory_link *link;
    const struct errand_directory *directory;
    const char *user;
    char (*wanted)[CANONICAL_MAX]; /* "" where it is no DN */
    bool in[ERRAND_MAX_GROUPS];
    unsigned left; /* wanted ones that were not found yet */
    struct group list[DIRECTORY_GROUPS_MAX];
    unsigned n, depth, searches;
};

static int prepare(struct walk *self, struct directory_note *note)
{
    const struct errand_groups *groups = &self->directory->groups;
    self->wanted = calloc(ERRAND_MAX_GROUPS, sizeof *self->wanted);
    if (!self->wanted)
        return directory_fail(note, -EHOSTUNREACH, "There is no memory for groups.");
    for (unsigned i = 0; i < groups->n; i++) {
        if (directory_dn_canonical(groups->list[i], self->wanted[i], sizeof self->wanted[i])) {
            self->left++;
            continue;
        }
        self->wanted[i][0] = '\0';
        directory_step(note, "directory-group %s is no DN", groups->list[i]);
    }
    return 0;
}

static void finish(struct walk *self)
{
    for (unsigned i = 0; i < self->n; i++) {
        free(self->list[i].dn);
        free(self->list[i].canonical);
    }
    free(self->wanted);
    free(self);
}

static bool is_known(const struct walk *self, const char *canonical)
{
    for (unsigned i = 0; i < self->n; i++)
        if (strcmp(self->list[i].canonical, canonical) == 0)
            return true;
    return false;
}

static void mark(struct walk *self, const char *canonical)
{
    for (unsigned i = 0; i < self->directory->groups.n; i++)
        if (!self->in[i] && self->wanted[i][0] && strcmp(self->wanted[i], canonical) == 0) {
            self->in[i] = true;
            self->left--;
        }
}

/* A group that somebody, or a group of theirs, is in. What is no DN is no group. */
static bool add(struct walk *self, const char *dn, struct directory_note *note)
{
    char canonical[CANONICAL_MAX];
    if (!directory_dn_canonical(dn, canonical, sizeof canonical) || is_known(self, canonical))
        return true;
    if (self->n == DIRECTORY_GROUPS_MAX) {
        directory_fail(note, -EPROTO, "The user is in more than %d groups.", DIRECTORY_GROUPS_MAX);
        return false;
    }
    struct group group = {.dn = strdup(dn), .canonical = strdup(canonical), .depth = self->depth};
    if (!group.dn || !group.canonical) {
        free(group.dn);
        free(group.canonical);
        directory_fail(note, -EHOSTUNREACH, "There is no memory for groups.");
        return false;
    }
    self->list[self->n++] = group;
    mark(self, canonical);
    return true;
}

static bool on_group(void *data, const char *dn, struct directory_note *note)
{
    return add(data, dn, note);
}

static bool ignore(void *data, const char *dn, struct directory_note *note)
{
    (void)data, (void)dn, (void)note;
    return true;
}

static bool on_member_of(void *data, const char *attribute, const void *value, size_t size, struct directory_note *note)
{
    char dn[ERRAND_MAX_DN];
    if (strcasecmp(attribute, "memberOf") != 0 || size == 0 || size >= sizeof dn || memchr(value, 0, size))
        return true;
    memcpy(dn, value, size);
    dn[size] = '\0';
    return add(data, dn, note);
}

static int search(struct walk *self, const struct directory_wish *wish, const struct directory_visitor *visitor,
                  struct directory_note *note)
{
    if (++self->searches > SEARCHES_MAX)
        return directory_fail(note, -EPROTO, "The user's groups are in too many others to ask about all.");
    int n = directory_search(self->link, wish, visitor, note);
    return MIN(n, 0);
}

/* ---- by a search for groups ---- */

/* (|(member=A)(member=B)), about the groups from *at on that are not too deep. */
static bool ask_about(const struct walk *self, unsigned from, unsigned n, char *room, size_t size)
{
    size_t used = 2;
    if (size < 8)
        return false;
    memcpy(room, "(|", 3);
    for (unsigned i = from; i < from + n; i++) {
        if (!directory_filter(self->directory->group_filter, self->user, self->list[i].dn, room + used,
                              size - used - 1))
            return false;
        used += strlen(room + used);
    }
    memcpy(room + used, ")", 2);
    return true;
}

#define ONE_FILTER (ERRAND_MAX_FILTER + 3 * ERRAND_MAX_DN + 3 * ERRAND_MAX_USER)

static int search_groups(struct walk *self, const char *filter, struct directory_note *note)
{
    struct directory_wish wish = {.base = self->directory->group_base,
                                  .scope = LDAP_SCOPE_SUBTREE,
                                  .filter = filter,
                                  .most = DIRECTORY_GROUPS_MAX};
    struct directory_visitor visitor = {.entry = on_group, .data = self};
    return search(self, &wish, &visitor, note);
}

static int by_search(struct walk *self, const char *dn, struct directory_note *note)
{
    const char *pattern = self->directory->group_filter;
    bool nested = strstr(pattern, "%d") && !strstr(pattern, OID_IN_CHAIN);
    size_t size = AT_ONCE * ONE_FILTER + 8;
    _cleanup_free_ char *filter = malloc(size);
    if (!filter || !directory_filter(pattern, self->user, dn, filter, size))
        return directory_fail(note, -EPROTO, "directory-group-filter %.150s makes no sense.", pattern);
    int r = search_groups(self, filter, note);
    for (unsigned at = 0, n; r == 0 && nested && self->left && at < self->n; at += n) {
        n = 0;
        while (n < AT_ONCE && at + n < self->n && self->list[at + n].depth == self->list[at].depth)
            n++;
        self->depth = self->list[at].depth + 1;
        if (self->depth > DIRECTORY_DEPTH_MAX)
            return directory_fail(note, -EPROTO, "Groups are in groups, more than %d deep.", DIRECTORY_DEPTH_MAX);
        r = ask_about(self, at, n, filter, size) ? search_groups(self, filter, note)
                                                 : directory_fail(note, -EPROTO, "A group's name is too long.");
    }
    return r;
}

/* ---- by what each group says of itself ---- */

static int by_member_of(struct walk *self, struct directory_note *note)
{
    static const char *const attributes[] = {"memberOf", NULL};
    struct directory_visitor visitor = {.entry = ignore, .value = on_member_of, .data = self};
    int r = 0;
    for (unsigned at = 0; r == 0 && self->left && at < self->n; at++) {
        struct directory_wish wish = {.base = self->list[at].dn,
                                      .scope = LDAP_SCOPE_BASE,
                                      .filter = "(objectClass=*)",
                                      .attributes = attributes,
                                      .most = 1};
        self->depth = self->list[at].depth + 1;
        if (self->depth > DIRECTORY_DEPTH_MAX)
            return directory_fail(note, -EPROTO, "Groups are in groups, more than %d deep.", DIRECTORY_DEPTH_MAX);
        r = search(self, &wish, &visitor, note);
    }
    return r;
}

static void tell(const struct walk *self, struct directory_note *note, struct errand_groups *ret)
{
    const struct errand_groups *groups = &self->directory->groups;
    ret->n = 0;
    for (unsigned i = 0; i < groups->n; i++)
        if (self->in[i])
            text_copy(ret->list[ret->n++], sizeof ret->list[0], groups->list[i]);
    directory_step(note, "groups found: %u; of those with rights here: %u", self->n, ret->n);
    for (unsigned i = 0; i < ret->n; i++)
        directory_step(note, "in %s", ret->list[i]);
    for (unsigned i = 0; i < self->n && i < 8 && ret->n == 0; i++)
        directory_step(note, "in %s, which has no rights here", self->list[i].dn);
}

int directory_groups(struct directory_link *link, const struct errand_directory *directory, const char *user,
                     const struct directory_person *person, struct directory_note *note, struct errand_groups *ret)
{
    struct walk *self = calloc(1, sizeof *self);
    if (!self)
        return directory_fail(note, -EHOSTUNREACH, "There is no memory for groups.");
    *self = (struct walk){.link = link, .directory = directory, .user = user};
    int r = prepare(self, note);
    for (unsigned i = 0; r == 0 && i < person->n_member_of; i++)
        r = add(self, person->member_of[i], note) ? 0 : note->error;
    if (r == 0 && self->left)
        r = directory->group_base[0] ? by_search(self, person->dn, note) : by_member_of(self, note);
    if (r == 0)
        tell(self, note, ret);
    finish(self);
    return r;
}
