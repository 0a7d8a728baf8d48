#include "video/scan.h"

#include "core/cpu.h"

#define ALL_OF(isa)                                                                                                    \
    &scan_##isa##_4x, &scan_##isa##_3, &scan_##isa##_2, &scan_##isa##_1_1, &scan_##isa##_1_h_h, &scan_##isa##_1_1_1

const struct scan_ops *const scan_ops_all[] = {
#if defined(__x86_64__)
    ALL_OF(avx512),
    ALL_OF(avx2),
#elif defined(__aarch64__)
    ALL_OF(neon),
#endif
    ALL_OF(c),
    NULL,
};

const struct scan_ops *scan_ops_find(const struct cell_layout *layout, uint32_t features)
{
    const struct scan_ops *const *at = scan_ops_all;
    while (!scan_ops_serve(*at, layout) || ((*at)->needs & ~features) != 0)
        at++;
    return *at; /* the reference serves every layout */
}
