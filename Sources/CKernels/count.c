#include "count.h"

#include <string.h>

#include "clones.h"

enum {
  rows_ahead = 16,
  /// Below so many rows it takes longer to clear and to add up counters of bytes than they save.
  few_rows = 16
};

/// Asks for bytes that are needed soon. Into the second-level cache: rows lie a power of two apart, and a few of them would push
/// each other out of the first.
static ND_INLINE void fetch(const void *from, size_t bytes) {
  for (size_t line = 0; line < bytes; line += 64) __builtin_prefetch((const char *)from + line, 0, 2);
}

ND_CLONES void nd_gather_rows(void *tile, size_t tile_bytes, const void *base, size_t pitch, const uint32_t *order, size_t rows,
                    size_t bytes) {
  const char *from = base;
  for (size_t r = 0; r < rows; r++) {
    if (r + rows_ahead < rows) fetch(from + order[r + rows_ahead] * pitch, bytes);
    // A whole row of floats is so common that its copy should be four loads and stores.
    char *to = (char *)tile + r * tile_bytes;
    if (bytes == 256)
      memcpy(to, from + order[r] * pitch, 256);
    else
      memcpy(to, from + order[r] * pitch, bytes);
  }
}

/// Adds the counts of a tile in bytes to its counters, and clears them. Most bins of most neurons are empty.
static ND_INLINE void move_counts(uint16_t *counters, uint8_t *small) {
  typedef uint8_t narrow __attribute__((ext_vector_type(64), aligned(64)));
  typedef uint16_t wide __attribute__((ext_vector_type(64), aligned(2)));
  for (size_t i = 0; i < ND_TILE * ND_BINS; i += 64) {
    narrow *some = (narrow *)(small + i);
    if (__builtin_reduce_or(*some) == 0) continue;
    *(wide *)(counters + i) += __builtin_convertvector(*some, wide);
    *some = 0;
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

#define TEMPLATE "count_template.h"
#include "each_value.h"
