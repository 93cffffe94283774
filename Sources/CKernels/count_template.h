// Included once for each type of value, with what bins_template.h asks for.
#include "bins_template.h"

ND_CLONES int NAME(nd_measure_)(const VALUE *tile, size_t rows, const nd_figures *figures, size_t first, VALUE *low,
                                VALUE *high) {
  int odd = 0;
  for (size_t c = 0; c < ND_TILE; c += LANES) {
    NAME(vec) lowest = *(NAME(vec) *)(low + c), highest = *(NAME(vec) *)(high + c);
    size_t at = first + c;
    NAME(vec) *minimum = (NAME(vec) *)((VALUE *)figures->minimum + at);
    NAME(vec) *maximum = (NAME(vec) *)((VALUE *)figures->maximum + at);
    NAME(dvec) *sums = (NAME(dvec) *)(figures->sum + at), *squares = (NAME(dvec) *)(figures->squares + at);
    NAME(vec) mn = *minimum, mx = *maximum;
    NAME(dvec) sum = *sums, square = *squares;
    NAME(ivec) zero = 0, strange = 0;
    const VALUE *p = tile + c;
    for (size_t r = 0; r < rows; r++, p += ND_TILE) {
      NAME(vec) v = *(const NAME(vec) *)p;
      mn = v < mn ? v : mn;
      mx = v > mx ? v : mx;
      zero += v == 0;
      strange |= ~((v <= MAX_FINITE) & (v >= -MAX_FINITE));
      NAME(dvec) d = __builtin_convertvector(v, NAME(dvec));
      sum += d;
      square += d * d;
    }
    if (__builtin_reduce_or(strange)) {
      // Rare: once more, a value at a time, keeping what is not finite apart.
      odd = 1;
      for (size_t k = 0; k < LANES; k++) {
        VALUE low_k = ((VALUE *)figures->minimum)[at + k], high_k = ((VALUE *)figures->maximum)[at + k];
        double sum_k = figures->sum[at + k], square_k = figures->squares[at + k];
        const VALUE *q = tile + c + k;
        for (size_t r = 0; r < rows; r++, q += ND_TILE) {
          VALUE v = *q;
          if (v != v) {
            figures->nan[at + k]++;
          } else if (v > MAX_FINITE || v < -MAX_FINITE) {
            figures->infinite[at + k]++;
          } else {
            low_k = v < low_k ? v : low_k;
            high_k = v > high_k ? v : high_k;
            sum_k += (double)v;
            square_k += (double)v * (double)v;
            figures->zeros[at + k] += v == 0;
            figures->count[at + k]++;
          }
        }
        mn[k] = low_k;
        mx[k] = high_k;
        sum[k] = sum_k;
        square[k] = square_k;
      }
    } else {
      *(NAME(uvec) *)(figures->zeros + at) -= __builtin_convertvector(zero, NAME(uvec));
      *(NAME(uvec) *)(figures->count + at) += (NAME(uvec))(uint32_t)rows;
    }
    *minimum = mn;
    *maximum = mx;
    *sums = sum;
    *squares = square;
    lowest = mn < lowest ? mn : lowest;
    highest = mx > highest ? mx : highest;
    *(NAME(vec) *)(low + c) = lowest;
    *(NAME(vec) *)(high + c) = highest;
  }
  return odd;
}

ND_CLONES void NAME(nd_count_)(const VALUE *tile, size_t rows, const VALUE *scale_a, const VALUE *scale_b,
                               uint16_t *counters, int checked) {
  if (rows < few_rows && !checked) {
    for (size_t r = 0; r < rows; r++) {
      uint8_t bin[ND_TILE];
      NAME(bins_)(tile + r * ND_TILE, scale_a, scale_b, bin);
      for (size_t c = 0; c < ND_TILE; c++) counters[c * ND_BINS + bin[c]]++;
    }
    return;
  }
  // Counted in bytes, which stay in the first-level cache, as long as none of them can overflow.
  uint8_t small[ND_TILE * ND_BINS] __attribute__((aligned(64)));
  memset(small, 0, sizeof small);
  const VALUE *p = tile;
  for (size_t first = 0; first < rows; first += UINT8_MAX) {
    size_t end = rows - first < UINT8_MAX ? rows : first + UINT8_MAX;
    for (size_t r = first; r < end; r++, p += ND_TILE) {
      uint8_t bin[ND_TILE];
      NAME(bins_)(p, scale_a, scale_b, bin);
      if (!checked) {
        for (size_t c = 0; c < ND_TILE; c++) small[c * ND_BINS + bin[c]]++;
      } else {
        for (size_t c = 0; c < ND_TILE; c++)
          if (p[c] <= MAX_FINITE && p[c] >= -MAX_FINITE) small[c * ND_BINS + bin[c]]++;
      }
    }
    move_counts(counters, small);
  }
}

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
                                     size_t intervals, const VALUE *low, const VALUE *high, uint64_t *cursors,
                                     const uint64_t *ends, VALUE *values) {
  // What is found in some rows, each by row and column, and moved to its list together: one by one, a row would wait for the
  // lists' cache lines.
  enum { some_rows = 32 };
  uint16_t found[some_rows * ND_TILE];
  for (size_t first = 0; first < rows; first += some_rows) {
    const size_t end = rows - first < some_rows ? rows : first + some_rows;
    size_t count = 0;
    for (size_t r = first; r < end; r++) {
      if (r + rows_ahead < rows) fetch(base + order[r + rows_ahead] * pitch, ND_TILE * sizeof(VALUE));
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

ND_CLONES void NAME(nd_collect_)(const VALUE *base, size_t pitch, const uint32_t *order, size_t rows,
                                 size_t intervals, const VALUE *low, const VALUE *high, uint64_t *cursors,
                                 const uint64_t *ends, VALUE *values) {
  // Most lists want few bins, and loops of a known length take half the time.
  switch (intervals) {
#define FEW(N) \
  case N: NAME(collect_)(base, pitch, order, rows, N, low, high, cursors, ends, values); return;
    FEW(1) FEW(2) FEW(3) FEW(4)
#undef FEW
    default: NAME(collect_)(base, pitch, order, rows, intervals, low, high, cursors, ends, values);
  }
}
