#include "extremes.h"

#include <math.h>
#include <string.h>

#include "avx512.h"
#include "clones.h"

#define TEMPLATE "extremes_template.h"
#include "each_value.h"

#if defined(__x86_64__)
/// Keeps a value that comes before the last of the list, of a row that is not in it.
ND_AVX512 static void insert_avx512(const nd_extremes *lists, size_t column, float value, uint32_t row) {
  float *values = (float *)lists->values + column * ND_EXTREMES;
  uint32_t *rows = lists->rows + column * ND_EXTREMES;
  const __m512 kept = _mm512_loadu_ps(values), own = _mm512_set1_ps(value);
  const __m512i kept_rows = _mm512_loadu_si512(rows), own_row = _mm512_set1_epi32((int)row);
  const __mmask16 is_equal = _mm512_cmp_ps_mask(kept, own, _CMP_EQ_OQ);
  // Those that stay where they are, the first of the list; the others move on by a place, and the last one leaves.
  const uint32_t before =
      _mm512_cmp_ps_mask(kept, own, _CMP_GT_OQ) | _mm512_mask_cmplt_epu32_mask(is_equal, kept_rows, own_row);
  const __mmask16 others = (__mmask16)~(before + 1);
  _mm512_storeu_ps(values, _mm512_mask_expand_ps(own, others, kept));
  _mm512_storeu_si512(rows, _mm512_mask_expand_epi32(own_row, others, kept_rows));
  ((float *)lists->last)[column] = values[ND_EXTREMES - 1];
  ((float *)lists->below)[column] = below_f32(values[ND_EXTREMES - 1]);
  lists->last_row[column] = rows[ND_EXTREMES - 1];
}
#endif

void nd_keep_extreme_f32(nd_extremes lists, size_t column, float value, uint32_t row, int repeats) {
#if defined(__x86_64__)
  if (!repeats && has_avx512()) {
    const float last = ((const float *)lists.last)[column];
    if (value > last || (value == last && row < lists.last_row[column])) insert_avx512(&lists, column, value, row);
    return;
  }
#endif
  keep_f32(&lists, column, value, row, repeats);
}

void nd_keep_extreme_f64(nd_extremes lists, size_t column, double value, uint32_t row, int repeats) {
  keep_f64(&lists, column, value, row, repeats);
}
