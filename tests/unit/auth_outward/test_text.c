/* What is told to a directory, where it is, and what its entries say: all pure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/outward/directory_account.h"
#include "auth/outward/directory_bind.h"
#include "auth/outward/directory_text.h"
#include "auth/outward/directory_url.h"
#include "core/attrs.h"

static void filters_hold_names_as_data(void **state)
{
    (void)state;
    char room[128];
    assert_true(directory_filter("(uid=%u)", "ada", NULL, room, sizeof room));
    assert_string_equal(room, "(uid=ada)");
    assert_true(directory_filter("(&(uid=%u)(x=100%%))", "*)(\\|&", NULL, room, sizeof room));
    assert_string_equal(room, "(&(uid=\\2a\\29\\28\\5c\\7c\\26)(x=100%))");
    assert_true(directory_filter("(member=%d)", NULL, "cn=a\\,b,dc=\xc3\xa9", room, sizeof room));
    assert_string_equal(room, "(member=cn\\3da\\5c,b,dc\\3d\\c3\\a9)");
    assert_false(directory_filter("(uid=%x)", "ada", NULL, room, sizeof room));
    assert_false(directory_filter("(uid=%", "ada", NULL, room, sizeof room));
    assert_false(directory_filter("(uid=%d)", "ada", NULL, room, sizeof room));
    assert_false(directory_filter("(uid=%u)", "ada", NULL, room, 9));
    assert_true(directory_filter("(uid=%u)", "ada", NULL, room, 10));
}

static void names_in_templates_are_data(void **state)
{
    (void)state;
    char room[128];
    assert_true(directory_user_dn("uid=%u,dc=x", "a,b+c=\"d\" <;>\\#", room, sizeof room));
    assert_string_equal(room, "uid=a\\2cb\\2bc\\3d\\22d\\22 \\3c\\3b\\3e\\5c\\23,dc=x");
    assert_true(directory_user_dn("uid=%u,dc=x", " a b ", room, sizeof room));
    assert_string_equal(room, "uid=\\20a b\\20,dc=x");
    assert_true(directory_user_dn("%u@example.org", "ada", room, sizeof room));
    assert_string_equal(room, "ada@example.org");
    assert_false(directory_user_dn("%u@example.org", "ada@elsewhere.org", room, sizeof room));
    assert_false(directory_user_dn("EXAMPLE\\%u", "OTHER\\ada", room, sizeof room));
}

static void one_spelling_of_a_dn(void **state)
{
    (void)state;
    static const char *const same[] = {"cn=Admins,ou=Groups,dc=example", "CN=admins, OU=groups , DC=example",
                                       "cn=\\41dmins,ou=groups,dc=example", "cn=ad\\6dins,ou=\"groups\",dc=example"};
    for (unsigned i = 1; i < 3; i++)
        assert_true(directory_dn_equal(same[0], same[i]));
    assert_true(directory_dn_equal("cn=a  b,dc=x", "cn=A b,dc=x"));
    assert_true(directory_dn_equal("cn=a+uid=b,dc=x", "uid=b+cn=a,dc=x"));
    assert_true(directory_dn_equal("cn=a\\,b,dc=x", "cn=a\\2Cb,dc=x"));
    assert_false(directory_dn_equal("cn=a\\,b,dc=x", "cn=a,b=,dc=x"));
    assert_false(directory_dn_equal("cn=a,dc=x", "cn=a,dc=x,dc=y"));
    assert_false(directory_dn_equal("cn=a", "cn=#0401"));
    assert_false(directory_dn_equal("", ""));
    assert_false(directory_dn_equal("no DN", "no DN"));
}

static void a_dn_is_bounded(void **state)
{
    (void)state;
    char dn[700] = "cn=", room[2000];
    memset(dn + 3, 'x', 600);
    assert_false(directory_dn_canonical(dn, room, sizeof room));
    dn[400] = '\0';
    assert_true(directory_dn_canonical(dn, room, sizeof room));
    assert_false(directory_dn_canonical(dn, room, 400));
}

static void urls(void **state)
{
    (void)state;
    struct directory_url url;
    assert_true(directory_url_parse("ldaps://dc1.example.org", &url));
    assert_true(url.tls && url.port == 636);
    assert_string_equal(url.host, "dc1.example.org");
    assert_true(directory_url_parse("ldap://[2001:db8::1]:1389/", &url));
    assert_true(!url.tls && url.port == 1389);
    assert_string_equal(url.host, "2001:db8::1");
    assert_true(directory_url_parse("ldap://h", &url) && url.port == 389);
    static const char *const wrong[] = {
        "",          "ldap://",     "ldaps://:636",  "http://h",      "ldapi://%2fx", "ldap://h:0",    "ldap://h:65536",
        "ldap://h:", "ldap://h:3x", "ldap://h/dc=x", "ldap://user@h", "ldap://[::1",  "ldap://[::1]x", "ldap://-h",
        "ldap://h h"};
    for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++)
        if (directory_url_parse(wrong[i], &url))
            fail_msg("%s was taken", wrong[i]);
}

#define NOW 1700000000

static const char *fault(const char *attribute, const char *value)
{
    return directory_account_fault(attribute, value, strlen(value), NOW);
}

static void accounts(void **state)
{
    (void)state;
    assert_null(fault("userAccountControl", "512"));
    assert_non_null(fault("useraccountcontrol", "514"));
    assert_non_null(fault("msDS-User-Account-Control-Computed", "8388608"));
    assert_null(fault("accountExpires", "0"));
    assert_null(fault("accountExpires", "9223372036854775807"));
    assert_non_null(fault("accountExpires", "133444736000000000")); /* this very second */
    assert_null(fault("accountExpires", "133444736010000000"));
    assert_non_null(fault("pwdLastSet", "0"));
    assert_null(fault("pwdLastSet", "133444736000000000"));
    assert_null(fault("shadowExpire", "-1"));
    assert_non_null(fault("shadowExpire", "0"));
    assert_non_null(fault("shadowExpire", "19675")); /* today */
    assert_null(fault("shadowExpire", "19676"));
    assert_null(fault("nsAccountLock", "FALSE"));
    assert_non_null(fault("nsAccountLock", "true"));
    assert_non_null(fault("pwdAccountLockedTime", "000001010000Z"));
    assert_null(fault("pwdAccountLockedTime", "20231114221320Z")); /* the server's own business */
    assert_null(fault("description", "514"));
}

static void what_is_not_understood_closes(void **state)
{
    (void)state;
    static const char *const names[] = {"userAccountControl", "accountExpires", "pwdLastSet", "shadowExpire",
                                        "nsAccountLock"};
    static const char *const values[] = {"", "x", "1x", " 1", "--1", "99999999999999999999", "0x200"};
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        for (unsigned k = 0; k < ARRAY_SIZE(values); k++)
            assert_non_null(fault(names[i], values[k]));
        assert_non_null(directory_account_fault(names[i], "512\0", 4, NOW));
    }
}

static void identities(void **state)
{
    (void)state;
    const char *const names[] = {"ada", "ada@example.org"};
    const char *dn = "uid=ada,dc=x";
    assert_true(directory_identity_is("dn:UID=ada, dc=x", dn, NULL, 0));
    assert_false(directory_identity_is("dn:uid=bob,dc=x", dn, names, 2));
    assert_false(directory_identity_is("dn:", dn, names, 2));
    assert_true(directory_identity_is("u:EXAMPLE\\ada", dn, names, 2));
    assert_true(directory_identity_is("u:Ada", dn, names, 2));
    assert_true(directory_identity_is("u:ada@example.org", dn, names, 1));
    assert_false(directory_identity_is("u:EXAMPLE\\adam", dn, names, 2));
    assert_false(directory_identity_is("u:EXAMPLE\\", dn, names, 2));
    assert_false(directory_identity_is("u:EXAMPLE\\ada", dn, names, 0));
    assert_false(directory_identity_is("ada", dn, names, 2));
    assert_false(directory_identity_is("", dn, names, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_hold_names_as_data),
        cmocka_unit_test(names_in_templates_are_data),
        cmocka_unit_test(one_spelling_of_a_dn),
        cmocka_unit_test(a_dn_is_bounded),
        cmocka_unit_test(urls),
        cmocka_unit_test(accounts),
        cmocka_unit_test(what_is_not_understood_closes),
        cmocka_unit_test(identities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
