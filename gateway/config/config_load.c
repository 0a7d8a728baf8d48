/* From the file on disk, and back to the person who wrote it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/fd_read.h"
#include "gateway/config/config.h"
#include "gateway/config/config_store.h"
#include "gateway/config/ini.h"

/* Free arguments are as good as a shell for the user that VMs run as, so whoever could put them there must be root
 * already. */
static bool file_trusted(const struct stat *st)
{
    return st->st_uid == 0 && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static int read_whole(int fd, char **ret, size_t *ret_size)
{
    /* one byte more than allowed, so that a file that is too large is seen as such */
    enum { ROOM = INI_MAX_FILE + 1 };
    _cleanup_free_ char *bytes = malloc(ROOM);
    if (!bytes)
        return -ENOMEM;
    ssize_t size = fd_read_up_to(fd, bytes, ROOM);
    if (size < 0)
        return (int)size;
    *ret = take(bytes);
    *ret_size = (size_t)size;
    return 0;
}

static int file_mistake(struct config_mistakes *mistakes, const char *what, int error)
{
    struct config_mistake *m = &mistakes->list[0];
    *m = (struct config_mistake){0};
    if (error)
        snprintf(m->text, sizeof m->text, "%s: %s; give the configuration file with --config FILE", what,
                 strerror(-error));
    else
        snprintf(m->text, sizeof m->text, "%s; give the configuration file with --config FILE", what);
    mistakes->n = 1;
    return error ? error : -EINVAL;
}

int config_file_read(const char *path, struct config_mistakes *mistakes, struct config_file *ret)
{
    struct config_file self = {.there = true};
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return file_mistake(mistakes, "cannot be opened", -errno);
    if (S_ISDIR(st.st_mode))
        return file_mistake(mistakes, "is a folder", 0);
    self.trusted = file_trusted(&st);
    int r = read_whole(fd, &self.bytes, &self.size);
    if (r < 0)
        return file_mistake(mistakes, "cannot be read", r);
    *ret = self;
    return 0;
}

int config_load(const char *path, struct config_mistakes *mistakes, struct config **ret)
{
    struct config_file file = {.there = false};
    int r = config_file_read(path, mistakes, &file);
    if (r == 0)
        r = config_parse(file.bytes, file.size, file.trusted, mistakes, ret);
    free(file.bytes);
    return r;
}

int config_parse_below(const struct config_file *file, const char *state, uid_t owner, struct config_mistakes *mistakes,
                       struct config_mistakes *ignored, struct config **ret)
{
    struct config_page *page = NULL;
    _cleanup_close_ int folder = config_store_open_as(state, owner);
    int r = folder >= 0 ? config_store_load(folder, ignored, &page) : 0;
    r = r ? r : config_parse_with(file->bytes, file->size, file->trusted, page, mistakes, ignored, ret);
    config_page_destroy(page);
    return r;
}

void config_print_mistakes(FILE *out, const char *path, const struct config_mistakes *mistakes)
{
    for (unsigned i = 0; i < mistakes->n; i++) {
        const struct config_mistake *m = &mistakes->list[i];
        fprintf(out, "%s:", path);
        if (m->line > 0)
            fprintf(out, "%d:", m->line);
        if (m->key[0])
            fprintf(out, " %s:", m->key);
        fprintf(out, " %s\n", m->text);
    }
    if (mistakes->further)
        fprintf(out, "%s: and %u more mistakes\n", path, mistakes->further);
}

void config_print_ignored(FILE *out, const struct config_mistakes *ignored)
{
    for (unsigned i = 0; i < ignored->n; i++) {
        const struct config_mistake *m = &ignored->list[i];
        fprintf(out, CONFIG_STORE_FOLDER "/%s%s.conf:", m->target[0] ? "target-" : "gateway", m->target);
        if (m->line > 0)
            fprintf(out, "%d:", m->line);
        if (m->key[0])
            fprintf(out, " %s:", m->key);
        fprintf(out, " %s; this is not used\n", m->text);
    }
    if (ignored->further)
        fprintf(out, CONFIG_STORE_FOLDER ": and %u more\n", ignored->further);
}
