/* Who may type: every transition of the seat, and what no order of them may bring about. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "manage/seat.h"

#define S 1000000ull

static const struct seat_party ann = {.session = 1, .viewer = 10, .name = "ann"};
static const struct seat_party ann_again = {.session = 1, .viewer = 11, .name = "ann"};
static const struct seat_party ben = {.session = 2, .viewer = 20, .name = "ben"};
static const struct seat_party cal = {.session = 3, .viewer = 30, .name = "cal"};
static const struct seat_party script = {.session = 4, .viewer = 0, .name = "script"};

static struct seat_news news;

/* A seat that ann holds since 100 s. */
static struct seat held(void)
{
    struct seat s = {.idle_us = 600 * S};
    assert_int_equal(seat_request(&s, &ann, 100 * S, &news), 0);
    assert_int_equal(news.change, SEAT_TAKEN);
    return s;
}

static void expect_news(enum seat_change change, const char *former, const char *who)
{
    assert_int_equal(news.change, change);
    assert_string_equal(news.former.name, former);
    assert_string_equal(news.who.name, who);
}

static void a_free_seat_goes_to_who_asks(void **state)
{
    (void)state;
    struct seat s = {.idle_us = 600 * S};
    assert_true(seat_free(&s));
    assert_false(seat_holds(&s, &(struct seat_party){0})); /* a free seat is held by nobody */
    s = held();
    expect_news(SEAT_TAKEN, "", "ann");
    assert_true(seat_holds(&s, &ann));
    assert_true(seat_admits(&s, &ann));
    assert_false(seat_admits(&s, &ben));
    assert_false(seat_free(&s));
    assert_int_equal(seat_request(&s, &ann, 101 * S, &news), 0);
    assert_int_equal(news.change, SEAT_SAME);
}

static void a_held_seat_is_asked_for(void **state)
{
    (void)state;
    struct seat s = held();
    assert_int_equal(seat_request(&s, &ben, 110 * S, &news), 0);
    expect_news(SEAT_ASKED, "ann", "ben");
    assert_true(seat_holds(&s, &ann));
    assert_int_equal(s.n_askers, 1);
    assert_int_equal(seat_request(&s, &ben, 111 * S, &news), 0);
    assert_int_equal(news.change, SEAT_SAME); /* he asks already, and since when he did */
    assert_int_equal(s.askers[0].since_us, 110 * S);
}

static void the_holder_grants(void **state)
{
    (void)state;
    struct seat s = held();
    seat_request(&s, &ben, 110 * S, &news);
    seat_request(&s, &cal, 111 * S, &news);
    assert_int_equal(seat_answer(&s, &ann, s.askers[1].number, true, 112 * S, &news), 0);
    expect_news(SEAT_GRANTED, "ann", "cal");
    assert_true(seat_holds(&s, &cal));
    assert_int_equal(s.n_askers, 1); /* ben asks cal now */
    assert_int_equal(seat_answer(&s, &cal, 0, true, 113 * S, &news), 0);
    expect_news(SEAT_GRANTED, "cal", "ben");
    assert_int_equal(s.n_askers, 0);
}

static void the_holder_refuses(void **state)
{
    (void)state;
    struct seat s = held();
    seat_request(&s, &ben, 110 * S, &news);
    assert_int_equal(seat_answer(&s, &ann, 0, false, 112 * S, &news), 0);
    expect_news(SEAT_REFUSED, "ann", "ben");
    assert_true(seat_holds(&s, &ann));
    assert_int_equal(s.n_askers, 0);
    assert_int_equal(seat_answer(&s, &ann, 0, true, 113 * S, &news), -ENOENT);
}

static void only_the_holder_answers(void **state)
{
    (void)state;
    struct seat s = held();
    seat_request(&s, &ben, 110 * S, &news);
    assert_int_equal(seat_answer(&s, &ben, 0, true, 111 * S, &news), -EPERM);
    assert_int_equal(seat_answer(&s, &cal, 0, false, 111 * S, &news), -EPERM);
    assert_int_equal(seat_answer(&s, &ann, s.askers[0].number + 1, true, 111 * S, &news), -ENOENT);
    assert_true(seat_holds(&s, &ann));
    assert_int_equal(s.n_askers, 1);
}

/* An answer to a request that was withdrawn never goes to who asks next. */
static void an_answer_names_its_request(void **state)
{
    (void)state;
    struct seat s = held();
    seat_request(&s, &ben, 110 * S, &news);
    uint32_t number = s.askers[0].number;
    seat_leave(&s, &ben, 111 * S, &news);
    expect_news(SEAT_WITHDRAWN, "ann", "ben");
    seat_request(&s, &cal, 112 * S, &news);
    assert_int_equal(seat_answer(&s, &ann, number, true, 113 * S, &news), -ENOENT);
    assert_true(seat_holds(&s, &ann));
    s.last_number = UINT32_MAX;
    seat_request(&s, &ben, 114 * S, &news);
    assert_int_not_equal(s.askers[1].number, 0);
}

static void taking_over_wants_the_right(void **state)
{
    (void)state;
    struct seat s = held();
    assert_int_equal(seat_take(&s, &ben, false, 110 * S, &news), -EPERM);
    assert_true(seat_holds(&s, &ann));
    assert_int_equal(seat_take(&s, &ben, true, 110 * S, &news), 0);
    expect_news(SEAT_OVERTAKEN, "ann", "ben");
    assert_true(seat_holds(&s, &ben));
    assert_int_equal(seat_take(&s, &ben, false, 111 * S, &news), 0);
    assert_int_equal(news.change, SEAT_SAME);
    seat_leave(&s, &ben, 112 * S, &news);
    assert_int_equal(seat_take(&s, &cal, false, 113 * S, &news), 0); /* a free one wants none */
    expect_news(SEAT_TAKEN, "", "cal");
}

static void taking_over_answers_the_own_request(void **state)
{
    (void)state;
    struct seat s = held();
    seat_request(&s, &ben, 110 * S, &news);
    seat_take(&s, &ben, true, 111 * S, &news);
    assert_int_equal(s.n_askers, 0);
}

/* A page that comes back before its old connection is known to be gone; or a second page of the same person. */
static void a_session_moves_its_own_seat(void **state)
{
    (void)state;
    struct seat s = held();
    assert_int_equal(seat_request(&s, &ann_again, 110 * S, &news), 0);
    expect_news(SEAT_TAKEN, "ann", "ann");
    assert_int_equal(news.former.viewer, 10);
    assert_true(seat_holds(&s, &ann_again));
    assert_false(seat_holds(&s, &ann));
    seat_leave(&s, &ann, 111 * S, &news); /* the old connection ends */
    assert_int_equal(news.change, SEAT_SAME);
    assert_true(seat_holds(&s, &ann_again));
    assert_int_equal(seat_take(&s, &ann, false, 112 * S, &news), 0);
    assert_true(seat_holds(&s, &ann));
}

static void a_session_asks_once(void **state)
{
    (void)state;
    struct seat s = {0};
    seat_request(&s, &ben, 100 * S, &news);
    seat_request(&s, &ann, 110 * S, &news);
    assert_int_equal(seat_request(&s, &ann_again, 111 * S, &news), 0);
    assert_int_equal(s.n_askers, 1);
    assert_int_equal(s.askers[0].party.viewer, 11);
    seat_leave(&s, &ann, 112 * S, &news); /* the page that asks no more takes nothing with it */
    assert_int_equal(news.change, SEAT_SAME);
    assert_int_equal(s.n_askers, 1);
}

static void a_seat_that_is_left_goes_to_who_asked_first(void **state)
{
    (void)state;
    struct seat s = held();
    seat_request(&s, &cal, 110 * S, &news);
    seat_request(&s, &ben, 111 * S, &news);
    seat_leave(&s, &ann, 112 * S, &news);
    expect_news(SEAT_PASSED, "ann", "cal");
    seat_leave(&s, &cal, 113 * S, &news);
    expect_news(SEAT_PASSED, "cal", "ben");
    seat_leave(&s, &ben, 114 * S, &news);
    expect_news(SEAT_RELEASED, "ben", "");
    assert_true(seat_free(&s));
    seat_leave(&s, &ben, 115 * S, &news);
    assert_int_equal(news.change, SEAT_SAME);
}

static void not_more_ask_than_there_is_room_for(void **state)
{
    (void)state;
    struct seat s = held();
    for (unsigned i = 0; i < SEAT_ASKERS; i++) {
        struct seat_party p = {.session = 50 + i, .viewer = 50 + i, .name = "many"};
        assert_int_equal(seat_request(&s, &p, 110 * S, &news), 0);
    }
    assert_int_equal(seat_request(&s, &ben, 110 * S, &news), -EBUSY);
    assert_int_equal(s.n_askers, SEAT_ASKERS);
    assert_int_equal(seat_take(&s, &ben, true, 111 * S, &news), 0);
}

/* ---- time ---- */

static void an_idle_holder_loses_it_to_who_asks(void **state)
{
    (void)state;
    struct seat s = held();
    s.quiet = true;
    seat_request(&s, &ben, 200 * S, &news);
    assert_int_equal(seat_next_us(&s), 230 * S);
    seat_tick(&s, 230 * S - 1, &news);
    assert_int_equal(news.change, SEAT_SAME);
    seat_tick(&s, 230 * S, &news);
    expect_news(SEAT_LAPSED, "ann", "ben");
    assert_true(seat_holds(&s, &ben));
}

static void a_busy_holder_keeps_it(void **state)
{
    (void)state;
    struct seat s = held();
    seat_request(&s, &ben, 200 * S, &news);
    for (uint64_t t = 210; t < 2000; t += 10) {
        seat_used(&s, &ann, t * S);
        seat_tick(&s, t * S, &news);
        assert_int_equal(news.change, SEAT_SAME);
    }
    assert_int_equal(s.n_askers, 1); /* and the request stands */
    seat_used(&s, &ben, 1995 * S);   /* keys of who does not hold it count for nothing */
    assert_int_equal(s.used_us, 1990 * S);
}

static void idleness_is_shown_then_releases(void **state)
{
    (void)state;
    struct seat s = held();
    assert_int_equal(seat_next_us(&s), 130 * S);
    seat_tick(&s, 130 * S, &news);
    expect_news(SEAT_STILL, "ann", "");
    assert_true(seat_holds(&s, &ann));
    assert_int_equal(seat_next_us(&s), 700 * S);
    assert_true(seat_used(&s, &ann, 140 * S)); /* shown as idle, and no longer */
    assert_false(seat_used(&s, &ann, 141 * S));
    seat_tick(&s, 171 * S, &news);
    assert_int_equal(news.change, SEAT_STILL);
    seat_tick(&s, 741 * S - 1, &news);
    assert_int_equal(news.change, SEAT_SAME);
    seat_tick(&s, 741 * S, &news);
    expect_news(SEAT_IDLED, "ann", "");
    assert_true(seat_free(&s));
    assert_int_equal(seat_next_us(&s), UINT64_MAX);
    seat_tick(&s, 9999 * S, &news);
    assert_int_equal(news.change, SEAT_SAME);
}

static void without_a_limit_nobody_is_released(void **state)
{
    (void)state;
    struct seat s = held();
    s.idle_us = 0;
    seat_tick(&s, 130 * S, &news);
    assert_int_equal(news.change, SEAT_STILL);
    assert_int_equal(seat_next_us(&s), UINT64_MAX);
    seat_tick(&s, UINT64_MAX - 1, &news);
    assert_int_equal(news.change, SEAT_SAME);
    seat_request(&s, &ben, 1000 * S, &news); /* but who asks gets it even so */
    seat_tick(&s, 1030 * S, &news);
    assert_int_equal(news.change, SEAT_LAPSED);
}

static void a_short_limit_counts_for_who_asks_too(void **state)
{
    (void)state;
    struct seat s = {.idle_us = 10 * S};
    seat_request(&s, &ann, 100 * S, &news);
    seat_request(&s, &ben, 109 * S, &news);
    assert_int_equal(seat_next_us(&s), 105 * S); /* shown half-way */
    seat_tick(&s, 105 * S, &news);
    assert_int_equal(news.change, SEAT_STILL);
    seat_tick(&s, 110 * S, &news);
    expect_news(SEAT_LAPSED, "ann", "ben");
}

/* Time that passed unseen: nothing is lost, each step is told. */
static void late_ticks_catch_up(void **state)
{
    (void)state;
    struct seat s = held();
    seat_tick(&s, 5000 * S, &news);
    expect_news(SEAT_IDLED, "ann", "");
}

/* ---- shared ---- */

static void shared_admits_all(void **state)
{
    (void)state;
    struct seat s = held();
    seat_request(&s, &ben, 110 * S, &news);
    seat_share(&s, &cal, true, &news);
    expect_news(SEAT_SHARED, "ann", "cal");
    assert_int_equal(s.n_askers, 0);
    assert_true(seat_admits(&s, &ann));
    assert_true(seat_admits(&s, &ben));
    assert_false(seat_holds(&s, &ann));
    assert_false(seat_free(&s));
    assert_int_equal(seat_next_us(&s), UINT64_MAX);
    seat_request(&s, &ben, 111 * S, &news);
    assert_int_equal(news.change, SEAT_SAME);
    seat_take(&s, &ben, true, 111 * S, &news);
    assert_int_equal(news.change, SEAT_SAME);
    assert_int_equal(seat_answer(&s, &ann, 0, true, 112 * S, &news), -EPERM);
    seat_leave(&s, &ann, 113 * S, &news);
    assert_int_equal(news.change, SEAT_SAME);
    seat_share(&s, &cal, true, &news);
    assert_int_equal(news.change, SEAT_SAME);
    seat_share(&s, &cal, false, &news);
    expect_news(SEAT_EXCLUSIVE, "", "cal");
    assert_true(seat_free(&s));
    assert_false(seat_admits(&s, &cal));
}

/* ---- sessions without a console ---- */

static void a_session_can_sit_without_a_console(void **state)
{
    (void)state;
    struct seat s = {0};
    seat_request(&s, &script, 1 * S, &news);
    assert_int_equal(news.change, SEAT_TAKEN);
    assert_true(seat_holds(&s, &script));
    assert_ptr_equal(seat_of_session(&s, 4), &s.holder);
    assert_null(seat_of_session(&s, 0));
    seat_request(&s, &ben, 2 * S, &news);
    assert_string_equal(seat_of_session(&s, 2)->name, "ben");
    assert_null(seat_of_session(&s, 3));
}

static void every_change_has_its_line(void **state)
{
    (void)state;
    static const struct {
        enum seat_change change;
        const char *who, *words;
        bool moved;
    } lines[] = {
        {SEAT_TAKEN, "ben", "taken", true},
        {SEAT_OVERTAKEN, "ben", "taken over from ann", true},
        {SEAT_GRANTED, "ann", "granted to ben", true},
        {SEAT_PASSED, "ann", "left to ben", true},
        {SEAT_LAPSED, "gateway", "given, as its holder was idle, to ben", true},
        {SEAT_RELEASED, "ann", "released", true},
        {SEAT_IDLED, "gateway", "released, as it was idle, from ann", true},
        {SEAT_ASKED, "ben", "asked of ann", false},
        {SEAT_REFUSED, "ann", "refused to ben", false},
        {SEAT_WITHDRAWN, "ben", "request withdrawn", false},
        {SEAT_SHARED, "ben", "shared", true},
        {SEAT_EXCLUSIVE, "ben", "exclusive", true},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        const char *who = NULL;
        char words[200];
        news = (struct seat_news){.change = lines[i].change, .former = ann, .who = ben};
        assert_true(seat_words(&news, &who, words, sizeof words));
        assert_string_equal(who, lines[i].who);
        assert_string_equal(words, lines[i].words);
        assert_int_equal(seat_moved(lines[i].change), lines[i].moved);
    }
    const char *who;
    char words[200];
    assert_false(seat_words(&(struct seat_news){.change = SEAT_SAME}, &who, words, sizeof words));
    assert_false(seat_words(&(struct seat_news){.change = SEAT_STILL}, &who, words, sizeof words));
    assert_false(seat_moved(SEAT_SAME));
    assert_false(seat_moved(SEAT_STILL));
}

/* ---- whatever the order ---- */

static uint64_t random_next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void check(const struct seat *s)
{
    assert_true(s->n_askers <= SEAT_ASKERS);
    assert_false(s->shared && (s->holder.session || s->n_askers));
    assert_false(!s->holder.session && s->n_askers); /* nobody waits for a free seat */
    for (unsigned i = 0; i < s->n_askers; i++) {
        assert_true(s->askers[i].number && s->askers[i].party.session);
        assert_true(s->askers[i].party.session != s->holder.session);
        for (unsigned j = 0; j < i; j++)
            assert_true(s->askers[i].party.session != s->askers[j].party.session);
    }
}

static void no_order_of_steps_breaks_it(void **state)
{
    const struct seat_party *parties[] = {&ann, &ann_again, &ben, &cal, &script};
    uint64_t seed = 0x9E3779B97F4A7C15u, now = 0;
    struct seat s = {.idle_us = 600 * S};
    unsigned seen = 0;
    (void)state;
    for (int i = 0; i < 200000; i++) {
        const struct seat_party *p = parties[random_next(&seed) % ARRAY_SIZE(parties)];
        struct seat_party before = s.holder;
        bool was_shared = s.shared;
        unsigned step = (unsigned)(random_next(&seed) % 40);
        now += random_next(&seed) % (step ? 20 * S : 2000 * S);
        news.change = SEAT_SAME;
        if (step < 12)
            seat_request(&s, p, now, &news);
        else if (step < 14)
            seat_take(&s, p, random_next(&seed) % 2, now, &news);
        else if (step < 20)
            seat_answer(&s, p, 0, random_next(&seed) % 2, now, &news);
        else if (step < 26)
            seat_leave(&s, p, now, &news);
        else if (step < 27)
            seat_share(&s, p, random_next(&seed) % 4 == 0, &news);
        else if (step < 30)
            seat_used(&s, p, now);
        else
            seat_tick(&s, now, &news);
        check(&s);
        seen |= 1u << news.change;
        /* who holds it changes only with news that say so */
        bool moved = before.session != s.holder.session || before.viewer != s.holder.viewer || was_shared != s.shared;
        assert_int_equal(moved, seat_moved(news.change));
        seat_tick(&s, now, &news);
        while (news.change != SEAT_SAME)
            seat_tick(&s, now, &news);
        assert_true(seat_next_us(&s) > now);
    }
    assert_int_equal(seen, (1u << (SEAT_STILL + 1)) - 1); /* every change was seen */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_free_seat_goes_to_who_asks),
        cmocka_unit_test(a_held_seat_is_asked_for),
        cmocka_unit_test(the_holder_grants),
        cmocka_unit_test(the_holder_refuses),
        cmocka_unit_test(only_the_holder_answers),
        cmocka_unit_test(an_answer_names_its_request),
        cmocka_unit_test(taking_over_wants_the_right),
        cmocka_unit_test(taking_over_answers_the_own_request),
        cmocka_unit_test(a_session_moves_its_own_seat),
        cmocka_unit_test(a_session_asks_once),
        cmocka_unit_test(a_seat_that_is_left_goes_to_who_asked_first),
        cmocka_unit_test(not_more_ask_than_there_is_room_for),
        cmocka_unit_test(an_idle_holder_loses_it_to_who_asks),
        cmocka_unit_test(a_busy_holder_keeps_it),
        cmocka_unit_test(idleness_is_shown_then_releases),
        cmocka_unit_test(without_a_limit_nobody_is_released),
        cmocka_unit_test(a_short_limit_counts_for_who_asks_too),
        cmocka_unit_test(late_ticks_catch_up),
        cmocka_unit_test(shared_admits_all),
        cmocka_unit_test(a_session_can_sit_without_a_console),
        cmocka_unit_test(every_change_has_its_line),
        cmocka_unit_test(no_order_of_steps_breaks_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
