#include "core/cpu.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint32_t present;
static atomic_uint allowed = UINT32_MAX;

#if defined(__x86_64__)
/* The compilers' own test does not know LZCNT everywhere; where it is missing its opcode runs as BSR and gives wrong
 * numbers instead of a fault. */
static bool has_lzcnt(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(0x80000001, &a, &b, &c, &d) && (c & 1u << 5);
}

static uint32_t detect(void)
{
    uint32_t features = 0;

    __builtin_cpu_init();
    /* The same list as the options of *_avx2.c in cmake/lightsout.cmake. */
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
        __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("aes") && has_lzcnt()) {
        features |= CPU_AVX2;
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512vl"))
            features |= CPU_AVX512;
    }
    return features;
}
#elif defined(__aarch64__)
static uint32_t detect(void)
{
    return CPU_NEON; /* part of the base instruction set */
}
#else
static uint32_t detect(void)
{
    return 0;
}
#endif

static void init(void)
{
    const char *text = getenv("LIGHTSOUT_CPU");

    present = detect();
    if (text && *text) {
        char *end;
        unsigned long mask = strtoul(text, &end, 0);
        if (!*end)
            atomic_store(&allowed, (uint32_t)mask);
    }
}

uint32_t cpu_features(void)
{
    pthread_once(&once, init);
    return present & atomic_load(&allowed);
}

void cpu_set_mask(uint32_t mask)
{
    pthread_once(&once, init); /* or the environment would win later */
    atomic_store(&allowed, mask);
}
