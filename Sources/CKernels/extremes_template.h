// Included once for each type of value, with what bins_template.h asks for.
#include "bins_template.h"

/// The largest number below one that is no NaN.
static ND_INLINE VALUE NAME(below_)(VALUE value) {
  if (value == 0) value = 0;
  INTEGER bits;
  memcpy(&bits, &value, sizeof bits);
  if (value == -(VALUE)INFINITY) return value;
  // Numbers of a sign follow each other as their bits do.
  if (value > 0)
    bits--;
  else if (value < 0)
    bits++;
  else
    bits = (INTEGER)((INTEGER)1 << (8 * sizeof bits - 2)) * -2 + 1;
  memcpy(&value, &bits, sizeof bits);
  return value;
}

static ND_INLINE void NAME(keep_)(const nd_extremes *lists, size_t column, VALUE value, uint32_t row, int repeats) {
  VALUE *values = (VALUE *)lists->values + column * ND_EXTREMES;
  uint32_t *rows = lists->rows + column * ND_EXTREMES;
  size_t place = ND_EXTREMES - 1;
  if (repeats) {
    for (size_t k = 0; k < ND_EXTREMES; k++) {
      if (rows[k] != row) continue;
      if (values[k] >= value) return;
      place = k;
      break;
    }
  }
  if (!(value > values[place] || (value == values[place] && row < rows[place]))) return;
  while (place > 0 && (values[place - 1] < value || (values[place - 1] == value && rows[place - 1] > row))) {
    values[place] = values[place - 1];
    rows[place] = rows[place - 1];
    place--;
  }
  values[place] = value;
  rows[place] = row;
  ((VALUE *)lists->last)[column] = values[ND_EXTREMES - 1];
  ((VALUE *)lists->below)[column] = NAME(below_)(values[ND_EXTREMES - 1]);
  lists->last_row[column] = rows[ND_EXTREMES - 1];
}

/// Numbers that a value of a run must exceed to be kept, where no row of the run is before `first_row`.
static ND_INLINE void NAME(edges_)(const nd_extremes *lists, size_t c, uint32_t first_row, VALUE *edges) {
  NAME(ivec) earlier = __builtin_convertvector(*(const NAME(uvec) *)(lists->last_row + c) > first_row, NAME(ivec));
  NAME(vec) last = *(const NAME(vec) *)((const VALUE *)lists->last + c);
  NAME(vec) below = *(const NAME(vec) *)((const VALUE *)lists->below + c);
  *(NAME(vec) *)edges = earlier ? below : last;
}

ND_CLONES void NAME(nd_keep_extremes_)(const VALUE *tile, size_t rows, const uint32_t *order, uint32_t first_row,
                                       uint32_t samples_per_row, nd_extremes highest, nd_extremes lowest) {
  if (rows == 0) return;
  uint64_t high = 0, low = 0;
  const uint32_t first = first_row + order[0] / samples_per_row;
  for (size_t c = 0; c < ND_TILE; c += LANES) {
    VALUE edges[LANES];
    NAME(edges_)(&highest, c, first, edges);
    const NAME(vec) above = *(const NAME(vec) *)edges;
    NAME(edges_)(&lowest, c, first, edges);
    const NAME(vec) under = -*(const NAME(vec) *)edges;
    NAME(ivec) is_high = 0, is_low = 0;
    const VALUE *p = tile + c;
    for (size_t r = 0; r < rows; r++, p += ND_TILE) {
      const NAME(vec) v = *(const NAME(vec) *)p;
      is_high |= v > above;
      is_low |= v < under;
    }
    high |= NAME(mask_)(&is_high) << c;
    low |= NAME(mask_)(&is_low) << c;
  }
  for (int sign = 0; sign < 2; sign++) {
    const nd_extremes *lists = sign ? &lowest : &highest;
    for (uint64_t left = sign ? low : high; left; left &= left - 1) {
      const size_t c = (size_t)__builtin_ctzll(left);
      const VALUE *last = (const VALUE *)lists->last + c;
      for (size_t r = 0; r < rows; r++) {
        const VALUE v = sign ? -tile[r * ND_TILE + c] : tile[r * ND_TILE + c];
        if (!(v >= *last && v <= MAX_FINITE && v >= -MAX_FINITE)) continue;
        NAME(keep_)(lists, c, v, first_row + order[r] / samples_per_row, samples_per_row > 1);
      }
    }
  }
}
