#include "ranks.h"

#include <string.h>

#include "avx512.h"
#include "clones.h"
#include "exchange.h"

enum { CODES = 256 };

#define DOUBLE_RANKS(TYPE)                              \
  for (size_t bin = 0; bin < CODES; bin++) {            \
    const uint32_t count = ((const TYPE *)counts)[bin]; \
    ranks[bin] = 2 * below + count;                     \
    below += count;                                     \
  }

static uint32_t rank_all(uint32_t *ranks, const void *counts, size_t count_bytes) {
  uint32_t below = 0;
  switch (count_bytes) {
  case 1: DOUBLE_RANKS(uint8_t) break;
  case 2: DOUBLE_RANKS(uint16_t) break;
  default: DOUBLE_RANKS(uint32_t) break;
  }
  return below;
}

#if defined(__x86_64__)
/// The same, sixteen bins at a time.
ND_AVX512 static uint32_t rank_sixteens(uint32_t *ranks, const void *counts, size_t count_bytes) {
  const __m512i none = _mm512_setzero_si512(), last = _mm512_set1_epi32(15);
  __m512i below = none;
  for (size_t bin = 0; bin < CODES; bin += 16) {
    const char *from = (const char *)counts + bin * count_bytes;
    const __m512i some = count_bytes == 1   ? _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)from))
                         : count_bytes == 2 ? _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)from))
                                            : _mm512_loadu_si512(from);
    __m512i sums = some;
    sums = _mm512_add_epi32(sums, _mm512_alignr_epi32(sums, none, 15));
    sums = _mm512_add_epi32(sums, _mm512_alignr_epi32(sums, none, 14));
    sums = _mm512_add_epi32(sums, _mm512_alignr_epi32(sums, none, 12));
    sums = _mm512_add_epi32(sums, _mm512_alignr_epi32(sums, none, 8));
    sums = _mm512_add_epi32(sums, below);
    _mm512_storeu_si512(ranks + bin, _mm512_sub_epi32(_mm512_add_epi32(sums, sums), some));
    below = _mm512_permutexvar_epi32(last, sums);
  }
  return (uint32_t)_mm512_cvtsi512_si32(below);
}
#endif

/// Sets the zeros apart, which come before the rest of their bin.
static void set_apart(uint32_t *ranks, const void *counts, size_t count_bytes, int32_t zero_bin, uint32_t zeros) {
  ranks[CODES] = 0;
  if (zero_bin < 0) return;
  const uint32_t of_bin = count_bytes == 1   ? ((const uint8_t *)counts)[zero_bin]
                          : count_bytes == 2 ? ((const uint16_t *)counts)[zero_bin]
                                             : ((const uint32_t *)counts)[zero_bin];
  // No more zeros than there are values where 0 is: a stranger's store may say anything.
  const uint32_t points = zeros < of_bin ? zeros : of_bin;
  ranks[CODES] = ranks[zero_bin] - of_bin + points;
  ranks[zero_bin] += points;
}

uint32_t nd_double_ranks_portable(uint32_t *ranks, const void *counts, size_t count_bytes, int32_t zero_bin,
                                  uint32_t zeros) {
  const uint32_t all = rank_all(ranks, counts, count_bytes);
  set_apart(ranks, counts, count_bytes, zero_bin, zeros);
  return all;
}

uint32_t nd_double_ranks(uint32_t *ranks, const void *counts, size_t count_bytes, int32_t zero_bin, uint32_t zeros) {
#if defined(__x86_64__)
  if (has_avx512()) {
    const uint32_t all = rank_sixteens(ranks, counts, count_bytes);
    set_apart(ranks, counts, count_bytes, zero_bin, zeros);
    return all;
  }
#endif
  return nd_double_ranks_portable(ranks, counts, count_bytes, zero_bin, zeros);
}

/// Words of codes that are put together at once: a line of each plane.
enum { WORDS = 8 };

ND_CLONES uint64_t nd_sum_of_codes_portable(const uint32_t *numbers, const uint64_t *planes, size_t chunk_words,
                                            size_t chunks, const uint64_t *chosen) {
  uint64_t sum = 0;
  for (size_t c = 0; c < chunks; c++, planes += 8 * chunk_words, chosen += chunk_words) {
    for (size_t w = 0; w < chunk_words; w += WORDS) {
      const size_t some = chunk_words - w < WORDS ? chunk_words - w : WORDS;
      uint64_t rows[8 * WORDS] = {0};
      for (size_t bit = 0; bit < 8; bit++) memcpy(rows + bit * WORDS, planes + bit * chunk_words + w, 8 * some);
      // Code `i` of word `v` becomes byte `i >> 3` of word `v` of row `i & 7`.
      nd_transpose_columns(rows, WORDS, WORDS);
      for (size_t v = 0; v < some; v++) {
        for (uint64_t left = chosen[w + v]; left != 0; left &= left - 1) {
          const int i = __builtin_ctzll(left);
          sum += numbers[rows[(i & 7) * WORDS + v] >> (i & 56) & 255];
        }
      }
    }
  }
  return sum;
}

#if defined(__x86_64__)
#define ND_BYTES __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,gfni")))

static int has_bytes(void) {
  return has_avx512() && __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("gfni");
}

/// Puts 512 codes together, 64 in each vector: `rows` are lines of the planes, the highest first.
ND_BYTES static ND_INLINE void put_together(__m512i codes[8], const __m512i rows[8]) {
  __m512i pairs[8];
  for (size_t k = 0; k < 4; k++) {
    pairs[k] = _mm512_unpacklo_epi64(rows[2 * k], rows[2 * k + 1]);
    pairs[4 + k] = _mm512_unpackhi_epi64(rows[2 * k], rows[2 * k + 1]);
  }
  __m512i columns[8];
  for (size_t odd = 0; odd < 2; odd++) {
    const __m512i *some = pairs + 4 * odd;
    const __m512i a = _mm512_shuffle_i64x2(some[0], some[1], 0x88), b = _mm512_shuffle_i64x2(some[0], some[1], 0xdd);
    const __m512i c = _mm512_shuffle_i64x2(some[2], some[3], 0x88), d = _mm512_shuffle_i64x2(some[2], some[3], 0xdd);
    columns[odd] = _mm512_shuffle_i64x2(a, c, 0x88);
    columns[2 + odd] = _mm512_shuffle_i64x2(b, d, 0x88);
    columns[4 + odd] = _mm512_shuffle_i64x2(a, c, 0xdd);
    columns[6 + odd] = _mm512_shuffle_i64x2(b, d, 0xdd);
  }
  // Of eight bytes of each plane, those at the same place come together; as a matrix of bits times each unit vector, they are turned.
  static const uint8_t turned[64] = {0, 8,  16, 24, 32, 40, 48, 56, 1, 9,  17, 25, 33, 41, 49, 57,
                                     2, 10, 18, 26, 34, 42, 50, 58, 3, 11, 19, 27, 35, 43, 51, 59,
                                     4, 12, 20, 28, 36, 44, 52, 60, 5, 13, 21, 29, 37, 45, 53, 61,
                                     6, 14, 22, 30, 38, 46, 54, 62, 7, 15, 23, 31, 39, 47, 55, 63};
  const __m512i places = _mm512_loadu_si512(turned), units = _mm512_set1_epi64(0x8040201008040201);
  for (size_t k = 0; k < 8; k++)
    codes[k] = _mm512_gf2p8affine_epi64_epi8(units, _mm512_permutexvar_epi8(places, columns[k]), 0);
}

/// A byte of each of 256 numbers, in four vectors.
ND_BYTES static ND_INLINE void byte_of(__m512i bytes[4], const uint32_t *numbers, unsigned shift) {
  for (size_t k = 0; k < 4; k++) {
    __m128i parts[4];
    for (size_t i = 0; i < 4; i++)
      parts[i] = _mm512_cvtepi32_epi8(_mm512_srli_epi32(_mm512_loadu_si512(numbers + 64 * k + 16 * i), shift));
    const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(parts[0]), parts[1], 1);
    const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(parts[2]), parts[3], 1);
    bytes[k] = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
  }
}

/// The sums of bytes looked up by some of 64 codes.
ND_BYTES static ND_INLINE __m512i look_up(const __m512i bytes[4], __m512i codes, __mmask64 chosen) {
  // Seven bits of a code choose among 128 bytes; the eighth says which 128.
  const __mmask64 upper = _mm512_movepi8_mask(codes);
  const __m512i low = _mm512_maskz_permutex2var_epi8(chosen & ~upper, bytes[0], codes, bytes[1]);
  const __m512i high = _mm512_maskz_permutex2var_epi8(chosen & upper, bytes[2], codes, bytes[3]);
  return _mm512_sad_epu8(_mm512_or_si512(low, high), _mm512_setzero_si512());
}

/// Where the processor looks up 64 bytes at once: two bytes of all numbers at a time.
ND_BYTES static uint64_t sum_by_bytes(const uint32_t *numbers, const uint64_t *planes, size_t chunk_words,
                                      size_t chunks, const uint64_t *chosen) {
  __m512i any = _mm512_setzero_si512();
  for (size_t i = 0; i < CODES; i += 16) any = _mm512_or_si512(any, _mm512_loadu_si512(numbers + i));
  const uint32_t bits = (uint32_t)_mm512_reduce_or_epi32(any);
  uint64_t sum = 0;
  for (unsigned shift = 0; shift < 32 && bits >> shift != 0; shift += 16) {
    __m512i low[4], high[4], lows = _mm512_setzero_si512(), highs = lows;
    byte_of(low, numbers, shift);
    byte_of(high, numbers, shift + 8);
    for (size_t c = 0; c < chunks; c++) {
      for (size_t w = 0; w < chunk_words; w += WORDS) {
        const __mmask8 some = chunk_words - w < WORDS ? (__mmask8)((1u << (chunk_words - w)) - 1) : 0xff;
        __m512i rows[8], codes[8];
        for (size_t k = 0; k < 8; k++)
          rows[k] = _mm512_maskz_loadu_epi64(some, planes + (8 * c + 7 - k) * chunk_words + w);
        put_together(codes, rows);
        uint64_t masks[WORDS];
        _mm512_storeu_si512(masks, _mm512_maskz_loadu_epi64(some, chosen + c * chunk_words + w));
        for (size_t k = 0; k < WORDS; k++) {
          lows = _mm512_add_epi64(lows, look_up(low, codes[k], masks[k]));
          highs = _mm512_add_epi64(highs, look_up(high, codes[k], masks[k]));
        }
      }
    }
    sum += ((uint64_t)_mm512_reduce_add_epi64(lows) + ((uint64_t)_mm512_reduce_add_epi64(highs) << 8)) << shift;
  }
  return sum;
}
#endif

uint64_t nd_sum_of_codes(const uint32_t *numbers, const uint64_t *planes, size_t chunk_words, size_t chunks,
                         const uint64_t *chosen) {
#if defined(__x86_64__)
  if (has_bytes()) return sum_by_bytes(numbers, planes, chunk_words, chunks, chosen);
#endif
  return nd_sum_of_codes_portable(numbers, planes, chunk_words, chunks, chosen);
}
