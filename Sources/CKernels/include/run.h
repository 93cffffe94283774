// Counting a run: up to ND_RUN_ROWS rows of one cell, ND_TILE columns of them.
#ifndef CKERNELS_RUN_H
#define CKERNELS_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "count.h"
#include "extremes.h"

/// Most rows of a run: a counter of a byte holds no more.
#define ND_RUN_ROWS 255

/// What a run is added to. `low`, `high` and the scales are `float *` or `double *` as its values are.
typedef struct {
  /// Those of the cell are from index `first` (of [cell, pitch]) on.
  nd_figures figures;
  size_t first;
  /// [ND_TILE]: lowered and raised to hold the finite values.
  void *low, *high;
  /// [ND_TILE]: powers of two; the bin of `v` is the low byte of `floor(v * scale_a[c] * scale_b[c])`.
  const void *scale_a, *scale_b;
  nd_extremes highest, lowest;
  /// Row `r` of the run is row `first_row + numbers[r] / samples_per_row`; `numbers` ascend.
  const uint32_t *numbers;
  uint32_t first_row, samples_per_row;
  /// [ND_TILE, ND_BINS], all of them 0; NULL: bins are not counted.
  uint8_t *counts;
  /// What the counts are added to afterwards, [ND_TILE, ND_BINS]: it is asked for ahead. NULL: it is not.
  const uint16_t *counters;
  /// Where bins are counted, these take their codes, too, as `nd_code_f32` puts them, but of values that are not finite; NULL: none are
  /// taken. Row `r` goes to place `numbers[r] - first_place`.
  uint8_t *codes;
  uint64_t *apart;
  uint32_t first_place;
} nd_run;

enum {
  /// Some value is not finite. Then counts and codes are of no use.
  ND_RUN_ODD = 1,
  /// Some column was lowered or raised. Its scales may no longer be those of its grid, and its counts and codes are wrong then.
  ND_RUN_WIDER = 2
};

/// Takes a run: adds its values to the figures in row order, keeps its extremes, and counts its bins, all in one reading.
/// Rows begin `pitch` values apart at `base` and are taken in the given order. Returns what it met.
int nd_take_run_f32(const float *base, size_t pitch, const uint32_t *order, size_t rows, const nd_run *run);
int nd_take_run_f64(const double *base, size_t pitch, const uint32_t *order, size_t rows, const nd_run *run);
/// The same without instructions that only some processors have.
int nd_take_run_portable_f32(const float *base, size_t pitch, const uint32_t *order, size_t rows, const nd_run *run);

/// Counts the bins of a run by themselves: `counters` is [ND_TILE, ND_BINS]. Values that are not finite are passed over.
void nd_count_f32(const float *base, size_t pitch, const uint32_t *order, size_t rows, const float *scale_a,
                  const float *scale_b, uint16_t *counters);
void nd_count_f64(const double *base, size_t pitch, const uint32_t *order, size_t rows, const double *scale_a,
                  const double *scale_b, uint16_t *counters);

/// The same for one column; `counts` is [ND_BINS], and the values are finite.
void nd_count_column_f32(const float *column, size_t pitch, const uint32_t *order, size_t rows, float scale_a,
                         float scale_b, uint8_t *counts);
void nd_count_column_f64(const double *column, size_t pitch, const uint32_t *order, size_t rows, double scale_a,
                         double scale_b, uint8_t *counts);

/// Adds counts of a run to `counters`, both [ND_TILE, ND_BINS], and clears them.
void nd_move_counts(uint16_t *counters, uint8_t *counts);

#endif
