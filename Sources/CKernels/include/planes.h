// Codes as bit planes, which is how they lie in a block that is shuffled by bits.
#ifndef CKERNELS_PLANES_H
#define CKERNELS_PLANES_H

#include <stddef.h>
#include <stdint.h>

/// A code that some samples have, how many have a lower one, and how many have this one.
typedef struct {
  uint32_t code, below, count;
} nd_held_code;

/// Finds the code at a rank, from 0, among the codes of chosen samples, without counting the others.
///
/// `planes` [chunk, bit, word]: bit `i & 63` of word `i >> 6` of plane `k` is bit `k` of code `i` of the chunk, of which there are
/// `chunk_words` times 64. `chosen` [chunk, word] has a bit for each sample, and `count` of them are set, more than `rank`. `left` is room for
/// as many words.
nd_held_code nd_code_at_rank(const uint64_t *planes, size_t chunk_words, size_t chunks, const uint64_t *chosen,
                             uint64_t *left, uint32_t count, uint32_t rank);

/// What chosen samples hold of a code, and of those below it.
nd_held_code nd_hold_code(const uint64_t *planes, size_t chunk_words, size_t chunks, const uint64_t *chosen,
                          uint32_t code);

#endif
