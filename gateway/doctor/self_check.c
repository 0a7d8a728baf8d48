#include "gateway/doctor/self_check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"

#define SUM_HEX 64
#define MOST_FILES 4096

DEFINE_CLEANUP(EVP_MD_CTX, EVP_MD_CTX_free)
DEFINE_CLEANUP(DIR, closedir)

struct entry {
    char sum[SUM_HEX + 1];
    mode_t mode;
    char *path;
};

struct checker {
    const char *root;
    FILE *out;
    struct self_check found;
    struct entry *entries;
    unsigned n;
};

static void say(const struct checker *self, const char *what, const char *path, const char *why)
{
    if (self->out)
        fprintf(self->out, "%s %s%s%s\n", what, path, *why ? ": " : "", why);
}

/* "<sum> <mode> <path>\n"; false: it makes no sense. */
static bool read_line(char *line, struct entry *ret)
{
    char *end;
    line[strcspn(line, "\n")] = '\0';
    if (strspn(line, "0123456789abcdef") != SUM_HEX || line[SUM_HEX] != ' ')
        return false;
    unsigned long mode = strtoul(line + SUM_HEX + 1, &end, 8);
    if (end == line + SUM_HEX + 1 || *end != ' ' || end[1] != '/' || mode > 07777 || strstr(end, "/../"))
        return false;
    memcpy(ret->sum, line, SUM_HEX);
    ret->sum[SUM_HEX] = '\0';
    ret->mode = (mode_t)mode;
    ret->path = strdup(end + 1);
    return ret->path != NULL;
}

static int load(struct checker *self)
{
    char path[PATH_MAX], line[PATH_MAX + 128];
    snprintf(path, sizeof path, "%s" SELF_CHECK_MANIFEST, self->root);
    _cleanup_fclose_ FILE *f = fopen(path, "re");
    if (!f)
        return errno == ENOENT ? 0 : -errno;
    self->entries = calloc(MOST_FILES, sizeof *self->entries);
    if (!self->entries)
        return -ENOMEM;
    self->found.packaged = true;
    while (fgets(line, sizeof line, f)) {
        if (self->n == MOST_FILES || !read_line(line, &self->entries[self->n]))
            return -EBADMSG;
        self->n++;
    }
    return self->n && !ferror(f) ? 0 : -EBADMSG;
}

static int sum_file(int fd, char ret[SUM_HEX + 1])
{
    attr_cleanup(EVP_MD_CTX_freep) EVP_MD_CTX *sum = EVP_MD_CTX_new();
    uint8_t room[65536], digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    ssize_t n;
    if (!sum || EVP_DigestInit_ex(sum, EVP_sha256(), NULL) != 1)
        return -ENOMEM;
    while ((n = read(fd, room, sizeof room)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        EVP_DigestUpdate(sum, room, (size_t)n);
    }
    EVP_DigestFinal_ex(sum, digest, &size);
    for (unsigned i = 0; i < size && 2 * i < SUM_HEX; i++)
        snprintf(ret + 2 * i, 3, "%02x", digest[i]);
    return 0;
}

/* What is not as the package has it; "" when all is. */
static const char *compare(const struct checker *self, const struct entry *entry)
{
    char path[PATH_MAX], sum[SUM_HEX + 1] = "";
    struct stat st;
    snprintf(path, sizeof path, "%s%s", self->root, entry->path);
    _cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? NULL : errno == ELOOP ? "it is a link" : "it cannot be read";
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return "it is no file";
    if (sum_file(fd, sum) < 0)
        return "it cannot be read";
    if (strcmp(sum, entry->sum) != 0)
        return "its contents are others";
    if ((st.st_mode & 07777) != entry->mode)
        return "its mode is another";
    return !*self->root && st.st_uid != 0 ? "it does not belong to root" : "";
}

static void check_one(struct checker *self, const struct entry *entry)
{
    const char *why = compare(self, entry);
    self->found.files++;
    if (!why) {
        self->found.missing++;
        say(self, "missing", entry->path, "");
    } else if (*why) {
        self->found.changed++;
        say(self, "changed", entry->path, why);
    }
}

static bool is_listed(const struct checker *self, const char *path)
{
    size_t n = strlen(path);
    for (unsigned i = 0; i < self->n; i++)
        if (strncmp(self->entries[i].path, path, n) == 0 &&
            (self->entries[i].path[n] == '\0' || self->entries[i].path[n] == '/'))
            return true;
    return strcmp(path, SELF_CHECK_MANIFEST) == 0;
}

/* A folder that is the package's alone. */
static void find_added(struct checker *self, const char *folder)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s%s", self->root, folder);
    attr_cleanup(closedirp) DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, e->d_name) >= sizeof path || is_listed(self, path))
            continue;
        self->found.added++;
        say(self, "added", path, "");
    }
}

/* The folders of listed files whose own name is ours; each once, because the list is sorted. */
static void find_all_added(struct checker *self)
{
    char last[PATH_MAX] = "";
    for (unsigned i = 0; i < self->n; i++) {
        char folder[PATH_MAX];
        const char *slash = strrchr(self->entries[i].path, '/');
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - self->entries[i].path), self->entries[i].path);
        if (strstr(folder, "/lightsout") && strcmp(folder, last) != 0)
            find_added(self, folder);
        snprintf(last, sizeof last, "%s", folder);
    }
    find_added(self, "/usr/lib/lightsout");
}

int self_check_run(const char *root, FILE *out, struct self_check *ret)
{
    struct checker self = {.root = root, .out = out};
    int r = load(&self);
    for (unsigned i = 0; r == 0 && i < self.n; i++)
        check_one(&self, &self.entries[i]);
    if (r == 0 && self.found.packaged)
        find_all_added(&self);
    for (unsigned i = 0; i < self.n; i++)
        free(self.entries[i].path);
    free(self.entries);
    if (r == 0)
        *ret = self.found;
    return r;
}

int self_check_main(const struct options *options)
{
    struct self_check found = {0};
    int r = self_check_run(options->root ? options->root : "", stdout, &found);
    if (r < 0) {
        fprintf(stderr, SELF_CHECK_MANIFEST " cannot be used: %s; install the package again\n", strerror(-r));
        return EXIT_FAILED;
    }
    if (!found.packaged) {
        fprintf(stderr, SELF_CHECK_MANIFEST " is not there: this was not installed by the package\n");
        return EXIT_FAILED;
    }
    unsigned bad = found.changed + found.missing + found.added;
    printf("%u files: %u changed, %u missing, %u added%s\n", found.files, found.changed, found.missing, found.added,
           bad ? "; apt-get install --reinstall lightsout puts back what the package has" : "");
    return bad ? EXIT_FAILED : EXIT_FINE;
}
