#include "count.h"

#include <string.h>

#include "clones.h"
#include "fetch.h"

ND_CLONES void nd_gather_rows(void *tile, size_t tile_bytes, const void *base, size_t pitch, const uint32_t *order, size_t rows,
                    size_t following, size_t bytes) {
  const char *from = base;
  for (size_t r = 0; r < rows; r++) {
    if (r + rows_ahead < rows + following) fetch(from + order[r + rows_ahead] * pitch, bytes);
    // A whole row of floats is so common that its copy should be four loads and stores.
    char *to = (char *)tile + r * tile_bytes;
    if (bytes == 256)
      memcpy(to, from + order[r] * pitch, 256);
    else
      memcpy(to, from + order[r] * pitch, bytes);
  }
}

// The two bins of a pair have neighbouring places; but where the first bin is odd, the last is beside it, and of another pair.
#define HALVE(NAME, COUNT)                                                                                             \
  ND_CLONES void NAME(COUNT *counters, int64_t origin) {                                                               \
    enum { HALF = ND_BINS / 2 };                                                                                       \
    COUNT sums[HALF];                                                                                                  \
    for (size_t i = 0; i < HALF; i++) sums[i] = (COUNT)(counters[2 * i] + counters[2 * i + 1]);                        \
    const size_t first = (size_t)(origin >> 1) % HALF, turn = (size_t)(origin >> 1) & HALF;                            \
    COUNT last = 0;                                                                                                    \
    if (origin & 1) {                                                                                                  \
      sums[first] = counters[2 * first + 1];                                                                           \
      last = counters[2 * first];                                                                                      \
    }                                                                                                                  \
    memset(counters, 0, ND_BINS * sizeof *counters);                                                                   \
    memcpy(counters + turn + first, sums + first, (HALF - first) * sizeof *counters);                                  \
    memcpy(counters + (turn ^ HALF), sums, first * sizeof *counters);                                                  \
    counters[(turn ^ HALF) + first] = last;                                                                            \
  }

HALVE(nd_halve_u16, uint16_t)
HALVE(nd_halve_u32, uint32_t)

// Most lists want few bins, and loops of a known length take half the time.
#define FEW_INTERVALS(COLLECT, base, pitch, order, rows, following, intervals, ...)       \
  switch (intervals) {                                                                    \
    case 1: COLLECT(base, pitch, order, rows, following, 1, __VA_ARGS__); break;         \
    case 2: COLLECT(base, pitch, order, rows, following, 2, __VA_ARGS__); break;         \
    case 3: COLLECT(base, pitch, order, rows, following, 3, __VA_ARGS__); break;         \
    case 4: COLLECT(base, pitch, order, rows, following, 4, __VA_ARGS__); break;         \
    case 5: COLLECT(base, pitch, order, rows, following, 5, __VA_ARGS__); break;         \
    case 6: COLLECT(base, pitch, order, rows, following, 6, __VA_ARGS__); break;         \
    default: COLLECT(base, pitch, order, rows, following, intervals, __VA_ARGS__);       \
  }

#define TEMPLATE "collect_template.h"
#include "each_value.h"
#include "collect_avx512.h"

void nd_collect_f32(const float *base, size_t pitch, const uint32_t *order, size_t rows, size_t following,
                    size_t intervals, const float *low, const float *high, uint64_t *cursors, const uint64_t *ends,
                    float *values) {
#if defined(__x86_64__)
  if (intervals <= FEW && has_avx512()) {
    collect_avx512(base, pitch, order, rows, following, intervals, low, high, cursors, ends, values);
    return;
  }
#endif
  collect_clones_f32(base, pitch, order, rows, following, intervals, low, high, cursors, ends, values);
}

void nd_collect_f64(const double *base, size_t pitch, const uint32_t *order, size_t rows, size_t following,
                    size_t intervals, const double *low, const double *high, uint64_t *cursors, const uint64_t *ends,
                    double *values) {
  collect_clones_f64(base, pitch, order, rows, following, intervals, low, high, cursors, ends, values);
}
