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

enum { AHEAD = 8, LINE_WORDS = 8, LINES_MAX = 5 };

static ND_INLINE const uint64_t *packed_row(nd_plane plane, uint32_t row) {
  const uint32_t start = plane.starts[row];
  return plane.slabs[start / ND_SLAB_WORDS] + start % ND_SLAB_WORDS;
}

// Rows lie wherever the ordering has them: without this, every one of them would be waited for.
static ND_INLINE void prefetch(nd_plane plane, uint32_t row) {
  const uint64_t *packed = packed_row(plane, row);
  const uint32_t words = plane.starts[row + 1] - plane.starts[row];
  for (uint32_t word = 0; word < words && word < LINE_WORDS * LINES_MAX; word += LINE_WORDS)
    __builtin_prefetch(packed + word);
}

// Of 256 rows of bytes the sums fit 16 bits, and the accumulators stay in the first-level cache.
enum { BATCH = 256 };

#define ADD_ROWS(NAME, SUM)                                                                                            \
  ND_CLONES void NAME(SUM *restrict sums, nd_plane plane, const uint32_t *rows, size_t count) {                        \
    uint16_t batch[BLOCKS_MAX * BLOCK];                                                                                \
    for (size_t first = 0; first < count; first += BATCH) {                                                            \
      const size_t end = count - first < BATCH ? count : first + BATCH;                                                \
      memset(batch, 0, plane.bins * plane.count_bytes * sizeof *batch);                                                \
      for (size_t i = first; i < end; i++) {                                                                           \
        if (i + AHEAD < count) prefetch(plane, rows[i + AHEAD]);                                                       \
        const uint64_t *row = packed_row(plane, rows[i]);                                                              \
        const uint8_t *bytes = (const uint8_t *)(row + 1);                                                             \
        for (uint64_t left = *row; left != 0; left &= left - 1, bytes += BLOCK) {                                      \
          uint16_t *sum = batch + __builtin_ctzll(left) * BLOCK;                                                       \
          for (size_t j = 0; j < BLOCK; j++) sum[j] += bytes[j];                                                       \
        }                                                                                                              \
      }                                                                                                                \
      const uint16_t *block = batch;                                                                                   \
      for (size_t bin = 0; bin < plane.bins; bin += BLOCK)                                                             \
        for (size_t byte = 0; byte < plane.count_bytes; byte++, block += BLOCK)                                        \
          for (size_t j = 0; j < BLOCK; j++) sums[bin + j] += (SUM)block[j] << 8 * byte;                               \
    }                                                                                                                  \
  }

ADD_ROWS(nd_add_rows_u32, uint32_t)
ADD_ROWS(nd_add_rows_u64, uint64_t)

enum { BINS = 256, DEPTH_MAX = 24 };

// Sums of own bins that a window covers, by how many halvings they are wider than its bins: they are divided among these
// once for all neurons, not for each. Before a bit of `used` is set, the sums of that number of halvings are junk.
typedef struct {
  uint32_t used;
  uint64_t sums[DEPTH_MAX + 1][BINS + 1];
} wider_sums;

// Narrower bins are added to the window at once. Takes the zeros out of `counts`.
static ND_INLINE uint64_t collect(uint64_t *restrict sums, wider_sums *restrict own, uint32_t *restrict counts,
                                  uint32_t zeros, int64_t origin, int32_t exponent, nd_window window) {
  const int32_t wider = exponent - window.exponent;
  if (wider > window.depth) return 0;
  uint64_t total = 0;
  for (int i = 0; i < BINS; i++) total += counts[i];
  // Exact zeros lie in the bin that begins at 0, and have a lane of their own.
  if (origin <= 0 && origin > -BINS) {
    uint32_t *at_zero = counts - origin;
    *at_zero -= zeros < *at_zero ? zeros : *at_zero;
  }
  if (wider >= 0) {
    const int64_t lowest = window.origin >> wider, end = ((window.origin + BINS - 1) >> wider) + 1;
    if ((own->used >> wider & 1) == 0) memset(own->sums[wider], 0, (size_t)(end - lowest) * sizeof **own->sums);
    own->used |= 1u << wider;
    const int64_t first = origin > lowest ? origin : lowest, last = origin + BINS < end ? origin + BINS : end;
    for (int64_t bin = first; bin < last; bin++) own->sums[wider][bin - lowest] += counts[bin - origin];
    return total << window.depth;
  }
  // A shift by 63 leaves the sign, as any longer one would.
  const int shift = wider < -63 ? 63 : -wider;
  for (int i = 0; i < BINS;) {
    const int64_t bin = (origin + i) >> shift;
    uint64_t sum = 0;
    do sum += counts[i++];
    while (i < BINS && (origin + i) >> shift == bin);
    if (bin >= window.origin && bin < window.origin + BINS) sums[bin - window.origin] += sum << window.depth;
  }
  return total << window.depth;
}

static ND_INLINE void divide(uint64_t *restrict sums, const wider_sums *restrict own, nd_window window) {
  for (uint32_t left = own->used; left != 0; left &= left - 1) {
    const int wider = __builtin_ctz(left);
    const uint64_t *from = own->sums[wider];
    for (int64_t bin = window.origin; bin < window.origin + BINS; bin++)
      sums[bin - window.origin] += from[(bin >> wider) - (window.origin >> wider)] << (window.depth - wider);
  }
}

static ND_INLINE uint32_t count_at(const void *counts, size_t count_bytes, int i) {
  switch (count_bytes) {
  case 1: return ((const uint8_t *)counts)[i];
  case 2: return ((const uint16_t *)counts)[i];
  default: return ((const uint32_t *)counts)[i];
  }
}

ND_CLONES uint64_t nd_add_window(uint64_t *sums, const void *counts, size_t count_bytes, uint32_t zeros,
                                 int64_t own_origin, int32_t own_exponent, nd_window window) {
  uint32_t copy[BINS];
  for (int i = 0; i < BINS; i++) copy[i] = count_at(counts, count_bytes, i);
  wider_sums own;
  own.used = 0;
  const uint64_t total = collect(sums, &own, copy, zeros, own_origin, own_exponent, window);
  divide(sums, &own, window);
  return total;
}

static ND_INLINE void unpack(uint32_t *restrict counts, nd_plane plane, uint32_t row) {
  const int shift = __builtin_ctzll(plane.count_bytes);
  const uint64_t *packed = packed_row(plane, row);
  const uint8_t *bytes = (const uint8_t *)(packed + 1);
  memset(counts, 0, BINS * sizeof *counts);
  for (uint64_t left = *packed; left != 0; left &= left - 1, bytes += BLOCK) {
    const int block = __builtin_ctzll(left), byte = block & ((1 << shift) - 1);
    uint32_t *target = counts + (block >> shift) * BLOCK;
    for (size_t j = 0; j < BLOCK; j++) target[j] |= (uint32_t)bytes[j] << 8 * byte;
  }
}

ND_CLONES uint64_t nd_add_window_rows(uint64_t *sums, nd_plane plane, const uint32_t *rows, size_t count,
                                      nd_grids grids, nd_window window) {
  wider_sums own;
  own.used = 0;
  uint64_t total = 0;
  for (size_t i = 0; i < count; i++) {
    const uint32_t row = rows[i];
    if (i + AHEAD < count) prefetch(plane, rows[i + AHEAD]);
    uint32_t counts[BINS];
    unpack(counts, plane, row);
    total += collect(sums, &own, counts, grids.zeros[row], grids.origins[row], grids.exponents[row], window);
  }
  divide(sums, &own, window);
  return total;
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
