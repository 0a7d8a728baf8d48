#include <arm_neon.h>

#include "core/cpu.h"
#include "video/scan.h"

#define SCAN_ISA neon
#define SCAN_NEEDS CPU_NEON
#define VEC_UNITS 1
#define BY_HASH_4X true
#define BY_HASH_3 true
#define BY_HASH_2 true
#define BY_HASH_1_1 true
#define BY_HASH_1_H_H true
#define BY_HASH_1_1_1 true

typedef uint8x16_t vec;

struct nh {
    uint64x2_t sum[2];
};

static inline vec vec_zero(void)
{
    return vdupq_n_u8(0);
}

static inline vec vec_load(const uint8_t *p)
{
    return vld1q_u8(p);
}

static inline vec vec_load_part(const uint8_t *p, unsigned units)
{
    (void)units; /* a vector is a unit, so there is none left over */
    return vld1q_u8(p);
}

static inline vec vec_gather(const uint8_t *p, size_t stride, int per_line, int unit)
{
    return vld1q_u8(p + (size_t)(unit / per_line) * stride + (size_t)(unit % per_line) * 16);
}

static inline vec vec_gather_halves(const uint8_t *p, size_t stride)
{
    return vcombine_u8(vld1_u8(p), vld1_u8(p + stride));
}

static inline vec vec_or_xor(vec seen, vec a, vec b)
{
    return vorrq_u8(seen, veorq_u8(a, b));
}

static inline vec vec_visible(vec v)
{
    return vandq_u8(v, vreinterpretq_u8_u32(vdupq_n_u32(0x00FFFFFF)));
}

static inline unsigned vec_halves(vec v)
{
    uint64x2_t halves = vreinterpretq_u64_u8(v);
    return (unsigned)(vgetq_lane_u64(halves, 0) != 0) | (unsigned)(vgetq_lane_u64(halves, 1) != 0) << 1;
}

static inline struct nh nh_zero(void)
{
    return (struct nh){{vdupq_n_u64(0), vdupq_n_u64(0)}};
}

static inline uint64x2_t nh_step(uint64x2_t sum, uint32x4_t words, const uint32_t *key)
{
    uint32x4_t s = vaddq_u32(words, vld1q_u32(key));
    uint32x2_t even = vmovn_u64(vreinterpretq_u64_u32(s)), odd = vshrn_n_u64(vreinterpretq_u64_u32(s), 32);
    return vmlal_u32(sum, even, odd);
}

static inline void nh_add(struct nh *nh, vec words, const uint32_t *key0, const uint32_t *key1)
{
    nh->sum[0] = nh_step(nh->sum[0], vreinterpretq_u32_u8(words), key0);
    nh->sum[1] = nh_step(nh->sum[1], vreinterpretq_u32_u8(words), key1);
}

static inline void nh_sums(const struct nh *nh, uint64_t ret[2])
{
    ret[0] = vaddvq_u64(nh->sum[0]);
    ret[1] = vaddvq_u64(nh->sum[1]);
}

#include "video/scan_body.inc"
