#include "shuffle.h"

#include <string.h>

#include "exchange.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "shuffle.c is written for little-endian machines"
#endif

ND_CLONES static void shuffle2(uint8_t *restrict out, const uint8_t *restrict in, size_t n) {
  for (size_t i = 0; i < n; i++) {
    uint16_t v;
    memcpy(&v, in + 2 * i, 2);
    out[i] = (uint8_t)v;
    out[n + i] = (uint8_t)(v >> 8);
  }
}

ND_CLONES static void shuffle4(uint8_t *restrict out, const uint8_t *restrict in, size_t n) {
  for (size_t i = 0; i < n; i++) {
    uint32_t v;
    memcpy(&v, in + 4 * i, 4);
    out[i] = (uint8_t)v;
    out[n + i] = (uint8_t)(v >> 8);
    out[2 * n + i] = (uint8_t)(v >> 16);
    out[3 * n + i] = (uint8_t)(v >> 24);
  }
}

typedef uint8_t bytes64 __attribute__((vector_size(64)));

/* Eight words of eight bytes, transposed. */
static ND_INLINE void split_columns(uint8_t *restrict out, const uint8_t *restrict in, size_t stride, size_t n) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    bytes64 v;
    memcpy(&v, in + 8 * i, 64);
    v = __builtin_shufflevector(
        v, v, 0, 8, 16, 24, 32, 40, 48, 56, 1, 9, 17, 25, 33, 41, 49, 57, 2, 10, 18, 26, 34, 42, 50, 58, 3, 11, 19, 27, 35,
        43, 51, 59, 4, 12, 20, 28, 36, 44, 52, 60, 5, 13, 21, 29, 37, 45, 53, 61, 6, 14, 22, 30, 38, 46, 54, 62, 7, 15, 23,
        31, 39, 47, 55, 63);
    for (int k = 0; k < 8; k++) memcpy(out + k * stride + i, (const uint8_t *)&v + 8 * k, 8);
  }
  for (; i < n; i++)
    for (int k = 0; k < 8; k++) out[k * stride + i] = in[8 * i + k];
}

ND_CLONES static void shuffle8(uint8_t *restrict out, const uint8_t *restrict in, size_t n) {
  split_columns(out, in, n, n);
}

void nd_shuffle(void *out_, const void *in_, size_t bytes, size_t element_bytes) {
  uint8_t *out = out_;
  const uint8_t *in = in_;
  size_t n = bytes / element_bytes;
  switch (element_bytes) {
    case 1: memcpy(out, in, n); break;
    case 2: shuffle2(out, in, n); break;
    case 4: shuffle4(out, in, n); break;
    case 8: shuffle8(out, in, n); break;
    default:
      for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < element_bytes; j++) out[j * n + i] = in[i * element_bytes + j];
  }
  memcpy(out + n * element_bytes, in + n * element_bytes, bytes - n * element_bytes);
}

/* Columns of bytes that are transposed at once: eight rows of them stay in the first cache. */
enum { COLUMNS = 512 };

/* 8 · n8 bytes to eight rows of bits, n8 bytes each. */
ND_CLONES static void transpose_bits(uint8_t *restrict out, const uint8_t *restrict in, size_t n8) {
  uint64_t rows[8 * COLUMNS / 8];
  for (size_t from = 0; from < n8; from += COLUMNS) {
    size_t count = n8 - from < COLUMNS ? n8 - from : COLUMNS;
    size_t words = (count + 7) / 8;
    if (count % 8)
      for (int k = 0; k < 8; k++) rows[k * (COLUMNS / 8) + words - 1] = 0;
    split_columns((uint8_t *)rows, in + 8 * from, COLUMNS, count);
    nd_transpose_columns(rows, COLUMNS / 8, words);
    for (int k = 0; k < 8; k++) memcpy(out + k * n8 + from, rows + k * (COLUMNS / 8), count);
  }
}

void nd_bit_shuffle(uint8_t *out, const uint8_t *in, size_t elements, size_t element_bytes, uint8_t *planes) {
  if (element_bytes > 1) nd_shuffle(planes, in, elements * element_bytes, element_bytes);
  for (size_t j = 0; j < element_bytes; j++)
    transpose_bits(out + j * elements, (element_bytes == 1 ? in : planes) + j * elements, elements / 8);
}
