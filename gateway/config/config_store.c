#include "gateway/config/config_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fd_read.h"
#include "gateway/config/config_internal.h"
#include "gateway/config/ini.h"
#include "gateway/owner/owner.h"

#define GATEWAY_FILE "gateway.conf"
#define TARGET_FILE "target-"
#define FILE_END ".conf"
#define TRIAL_FILE "trial"
#define MOST_FILES (4 * CONFIG_MAX_TARGETS)

static bool is_of(const struct stat *st, uid_t owner)
{
    return st->st_uid == owner && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* The state folder is the user's, who could put another folder there: by descriptor, and only if it is ours. */
int config_store_open(const char *state, bool make)
{
    struct stat st;
    _cleanup_close_ int parent = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return -errno;
    if (make && mkdirat(parent, CONFIG_STORE_FOLDER, 0700) < 0 && errno != EEXIST)
        return -errno;
    _cleanup_close_ int fd = openat(parent, CONFIG_STORE_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!is_of(&st, geteuid()))
        return -EPERM;
    if (make && (st.st_mode & 0777) != 0700 && fchmod(fd, 0700) < 0)
        return -errno;
    return take_fd(&fd);
}

int config_store_open_as(const char *state, uid_t owner)
{
    struct stat st;
    _cleanup_close_ int parent = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return -errno;
    _cleanup_close_ int fd = openat(parent, CONFIG_STORE_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    return is_of(&st, owner) || is_of(&st, 0) ? take_fd(&fd) : -EPERM;
}

/* The files are of whom the folder is. */
static int read_file(int folder, const char *name, char **ret, size_t *ret_size)
{
    enum { ROOM = INI_MAX_FILE + 1 };
    struct stat st, of_folder;
    _cleanup_close_ int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || fstat(folder, &of_folder) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || !is_of(&st, of_folder.st_uid))
        return -EPERM;
    _cleanup_free_ char *bytes = malloc(ROOM + 1);
    ssize_t size = bytes ? fd_read_up_to(fd, bytes, ROOM) : -ENOMEM;
    if (size < 0)
        return (int)size;
    bytes[size] = '\0';
    *ret = take(bytes);
    *ret_size = (size_t)size;
    return 0;
}

/* "target-web1.conf" is web1's; false: it is no section's file. */
static bool section_of(const char *name, char target[TARGET_NAME_MAX])
{
    size_t n = strlen(name), start = strlen(TARGET_FILE), end = strlen(FILE_END);
    target[0] = '\0';
    if (strcmp(name, GATEWAY_FILE) == 0)
        return true;
    if (n <= start + end || n - start - end >= TARGET_NAME_MAX || strncmp(name, TARGET_FILE, start) != 0 ||
        strcmp(name + n - end, FILE_END) != 0)
        return false;
    snprintf(target, TARGET_NAME_MAX, "%.*s", (int)(n - start - end), name + start);
    return config_target_name_valid(target);
}

static int load_file(int folder, const char *name, struct config_page *page, struct config_mistakes *ignored)
{
    char target[TARGET_NAME_MAX];
    _cleanup_free_ char *bytes = NULL;
    size_t size = 0;
    if (!section_of(name, target))
        return 0;
    int r = read_file(folder, name, &bytes, &size);
    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        config_mistake(ignored, 0, target, "", CONFIG_STORE_FOLDER "/%s is not read: %s", name,
                       r == -EPERM ? "it does not belong to lightsoutd alone" : strerror(-r));
        return 0;
    }
    return config_page_read(page, target, bytes, size, ignored);
}

/* In the order of their names: targets that the page made stand in the same places after each start. */
static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_files(int folder, char **names, unsigned *ret_n)
{
    int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = again < 0 ? NULL : fdopendir(again);
    unsigned n = 0;
    if (!dir)
        return -errno;
    for (struct dirent *entry; n < MOST_FILES && (entry = readdir(dir));)
        if (entry->d_name[0] != '.' && (names[n] = strdup(entry->d_name)))
            n++;
    closedir(dir);
    qsort(names, n, sizeof *names, by_name);
    *ret_n = n;
    return 0;
}

int config_store_load(int folder, struct config_mistakes *ignored, struct config_page **ret)
{
    unsigned n = 0;
    attr_cleanup(config_page_destroyp) struct config_page *page = config_page_create();
    _cleanup_free_ char **names = calloc(MOST_FILES, sizeof *names);
    if (!page || !names)
        return -ENOMEM;
    page->trusted = true; /* whose folder it is was looked at when it was opened */
    int r = list_files(folder, names, &n);
    if (r < 0) {
        config_mistake(ignored, 0, "", "", CONFIG_STORE_FOLDER " cannot be read: %s", strerror(-r));
        r = 0;
    }
    for (unsigned i = 0; i < n; i++) {
        r = r ? r : load_file(folder, names[i], page, ignored);
        free(names[i]);
    }
    if (r == 0)
        *ret = take(page);
    return r;
}

static int remove_file(int folder, const char *name)
{
    if (unlinkat(folder, name, 0) < 0)
        return errno == ENOENT ? 0 : -errno;
    return fsync(folder) < 0 ? -errno : 0;
}

int config_store_save(int folder, const struct config_page *page, const char *target)
{
    char name[sizeof TARGET_FILE + TARGET_NAME_MAX + sizeof FILE_END];
    _cleanup_free_ char *text = NULL;
    size_t size = 0;
    if (*target)
        snprintf(name, sizeof name, TARGET_FILE "%s" FILE_END, target);
    else
        snprintf(name, sizeof name, GATEWAY_FILE);
    int r = config_page_write(page, target, &text, &size);
    if (r == 0 && size > INI_MAX_FILE)
        r = -EFBIG;
    if (r < 0)
        return r;
    return size ? owner_put(folder, name, text, size) : remove_file(folder, name);
}

int config_store_trial_save(int folder, const char *text, size_t size)
{
    return owner_put(folder, TRIAL_FILE, text, size);
}

int config_store_trial_load(int folder, char **ret, size_t *ret_size)
{
    return read_file(folder, TRIAL_FILE, ret, ret_size);
}

int config_store_trial_remove(int folder)
{
    return remove_file(folder, TRIAL_FILE);
}
