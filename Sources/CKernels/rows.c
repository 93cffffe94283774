#define _GNU_SOURCE
#include "rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#if defined(__linux__)
#include <sys/mman.h>
#endif

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

void *nd_allocate_plane(size_t bytes) {
  enum { PAGE = 2 << 20 };
  void *memory = NULL;
  if (posix_memalign(&memory, bytes < PAGE ? 64 : PAGE, bytes > 0 ? bytes : 64) != 0) abort();
#if defined(__linux__)
  if (bytes >= PAGE) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  return memory;
}

void nd_keep_memory(void) {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 128 << 20);
#endif
}

// Of 256 rows of bytes the sums fit 16 bits, and the accumulators stay in the first-level cache.
enum { BATCH = 256, AHEAD = 8 };

CLONES void nd_add_rows(uint32_t *restrict sums, nd_plane plane, size_t bins, const uint32_t *rows, size_t count) {
  uint16_t batch[256];
  for (size_t first = 0; first < count; first += BATCH) {
    const size_t end = count - first < BATCH ? count : first + BATCH;
    memset(batch, 0, bins * sizeof *batch);
    for (size_t i = first; i < end; i++) {
      // Rows lie wherever the ordering has them: without this, every one of them would be waited for.
      if (i + AHEAD < count) {
        const uint8_t *next = plane.counts + (size_t)rows[i + AHEAD] * bins;
        for (size_t line = 0; line < bins; line += 64) __builtin_prefetch(next + line);
      }
      const uint8_t *row = plane.counts + (size_t)rows[i] * bins;
      for (size_t bin = 0; bin < bins; bin++) batch[bin] += row[bin];
    }
    for (size_t bin = 0; bin < bins; bin++) sums[bin] += batch[bin];
  }
  for (size_t i = 0; i < count; i++)
    for (uint32_t at = plane.starts[rows[i]]; at < plane.starts[rows[i] + 1]; at++)
      sums[plane.rests[at] >> 32] += (uint32_t)plane.rests[at];
}

// In blocks: of most neurons behind a ReLU one count is above 255, that of the zeros.
#define NARROW(NAME, COUNT)                                                                                            \
  CLONES size_t NAME(uint8_t *restrict bytes, uint64_t *restrict rests, const COUNT *restrict counts, size_t bins) {   \
    enum { BLOCK = 32 };                                                                                               \
    size_t found = 0;                                                                                                  \
    for (size_t first = 0; first < bins; first += BLOCK) {                                                             \
      const size_t end = bins - first < BLOCK ? bins : first + BLOCK;                                                  \
      COUNT largest = 0;                                                                                               \
      for (size_t i = first; i < end; i++) {                                                                           \
        largest = counts[i] > largest ? counts[i] : largest;                                                           \
        bytes[i] = (uint8_t)(counts[i] < 255 ? counts[i] : 255);                                                       \
      }                                                                                                                \
      if (largest <= 255) continue;                                                                                    \
      for (size_t i = first; i < end; i++)                                                                             \
        if (counts[i] > 255) rests[found++] = (uint64_t)i << 32 | (counts[i] - 255);                                   \
    }                                                                                                                  \
    return found;                                                                                                      \
  }

NARROW(nd_narrow_u16, uint16_t)
NARROW(nd_narrow_u32, uint32_t)

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
