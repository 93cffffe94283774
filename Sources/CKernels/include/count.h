// What tiles are made of: ND_TILE columns of some rows, all of one cell.
#ifndef CKERNELS_COUNT_H
#define CKERNELS_COUNT_H

#include <stddef.h>
#include <stdint.h>

/// Columns (neurons) of a tile.
#define ND_TILE 64
/// Bins of a histogram.
#define ND_BINS 256

/// Copies `rows` rows of `bytes` bytes, which begin `pitch` bytes apart at `base` in the given order, side by side into `tile`,
/// whose rows are `tile_bytes` long. Rows are far apart and in no order the processor could foresee, so they are asked for ahead: so are
/// the `following` rows that stand behind these in `order`, which come next.
void nd_gather_rows(void *tile, size_t tile_bytes, const void *base, size_t pitch, const uint32_t *order, size_t rows,
                    size_t following, size_t bytes);

/// Running figures of a band of neurons, each [cell, pitch] with `pitch` neurons (a multiple of ND_TILE) a cell.
/// `minimum` and `maximum` are `float *` or `double *` as the tile's values are.
typedef struct {
  void *minimum, *maximum;
  double *sum, *squares;
  uint32_t *count, *zeros, *nan, *infinite;
  size_t pitch;
} nd_figures;

/// Adds up the two neighbouring bins `2 k` and `2 k + 1` of a histogram of ND_BINS counters, each at the low byte of its bin's
/// number, the first of which is `origin`: bin `k` of a grid twice as coarse, again at its low byte.
void nd_halve_u16(uint16_t *counters, int64_t origin);
void nd_halve_u32(uint32_t *counters, int64_t origin);

/// Copies values of ND_TILE columns that lie in one of the column's `intervals` half-open intervals to the column's list.
/// Rows begin `pitch` values apart at `base`, and are taken in the given order, `following` as in `nd_gather_rows`. `low` and `high` are [intervals, ND_TILE];
/// the intervals of a column do not overlap. `cursors` [ND_TILE] are places in `values`, each moved on by what was found; nothing is
/// written at or beyond the column's place in `ends`.
void nd_collect_f32(const float *base, size_t pitch, const uint32_t *order, size_t rows, size_t following,
                    size_t intervals, const float *low, const float *high, uint64_t *cursors, const uint64_t *ends,
                    float *values);
void nd_collect_f64(const double *base, size_t pitch, const uint32_t *order, size_t rows, size_t following,
                    size_t intervals, const double *low, const double *high, uint64_t *cursors, const uint64_t *ends,
                    double *values);

#endif
