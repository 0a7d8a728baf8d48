/* When users of a directory are asked for again: each at most REVALIDATION_EVERY_US after the time before. While the
 * directory cannot be asked they go on, for REVALIDATION_TRUST_US at most. Pure; time is a parameter (any clock that
 * nobody sets, in microseconds). What was heard is not kept over a restart: then all are asked at once. */
#pragma once

#include "auth/keeper/book.h"

#define REVALIDATION_EVERY_US (15 * 60 * 1000000ll)
#define REVALIDATION_EARLY_US (60 * 1000000ll) /* so much before: listing, asking and answering take time */
#define REVALIDATION_AGAIN_US (60 * 1000000ll) /* after a try that nobody answered */
#define REVALIDATION_TRUST_US (4 * 3600 * 1000000ll)
#define REVALIDATION_AT_ONCE 4 /* questions under way, so that logins find room */

struct revalidation;

int revalidation_create(struct revalidation **ret);
struct revalidation *revalidation_destroy(struct revalidation *self); /* NULL allowed; returns NULL */

/* Who is there now: all with sessions or API tokens. New ones are due EVERY after now, those of the first list at once;
 * the others are forgotten. -ENOMEM: as before. */
int revalidation_list(struct revalidation *self, const struct book_directory_user *users, unsigned n, int64_t now_us);

/* All are due: other settings. */
void revalidation_hurry(struct revalidation *self, int64_t now_us);

/* Somebody to be asked for now: true and *ret; counts as under way until the answer. */
bool revalidation_next(struct revalidation *self, int64_t now_us, struct book_directory_user *ret);

/* error as of struct errand_entry. True: what it says counts (0 and -EACCES); false: nobody could be asked, all stays.
 * *ret_over: nobody could be asked for too long, and what the user has must end. */
bool revalidation_answered(struct revalidation *self, const char *name, int error, int64_t now_us, bool *ret_over);
