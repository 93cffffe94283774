// Sums whose sign alone matters.
#ifndef CKERNELS_SLOPE_H
#define CKERNELS_SLOPE_H

#include <stddef.h>

/// Whether the sum of `sizes[i] * (centre - min(max(centre, lows[i]), highs[i]))`, taken from first to last in double precision, is positive.
int nd_slope_is_positive(const double *lows, const double *highs, const double *sizes, size_t cells, double centre);

#endif
