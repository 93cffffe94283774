// Included once for each type of value, with what bins_template.h asks for.
#include "bins_template.h"

ND_CLONES void NAME(nd_code_)(const VALUE *base, size_t pitch, const uint32_t *order, size_t rows, const VALUE *scale_a,
                              const VALUE *scale_b, const uint32_t *numbers, uint32_t first, uint8_t *codes,
                              uint64_t *apart) {
  for (size_t r = 0; r < rows; r++) {
    const VALUE *row = base + order[r] * pitch;
    const size_t place = numbers[r] - first;
    uint8_t *code = codes + place * ND_TILE;
    NAME(bins_)(row, scale_a, scale_b, code);
    uint64_t zeros = 0, strange = 0;
    for (size_t c = 0; c < ND_TILE; c += LANES) {
      NAME(vec) v = *(const NAME(vec) *)(row + c);
      NAME(ivec) zero = v == 0, odd = ~((v <= MAX_FINITE) & (v >= -MAX_FINITE));
      zeros |= NAME(mask_)(&zero) << c;
      strange |= NAME(mask_)(&odd) << c;
    }
    apart[place] = zeros | strange;
    while (strange) {
      const size_t c = (size_t)__builtin_ctzll(strange);
      strange &= strange - 1;
      code[c] = row[c] != row[c] ? ND_NAN : row[c] > 0 ? ND_PLUS_INFINITY : ND_MINUS_INFINITY;
    }
  }
}
