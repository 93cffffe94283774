#include "select.h"

#include <string.h>

#include "clones.h"

#define NAME_(base, type) base##type
#define VALUE float
#define INTEGER int32_t
#define NAME(base) NAME_(base, f32)
#include "select_template.h"
#undef VALUE
#undef INTEGER
#undef NAME

#define VALUE double
#define INTEGER int64_t
#define NAME(base) NAME_(base, f64)
#include "select_template.h"

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
