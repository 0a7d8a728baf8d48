#include "video/noise_measure.h"

const struct noise_ops *const noise_ops_all[] = {
#if defined(__x86_64__)
    &noise_avx2,
#endif
    &noise_c,
    NULL,
};

const struct noise_ops *noise_ops_find(uint32_t features)
{
    const struct noise_ops *const *at = noise_ops_all;
    while ((*at)->needs & ~features)
        at++;
    return *at;
}
