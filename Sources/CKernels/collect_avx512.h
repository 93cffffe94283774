// nd_collect_f32 for processors with AVX-512. Included by count.c, behind the templates.
#if defined(__x86_64__)
#include "avx512.h"

/// As `collect_` in collect_template.h; what is found in a row is written down without a branch, for where it is cannot be foreseen.
ND_AVX512 static inline __attribute__((always_inline)) void collect_rows_avx512(
    const float *base, size_t pitch, const uint32_t *order, size_t rows, const size_t intervals, const float *low,
    const float *high, uint64_t *cursors, const uint64_t *ends, float *values) {
  enum { some_rows = 32, lanes = 16 };
  const __m512i lane = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  // By row and column; a whole vector is written each time.
  uint32_t found[some_rows * ND_TILE + lanes];
  for (size_t first = 0; first < rows; first += some_rows) {
    const size_t end = rows - first < some_rows ? rows : first + some_rows;
    size_t count = 0;
    for (size_t r = first; r < end; r++) {
      if (r + rows_ahead < rows) fetch(base + order[r + rows_ahead] * pitch, ND_TILE * sizeof(float));
      const float *row = base + order[r] * pitch;
#pragma clang loop unroll(full)
      for (size_t c = 0; c < ND_TILE; c += lanes) {
        const __m512 v = _mm512_loadu_ps(row + c);
        __mmask16 wanted = 0;
#pragma clang loop unroll_count(4)
        for (size_t k = 0; k < intervals; k++) {
          const __mmask16 from = _mm512_cmp_ps_mask(v, _mm512_loadu_ps(low + k * ND_TILE + c), _CMP_GE_OQ);
          wanted |= _mm512_mask_cmp_ps_mask(from, v, _mm512_loadu_ps(high + k * ND_TILE + c), _CMP_LT_OQ);
        }
        const __m512i place = _mm512_add_epi32(lane, _mm512_set1_epi32((int)((r - first) * ND_TILE + c)));
        _mm512_storeu_si512(found + count, _mm512_maskz_compress_epi32(wanted, place));
        count += (size_t)__builtin_popcount(wanted);
      }
    }
    for (size_t i = 0; i < count; i++) {
      const size_t c = found[i] % ND_TILE;
      const uint64_t place = cursors[c]++;
      if (place < ends[c]) values[place] = base[order[first + found[i] / ND_TILE] * pitch + c];
    }
  }
}

ND_AVX512 static void collect_avx512(const float *base, size_t pitch, const uint32_t *order, size_t rows,
                                     size_t intervals, const float *low, const float *high, uint64_t *cursors,
                                     const uint64_t *ends, float *values) {
  FEW_INTERVALS(collect_rows_avx512, base, pitch, order, rows, intervals, low, high, cursors, ends, values);
}
#endif
