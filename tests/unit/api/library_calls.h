/* The REST calls with a library of their own: answers come later, from the I/O pool. */
#pragma once

#include <fcntl.h>

#include "api_calls.h"
#include "core/cleanup.h"
#include "core/clock.h"

struct library_calls {
    struct worker_pool *io;
    char folder[64];
};

static struct library_calls l;

static inline int set_up_library(void **state)
{
    memset(&l, 0, sizeof l);
    snprintf(l.folder, sizeof l.folder, "/tmp/lightsout.api.XXXXXX");
    if (!mkdtemp(l.folder) || set_up(state) < 0 || worker_pool_create(f.loop, "io", 2, &l.io) < 0)
        return -1;
    int fd = open(l.folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return library_create(fd, l.io, &f.api.library) < 0 ? -1
                                                        : uploads_create(f.loop, f.api.library, l.io, &f.api.uploads);
}

static inline int tear_down_library(void **state)
{
    char command[128];
    uploads_destroy(f.api.uploads);
    worker_pool_destroy(l.io);
    library_destroy(f.api.library);
    tear_down(state);
    snprintf(command, sizeof command, "rm -rf '%s'", l.folder);
    return system(command);
}

static inline void make_file(const char *name, const char *text)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", l.folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static inline void wait_reply(void)
{
    const uint64_t limit = clock_now_us() + 120000000;
    while (!f.status && clock_now_us() < limit)
        loop_dispatch(f.loop, 50);
    assert_true(f.status);
}

static inline void expect_later(enum route_method method, const char *path, const char *body, int status,
                                const char *contains)
{
    assert_true(fixture_call(&f, method, path, "", body, strlen(body)));
    wait_reply();
    if (f.status != status || !strstr(f.body, contains))
        fail_msg("%s %s -> %d %s (expected %d with %s)", path, body, f.status, f.body, status, contains);
}
