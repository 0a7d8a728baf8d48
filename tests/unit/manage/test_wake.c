/* Wake-on-LAN: the packet's bytes, and that it leaves at the subnet's broadcast address exactly so (on a veth pair in a
 * network namespace of its own; as root). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "manage/wake.h"

static const struct wake plain = {.mac = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56}};

static void test_the_packet(void **state)
{
    uint8_t room[WAKE_PACKET_MAX];
    (void)state;
    assert_int_equal(wake_packet(&plain, room), 102);
    for (int i = 0; i < 6; i++)
        assert_int_equal(room[i], 0xff);
    for (int i = 0; i < 16; i++)
        assert_memory_equal(room + 6 + 6 * i, plain.mac, 6);
}

static void test_the_password_stands_behind(void **state)
{
    uint8_t room[WAKE_PACKET_MAX];
    struct wake secure = plain;
    (void)state;
    secure.secure = true;
    memcpy(secure.password, "\x01\x02\x03\x04\x05\x06", 6);
    assert_int_equal(wake_packet(&secure, room), 108);
    assert_memory_equal(room + 102, "\x01\x02\x03\x04\x05\x06", 6);
}

/* A veth pair alone in a namespace: packets go in at one end, a raw receiver at the other sees what was on the wire. */
static const char *enter_namespace(void)
{
    static const char script[] = "ip link add wake0 type veth peer name wake1 && "
                                 "ip addr add 192.0.2.1/25 brd 192.0.2.127 dev wake0 && "
                                 "ip link set wake0 up && ip link set wake1 up";
    if (geteuid() != 0)
        return "only root makes network namespaces";
    if (unshare(CLONE_NEWNET) < 0)
        return strerror(errno);
    /* NOLINTNEXTLINE(cert-env33-c): a fixed text */
    return system(script) == 0 ? NULL : "no veth pair (package iproute2, kernel module veth)";
}

static int open_receiver(void)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_IP));
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP)};
    address.sll_ifindex = (int)if_nametoindex("wake1");
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* The next UDP datagram to the port: its frame. */
static size_t receive(int fd, uint16_t port, uint8_t *room, size_t size)
{
    uint64_t limit = clock_now_us() + 120000000;
    while (clock_now_us() < limit) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        if (poll(&poll_fd, 1, 200) < 1)
            continue;
        ssize_t n = recv(fd, room, size, 0);
        if (n >= 42 && room[14] == 0x45 && room[23] == IPPROTO_UDP && (room[36] << 8 | room[37]) == port)
            return (size_t)n;
    }
    fail_msg("no datagram came");
    return 0;
}

static void send_and_check(int fd, struct wake wake, uint16_t port)
{
    uint8_t frame[2048], packet[WAKE_PACKET_MAX];
    char why[256] = "";
    size_t size = wake_packet(&wake, packet);
    assert_int_equal(wake_send(&wake, why, sizeof why), 0);
    size_t n = receive(fd, port, frame, sizeof frame);
    assert_memory_equal(frame, "\xff\xff\xff\xff\xff\xff", 6);     /* to everybody on the wire */
    assert_memory_equal(frame + 30, "\xc0\x00\x02\x7f", 4);        /* 192.0.2.127 */
    assert_int_equal(frame[38] << 8 | frame[39], (int)(size + 8)); /* of the UDP header */
    assert_true(n >= 42 + size);
    assert_memory_equal(frame + 42, packet, size);
}

static void test_on_the_wire(void **state)
{
    const char *why_not = enter_namespace();
    (void)state;
    if (why_not) {
        print_message("skipped: %s\n", why_not);
        skip();
    }
    int fd = open_receiver();
    struct wake wake = plain;
    wake.secure = true;
    memcpy(wake.password, "secure", 6);
    send_and_check(fd, wake, WAKE_PORT); /* nothing configured: the interface's own */
    wake.broadcast.s_addr = inet_addr("192.0.2.127");
    wake.port = 4000;
    send_and_check(fd, wake, 4000);

    char why[256] = "";
    wake.broadcast.s_addr = inet_addr("198.51.100.255");
    assert_int_equal(wake_send(&wake, why, sizeof why), -ENETUNREACH);
    assert_non_null(strstr(why, "198.51.100.255"));
    assert_non_null(strstr(why, "wake-broadcast"));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_packet), cmocka_unit_test(test_the_password_stands_behind),
        cmocka_unit_test(test_on_the_wire), /* last: it stays in its namespace */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
