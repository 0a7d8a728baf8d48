/* SHA-256 of an image in the background: a piece at a time, so that blocks of drives are not kept waiting. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "core/cleanup.h"
#include "core/text.h"
#include "media/hex.h"
#include "media/library_entry.h"
#include "media/library_facts.h"
#include "media/library_internal.h"

#define PIECE (4u << 20)
#define READ_SIZE (256u << 10)

struct sum_call {
    struct library_call call;
    library_facts_fn *done;
    void *data;
    char name[256];
    int fd;
    struct stat st; /* when it was opened */
    EVP_MD_CTX *digest;
    _Atomic uint64_t at;
    uint8_t *room;
    struct library_facts facts;
};

static int begin(struct sum_call *self)
{
    struct library_image image;
    struct library_call *call = &self->call;
    int r = library_entry_open(call->folder_fd, self->name, false, &self->fd, &image, call->why, sizeof call->why);
    if (r < 0)
        return r;
    if (image.folder) {
        snprintf(call->why, sizeof call->why, "%s is a folder: it has no SHA-256 of its own.", self->name);
        return -EISDIR;
    }
    self->room = malloc(READ_SIZE);
    self->digest = EVP_MD_CTX_new();
    if (!self->room || !self->digest || !EVP_DigestInit_ex(self->digest, EVP_sha256(), NULL))
        return -ENOMEM;
    return fstat(self->fd, &self->st) < 0 ? -errno : 0;
}

static int finish(struct sum_call *self)
{
    uint8_t sum[32];
    struct stat now;
    struct library_call *call = &self->call;
    if (fstat(self->fd, &now) < 0)
        return -errno;
    if (now.st_size != self->st.st_size || now.st_mtim.tv_sec != self->st.st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != self->st.st_mtim.tv_nsec) {
        snprintf(call->why, sizeof call->why, "%s changed while it was being read.", self->name);
        return -EAGAIN;
    }
    if (!EVP_DigestFinal_ex(self->digest, sum, NULL))
        return -EIO;
    int r = library_facts_of(call->folder_fd, self->name, self->fd, false, &self->facts);
    if (r < 0)
        return r;
    hex_text(sum, sizeof sum, self->facts.sha256);
    return library_facts_store(call->folder_fd, self->name, &now, &self->facts);
}

/* 1: there is more. */
static int go_on(struct sum_call *self)
{
    uint64_t at = atomic_load(&self->at);
    for (const uint64_t end = at + PIECE; at < end;) {
        ssize_t n = pread(self->fd, self->room, READ_SIZE, (off_t)at);
        if (n < 0)
            return -errno;
        if (n == 0)
            return finish(self);
        if (!EVP_DigestUpdate(self->digest, self->room, (size_t)n))
            return -EIO;
        at += (uint64_t)n;
        atomic_store(&self->at, at);
    }
    return 1;
}

static void sum_work(struct library_call *call)
{
    struct sum_call *self = container_of(call, struct sum_call, call);
    int r = self->fd < 0 ? begin(self) : 0;
    r = r < 0 ? r : go_on(self);
    call->again = r > 0;
    call->error = r < 0 ? r : 0;
    if (r < 0 && !call->why[0])
        snprintf(call->why, sizeof call->why, "%s cannot be read: %s.", self->name, strerrordesc_np(-r));
}

static void sum_answer(struct library_call *call, int error, const char *why)
{
    struct sum_call *self = container_of(call, struct sum_call, call);
    self->done(self->data, error, why, error ? NULL : &self->facts);
}

static void sum_release(struct library_call *call)
{
    struct sum_call *self = container_of(call, struct sum_call, call);
    if (self->fd >= 0)
        close(self->fd);
    EVP_MD_CTX_free(self->digest);
    free(self->room);
}

static struct sum_call *find(const struct library *self, const char *name)
{
    for (struct library_call *call = self->calls; call; call = call->next)
        if (call->work == sum_work && !strcmp(container_of(call, struct sum_call, call)->name, name))
            return container_of(call, struct sum_call, call);
    return NULL;
}

int library_sum(struct library *self, const char *name, library_facts_fn *done, void *data)
{
    if (find(self, name))
        return -EALREADY;
    struct sum_call *call = calloc(1, sizeof *call);
    if (!call)
        return -ENOMEM;
    call->call = (struct library_call){.work = sum_work, .answer = sum_answer, .release = sum_release};
    call->done = done;
    call->data = data;
    call->fd = -1;
    text_copy(call->name, sizeof call->name, name);
    return library_submit(self, &call->call);
}

bool library_sum_progress(const struct library *self, const char *name, uint64_t *ret_done)
{
    struct sum_call *call = find(self, name);
    if (call)
        *ret_done = atomic_load(&call->at);
    return call;
}
