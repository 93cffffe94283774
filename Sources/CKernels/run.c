#include "run.h"

#include <string.h>

#include "clones.h"
#include "fetch.h"

/// Rows that are side by side in the first-level cache, 8 KiB of them.
enum { SOME_ROWS = 32 };

static const uint32_t side_by_side[SOME_ROWS] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                                 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

#define TEMPLATE "run_template.h"
#include "each_value.h"
#include "run_avx512.h"

ND_CLONES int nd_take_run_portable_f32(const float *base, size_t pitch, const uint32_t *order, size_t rows,
                                       const nd_run *run) {
  return take_run_f32(base, pitch, order, rows, run);
}

int nd_take_run_f32(const float *base, size_t pitch, const uint32_t *order, size_t rows, const nd_run *run) {
#if defined(__x86_64__)
  if (has_avx512()) return take_run_avx512(base, pitch, order, rows, run);
#endif
  return nd_take_run_portable_f32(base, pitch, order, rows, run);
}

ND_CLONES int nd_take_run_f64(const double *base, size_t pitch, const uint32_t *order, size_t rows,
                              const nd_run *run) {
  return take_run_f64(base, pitch, order, rows, run);
}

ND_CLONES void nd_move_counts(uint16_t *counters, uint8_t *counts) {
  typedef uint8_t narrow __attribute__((ext_vector_type(64), aligned(64)));
  typedef uint16_t wide __attribute__((ext_vector_type(64), aligned(2)));
  for (size_t i = 0; i < ND_TILE * ND_BINS; i += 64) {
    narrow *some = (narrow *)(counts + i);
    // Most bins of most neurons are empty.
    if (__builtin_reduce_or(*some) == 0) continue;
    *(wide *)(counters + i) += __builtin_convertvector(*some, wide);
    *some = 0;
  }
}
