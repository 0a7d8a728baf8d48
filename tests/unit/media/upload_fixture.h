/* Uploads into a library of their own, with helpers that wait for what is answered later. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/text.h"
#include "media/hex.h"
#include "media/library.h"
#include "media/upload.h"

struct upload_fixture {
    struct loop *loop;
    struct worker_pool *io;
    struct library *library;
    struct uploads *uploads;
    char folder[96];

    bool answered;
    int error;
    char why[256];
    struct upload_state state;
    struct library_facts facts;
    char names[16][256]; /* of the library */
    size_t n_names;
};

static inline void open_uploads(struct upload_fixture *f)
{
    assert_int_equal(loop_create(&f->loop), 0);
    assert_int_equal(worker_pool_create(f->loop, "io", 2, &f->io), 0);
    assert_int_equal(library_create(open(f->folder, O_PATH | O_DIRECTORY | O_CLOEXEC), f->io, &f->library), 0);
    assert_int_equal(uploads_create(f->loop, f->library, f->io, &f->uploads), 0);
}

static inline void close_uploads(struct upload_fixture *f)
{
    f->uploads = uploads_destroy(f->uploads);
    f->io = worker_pool_destroy(f->io);
    f->library = library_destroy(f->library);
    f->loop = loop_destroy(f->loop);
}

static inline int set_up(void **state)
{
    struct upload_fixture *f = calloc(1, sizeof *f);
    *state = f;
    text_copy(f->folder, sizeof f->folder, "/tmp/lightsout.upl.XXXXXX");
    if (!mkdtemp(f->folder))
        return -1;
    open_uploads(f);
    return 0;
}

static inline int tear_down(void **state)
{
    struct upload_fixture *f = *state;
    char command[256];
    if (f->loop)
        close_uploads(f);
    snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    int r = system(command);
    free(f);
    return r;
}

static inline void wait_for(struct upload_fixture *f, const bool *flag)
{
    const uint64_t limit = clock_now_us() + 120000000;
    while (!*flag && clock_now_us() < limit)
        loop_dispatch(f->loop, 100);
    assert_true(*flag);
}

static inline void on_begun(void *data, int error, const char *why, const struct upload_state *state)
{
    struct upload_fixture *f = data;
    f->answered = true;
    f->error = error;
    text_copy(f->why, sizeof f->why, why);
    if (state)
        f->state = *state;
}

static inline int begin(struct upload_fixture *f, const struct upload_request *request)
{
    f->answered = false;
    uploads_begin(f->uploads, request, on_begun, f);
    wait_for(f, &f->answered);
    return f->error;
}

static inline void on_more(void *data, int error)
{
    struct upload_fixture *f = data;
    f->answered = true;
    f->error = error;
}

static inline void on_closed(void *data, int error, const struct upload_state *state)
{
    struct upload_fixture *f = data;
    f->answered = true;
    f->error = error;
    f->state = *state;
}

static inline int put(struct upload_fixture *f, struct upload_writer *writer, const void *bytes, size_t size)
{
    f->answered = false;
    upload_writer_put(writer, bytes, size, on_more, f);
    wait_for(f, &f->answered);
    return f->error;
}

static inline int finish_writer(struct upload_fixture *f, struct upload_writer *writer, bool whole)
{
    f->answered = false;
    upload_writer_close(writer, whole, on_closed, f);
    wait_for(f, &f->answered);
    return f->error;
}

/* One request with all these bytes. */
static inline int send_piece(struct upload_fixture *f, uint64_t offset, const uint8_t *bytes, size_t size,
                             enum upload_check check, const uint8_t *checksum)
{
    struct upload_writer *writer;
    int r = uploads_write(f->uploads, f->state.id, offset, check, checksum, &writer);
    if (r < 0)
        return r;
    for (size_t at = 0, n; at < size && r == 0; at += n) {
        n = MIN((size_t)40000, size - at);
        r = put(f, writer, bytes + at, n);
    }
    return finish_writer(f, writer, true);
}

/* Until it is neither arriving nor being finished. */
static inline enum upload_phase wait_over(struct upload_fixture *f)
{
    const uint64_t limit = clock_now_us() + 120000000;
    do {
        if (!uploads_find(f->uploads, f->state.id, &f->state))
            fail_msg("the upload is gone");
        if (f->state.phase != UPLOAD_FINISHING)
            return f->state.phase;
        loop_dispatch(f->loop, 100);
    } while (clock_now_us() < limit);
    fail_msg("it is still being finished");
    return UPLOAD_FAILED;
}

static inline void on_facts(void *data, int error, const char *why, const struct library_facts *facts)
{
    struct upload_fixture *f = data;
    (void)why;
    f->answered = true;
    f->error = error;
    if (facts)
        f->facts = *facts;
}

static inline int get_facts(struct upload_fixture *f, const char *name)
{
    f->answered = false;
    assert_int_equal(library_facts(f->library, name, on_facts, f), 0);
    wait_for(f, &f->answered);
    return f->error;
}

static inline void on_list(void *data, int error, const struct library_image *images, size_t n)
{
    struct upload_fixture *f = data;
    f->answered = true;
    assert_int_equal(error, 0);
    f->n_names = MIN(n, ARRAY_SIZE(f->names));
    for (size_t i = 0; i < f->n_names; i++)
        text_copy(f->names[i], sizeof f->names[i], images[i].name);
}

static inline size_t list_library(struct upload_fixture *f)
{
    f->answered = false;
    assert_int_equal(library_list(f->library, on_list, f), 0);
    wait_for(f, &f->answered);
    return f->n_names;
}

static inline void sum_of(const void *bytes, size_t size, uint8_t ret[32])
{
    assert_int_equal(EVP_Digest(bytes, size, ret, NULL, EVP_sha256(), NULL), 1);
}

static inline void sum_text(const void *bytes, size_t size, char ret[65])
{
    uint8_t sum[32];
    sum_of(bytes, size, sum);
    hex_text(sum, sizeof sum, ret);
}

static inline size_t files_in(const struct upload_fixture *f, const char *folder)
{
    char command[256];
    size_t n = 0;
    snprintf(command, sizeof command, "ls -A '%s/%s' | wc -l", f->folder, folder);
    FILE *p = popen(command, "r");
    assert_non_null(p);
    assert_int_equal(fscanf(p, "%zu", &n), 1);
    pclose(p);
    return n;
}

/* The image is there with exactly these bytes. */
static inline void expect_image(const struct upload_fixture *f, const char *name, const uint8_t *bytes, size_t size)
{
    char path[400];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        fail_msg("%s is not there", name);
    assert_int_equal(st.st_size, size);
    uint8_t *got = malloc(size);
    assert_int_equal(pread(fd, got, size, 0), size);
    assert_int_equal(memcmp(got, bytes, size), 0);
    free(got);
}
