#include "url_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/log.h"

#define HANG_US 120000000

int url_set_up(void **state)
{
    struct url_fixture *f = calloc(1, sizeof *f);
    *state = f;
    log_set_level(LOG_ERROR);
    f->settings.policy.allow.n = 1;
    f->settings.stall_s = URL_PATIENT_S;
    if (!address_network_parse("127.0.0.0/8", &f->settings.policy.allow.list[0]))
        return -1;
    return loop_create(&f->loop) < 0 || worker_pool_create(f->loop, "resolve", 1, &f->settings.resolver) < 0 ? -1 : 0;
}

void url_turn(struct url_fixture *f, unsigned times)
{
    while (times--)
        loop_dispatch(f->loop, 1);
}

void url_close(struct url_fixture *f)
{
    f->source = source_close(f->source);
    url_turn(f, 3);
}

int url_tear_down(void **state)
{
    struct url_fixture *f = *state;
    url_close(f);
    worker_pool_destroy(f->settings.resolver);
    if (f->server)
        lying_server_stop(f->server);
    loop_destroy(f->loop);
    free(f);
    return 0;
}

void url_serve(struct url_fixture *f, const struct lying_ways *ways, bool tls)
{
    f->ways = *ways;
    if (!f->ways.size)
        f->ways.size = SIZE;
    f->server = lying_server_start(&f->ways, tls);
}

void url_serve_differently(struct url_fixture *f)
{
    lying_server_set(f->server, &f->ways);
}

static void on_opened(void *data, int error, const char *why, const struct remote_info *info, struct source *source)
{
    struct url_fixture *f = data;
    assert_false(f->opened);
    f->opened = true;
    f->error = error;
    if (error < 0)
        snprintf(f->why, sizeof f->why, "%s", why);
    else
        f->info = *info;
    f->source = source;
}

static void on_link(void *data, enum remote_link link, const char *why)
{
    struct url_fixture *f = data;
    f->link = link;
    f->links++;
    snprintf(f->why, sizeof f->why, "%s", why);
}

int url_open(struct url_fixture *f, const struct remote_spec *spec)
{
    static const struct remote_listener listener = {.opened = on_opened, .link = on_link};
    uint64_t limit = clock_now_us() + HANG_US;
    f->opened = false;
    f->link = REMOTE_GOOD;
    f->links = 0;
    f->why[0] = '\0';
    int r = remote_open(f->loop, &f->settings, spec, &listener, f, &f->remote, f->why, sizeof f->why);
    if (r < 0)
        return r;
    assert_false(f->opened);
    while (!f->opened) {
        loop_dispatch(f->loop, 20);
        assert_true(clock_now_us() < limit);
    }
    url_turn(f, 2);
    return f->error;
}

int url_open_path(struct url_fixture *f, const char *path)
{
    char url[512];
    snprintf(url, sizeof url, "%s://127.0.0.1:%u%s", lying_server_authority(f->server) ? "https" : "http",
             lying_server_port(f->server), path);
    return url_open(f, &(struct remote_spec){.url = url, .ca = lying_server_authority(f->server)});
}

static void on_read(void *data, int error)
{
    *(int *)data = error;
}

int url_read_of(struct url_fixture *f, uint64_t offset, size_t length, unsigned version)
{
    uint64_t limit = clock_now_us() + HANG_US;
    uint8_t *room = malloc(length);
    int error = 1;
    source_read(f->source, offset, room, length, on_read, &error);
    while (error > 0) {
        loop_dispatch(f->loop, 20);
        assert_true(clock_now_us() < limit);
    }
    if (error == 0)
        for (size_t i = 0; i < length; i++)
            if (room[i] != lying_byte(offset + i, version))
                fail_msg("byte %llu is another one", (unsigned long long)(offset + i));
    free(room);
    return error;
}
