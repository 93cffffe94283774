#include "codes.h"

#include <string.h>

#include "avx512.h"
#include "clones.h"
#include "exchange.h"

#define TEMPLATE "codes_template.h"
#include "each_value.h"

typedef uint8_t bytes64 __attribute__((ext_vector_type(64), aligned(1)));
typedef uint8_t bytes16 __attribute__((ext_vector_type(16), aligned(1)));
typedef uint32_t words16 __attribute__((ext_vector_type(16), aligned(4)));

ND_CLONES void nd_map_codes(uint8_t *codes, const uint64_t *apart, size_t places, const nd_code_map *map) {
  if (!map->has_shift) {
    const bytes64 origin = *(const bytes64 *)map->origin;
    for (size_t p = 0; p < places; p++) *(bytes64 *)(codes + p * ND_TILE) -= origin;
    return;
  }
  const words16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  for (size_t p = 0; p < places; p++) {
    for (size_t c = 0; c < ND_TILE; c += 16) {
      bytes16 *some = (bytes16 *)(codes + p * ND_TILE + c);
      const words16 byte = __builtin_convertvector(*some, words16);
      const words16 origin = __builtin_convertvector(*(const bytes16 *)(map->origin + c), words16);
      words16 code = (byte - *(const words16 *)(map->low + c)) & 255;
      code = *(const words16 *)(map->base + c) + ((*(const words16 *)(map->rest + c) + code) >> *(const words16 *)(map->shift + c));
      // All ones where the value stands apart.
      const words16 is_apart = -((((words16)(uint32_t)(apart[p] >> c)) >> lane) & 1);
      *some = __builtin_convertvector((code & ~is_apart) | ((byte - origin) & is_apart), bytes16);
    }
  }
}

#define LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

/// Sixteen places of sixteen columns: four rounds of merging rows that lie half the block apart.
static ND_INLINE void turn_16(uint8_t *columns, size_t pitch, const uint8_t *codes) {
  bytes16 rows[16], merged[16];
  for (size_t i = 0; i < 16; i++) rows[i] = *(const bytes16 *)(codes + i * ND_TILE);
  for (int round = 0; round < 4; round++) {
    for (size_t i = 0; i < 8; i++) {
      merged[2 * i] = LOW(rows[i], rows[i + 8]);
      merged[2 * i + 1] = HIGH(rows[i], rows[i + 8]);
    }
    memcpy(rows, merged, sizeof rows);
  }
  for (size_t i = 0; i < 16; i++) *(bytes16 *)(columns + i * pitch) = rows[i];
}

ND_CLONES void nd_turn_codes(uint8_t *columns, size_t pitch, const uint8_t *codes, size_t places) {
  size_t p = 0;
  for (; p + 16 <= places; p += 16)
    for (size_t c = 0; c < ND_TILE; c += 16) turn_16(columns + c * pitch + p, pitch, codes + p * ND_TILE + c);
  for (; p < places; p++)
    for (size_t c = 0; c < ND_TILE; c++) columns[c * pitch + p] = codes[p * ND_TILE + c];
}

/// 64 words of 64 bits, transposed: the halves of what is left to exchange lie 32, 16 and 8 words apart, then 4, 2 and 1
/// (Hacker's Delight, 7-3). Word 8 i + j comes to place [j][i], so that eight words each time are exchanged with eight.
static ND_INLINE void transpose_64(uint64_t turned[8][8], const uint64_t *words) {
  uint64_t rows[8][8];
  memcpy(rows, words, sizeof rows);
  for (size_t i = 0; i < 4; i++)
    for (size_t j = 0; j < 8; j++) ND_EXCHANGE(rows[i][j], rows[i + 4][j], 32, 0x00000000ffffffffu);
  for (size_t half = 0; half < 8; half += 4)
    for (size_t i = half; i < half + 2; i++)
      for (size_t j = 0; j < 8; j++) ND_EXCHANGE(rows[i][j], rows[i + 2][j], 16, 0x0000ffff0000ffffu);
  for (size_t i = 0; i < 8; i += 2)
    for (size_t j = 0; j < 8; j++) ND_EXCHANGE(rows[i][j], rows[i + 1][j], 8, 0x00ff00ff00ff00ffu);
  for (size_t i = 0; i < 8; i++)
    for (size_t j = 0; j < 8; j++) turned[j][i] = rows[i][j];
  nd_transpose_columns(turned[0], 8, 8);
}

ND_CLONES void nd_turn_bits(uint8_t *columns, size_t pitch, const uint64_t *apart, size_t places) {
  uint64_t turned[8][8];
  size_t p = 0;
  for (; p + 64 <= places; p += 64) {
    transpose_64(turned, apart + p);
    for (size_t c = 0; c < ND_TILE; c++) memcpy(columns + c * pitch + p / 8, &turned[c % 8][c / 8], 8);
  }
  if (p == places) return;
  uint64_t rest[64] = {0};
  memcpy(rest, apart + p, (places - p) * 8);
  transpose_64(turned, rest);
  for (size_t c = 0; c < ND_TILE; c++) memcpy(columns + c * pitch + p / 8, &turned[c % 8][c / 8], (places - p + 7) / 8);
}

/// Equal codes often follow each other: four tables, so that no counter waits for the one before.
typedef struct {
  uint32_t counts[4][ND_BINS];
} tables;

static ND_INLINE void add_tables(uint32_t *counts, const tables *t) {
  for (size_t b = 0; b < ND_BINS; b++) counts[b] += t->counts[0][b] + t->counts[1][b] + t->counts[2][b] + t->counts[3][b];
}

/// Codes that follow each other.
static ND_INLINE void count_all(tables *t, const uint8_t *codes, size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    uint64_t eight;
    memcpy(&eight, codes + i, 8);
    for (size_t c = 0; c < 8; c++) t->counts[c & 3][eight >> 8 * c & 255]++;
  }
  for (; i < count; i++) t->counts[i & 3][codes[i]]++;
}

ND_CLONES void nd_count_chosen_portable(uint32_t *counts, const uint8_t *codes, const uint64_t *chosen,
                                       const uint64_t *apart, size_t words) {
  tables t = {{{0}}};
  for (size_t w = 0; w < words; w++) {
    const uint8_t *some = codes + 64 * w;
    uint64_t left = chosen[w] & ~apart[w];
    if (left == ~UINT64_C(0)) {
      count_all(&t, some, 64);
      continue;
    }
    for (size_t turn = 0; left != 0; left &= left - 1, turn++) t.counts[turn & 3][some[__builtin_ctzll(left)]]++;
  }
  add_tables(counts, &t);
}

#if defined(__x86_64__)
/// Codes that are brought together before they are counted.
enum { TOGETHER = 1024 };

/// The same where the processor brings chosen bytes together.
__attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,popcnt,bmi,bmi2"))) static void count_together(
    uint32_t *counts, const uint8_t *codes, const uint64_t *chosen, const uint64_t *apart, size_t words) {
  tables t = {{{0}}};
  uint8_t together[TOGETHER + 64];
  size_t held = 0;
  for (size_t w = 0; w < words; w++) {
    const uint64_t left = chosen[w] & ~apart[w];
    _mm512_storeu_si512(together + held, _mm512_maskz_compress_epi8(left, _mm512_loadu_si512(codes + 64 * w)));
    held += (size_t)__builtin_popcountll(left);
    if (held < TOGETHER) continue;
    count_all(&t, together, held);
    held = 0;
  }
  count_all(&t, together, held);
  add_tables(counts, &t);
}
#endif

void nd_count_chosen(uint32_t *counts, const uint8_t *codes, const uint64_t *chosen, const uint64_t *apart, size_t words) {
#if defined(__x86_64__)
  if (has_avx512() && __builtin_cpu_supports("avx512vbmi2")) return count_together(counts, codes, chosen, apart, words);
#endif
  nd_count_chosen_portable(counts, codes, chosen, apart, words);
}

ND_CLONES size_t nd_count_bits(const uint64_t *bits, const uint64_t *chosen, size_t words) {
  size_t sum = 0;
  for (size_t w = 0; w < words; w++) sum += (size_t)__builtin_popcountll(bits[w] & chosen[w]);
  return sum;
}
