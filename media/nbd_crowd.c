#include "media/nbd_crowd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "media/nbd_connection.h"

int nbd_origin_of(int fd, struct nbd_origin *ret)
{
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof peer;
    if (getpeername(fd, (struct sockaddr *)&peer, &size) < 0)
        return -errno;
    *ret = (struct nbd_origin){.remote = true};
    if (peer.ss_family == AF_INET) {
        memset(ret->address + 10, 0xff, 2);
        memcpy(ret->address + 12, &((const struct sockaddr_in *)&peer)->sin_addr, 4);
    } else if (peer.ss_family == AF_INET6) {
        const struct in6_addr *address = &((const struct sockaddr_in6 *)&peer)->sin6_addr;
        memcpy(ret->address, address, IN6_IS_ADDR_V4MAPPED(address) ? 16 : 8);
    }
    return 0;
}

void nbd_origin_text(const struct nbd_origin *self, char room[NBD_ORIGIN_TEXT])
{
    if (!inet_ntop(AF_INET6, self->address, room, NBD_ORIGIN_TEXT))
        snprintf(room, NBD_ORIGIN_TEXT, "unknown");
}

static bool has_proved_nothing(const struct nbd_guest *guest)
{
    return guest->origin.remote && !nbd_connection_peer(guest->connection)->identity;
}

bool nbd_crowd_admits(const struct nbd_guest *guests, unsigned n, const struct nbd_origin *origin)
{
    unsigned all = 0, strangers = 0;
    for (unsigned i = 0; i < n; i++) {
        bool same = guests[i].origin.remote && memcmp(guests[i].origin.address, origin->address, 16) == 0;
        all += same;
        strangers += same && has_proved_nothing(&guests[i]);
    }
    return all < NBD_MAX_PER_ADDRESS && strangers < NBD_MAX_STRANGERS;
}

int nbd_crowd_gives_way(const struct nbd_guest *guests, unsigned n)
{
    int oldest = -1;
    for (unsigned i = 0; i < n; i++)
        if (has_proved_nothing(&guests[i]) && (oldest < 0 || guests[i].came < guests[oldest].came))
            oldest = (int)i;
    return oldest;
}
