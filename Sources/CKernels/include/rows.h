#ifndef CKERNELS_ROWS_H
#define CKERNELS_ROWS_H

#include <stddef.h>
#include <stdint.h>

/// Adds a row of `bins` counts to a row of sums: `sums[i] += counts[i]`. The caller sees to it that no sum overflows.
void nd_add_u8_u32(uint32_t *sums, const uint8_t *counts, size_t bins);
void nd_add_u16_u32(uint32_t *sums, const uint16_t *counts, size_t bins);
void nd_add_u32_u32(uint32_t *sums, const uint32_t *counts, size_t bins);
void nd_add_u8_u64(uint64_t *sums, const uint8_t *counts, size_t bins);
void nd_add_u16_u64(uint64_t *sums, const uint16_t *counts, size_t bins);
void nd_add_u32_u64(uint64_t *sums, const uint32_t *counts, size_t bins);
void nd_add_u64_u64(uint64_t *sums, const uint64_t *counts, size_t bins);

/// Sum and largest of a row of sums.
typedef struct {
  uint64_t total;
  uint64_t largest;
} nd_extent;
nd_extent nd_extent_u32(const uint32_t *sums, size_t bins);
nd_extent nd_extent_u64(const uint64_t *sums, size_t bins);

/// Codes a row of sums as densities: 0 where the sum is 0, otherwise
/// `floor(255 * sqrt(sum / full) + 0.5)` in double precision without fused steps, at least 1 and at most 255.
/// `full` is the sum that is coded as 255, larger than 0. Sums stay below 2^53.
void nd_densities_u32(uint8_t *codes, const uint32_t *sums, size_t bins, double full);
void nd_densities_u64(uint8_t *codes, const uint64_t *sums, size_t bins, double full);

#endif
