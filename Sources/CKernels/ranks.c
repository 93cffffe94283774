#include "ranks.h"

#include <string.h>

#include "avx512.h"
#include "clones.h"

enum { CODES = 256 };

#define DOUBLE_RANKS(TYPE)                              \
  for (size_t bin = 0; bin < CODES; bin++) {            \
    const uint32_t count = ((const TYPE *)counts)[bin]; \
    if ((int64_t)bin == zero_bin) of_bin = count;       \
    ranks[bin] = 2 * below + count;                     \
    below += count;                                     \
  }

uint32_t nd_double_ranks(uint32_t *ranks, const void *counts, size_t count_bytes, int32_t zero_bin, uint32_t zeros) {
  uint32_t below = 0, of_bin = 0;
  switch (count_bytes) {
  case 1: DOUBLE_RANKS(uint8_t) break;
  case 2: DOUBLE_RANKS(uint16_t) break;
  default: DOUBLE_RANKS(uint32_t) break;
  }
  ranks[CODES] = 0;
  if (zero_bin >= 0) {
    // No more zeros than there are values where 0 is: a stranger's store may say anything.
    const uint32_t points = zeros < of_bin ? zeros : of_bin;
    ranks[CODES] = ranks[zero_bin] - of_bin + points;
    ranks[zero_bin] += points;
  }
  return below;
}

ND_CLONES uint64_t nd_sum_by_code_portable(const uint32_t *numbers, const uint8_t *codes, const uint64_t *chosen,
                                           size_t words) {
  uint64_t sum = 0;
  for (size_t w = 0; w < words; w++) {
    const uint8_t *some = codes + 64 * w;
    if (chosen[w] == ~UINT64_C(0)) {
      for (size_t i = 0; i < 64; i++) sum += numbers[some[i]];
      continue;
    }
    for (uint64_t left = chosen[w]; left != 0; left &= left - 1) sum += numbers[some[__builtin_ctzll(left)]];
  }
  return sum;
}

#if defined(__x86_64__)
/// Where the processor looks up 64 bytes at once: a byte of all numbers at a time.
__attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi"))) static uint64_t sum_by_byte(
    const uint32_t *numbers, const uint8_t *codes, const uint64_t *chosen, size_t words) {
  uint32_t any = 0;
  for (size_t i = 0; i < CODES; i++) any |= numbers[i];
  uint64_t sum = 0;
  for (unsigned shift = 0; shift < 32 && any >> shift != 0; shift += 8) {
    uint8_t bytes[CODES];
    for (size_t i = 0; i < CODES; i++) bytes[i] = (uint8_t)(numbers[i] >> shift);
    const __m512i a = _mm512_loadu_si512(bytes), b = _mm512_loadu_si512(bytes + 64);
    const __m512i c = _mm512_loadu_si512(bytes + 128), d = _mm512_loadu_si512(bytes + 192);
    __m512i sums = _mm512_setzero_si512();
    for (size_t w = 0; w < words; w++) {
      const __m512i some = _mm512_loadu_si512(codes + 64 * w);
      // Seven bits of a code choose among 128 numbers; the eighth says which 128.
      const __m512i low = _mm512_permutex2var_epi8(a, some, b), high = _mm512_permutex2var_epi8(c, some, d);
      const __m512i found = _mm512_mask_blend_epi8(_mm512_movepi8_mask(some), low, high);
      sums = _mm512_add_epi64(sums, _mm512_sad_epu8(_mm512_maskz_mov_epi8(chosen[w], found), _mm512_setzero_si512()));
    }
    sum += (uint64_t)_mm512_reduce_add_epi64(sums) << shift;
  }
  return sum;
}
#endif

uint64_t nd_sum_by_code(const uint32_t *numbers, const uint8_t *codes, const uint64_t *chosen, size_t words) {
#if defined(__x86_64__)
  if (has_avx512() && __builtin_cpu_supports("avx512vbmi")) return sum_by_byte(numbers, codes, chosen, words);
#endif
  return nd_sum_by_code_portable(numbers, codes, chosen, words);
}
