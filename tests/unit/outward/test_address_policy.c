/* Which addresses may be connected to. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "media/outward/address_policy.h"

static struct sockaddr_storage address_of(const char *text)
{
    struct sockaddr_storage address = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1)
        v4->sin_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1)
        v6->sin6_family = AF_INET6;
    else
        fail_msg("%s is no address", text);
    return address;
}

static bool is_ours(const struct sockaddr *address)
{
    char text[ADDRESS_TEXT];
    address_text(address, text);
    return strcmp(text, "192.0.2.7") == 0 || strcmp(text, "[2001:db8::7]") == 0;
}

static const char *judge(const struct address_policy *policy, const char *text)
{
    struct sockaddr_storage address = address_of(text);
    return address_policy_judge(policy, (const struct sockaddr *)&address, is_ours);
}

static void add(struct address_networks *networks, const char *text)
{
    assert_true(address_network_parse(text, &networks->list[networks->n++]));
}

static void what_is_refused(void **state)
{
    static const char *const refused[] = {
        "0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.254", "169.254.169.254", "224.0.0.1", "239.255.255.255",
        "240.0.0.1", "255.255.255.255", "192.0.2.7", "::", "::1", "fe80::1", "febf::1", "fec0::1", "ff02::1",
        "2001:db8::7",
        /* the same inside others */
        "::ffff:127.0.0.1", "::ffff:0.0.0.0", "::ffff:169.254.169.254", "::ffff:192.0.2.7", "::127.0.0.1", "::0.0.0.2",
        "64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b::192.0.2.7", "64:ff9b:1::8.8.8.8",
        "64:ff9b:1:ffff::1", "2002:7f00:1::1", "2002:a9fe:a9fe::", "2002:c000:207::1",
        "2001:0:7f00:1::1",                                             /* Teredo: the server */
        "2001:0:808:808:0:0:80ff:fffe",                                 /* and the client, 127.0.0.1 inverted */
        "2001:db8:1::5efe:127.0.0.1", "2001:db8:1::200:5efe:127.0.0.1", /* ISATAP */
    };
    static const char *const fine[] = {
        "1.2.3.4",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "192.0.2.8",
        "126.255.255.255",
        "128.0.0.1",
        "223.255.255.255",
        "2001:db8::8",
        "fd00::1",
        "2a00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::8.8.8.8",
        "64:ff9b::1.2.3.4",
        "2002:808:808::1",
        "2001:db8:1::5efe:8.8.8.8",
        "fe7f::1",
        "::8.8.8.8",
    };
    struct address_policy policy = {0};
    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(refused); i++)
        if (!judge(&policy, refused[i]))
            fail_msg("%s was taken", refused[i]);
    for (unsigned i = 0; i < ARRAY_SIZE(fine); i++)
        if (judge(&policy, fine[i]))
            fail_msg("%s %s", fine[i], judge(&policy, fine[i]));
}

static void what_the_configuration_allows(void **state)
{
    struct address_policy policy = {0};
    (void)state;
    add(&policy.allow, "127.0.0.1");
    add(&policy.allow, "fe80::/10");
    add(&policy.allow, "192.0.2.0/24");
    assert_null(judge(&policy, "127.0.0.1"));
    assert_null(judge(&policy, "::ffff:127.0.0.1"));
    assert_null(judge(&policy, "64:ff9b::127.0.0.1"));
    assert_null(judge(&policy, "fe80::7"));
    assert_null(judge(&policy, "192.0.2.7")); /* our own */
    assert_non_null(judge(&policy, "127.0.0.2"));
    assert_non_null(judge(&policy, "::1"));
    add(&policy.allow, "64:ff9b:1::/48");
    assert_null(judge(&policy, "64:ff9b:1::8.8.8.8"));
}

static void what_it_denies(void **state)
{
    struct address_policy policy = {0};
    (void)state;
    add(&policy.deny, "192.168.0.0/16");
    add(&policy.deny, "fc00::/7");
    add(&policy.allow, "192.168.1.0/24");
    assert_non_null(judge(&policy, "192.168.1.1"));
    assert_non_null(judge(&policy, "::ffff:192.168.1.1"));
    assert_non_null(judge(&policy, "64:ff9b::192.168.1.1"));
    assert_non_null(judge(&policy, "2002:c0a8:101::1"));
    assert_non_null(judge(&policy, "fd12::1"));
    assert_null(judge(&policy, "10.0.0.1"));
    add(&policy.deny, "0.0.0.0/0");
    assert_non_null(judge(&policy, "1.2.3.4"));
    assert_null(judge(&policy, "2001:db8::1"));
}

static void how_networks_are_written(void **state)
{
    static const char *const good[] = {"0.0.0.0/0", "10.0.0.0/8", "10.1.2.3",  "10.1.2.3/32",
                                       "::/0",      "::1",        "fe80::/10", "::ffff:1.2.3.4/128"};
    static const char *const bad[] = {
        "",       "/8",         "10.0.0.0/",   "10.0.0.0/33", "10.0.0.1/8",    "10/8",        "a",
        "::/129", "fe80::1/10", "10.0.0.0/8x", "10.0.0.0/-1", "10.0.0.0/0008", "10.0.0.0/8/8"};
    struct address_network network;
    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(good); i++)
        if (!address_network_parse(good[i], &network))
            fail_msg("%s was refused", good[i]);
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
        if (address_network_parse(bad[i], &network))
            fail_msg("%s was taken", bad[i]);
}

/* This host's own, as the kernel says. */
static void our_own_addresses(void **state)
{
    struct address_policy policy = {0};
    struct sockaddr_storage own = address_of("192.0.2.1");
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    (void)state;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ((struct sockaddr_in *)&own)->sin_port = htons(9);
    if (connect(fd, (struct sockaddr *)&own, sizeof(struct sockaddr_in)) < 0 ||
        getsockname(fd, (struct sockaddr *)&from, &size) < 0) {
        print_message("this host has no route to anywhere: left out\n");
        close(fd);
        skip();
    }
    close(fd);
    const char *why = address_policy_check(&policy, (struct sockaddr *)&from);
    assert_non_null(why);
    assert_string_equal(why, "is an address of this host");
    assert_null(address_policy_check(&policy, (struct sockaddr *)&own));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_refused),   cmocka_unit_test(what_the_configuration_allows),
        cmocka_unit_test(what_it_denies),    cmocka_unit_test(how_networks_are_written),
        cmocka_unit_test(our_own_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
