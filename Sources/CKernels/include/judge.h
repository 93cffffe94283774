// How likely rows are among the values of each class, and how far from a class's medians: neuron by neuron, many rows at a time.
#ifndef CKERNELS_JUDGE_H
#define CKERNELS_JUDGE_H

#include <stddef.h>
#include <stdint.h>

/// Where a value lies: in one of 16 groups of 16 own bins, or apart.
enum { ND_CELL_ZERO = 16, ND_CELL_BELOW = 17, ND_CELL_ABOVE = 18, ND_CELLS = 19, ND_CELL_NONE = 19 };

/// Factors of a product of shares between two renewals: the smallest share is 2^-66, so that no product vanishes.
enum { ND_FACTORS = 8 };

/// Classes that are looked at together at most, rounded up to whole vectors.
enum { ND_CLASSES_MAX = 32 };

/// The values of a neuron, by class.
typedef struct {
  /// [ND_CELLS, pitch].
  const uint32_t *counts;
  /// [pitch]: values of each class.
  const double *sizes;
  /// [pitch]: 1 / (size + 1).
  const double *shares;
  /// [ND_CELLS]: values of all classes.
  const double *all;
  /// Of all cells.
  double total;
  /// Classes, rounded up to whole vectors.
  size_t pitch;
} nd_class_cells;

typedef struct {
  size_t rows, samples;
  /// [row, sample].
  const uint8_t *cells;
  /// [row, sample]: the cells of the row of the store that is taken out before this one is judged.
  const uint8_t *without;
  /// [row]: the class of the row that is taken out; below 0: none is.
  const int32_t *labels;
} nd_judged_rows;

/// Products of shares: a number of 1 ... 2 and a power of two each.
typedef struct {
  /// [row, pitch], or [row, 2] of chosen classes.
  double *products;
  int64_t *powers;
  /// [row]: of the class of the row that is taken out, which has fewer values then.
  double *own;
  int64_t *own_powers;
} nd_judgement;

/// Multiplies to each row's product of each class the class's share of values in the row's cell, smoothed by that of all classes.
///
/// `chosen` [row, 2]: two classes of each row that alone are looked at; below 0: none. NULL: all are, at most ND_CLASSES_MAX.
/// `factors` is how many were multiplied since the products were renewed, below ND_FACTORS; returns the same for the next neuron. What is in
/// the place of the class of the row that is taken out is not to be used: `own` has it.
size_t nd_judge(nd_class_cells of, nd_judged_rows rows, const int32_t *chosen, nd_judgement sums, size_t factors);

/// Brings `count` products to 1 ... 2.
void nd_renew(double *products, int64_t *powers, size_t count);

/// Cells of the codes of a column, of which `apart` has a bit each, from bit `first` on.
void nd_code_cells(uint8_t *cells, const uint8_t *codes, const uint8_t *apart, size_t first, size_t count, uint8_t origin);

/// Distances of each row from the median of its class, summed: [row] each.
typedef struct {
  double *sums;
  /// Values that were compared.
  double *compared;
  /// Finite values.
  double *finite;
} nd_distances;

/// - `places` [256 + 3]: where a value in each own bin stands; zeros; below and above the grid.
/// - `medians` [class]; NaN: the class has none.
/// - `classes` [row]; below 0: none.
void nd_add_distances(nd_distances to, const uint8_t *codes, const uint8_t *cells, size_t rows, size_t samples, const double *places,
                      const double *medians, const int32_t *classes);

#endif
