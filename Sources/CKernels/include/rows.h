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

/// Words of a slab: 4 MiB.
enum { ND_SLAB_WORDS = 1 << 19 };

/// Counts of a plane, packed: of each row only what is not 0, by blocks of 16 bins.
///
/// The lowest bytes of a block's counts are 16 bytes, the next bytes of theirs another 16, as many as a count has bytes. A
/// packed row is a word that has a bit for each of these, from the lowest on, and then those of them that are not all 0,
/// whose bits are set. Rows lie in slabs, each wholly in one.
typedef struct {
  /// Of `ND_SLAB_WORDS` words each, or as many as its rows take.
  const uint64_t *const *slabs;
  /// `[row]`: the word with which it begins, counted through all slabs. One more follows, which may be anything: rows need
  /// not lie in order.
  const uint32_t *starts;
  /// A multiple of 16, at most 256.
  size_t bins;
  /// 1, 2 or 4.
  size_t count_bytes;
} nd_plane;

/// Packs a row of counts; `packed` has room for `1 + bins * sizeof *counts / 8` words. Returns how many it takes.
size_t nd_pack_u8(uint64_t *packed, const uint8_t *counts, size_t bins);
size_t nd_pack_u16(uint64_t *packed, const uint16_t *counts, size_t bins);
size_t nd_pack_u32(uint64_t *packed, const uint32_t *counts, size_t bins);

/// Adds chosen rows of a plane to one row of sums. The caller sees to it that no sum overflows.
void nd_add_rows_u32(uint32_t *sums, nd_plane plane, const uint32_t *rows, size_t count);
void nd_add_rows_u64(uint64_t *sums, nd_plane plane, const uint32_t *rows, size_t count);

/// A window on a layer's common axis: bins `2^exponent` wide, the first of them number `origin` from 0.
typedef struct {
  int64_t origin;
  int32_t exponent;
  /// At most 24. Sums are multiples of `2^-depth`, so that no division rounds. A neuron whose own exponent is larger than the
  /// window's by more adds nothing.
  int32_t depth;
} nd_window;

/// Adds the 256 counts of a neuron's own grid, less its exact zeros, to the 256 sums of a window. An own bin that is
/// narrower than the window's lies in one of them; a wider one is divided evenly among those that it covers.
/// Counts have 1, 2 or 4 bytes. Returns the sum of all counts, also of those outside the window, in the sums' unit.
uint64_t nd_add_window(uint64_t *sums, const void *counts, size_t count_bytes, uint32_t zeros, int64_t own_origin,
                       int32_t own_exponent, nd_window window);

/// The own grids of a layer's neurons, and how many exact zeros they have: `[neuron]` each.
typedef struct {
  const int64_t *origins;
  const int16_t *exponents;
  const uint32_t *zeros;
} nd_grids;

/// The same for chosen rows of a plane of 256 bins.
uint64_t nd_add_window_rows(uint64_t *sums, nd_plane plane, const uint32_t *rows, size_t count, nd_grids grids,
                            nd_window window);

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
