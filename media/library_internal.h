/* What the parts of the library share: the folder, the calls that have not been answered, and who uses what. */
#pragma once

#include <pthread.h>
#include <sys/stat.h>

#include "media/library.h"

#define LIBRARY_MAX_IMAGES 4096
#define LIBRARY_WHY 400

struct library_user;

struct library {
    int folder_fd; /* may be O_PATH */
    struct worker_pool *io;
    struct library_call *calls;

    pthread_mutex_t lock; /* for users, and while a name that might be in use changes hands */
    struct library_user *users;
};

/* A call that has not been answered. Its job runs with the folder's descriptor and touches nothing else of the library.
 * Kinds embed this as their first member. */
struct library_call {
    struct library *library; /* NULL: answered already, because the library was destroyed */
    struct library_call *next, **link;
    int folder_fd; /* a duplicate: destroy closes the library's */
    int error;
    char why[LIBRARY_WHY];
    bool again; /* set by the job: it is to run once more, behind what else is waiting for the pool */

    void (*work)(struct library_call *self); /* pool thread; sets error, and why when it is < 0 */
    /* On the loop's thread, in front of `answer`, when all went well; NULL: nothing. */
    void (*prepare)(struct library_call *self, struct library *library);
    /* Once, on the loop's thread; the library may be gone afterwards. With -ECANCELED the job may still be running:
     * then only what the caller gave may be read. */
    void (*answer)(struct library_call *self, int error, const char *why);
    void (*release)(struct library_call *self); /* what it holds besides; NULL: nothing */
};

/* Takes a call from malloc, its three functions set, also on failure (without an answer then). */
int library_submit(struct library *self, struct library_call *call);

/* The folder itself, open for reading; or one of its folders. A new descriptor or -errno. Any thread. */
int library_open_folder(int folder_fd, const char *name);
/* What a change of names must not be without: it is on the disk. */
int library_sync_folder(int folder_fd);

/* True while a drive has it. With the library's lock held. */
bool library_in_use_locked(const struct library *self, const char *name);
void library_forget_users(struct library *self);

/* Asked to open, or to change, and not yet answered: neither is begun while the other is under way. Loop's thread. */
bool library_is_opening(const struct library *self, const char *name);
bool library_is_changing(const struct library *self, const char *name);

/* Gives `name` in from_fd the name `to` in to_fd unless that is taken: -EEXIST. Falls back to a hard link where the
 * file system cannot do it at once. */
int library_rename_new(int from_fd, const char *name, int to_fd, const char *to);
