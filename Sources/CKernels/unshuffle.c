#include "unshuffle.h"

#include <string.h>

#include "exchange.h"

/* The loops below put bytes together to words of the machine; only the order of little-endian
 * machines is written down. */
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "unshuffle.c is written for little-endian machines"
#endif

typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint16_t shorts8 __attribute__((vector_size(16)));
typedef uint32_t words4 __attribute__((vector_size(16)));

/* Merges two vectors element by element: their first halves, their second halves. */
#define LOW1(a, b) \
  __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH1(a, b) \
  __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define LOW2(a, b) \
  (words4) __builtin_shufflevector((shorts8)a, (shorts8)b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH2(a, b) \
  (words4) __builtin_shufflevector((shorts8)a, (shorts8)b, 4, 12, 5, 13, 6, 14, 7, 15)
#define LOW4(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define HIGH4(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)

/* Sixteen columns of eight rows of bytes to 128 bytes, column after column: three rounds of
 * merging neighbours. */
static ND_INLINE void merge_16_columns(uint8_t *restrict out, const uint8_t *restrict rows, size_t stride) {
  bytes16 r[8];
  for (int k = 0; k < 8; k++) memcpy(&r[k], rows + k * stride, 16);
  words4 a = LOW2(LOW1(r[0], r[1]), LOW1(r[2], r[3]));
  words4 b = HIGH2(LOW1(r[0], r[1]), LOW1(r[2], r[3]));
  words4 c = LOW2(HIGH1(r[0], r[1]), HIGH1(r[2], r[3]));
  words4 d = HIGH2(HIGH1(r[0], r[1]), HIGH1(r[2], r[3]));
  words4 e = LOW2(LOW1(r[4], r[5]), LOW1(r[6], r[7]));
  words4 f = HIGH2(LOW1(r[4], r[5]), LOW1(r[6], r[7]));
  words4 g = LOW2(HIGH1(r[4], r[5]), HIGH1(r[6], r[7]));
  words4 h = HIGH2(HIGH1(r[4], r[5]), HIGH1(r[6], r[7]));
  const words4 merged[8] = {LOW4(a, e), HIGH4(a, e), LOW4(b, f), HIGH4(b, f),
                            LOW4(c, g), HIGH4(c, g), LOW4(d, h), HIGH4(d, h)};
  memcpy(out, merged, sizeof merged);
}

/* Eight rows of `n` bytes, `stride` apart, to 8 · n bytes, column after column. */
static ND_INLINE void merge_rows(uint8_t *restrict out, const uint8_t *restrict rows, size_t stride, size_t n) {
  size_t i = 0;
  for (; i + 16 <= n; i += 16) merge_16_columns(out + 8 * i, rows + i, stride);
  for (; i < n; i++)
    for (int k = 0; k < 8; k++) out[8 * i + k] = rows[k * stride + i];
}

ND_CLONES static void unshuffle2(uint8_t *restrict out, const uint8_t *restrict in, size_t n) {
  for (size_t i = 0; i < n; i++) {
    uint16_t v = (uint16_t)(in[i] | in[n + i] << 8);
    memcpy(out + 2 * i, &v, 2);
  }
}

ND_CLONES static void unshuffle4(uint8_t *restrict out, const uint8_t *restrict in, size_t n) {
  for (size_t i = 0; i < n; i++) {
    uint32_t v = in[i] | (uint32_t)in[n + i] << 8 | (uint32_t)in[2 * n + i] << 16 |
                 (uint32_t)in[3 * n + i] << 24;
    memcpy(out + 4 * i, &v, 4);
  }
}

ND_CLONES static void unshuffle8(uint8_t *restrict out, const uint8_t *restrict in, size_t n) {
  merge_rows(out, in, n, n);
}

void nd_unshuffle(void *out_, const void *in_, size_t bytes, size_t element_bytes) {
  uint8_t *out = out_;
  const uint8_t *in = in_;
  size_t n = bytes / element_bytes;
  switch (element_bytes) {
    case 1: memcpy(out, in, n); break;
    case 2: unshuffle2(out, in, n); break;
    case 4: unshuffle4(out, in, n); break;
    case 8: unshuffle8(out, in, n); break;
    default:
      for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < element_bytes; j++) out[i * element_bytes + j] = in[j * n + i];
  }
  memcpy(out + n * element_bytes, in + n * element_bytes, bytes - n * element_bytes);
}

/* Columns of bytes that are transposed at once: eight rows of them stay in the first cache. */
enum { COLUMNS = 512 };

/* Eight rows of bits, `n8` bytes each, to 8 · n8 bytes: transposed, row m holds the bytes of the elements
 * 8 · column + m. */
ND_CLONES static void transpose_bits(uint8_t *restrict out, const uint8_t *restrict in, size_t n8) {
  uint64_t rows[8 * COLUMNS / 8];
  for (size_t from = 0; from < n8; from += COLUMNS) {
    size_t count = n8 - from < COLUMNS ? n8 - from : COLUMNS;
    size_t words = (count + 7) / 8;
    for (int k = 0; k < 8; k++) {
      if (count % 8) rows[k * (COLUMNS / 8) + words - 1] = 0;
      memcpy(rows + k * (COLUMNS / 8), in + k * n8 + from, count);
    }
    nd_transpose_columns(rows, COLUMNS / 8, words);
    merge_rows(out + 8 * from, (const uint8_t *)rows, COLUMNS, count);
  }
}

void nd_bit_unshuffle(uint8_t *out, const uint8_t *in, size_t elements, size_t element_bytes,
                      uint8_t *planes) {
  for (size_t j = 0; j < element_bytes; j++)
    transpose_bits((element_bytes == 1 ? out : planes) + j * elements, in + j * elements,
                   elements / 8);
  if (element_bytes > 1) nd_unshuffle(out, planes, elements * element_bytes, element_bytes);
}
