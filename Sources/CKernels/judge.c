#include "judge.h"

#include <math.h>
#include <string.h>

#include "clones.h"

// A fused multiply-add would round once instead of twice: figures of rows must be the same on every machine.
#pragma STDC FP_CONTRACT OFF

/// The row that is taken out, at a neuron.
typedef struct {
  int32_t label;
  double values;
  uint32_t cells[ND_CELLS + 1];
} taken_out;

static ND_INLINE void take_out(taken_out *out, nd_judged_rows rows, size_t row) {
  out->label = rows.labels[row];
  out->values = 0;
  if (out->label < 0) return;
  const uint8_t *cells = rows.without + row * rows.samples;
  memset(out->cells, 0, sizeof out->cells);
  for (size_t s = 0; s < rows.samples; s++) out->cells[cells[s]]++;
  out->values = (double)(rows.samples - out->cells[ND_CELL_NONE]);
}

static ND_INLINE double taken_from(const taken_out *out, uint8_t cell) {
  return out->label < 0 ? 0 : (double)out->cells[cell];
}

/// The share of values of all classes in a cell.
static ND_INLINE double common_share(nd_class_cells of, const taken_out *out, uint8_t cell, double taken) {
  return (of.all[cell] - taken + 0.5) / (of.total - out->values + ND_CELLS * 0.5);
}

static ND_INLINE double own_share(nd_class_cells of, const taken_out *out, uint8_t cell, double taken, double common) {
  return ((double)of.counts[cell * of.pitch + out->label] - taken + common) / (of.sizes[out->label] - out->values + 1);
}

static ND_INLINE void renew(double *restrict products, int64_t *restrict powers, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint64_t bits;
    memcpy(&bits, products + i, sizeof bits);
    powers[i] += (int64_t)(bits >> 52) - 1023;
    bits = (bits & 0xFFFFFFFFFFFFFULL) | 0x3FF0000000000000ULL;
    memcpy(products + i, &bits, sizeof bits);
  }
}

ND_CLONES void nd_renew(double *products, int64_t *powers, size_t count) { renew(products, powers, count); }

/// Rows of the store itself with one sample, or rows from which nothing is taken: what a cell multiplies to a row's products is the same for
/// all rows with a label, and for all without, and so is looked up.
static ND_INLINE size_t judge_own(nd_class_cells of, nd_judged_rows rows, nd_judgement sums, size_t factors, size_t pitch) {
  double shares[2 * (ND_CELLS + 1) * ND_CLASSES_MAX], own[(ND_CELLS + 1) * (ND_CLASSES_MAX + 1)];
  for (size_t b = 0; b < ND_CELLS; b++) {
    const double others = (of.all[b] + 0.5) / (of.total + ND_CELLS * 0.5);
    const double labelled = (of.all[b] - 0.5) / (of.total - 1 + ND_CELLS * 0.5);
    const uint32_t *counts = of.counts + b * pitch;
    for (size_t c = 0; c < pitch; c++) {
      shares[b * pitch + c] = ((double)counts[c] + others) * of.shares[c];
      shares[(ND_CELLS + 1 + b) * pitch + c] = ((double)counts[c] + labelled) * of.shares[c];
      own[b * (pitch + 1) + c + 1] = ((double)counts[c] - 1 + labelled) * (1 / of.sizes[c]);
    }
    own[b * (pitch + 1)] = 1;
  }
  // What is not finite multiplies nothing.
  for (size_t c = 0; c < pitch; c++) shares[ND_CELLS * pitch + c] = shares[(2 * ND_CELLS + 1) * pitch + c] = 1;
  for (size_t c = 0; c <= pitch; c++) own[ND_CELLS * (pitch + 1) + c] = 1;
  for (size_t row = 0; row < rows.rows; row++) {
    const int32_t label = rows.labels[row];
    const size_t cell = rows.cells[row], place = label < 0 ? cell : ND_CELLS + 1 + cell;
    double *restrict products = sums.products + row * pitch;
    for (size_t c = 0; c < pitch; c++) products[c] *= shares[place * pitch + c];
    sums.own[row] *= own[cell * (pitch + 1) + (size_t)(label < 0 ? 0 : label + 1)];
  }
  if (++factors < ND_FACTORS) return factors;
  renew(sums.products, sums.powers, rows.rows * pitch);
  renew(sums.own, sums.own_powers, rows.rows);
  return 0;
}

/// Any rows, in all classes or in two `chosen` ones of each.
static ND_INLINE size_t judge(nd_class_cells of, nd_judged_rows rows, const int32_t *chosen, nd_judgement sums, size_t factors) {
  const size_t width = chosen ? 2 : of.pitch;
  for (size_t row = 0; row < rows.rows; row++) {
    double *restrict products = sums.products + row * width;
    taken_out out;
    take_out(&out, rows, row);
    size_t since = factors;
    for (size_t s = 0; s < rows.samples; s++) {
      const uint8_t cell = rows.cells[row * rows.samples + s];
      if (cell < ND_CELLS) {
        const double taken = taken_from(&out, cell), common = common_share(of, &out, cell, taken);
        const uint32_t *counts = of.counts + cell * of.pitch;
        for (size_t i = 0; i < width; i++) {
          // Of no class the product is that of any: nobody asks for it.
          const size_t c = !chosen ? i : chosen[row * 2 + i] < 0 ? 0 : (size_t)chosen[row * 2 + i];
          products[i] *= ((double)counts[c] + common) * of.shares[c];
        }
        if (out.label >= 0) sums.own[row] *= own_share(of, &out, cell, taken, common);
      }
      if (++since == ND_FACTORS) {
        renew(products, sums.powers + row * width, width);
        renew(sums.own + row, sums.own_powers + row, 1);
        since = 0;
      }
    }
  }
  return (factors + rows.samples) % ND_FACTORS;
}

ND_CLONES size_t nd_judge(nd_class_cells of, nd_judged_rows rows, const int32_t *chosen, nd_judgement sums, size_t factors) {
  if (chosen) return judge(of, rows, chosen, sums, factors);
  if (rows.samples > 1 || rows.without != rows.cells) return judge(of, rows, NULL, sums, factors);
  // Of a length that is known when it is compiled, a loop is a few vectors.
  switch (of.pitch) {
    case 2: return judge_own(of, rows, sums, factors, 2);
    case 4: return judge_own(of, rows, sums, factors, 4);
    case 8: return judge_own(of, rows, sums, factors, 8);
    case 16: return judge_own(of, rows, sums, factors, 16);
    default: return judge_own(of, rows, sums, factors, of.pitch);
  }
}

static ND_INLINE uint8_t cell_of(uint8_t code, uint32_t is_apart, uint8_t origin) {
  const uint8_t kind = (uint8_t)(code + origin);
  const uint8_t apart = kind == 0 ? ND_CELL_ZERO : ND_CELL_NONE;
  return is_apart ? apart : code >> 4;
}

ND_CLONES void nd_code_cells(uint8_t *restrict cells, const uint8_t *restrict codes, const uint8_t *restrict apart, size_t first,
                             size_t count, uint8_t origin) {
  size_t i = 0;
  for (; i < count && (first + i) % 8 != 0; i++)
    cells[i] = cell_of(codes[i], apart[(first + i) / 8] >> (first + i) % 8 & 1, origin);
  for (; i + 8 <= count; i += 8) {
    const uint32_t bits = apart[(first + i) / 8];
    for (size_t j = 0; j < 8; j++) cells[i + j] = cell_of(codes[i + j], bits >> j & 1, origin);
  }
  for (; i < count; i++) cells[i] = cell_of(codes[i], apart[(first + i) / 8] >> (first + i) % 8 & 1, origin);
}

/// Values whose distances are found together.
enum { DISTANCES = 256 };

/// Where values stand. Which of them are 0 nobody can predict: nothing here may be a branch.
static ND_INLINE void places_of(double *restrict to, const uint8_t *restrict codes, const uint8_t *restrict cells, size_t count,
                                const double *restrict places) {
  uint16_t at[DISTANCES];
  for (size_t i = 0; i < count; i++) {
    const uint32_t code = codes[i], cell = cells[i], apart = 256 - ND_CELL_ZERO + cell;
    at[i] = (uint16_t)(code ^ ((code ^ apart) & -(cell >> 4)));
  }
  for (size_t i = 0; i < count; i++) to[i] = places[at[i]];
}

/// Rows of one sample.
static ND_INLINE void add_single(nd_distances to, const uint8_t *codes, const uint8_t *cells, size_t rows, const double *places,
                                 const double *medians, const int32_t *classes) {
  const double none = NAN;
  for (size_t first = 0; first < rows; first += DISTANCES) {
    double at[DISTANCES], own[DISTANCES];
    const size_t count = rows - first < DISTANCES ? rows - first : DISTANCES;
    double *restrict sums = to.sums + first, *restrict compared = to.compared + first, *restrict finite = to.finite + first;
    places_of(at, codes + first, cells + first, count, places);
    for (size_t i = 0; i < count; i++) {
      const int32_t class = classes[first + i];
      own[i] = *(class < 0 ? &none : medians + class);
    }
    for (size_t i = 0; i < count; i++) {
      // Without a median there is no distance.
      const double distance = fabs(at[i] - own[i]);
      finite[i] += cells[first + i] == ND_CELL_NONE ? 0 : 1;
      compared[i] += distance == distance ? 1 : 0;
      sums[i] += distance == distance ? distance : 0;
    }
  }
}

/// Rows of many samples.
static ND_INLINE void add_many(nd_distances to, const uint8_t *codes, const uint8_t *cells, size_t rows, size_t samples,
                               const double *places, const double *medians, const int32_t *classes) {
  for (size_t first = 0; first < rows * samples; first += DISTANCES) {
    double at[DISTANCES];
    const size_t count = rows * samples - first < DISTANCES ? rows * samples - first : DISTANCES;
    places_of(at, codes + first, cells + first, count, places);
    for (size_t i = 0, row = first / samples; i < count; row++) {
      const double median = classes[row] < 0 ? NAN : medians[classes[row]];
      const size_t last = (row + 1) * samples - first < count ? (row + 1) * samples - first : count;
      double sum = to.sums[row], compared = to.compared[row], finite = to.finite[row];
      for (; i < last; i++) {
        const double distance = fabs(at[i] - median);
        finite += cells[first + i] == ND_CELL_NONE ? 0 : 1;
        compared += distance == distance ? 1 : 0;
        sum += distance == distance ? distance : 0;
      }
      to.sums[row] = sum;
      to.compared[row] = compared;
      to.finite[row] = finite;
    }
  }
}

ND_CLONES void nd_add_distances(nd_distances to, const uint8_t *codes, const uint8_t *cells, size_t rows, size_t samples,
                                const double *given, const double *medians, const int32_t *classes) {
  // Also what is not finite has a place, which is none, so that nothing is asked value by value.
  double places[256 - ND_CELL_ZERO + ND_CELL_NONE + 1];
  memcpy(places, given, sizeof places - sizeof *places);
  places[256 - ND_CELL_ZERO + ND_CELL_NONE] = NAN;
  if (samples == 1) add_single(to, codes, cells, rows, places, medians, classes);
  else add_many(to, codes, cells, rows, samples, places, medians, classes);
}
