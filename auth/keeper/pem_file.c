#include "auth/keeper/pem_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/stat.h>

#include "auth/keeper_wire.h"
#include "core/cleanup.h"
#include "core/fd_read.h"

DEFINE_CLEANUP(BIO, BIO_free)

int pem_file_read_fd(int fd, char **ret, size_t *ret_size)
{
    _cleanup_free_ char *room = malloc(KEEPER_MAX_PEM + 1);
    if (!room)
        return -ENOMEM;
    /* a descriptor may be read again: whoever sent it keeps it */
    ssize_t have = lseek(fd, 0, SEEK_SET) < 0 ? -errno : fd_read_up_to(fd, room, KEEPER_MAX_PEM + 1);
    if (have < 0)
        return (int)have;
    if (have > KEEPER_MAX_PEM)
        return -EFBIG;
    room[have] = 0;
    *ret = take(room);
    *ret_size = (size_t)have;
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
