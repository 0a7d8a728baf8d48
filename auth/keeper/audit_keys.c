#include "auth/keeper/audit_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/random.h"

/* ---- the file ---- */

int audit_keys_open(struct audit_keys *self)
{
    *self = (struct audit_keys){.fd = -1};
    _cleanup_close_ int fd = open(AUDIT_KEYS_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    uint8_t bytes[AUDIT_KEYS_SIZE];
    ssize_t n = pread(fd, bytes, sizeof bytes, 0);
    if (n < 0)
        return -errno;
    bool known = n == sizeof bytes && audit_keys_unpack(self, bytes);
    explicit_bzero(bytes, sizeof bytes);
    if (!known)
        explicit_bzero(self, sizeof *self);
    self->fd = take_fd(&fd);
    return known;
}

void audit_keys_close(struct audit_keys *self)
{
    if (self->fd >= 0)
        close(self->fd);
    explicit_bzero(self, sizeof *self);
    self->fd = -1;
}

int audit_keys_write(struct audit_keys *self, bool durable)
{
    uint8_t bytes[AUDIT_KEYS_SIZE];
    audit_keys_pack(self, bytes);
    errno = 0;
    ssize_t n = pwrite(self->fd, bytes, sizeof bytes, 0);
    int r = n == sizeof bytes ? 0 : errno == EFBIG || errno == EDQUOT || !errno ? -ENOSPC : -errno;
    explicit_bzero(bytes, sizeof bytes);
    if (r == 0 && durable && fdatasync(self->fd) < 0)
        r = -errno;
    return r;
}

/* ---- keys ---- */

int audit_keys_make(struct audit_keys *self, uint64_t section, uint64_t next_line)
{
    struct audit_keys made = {.fd = self->fd, .section = section, .mac.number = next_line};
    int r = random_bytes(made.mac.key, sizeof made.mac.key);
    for (unsigned level = 0; level < 2 && r >= 0; level++)
        r = random_bytes(made.chain[level].seed, AUDIT_KEY);
    if (r >= 0)
        *self = made;
    explicit_bzero(&made, sizeof made);
    return r < 0 ? r : 0;
}

int audit_keys_prepare(struct audit_keys *self, enum audit_level level)
{
    int r = random_bytes(self->chain[level].next, AUDIT_KEY);
    if (r < 0)
        return r;
    self->chain[level].has_next = true;
    return 0;
}

void audit_keys_drop_next(struct audit_keys *self)
{
    for (unsigned level = 0; level < 2; level++) {
        explicit_bzero(self->chain[level].next, AUDIT_KEY);
        self->chain[level].has_next = false;
    }
    explicit_bzero(&self->next_mac, sizeof self->next_mac);
}
