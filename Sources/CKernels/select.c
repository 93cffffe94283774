#include "select.h"

#include <string.h>

#include "clones.h"

#define TEMPLATE "select_template.h"
#include "each_value.h"
#include "select_avx512.h"

size_t nd_pick_portable_f32(const void *values, size_t count, size_t intervals, const float *low, const float *high,
                            size_t stride, float *picked) {
  return pick_clones_f32(values, count, intervals, low, high, stride, picked);
}

size_t nd_pick_f32(const void *values, size_t count, size_t intervals, const float *low, const float *high,
                   size_t stride, float *picked) {
#if defined(__x86_64__)
  if (has_avx512()) return pick_avx512(values, count, intervals, low, high, stride, picked);
#endif
  return nd_pick_portable_f32(values, count, intervals, low, high, stride, picked);
}

size_t nd_pick_f64(const void *values, size_t count, size_t intervals, const double *low, const double *high,
                   size_t stride, double *picked) {
  return pick_clones_f64(values, count, intervals, low, high, stride, picked);
}

ND_CLONES size_t nd_find_rank(const uint32_t *counts, uint64_t rank, uint64_t *below) {
  enum { bins = 256, step = 16 };
  uint64_t seen = 0;
  size_t bin = 0;
  for (; bin < bins - step; bin += step) {
    // Of all values of a neuron, which a counter holds.
    uint32_t sum = 0;
    for (size_t i = 0; i < step; i++) sum += counts[bin + i];
    if (seen + sum > rank) break;
    seen += sum;
  }
  for (; bin < bins - 1 && seen + counts[bin] <= rank; bin++) seen += counts[bin];
  *below = seen;
  return bin;
}
