#include "core/cpu.h"
#include "encode/copy_patch_body.inc"

const struct copy_patch_ops copy_patch_avx2 = {.name = "avx2", .needs = CPU_AVX2, .along = along, .down = down};
