#include "media/nbd_device.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/genetlink.h>
#include <linux/nbd-netlink.h>
#include <linux/nbd.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "media/nbd_netlink.h"

#define OWNER "lightsout"
#define ANSWER_SECONDS 5
#define MAX_DATAGRAMS 64
#define CONNECT_TRIES 8
#define NOTICE_US 2000000 /* in which the kernel notices that a connection is dead */
#define STEP_US 10000

/* --- talking to the kernel --- */

static int open_netlink(void)
{
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    struct timeval patience = {.tv_sec = ANSWER_SECONDS};
    _cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
    if (fd < 0)
        return -errno;
    /* connected: nobody but the kernel can answer */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0 ||
        connect(fd, (const struct sockaddr *)&kernel, sizeof kernel) < 0)
        return -errno;
    return take_fd(&fd);
}

static int exchange(int fd, const struct nbd_netlink_request *request, struct nbd_netlink_answer *answer)
{
    uint8_t room[NBD_NETLINK_ROOM], datagram[8192];
    size_t size = nbd_netlink_write(request, room);
    *answer = (struct nbd_netlink_answer){.done = false};
    if (!size)
        return -EMSGSIZE;
    if (send(fd, room, size, 0) < 0)
        return -errno;
    for (unsigned i = 0; i < MAX_DATAGRAMS && !answer->done; i++) {
        ssize_t n = recv(fd, datagram, sizeof datagram, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? -ETIMEDOUT : -errno;
        if (!nbd_netlink_read(datagram, (size_t)n, request->serial, answer))
            return -EPROTO;
    }
    return answer->done ? answer->error : -EPROTO;
}

static int ask(struct nbd_netlink_request *request, struct nbd_netlink_answer *answer)
{
    _cleanup_close_ int fd = open_netlink();
    if (fd < 0)
        return fd;
    struct nbd_netlink_request family = {.serial = 1};
    int r = exchange(fd, &family, answer);
    if (r < 0)
        return r; /* ENOENT: no such family, the module is not loaded */
    if (!answer->has_family)
        return -EPROTO;
    request->family = answer->family;
    request->serial = 2;
    return exchange(fd, request, answer);
}

/* --- connecting --- */

/* The driver cuts what is no multiple of the block. Our server gives zeros behind the end of what is read-only. */
static int whole_blocks(const struct nbd_device_config *config, struct nbd_device_config *ret)
{
    *ret = *config;
    if (!config->size || config->block_size < 512 || config->block_size & (config->block_size - 1))
        return -EINVAL;
    uint64_t odd = config->size % config->block_size;
    if (odd && !(config->flags & NBD_FLAG_READ_ONLY))
        return -EINVAL;
    if (odd && add_overflows(config->size, config->block_size - odd, &ret->size))
        return -EINVAL;
    return 0;
}

/* Of whoever had this number before, nothing stays in the page cache. */
static int make_fresh(unsigned index, uint64_t size)
{
    char path[32];
    uint64_t found = 0;
    nbd_device_path(index, path, sizeof path);
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (ioctl(fd, BLKGETSIZE64, &found) < 0 || ioctl(fd, BLKFLSBUF, 0) < 0)
        return -errno;
    return found == size ? 0 : -EBUSY; /* somebody else was faster */
}

int nbd_device_attach(const struct nbd_device_config *config, const int *sockets, unsigned n, unsigned *ret_index)
{
    struct nbd_device_config whole;
    struct nbd_netlink_answer answer;
    int r = whole_blocks(config, &whole);
    struct nbd_netlink_request request = {.command = NBD_CMD_CONNECT,
                                          .index = -1, /* one that nobody uses, or a new one */
                                          .config = &whole,
                                          .sockets = sockets,
                                          .n_sockets = n,
                                          .owner = OWNER};
    if (r < 0)
        return r;
    for (unsigned i = 0; i < CONNECT_TRIES; i++) {
        r = ask(&request, &answer);
        if (r != -EBUSY)
            break;
        usleep(STEP_US); /* it was just being given up */
    }
    if (r < 0)
        return r;
    if (!answer.has_index)
        return -EPROTO;
    *ret_index = answer.index;
    return 0;
}

int nbd_device_settle(unsigned index, const struct nbd_device_config *config)
{
    struct nbd_device_config whole;
    int r = whole_blocks(config, &whole);
    if (r >= 0)
        r = make_fresh(index, whole.size);
    if (r < 0)
        (void)nbd_device_disconnect(index);
    return r;
}

int nbd_device_connect(const struct nbd_device_config *config, const int *sockets, unsigned n, unsigned *ret_index)
{
    unsigned index = 0;
    int r = nbd_device_attach(config, sockets, n, &index);
    if (r >= 0)
        r = nbd_device_settle(index, config);
    if (r >= 0)
        *ret_index = index;
    return r;
}

/* --- connecting anew --- */

static bool set_send_timeout(int fd, long seconds)
{
    struct timeval timeout = {.tv_sec = seconds};
    return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) == 0;
}

/* The kernel reports success also when it had no use for a socket, because it takes the old connection for alive. A
 * socket that it uses has its time limit. */
static bool is_taken(int fd)
{
    struct timeval timeout = {.tv_sec = 0};
    socklen_t size = sizeof timeout;
    return getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, &size) == 0 && (timeout.tv_sec || timeout.tv_usec);
}

int nbd_device_reconnect(unsigned index, const struct nbd_device_config *config, const int *sockets, unsigned n)
{
    uint64_t limit = clock_now_us() + NOTICE_US;
    unsigned taken = 0;
    int left[NBD_NETLINK_SOCKETS];
    if (!n || n > NBD_NETLINK_SOCKETS || !config->timeout_s)
        return -EINVAL;
    for (unsigned i = 0; i < n; i++) {
        left[i] = sockets[i];
        if (!set_send_timeout(left[i], 0))
            return -errno;
    }
    for (unsigned waiting = n;;) {
        struct nbd_netlink_answer answer;
        struct nbd_netlink_request request = {.command = NBD_CMD_RECONFIGURE,
                                              .index = index,
                                              .config = config,
                                              .sockets = left,
                                              .n_sockets = waiting,
                                              .owner = OWNER};
        int r = ask(&request, &answer);
        if (r < 0)
            return r;
        unsigned still = 0;
        for (unsigned i = 0; i < waiting; i++)
            if (!is_taken(left[i]))
                left[still++] = left[i];
        taken += waiting - still;
        waiting = still;
        if (!waiting || clock_now_us() >= limit)
            return taken ? 0 : -EBUSY;
        usleep(STEP_US);
    }
}

/* --- the rest --- */

int nbd_device_disconnect(unsigned index)
{
    struct nbd_netlink_answer answer;
    struct nbd_netlink_request request = {.command = NBD_CMD_DISCONNECT, .index = index};
    return ask(&request, &answer);
}

bool nbd_device_connected(unsigned index)
{
    struct nbd_netlink_answer answer;
    struct nbd_netlink_request request = {.command = NBD_CMD_STATUS, .index = index};
    return ask(&request, &answer) >= 0 && answer.has_connected && answer.connected;
}

bool nbd_device_progress(unsigned index, uint64_t *ret_done, unsigned *ret_in_flight)
{
    char path[64];
    unsigned long long reads, writes, in_flight, discards, flushes = 0;
    snprintf(path, sizeof path, "/sys/block/nbd%u/stat", index);
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    /* Documentation/block/stat.rst; old kernels do not count flushes */
    int n = fscanf(f, "%llu %*u %*u %*u %llu %*u %*u %*u %llu %*u %*u %llu %*u %*u %*u %llu", &reads, &writes,
                   &in_flight, &discards, &flushes);
    fclose(f);
    if (n < 4)
        return false;
    *ret_done = reads + writes + discards + flushes;
    *ret_in_flight = (unsigned)in_flight;
    return true;
}

void nbd_device_path(unsigned index, char *room, size_t size)
{
    snprintf(room, size, "/dev/nbd%u", index);
}

int nbd_device_set_read_ahead(unsigned index, unsigned kilobytes)
{
    char path[64], text[16];
    snprintf(path, sizeof path, "/sys/block/nbd%u/queue/read_ahead_kb", index);
    int length = snprintf(text, sizeof text, "%u", kilobytes);
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    return write(fd, text, (size_t)length) < 0 ? -errno : 0;
}

static bool is_ours(const char *name)
{
    char path[300], text[sizeof OWNER + 1] = "";
    snprintf(path, sizeof path, "/sys/block/%s/backend", name);
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && read(fd, text, sizeof text - 1) >= (ssize_t)strlen(OWNER) &&
           strncmp(text, OWNER, strlen(OWNER)) == 0;
}

unsigned nbd_device_remove_left_over(void)
{
    unsigned removed = 0, index;
    DIR *folder = opendir("/sys/block");
    for (struct dirent *e; folder && (e = readdir(folder));)
        if (sscanf(e->d_name, "nbd%u", &index) == 1 && is_ours(e->d_name) && nbd_device_disconnect(index) >= 0)
            removed++;
    if (folder)
        closedir(folder);
    return removed;
}
