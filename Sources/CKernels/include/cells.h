// Between which numbers the mean and the deviation of values lie of which only the bins are known.
#ifndef CKERNELS_CELLS_H
#define CKERNELS_CELLS_H

#include <stddef.h>
#include <stdint.h>

/// Where the 256 bins of a grid begin, and the last one ends, `[257]`.
void nd_grid_edges(double *edges, int64_t origin, double width);

/// A neuron's values in a group.
typedef struct {
  /// `[bin]`, 256 of them.
  const uint32_t *counts;
  /// `[257]`: where bins begin, and the last one ends; infinite where nobody knows.
  const double *edges;
  /// The bin that begins at 0, of which `zeros` are exactly 0 and a cell of their own, just below the rest; -1: there is none.
  int32_t zero_bin;
  uint32_t zeros;
  /// No value lies beyond these.
  double least, greatest;
  /// How many values there are; not 0.
  double count;
} nd_held_bins;

typedef struct {
  double low, high;
} nd_bounds;

/// Bounds of the mean: sums over cells in ascending order of shares times edges, and `rounding` times the largest edge as far again.
nd_bounds nd_mean_of_bins(const nd_held_bins *bins, double rounding);

/// What is known of how far values are from each other.
typedef struct {
  /// Where the first cell begins and the last one ends. The others are 0 where these are not finite, or too far from each other.
  double first, last;
  /// The deviation around the centre to which the values can come closest, if they come as close as they can.
  double nearest;
  /// The deviation around the middle of the mean's bounds, if values are as far from it as they can be.
  double farthest;
} nd_spread;

nd_spread nd_spread_of_bins(const nd_held_bins *bins, double rounding);

/// The centre to which values in some cells, which ascend, can come closest: what sixty halvings of `low` to `high` find, each by the sign of
/// the sum, from first to last in double precision, of `sizes[i] * (centre - min(max(centre, lows[i]), highs[i]))`.
double nd_centre_of_cells(const double *lows, const double *highs, const double *sizes, size_t cells, double low,
                          double high);

#endif
