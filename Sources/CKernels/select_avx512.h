// nd_pick_f32 for processors with AVX-512. Included by select.c, behind the template.
#if defined(__x86_64__)
#include "avx512.h"

/// As `nd_pick_`: what fits is pushed together in a register, and as much of that is written.
ND_AVX512 static size_t pick_avx512(const void *values, size_t count, size_t intervals, const float *low,
                                    const float *high, size_t stride, float *picked) {
  enum { lanes = 16 };
  size_t found = 0;
  for (size_t first = 0; first < count; first += lanes) {
    const size_t left = count - first;
    const __mmask16 some = left < lanes ? (__mmask16)((1u << left) - 1) : (__mmask16)0xffff;
    const __m512 v = _mm512_maskz_loadu_ps(some, (const char *)values + first * sizeof(float));
    __mmask16 in = 0;
    for (size_t k = 0; k < intervals; k++) {
      const __mmask16 from = _mm512_cmp_ps_mask(v, _mm512_set1_ps(low[k * stride]), _CMP_GE_OQ);
      in |= _mm512_mask_cmp_ps_mask(from, v, _mm512_set1_ps(high[k * stride]), _CMP_LT_OQ);
    }
    in &= some;
    const unsigned hits = (unsigned)__builtin_popcount(in);
    _mm512_mask_storeu_ps(picked + found, (__mmask16)((1u << hits) - 1), _mm512_maskz_compress_ps(in, v));
    found += hits;
  }
  return found;
}
#endif
