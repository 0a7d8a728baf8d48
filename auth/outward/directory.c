#include "auth/outward/directory.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "auth/outward/directory_bind.h"
#include "auth/outward/directory_groups.h"
#include "auth/outward/directory_text.h"
#include "core/clock.h"
#include "core/text.h"

struct
try {
    uint16_t type;
    const struct errand_question *question;
    struct directory_note *note;
    struct errand_entry *entry;
};

/* ---- one server ---- */

/* Below directory-base, by the filter. */
static int find_by_name(const struct try *self, struct directory_link *link, struct directory_person *ret)
{
    const struct errand_question *q = self->question;
    char filter[ERRAND_MAX_FILTER + 3 * ERRAND_MAX_USER];
    struct directory_wish wish = {.base = q->directory.base, .scope = LDAP_SCOPE_SUBTREE, .filter = filter};
    if (!directory_filter(q->directory.user_filter, q->user, NULL, filter, sizeof filter))
        return directory_fail(self->note, -EPROTO, "directory-user-filter %.150s makes no sense.",
                              q->directory.user_filter);
    return directory_person_find(link, &wish, self->note, ret);
}

/* The entry of who binds by a template: by that very name where it is a DN. */
static int find_by_dn(const struct try *self, struct directory_link *link, const char *dn, struct directory_person *ret)
{
    struct directory_wish wish = {.base = dn, .scope = LDAP_SCOPE_BASE, .filter = "(objectClass=*)"};
    if (!directory_is_dn(self->question->directory.user_dn))
        return find_by_name(self, link, ret);
    int r = directory_person_find(link, &wish, self->note, ret);
    if (r == 0 && !directory_dn_equal(ret->dn, dn))
        r = directory_fail(self->note, -EPROTO, "The directory sent another entry than was asked for.");
    return r;
}

static int must_be(const struct try *self, const struct directory_person *person, const char *identity)
{
    const char *names[DIRECTORY_NAMES_MAX + 1];
    unsigned n = 0;
    for (; n < person->n_names; n++)
        names[n] = person->names[n];
    if (!*identity || directory_identity_is(identity, person->dn, names, n))
        return 0;
    return directory_fail(self->note, -EPROTO, "The directory takes us for somebody else than %.150s.", person->dn);
}

static int must_be_open(const struct try *self, const struct directory_person *person)
{
    if (person->fault)
        return directory_fail(self->note, -EACCES, "The account cannot be used: %s.", person->fault);
    directory_step(self->note, "the account is not switched off");
    return 0;
}

/* Who is found as ourselves, proved by the password, and looked at as ourselves again. */
static int log_in_found(const struct try *self, struct directory_link *link, struct directory_person *person)
{
    const struct errand_directory *d = &self->question->directory;
    char identity[DIRECTORY_IDENTITY_MAX];
    int r = directory_bind_own(link, d->bind_dn, d->bind_password, self->note);
    r = r ? r : find_by_name(self, link, person);
    r = r ? r : directory_bind_user(link, person->dn, self->question->password, d->base, self->note, identity);
    r = r ? r : must_be(self, person, identity);
    r = r ? r : must_be_open(self, person);
    return r ? r : directory_bind_own(link, d->bind_dn, d->bind_password, self->note);
}

/* Who binds by a template, and is looked at as themselves unless we have an account of our own. */
static int log_in_directly(const struct try *self, struct directory_link *link, struct directory_person *person)
{
    const struct errand_directory *d = &self->question->directory;
    char identity[DIRECTORY_IDENTITY_MAX], dn[ERRAND_MAX_DN];
    if (!directory_user_dn(d->user_dn, self->question->user, dn, sizeof dn))
        return directory_fail(self->note, -EACCES, "This name does not fit directory-user-dn.");
    int r = directory_bind_user(link, dn, self->question->password, d->base, self->note, identity);
    if (r == 0 && d->bind_dn[0])
        r = directory_bind_own(link, d->bind_dn, d->bind_password, self->note);
    r = r ? r : find_by_dn(self, link, dn, person);
    r = r ? r : must_be(self, person, identity);
    return r ? r : must_be_open(self, person);
}

/* Without a password: is the entry still what it was at the login? */
static int look(const struct try *self, struct directory_link *link, struct directory_person *person)
{
    const struct errand_question *q = self->question;
    const struct errand_directory *d = &q->directory;
    char dn[ERRAND_MAX_DN];
    if (d->user_dn[0] && !directory_user_dn(d->user_dn, q->user, dn, sizeof dn))
        return directory_fail(self->note, -EACCES, "This name does not fit directory-user-dn.");
    int r = directory_bind_own(link, d->bind_dn, d->bind_password, self->note);
    if (r == 0)
        r = d->user_dn[0] ? find_by_dn(self, link, dn, person) : find_by_name(self, link, person);
    if (r == 0 && q->dn[0] && !directory_dn_equal(person->dn, q->dn))
        r = directory_fail(self->note, -EACCES, "Another entry has this name now: %.150s.", person->dn);
    return r ? r : must_be_open(self, person);
}

static int converse(const struct try *self, struct directory_link *link)
{
    const struct errand_question *q = self->question;
    struct directory_person person = {0};
    int r = self->type == ERRAND_DIRECTORY_LOOK ? look(self, link, &person)
            : q->directory.user_dn[0]           ? log_in_directly(self, link, &person)
                                                : log_in_found(self, link, &person);
    r = r ? r : directory_groups(link, &q->directory, q->user, &person, self->note, &self->entry->groups);
    if (r == 0)
        text_copy(self->entry->dn, sizeof self->entry->dn, person.dn);
    directory_person_finish(&person);
    return r;
}

static int ask_one(const struct try *self, const char *text, uint64_t deadline_us)
{
    struct directory_url url;
    struct directory_link *link;
    if (!directory_url_parse(text, &url))
        return directory_fail(self->note, -EPROTO, "%.150s is no URL of a directory.", text);
    int r = directory_link_open(&url, self->question->directory.authorities, deadline_us, self->note, &link);
    if (r == 0) {
        r = converse(self, link);
        directory_link_close(link);
    }
    return r;
}

/* ---- all of them ---- */

/* A server that is gone, and one that cannot be trusted, leave the others; what one of them knows is the answer. */
static int ask_all(const struct try *self, uint64_t since_us, struct directory_memory *memory)
{
    const struct errand_directory *d = &self->question->directory;
    uint64_t end = since_us + d->patience_ms * 1000ull;
    unsigned first = atomic_load(&memory->good) % d->n_urls;
    int r = -EHOSTUNREACH, distrust = 0;
    char why[sizeof self->note->why] = "";
    for (unsigned i = 0; i < d->n_urls; i++) {
        unsigned at = (first + i) % d->n_urls;
        uint64_t now = clock_now_us();
        if (now >= end)
            break;
        r = ask_one(self, d->urls[at], now + (end - now) / (d->n_urls - i));
        if (r == 0 || r == -EACCES) {
            atomic_store(&memory->good, at);
            return r;
        }
        if (r == -EPROTO && !distrust) {
            distrust = r;
            text_copy(why, sizeof why, self->note->why);
        }
    }
    if (distrust)
        text_copy(self->note->why, sizeof self->note->why, why); /* what a person has to do something about */
    else if (!self->note->why[0])
        directory_fail(self->note, r, "The directory was not asked in time.");
    return distrust ? distrust : r;
}

/* What no server needs to be asked for. */
static int check(const struct try *self)
{
    const struct errand_question *q = self->question;
    if (!q->user[0])
        return directory_fail(self->note, -EACCES, "Nobody was named.");
    if (self->type == ERRAND_DIRECTORY_LOGIN && !q->password[0])
        return directory_fail(self->note, -EACCES, "Without a password nobody is asked.");
    if (q->directory.n_urls == 0 || q->directory.n_urls > ERRAND_MAX_URLS)
        return directory_fail(self->note, -EHOSTUNREACH, "There is no directory-url.");
    return 0;
}

static void conclude(const struct directory_note *note, int error, struct errand_entry *ret)
{
    ret->error = error;
    if (error == 0)
        return;
    text_copy(ret->why, sizeof ret->why, note->why);
    ret->dn[0] = '\0';
    ret->groups.n = 0;
}

void directory_ask(uint16_t type, const struct errand_question *question, uint64_t since_us,
                   struct directory_memory *memory, struct errand_entry *ret)
{
    struct directory_note note = {.steps = ret->steps};
    struct try self = {.type = type, .question = question, .note = &note, .entry = ret};
    *ret = (struct errand_entry){0};
    int r = check(&self);
    conclude(&note, r ? r : ask_all(&self, since_us, memory), ret);
}

void directory_ask_over(uint16_t type, const struct errand_question *question, int fd, uint64_t deadline_us,
                        struct errand_entry *ret)
{
    struct directory_note note = {.steps = ret->steps};
    struct try self = {.type = type, .question = question, .note = &note, .entry = ret};
    struct directory_link *link;
    *ret = (struct errand_entry){0};
    int r = check(&self);
    if (r < 0 || directory_link_adopt(fd, deadline_us, &link) < 0) {
        close(fd);
        conclude(&note, r < 0 ? r : -EHOSTUNREACH, ret);
        return;
    }
    conclude(&note, converse(&self, link), ret);
    directory_link_close(link);
}
