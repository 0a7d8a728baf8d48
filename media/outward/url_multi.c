#include "media/outward/url_multi.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

struct url_multi {
    struct loop *loop;
    const struct url_multi_owner *owner;
    void *data;
    CURLM *multi;
    struct loop_timer *timer;
};

static void tell(struct url_multi *self)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(self->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        curl_multi_remove_handle(self->multi, easy); /* the message is gone with it */
        self->owner->finished(self->data, easy, code);
    }
    self->owner->settled(self->data);
}

static void on_timer(void *data)
{
    struct url_multi *self = data;
    int running;
    curl_multi_socket_action(self->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    tell(self);
}

static void on_socket(void *data, int fd, uint32_t events)
{
    struct url_multi *self = data;
    int running, mask = 0;
    mask |= events & EPOLLIN ? CURL_CSELECT_IN : 0;
    mask |= events & EPOLLOUT ? CURL_CSELECT_OUT : 0;
    mask |= events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0;
    curl_multi_socket_action(self->multi, fd, mask, &running);
    tell(self);
}

static int want_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *socket_data)
{
    struct url_multi *self = data;
    struct loop_io *io = socket_data;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        loop_io_remove(io);
        curl_multi_assign(self->multi, fd, NULL);
        return 0;
    }
    uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);
    if (io)
        return loop_io_set_events(io, events) < 0 ? -1 : 0;
    if (loop_io_add(self->loop, fd, events, on_socket, self, &io) < 0)
        return -1;
    curl_multi_assign(self->multi, fd, io);
    return 0;
}

static int want_timer(CURLM *multi, long timeout_ms, void *data)
{
    struct url_multi *self = data;
    (void)multi;
    if (timeout_ms < 0)
        loop_timer_disarm(self->timer);
    else
        loop_timer_arm_in(self->timer, (uint64_t)timeout_ms * 1000);
    return 0;
}

int url_multi_create(struct loop *loop, const struct url_multi_owner *owner, void *data, struct url_multi **ret)
{
    struct url_multi *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct url_multi){.loop = loop, .owner = owner, .data = data, .multi = curl_multi_init()};
    int r = self->multi ? loop_timer_add(loop, on_timer, self, &self->timer) : -ENOMEM;
    if (r < 0) {
        url_multi_destroy(self);
        return r;
    }
    curl_multi_setopt(self->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
    curl_multi_setopt(self->multi, CURLMOPT_SOCKETDATA, self);
    curl_multi_setopt(self->multi, CURLMOPT_TIMERFUNCTION, want_timer);
    curl_multi_setopt(self->multi, CURLMOPT_TIMERDATA, self);
    *ret = self;
    return 0;
}

struct url_multi *url_multi_destroy(struct url_multi *self)
{
    if (!self)
        return NULL;
    if (self->multi)
        curl_multi_cleanup(self->multi);
    loop_timer_remove(self->timer);
    free(self);
    return NULL;
}

int url_multi_add(struct url_multi *self, CURL *easy)
{
    return curl_multi_add_handle(self->multi, easy) == CURLM_OK ? 0 : -EIO;
}

void url_multi_remove(struct url_multi *self, CURL *easy)
{
    curl_multi_remove_handle(self->multi, easy);
}
