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
    for (size_t i = 0; noise_ops_all[i]; i++)
        if (!(noise_ops_all[i]->needs & ~features))
            return noise_ops_all[i];
    return &noise_c;
}
