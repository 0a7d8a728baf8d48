#include "video/damage.h"

#include "video/frame.h"

/* Best first. */
const struct damage_ops *const damage_ops_all[] = {
#if defined(__x86_64__)
    &damage_bgrx_avx2,
#endif
    &damage_bgrx,
    NULL,
};

const struct damage_ops *damage_ops_find(uint32_t fourcc, uint32_t features)
{
    if (fourcc == FOURCC_VYUX)
        fourcc = FOURCC_BGRX; /* three bytes and a fourth that is not looked at: the same to these kernels */
    for (int i = 0; damage_ops_all[i]; i++) {
        const struct damage_ops *ops = damage_ops_all[i];
        if (ops->fourcc == fourcc && (ops->needs & ~features) == 0)
            return ops;
    }
    return NULL;
}
