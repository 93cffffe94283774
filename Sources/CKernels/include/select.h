// Values of a bin by rank.
#ifndef CKERNELS_SELECT_H
#define CKERNELS_SELECT_H

#include <stddef.h>
#include <stdint.h>

/// Copies the values of half-open intervals that do not overlap to `picked`, which has room for `count` and one more. Bounds lie
/// `stride` apart; `values` need not be aligned. Returns how many there are.
size_t nd_pick_f32(const void *values, size_t count, size_t intervals, const float *low, const float *high,
                   size_t stride, float *picked);
size_t nd_pick_f64(const void *values, size_t count, size_t intervals, const double *low, const double *high,
                   size_t stride, double *picked);
/// The same without instructions that only some processors have.
size_t nd_pick_portable_f32(const void *values, size_t count, size_t intervals, const float *low, const float *high,
                            size_t stride, float *picked);

/// The value of `rank` (from 0, below `count`) in sorted order. All values lie in `low ..< high`, two numbers of the same sign bit.
float nd_select_f32(const float *values, size_t count, size_t rank, float low, float high);
double nd_select_f64(const double *values, size_t count, size_t rank, double low, double high);

/// Sorts values that are no NaN, a few of them: time grows with the square of their number. `sorted` is not where `values` are.
void nd_sort_few_f32(const float *values, size_t count, float *sorted);
void nd_sort_few_f64(const double *values, size_t count, double *sorted);

/// The bin of 256 `counts` that holds `rank` (from 0, less than their sum); `below` takes the sum of the bins before it.
size_t nd_find_rank(const uint32_t *counts, uint64_t rank, uint64_t *below);

#endif
