#include "gateway/cli/cli_note.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"

/* $XDG_STATE_HOME/lightsout, by default ~/.local/state/lightsout. */
static bool find_folder(char *room, size_t size)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int n = state && *state == '/' ? snprintf(room, size, "%s/lightsout", state)
            : home && *home == '/' ? snprintf(room, size, "%s/.local/state/lightsout", home)
                                   : -1;
    return n > 0 && (size_t)n < size;
}

static void make_folder(const char *folder)
{
    char path[4096];
    for (size_t i = 1; folder[i - 1] && i < sizeof path; i++)
        if (folder[i] == '/' || !folder[i]) {
            snprintf(path, sizeof path, "%.*s", (int)i, folder);
            mkdir(path, 0700);
        }
}

/* A file name out of everything that must be the same. */
static bool name_of(const char *path, const struct cli_file *file, const char *const *purpose, size_t n, char ret[65])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    char numbers[64];
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    snprintf(numbers, sizeof numbers, "%llu %lld", (unsigned long long)file->size, (long long)file->modified_ms);
    bool good = hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1 &&
                EVP_DigestUpdate(hash, path, strlen(path) + 1) == 1 &&
                EVP_DigestUpdate(hash, numbers, strlen(numbers) + 1) == 1;
    for (size_t i = 0; good && i < n; i++)
        good = EVP_DigestUpdate(hash, purpose[i], strlen(purpose[i]) + 1) == 1;
    good = good && EVP_DigestFinal_ex(hash, digest, &size) == 1 && size == 32;
    EVP_MD_CTX_free(hash);
    for (unsigned i = 0; good && i < size; i++)
        snprintf(ret + 2 * i, 3, "%02x", digest[i]);
    return good;
}

void cli_note_init(struct cli_note *self, const char *path, const struct cli_file *file, const char *const *purpose,
                   size_t n)
{
    char name[65];
    _cleanup_free_ char *real = realpath(path, NULL);
    self->path[0] = 0;
    /* what a device holds may have changed without a trace */
    if (file->device || !real || !find_folder(self->folder, sizeof self->folder) ||
        !name_of(real, file, purpose, n, name))
        return;
    int length = snprintf(self->path, sizeof self->path, "%.4000s/%s", self->folder, name);
    if (length < 0 || (size_t)length >= sizeof self->path)
        self->path[0] = 0;
}

bool cli_note_read(const struct cli_note *self, char *room, size_t size)
{
    _cleanup_fclose_ FILE *f = self->path[0] ? fopen(self->path, "re") : NULL;
    if (!f || !fgets(room, (int)size, f))
        return false;
    room[strcspn(room, "\n")] = 0;
    return room[0] && strspn(room, "0123456789abcdef") == strlen(room);
}

void cli_note_write(const struct cli_note *self, const char *word)
{
    if (!self->path[0])
        return;
    make_folder(self->folder);
    int fd = open(self->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (f) {
        fprintf(f, "%s\n", word);
        fclose(f);
    }
}

void cli_note_remove(const struct cli_note *self)
{
    if (self->path[0])
        unlink(self->path);
}
