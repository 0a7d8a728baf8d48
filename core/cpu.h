/* CPU features, with a mask that tests set so that every kernel level runs on one machine (STYLE rule 20). */
#pragma once

#include <stdint.h>

enum cpu_feature {
    CPU_AVX2 = 1 << 0,
    CPU_AVX512 = 1 << 1, /* F + BW + VL */
    CPU_NEON = 1 << 2,
};

/* Features of this CPU that the mask allows. Any thread. */
uint32_t cpu_features(void);

/* Before any kernel table is chosen. Default: all; the environment variable LIGHTSOUT_CPU=0x.. sets it too. */
void cpu_set_mask(uint32_t mask);
