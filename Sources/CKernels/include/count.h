// Counting of one tile: `rows` x ND_TILE values, row-major, rows of equal cell side by side.
#ifndef CKERNELS_COUNT_H
#define CKERNELS_COUNT_H

#include <stddef.h>
#include <stdint.h>

/// Columns (neurons) of a tile.
#define ND_TILE 64
/// Bins of a histogram.
#define ND_BINS 256

/// Rows `first ..< first + count` of a tile belong to `cell`.
typedef struct {
  uint32_t cell, first, count;
} nd_run;

/// Copies `rows` rows of `bytes` bytes, which begin `pitch` bytes apart at `base` in the given order, side by side into `tile`,
/// whose rows are `tile_bytes` long. Rows are far apart and in no order the processor could foresee, so they are asked for ahead.
void nd_gather_rows(void *tile, size_t tile_bytes, const void *base, size_t pitch, const uint32_t *order, size_t rows,
                    size_t bytes);

/// Running figures of a band of neurons, each [cell, pitch] with `pitch` neurons (a multiple of ND_TILE) a cell.
/// `minimum` and `maximum` are `float *` or `double *` as the tile's values are.
typedef struct {
  void *minimum, *maximum;
  double *sum, *squares;
  uint32_t *count, *zeros, *nan, *infinite;
  size_t pitch;
} nd_figures;

/// Adds a tile to the figures of the neurons from `column` on, in row order for every cell, and lowers `low` and raises
/// `high` [ND_TILE] to hold its finite values. Returns whether it met a value that is not finite.
int nd_measure_f32(const float *tile, const nd_run *runs, size_t run_count, const nd_figures *figures, size_t column,
                   float *low, float *high);
int nd_measure_f64(const double *tile, const nd_run *runs, size_t run_count, const nd_figures *figures, size_t column,
                   double *low, double *high);

/// Counts a tile: `counters` is [cell, ND_TILE, ND_BINS], all cells of the tile's columns; the bin of `v` is the low byte
/// of `floor(v * scale_a[c] * scale_b[c])`, both scales powers of two. Values that are not finite are passed over where
/// `checked` is set, and must not occur where it is not.
void nd_count_f32(const float *tile, const nd_run *runs, size_t run_count, const float *scale_a, const float *scale_b,
                  uint32_t *counters, int checked);
void nd_count_f64(const double *tile, const nd_run *runs, size_t run_count, const double *scale_a,
                  const double *scale_b, uint32_t *counters, int checked);

/// Copies the finite values other than 0 whose bin is wanted to the lists of their cell and column. `wanted` is
/// [cell, ND_TILE, ND_BINS] bits; `cursors` [cell, ND_TILE] are places in `values`, each moved on by what was written.
void nd_collect_f32(const float *tile, const nd_run *runs, size_t run_count, const float *scale_a,
                    const float *scale_b, const uint32_t *wanted, uint64_t *cursors, float *values);
void nd_collect_f64(const double *tile, const nd_run *runs, size_t run_count, const double *scale_a,
                    const double *scale_b, const uint32_t *wanted, uint64_t *cursors, double *values);

#endif
