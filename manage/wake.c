#include "manage/wake.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/cleanup.h"

size_t wake_packet(const struct wake *self, uint8_t room[WAKE_PACKET_MAX])
{
    size_t n = 6;
    memset(room, 0xff, n);
    for (int i = 0; i < 16; i++, n += sizeof self->mac)
        memcpy(room + n, self->mac, sizeof self->mac);
    if (self->secure) {
        memcpy(room + n, self->password, sizeof self->password);
        n += sizeof self->password;
    }
    return n;
}

static int send_to(int fd, const struct wake *self, struct in_addr address)
{
    uint8_t packet[WAKE_PACKET_MAX];
    size_t size = wake_packet(self, packet);
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(self->port ? self->port : WAKE_PORT), .sin_addr = address};
    ssize_t n = sendto(fd, packet, size, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&to, sizeof to);
    return n < 0 ? -errno : 0;
}

/* Its subnet's last address. Not ifa_broadaddr, which is our own address where an interface was set up without one. */
static bool broadcast_of(const struct ifaddrs *i, struct in_addr *ret)
{
    if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || !i->ifa_netmask ||
        (i->ifa_flags & (IFF_UP | IFF_BROADCAST | IFF_LOOPBACK)) != (IFF_UP | IFF_BROADCAST))
        return false;
    const struct sockaddr_in *own = (const void *)i->ifa_addr, *mask = (const void *)i->ifa_netmask;
    uint32_t hosts = ~ntohl(mask->sin_addr.s_addr);
    ret->s_addr = own->sin_addr.s_addr | htonl(hosts);
    return hosts > 1; /* two addresses and less are a link from point to point */
}

/* 255.255.255.255 would leave by one interface only, the one with the default route. */
static int send_everywhere(int fd, const struct wake *self)
{
    struct ifaddrs *all;
    int result = -ENETUNREACH;
    if (getifaddrs(&all) < 0)
        return -errno;
    for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
        struct in_addr address;
        if (!broadcast_of(i, &address))
            continue;
        int r = send_to(fd, self, address);
        if (r == 0 || result == -ENETUNREACH)
            result = r;
    }
    freeifaddrs(all);
    return result;
}

int wake_send(const struct wake *self, char *why, size_t why_size)
{
    const int yes = 1;
    _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int r = fd < 0 || setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof yes) < 0 ? -errno : 0;
    bool everywhere = self->broadcast.s_addr == htonl(INADDR_ANY);
    if (r == 0)
        r = everywhere ? send_everywhere(fd, self) : send_to(fd, self, self->broadcast);
    if (r == 0)
        return 0;
    char address[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &self->broadcast, address, sizeof address);
    if (everywhere)
        snprintf(why, why_size,
                 "The Wake-on-LAN packet was not sent: no network interface with a broadcast address took it (%s); "
                 "connect one, or give wake-broadcast.",
                 strerror(-r));
    else
        snprintf(why, why_size,
                 "The Wake-on-LAN packet was not sent to %s (%s): correct wake-broadcast; 'ip -4 addr' shows the "
                 "addresses behind brd.",
                 address, strerror(-r));
    return r;
}
