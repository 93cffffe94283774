#include "select.h"

#include <string.h>

#include "clones.h"

#define TEMPLATE "select_template.h"
#include "each_value.h"

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
