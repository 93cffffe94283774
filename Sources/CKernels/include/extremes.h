// The rows with the highest values of each column of a tile.
#ifndef CKERNELS_EXTREMES_H
#define CKERNELS_EXTREMES_H

#include <stddef.h>
#include <stdint.h>

#include "count.h"

/// Rows that are kept of a column.
#define ND_EXTREMES 16

/// Lists of ND_TILE columns: finite values, highest first, equal ones by row; each row once. Where there are fewer, -infinity and
/// UINT32_MAX. `values`, `last` and `below` are `float *` or `double *` as the tile's values are.
typedef struct {
  /// [column, ND_EXTREMES]
  void *values;
  uint32_t *rows;
  /// [column]: the last of the list, the next number below it, and its row.
  void *last, *below;
  uint32_t *last_row;
} nd_extremes;

/// Keeps the highest and the lowest values of a tile of `rows` rows, which are of rows `first_row + order[r] / samples_per_row`, ascending.
/// The lists of the lowest hold negated values.
void nd_keep_extremes_f32(const float *tile, size_t rows, const uint32_t *order, uint32_t first_row,
                          uint32_t samples_per_row, nd_extremes highest, nd_extremes lowest);
void nd_keep_extremes_f64(const double *tile, size_t rows, const uint32_t *order, uint32_t first_row,
                          uint32_t samples_per_row, nd_extremes highest, nd_extremes lowest);

/// Keeps one value, finite or -infinity, of a row in the list of a column. `repeats` says whether the row may be in it already.
void nd_keep_extreme_f32(nd_extremes lists, size_t column, float value, uint32_t row, int repeats);
void nd_keep_extreme_f64(nd_extremes lists, size_t column, double value, uint32_t row, int repeats);

#endif
