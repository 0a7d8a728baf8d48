/* Which of the groups that are worth something here somebody is in, directly or through other groups. Groups are walked
 * upwards, each once, so that circles end; number and depth are bounded. */
#pragma once

#include "auth/outward/directory_search.h"

#define DIRECTORY_DEPTH_MAX 16

/* Adds to *ret, in the order and spelling of directory->groups. 0 or an error as of directory_link_open; -EPROTO too
 * when there are more groups than are walked: nothing is left out without a word. */
int directory_groups(struct directory_link *link, const struct errand_directory *directory, const char *user,
                     const struct directory_person *person, struct directory_note *note, struct errand_groups *ret);
