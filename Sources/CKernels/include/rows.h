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

/// Counts of a plane in one byte each: a count above 255 is 255 there, and its rest stands among `rests`, those of row
/// `r` at `starts[r] … starts[r + 1]`. A rest is the bin in the upper half and what lies above 255 in the lower.
typedef struct {
  const uint8_t *counts;
  const uint32_t *starts;
  const uint64_t *rests;
} nd_plane;

/// Memory for a plane, released with `free`. On large pages where the system has them: rows are read in any order, and
/// with small pages most of them would first have to be looked up.
void *nd_allocate_plane(size_t bytes);

/// Has the allocator keep memory that was released, up to 128 MiB a thread, for what is allocated next. Orderings and sums
/// are made and dropped by the megabyte: given back to the system, their pages would have to be cleared anew every time,
/// which takes longer than filling them. For the whole process.
void nd_keep_memory(void);

/// Adds chosen rows of a plane of `bins` bins, at most 256, to one row of sums. The caller sees to it that no sum
/// overflows.
void nd_add_rows(uint32_t *sums, nd_plane plane, size_t bins, const uint32_t *rows, size_t count);

/// Copies a row of counts to one byte each, and appends the rests of those above 255 to `rests`, which has room for
/// `bins`. Returns how many.
size_t nd_narrow_u16(uint8_t *bytes, uint64_t *rests, const uint16_t *counts, size_t bins);
size_t nd_narrow_u32(uint8_t *bytes, uint64_t *rests, const uint32_t *counts, size_t bins);

/// A window on a layer's common axis: bins `2^exponent` wide, the first of them number `origin` from 0.
typedef struct {
  int64_t origin;
  int32_t exponent;
  /// Sums are multiples of `2^-depth`, so that no division rounds. A neuron whose own exponent is larger than the
  /// window's by more adds nothing.
  int32_t depth;
} nd_window;

/// Adds the 256 counts of a neuron's own grid, less its exact zeros, to the 256 sums of a window. An own bin that is
/// narrower than the window's lies in one of them; a wider one is divided evenly among those that it covers.
/// Counts have 1, 2 or 4 bytes. Returns the sum of all counts, also of those outside the window, in the sums' unit.
uint64_t nd_add_window(uint64_t *sums, const void *counts, size_t count_bytes, uint32_t zeros, int64_t own_origin,
                       int32_t own_exponent, nd_window window);

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
