#include "pairs.h"

#include <string.h>

#include "clones.h"

// Numbers beyond 2^53 are rounded; a fused multiply-add would round them otherwise.
#pragma STDC FP_CONTRACT OFF

enum { BINS = 256, NEURONS = 16, LANES = 8 };

typedef uint8_t bytes16 __attribute__((ext_vector_type(16), aligned(1)));
typedef uint16_t halves16 __attribute__((ext_vector_type(16), aligned(1)));
typedef uint32_t words16 __attribute__((ext_vector_type(16), aligned(4)));
typedef uint32_t words8 __attribute__((ext_vector_type(8), aligned(4)));
typedef double reals8 __attribute__((ext_vector_type(8), aligned(8)));

#define LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

/// Turns the counts of sixteen neurons, so that those of a bin lie side by side: four rounds of merging rows that lie half the block apart.
/// Neurons beyond `neurons` get the counts of the last. Adds up each neuron's counts.
#define TURN(NAME, VECTOR)                                                                                             \
  static ND_INLINE void NAME(uint32_t *turned, double *totals, const uint8_t *counts, size_t neurons) {                \
    const uint8_t *starts[16];                                                                                         \
    for (size_t i = 0; i < 16; i++) starts[i] = counts + (i < neurons ? i : neurons - 1) * BINS * sizeof(VECTOR) / 16; \
    words16 low = {0}, high = {0};                                                                                     \
    for (size_t bin = 0; bin < BINS; bin += 16) {                                                                      \
      words16 rows[16], merged[16];                                                                                    \
      for (size_t i = 0; i < 16; i++) {                                                                                \
        rows[i] = __builtin_convertvector(*(const VECTOR *)(starts[i] + bin * sizeof(VECTOR) / 16), words16);          \
      }                                                                                                                \
      for (int round = 0; round < 4; round++) {                                                                        \
        for (size_t i = 0; i < 8; i++) {                                                                               \
          merged[2 * i] = LOW(rows[i], rows[i + 8]);                                                                   \
          merged[2 * i + 1] = HIGH(rows[i], rows[i + 8]);                                                              \
        }                                                                                                              \
        memcpy(rows, merged, sizeof rows);                                                                             \
      }                                                                                                                \
      for (size_t i = 0; i < 16; i++) {                                                                                \
        *(words16 *)(turned + (bin + i) * NEURONS) = rows[i];                                                          \
        low += rows[i] & 0xFFFF;                                                                                       \
        high += rows[i] >> 16;                                                                                         \
      }                                                                                                                \
    }                                                                                                                  \
    for (size_t i = 0; i < 16; i++) totals[i] = 65536.0 * high[i] + low[i];                                            \
  }

TURN(turn_1, bytes16)
TURN(turn_2, halves16)
TURN(turn_4, words16)

static ND_INLINE void turn(uint32_t *turned, double *totals, nd_pair_side side, size_t start, size_t neurons) {
  const uint8_t *counts = (const uint8_t *)side.counts + start * BINS * side.count_bytes;
  switch (side.count_bytes) {
  case 1: return turn_1(turned, totals, counts, neurons);
  case 2: return turn_2(turned, totals, counts, neurons);
  default: return turn_4(turned, totals, counts, neurons);
  }
}

#define COUNTS(turned, bin) __builtin_convertvector(*(const words8 *)((turned) + (bin)*NEURONS), reals8)

/// Eight neurons whose zeros lie in their bin: sums over all bins, and the difference of the groups just below the bin of the zeros.
typedef struct {
  reals8 pairs, area, distance, first_edge, last_edge, at_zero;
} sums8;

static ND_INLINE void sweep(sums8 *swept, const uint32_t *a, const uint32_t *b, const double *n, const double *m,
                           const reals8 *zero_bins) {
  sums8 sums;
  memset(&sums, 0, sizeof sums);
  const reals8 ns = *(const reals8 *)n, ms = *(const reals8 *)m;
  reals8 below = {0}, difference = {0}, number = {0};
  for (size_t bin = 0; bin < BINS; bin++) {
    const reals8 p = COUNTS(a, bin), q = COUNTS(b, bin);
    sums.at_zero = *zero_bins == number ? difference : sums.at_zero;
    number += 1;
    sums.pairs += q * (below + below + p);
    below += p;
    if (bin == BINS - 1) sums.last_edge = difference;
    difference += p * ms - q * ns;
    if (bin == 0) sums.first_edge = difference;
    const reals8 size = __builtin_elementwise_abs(difference);
    sums.area += size;
    sums.distance = size > sums.distance ? size : sums.distance;
  }
  *swept = sums;
}

static inline double size_of(double number) { return number < 0 ? -number : number; }

/// Takes the zeros of a neuron out of their bin.
static ND_INLINE nd_pair_figures finish(const sums8 *sums, size_t lane, double n, double m, const uint32_t *a, const uint32_t *b, int32_t zero_bin,
                                        uint32_t zeros_a, uint32_t zeros_b, uint8_t tails) {
  double pairs = sums->pairs[lane], area = 2 * sums->area[lane], distance = sums->distance[lane];
  if (tails) area -= size_of(sums->first_edge[lane]) + size_of(sums->last_edge[lane]);
  const int lowest = tails ? 1 : 0, highest = tails ? BINS - 2 : BINS - 1;
  if (zero_bin >= lowest && zero_bin <= highest) {
    const uint32_t p = a[(size_t)zero_bin * NEURONS], q = b[(size_t)zero_bin * NEURONS];
    // No more zeros than there are values where 0 is: a stranger's store may say anything.
    const double x = zeros_a < p ? zeros_a : p, y = zeros_b < q ? zeros_b : q;
    pairs += (q - y) * x - y * (p - x);
    const double left = sums->at_zero[lane], right = left + (x * m - y * n);
    area += size_of(right) - size_of(left);
    distance = size_of(right) > distance ? size_of(right) : distance;
  }
  const double all = n * m;
  return (nd_pair_figures){pairs / (2 * all), area / (2 * all), distance / all};
}

static ND_INLINE void compare_16(nd_pair_side first, nd_pair_side second, size_t start, size_t neurons,
                                 const int32_t *zero_bins, const uint8_t *tails, nd_pair_figures *figures) {
  uint32_t a[BINS * NEURONS], b[BINS * NEURONS];
  double n[NEURONS], m[NEURONS];
  turn(a, n, first, start, neurons);
  turn(b, m, second, start, neurons);
  for (size_t lane = 0; lane < neurons; lane += LANES) {
    const size_t some = neurons - lane < LANES ? neurons - lane : LANES;
    reals8 zeros = {-1, -1, -1, -1, -1, -1, -1, -1};
    for (size_t i = 0; i < some; i++) zeros[i] = zero_bins[lane + i];
    sums8 sums;
    sweep(&sums, a + lane, b + lane, n + lane, m + lane, &zeros);
    for (size_t i = 0; i < some; i++)
      figures[lane + i] = finish(&sums, i, n[lane + i], m[lane + i], a + lane + i, b + lane + i, zero_bins[lane + i], first.zeros[start + lane + i],
                                 second.zeros[start + lane + i], tails[lane + i]);
  }
}

ND_CLONES void nd_compare_pairs(nd_pair_side first, nd_pair_side second, size_t neurons, const int32_t *zero_bins,
                                const uint8_t *tails, nd_pair_figures *figures) {
  for (size_t start = 0; start < neurons; start += NEURONS) {
    const size_t some = neurons - start < NEURONS ? neurons - start : NEURONS;
    compare_16(first, second, start, some, zero_bins + start, tails + start, figures + start);
  }
}
