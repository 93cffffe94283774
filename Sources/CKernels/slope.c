#include "slope.h"

#include <float.h>
#include <string.h>

#include "clones.h"

// A fused multiply-add would round once instead of twice: the sign must be the same on every machine.
#pragma STDC FP_CONTRACT OFF

enum { LANES = 8 };
typedef double reals8 __attribute__((ext_vector_type(8), aligned(8)));

static ND_INLINE double term(const double *lows, const double *highs, const double *sizes, size_t i, double centre) {
  const double raised = centre > lows[i] ? centre : lows[i];
  return sizes[i] * (centre - (raised < highs[i] ? raised : highs[i]));
}

ND_CLONES int nd_slope_is_positive(const double *lows, const double *highs, const double *sizes, size_t cells,
                                   double centre) {
  // Eight sums side by side, and those of magnitudes: they tell the sign unless it is too close to 0 for another order of adding.
  reals8 sums = 0, magnitudes = 0;
  size_t i = 0;
  for (; i + LANES <= cells; i += LANES) {
    const reals8 low = *(const reals8 *)(lows + i), high = *(const reals8 *)(highs + i);
    const reals8 nearest = __builtin_elementwise_min(__builtin_elementwise_max((reals8)centre, low), high);
    const reals8 some = *(const reals8 *)(sizes + i) * ((reals8)centre - nearest);
    sums += some;
    magnitudes += __builtin_elementwise_abs(some);
  }
  double sum = 0, magnitude = 0;
  for (size_t lane = 0; lane < LANES; lane++) {
    sum += sums[lane];
    magnitude += magnitudes[lane];
  }
  for (; i < cells; i++) {
    const double one = term(lows, highs, sizes, i, centre);
    sum += one;
    magnitude += one < 0 ? -one : one;
  }
  // Either order is off by no more than so many roundings of the sum of magnitudes, which is off by as much.
  const double off = 4 * (double)(cells + LANES) * DBL_EPSILON * magnitude;
  if (sum > off) return 1;
  if (sum < -off) return 0;
  double inOrder = 0;
  for (i = 0; i < cells; i++) inOrder += term(lows, highs, sizes, i, centre);
  return inOrder > 0;
}
