/* The seat of a target: what viewers and sessions ask of it, who is told, what is written down, and that the keys of
 * who loses it go up. Who may sit is decided by manage/seat.h; rights are checked here. */
#include "gateway/console/console_seat.h"

#include <errno.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/text.h"
#include "gateway/console/console_viewer.h"
#include "gateway/macros/macros.h"
#include "gateway/targets/target_news.h"

#define ACTS_MAX 30 /* that one viewer may ask for in ACTS_US; each may become a line of the audit log */
#define ACTS_US 10000000ull

static struct seat_party session_party(const struct auth_session *session)
{
    struct seat_party party = {.session = target_seat_session(session)};
    text_copy(party.name, sizeof party.name, session->user);
    return party;
}

static struct seat_party viewer_party(const struct console_viewer *self)
{
    struct seat_party party = session_party(self->session);
    party.viewer = viewer_number(self->viewer);
    return party;
}

static bool may(const struct gateway_target *self, const struct auth_session *session, uint32_t right)
{
    return gateway_may(self->gateway, session, right, self->target.name);
}

bool viewer_may_type(const struct console_viewer *self)
{
    return self->may_type && may(self->target, self->session, RIGHT_INPUT);
}

/* ---- who is told ---- */

static uint8_t flags_for(const struct console_viewer *self, const struct seat_party *party)
{
    const struct seat *seat = &self->target->target.seat;
    const struct seat_party *mine = seat_of_session(seat, party->session);
    bool holds = seat_holds(seat, party), asks = mine && !holds && mine->viewer == party->viewer;
    uint8_t flags = 0;
    flags |= holds ? CONSOLE_SEATS_YOURS : 0;
    flags |= seat->shared ? CONSOLE_SEATS_SHARED : 0;
    flags |= seat_free(seat) ? CONSOLE_SEATS_FREE : 0;
    flags |= asks ? CONSOLE_SEATS_ASKING : 0;
    flags |= viewer_may_type(self) ? CONSOLE_SEATS_MAY_TYPE : 0;
    flags |= may(self->target, self->session, RIGHT_CONFIGURE) ? CONSOLE_SEATS_MAY_TAKE : 0;
    flags |= seat->quiet ? CONSOLE_SEATS_IDLE : 0;
    return flags;
}

static uint32_t seconds(uint64_t us)
{
    return (uint32_t)MIN(us / 1000000, (uint64_t)UINT32_MAX);
}

static void tell(struct console_viewer *self, uint64_t now_us)
{
    const struct target *target = &self->target->target;
    const struct seat *seat = &target->seat;
    const struct seat_party party = viewer_party(self);
    struct console_seats told = {.flags = flags_for(self, &party),
                                 .viewers = (uint16_t)MIN(target->viewers, (unsigned)UINT16_MAX),
                                 .holder = seat->holder.viewer,
                                 .idle_s = seat->quiet ? seconds(now_us - seat->used_us) : 0,
                                 .idle_limit_s = seconds(seat->idle_us),
                                 .name = seat->holder.name,
                                 .n_askers = seat->n_askers};
    static_assert(SEAT_ASKERS <= CONSOLE_ASKERS, "all who ask are told");
    for (unsigned i = 0; i < seat->n_askers; i++) {
        const struct seat_asker *asker = &seat->askers[i];
        told.askers[i] = (struct console_asker){
            .number = asker->number,
            .waiting_s = (uint16_t)MIN(seconds(now_us - asker->since_us), (uint32_t)UINT16_MAX),
            .yours = asker->party.session == party.session && asker->party.viewer == party.viewer,
            .name = asker->party.name};
    }
    viewer_seat(self->viewer, &told);
}

void target_tell_seat(struct gateway_target *target)
{
    uint64_t now = clock_now_us();
    for (struct console_viewer *v = target->viewers; v; v = v->next)
        tell(v, now);
    target_tell_viewers(target);
}

/* ---- what follows from a change ---- */

static void arm(struct gateway_target *self);

static void let_go_of(struct gateway_target *self, const struct seat_party *former)
{
    for (struct console_viewer *v = self->viewers; v; v = v->next)
        if (!former->session || former->viewer == viewer_number(v->viewer))
            viewer_let_go(v);
}

/* Text that is still being typed is the former holder's: it ends when somebody else sits down. */
static void stop_typing(struct gateway_target *self, const struct seat_news *news)
{
    bool others = news->former.session && news->who.session && news->former.session != news->who.session;
    if (others && self->typist && seat_moved(news->change) && news->change != SEAT_SHARED)
        typist_stop(self->typist);
}

static void write_down(const struct gateway_target *self, const struct seat_news *news)
{
    const char *who, *name = self->target.name;
    char words[64 + SEAT_NAME_MAX];
    if (!seat_words(news, &who, words, sizeof words))
        return;
    log_info("seat", "target %s: %s: %s", name, who, words);
    if (self->gateway->keeper)
        keeper_client_audit(self->gateway->keeper, who, "seat", name, words);
}

static void follow(struct gateway_target *self, const struct seat_news *news)
{
    arm(self);
    if (news->change == SEAT_SAME)
        return;
    if (seat_moved(news->change)) {
        const struct seat_party all = {0};
        bool everybody = news->change == SEAT_SHARED || news->change == SEAT_EXCLUSIVE;
        let_go_of(self, everybody || !news->former.session ? &all : &news->former);
        stop_typing(self, news);
        macros_seat_moved(self->macros, news);
    }
    write_down(self, news);
    if (news->change == SEAT_OVERTAKEN)
        target_note(self, TARGET_EVENT_SEAT_OVERTAKEN, news->who.name, news->former.name);
    target_tell_seat(self);
}

static void on_time(void *data)
{
    struct gateway_target *self = data;
    struct seat_news news;
    do {
        seat_tick(&self->target.seat, clock_now_us(), &news);
        if (news.change != SEAT_SAME)
            follow(self, &news);
    } while (news.change != SEAT_SAME);
    arm(self);
}

/* Without memory for the timer nothing is released by time; the next change tries again. */
static void arm(struct gateway_target *self)
{
    uint64_t at = seat_next_us(&self->target.seat);
    if (at == UINT64_MAX) {
        if (self->seat_timer)
            loop_timer_disarm(self->seat_timer);
        return;
    }
    if (!self->seat_timer && loop_timer_add(self->gateway->loop, on_time, self, &self->seat_timer) < 0)
        return;
    uint64_t now = clock_now_us();
    loop_timer_arm_in(self->seat_timer, at > now ? at - now : 0);
}

void console_seat_configure(struct gateway_target *target, bool shared, uint64_t idle_us)
{
    struct seat *seat = &target->target.seat;
    struct seat_news news = {0};
    seat->idle_us = idle_us;
    if (seat->shared != shared)
        seat_share(seat, &(struct seat_party){.name = "the configuration"}, shared, &news);
    follow(target, &news);
    target_tell_seat(target);
}

void console_seat_finish(struct gateway_target *self)
{
    self->seat_timer = loop_timer_remove(self->seat_timer);
}

/* ---- viewers ---- */

bool viewer_uses_seat(struct console_viewer *self)
{
    struct seat *seat = &self->target->target.seat;
    const struct seat_party party = viewer_party(self);
    if (seat_used(seat, &party, clock_now_us())) {
        arm(self->target);
        target_tell_seat(self->target);
    }
    return seat_admits(seat, &party);
}

void viewer_take_free_seat(struct console_viewer *self)
{
    struct seat *seat = &self->target->target.seat;
    const struct seat_party party = viewer_party(self);
    struct seat_news news = {0};
    /* A page that lost its connection comes back before the old one is known to be gone: same session, same person. */
    if (!viewer_may_type(self) || (!seat_free(seat) && seat->holder.session != party.session))
        return;
    seat_request(seat, &party, clock_now_us(), &news);
    follow(self->target, &news);
}

void viewer_leave_seat(struct console_viewer *self)
{
    const struct seat_party party = viewer_party(self);
    struct seat_news news;
    seat_leave(&self->target->target.seat, &party, clock_now_us(), &news);
    follow(self->target, &news);
}

static int not_permitted(const char **ret_why, const char *why)
{
    *ret_why = why;
    return -EPERM;
}

/* may_sit: the party may type once it is admitted. */
static int act(struct gateway_target *self, const struct auth_session *session, const struct seat_party *party,
               bool may_sit, enum seat_action action, uint32_t request, const char **ret_why)
{
    struct seat *seat = &self->target.seat;
    uint64_t now = clock_now_us();
    struct seat_news news = {0};
    int r = 0;
    bool sits_down = action == SEAT_DO_REQUEST || action == SEAT_DO_TAKE;
    bool shares = action == SEAT_DO_SHARE || action == SEAT_DO_EXCLUSIVE;
    if (sits_down && !may_sit)
        return not_permitted(ret_why, "You may look at this target, not type.");
    if (shares && !may(self, session, RIGHT_CONFIGURE))
        return not_permitted(ret_why, "Sharing the keyboard needs the right 'configure' on this target.");
    if (action == SEAT_DO_REQUEST)
        r = seat_request(seat, party, now, &news);
    else if (action == SEAT_DO_TAKE)
        r = seat_take(seat, party, may(self, session, RIGHT_CONFIGURE), now, &news);
    else if (action == SEAT_DO_GRANT || action == SEAT_DO_REFUSE)
        r = seat_answer(seat, party, request, action == SEAT_DO_GRANT, now, &news);
    else if (action == SEAT_DO_RELEASE)
        seat_leave(seat, party, now, &news);
    else
        seat_share(seat, party, action == SEAT_DO_SHARE, &news);
    if (r == -EPERM)
        return not_permitted(ret_why, action == SEAT_DO_TAKE
                                          ? "Taking over needs the right 'configure' on this target; ask for the "
                                            "keyboard instead."
                                          : "Only who has the keyboard answers.");
    if (r < 0)
        *ret_why = r == -EBUSY ? "Too many ask for the keyboard already." : "Nobody asks for it so, any more.";
    else
        follow(self, &news);
    return r;
}

static bool too_often(struct console_viewer *self)
{
    uint64_t now = clock_now_us();
    if (now - self->acts_since_us >= ACTS_US) {
        self->acts_since_us = now;
        self->acts = 0;
    }
    return ++self->acts > ACTS_MAX;
}

void viewer_seat_asked(struct console_viewer *self, enum console_seat_act asked, uint32_t request)
{
    static const enum seat_action actions[] = {
        [CONSOLE_ACT_RELEASE] = SEAT_DO_RELEASE,     [CONSOLE_ACT_REQUEST] = SEAT_DO_REQUEST,
        [CONSOLE_ACT_TAKE] = SEAT_DO_TAKE,           [CONSOLE_ACT_SHARE] = SEAT_DO_SHARE,
        [CONSOLE_ACT_EXCLUSIVE] = SEAT_DO_EXCLUSIVE, [CONSOLE_ACT_GRANT] = SEAT_DO_GRANT,
        [CONSOLE_ACT_REFUSE] = SEAT_DO_REFUSE,
    };
    const struct seat_party party = viewer_party(self);
    const char *why;
    if (asked == CONSOLE_ACT_RELEASE)
        viewer_let_go(self);
    if (too_often(self))
        return;
    int r = act(self->target, self->session, &party, viewer_may_type(self), actions[asked], request, &why);
    if (r < 0)
        target_tell_seat(self->target); /* as it is: the page may have thought otherwise */
    else if (asked == CONSOLE_ACT_EXCLUSIVE)
        viewer_take_free_seat(self); /* who ends the sharing goes on typing */
}

/* ---- sessions ---- */

int console_seat_act(struct gateway_target *self, struct auth_session *session, enum seat_action action,
                     uint32_t request, const char **ret_why)
{
    struct seat *seat = &self->target.seat;
    struct seat_party party = session_party(session);
    const struct seat_party *mine = seat_of_session(seat, party.session);
    if (mine) { /* its console sits or asks: it acts for that one, which is not moved */
        party = *mine;
        if (seat_used(seat, &party, clock_now_us()))
            target_tell_seat(self);
    }
    return act(self, session, &party, may(self, session, RIGHT_INPUT), action, request, ret_why);
}

/* Of a party whose session may not type any more. */
static void unseat(struct gateway_target *self, const struct seat_party *party)
{
    struct seat_news news;
    const struct seat_party leaving = *party;
    seat_leave(&self->target.seat, &leaving, clock_now_us(), &news);
    follow(self, &news);
}

void console_rights_changed(struct gateway_target *self, const struct auth_session *session)
{
    uint64_t number = target_seat_session(session);
    const struct seat_party *party;
    if (!may(self, session, RIGHT_INPUT))
        while ((party = seat_of_session(&self->target.seat, number)))
            unseat(self, party);
    for (struct console_viewer *v = self->viewers; v; v = v->next)
        if (v->session->id == session->id && !viewer_may_type(v))
            viewer_let_go(v);
    target_tell_seat(self);
}
