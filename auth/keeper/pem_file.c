#include "auth/keeper/pem_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/stat.h>

#include "auth/keeper_wire.h"
#include "core/cleanup.h"

DEFINE_CLEANUP(BIO, BIO_free)

int pem_file_read_fd(int fd, char **ret, size_t *ret_size)
{
    _cleanup_free_ char *room = malloc(KEEPER_MAX_PEM + 1);
    if (!room)
        return -ENOMEM;
    size_t have = 0;
    for (;;) {
        ssize_t n = pread(fd, room + have, KEEPER_MAX_PEM + 1 - have, (off_t)have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        have += (size_t)n;
        if (have > KEEPER_MAX_PEM)
            return -EFBIG;
    }
    room[have] = 0;
    *ret = take(room);
    *ret_size = have;
    return 0;
}

int pem_file_read(const char *name, char **ret, size_t *ret_size)
{
    _cleanup_close_ int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? 1 : -errno;
    return pem_file_read_fd(fd, ret, ret_size);
}

EVP_PKEY *pem_key(const char *pem)
{
    attr_cleanup(BIO_freep) BIO *bio = BIO_new_mem_buf(pem, -1);
    /* an empty pass phrase, so that an encrypted key fails instead of asking on a terminal */
    return bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"") : NULL;
}

X509 *pem_certificate(const char *pem)
{
    attr_cleanup(BIO_freep) BIO *bio = BIO_new_mem_buf(pem, -1);
    return bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
}
