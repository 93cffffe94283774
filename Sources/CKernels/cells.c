#include "cells.h"

#include <float.h>
#include <math.h>

#include "clones.h"

// A fused multiply-add would round once instead of twice: sums must be the same on every machine.
#pragma STDC FP_CONTRACT OFF

enum { BINS = 256, CELLS = BINS + 1, LANES = 8, HALVINGS = 60 };
typedef double reals8 __attribute__((ext_vector_type(8), aligned(8)));
typedef int64_t masks8 __attribute__((ext_vector_type(8)));

/// Cells that hold values, in ascending order.
typedef struct {
  double lows[CELLS], highs[CELLS], sizes[CELLS];
  /// Of all values.
  double shares[CELLS];
  size_t count;
} cells_t;

static ND_INLINE void add_bins(cells_t *cells, const nd_held_bins *bins, size_t first, size_t end) {
  size_t found = cells->count;
  for (size_t bin = first; bin < end; bin++) {
    const double low = bins->edges[bin], high = bins->edges[bin + 1];
    cells->lows[found] = bins->least >= low ? bins->least : low;
    cells->highs[found] = bins->greatest < high ? bins->greatest : high;
    cells->sizes[found] = bins->counts[bin];
    // Written in any case, and kept where it holds something: no branch to be mistaken about.
    found += bins->counts[bin] != 0;
  }
  cells->count = found;
}

static ND_INLINE void fill_bins(cells_t *cells, const nd_held_bins *bins) {
  cells->count = 0;
  const int has_zeros = bins->zero_bin >= 0 && bins->zeros > 0 && bins->counts[bins->zero_bin] > 0;
  if (!has_zeros) {
    add_bins(cells, bins, 0, BINS);
    return;
  }
  const size_t bin = (size_t)bins->zero_bin;
  add_bins(cells, bins, 0, bin);
  cells->lows[cells->count] = cells->highs[cells->count] = 0;
  cells->sizes[cells->count++] = bins->zeros;
  const size_t rest = cells->count;
  add_bins(cells, bins, bin, bin + 1);
  if (bins->counts[bin] > bins->zeros)
    cells->sizes[rest] = bins->counts[bin] - bins->zeros;
  else
    cells->count = rest;
  add_bins(cells, bins, bin + 1, BINS);
}

static ND_INLINE void fill(cells_t *cells, const nd_held_bins *bins) {
  fill_bins(cells, bins);
  for (size_t i = 0; i < cells->count; i++) cells->shares[i] = cells->sizes[i] / bins->count;
}

static inline double size_of(double number) { return number < 0 ? -number : number; }
static inline double larger(double a, double b) { return a > b ? a : b; }

static ND_INLINE nd_bounds mean_of(const cells_t *cells, double rounding) {
  double low = 0, high = 0;
  for (size_t i = 0; i < cells->count; i++) {
    low += cells->shares[i] * cells->lows[i];
    high += cells->shares[i] * cells->highs[i];
  }
  const double largest = larger(size_of(cells->lows[0]), size_of(cells->highs[cells->count - 1]));
  return (nd_bounds){low - rounding * largest, high + rounding * largest};
}

ND_CLONES void nd_grid_edges(double *edges, int64_t origin, double width) {
  for (int64_t bin = 0; bin <= BINS; bin++) edges[bin] = (double)(origin + bin) * width;
}

ND_CLONES nd_bounds nd_mean_of_bins(const nd_held_bins *bins, double rounding) {
  cells_t cells;
  fill(&cells, bins);
  if (cells.count == 0) return (nd_bounds){0, 0};
  return mean_of(&cells, rounding);
}

static ND_INLINE double term(const double *lows, const double *highs, const double *sizes, size_t i, double centre) {
  const double raised = centre > lows[i] ? centre : lows[i];
  return sizes[i] * (centre - (raised < highs[i] ? raised : highs[i]));
}

/// The sum of terms in some order, that of their magnitudes, and how many values are in cells that the centre is not in.
typedef struct {
  double sum, magnitude, outside;
} slope;

static ND_INLINE slope slope_at(const double *lows, const double *highs, const double *sizes, size_t cells,
                                double centre) {
  reals8 sums = 0, magnitudes = 0, outsides = 0;
  size_t i = 0;
  for (; i + LANES <= cells; i += LANES) {
    const reals8 low = *(const reals8 *)(lows + i), high = *(const reals8 *)(highs + i);
    const reals8 size = *(const reals8 *)(sizes + i);
    const reals8 nearest = __builtin_elementwise_min(__builtin_elementwise_max((reals8)centre, low), high);
    const reals8 some = size * ((reals8)centre - nearest);
    sums += some;
    magnitudes += __builtin_elementwise_abs(some);
    outsides += some != 0 ? size : (reals8)0;
  }
  slope at = {0, 0, 0};
  for (size_t lane = 0; lane < LANES; lane++) {
    at.sum += sums[lane];
    at.magnitude += magnitudes[lane];
    at.outside += outsides[lane];
  }
  for (; i < cells; i++) {
    const double one = term(lows, highs, sizes, i, centre);
    at.sum += one;
    at.magnitude += size_of(one);
    at.outside += one != 0 ? sizes[i] : 0;
  }
  return at;
}

/// Most that a sum of terms is off by, in order or as above, relative to the sum of magnitudes: an addition by half a unit in the last place of
/// what it gives, which is no more than that, and a term by two such.
static ND_INLINE double most_off(size_t cells) { return ((double)cells / 2 + 2 * LANES) * DBL_EPSILON; }

static ND_INLINE double halfway(double low, double high) { return low + (high - low) / 2; }

/// Between these the sum in order may have any sign; it is positive from `above` on, and not up to `below`.
typedef struct {
  double below, above;
} doubt;

/// The slope rises, by a value or more for each step of 1: where it is farther from 0 than its sum and that in order can be off, it is so
/// beyond, too.
static ND_INLINE void look(doubt *left, slope at, double centre, size_t cells) {
  const double off = 2 * most_off(cells) * at.magnitude;
  if (at.sum > off && centre < left->above) left->above = centre;
  if (at.sum < -off && centre > left->below) left->below = centre;
}

static ND_INLINE doubt doubt_of(const double *lows, const double *highs, const double *sizes, size_t cells, double low,
                                double high) {
  doubt left = {-INFINITY, INFINITY};
  double centre = halfway(low, high);
  slope at = slope_at(lows, highs, sizes, cells, centre);
  // A line in each piece: Newton's steps lead to the piece of the root, and there to the root.
  for (int step = 0; step < 12 && at.outside > 0; step++) {
    look(&left, at, centre, cells);
    const double next = centre - at.sum / at.outside;
    if (!(next > low && next < high) || size_of(at.sum) <= most_off(cells) * at.magnitude) break;
    centre = next;
    at = slope_at(lows, highs, sizes, cells, centre);
  }
  if (!(at.outside > 0)) return left;
  const double root = centre - at.sum / at.outside, reach = 2.5 * most_off(cells) * at.magnitude / at.outside;
  look(&left, slope_at(lows, highs, sizes, cells, root - reach), root - reach, cells);
  look(&left, slope_at(lows, highs, sizes, cells, root + reach), root + reach, cells);
  return left;
}

/// Halvings that are done at once where there is doubt: additions wait for each other, and other centres' go on meanwhile.
enum { LEVELS = 3, CENTRES = 1 << LEVELS };

/// Sums in order, for all centres.
static ND_INLINE void sum_in_order(double *sums, const double *centres, const double *lows, const double *highs,
                                   const double *sizes, size_t cells) {
  reals8 all[CENTRES / LANES] = {0};
  for (size_t i = 0; i < cells; i++) {
    const reals8 low = lows[i], high = highs[i], size = sizes[i];
    for (size_t v = 0; v < CENTRES / LANES; v++) {
      const reals8 centre = *(const reals8 *)(centres + v * LANES);
      const reals8 raised = centre > low ? centre : low;
      all[v] += size * (centre - (raised < high ? raised : high));
    }
  }
  for (size_t v = 0; v < CENTRES / LANES; v++) *(reals8 *)(sums + v * LANES) = all[v];
}

static ND_INLINE double centre_of(const double *lows, const double *highs, const double *sizes, size_t cells,
                                  double low, double high) {
  const doubt left = doubt_of(lows, highs, sizes, cells, low, high);
  for (int halving = 0; halving < HALVINGS;) {
    const double centre = halfway(low, high);
    // From here on nothing would change.
    if (centre == low) break;
    if (centre >= left.above || centre <= left.below) {
      if (centre >= left.above)
        high = centre;
      else
        low = centre;
      halving++;
      continue;
    }
    // Centres that the next halvings may come to: that of place `k` has those below and above it at places `2 k` and `2 k + 1`.
    double ends[2 * CENTRES][2], centres[CENTRES], sums[CENTRES];
    ends[1][0] = low;
    ends[1][1] = high;
    centres[0] = low;
    for (size_t k = 1; k < CENTRES; k++) {
      centres[k] = halfway(ends[k][0], ends[k][1]);
      ends[2 * k][0] = ends[k][0];
      ends[2 * k][1] = ends[2 * k + 1][0] = centres[k];
      ends[2 * k + 1][1] = ends[k][1];
    }
    sum_in_order(sums, centres, lows, highs, sizes, cells);
    for (size_t k = 1; k < CENTRES && halving < HALVINGS && centres[k] != low; halving++) {
      if (sums[k] > 0) {
        high = centres[k];
        k = 2 * k;
      } else {
        low = centres[k];
        k = 2 * k + 1;
      }
    }
  }
  return low;
}

ND_CLONES double nd_centre_of_cells(const double *lows, const double *highs, const double *sizes, size_t cells,
                                    double low, double high) {
  return centre_of(lows, highs, sizes, cells, low, high);
}

/// Squares of how far values are, `[cell]`, by their shares; scaled by the largest, which is returned, so that they stay within range.
static ND_INLINE double square(double *squares, const double *distances, const double *shares, size_t cells) {
  double largest = 0;
  for (size_t i = 0; i < cells; i++) largest = larger(size_of(distances[i]), largest);
  // All are 0 then, and so are their squares.
  const double scale = largest > 0 ? largest : 1;
  for (size_t i = 0; i < cells; i++) {
    const double scaled = distances[i] / scale;
    squares[i] = shares[i] * scaled * scaled;
  }
  return largest;
}

ND_CLONES nd_spread nd_spread_of_bins(const nd_held_bins *bins, double rounding) {
  cells_t cells;
  fill(&cells, bins);
  nd_spread found = {0, 0, 0, 0};
  if (cells.count == 0) return found;
  found.first = cells.lows[0];
  found.last = cells.highs[cells.count - 1];
  if (!isfinite(found.first) || !isfinite(found.last) || !isfinite(found.last - found.first)) return found;
  double distances[CELLS], nearest[CELLS], farthest[CELLS];
  const double centre = centre_of(cells.lows, cells.highs, cells.sizes, cells.count, found.first, found.last);
  for (size_t i = 0; i < cells.count; i++) {
    const double raised = cells.lows[i] >= centre ? cells.lows[i] : centre;
    distances[i] = (cells.highs[i] < raised ? cells.highs[i] : raised) - centre;
  }
  const double near = square(nearest, distances, cells.shares, cells.count);
  const nd_bounds mean = mean_of(&cells, rounding);
  const double middle = mean.low + (mean.high - mean.low) / 2;
  for (size_t i = 0; i < cells.count; i++)
    distances[i] = larger(size_of(cells.lows[i] - middle), size_of(cells.highs[i] - middle));
  const double far = square(farthest, distances, cells.shares, cells.count);
  // In order, both side by side: additions wait for each other.
  double sums[2] = {0, 0};
  for (size_t i = 0; i < cells.count; i++) {
    sums[0] += nearest[i];
    sums[1] += farthest[i];
  }
  found.nearest = near * sqrt(sums[0]);
  found.farthest = far * sqrt(sums[1]);
  return found;
}
