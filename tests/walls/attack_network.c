/* Connections to elsewhere: with sockets of its own, and with those that it was given for something else. */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "tests/walls/attack.h"

#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN 0x20000000
#endif

static struct sockaddr_in foreign(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
}

static int make(int family, int type, int protocol)
{
    _cleanup_close_ int fd = socket(family, type | SOCK_CLOEXEC, protocol);
    return attack_result(fd);
}

#define SOCKET(function, family, type, protocol)                                                                       \
    static int function(const struct board *board, enum board_role me)                                                 \
    {                                                                                                                  \
        (void)board, (void)me;                                                                                         \
        return make(family, type, protocol);                                                                           \
    }
SOCKET(tcp, AF_INET, SOCK_STREAM, 0)
SOCKET(tcp6, AF_INET6, SOCK_STREAM, 0)
SOCKET(udp, AF_INET, SOCK_DGRAM, 0)
SOCKET(udp6, AF_INET6, SOCK_DGRAM, 0)
SOCKET(raw, AF_INET, SOCK_RAW, IPPROTO_ICMP)
SOCKET(ping, AF_INET, SOCK_DGRAM, IPPROTO_ICMP)
SOCKET(packet, AF_PACKET, SOCK_RAW, 0)
SOCKET(netlink, AF_NETLINK, SOCK_RAW, 0)
SOCKET(vsock, AF_VSOCK, SOCK_STREAM, 0)
SOCKET(crypto, AF_ALG, SOCK_SEQPACKET, 0)
SOCKET(key, 15 /* AF_KEY */, SOCK_RAW, 2)
SOCKET(can, AF_CAN, SOCK_RAW, 1)
SOCKET(bluetooth, AF_BLUETOOTH, SOCK_RAW, 1)
SOCKET(xdp, 44 /* AF_XDP */, SOCK_RAW, 0)
SOCKET(tipc, AF_TIPC, SOCK_STREAM, 0)
SOCKET(rds, AF_RDS, SOCK_SEQPACKET, 0)
SOCKET(unix_socket, AF_UNIX, SOCK_STREAM, 0)

/* A connection that is on its way was not stopped. */
static int sent(long r)
{
    return r < 0 && errno != EINPROGRESS && errno != ECONNREFUSED ? errno : GOT_IT;
}

/* Connects, where there is a socket to do it with. */
static int reach(int fd, const void *address, socklen_t size)
{
    return fd < 0 ? errno : sent(connect(fd, address, size));
}

static int tcp_connect(const struct board *board, enum board_role me)
{
    struct sockaddr_in address = foreign(board->tcp_port);
    (void)me;
    _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return reach(fd, &address, sizeof address);
}

static int name_server(const struct board *board, enum board_role me)
{
    struct sockaddr_in address = foreign(board->udp_port);
    (void)me;
    _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    return sent(sendto(fd, "x", 1, 0, (struct sockaddr *)&address, sizeof address));
}

static int unix_path(const struct board *board, enum board_role me)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)me;
    snprintf(address.sun_path, sizeof address.sun_path, "%.107s", board->unix_path);
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return reach(fd, &address, sizeof address);
}

static int unix_datagram(const struct board *board, enum board_role me)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)me;
    snprintf(address.sun_path, sizeof address.sun_path, "%.100s.dgram", board->unix_path);
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    return sent(sendto(fd, "x", 1, 0, (struct sockaddr *)&address, sizeof address));
}

/* Two sockets that are connected to each other can still be sent from to elsewhere, if they are of datagrams. */
static int unix_datagram_of_a_pair(const struct board *board, enum board_role me)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char byte = 0;
    struct iovec iov = {&byte, 1};
    struct msghdr m = {.msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &iov, .msg_iovlen = 1};
    int pair[2];
    (void)me;
    snprintf(address.sun_path, sizeof address.sun_path, "%.100s.dgram", board->unix_path);
    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) < 0)
        return errno;
    _cleanup_close_ int ours = pair[0];
    attr_unused _cleanup_close_ int theirs = pair[1];
    return sent(sendmsg(ours, &m, 0));
}

/* From the channels it was given, and from what its log goes to. */
static int unix_message_of_old_sockets(const struct board *board, enum board_role me)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char byte = 0;
    struct iovec iov = {&byte, 1};
    struct msghdr m = {.msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &iov, .msg_iovlen = 1};
    int r = ENOTSOCK, type;
    (void)me;
    snprintf(address.sun_path, sizeof address.sun_path, "%.100s.dgram", board->unix_path);
    for (int fd = 0; fd < 64; fd++) {
        socklen_t size = sizeof type;
        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_DGRAM)
            continue;
        r = sent(sendmsg(fd, &m, 0));
        if (r == GOT_IT)
            return r;
    }
    return r;
}

static int unix_abstract(const struct board *board, enum board_role me)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t n = strlen(board->abstract_name);
    (void)me;
    memcpy(address.sun_path + 1, board->abstract_name, n);
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return reach(fd, &address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n));
}

/* A viewer that the kernel has for us, where nobody took it yet. */
static void take_viewer(void)
{
    for (int fd = 3; fd < 64; fd++) {
        int listens = 0;
        socklen_t size = sizeof listens;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens && poll(&p, 1, 1000) == 1)
            (void)accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    }
}

/* The next descriptor that is an internet socket of this state; -1: none. */
static int next_internet(int from, int want_listener)
{
    for (int fd = from; fd < 1024; fd++) {
        int family = 0, listens = 0;
        socklen_t size = sizeof family;
        if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) < 0 || (family != AF_INET && family != AF_INET6))
            continue;
        size = sizeof listens;
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size);
        if (listens == want_listener)
            return fd;
    }
    return -1;
}

static int old_socket(const struct board *board, int want_listener, bool fast_open)
{
    struct sockaddr_in address = foreign(board->tcp_port);
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    if (!want_listener)
        take_viewer();
    int fd = next_internet(3, want_listener);
    if (fd < 0) {
        attack_note("it holds no such socket");
        return NOT_HERE;
    }
    attack_begin_anew();
    if (want_listener)
        shutdown(fd, SHUT_RDWR);
    else
        connect(fd, &nowhere, sizeof nowhere);
    if (fast_open)
        return sent(sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&address, sizeof address));
    return reach(fd, &address, sizeof address);
}

static int listener_again(const struct board *board, enum board_role me)
{
    (void)me;
    return old_socket(board, 1, false);
}

static int listener_fast_open(const struct board *board, enum board_role me)
{
    (void)me;
    return old_socket(board, 1, true);
}

/* For everybody who has it, the supervisor included. That the page is there afterwards, the test looks at itself. */
static int stop_listeners(const struct board *board, enum board_role me)
{
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    unsigned n = 0;
    (void)board, (void)me;
    attack_begin_anew();
    for (int fd; (fd = next_internet(3, 1)) >= 0 && n < 64; n++)
        if (connect(fd, &nowhere, 4) < 0)
            return errno;
    attack_note("%u stopped, until the next gateway", n);
    return EBADF;
}

static int viewer_again(const struct board *board, enum board_role me)
{
    (void)me;
    return old_socket(board, 0, false);
}

static int viewer_fast_open(const struct board *board, enum board_role me)
{
    (void)me;
    return old_socket(board, 0, true);
}

static int fast_open_message(const struct board *board, enum board_role me)
{
    struct sockaddr_in address = foreign(board->tcp_port);
    char byte = 0;
    struct iovec iov = {&byte, 1};
    struct msghdr m = {.msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &iov, .msg_iovlen = 1};
    int fd = next_internet(3, 1);
    (void)me;
    if (fd < 0)
        return NOT_HERE;
    attack_begin_anew();
    shutdown(fd, SHUT_RDWR);
    return sent(sendmsg(fd, &m, MSG_FASTOPEN));
}

static int fast_open_messages(const struct board *board, enum board_role me)
{
    struct sockaddr_in address = foreign(board->tcp_port);
    char byte = 0;
    struct iovec iov = {&byte, 1};
    struct mmsghdr m = {{.msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &iov, .msg_iovlen = 1}, 0};
    int fd = next_internet(3, 1);
    (void)me;
    if (fd < 0)
        return NOT_HERE;
    attack_begin_anew();
    shutdown(fd, SHUT_RDWR);
    return sent(sendmmsg(fd, &m, 1, MSG_FASTOPEN));
}

static int listen_elsewhere(const struct board *board, enum board_role me)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    int old = next_internet(3, 1);
    (void)board, (void)me;
    _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int it = fd >= 0 ? fd : old;
    if (it < 0)
        return errno;
    if (it == old) {
        attack_begin_anew();
        shutdown(it, SHUT_RDWR);
    }
    if (bind(it, (struct sockaddr *)&any, sizeof any) < 0)
        return errno;
    return attack_result(listen(it, 1));
}

static int listen_unbound(const struct board *board, enum board_role me)
{
    (void)board, (void)me;
    _cleanup_close_ int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd < 0 ? errno : attack_result(listen(fd, 1));
}

static int accept_(const struct board *board, enum board_role me)
{
    (void)board, (void)me;
    int r = attack_result(accept4(0, NULL, NULL, 0));
    if (r == ENOTSOCK)
        attack_note("the kernel looked at it");
    return r;
}

/* What a role may: the gateway a unix socket (for its machines), outward the internet, the helper netlink. */
static const struct attempt attempts[] = {
    {"a TCP socket", BY_ALL & ~BY_OUTWARD, tcp},
    {"a TCP socket over IPv6", BY_ALL & ~BY_OUTWARD, tcp6},
    {"a UDP socket", BY_ALL & ~BY_OUTWARD, udp},
    {"a UDP socket over IPv6", BY_ALL & ~BY_OUTWARD, udp6},
    {"a raw socket", BY_ALL, raw},
    {"a ping socket", BY_ALL & ~BY_OUTWARD, ping},
    {"a packet socket", BY_ALL, packet},
    {"a netlink socket", BY_PARTS, netlink},
    {"a vsock socket", BY_ALL, vsock},
    {"a crypto socket", BY_ALL, crypto},
    {"a key socket", BY_ALL, key},
    {"a CAN socket", BY_ALL, can},
    {"a Bluetooth socket", BY_ALL, bluetooth},
    {"an XDP socket", BY_ALL, xdp},
    {"a TIPC socket", BY_ALL, tipc},
    {"an RDS socket", BY_ALL, rds},
    {"a unix socket", BY_ALL & ~BY_GATEWAY, unix_socket},
    {"connect over TCP", BY_ALL & ~BY_OUTWARD, tcp_connect},
    {"ask a name server", BY_ALL & ~BY_OUTWARD, name_server},
    {"connect to another's unix socket", BY_ALL, unix_path},
    {"send to another's unix socket", BY_ALL, unix_datagram},
    {"send to another's unix socket from a pair", BY_ALL, unix_datagram_of_a_pair},
    {"send to another's unix socket from those it has", BY_ALL, unix_message_of_old_sockets},
    {"connect to another's abstract socket", BY_ALL, unix_abstract},
    {"connect a viewer's socket elsewhere", BY_GATEWAY, viewer_again},
    {"send elsewhere from a viewer's socket", BY_GATEWAY, viewer_fast_open},
    {"listen elsewhere", BY_ALL, listen_elsewhere},
    {"listen on a port that the kernel chooses", BY_ALL, listen_unbound},
    {"accept", BY_KEEPER | BY_OUTWARD | BY_READER, accept_},
    {"stop the listeners", BY_GATEWAY, stop_listeners},
    {"connect a listener elsewhere", BY_GATEWAY, listener_again},
    {"send elsewhere from a listener", BY_GATEWAY, listener_fast_open},
    {"send elsewhere from a listener by sendmsg", BY_GATEWAY, fast_open_message},
    {"send elsewhere from a listener by sendmmsg", BY_GATEWAY, fast_open_messages},
};
const struct attempt_list attack_network = {attempts, ARRAY_SIZE(attempts)};
