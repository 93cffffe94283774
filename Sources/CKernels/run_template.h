// Included once for each type of value, with what bins_template.h asks for.
#include "bins_template.h"

/// Figures of some columns, a value at a time, keeping what is not finite apart.
static void NAME(measure_odd_)(const VALUE *base, size_t pitch, const uint32_t *order, size_t rows,
                               const nd_figures *figures, size_t first, size_t columns) {
  for (size_t k = 0; k < columns; k++) {
    const size_t at = first + k;
    VALUE low = ((VALUE *)figures->minimum)[at], high = ((VALUE *)figures->maximum)[at];
    double sum = figures->sum[at], square = figures->squares[at];
    for (size_t r = 0; r < rows; r++) {
      const VALUE v = base[order[r] * pitch + k];
      if (v != v) {
        figures->nan[at]++;
      } else if (v > MAX_FINITE || v < -MAX_FINITE) {
        figures->infinite[at]++;
      } else {
        low = v < low ? v : low;
        high = v > high ? v : high;
        sum += (double)v;
        square += (double)v * (double)v;
        figures->zeros[at] += v == 0;
        figures->count[at]++;
      }
    }
    ((VALUE *)figures->minimum)[at] = low;
    ((VALUE *)figures->maximum)[at] = high;
    figures->sum[at] = sum;
    figures->squares[at] = square;
  }
}

/// Adds some rows side by side to the figures. Returns what they met.
static ND_INLINE int NAME(measure_)(const VALUE *tile, size_t rows, const nd_run *run) {
  int found = 0;
  for (size_t c = 0; c < ND_TILE; c += LANES) {
    const nd_figures *figures = &run->figures;
    const size_t at = run->first + c;
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
      found |= ND_RUN_ODD;
      NAME(measure_odd_)(tile + c, ND_TILE, side_by_side, rows, figures, at, LANES);
    } else {
      *minimum = mn;
      *maximum = mx;
      *sums = sum;
      *squares = square;
      *(NAME(uvec) *)(figures->zeros + at) -= __builtin_convertvector(zero, NAME(uvec));
      *(NAME(uvec) *)(figures->count + at) += (NAME(uvec))(uint32_t)rows;
    }
    NAME(vec) *low = (NAME(vec) *)((VALUE *)run->low + c), *high = (NAME(vec) *)((VALUE *)run->high + c);
    const NAME(vec) lowest = *low, highest = *high;
    const NAME(ivec) wider = (*minimum < lowest) | (*maximum > highest);
    if (__builtin_reduce_or(wider)) found |= ND_RUN_WIDER;
    *low = *minimum < lowest ? *minimum : lowest;
    *high = *maximum > highest ? *maximum : highest;
  }
  return found;
}

/// A few rows at a time are copied side by side, so that they are in the first-level cache as often as they are looked at: rows lie a power
/// of two apart, and would push each other out.
static ND_INLINE int NAME(take_run_)(const VALUE *base, size_t pitch, const uint32_t *order, size_t rows,
                                     const nd_run *run) {
  VALUE tile[SOME_ROWS * ND_TILE] __attribute__((aligned(64)));
  int found = 0;
  for (size_t first = 0; first < rows; first += SOME_ROWS) {
    const size_t some = rows - first < SOME_ROWS ? rows - first : SOME_ROWS;
    for (size_t r = 0; r < some; r++) {
      if (first + r + rows_ahead < rows) fetch(base + order[first + r + rows_ahead] * pitch, ND_TILE * sizeof(VALUE));
      memcpy(tile + r * ND_TILE, base + order[first + r] * pitch, ND_TILE * sizeof(VALUE));
    }
    found |= NAME(measure_)(tile, some, run);
    if (run->counts) {
      for (size_t r = 0; r < some; r++) {
        const VALUE *row = tile + r * ND_TILE;
        if (run->counters) fetch_share(run->counters, ND_TILE * ND_BINS * sizeof *run->counters, first + r, rows);
        uint8_t bin[ND_TILE];
        NAME(bins_)(row, run->scale_a, run->scale_b, bin);
        for (size_t c = 0; c < ND_TILE; c++) run->counts[c * ND_BINS + bin[c]]++;
        if (!run->codes) continue;
        const size_t place = run->numbers[first + r] - run->first_place;
        memcpy(run->codes + place * ND_TILE, bin, ND_TILE);
        uint64_t zeros = 0;
        for (size_t c = 0; c < ND_TILE; c += LANES) {
          const NAME(ivec) zero = *(const NAME(vec) *)(row + c) == 0;
          zeros |= NAME(mask_)(&zero) << c;
        }
        run->apart[place] = zeros;
      }
    }
    NAME(nd_keep_extremes_)(tile, some, run->numbers + first, run->first_row, run->samples_per_row, run->highest,
                            run->lowest);
  }
  return found;
}

ND_CLONES void NAME(nd_count_)(const VALUE *base, size_t pitch, const uint32_t *order, size_t rows,
                               const VALUE *scale_a, const VALUE *scale_b, uint16_t *counters) {
  for (size_t r = 0; r < rows; r++) {
    const VALUE *row = base + order[r] * pitch;
    uint8_t bin[ND_TILE];
    NAME(bins_)(row, scale_a, scale_b, bin);
    for (size_t c = 0; c < ND_TILE; c++)
      if (row[c] <= MAX_FINITE && row[c] >= -MAX_FINITE) counters[c * ND_BINS + bin[c]]++;
  }
}

void NAME(nd_count_column_)(const VALUE *column, size_t pitch, const uint32_t *order, size_t rows, VALUE scale_a,
                            VALUE scale_b, uint8_t *counts) {
  for (size_t r = 0; r < rows; r++) {
    const VALUE v = column[order[r] * pitch], x = v * scale_a * scale_b;
    INTEGER bin = (INTEGER)x;
    bin -= x < (VALUE)bin;
    bin -= v < 0 && bin == 0;
    counts[bin & (ND_BINS - 1)]++;
  }
}
