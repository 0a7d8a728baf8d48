/* Logins and looks against a real slapd. */
#include "directory_fixture.h"

static struct slapd *slapd;

static int begin(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    slapd = slapd_start(NULL);
    return slapd ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    slapd_stop(slapd);
    return 0;
}

static void in_groups(const struct asked *asked, unsigned n, const char *first)
{
    assert_int_equal(asked->entry.groups.n, n);
    if (n)
        assert_string_equal(asked->entry.groups.list[0], first);
}

static void a_right_password_and_its_groups(void **state)
{
    (void)state;
    struct asked asked;
    asked_init(&asked, slapd_ldaps(slapd), slapd_authority(slapd));
    assert_good(&asked, log_in(&asked, "ada", "rocket 7"));
    assert_string_equal(asked.entry.dn, DN_ADA);
    in_groups(&asked, 1, "CN=Admins, OU=groups,DC=example,DC=org");
    assert_non_null(strstr(asked.entry.steps, "the password is right; the directory says we are dn:uid=ada"));
    assert_null(strstr(asked.entry.steps, "rocket"));
    assert_null(strstr(asked.entry.steps, SLAPD_READER_PASSWORD));
}

static void a_wrong_password_and_nobody(void **state)
{
    (void)state;
    struct asked asked;
    asked_init(&asked, slapd_ldaps(slapd), slapd_authority(slapd));
    assert_int_equal(log_in(&asked, "ada", "rocket 8"), -EACCES);
    assert_int_equal(log_in(&asked, "nobody", "rocket 7"), -EACCES);
    assert_why(&asked, "no entry");
    assert_int_equal(log_in(&asked, "ada", ""), -EACCES);
    assert_string_equal(asked.entry.steps, "Without a password nobody is asked.\n");
    assert_int_equal(log_in(&asked, "", "x"), -EACCES);
}

static void names_that_would_be_filters(void **state)
{
    (void)state;
    static const char *const names[] = {"*",           "a*",     "ada)(uid=*", "ada)(objectClass=*",
                                        "(|(uid=ada)", "\\61da", "ada\\00"};
    struct asked asked;
    asked_init(&asked, slapd_ldaps(slapd), slapd_authority(slapd));
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        assert_int_equal(log_in(&asked, names[i], "rocket 7"), -EACCES);
        assert_why(&asked, "no entry");
    }
    assert_good(&asked, log_in(&asked, "odd, name (x)*", "odd 4"));
}

static void groups_in_groups(void **state)
{
    (void)state;
    struct asked asked;
    struct errand_directory *d = asked_init(&asked, slapd_ldaps(slapd), slapd_authority(slapd));
    /* by memberOf of each, and by a search */
    assert_good(&asked, log_in(&asked, "bob", "builder 8"));
    in_groups(&asked, 1, "cn=operators," SLAPD_GROUPS);
    text_copy(d->group_base, sizeof d->group_base, SLAPD_GROUPS);
    text_copy(d->group_filter, sizeof d->group_filter, "(&(objectClass=groupOfNames)(member=%d))");
    assert_good(&asked, log_in(&asked, "bob", "builder 8"));
    in_groups(&asked, 1, "cn=operators," SLAPD_GROUPS);
    assert_good(&asked, log_in(&asked, "eve", "apple 9"));
    in_groups(&asked, 0, NULL);
}

static void groups_in_circles_end(void **state)
{
    (void)state;
    struct asked asked;
    struct errand_directory *d = asked_init(&asked, slapd_ldaps(slapd), slapd_authority(slapd));
    assert_true(slapd_put(slapd, "cn=round," SLAPD_GROUPS, "member", "cn=about," SLAPD_GROUPS));
    assert_good(&asked, log_in(&asked, "dan", "dancer 1"));
    in_groups(&asked, 0, NULL);
    assert_non_null(strstr(asked.entry.steps, "groups found: 2"));
    text_copy(d->group_base, sizeof d->group_base, SLAPD_GROUPS);
    text_copy(d->group_filter, sizeof d->group_filter, "(member=%d)");
    assert_good(&asked, log_in(&asked, "dan", "dancer 1"));
    assert_non_null(strstr(asked.entry.steps, "groups found: 2"));
}

static void start_tls(void **state)
{
    (void)state;
    struct asked asked;
    asked_init(&asked, slapd_ldap(slapd), slapd_authority(slapd));
    assert_good(&asked, log_in(&asked, "ada", "rocket 7"));
    assert_non_null(strstr(asked.entry.steps, "TLSv1.3"));
}

static void a_certificate_that_is_not_trusted(void **state)
{
    (void)state;
    struct asked asked;
    struct errand_directory *d = asked_init(&asked, slapd_ldaps(slapd), "");
    assert_int_equal(log_in(&asked, "ada", "rocket 7"), -EPROTO);
    assert_why(&asked, "give its authority's by directory-ca");
    text_copy(d->urls[0], sizeof d->urls[0], slapd_ldap(slapd));
    assert_int_equal(log_in(&asked, "ada", "rocket 7"), -EPROTO);
    asked_init(&asked, slapd_ldaps(slapd), "-----BEGIN nothing");
    assert_int_equal(log_in(&asked, "ada", "rocket 7"), -EPROTO);
    assert_why(&asked, "holds no certificate");
}

static void a_certificate_for_another_name(void **state)
{
    (void)state;
    struct asked asked;
    asked_init(&asked, slapd_misnamed(slapd), slapd_authority(slapd));
    assert_int_equal(log_in(&asked, "ada", "rocket 7"), -EPROTO);
    assert_why(&asked, "is not for 127.0.0.2");
}

static void several_entries_are_none(void **state)
{
    (void)state;
    struct asked asked;
    struct errand_directory *d = asked_init(&asked, slapd_ldaps(slapd), slapd_authority(slapd));
    text_copy(d->base, sizeof d->base, SLAPD_BASE);
    assert_int_equal(log_in(&asked, "twin", "twin 5"), -EPROTO);
}

static void referrals_are_refused(void **state)
{
    (void)state;
    struct asked asked;
    struct errand_directory *d = asked_init(&asked, slapd_ldaps(slapd), slapd_authority(slapd));
    text_copy(d->base, sizeof d->base, "ou=afar," SLAPD_BASE);
    assert_good(&asked, log_in(&asked, "lost", "lost 6")); /* it is asked not to speak of others, and does not */
    text_copy(d->base, sizeof d->base, "ou=elsewhere,ou=afar," SLAPD_BASE);
    assert_int_equal(log_in(&asked, "lost", "lost 6"), -EPROTO);
    assert_why(&asked, "directory-base or directory-group-base is wrong");
}

static void by_a_template(void **state)
{
    (void)state;
    struct asked asked;
    struct errand_directory *d = asked_init(&asked, slapd_ldaps(slapd), slapd_authority(slapd));
    text_copy(d->user_dn, sizeof d->user_dn, "uid=%u," SLAPD_PEOPLE);
    assert_good(&asked, log_in(&asked, "ada", "rocket 7"));
    in_groups(&asked, 1, "CN=Admins, OU=groups,DC=example,DC=org");
    assert_good(&asked, log_in(&asked, "odd, name (x)*", "odd 4"));
    assert_int_equal(log_in(&asked, "ada," SLAPD_PEOPLE, "rocket 7"), -EACCES);
    assert_int_equal(log_in(&asked, "ada", "rocket 8"), -EACCES);
    d->bind_dn[0] = '\0'; /* as themselves */
    assert_good(&asked, log_in(&asked, "ada", "rocket 7"));
    in_groups(&asked, 1, "CN=Admins, OU=groups,DC=example,DC=org");
}

static void our_own_account_is_refused(void **state)
{
    (void)state;
    struct asked asked;
    struct errand_directory *d = asked_init(&asked, slapd_ldaps(slapd), slapd_authority(slapd));
    text_copy(d->bind_password, sizeof d->bind_password, "of last year");
    assert_int_equal(log_in(&asked, "ada", "rocket 7"), -EPROTO);
    assert_why(&asked, "does not accept directory-bind-dn");
    d->bind_password[0] = '\0';
    assert_int_equal(log_in(&asked, "ada", "rocket 7"), -EPROTO);
    assert_why(&asked, "has no password");
}

static void accounts_that_are_switched_off(void **state)
{
    (void)state;
    static const struct {
        const char *attribute, *value;
    } ways[] = {{"shadowExpire", "1"},
                {"nsAccountLock", "TRUE"},
                {"userAccountControl", "514"},
                {"userAccountControl", "maybe"},
                {"msDS-User-Account-Control-Computed", "16"},
                {"accountExpires", "131000000000000000"},
                {"pwdLastSet", "0"}};
    struct asked asked;
    asked_init(&asked, slapd_ldaps(slapd), slapd_authority(slapd));
    for (unsigned i = 0; i < ARRAY_SIZE(ways); i++) {
        const char *dn = "uid=gone," SLAPD_PEOPLE;
        assert_good(&asked, log_in(&asked, "gone", "expired 2"));
        assert_true(slapd_put(slapd, dn, ways[i].attribute, ways[i].value));
        assert_int_equal(log_in(&asked, "gone", "expired 2"), -EACCES);
        assert_why(&asked, "The account cannot be used");
        assert_int_equal(look_at(&asked, "gone", dn), -EACCES);
        assert_true(slapd_take(slapd, dn, ways[i].attribute, NULL));
    }
}

static void looking_without_a_password(void **state)
{
    (void)state;
    struct asked asked;
    struct errand_directory *d = asked_init(&asked, slapd_ldaps(slapd), slapd_authority(slapd));
    assert_good(&asked, look_at(&asked, "bob", DN_BOB));
    in_groups(&asked, 1, "cn=operators," SLAPD_GROUPS);
    assert_int_equal(look_at(&asked, "bob", DN_ADA), -EACCES);
    assert_why(&asked, "Another entry has this name now");
    assert_int_equal(look_at(&asked, "nobody", DN_BOB), -EACCES);
    text_copy(d->user_dn, sizeof d->user_dn, "uid=%u," SLAPD_PEOPLE);
    assert_good(&asked, look_at(&asked, "bob", DN_BOB));
    assert_int_equal(look_at(&asked, "nobody", "uid=nobody," SLAPD_PEOPLE), -EACCES);
}

static void groups_that_change(void **state)
{
    (void)state;
    struct asked asked;
    asked_init(&asked, slapd_ldaps(slapd), slapd_authority(slapd));
    assert_true(slapd_put(slapd, "cn=crew," SLAPD_GROUPS, "member", "uid=eve," SLAPD_PEOPLE));
    assert_good(&asked, look_at(&asked, "eve", "uid=eve," SLAPD_PEOPLE));
    in_groups(&asked, 1, "cn=operators," SLAPD_GROUPS);
    assert_true(slapd_take(slapd, "cn=crew," SLAPD_GROUPS, "member", "uid=eve," SLAPD_PEOPLE));
    assert_good(&asked, look_at(&asked, "eve", "uid=eve," SLAPD_PEOPLE));
    in_groups(&asked, 0, NULL);
}

static void settings_that_make_no_sense(void **state)
{
    (void)state;
    struct asked asked;
    struct errand_directory *d = asked_init(&asked, slapd_ldaps(slapd), slapd_authority(slapd));
    text_copy(d->user_filter, sizeof d->user_filter, "(uid=%u");
    assert_int_equal(log_in(&asked, "ada", "rocket 7"), -EPROTO);
    text_copy(d->user_filter, sizeof d->user_filter, "(uid=%d)");
    assert_int_equal(log_in(&asked, "ada", "rocket 7"), -EPROTO);
    assert_why(&asked, "makes no sense");
    asked_init(&asked, "ldap+tls://127.0.0.1", "");
    assert_int_equal(log_in(&asked, "ada", "rocket 7"), -EPROTO);
}

/* Nobody may ask without a name: an account of our own is needed, and with it all is well. */
static void a_server_that_refuses_who_has_no_name(void **state)
{
    (void)state;
    struct slapd *strict = slapd_start(&(struct slapd_ways){.no_anonymous = true});
    struct asked asked;
    assert_non_null(strict);
    struct errand_directory *d = asked_init(&asked, slapd_ldaps(strict), slapd_authority(strict));
    assert_good(&asked, log_in(&asked, "ada", "rocket 7"));
    d->bind_dn[0] = d->bind_password[0] = '\0';
    assert_int_equal(log_in(&asked, "ada", "rocket 7"), -EPROTO);
    assert_why(&asked, "answers nobody without a name");
    text_copy(d->user_dn, sizeof d->user_dn, "uid=%u," SLAPD_PEOPLE);
    assert_good(&asked, log_in(&asked, "ada", "rocket 7"));
    assert_int_equal(look_at(&asked, "ada", DN_ADA), -EPROTO); /* not "gone" */
    slapd_stop(strict);
}

/* It takes names without passwords and passwords without names for nobody, and says "success". */
static void a_server_that_takes_anybody_for_nobody(void **state)
{
    (void)state;
    struct slapd *loose = slapd_start(&(struct slapd_ways){.loose_anonymous = true});
    struct asked asked;
    assert_non_null(loose);
    struct errand_directory *d = asked_init(&asked, slapd_ldaps(loose), slapd_authority(loose));
    d->bind_dn[0] = d->bind_password[0] = '\0';
    assert_good(&asked, log_in(&asked, "ada", "rocket 7"));
    assert_good(&asked, look_at(&asked, "ada", DN_ADA));
    assert_int_equal(log_in(&asked, "ada", "rocket 8"), -EACCES);
    assert_int_equal(log_in(&asked, "ada", ""), -EACCES);
    text_copy(d->user_dn, sizeof d->user_dn, "uid=%u," SLAPD_PEOPLE);
    assert_int_equal(log_in(&asked, "ada", ""), -EACCES);
    assert_int_equal(log_in(&asked, "", "x"), -EACCES);
    assert_int_equal(log_in(&asked, "ada", "rocket 8"), -EACCES);
    slapd_stop(loose);
}

static void another_server_takes_over(void **state)
{
    (void)state;
    struct slapd *other = slapd_start(NULL);
    struct asked asked;
    assert_non_null(other);
    struct errand_directory *d = asked_init(&asked, slapd_ldaps(other), slapd_authority(slapd));
    d->n_urls = 2;
    text_copy(d->urls[1], sizeof d->urls[1], slapd_ldap(slapd));
    snprintf(d->authorities, sizeof d->authorities, "%s%s", slapd_authority(slapd), slapd_authority(other));
    assert_good(&asked, log_in(&asked, "ada", "rocket 7"));
    slapd_pause(other); /* takes connections, says nothing */
    d->patience_ms = 8000;
    assert_good(&asked, log_in(&asked, "ada", "rocket 7"));
    assert_true(asked.took_us >= d->patience_ms * 1000ull / 2);
    d->patience_ms = 60000;
    assert_good(&asked, log_in(&asked, "ada", "rocket 7")); /* at once: the other one comes first now */
    assert_null(strstr(asked.entry.steps, "in time"));
    slapd_kill(other);
    asked.memory.good = 0;
    assert_good(&asked, log_in(&asked, "bob", "builder 8"));
    assert_int_equal(log_in(&asked, "bob", "builder 9"), -EACCES);
    slapd_stop(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_password_and_its_groups),
        cmocka_unit_test(a_wrong_password_and_nobody),
        cmocka_unit_test(names_that_would_be_filters),
        cmocka_unit_test(groups_in_groups),
        cmocka_unit_test(groups_in_circles_end),
        cmocka_unit_test(start_tls),
        cmocka_unit_test(a_certificate_that_is_not_trusted),
        cmocka_unit_test(a_certificate_for_another_name),
        cmocka_unit_test(several_entries_are_none),
        cmocka_unit_test(referrals_are_refused),
        cmocka_unit_test(by_a_template),
        cmocka_unit_test(our_own_account_is_refused),
        cmocka_unit_test(accounts_that_are_switched_off),
        cmocka_unit_test(looking_without_a_password),
        cmocka_unit_test(groups_that_change),
        cmocka_unit_test(settings_that_make_no_sense),
        cmocka_unit_test(a_server_that_refuses_who_has_no_name),
        cmocka_unit_test(a_server_that_takes_anybody_for_nobody),
        cmocka_unit_test(another_server_takes_over),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
