// Included before count_template.h or codes_template.h, once for each type of value: VALUE, INTEGER of its size, LANES to a vector,
// BITS with one bit a lane, MAX_FINITE, NAME(base).

typedef VALUE NAME(vec) __attribute__((ext_vector_type(LANES), aligned(sizeof(VALUE))));
typedef INTEGER NAME(ivec) __attribute__((ext_vector_type(LANES), aligned(sizeof(VALUE))));
typedef uint32_t NAME(uvec) __attribute__((ext_vector_type(LANES), aligned(4)));
typedef _Bool NAME(bits) __attribute__((ext_vector_type(LANES)));
typedef uint8_t NAME(bytes) __attribute__((ext_vector_type(LANES), aligned(1)));
typedef double NAME(dvec) __attribute__((ext_vector_type(LANES), aligned(8)));

/// Bins of a tile's row: the low byte of floor(v * scale_a * scale_b).
static ND_INLINE void NAME(bins_)(const VALUE *row, const VALUE *scale_a, const VALUE *scale_b, uint8_t *bin) {
  for (size_t c = 0; c < ND_TILE; c += LANES) {
    NAME(vec) v = *(const NAME(vec) *)(row + c);
    NAME(vec) x = v * *(const NAME(vec) *)(scale_a + c) * *(const NAME(vec) *)(scale_b + c);
    NAME(ivec) t = __builtin_convertvector(x, NAME(ivec));
    // Truncation to floor; a comparison is -1 where it holds.
    t += x < __builtin_convertvector(t, NAME(vec));
    // A negative value so small that the product vanished still lies below 0.
    t += (v < 0) & (t == 0);
    *(NAME(bytes) *)(bin + c) = __builtin_convertvector(t, NAME(bytes));
  }
}

/// A bit for each lane of a comparison that holds, the first lane the lowest.
static ND_INLINE uint64_t NAME(mask_)(const NAME(ivec) *holds) {
  NAME(bits) bits = __builtin_convertvector(*holds, NAME(bits));
  BITS some;
  __builtin_memcpy(&some, &bits, sizeof some);
  return some;
}
