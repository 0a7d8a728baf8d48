/* Questions to a directory in tests. */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth/outward/directory.h"
#include "core/clock.h"
#include "core/text.h"
#include "directory_bed/slapd.h"
#include "directory_bed/slapd_entries.h"

struct asked {
    struct errand_question question;
    struct errand_entry entry;
    struct directory_memory memory;
    uint64_t took_us;
};

#define DN_ADA "uid=ada," SLAPD_PEOPLE
#define DN_BOB "uid=bob," SLAPD_PEOPLE

static inline struct errand_directory *asked_init(struct asked *self, const char *url, const char *authority)
{
    struct errand_directory *d = &self->question.directory;
    *self = (struct asked){0};
    d->n_urls = 1;
    text_copy(d->urls[0], sizeof d->urls[0], url);
    text_copy(d->base, sizeof d->base, SLAPD_PEOPLE);
    text_copy(d->user_filter, sizeof d->user_filter, "(uid=%u)");
    text_copy(d->bind_dn, sizeof d->bind_dn, SLAPD_READER);
    text_copy(d->bind_password, sizeof d->bind_password, SLAPD_READER_PASSWORD);
    text_copy(d->authorities, sizeof d->authorities, authority);
    d->patience_ms = 60000;
    d->groups.n = 2;
    text_copy(d->groups.list[0], ERRAND_MAX_DN, "CN=Admins, OU=groups,DC=example,DC=org"); /* as people write it */
    text_copy(d->groups.list[1], ERRAND_MAX_DN, "cn=operators," SLAPD_GROUPS);
    return d;
}

/* A login: its error. */
static inline int log_in(struct asked *self, const char *user, const char *password)
{
    uint64_t begin = clock_now_us();
    text_copy(self->question.user, sizeof self->question.user, user);
    text_copy(self->question.password, sizeof self->question.password, password);
    directory_ask(ERRAND_DIRECTORY_LOGIN, &self->question, begin, &self->memory, &self->entry);
    self->took_us = clock_now_us() - begin;
    return self->entry.error;
}

static inline int look_at(struct asked *self, const char *user, const char *dn)
{
    uint64_t begin = clock_now_us();
    text_copy(self->question.user, sizeof self->question.user, user);
    text_copy(self->question.dn, sizeof self->question.dn, dn);
    directory_ask(ERRAND_DIRECTORY_LOOK, &self->question, begin, &self->memory, &self->entry);
    self->took_us = clock_now_us() - begin;
    return self->entry.error;
}

/* What was said to people about it. */
#define assert_why(asked, part)                                                                                        \
    do {                                                                                                               \
        if (!strstr((asked)->entry.why, (part)))                                                                       \
            fail_msg("why is \"%s\", steps:\n%s", (asked)->entry.why, (asked)->entry.steps);                           \
    } while (0)
#define assert_good(asked, call)                                                                                       \
    do {                                                                                                               \
        if ((call) != 0)                                                                                               \
            fail_msg("error %d: %s, steps:\n%s", (asked)->entry.error, (asked)->entry.why, (asked)->entry.steps);      \
    } while (0)
