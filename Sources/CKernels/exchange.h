// The exchange of bits between two words that transposing is made of.
#ifndef CKERNELS_EXCHANGE_H
#define CKERNELS_EXCHANGE_H
#include <stdint.h>

#include "clones.h"

/* Exchanges, between two words, the bits of `a` under `mask << shift` and those of `b` under `mask`. */
#define ND_EXCHANGE(a, b, shift, mask)      \
  do {                                      \
    uint64_t t = ((a >> shift) ^ b) & mask; \
    b ^= t;                                 \
    a ^= t << shift;                        \
  } while (0)

/* Eight rows of `words` words: the 8x8 bits that one column of bytes holds are transposed by three rounds of exchanges
 * between rows (Hacker's Delight, 7-3), eight columns at a time in a word and as many words as the machine's vectors
 * take. The same again puts everything back. */
static ND_INLINE void nd_transpose_columns(uint64_t *restrict rows, size_t stride, size_t words) {
  const uint64_t low4 = 0x0f0f0f0f0f0f0f0fu, low2 = 0x3333333333333333u, low1 = 0x5555555555555555u;
  for (size_t w = 0; w < words; w++) {
    uint64_t a = rows[w], b = rows[stride + w], c = rows[2 * stride + w], d = rows[3 * stride + w];
    uint64_t e = rows[4 * stride + w], f = rows[5 * stride + w], g = rows[6 * stride + w], h = rows[7 * stride + w];
    ND_EXCHANGE(a, e, 4, low4);
    ND_EXCHANGE(b, f, 4, low4);
    ND_EXCHANGE(c, g, 4, low4);
    ND_EXCHANGE(d, h, 4, low4);
    ND_EXCHANGE(a, c, 2, low2);
    ND_EXCHANGE(b, d, 2, low2);
    ND_EXCHANGE(e, g, 2, low2);
    ND_EXCHANGE(f, h, 2, low2);
    ND_EXCHANGE(a, b, 1, low1);
    ND_EXCHANGE(c, d, 1, low1);
    ND_EXCHANGE(e, f, 1, low1);
    ND_EXCHANGE(g, h, 1, low1);
    rows[w] = a, rows[stride + w] = b, rows[2 * stride + w] = c, rows[3 * stride + w] = d;
    rows[4 * stride + w] = e, rows[5 * stride + w] = f, rows[6 * stride + w] = g, rows[7 * stride + w] = h;
  }
}
#endif
