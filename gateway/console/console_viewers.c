/* Who looks at a target: told to each of them, and to the REST faces; and ended by who may configure it. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/text.h"
#include "gateway/console/console_viewer.h"
#include "transport/console.h"

static bool types(const struct console_viewer *self)
{
    const struct seat *seat = &self->target->target.seat;
    const struct seat_party party = {.session = target_seat_session(self->session),
                                     .viewer = viewer_number(self->viewer)};
    return viewer_may_type(self) && (seat->shared || seat_holds(seat, &party));
}

/* The oldest first; the list of the target has the newest first. */
static unsigned collect(const struct gateway_target *target, const struct console_viewer **room, unsigned most)
{
    unsigned skip = target->target.viewers > most ? target->target.viewers - most : 0, n = 0;
    for (const struct console_viewer *v = target->viewers; v; v = v->next)
        if (skip)
            skip--;
        else if (n < most)
            room[n++] = v;
    for (unsigned i = 0; i < n / 2; i++) {
        const struct console_viewer *swap = room[i];
        room[i] = room[n - 1 - i];
        room[n - 1 - i] = swap;
    }
    return n;
}

static void tell(const struct gateway_target *target, struct console_viewer *to,
                 const struct console_viewer *const *list, unsigned n, uint64_t now_us)
{
    const bool configures = gateway_may(target->gateway, to->session, RIGHT_CONFIGURE, target->target.name);
    struct console_viewers told = {.total = (uint16_t)MIN(target->target.viewers, (unsigned)UINT16_MAX), .n = n};
    for (unsigned i = 0; i < n; i++) {
        const struct console_viewer *v = list[i];
        uint8_t flags = v == to ? CONSOLE_VIEWERS_YOU : 0;
        flags |= types(v) ? CONSOLE_VIEWERS_TYPES : 0;
        flags |= v->hidden ? CONSOLE_VIEWERS_HIDDEN : 0;
        flags |= configures && v != to ? CONSOLE_VIEWERS_MAY_END : 0;
        told.list[i] = (struct console_viewer_told){
            .number = viewer_number(v->viewer),
            .flags = flags,
            .since_s = (uint32_t)MIN((now_us - v->opened_us) / 1000000, (uint64_t)UINT32_MAX),
            .name = v->session->user,
            .address = configures || v == to ? viewer_address(v->viewer) : "",
        };
    }
    viewer_viewers(to->viewer, &told);
}

void target_tell_viewers(struct gateway_target *target)
{
    const struct console_viewer *list[CONSOLE_VIEWERS_MAX];
    unsigned n = collect(target, list, CONSOLE_VIEWERS_MAX);
    uint64_t now = clock_now_us();
    for (struct console_viewer *v = target->viewers; v; v = v->next)
        tell(target, v, list, n, now);
}

size_t console_viewers_list(const struct gateway_target *target, const struct auth_session *session,
                            struct target_viewer *room, size_t most)
{
    const bool configures = gateway_may(target->gateway, session, RIGHT_CONFIGURE, target->target.name);
    const int64_t wall = (int64_t)time(NULL);
    uint64_t now = clock_now_us();
    size_t n = 0;
    for (const struct console_viewer *v = target->viewers; v && n < most; v = v->next) {
        struct target_viewer *to = &room[n++];
        *to = (struct target_viewer){.id = viewer_number(v->viewer),
                                     .types = types(v),
                                     .hidden = v->hidden,
                                     .yours = v->session->id == session->id,
                                     .since = wall - (int64_t)((now - v->opened_us) / 1000000)};
        text_copy(to->user, sizeof to->user, v->session->user);
        if (configures || to->yours)
            text_copy(to->address, sizeof to->address, viewer_address(v->viewer));
    }
    return n;
}

int console_viewer_end(struct gateway_target *target, const struct auth_session *by, uint32_t id)
{
    char why[AUTH_USER_MAX + 64], words[AUTH_USER_MAX + 32];
    for (struct console_viewer *v = target->viewers; v; v = v->next) {
        if (viewer_number(v->viewer) != id)
            continue;
        snprintf(why, sizeof why, "%s has disconnected you from this console.", by->user);
        snprintf(words, sizeof words, "disconnected %s", v->session->user);
        log_info("console", "target %s: %s %s", target->target.name, by->user, words);
        if (target->gateway->keeper)
            keeper_client_audit(target->gateway->keeper, by->user, "viewer", target->target.name, words);
        viewer_close(v->viewer, VIEWER_END_RIGHTS, why);
        return 0;
    }
    return -ENOENT;
}
