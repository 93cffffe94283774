// Included once for each type of value: VALUE, INTEGER of its size, LANES to a vector, MAX_FINITE, NAME(base).

typedef VALUE NAME(vec) __attribute__((ext_vector_type(LANES), aligned(sizeof(VALUE))));
typedef INTEGER NAME(ivec) __attribute__((ext_vector_type(LANES), aligned(sizeof(VALUE))));
typedef uint32_t NAME(uvec) __attribute__((ext_vector_type(LANES), aligned(4)));
typedef double NAME(dvec) __attribute__((ext_vector_type(LANES), aligned(8)));

/// Bins of a tile's row: the low byte of floor(v * scale_a * scale_b).
static inline __attribute__((always_inline)) void NAME(bins_)(const VALUE *row, const VALUE *scale_a,
                                                              const VALUE *scale_b, INTEGER *bin) {
  for (size_t c = 0; c < ND_TILE; c += LANES) {
    NAME(vec) v = *(const NAME(vec) *)(row + c);
    NAME(vec) x = v * *(const NAME(vec) *)(scale_a + c) * *(const NAME(vec) *)(scale_b + c);
    NAME(ivec) t = __builtin_convertvector(x, NAME(ivec));
    // Truncation to floor; a comparison is -1 where it holds.
    t += x < __builtin_convertvector(t, NAME(vec));
    // A negative value so small that the product vanished still lies below 0.
    t += (v < 0) & (t == 0);
    *(NAME(ivec) *)(bin + c) = t & 255;
  }
}

ND_CLONES int NAME(nd_measure_)(const VALUE *tile, const nd_run *runs, size_t run_count, const nd_figures *figures,
                                size_t column, VALUE *low, VALUE *high) {
  int odd = 0;
  for (size_t c = 0; c < ND_TILE; c += LANES) {
    NAME(vec) lowest = *(NAME(vec) *)(low + c), highest = *(NAME(vec) *)(high + c);
    for (size_t n = 0; n < run_count; n++) {
      nd_run run = runs[n];
      size_t at = run.cell * figures->pitch + column + c;
      NAME(vec) *minimum = (NAME(vec) *)((VALUE *)figures->minimum + at);
      NAME(vec) *maximum = (NAME(vec) *)((VALUE *)figures->maximum + at);
      NAME(dvec) *sums = (NAME(dvec) *)(figures->sum + at), *squares = (NAME(dvec) *)(figures->squares + at);
      NAME(vec) mn = *minimum, mx = *maximum;
      NAME(dvec) sum = *sums, square = *squares;
      NAME(ivec) zero = 0, strange = 0;
      const VALUE *p = tile + (size_t)run.first * ND_TILE + c;
      for (uint32_t r = 0; r < run.count; r++, p += ND_TILE) {
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
          const VALUE *q = tile + (size_t)run.first * ND_TILE + c + k;
          for (uint32_t r = 0; r < run.count; r++, q += ND_TILE) {
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
        *(NAME(uvec) *)(figures->count + at) += (NAME(uvec))run.count;
      }
      *minimum = mn;
      *maximum = mx;
      *sums = sum;
      *squares = square;
      lowest = mn < lowest ? mn : lowest;
      highest = mx > highest ? mx : highest;
    }
    *(NAME(vec) *)(low + c) = lowest;
    *(NAME(vec) *)(high + c) = highest;
  }
  return odd;
}

ND_CLONES void NAME(nd_count_)(const VALUE *tile, const nd_run *runs, size_t run_count, const VALUE *scale_a,
                               const VALUE *scale_b, uint32_t *counters, int checked) {
  for (size_t n = 0; n < run_count; n++) {
    nd_run run = runs[n];
    uint32_t *base = counters + (size_t)run.cell * (ND_TILE * ND_BINS);
    const VALUE *p = tile + (size_t)run.first * ND_TILE;
    for (uint32_t r = 0; r < run.count; r++, p += ND_TILE) {
      INTEGER bin[ND_TILE];
      NAME(bins_)(p, scale_a, scale_b, bin);
      if (!checked) {
        for (size_t c = 0; c < ND_TILE; c++) base[c * ND_BINS + bin[c]]++;
      } else {
        for (size_t c = 0; c < ND_TILE; c++)
          if (p[c] <= MAX_FINITE && p[c] >= -MAX_FINITE) base[c * ND_BINS + bin[c]]++;
      }
    }
  }
}

ND_CLONES void NAME(nd_collect_)(const VALUE *tile, const nd_run *runs, size_t run_count, const VALUE *scale_a,
                                 const VALUE *scale_b, const uint32_t *wanted, uint64_t *cursors, VALUE *values) {
  for (size_t n = 0; n < run_count; n++) {
    nd_run run = runs[n];
    const uint32_t *bits = wanted + (size_t)run.cell * (ND_TILE * ND_BINS / 32);
    uint64_t *cursor = cursors + (size_t)run.cell * ND_TILE;
    const VALUE *p = tile + (size_t)run.first * ND_TILE;
    for (uint32_t r = 0; r < run.count; r++, p += ND_TILE) {
      INTEGER bin[ND_TILE];
      NAME(bins_)(p, scale_a, scale_b, bin);
      for (size_t c = 0; c < ND_TILE; c++) {
        if ((bits[c * (ND_BINS / 32) + (bin[c] >> 5)] >> (bin[c] & 31)) & 1) {
          VALUE v = p[c];
          if (v != 0 && v <= MAX_FINITE && v >= -MAX_FINITE) values[cursor[c]++] = v;
        }
      }
    }
  }
}
