#include "planes.h"

#include "clones.h"

ND_CLONES nd_held_code nd_code_at_rank(const uint64_t *planes, size_t chunk_words, size_t chunks,
                                       const uint64_t *chosen, uint64_t *left, uint32_t count, uint32_t rank) {
  nd_held_code found = {0, 0, count};
  for (int bit = 7; bit >= 0; bit--) {
    const uint64_t *from = bit == 7 ? chosen : left;
    uint64_t zeros = 0;
    for (size_t c = 0; c < chunks; c++) {
      const uint64_t *plane = planes + (8 * c + (size_t)bit) * chunk_words, *some = from + c * chunk_words;
      for (size_t w = 0; w < chunk_words; w++) zeros += (uint64_t)__builtin_popcountll(some[w] & ~plane[w]);
    }
    const int is_one = rank - found.below >= zeros;
    if (is_one) {
      found.code |= 1u << bit;
      found.below += (uint32_t)zeros;
      found.count -= (uint32_t)zeros;
    } else {
      found.count = (uint32_t)zeros;
    }
    const uint64_t flip = is_one ? 0 : ~UINT64_C(0);
    for (size_t c = 0; c < chunks; c++) {
      const uint64_t *plane = planes + (8 * c + (size_t)bit) * chunk_words;
      for (size_t w = c * chunk_words; w < (c + 1) * chunk_words; w++) left[w] = from[w] & (plane[w - c * chunk_words] ^ flip);
    }
  }
  return found;
}

ND_CLONES nd_held_code nd_hold_code(const uint64_t *planes, size_t chunk_words, size_t chunks, const uint64_t *chosen,
                                    uint32_t code) {
  // All ones where the code has the bit.
  uint64_t has[8];
  for (int bit = 0; bit < 8; bit++) has[bit] = UINT64_C(0) - (uint64_t)(code >> bit & 1);
  uint64_t below = 0, count = 0;
  for (size_t c = 0; c < chunks; c++) {
    for (size_t w = 0; w < chunk_words; w++) {
      uint64_t left = chosen[c * chunk_words + w], less = 0;
      for (int bit = 7; bit >= 0; bit--) {
        const uint64_t plane = planes[(8 * c + (size_t)bit) * chunk_words + w];
        less |= left & ~plane & has[bit];
        left &= ~(plane ^ has[bit]);
      }
      below += (uint64_t)__builtin_popcountll(less);
      count += (uint64_t)__builtin_popcountll(left);
    }
  }
  return (nd_held_code){code, (uint32_t)below, (uint32_t)count};
}
