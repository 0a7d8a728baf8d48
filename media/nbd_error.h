/* Errors as they stand in a reply (doc/proto.md, "Error values"). */
#pragma once

#include <stdint.h>

enum nbd_error {
    NBD_OK = 0,
    NBD_EPERM = 1,
    NBD_EIO = 5,
    NBD_ENOMEM = 12,
    NBD_EINVAL = 22,
    NBD_ENOSPC = 28,
    NBD_ENOTSUP = 95,
    NBD_ESHUTDOWN = 108,
};

/* 0 or -errno. What a short loss brings (-EAGAIN, -ENOTCONN, -ETIMEDOUT, -ECONNRESET, -EPIPE) becomes NBD_ESHUTDOWN,
 * and that becomes -EAGAIN; what the protocol has no word for becomes -EIO. */
enum nbd_error nbd_error_from_errno(int error);
int nbd_error_to_errno(uint32_t error);
