// nd_collect_f32 for processors with AVX-512, of a few intervals. Included by count.c, behind the templates.
#if defined(__x86_64__)
#include "avx512.h"

/// Most intervals whose bounds it takes.
enum { FEW = 6 };

/// Integers in the order of the floats whose bits they are made of: -0.0 is -1 and 0.0 is 0, and NaN lies beyond the infinities.
ND_AVX512 static ND_INLINE __m512i in_order(__m512i bits) {
  // bits ^ (sign & 0x7fffffff), where `sign` is all ones of a negative number.
  return _mm512_ternarylogic_epi32(bits, _mm512_srai_epi32(bits, 31), _mm512_set1_epi32(0x7fffffff), 0x78);
}

/// Bounds of sixteen columns, in order. Both zeros lie on the same side of one that is zero.
ND_AVX512 static ND_INLINE __m512i bounds_in_order(const float *bounds) {
  const __m512 some = _mm512_loadu_ps(bounds), zero = _mm512_setzero_ps();
  const __mmask16 is_zero = _mm512_cmp_ps_mask(some, zero, _CMP_EQ_OQ);
  return in_order(_mm512_castps_si512(_mm512_mask_mov_ps(some, is_zero, _mm512_set1_ps(-0.0f))));
}

/// As `collect_` in collect_template.h; `low <= v < high` is one comparison of integers, and lists wait for some rows together.
ND_AVX512 static ND_INLINE void collect_rows_avx512(const float *base, size_t pitch, const uint32_t *order,
                                                    size_t rows, size_t following, const size_t intervals,
                                                    const float *low, const float *high, uint64_t *cursors,
                                                    const uint64_t *ends, float *values) {
  enum { some_rows = 32, lanes = 16 };
  __m512i first_of[FEW][ND_TILE / lanes], width[FEW][ND_TILE / lanes];
  for (size_t k = 0; k < intervals; k++) {
    for (size_t i = 0; i < ND_TILE / lanes; i++) {
      first_of[k][i] = bounds_in_order(low + k * ND_TILE + i * lanes);
      width[k][i] = _mm512_sub_epi32(bounds_in_order(high + k * ND_TILE + i * lanes), first_of[k][i]);
    }
  }
  uint64_t wanted[some_rows];
  for (size_t first = 0; first < rows; first += some_rows) {
    const size_t end = rows - first < some_rows ? rows : first + some_rows;
    for (size_t r = first; r < end; r++) {
      if (r + rows_ahead < rows + following) fetch(base + order[r + rows_ahead] * pitch, ND_TILE * sizeof(float));
      const float *row = base + order[r] * pitch;
      uint64_t found = 0;
#pragma clang loop unroll(full)
      for (size_t i = 0; i < ND_TILE / lanes; i++) {
        const __m512i v = in_order(_mm512_loadu_si512(row + i * lanes));
        __mmask16 in = 0;
        for (size_t k = 0; k < intervals; k++)
          in |= _mm512_cmplt_epu32_mask(_mm512_sub_epi32(v, first_of[k][i]), width[k][i]);
        found |= (uint64_t)in << (i * lanes);
      }
      wanted[r - first] = found;
    }
    for (size_t r = first; r < end; r++) {
      const float *row = base + order[r] * pitch;
      for (uint64_t left = wanted[r - first]; left; left &= left - 1) {
        const size_t c = (size_t)__builtin_ctzll(left);
        const uint64_t place = cursors[c]++;
        if (place < ends[c]) values[place] = row[c];
      }
    }
  }
}

ND_AVX512 static void collect_avx512(const float *base, size_t pitch, const uint32_t *order, size_t rows,
                                     size_t following, size_t intervals, const float *low, const float *high,
                                     uint64_t *cursors, const uint64_t *ends, float *values) {
  FEW_INTERVALS(collect_rows_avx512, base, pitch, order, rows, following, intervals, low, high, cursors, ends, values);
}
#endif
