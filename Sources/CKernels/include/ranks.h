// Where values of one group stand among those of another, from codes.
#ifndef CKERNELS_RANKS_H
#define CKERNELS_RANKS_H

#include <stddef.h>
#include <stdint.h>

/// Of each bin of a neuron twice the number of values less than one in it, where those in it count half: twice those in the bins before, and
/// those in it once.
///
/// `ranks` [257]: of each bin, and of the exact zeros, which come just before the rest of the bin `zero_bin` and of which there are `zeros`; -1:
/// they do not stand apart. `counts` [256], of 1, 2 or 4 bytes each. Returns their sum. What is beyond 32 bits wraps.
uint32_t nd_double_ranks(uint32_t *ranks, const void *counts, size_t count_bytes, int32_t zero_bin, uint32_t zeros);
/// The same, a bin at a time.
uint32_t nd_double_ranks_portable(uint32_t *ranks, const void *counts, size_t count_bytes, int32_t zero_bin,
                                  uint32_t zeros);

/// The sum of `numbers` [256] of the codes of chosen samples, which lie as `nd_code_at_rank` has them.
uint64_t nd_sum_of_codes(const uint32_t *numbers, const uint64_t *planes, size_t chunk_words, size_t chunks,
                         const uint64_t *chosen);
/// The same, as on processors that cannot look up many bytes at once.
uint64_t nd_sum_of_codes_portable(const uint32_t *numbers, const uint64_t *planes, size_t chunk_words, size_t chunks,
                                  const uint64_t *chosen);

#endif
