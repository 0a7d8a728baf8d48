/* Whether an address is this host's: the kernel is asked which address it would send from. To itself it sends from the
 * very address it sends to. Nothing is sent, no list of interfaces can be out of date, and no netlink socket is
 * needed, which the sandbox does not have. */
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "media/outward/address_policy.h"

static bool same_host(const struct sockaddr_storage *a, const struct sockaddr *b)
{
    if (a->ss_family != b->sa_family)
        return false;
    if (b->sa_family == AF_INET)
        return memcmp(&((const struct sockaddr_in *)a)->sin_addr, &((const struct sockaddr_in *)b)->sin_addr,
                      sizeof(struct in_addr)) == 0;
    return memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr, &((const struct sockaddr_in6 *)b)->sin6_addr,
                  sizeof(struct in6_addr)) == 0;
}

static bool is_own(const struct sockaddr *address)
{
    _cleanup_close_ int fd = socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_storage from = {0};
    socklen_t size = address->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    socklen_t from_size = sizeof from;
    /* what cannot be asked cannot be reached either */
    return fd >= 0 && connect(fd, address, size) == 0 && getsockname(fd, (struct sockaddr *)&from, &from_size) == 0 &&
           same_host(&from, address);
}

const char *address_policy_check(const struct address_policy *self, const struct sockaddr *address)
{
    return address_policy_judge(self, address, is_own);
}
