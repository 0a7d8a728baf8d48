/* One-use tickets. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/session.h"
#include "core/text.h"

#define S 1000000ull

static struct auth_tickets *tickets;
static struct auth_session *ann, *bob;
static char ticket[AUTH_TICKET_HEX + 1];

static int set_up(void **state)
{
    (void)state;
    return auth_tickets_create(&tickets) || auth_session_create(1, "ann", ROLE_OPERATOR, &ann) ||
           auth_session_create(2, "bob", ROLE_OPERATOR, &bob);
}

static int tear_down(void **state)
{
    (void)state;
    tickets = auth_tickets_destroy(tickets);
    ann = auth_session_unref(ann);
    bob = auth_session_unref(bob);
    return 0;
}

static struct auth_session *redeem(const char *text, const char *target, uint64_t now)
{
    struct auth_session *session = auth_tickets_redeem(tickets, text, target, now);
    auth_session_unref(session); /* ann and bob are held by the test */
    return session;
}

static void test_good_once(void **state)
{
    (void)state;
    assert_int_equal(auth_tickets_issue(tickets, ann, "demo", 0, ticket), 0);
    assert_int_equal(strlen(ticket), AUTH_TICKET_HEX);
    assert_ptr_equal(redeem(ticket, "demo", 29 * S), ann);
    assert_null(redeem(ticket, "demo", 29 * S));
}

static void test_thirty_seconds_and_no_longer(void **state)
{
    (void)state;
    assert_int_equal(auth_tickets_issue(tickets, ann, "demo", 0, ticket), 0);
    assert_null(redeem(ticket, "demo", 30 * S));
}

static void test_shown_at_the_wrong_door_it_is_gone(void **state)
{
    (void)state;
    assert_int_equal(auth_tickets_issue(tickets, ann, "demo", 0, ticket), 0);
    assert_null(redeem(ticket, "other", 1));
    assert_null(redeem(ticket, "demo", 1));
}

static void test_what_is_no_ticket_is_refused(void **state)
{
    (void)state;
    assert_int_equal(auth_tickets_issue(tickets, ann, "demo", 0, ticket), 0);
    assert_null(redeem("", "demo", 1));
    assert_null(redeem("0123", "demo", 1));
    char other[sizeof ticket];
    text_copy(other, sizeof other, ticket);
    other[0] = other[0] == '0' ? '1' : '0';
    assert_null(redeem(other, "demo", 1));
    assert_ptr_equal(redeem(ticket, "demo", 1), ann);
}

static void test_a_session_that_ended_takes_its_tickets_along(void **state)
{
    (void)state;
    char other[sizeof ticket];
    assert_int_equal(auth_tickets_issue(tickets, ann, "demo", 0, ticket), 0);
    assert_int_equal(auth_tickets_issue(tickets, bob, "demo", 0, other), 0);
    ann->ended = true;
    auth_tickets_purge(tickets, 1);
    assert_null(redeem(ticket, "demo", 1));
    assert_ptr_equal(redeem(other, "demo", 1), bob);
    assert_int_equal(auth_tickets_issue(tickets, ann, "demo", 1, ticket), -EACCES);
}

static void test_a_greedy_session_leaves_room_for_others(void **state)
{
    (void)state;
    int r = 0, issued = 0;
    while (issued < 100 && (r = auth_tickets_issue(tickets, ann, "demo", 0, ticket)) == 0)
        issued++;
    assert_int_equal(r, -EBUSY);
    assert_int_equal(auth_tickets_issue(tickets, bob, "demo", 0, ticket), 0);
    assert_int_equal(auth_tickets_issue(tickets, ann, "demo", 31 * S, ticket), 0); /* the old ones are stale */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_thirty_seconds_and_no_longer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shown_at_the_wrong_door_it_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_ticket_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_session_that_ended_takes_its_tickets_along, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_greedy_session_leaves_room_for_others, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
