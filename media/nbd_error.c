#include "media/nbd_error.h"

#include <errno.h>

enum nbd_error nbd_error_from_errno(int error)
{
    switch (-error) {
    case 0:
        return NBD_OK;
    case EPERM:
    case EROFS:
    case EACCES:
        return NBD_EPERM;
    case ENOMEM:
        return NBD_ENOMEM;
    case EINVAL:
        return NBD_EINVAL;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return NBD_ENOSPC;
    case EOPNOTSUPP:
        return NBD_ENOTSUP;
    case ESHUTDOWN:
    case ECANCELED:
    case EAGAIN:
    case ENOTCONN:
    case ETIMEDOUT:
    case ECONNRESET:
    case EPIPE:
        return NBD_ESHUTDOWN;
    default:
        return NBD_EIO;
    }
}

int nbd_error_to_errno(uint32_t error)
{
    switch (error) {
    case NBD_OK:
        return 0;
    case NBD_EPERM:
        return -EPERM;
    case NBD_ENOMEM:
        return -ENOMEM;
    case NBD_EINVAL:
        return -EINVAL;
    case NBD_ENOSPC:
        return -ENOSPC;
    case NBD_ENOTSUP:
        return -EOPNOTSUPP;
    case NBD_ESHUTDOWN:
        return -EAGAIN;
    default:
        return -EIO;
    }
}
