#include "monitor_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"

#define HANG_US 120000000

static void on_ready(void *data)
{
    ((struct monitor_bed *)data)->ready = true;
}

static void on_event(void *data, const char *name, const json_t *body)
{
    struct monitor_bed *self = data;
    (void)body;
    if (self->event)
        self->event(self->data, name);
}

static void on_lost(void *data, const char *why)
{
    (void)data;
    fail_msg("lost: %s", why);
}

static void say(struct monitor_bed *self, const char *text)
{
    assert_int_equal(send(self->peer, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void serve(struct monitor_bed *self)
{
    ssize_t n = recv(self->peer, self->heard + self->n_heard, sizeof self->heard - self->n_heard, MSG_DONTWAIT);
    self->n_heard += n > 0 ? (size_t)n : 0;
    for (char *end; (end = memchr(self->heard, '\n', self->n_heard));) {
        char returned[256] = "{}", answer[320];
        *end = '\0';
        const char *id = strstr(self->heard, "\"id\":");
        if (!strstr(self->heard, "qmp_capabilities"))
            self->command(self->data, self->heard, returned, sizeof returned);
        snprintf(answer, sizeof answer, "{\"return\": %s, \"id\": %lu}\r\n", returned,
                 id ? strtoul(id + 5, NULL, 10) : 0);
        say(self, answer);
        self->n_heard -= (size_t)(end + 1 - self->heard);
        memmove(self->heard, end + 1, self->n_heard);
    }
}

void monitor_bed_run(struct monitor_bed *self)
{
    loop_dispatch(self->loop, 1);
    serve(self);
}

void monitor_bed_happens(struct monitor_bed *self, const char *name)
{
    char text[128];
    snprintf(text, sizeof text, "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 1}, \"event\": \"%s\"}\r\n", name);
    say(self, text);
    for (unsigned i = 0; i < 4; i++)
        monitor_bed_run(self);
}

void monitor_bed_start(struct monitor_bed *self)
{
    static const struct qmp_listener listener = {.ready = on_ready, .event = on_event, .lost = on_lost};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char folder[] = "/tmp/lightsout-monitor-XXXXXX";
    assert_non_null(mkdtemp(folder));
    snprintf(self->path, sizeof self->path, "%s/qmp.sock", folder);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", self->path);
    self->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(self->listening, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(self->listening, 1), 0);
    assert_int_equal(loop_create(&self->loop), 0);
    assert_int_equal(qmp_create(self->loop, self->path, &listener, self, &self->qmp), 0);
    uint64_t limit = clock_now_us() + HANG_US;
    while ((self->peer = accept4(self->listening, NULL, NULL, SOCK_CLOEXEC)) < 0 && clock_now_us() < limit)
        loop_dispatch(self->loop, 5);
    assert_true(self->peer >= 0);
    say(self, "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n");
    while (!self->ready && clock_now_us() < limit)
        monitor_bed_run(self);
    assert_true(self->ready);
}

void monitor_bed_stop_qmp(struct monitor_bed *self)
{
    self->qmp = qmp_destroy(self->qmp);
}

void monitor_bed_finish(struct monitor_bed *self)
{
    self->loop = loop_destroy(self->loop);
    close(self->peer);
    close(self->listening);
    unlink(self->path);
    *strrchr(self->path, '/') = '\0';
    rmdir(self->path);
}
