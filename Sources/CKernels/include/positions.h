// Positions of a row, such as places of a picture or tokens of a text, brought side by side or reduced.
#ifndef CKERNELS_POSITIONS_H
#define CKERNELS_POSITIONS_H

#include <stddef.h>

/// Where the values of a row lie: that of neuron `n` and position `p` is `neurons[n] + positions[p]` behind its start. Both ascend.
typedef struct {
  const ptrdiff_t *neurons;
  size_t neuron_count;
  const ptrdiff_t *positions;
  size_t position_count;
} nd_row_places;

/// Copies a row to `target`, [position, neuron].
void nd_spread_f32(const float *row, const nd_row_places *places, float *target);
void nd_spread_f64(const double *row, const nd_row_places *places, double *target);

/// The largest value of each neuron, -infinity without positions; NaN where any is NaN.
void nd_largest_f32(const float *row, const nd_row_places *places, float *target);
void nd_largest_f64(const double *row, const nd_row_places *places, double *target);

/// The mean of each neuron, summed up in double precision in the order of positions; NaN without positions.
void nd_mean_f32(const float *row, const nd_row_places *places, float *target);
void nd_mean_f64(const double *row, const nd_row_places *places, double *target);

#endif
