// Included once for each type of value, with what bins_template.h asks for.
#include "bins_template.h"

/// The columns of a tile's row whose values lie in one of their intervals, a bit each.
static ND_INLINE uint64_t NAME(wanted_)(const VALUE *row, size_t intervals, const VALUE *low, const VALUE *high) {
  uint64_t wanted = 0;
  for (size_t c = 0; c < ND_TILE; c += LANES) {
    NAME(vec) v = *(const NAME(vec) *)(row + c);
    NAME(ivec) in = 0;
#pragma clang loop unroll_count(4)
    for (size_t k = 0; k < intervals; k++) {
      const size_t at = k * ND_TILE + c;
      in |= (v >= *(const NAME(vec) *)(low + at)) & (v < *(const NAME(vec) *)(high + at));
    }
    wanted |= NAME(mask_)(&in) << c;
  }
  return wanted;
}

static ND_INLINE void NAME(collect_)(const VALUE *base, size_t pitch, const uint32_t *order, size_t rows,
                                     size_t following, size_t intervals, const VALUE *low, const VALUE *high, uint64_t *cursors,
                                     const uint64_t *ends, VALUE *values) {
  // What is found in some rows, each by row and column, and moved to its list together: one by one, a row would wait for the
  // lists' cache lines.
  enum { some_rows = 32 };
  uint16_t found[some_rows * ND_TILE];
  for (size_t first = 0; first < rows; first += some_rows) {
    const size_t end = rows - first < some_rows ? rows : first + some_rows;
    size_t count = 0;
    for (size_t r = first; r < end; r++) {
      if (r + rows_ahead < rows + following) fetch(base + order[r + rows_ahead] * pitch, ND_TILE * sizeof(VALUE));
      uint64_t wanted = NAME(wanted_)(base + order[r] * pitch, intervals, low, high);
      while (wanted) {
        found[count++] = (uint16_t)((r - first) * ND_TILE + (size_t)__builtin_ctzll(wanted));
        wanted &= wanted - 1;
      }
    }
    for (size_t i = 0; i < count; i++) {
      const size_t c = found[i] % ND_TILE;
      // More than the list has room for are counted only: then the data are not those that were counted before.
      const uint64_t place = cursors[c]++;
      if (place < ends[c]) values[place] = base[order[first + found[i] / ND_TILE] * pitch + c];
    }
  }
}

ND_CLONES static void NAME(collect_clones_)(const VALUE *base, size_t pitch, const uint32_t *order, size_t rows,
                                            size_t following, size_t intervals, const VALUE *low, const VALUE *high, uint64_t *cursors,
                                            const uint64_t *ends, VALUE *values) {
  FEW_INTERVALS(NAME(collect_), base, pitch, order, rows, following, intervals, low, high, cursors, ends, values);
}
