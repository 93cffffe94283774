#include "rows.h"

#include <math.h>
#include <string.h>

#include "clones.h"

// A fused multiply-add would round once instead of twice: densities must be the same on every machine.
#pragma STDC FP_CONTRACT OFF

#define ADD(NAME, SUM, COUNT)                                                                                          \
  ND_CLONES void NAME(SUM *restrict sums, const COUNT *restrict counts, size_t bins) {                                 \
    for (size_t i = 0; i < bins; i++) sums[i] += counts[i];                                                            \
  }

ADD(nd_add_u8_u32, uint32_t, uint8_t)
ADD(nd_add_u16_u32, uint32_t, uint16_t)
ADD(nd_add_u32_u32, uint32_t, uint32_t)
ADD(nd_add_u8_u64, uint64_t, uint8_t)
ADD(nd_add_u16_u64, uint64_t, uint16_t)
ADD(nd_add_u32_u64, uint64_t, uint32_t)
ADD(nd_add_u64_u64, uint64_t, uint64_t)

enum { BLOCK = 16, BLOCKS_MAX = 64 };

// Most blocks are all 0: one look at the counts of all bytes tells.
#define PACK(NAME, COUNT)                                                                                              \
  ND_CLONES size_t NAME(uint64_t *restrict packed, const COUNT *restrict counts, size_t bins) {                        \
    uint64_t present = 0, block = 1;                                                                                   \
    uint8_t *next = (uint8_t *)(packed + 1);                                                                           \
    for (size_t first = 0; first < bins; first += BLOCK) {                                                             \
      COUNT bits = 0;                                                                                                  \
      for (size_t i = first; i < first + BLOCK; i++) bits |= counts[i];                                                \
      for (size_t byte = 0; byte < sizeof(COUNT); byte++, block <<= 1) {                                               \
        if ((bits >> 8 * byte & 255) == 0) continue;                                                                   \
        present |= block;                                                                                              \
        for (size_t i = 0; i < BLOCK; i++) next[i] = (uint8_t)(counts[first + i] >> 8 * byte);                         \
        next += BLOCK;                                                                                                 \
      }                                                                                                                \
    }                                                                                                                  \
    *packed = present;                                                                                                 \
    return (size_t)((uint64_t *)next - packed);                                                                        \
  }

PACK(nd_pack_u8, uint8_t)
PACK(nd_pack_u16, uint16_t)
PACK(nd_pack_u32, uint32_t)

// Of 256 rows of bytes the sums fit 16 bits, and the accumulators stay in the first-level cache.
enum { BATCH = 256, AHEAD = 8, LINE = 8, LINES_MAX = 5 };

ND_CLONES void nd_add_rows(uint32_t *restrict sums, nd_plane plane, const uint32_t *rows, size_t count) {
  uint16_t batch[BLOCKS_MAX * BLOCK];
  for (size_t first = 0; first < count; first += BATCH) {
    const size_t end = count - first < BATCH ? count : first + BATCH;
    memset(batch, 0, plane.bins * plane.count_bytes * sizeof *batch);
    for (size_t i = first; i < end; i++) {
      // Rows lie wherever the ordering has them: without this, every one of them would be waited for.
      if (i + AHEAD < count) {
        const uint32_t start = plane.starts[rows[i + AHEAD]], words = plane.starts[rows[i + AHEAD] + 1] - start;
        for (uint32_t word = 0; word < words && word < LINE * LINES_MAX; word += LINE)
          __builtin_prefetch(plane.packed + start + word);
      }
      const uint64_t *row = plane.packed + plane.starts[rows[i]];
      const uint8_t *bytes = (const uint8_t *)(row + 1);
      for (uint64_t left = *row; left != 0; left &= left - 1, bytes += BLOCK) {
        uint16_t *sum = batch + __builtin_ctzll(left) * BLOCK;
        for (size_t j = 0; j < BLOCK; j++) sum[j] += bytes[j];
      }
    }
    const uint16_t *block = batch;
    for (size_t bin = 0; bin < plane.bins; bin += BLOCK)
      for (size_t byte = 0; byte < plane.count_bytes; byte++, block += BLOCK)
        for (size_t j = 0; j < BLOCK; j++) sums[bin + j] += (uint32_t)block[j] << 8 * byte;
  }
}

static inline uint64_t count_at(const void *counts, size_t count_bytes, int i) {
  switch (count_bytes) {
  case 1: return ((const uint8_t *)counts)[i];
  case 2: return ((const uint16_t *)counts)[i];
  default: return ((const uint32_t *)counts)[i];
  }
}

uint64_t nd_add_window(uint64_t *sums, const void *counts, size_t count_bytes, uint32_t zeros, int64_t own_origin,
                       int32_t own_exponent, nd_window window) {
  enum { BINS = 256 };
  uint64_t total = 0;
  const int32_t wider = own_exponent - window.exponent;
  if (wider > window.depth) return 0;
  for (int i = 0; i < BINS; i++) {
    uint64_t count = count_at(counts, count_bytes, i);
    if (count == 0) continue;
    total += count;
    const int64_t own = own_origin + i;
    // Exact zeros lie in the bin that begins at 0, and have a lane of their own.
    if (own == 0) count -= zeros < count ? zeros : count;
    if (wider <= 0) {
      // A shift by 63 leaves the sign, as any longer one would.
      const int64_t bin = (own >> (-wider > 63 ? 63 : -wider)) - window.origin;
      if (bin >= 0 && bin < BINS) sums[bin] += count << window.depth;
      continue;
    }
    // Compared before they are multiplied: far from the window the products would not fit.
    if (own < window.origin >> wider || own > (window.origin + BINS - 1) >> wider) continue;
    const int64_t start = own * ((int64_t)1 << wider) - window.origin;
    const int64_t end = start + ((int64_t)1 << wider);
    for (int64_t bin = start < 0 ? 0 : start; bin < end && bin < BINS; bin++) {
      sums[bin] += count << (window.depth - wider);
    }
  }
  return total << window.depth;
}

#define EXTENT(NAME, SUM)                                                                                              \
  ND_CLONES nd_extent NAME(const SUM *sums, size_t bins) {                                                             \
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
  ND_CLONES void NAME(uint8_t *restrict codes, const SUM *restrict sums, size_t bins, double full) {                   \
    for (size_t i = 0; i < bins; i++) {                                                                                \
      double code = 255.0 * sqrt((double)(int64_t)sums[i] / full) + 0.5;                                               \
      code = code < 1.0 ? 1.0 : code;                                                                                  \
      code = code > 255.0 ? 255.0 : code;                                                                              \
      codes[i] = sums[i] == 0 ? 0 : (uint8_t)(int32_t)code;                                                            \
    }                                                                                                                  \
  }

DENSITIES(nd_densities_u32, uint32_t)
DENSITIES(nd_densities_u64, uint64_t)
