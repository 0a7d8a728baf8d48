/* Reading an image from one end to the other, for who downloads it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "media/library_internal.h"

#define AHEAD (512u << 10)

struct library_reader {
    struct library *library;
    unsigned refs; /* its holder, and the call that reads */
    bool closed, reading;
    int fd;
    struct stat st; /* when it was opened */
    uint64_t at;    /* of what is in room */
    size_t size;
    library_read_fn *done;
    void *data;
    uint64_t wanted_at;
    size_t wanted;
    uint8_t room[AHEAD];
};

struct read_call {
    struct library_call call;
    struct library_reader *reader;
    uint64_t at;
    size_t size;
};

struct reader_open {
    library_reader_fn *done;
    void *data;
    struct library *library;
};

static void unref(struct library_reader *self)
{
    if (--self->refs)
        return;
    close(self->fd);
    free(self);
}

static bool changed(const struct stat *a, const struct stat *b)
{
    return a->st_size != b->st_size || a->st_mtim.tv_sec != b->st_mtim.tv_sec ||
           a->st_mtim.tv_nsec != b->st_mtim.tv_nsec;
}

static void read_work(struct library_call *call)
{
    struct read_call *self = container_of(call, struct read_call, call);
    struct library_reader *reader = self->reader;
    struct stat now;
    const uint64_t size = (uint64_t)reader->st.st_size;
    const size_t most = (size_t)MIN((uint64_t)AHEAD, size - self->at);
    for (self->size = 0; self->size < most;) {
        ssize_t n = pread(reader->fd, reader->room + self->size, most - self->size, (off_t)(self->at + self->size));
        if (n <= 0) {
            call->error = n < 0 ? -errno : -EIO;
            return;
        }
        self->size += (size_t)n;
    }
    if (fstat(reader->fd, &now) < 0)
        call->error = -errno;
    else if (changed(&now, &reader->st))
        call->error = -ESTALE; /* no mixture of two images */
}

static void give(struct library_reader *self)
{
    library_read_fn *done = take(self->done);
    done(self->data, 0, self->room + (self->wanted_at - self->at), self->wanted);
}

static void read_answer(struct library_call *call, int error, const char *why)
{
    struct read_call *self = container_of(call, struct read_call, call);
    struct library_reader *reader = self->reader;
    (void)why;
    if (reader->closed)
        return;
    if (error != -ECANCELED)
        reader->reading = false; /* else the job may be at work yet */
    reader->at = self->at;
    reader->size = error ? 0 : self->size;
    if (!error) {
        give(reader);
        return;
    }
    library_read_fn *done = take(reader->done);
    done(reader->data, error, NULL, 0);
}

static void read_release(struct library_call *call)
{
    unref(container_of(call, struct read_call, call)->reader);
}

void library_reader_read(struct library_reader *self, uint64_t at, size_t size, library_read_fn *done, void *data)
{
    assert(!self->done && size <= AHEAD && at + size <= (uint64_t)self->st.st_size);
    self->done = done;
    self->data = data;
    self->wanted_at = at;
    self->wanted = size;
    if (at >= self->at && at + size <= self->at + self->size) {
        give(self);
        return;
    }
    struct read_call *call = self->reading ? NULL : calloc(1, sizeof *call);
    int r = call ? 0 : self->reading ? -ECANCELED : -ENOMEM;
    if (call) {
        call->call = (struct library_call){.work = read_work, .answer = read_answer, .release = read_release};
        call->reader = self;
        call->at = at;
        self->refs++;
        self->reading = true;
        r = library_submit(self->library, &call->call);
    }
    if (r < 0) {
        self->done = NULL;
        done(data, r, NULL, 0);
    }
}

struct library_reader *library_reader_close(struct library_reader *self)
{
    if (self) {
        self->closed = true;
        unref(self);
    }
    return NULL;
}

/* On the loop's thread: the file is open already, and what is asked of it is in memory. */
static void on_open(void *data, int error, const char *why, int fd, const struct library_image *image)
{
    struct reader_open *open = data;
    struct library_reader *reader = NULL;
    char tag[80] = "";
    if (!error && image->folder) {
        error = -EISDIR;
        why = "It is a folder: download its files on the machine where they are.";
    } else if (!error && !(reader = calloc(1, sizeof *reader))) {
        error = -ENOMEM;
        why = "There is no memory for this.";
    } else if (!error && fstat(fd, &reader->st) < 0) {
        error = -errno;
        why = "The image cannot be read.";
    }
    if (error) {
        free(reader);
        if (fd >= 0)
            close(fd);
        open->done(open->data, error, why, NULL, image, tag);
    } else {
        reader->library = open->library;
        reader->refs = 1;
        reader->fd = fd;
        snprintf(tag, sizeof tag, "\"%llx-%llx-%lx-%llx\"", (unsigned long long)reader->st.st_size,
                 (unsigned long long)reader->st.st_mtim.tv_sec, (unsigned long)reader->st.st_mtim.tv_nsec,
                 (unsigned long long)reader->st.st_ino);
        struct library_image now = *image;
        now.size = (uint64_t)reader->st.st_size;
        open->done(open->data, 0, "", reader, &now, tag);
    }
    free(open);
}

int library_reader_open(struct library *self, const char *name, library_reader_fn *done, void *data)
{
    struct reader_open *open = malloc(sizeof *open);
    if (!open)
        return -ENOMEM;
    *open = (struct reader_open){.done = done, .data = data, .library = self};
    int r = library_open(self, name, false, on_open, open);
    if (r < 0)
        free(open);
    return r;
}
