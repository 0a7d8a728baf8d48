/* Users whom a directory vouches for: local names win, rights follow the groups, and what the directory no longer says
 * ends. */
#include "account_fixture.h"

static struct errand_entry entry;
static unsigned asked;

static struct errand_entry *answers(const struct request *request)
{
    asked++;
    assert_true(request->password[0]);
    struct errand_entry *copy = malloc(sizeof *copy);
    *copy = entry;
    return copy;
}

/* The first group says the role. */
static bool map(void *data, const struct errand_entry *said, enum auth_role *ret_role, struct grants *ret_grants)
{
    (void)data;
    ret_grants->n = 0;
    if (said->groups.n == 0)
        return false;
    if (strcmp(said->groups.list[0], "demo") == 0) {
        *ret_role = ROLE_CUSTOM;
        return grants_add(ret_grants, "demo", RIGHT_VIEW);
    }
    return role_parse(said->groups.list[0], ret_role);
}

static void says(int error, const char *group)
{
    memset(&entry, 0, sizeof entry);
    entry.error = error;
    snprintf(entry.dn, sizeof entry.dn, "uid=dora,dc=example");
    entry.groups.n = group != NULL;
    snprintf(entry.groups.list[0], sizeof entry.groups.list[0], "%s", group ? group : "");
}

static int set_up(void **state)
{
    static const struct book_directory directory = {.map = map};
    int r = account_set_up(state);
    book_use_directory(book, &directory);
    directory_answers = answers;
    asked = 0;
    return r;
}

static void test_a_directorys_user_gets_in(void **state)
{
    (void)state;
    says(0, "Operator");
    struct reply dora = login("dora", "whatever it is");
    assert_int_equal(dora.error, 0);
    assert_int_equal(dora.kind, AUTH_DIRECTORY);
    assert_int_equal(dora.role, ROLE_OPERATOR);
    assert_int_equal(strlen(dora.browser), AUTH_TOKEN_HEX);
    assert_int_equal(asked, 1);
    says(-EACCES, NULL);
    struct reply wrong = login("dora", "whatever it is");
    assert_int_equal(wrong.error, -EACCES);
    assert_string_equal(wrong.why, WHY_WRONG);
    says(0, NULL); /* a right password, and no group that is worth something here */
    assert_int_equal(login("dora", "whatever it is").error, -EACCES);
    assert_int_equal(login("dora", "").error, -EACCES);
    assert_int_equal(asked, 3); /* nobody is asked about an empty password */
}

static void test_local_names_win(void **state)
{
    (void)state;
    says(0, "Administrator");
    assert_int_equal(login("ann", "whatever it is").error, -EACCES);
    assert_int_equal(login("ANN", "whatever it is").error, -EACCES);
    assert_int_equal(asked, 0);
    assert_int_equal(login("ann", PASSWORD).error, 0);
    assert_int_equal(login("a name that is none", "whatever it is").error, -EACCES);
    assert_int_equal(asked, 0);
}

static void test_a_silent_directory_stops_nobody_else(void **state)
{
    (void)state;
    says(-EHOSTUNREACH, NULL);
    for (int i = 0; i < 20; i++) {
        struct reply reply = login("dora", "whatever it is");
        assert_int_equal(reply.error, -EHOSTUNREACH); /* and no try is counted */
        assert_non_null(strstr(reply.why, "directory"));
    }
    directory_answers = NULL; /* not even asked */
    assert_int_equal(login("dora", "whatever it is").error, -EHOSTUNREACH);
    assert_int_equal(login("ann", PASSWORD).error, 0);
}

static void test_guessing_at_a_directory_counts(void **state)
{
    (void)state;
    struct reply reply = {0};
    says(-EACCES, NULL);
    for (int i = 0; i < 10 && reply.error != -EAGAIN; i++)
        reply = login("dora", "some guess");
    assert_int_equal(reply.error, -EAGAIN);
    unsigned before = asked;
    assert_int_equal(login("dora", "some guess").error, -EAGAIN);
    assert_int_equal(asked, before);
}

static struct request *look(const char *user)
{
    struct request *request = request_create();
    book_directory_changed(book, request, now, user, &entry);
    return request;
}

static void test_groups_change_while_somebody_is_in(void **state)
{
    (void)state;
    struct book_directory_user users[4];
    says(0, "Operator");
    struct reply dora = login("dora", "whatever it is");
    assert_int_equal(book_directory_users(book, "", users, 4), 1);
    assert_string_equal(users[0].name, "dora");
    assert_string_equal(users[0].dn, "uid=dora,dc=example");
    assert_int_equal(book_directory_users(book, "dora", users, 4), 0);
    struct request *request = look("dora");
    assert_null(request->news);
    assert_int_equal(request->n_ended, 0);
    keeper_request_destroy(request);
    says(0, "demo");
    request = look("dora");
    assert_non_null(request->news);
    keeper_request_destroy(request);
    struct reply in = session(dora.token);
    assert_int_equal(in.role, ROLE_CUSTOM);
    assert_true(grants_allow(&in.grants, RIGHT_VIEW, "demo"));
    assert_false(grants_see(&in.grants, "other"));
    says(-EHOSTUNREACH, NULL); /* that says nothing */
    request = look("dora");
    assert_int_equal(request->n_ended, 0);
    keeper_request_destroy(request);
    says(-EACCES, NULL);
    request = look("dora");
    assert_int_equal(request->n_ended, 1);
    keeper_request_destroy(request);
    assert_int_equal(session(dora.token).error, -EACCES);
    book_reopen();
    assert_int_equal(session(dora.token).error, -EACCES);
}

static void test_an_api_token_sleeps_until_it_is_vouched_for(void **state)
{
    (void)state;
    says(0, "Operator");
    struct reply dora = login("dora", "whatever it is");
    struct request *request = own(KEEPER_TOKEN_MAKE, &dora);
    snprintf(request->name, sizeof request->name, "job");
    request->life_s = 86400;
    struct reply made = ask(request);
    struct wire_reader r = wire_reader_init(made.body + 8, made.size - 8);
    char text[KEEPER_MAX_TOKEN];
    assert_true(ipc_read_string(&r, text, sizeof text));
    assert_int_equal(session(text).error, 0);
    says(-EACCES, NULL);
    request = look("dora");
    assert_int_equal(request->n_ended, 2);
    keeper_request_destroy(request);
    assert_int_equal(session(text).error, -EACCES);
    struct book_directory_user users[4];
    assert_int_equal(book_directory_users(book, "", users, 4), 1); /* because of the token */
    says(0, "ReadOnly");
    keeper_request_destroy(look("dora"));
    struct reply in = session(text);
    assert_int_equal(in.error, 0);
    assert_int_equal(in.role, ROLE_READ_ONLY);
}

static void test_what_is_the_directorys_is_not_changed_here(void **state)
{
    (void)state;
    says(0, "Administrator");
    struct reply dora = login("dora", "whatever it is");
    assert_int_equal(put("dora", "another good phrase", ROLE_NONE, false).error, -EINVAL);
    assert_int_equal(put("dora", "", ROLE_OPERATOR, false).error, -EINVAL);
    struct request *request = own(KEEPER_OWN_PASSWORD, &dora);
    text_copy(request->password, sizeof request->password, "whatever it is");
    text_copy(request->new_password, sizeof request->new_password, "another good phrase");
    assert_int_equal(ask(request).error, -EINVAL);
    /* an Administrator of the directory is none of our own */
    assert_int_equal(enable("ann", false).error, -EPERM);
    assert_int_equal(ask(request_of(KEEPER_USER_DELETE, "ann", "")).error, -EPERM);
    assert_int_equal(enable("dora", false).n_ended, 1);
    assert_int_equal(login("dora", "whatever it is").error, -EACCES);
}

static void test_a_second_factor_on_top(void **state)
{
    (void)state;
    says(0, "Operator");
    struct reply dora = login("dora", "whatever it is");
    get_factor(&dora);
    assert_int_equal(login("dora", "whatever it is").error, -ENOKEY);
    pass(TOTP_STEP_S * SECOND);
    assert_int_equal(login_code("dora", "whatever it is", code_at(now.wall_s)).error, 0);
    says(-EACCES, NULL); /* switched off for a while: the factor is still there afterwards */
    keeper_request_destroy(look("dora"));
    says(0, "Operator");
    assert_int_equal(login("dora", "whatever it is").error, -ENOKEY);
}

static void test_a_local_user_made_meanwhile_is_not_taken_over(void **state)
{
    (void)state;
    struct request *request = request_of(KEEPER_LOGIN, "dora", "whatever it is");
    assert_int_equal(book_begin(book, request, now), BOOK_DIRECTORY);
    assert_int_equal(put("dora", PASSWORD, ROLE_ADMINISTRATOR, true).error, 0);
    says(0, "Operator");
    request->entry = answers(request);
    assert_int_equal(book_finish(book, request, now), BOOK_ANSWER);
    assert_int_equal(reply_read(request).error, -EACCES);
    keeper_request_destroy(request);
}

#define TEST(name) TEST_WITH(set_up, name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_directorys_user_gets_in),
        TEST(test_local_names_win),
        TEST(test_a_silent_directory_stops_nobody_else),
        TEST(test_guessing_at_a_directory_counts),
        TEST(test_groups_change_while_somebody_is_in),
        TEST(test_an_api_token_sleeps_until_it_is_vouched_for),
        TEST(test_what_is_the_directorys_is_not_changed_here),
        TEST(test_a_second_factor_on_top),
        TEST(test_a_local_user_made_meanwhile_is_not_taken_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
