// nd_take_run_f32 for processors with AVX-512. Included by run.c, behind the templates.
#if defined(__x86_64__)
#include "avx512.h"

/// Columns that are gone through together: what is summed up of them fits the registers.
enum { STRIP = 32 };

/// A row with values that may be among the extremes, and the columns of the strip where they are.
typedef struct {
  uint32_t row, high, low;
} extreme_hits;

/// Numbers that a value of a run must exceed to be kept; see `edges_` in extremes_template.h.
ND_AVX512 static inline __m512 edges_avx512(const nd_extremes *lists, size_t c, uint32_t first_row) {
  const __mmask16 earlier =
      _mm512_cmpgt_epu32_mask(_mm512_loadu_si512(lists->last_row + c), _mm512_set1_epi32((int)first_row));
  return _mm512_mask_mov_ps(_mm512_loadu_ps((const float *)lists->last + c), earlier,
                            _mm512_loadu_ps((const float *)lists->below + c));
}

static void keep_hits(const float *base, size_t pitch, const uint32_t *order, const nd_run *run, size_t c,
                      const extreme_hits *hits, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const size_t r = hits[i].row;
    const uint32_t number = run->first_row + run->numbers[r] / run->samples_per_row;
    for (int sign = 0; sign < 2; sign++) {
      const nd_extremes *lists = sign ? &run->lowest : &run->highest;
      for (uint32_t left = sign ? hits[i].low : hits[i].high; left; left &= left - 1) {
        const size_t column = c + (size_t)__builtin_ctz(left);
        const float there = base[order[r] * pitch + column], v = sign ? -there : there;
        const float last = ((const float *)lists->last)[column];
        if (!(v > last || (v == last && number < lists->last_row[column]))) continue;
        if (!(v <= 0x1.fffffep127f && v >= -0x1.fffffep127f)) continue;
        nd_keep_extreme_f32(*lists, column, v, number, run->samples_per_row > 1);
      }
    }
  }
}

/// The low bytes of the bins of sixteen values. Rounded down all the way, a product that vanishes below 0 stays below 0.
ND_AVX512 static inline __m128i bins_avx512(__m512 v, __m512 scale_a, __m512 scale_b) {
  enum { DOWN = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC };
  const __m512 x = _mm512_mul_round_ps(_mm512_mul_round_ps(v, scale_a, DOWN), scale_b, DOWN);
  __m128i bins = _mm512_cvtepi32_epi8(_mm512_cvt_roundps_epi32(x, DOWN));
  __asm__("" : "+v"(bins));
  return bins;
}

/// Counts a bin of each column of a strip.
static ND_INLINE void count_bins(uint8_t *counts, const uint8_t *bins) {
  // Read back byte by byte: that is quicker than taking a vector apart.
  __asm__ volatile("" : : "r"(bins) : "memory");
#pragma clang loop unroll(full)
  for (size_t k = 0; k < STRIP; k++) counts[k * ND_BINS + bins[k]]++;
}

/// Ends the figures of sixteen columns; where a value was not finite, these are begun anew.
/// Returns what the columns met.
ND_AVX512 static inline int end_columns(const float *base, size_t pitch, const uint32_t *order, size_t rows,
                                        const nd_run *run, size_t c, __m512 minimum, __m512 maximum, __m512d sum_low,
                                        __m512d sum_high, __m512d squares_low, __m512d squares_high, __m512i zeros,
                                        __m512 odd) {
  const nd_figures *figures = &run->figures;
  const size_t at = run->first + c;
  float *own_minimum = (float *)figures->minimum + at, *own_maximum = (float *)figures->maximum + at;
  int found = 0;
  if (_mm512_cmp_ps_mask(odd, odd, _CMP_UNORD_Q)) {
    measure_odd_f32(base + c, pitch, order, rows, figures, at, 16);
    minimum = _mm512_loadu_ps(own_minimum);
    maximum = _mm512_loadu_ps(own_maximum);
    found |= ND_RUN_ODD;
  } else {
    _mm512_storeu_ps(own_minimum, minimum);
    _mm512_storeu_ps(own_maximum, maximum);
    _mm512_storeu_pd(figures->sum + at, sum_low);
    _mm512_storeu_pd(figures->sum + at + 8, sum_high);
    _mm512_storeu_pd(figures->squares + at, squares_low);
    _mm512_storeu_pd(figures->squares + at + 8, squares_high);
    _mm512_storeu_si512(figures->zeros + at, _mm512_add_epi32(_mm512_loadu_si512(figures->zeros + at), zeros));
    _mm512_storeu_si512(figures->count + at, _mm512_add_epi32(_mm512_loadu_si512(figures->count + at),
                                                              _mm512_set1_epi32((int)rows)));
  }
  float *low = (float *)run->low + c, *high = (float *)run->high + c;
  const __m512 lowest = _mm512_loadu_ps(low), highest = _mm512_loadu_ps(high);
  if (_mm512_cmp_ps_mask(minimum, lowest, _CMP_LT_OQ) | _mm512_cmp_ps_mask(maximum, highest, _CMP_GT_OQ)) {
    _mm512_storeu_ps(low, _mm512_min_ps(minimum, lowest));
    _mm512_storeu_ps(high, _mm512_max_ps(maximum, highest));
    found |= ND_RUN_WIDER;
  }
  return found;
}

/// `counts` is [STRIP, ND_BINS] or NULL; `codes` as those of the run, or NULL.
ND_AVX512 static inline __attribute__((always_inline)) int take_strip(const float *base, size_t pitch,
                                                                      const uint32_t *order, size_t rows,
                                                                      const nd_run *run, size_t c, uint8_t *counts,
                                                                      uint8_t *codes) {
  const uint32_t first_row = run->first_row + run->numbers[0] / run->samples_per_row;
  const __m512 above0 = edges_avx512(&run->highest, c, first_row), above1 = edges_avx512(&run->highest, c + 16, first_row);
  const __m512 sign = _mm512_set1_ps(-0.0f);
  const __m512 under0 = _mm512_xor_ps(edges_avx512(&run->lowest, c, first_row), sign);
  const __m512 under1 = _mm512_xor_ps(edges_avx512(&run->lowest, c + 16, first_row), sign);
  const __m512 a0 = _mm512_loadu_ps((const float *)run->scale_a + c);
  const __m512 a1 = _mm512_loadu_ps((const float *)run->scale_a + c + 16);
  const __m512 b0 = _mm512_loadu_ps((const float *)run->scale_b + c);
  const __m512 b1 = _mm512_loadu_ps((const float *)run->scale_b + c + 16);
  const size_t at = run->first + c;
  __m512 minimum0 = _mm512_loadu_ps((float *)run->figures.minimum + at);
  __m512 minimum1 = _mm512_loadu_ps((float *)run->figures.minimum + at + 16);
  __m512 maximum0 = _mm512_loadu_ps((float *)run->figures.maximum + at);
  __m512 maximum1 = _mm512_loadu_ps((float *)run->figures.maximum + at + 16);
  const double *sums = run->figures.sum + at, *squares = run->figures.squares + at;
  __m512d sum0 = _mm512_loadu_pd(sums), sum1 = _mm512_loadu_pd(sums + 8);
  __m512d sum2 = _mm512_loadu_pd(sums + 16), sum3 = _mm512_loadu_pd(sums + 24);
  __m512d square0 = _mm512_loadu_pd(squares), square1 = _mm512_loadu_pd(squares + 8);
  __m512d square2 = _mm512_loadu_pd(squares + 16), square3 = _mm512_loadu_pd(squares + 24);
  __m512i zeros0 = _mm512_setzero_si512(), zeros1 = zeros0;
  const __m512i one = _mm512_set1_epi32(1);
  const __m512 zero = _mm512_setzero_ps();
  __m512 odd0 = zero, odd1 = zero;
  extreme_hits hits[ND_RUN_ROWS];
  size_t found = 0;
  // The bins of a row are counted when those of the next are under way: nothing waits for them, then.
  uint8_t here[2][STRIP] __attribute__((aligned(32)));
  const uint8_t *before = NULL;
  const uint16_t *counters = counts && run->counters ? run->counters + c * ND_BINS : NULL;

  for (size_t r = 0; r < rows; r++) {
    const float *p = base + order[r] * pitch + c;
    if (r + rows_ahead < rows) fetch(base + order[r + rows_ahead] * pitch + c, STRIP * sizeof(float));
    if (counters) fetch_share(counters, STRIP * ND_BINS * sizeof *counters, r, rows);
    const __m512 v0 = _mm512_loadu_ps(p), v1 = _mm512_loadu_ps(p + 16);

    const uint32_t is_zero = (uint32_t)_mm512_cmp_ps_mask(v0, zero, _CMP_EQ_OQ) |
                             (uint32_t)_mm512_cmp_ps_mask(v1, zero, _CMP_EQ_OQ) << 16;
    if (counts) {
      const size_t place = codes ? run->numbers[r] - run->first_place : 0;
      uint8_t *bins = codes ? codes + place * ND_TILE + c : here[r % 2];
      _mm_storeu_si128((__m128i *)bins, bins_avx512(v0, a0, b0));
      _mm_storeu_si128((__m128i *)(bins + 16), bins_avx512(v1, a1, b1));
      if (codes) memcpy((char *)(run->apart + place) + c / 8, &is_zero, sizeof is_zero);
      if (before) count_bins(counts, before);
      before = bins;
    }
    const uint32_t is_high = (uint32_t)_mm512_cmp_ps_mask(v0, above0, _CMP_GT_OQ) |
                             (uint32_t)_mm512_cmp_ps_mask(v1, above1, _CMP_GT_OQ) << 16;
    const uint32_t is_low = (uint32_t)_mm512_cmp_ps_mask(v0, under0, _CMP_LT_OQ) |
                            (uint32_t)_mm512_cmp_ps_mask(v1, under1, _CMP_LT_OQ) << 16;
    if (__builtin_expect((is_high | is_low) != 0, 0)) hits[found++] = (extreme_hits){(uint32_t)r, is_high, is_low};

    minimum0 = _mm512_min_ps(v0, minimum0);
    minimum1 = _mm512_min_ps(v1, minimum1);
    maximum0 = _mm512_max_ps(v0, maximum0);
    maximum1 = _mm512_max_ps(v1, maximum1);
    zeros0 = _mm512_mask_add_epi32(zeros0, (__mmask16)is_zero, zeros0, one);
    zeros1 = _mm512_mask_add_epi32(zeros1, (__mmask16)(is_zero >> 16), zeros1, one);
    // What is not finite makes a NaN, which stays.
    odd0 = _mm512_fmadd_ps(v0, zero, odd0);
    odd1 = _mm512_fmadd_ps(v1, zero, odd1);
    const __m512d d0 = _mm512_cvtps_pd(_mm256_loadu_ps(p)), d1 = _mm512_cvtps_pd(_mm256_loadu_ps(p + 8));
    const __m512d d2 = _mm512_cvtps_pd(_mm256_loadu_ps(p + 16)), d3 = _mm512_cvtps_pd(_mm256_loadu_ps(p + 24));
    sum0 = _mm512_add_pd(sum0, d0);
    sum1 = _mm512_add_pd(sum1, d1);
    sum2 = _mm512_add_pd(sum2, d2);
    sum3 = _mm512_add_pd(sum3, d3);
    // A square of a float is exact in double precision, so that these are the same figures as without.
    square0 = _mm512_fmadd_pd(d0, d0, square0);
    square1 = _mm512_fmadd_pd(d1, d1, square1);
    square2 = _mm512_fmadd_pd(d2, d2, square2);
    square3 = _mm512_fmadd_pd(d3, d3, square3);
  }

  if (counts) count_bins(counts, before);
  if (found) keep_hits(base, pitch, order, run, c, hits, found);
  return end_columns(base, pitch, order, rows, run, c, minimum0, maximum0, sum0, sum1, square0, square1, zeros0, odd0) |
         end_columns(base, pitch, order, rows, run, c + 16, minimum1, maximum1, sum2, sum3, square2, square3, zeros1,
                     odd1);
}

ND_AVX512 static int take_run_avx512(const float *base, size_t pitch, const uint32_t *order, size_t rows,
                                     const nd_run *run) {
  int found = 0;
  if (rows == 0) return found;
  for (size_t c = 0; c < ND_TILE; c += STRIP)
    found |= !run->counts  ? take_strip(base, pitch, order, rows, run, c, NULL, NULL)
             : !run->codes ? take_strip(base, pitch, order, rows, run, c, run->counts + c * ND_BINS, NULL)
                           : take_strip(base, pitch, order, rows, run, c, run->counts + c * ND_BINS, run->codes);
  return found;
}
#endif
