/* Directories that lie, say nothing, or say it without end. */
#include "directory_bed/liar.h"
#include "directory_fixture.h"

#define PATIENCE_MS 60000
#define SHORT_MS 600       /* with those that are waited for in vain */
#define MARGIN_US 30000000 /* for a loaded machine; without a bound these would last for ever */

static struct liar *liar;
static struct asked asked;

static int begin(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    return 0;
}

static int end(void **state)
{
    (void)state;
    liar_stop(liar);
    liar = NULL;
    return 0;
}

/* Whose answer never comes, or is dropped by libldap. */
static bool are_waited_for(enum lies lies)
{
    static const enum lies all[] = {LIES_SILENT, LIES_SILENT_LATER, LIES_DRIPS};
    for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
        if (lies == all[i])
            return true;
    return false;
}

static struct errand_directory *meet(enum lies lies, bool tls)
{
    liar = liar_start(lies, tls);
    struct errand_directory *d = asked_init(&asked, liar_url(liar), liar_authority(liar));
    d->patience_ms = are_waited_for(lies) ? SHORT_MS : PATIENCE_MS;
    text_copy(d->groups.list[0], ERRAND_MAX_DN, LIAR_GROUP);
    return d;
}

/* A right name and password, and what becomes of it. */
static int try_it(enum lies lies, bool tls)
{
    meet(lies, tls);
    int r = log_in(&asked, "ada", LIAR_PASSWORD);
    assert_true(asked.took_us < asked.question.directory.patience_ms * 1000ull + MARGIN_US);
    if (r)
        assert_int_equal(asked.entry.groups.n, 0);
    return r;
}

static void honest_ones_are_believed(void **state)
{
    (void)state;
    static const enum lies lies[] = {LIES_NONE, LIES_NO_WHO, LIES_WINDOWS};
    for (unsigned i = 0; i < ARRAY_SIZE(lies); i++) {
        assert_good(&asked, try_it(lies[i], i % 2 == 0));
        assert_int_equal(asked.entry.groups.n, 1);
        assert_int_equal(log_in(&asked, "ada", "rocket 8"), -EACCES);
        end(NULL);
    }
}

static void refused_as(enum lies lies, int error, const char *why)
{
    for (int tls = 0; tls < 2; tls++) {
        int r = try_it(lies, tls);
        if (r != error || !strstr(asked.entry.why, why))
            fail_msg("lie %d: error %d, why \"%s\", steps:\n%s", lies, r, asked.entry.why, asked.entry.steps);
        assert_false(liar_heard_in_the_clear(liar));
        end(NULL);
    }
}

static void passwords_that_are_not_looked_at(void **state)
{
    (void)state;
    refused_as(LIES_ANY_PASSWORD, -EPROTO, "then knew nobody");
    refused_as(LIES_ANY_UNTOLD, -EPROTO, "any name with any password");
    refused_as(LIES_ANOTHER, -EPROTO, "takes us for somebody else");
}

static void answers_that_must_not_be(void **state)
{
    (void)state;
    refused_as(LIES_TWO, -EPROTO, "more than one entry");
    refused_as(LIES_CUT_VALUES, -EPROTO, "too many values of memberOf");
    refused_as(LIES_BUSY, -EHOSTUNREACH, "busy");
    refused_as(LIES_REFERRAL, -EPROTO, "refers to another server");
    refused_as(LIES_REFERENCE, -EPROTO, "refers to other servers");
    refused_as(LIES_WRONG_KIND, -EPROTO, "makes no sense");
    refused_as(LIES_ENDLESS, -EPROTO, "more than one entry");
    refused_as(LIES_GROUPS, -EPROTO, "deep");
}

/* libldap drops what nobody asked for, or the connection breaks: either way nobody gets in. */
static void bytes_that_are_no_answers(void **state)
{
    (void)state;
    static const enum lies lies[] = {LIES_WRONG_NUMBER, LIES_NOTICE, LIES_GARBAGE,       LIES_HUGE,
                                     LIES_DEEP,         LIES_CLOSES, LIES_ENDLESS_VALUES};
    for (unsigned i = 0; i < ARRAY_SIZE(lies); i++) {
        int r = try_it(lies[i], true);
        if (r != -EHOSTUNREACH && r != -EPROTO)
            fail_msg("lie %d: error %d, why \"%s\", steps:\n%s", lies[i], r, asked.entry.why, asked.entry.steps);
        end(NULL);
    }
}

static void results_before_questions_open_nothing(void **state)
{
    (void)state;
    meet(LIES_EARLY, true);
    assert_int_not_equal(log_in(&asked, "ada", "no password of hers"), 0);
}

static void silence_ends_in_time(void **state)
{
    (void)state;
    refused_as(LIES_SILENT, -EHOSTUNREACH, "did not answer in time");
    assert_int_equal(try_it(LIES_SILENT_LATER, true), -EHOSTUNREACH);
    end(NULL);
    assert_int_equal(try_it(LIES_DRIPS, true), -EHOSTUNREACH);
}

static void nothing_is_said_in_the_clear(void **state)
{
    (void)state;
    static const enum lies lies[] = {LIES_NO_START, LIES_STRIPS, LIES_INJECTS};
    for (unsigned i = 0; i < ARRAY_SIZE(lies); i++) {
        int r = try_it(lies[i], false);
        if (r != -EPROTO && r != -EHOSTUNREACH)
            fail_msg("lie %d: error %d, why \"%s\"", lies[i], r, asked.entry.why);
        assert_false(liar_heard_in_the_clear(liar));
        end(NULL);
    }
    assert_int_equal(try_it(LIES_OLD_TLS, true), -EPROTO);
    assert_string_not_equal(asked.entry.why, "");
}

static void another_server_takes_over(void **state)
{
    (void)state;
    static const enum lies lies[] = {LIES_SILENT, LIES_BUSY, LIES_GARBAGE, LIES_REFERRAL};
    for (unsigned i = 0; i < ARRAY_SIZE(lies); i++) {
        struct liar *good = liar_start(LIES_NONE, true);
        struct errand_directory *d = meet(lies[i], true);
        d->patience_ms = lies[i] == LIES_SILENT ? 6000 : PATIENCE_MS;
        d->n_urls = 3;
        text_copy(d->urls[1], sizeof d->urls[1], "ldaps://127.0.0.1:1"); /* nobody is there */
        text_copy(d->urls[2], sizeof d->urls[2], liar_url(good));
        snprintf(d->authorities, sizeof d->authorities, "%s%s", liar_authority(liar), liar_authority(good));
        assert_good(&asked, log_in(&asked, "ada", LIAR_PASSWORD));
        unsigned before = liar_connections(liar);
        assert_good(&asked, log_in(&asked, "ada", LIAR_PASSWORD));
        assert_int_equal(liar_connections(liar), before); /* the one that answered comes first now */
        liar_stop(good);
        end(NULL);
    }
}

static void a_wrong_password_is_asked_of_one_server_alone(void **state)
{
    (void)state;
    struct liar *other = liar_start(LIES_NONE, true);
    struct errand_directory *d = meet(LIES_NONE, true);
    d->n_urls = 2;
    text_copy(d->urls[1], sizeof d->urls[1], liar_url(other));
    assert_int_equal(log_in(&asked, "ada", "rocket 8"), -EACCES);
    assert_int_equal(liar_connections(other), 0);
    liar_stop(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(honest_ones_are_believed, end),
        cmocka_unit_test_teardown(passwords_that_are_not_looked_at, end),
        cmocka_unit_test_teardown(answers_that_must_not_be, end),
        cmocka_unit_test_teardown(bytes_that_are_no_answers, end),
        cmocka_unit_test_teardown(results_before_questions_open_nothing, end),
        cmocka_unit_test_teardown(silence_ends_in_time, end),
        cmocka_unit_test_teardown(nothing_is_said_in_the_clear, end),
        cmocka_unit_test_teardown(another_server_takes_over, end),
        cmocka_unit_test_teardown(a_wrong_password_is_asked_of_one_server_alone, end),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
