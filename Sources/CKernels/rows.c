#include "rows.h"

#include <math.h>

// One function for each level of vector instructions, chosen when the program starts. `target_clones` needs ifunc,
// which x86 Linux has; elsewhere the compiler's baseline is used.
#if defined(__x86_64__) && defined(__linux__) && defined(__clang__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif

// A fused multiply-add would round once instead of twice: densities must be the same on every machine.
#pragma STDC FP_CONTRACT OFF

#define ADD(NAME, SUM, COUNT)                                                                                          \
  CLONES void NAME(SUM *restrict sums, const COUNT *restrict counts, size_t bins) {                                    \
    for (size_t i = 0; i < bins; i++) sums[i] += counts[i];                                                            \
  }

ADD(nd_add_u8_u32, uint32_t, uint8_t)
ADD(nd_add_u16_u32, uint32_t, uint16_t)
ADD(nd_add_u32_u32, uint32_t, uint32_t)
ADD(nd_add_u8_u64, uint64_t, uint8_t)
ADD(nd_add_u16_u64, uint64_t, uint16_t)
ADD(nd_add_u32_u64, uint64_t, uint32_t)
ADD(nd_add_u64_u64, uint64_t, uint64_t)

#define EXTENT(NAME, SUM)                                                                                              \
  CLONES nd_extent NAME(const SUM *sums, size_t bins) {                                                                \
    uint64_t total = 0;                                                                                                \
    SUM largest = 0;                                                                                                   \
    for (size_t i = 0; i < bins; i++) {                                                                                \
      total += sums[i];                                                                                                \
      largest = sums[i] > largest ? sums[i] : largest;                                                                 \
    }                                                                                                                  \
    return (nd_extent){total, largest};                                                                                \
  }

EXTENT(nd_extent_u32, uint32_t)
EXTENT(nd_extent_u64, uint64_t)

#define DENSITIES(NAME, SUM)                                                                                           \
  CLONES void NAME(uint8_t *restrict codes, const SUM *restrict sums, size_t bins, double full) {                      \
    for (size_t i = 0; i < bins; i++) {                                                                                \
      double code = 255.0 * sqrt((double)(int64_t)sums[i] / full) + 0.5;                                               \
      code = code < 1.0 ? 1.0 : code;                                                                                  \
      code = code > 255.0 ? 255.0 : code;                                                                              \
      codes[i] = sums[i] == 0 ? 0 : (uint8_t)(int32_t)code;                                                            \
    }                                                                                                                  \
  }

DENSITIES(nd_densities_u32, uint32_t)
DENSITIES(nd_densities_u64, uint64_t)
