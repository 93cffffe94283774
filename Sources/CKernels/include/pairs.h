// What tells two groups of a neuron's values apart, from 256 counts of each (Tiles/FORMAT.md §6).
#ifndef CKERNELS_PAIRS_H
#define CKERNELS_PAIRS_H

#include <stddef.h>
#include <stdint.h>

/// A group's counts on the neurons' own grids.
typedef struct {
  /// `[neuron, bin]`, 256 bins, of 1, 2 or 4 bytes each.
  const void *counts;
  size_t count_bytes;
  /// `[neuron]`: how many of the values are exactly 0.
  const uint32_t *zeros;
} nd_pair_side;

/// Figures of a neuron: NaN without values of one of the groups.
typedef struct {
  /// P(a < b) + P(a = b) / 2.
  double auroc;
  /// The Wasserstein distance in widths of a bin.
  double area;
  /// The Kolmogorov-Smirnov distance.
  double distance;
} nd_pair_figures;

/// Compares two groups in some neurons that have the same grids.
///
/// `zero_bins` [neuron]: the bin that begins at 0, whose zeros are a cell of their own; any other number: there is none.
/// `tails` [neuron]: not 0 where the first and the last bin hold all that lies beyond: they have no width then, and their zeros are not told
/// apart. The figures are quotients of whole numbers, which are exact where the product of the two numbers of values is at most 2^44.
void nd_compare_pairs(nd_pair_side first, nd_pair_side second, size_t neurons, const int32_t *zero_bins,
                      const uint8_t *tails, nd_pair_figures *figures);

#endif
