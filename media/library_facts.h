/* Where it is kept what an image is: `.facts/NAME` in the library. Blocking; any thread. */
#pragma once

#include <sys/stat.h>

#include "media/library.h"

/* As kept; key: of the image that it was kept for. */
struct library_record {
    uint64_t size, seconds, nanoseconds, inode;
    bool written; /* was opened for writing since: it is looked at no more, whatever its time says */
    struct library_facts facts;
};

/* Pure. -EBADMSG: not what was once written. */
int library_record_parse(const char *text, size_t size, struct library_record *ret);
bool library_record_fits(const struct library_record *self, const struct stat *st);

/* The facts of the image that fd is: kept ones when they fit, else looked for and kept. for_writing: from now on they
 * stand, and -errno when they cannot be kept; otherwise that is no error. */
int library_facts_of(int folder_fd, const char *name, int fd, bool for_writing, struct library_facts *ret);
int library_facts_store(int folder_fd, const char *name, const struct stat *st, const struct library_facts *facts);
/* image->kind by the facts that are kept; without any it stays. The bytes are not looked at. */
void library_facts_tell_kind(int folder_fd, struct library_image *image);
void library_facts_remove(int folder_fd, const char *name);
void library_facts_rename(int folder_fd, const char *name, const char *to);
