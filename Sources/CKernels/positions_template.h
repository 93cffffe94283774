// Included once for each type of value: VALUE, INTEGER of its size, NAME(base).

typedef VALUE NAME(side) __attribute__((ext_vector_type(SIDE), aligned(sizeof(VALUE))));
typedef INTEGER NAME(holds) __attribute__((ext_vector_type(SIDE), aligned(sizeof(VALUE))));
typedef double NAME(sums) __attribute__((ext_vector_type(SIDE), aligned(8)));

/// Brings some neurons and positions of a row to `block`, [position, neuron], at most SIDE of each. What is beyond the neurons is 0.
static ND_INLINE void NAME(block_)(const VALUE *row, const ptrdiff_t *neurons, size_t neuron_count,
                                   const ptrdiff_t *positions, size_t position_count, NAME(side) *block) {
  if (neuron_count == SIDE && are_neighbours(neurons, SIDE)) {
    for (size_t p = 0; p < position_count; p++) block[p] = *(const NAME(side) *)(row + neurons[0] + positions[p]);
  } else if (neuron_count == SIDE && position_count == SIDE && are_neighbours(positions, SIDE)) {
    // Four rounds of merging rows that lie half the block apart.
    NAME(side) merged[SIDE];
    for (size_t n = 0; n < SIDE; n++) block[n] = *(const NAME(side) *)(row + neurons[n] + positions[0]);
    for (int round = 0; round < 4; round++) {
      for (size_t i = 0; i < SIDE / 2; i++) {
        merged[2 * i] = LOW(block[i], block[i + SIDE / 2]);
        merged[2 * i + 1] = HIGH(block[i], block[i + SIDE / 2]);
      }
      memcpy(block, merged, sizeof merged);
    }
  } else {
    for (size_t p = 0; p < position_count; p++) {
      VALUE some[SIDE] = {0};
      for (size_t n = 0; n < neuron_count; n++) some[n] = row[neurons[n] + positions[p]];
      memcpy(block + p, some, sizeof some);
    }
  }
}

/// Calls `DO(p, values)` for each position, whose values of the neurons from `n` on are `values`.
#define EACH_POSITION(places, n, some, DO)                                                                             \
  for (size_t first = 0; first < (places)->position_count; first += SIDE) {                                            \
    const size_t left = (places)->position_count - first, count = left < SIDE ? left : SIDE;                           \
    NAME(side) block[SIDE];                                                                                            \
    NAME(block_)(row, (places)->neurons + (n), some, (places)->positions + first, count, block);                       \
    for (size_t i = 0; i < count; i++) DO(first + i, block[i]);                                                        \
  }

ND_CLONES void NAME(nd_spread_)(const VALUE *row, const nd_row_places *places, VALUE *target) {
  const size_t width = places->neuron_count;
  if (width > 0 && are_neighbours(places->neurons, width)) {
    for (size_t p = 0; p < places->position_count; p++)
      memcpy(target + p * width, row + places->neurons[0] + places->positions[p], width * sizeof(VALUE));
    return;
  }
  for (size_t n = 0; n < width; n += SIDE) {
    const size_t some = width - n < SIDE ? width - n : SIDE;
#define PUT(p, values) memcpy(target + (p) * width + n, &(values), some * sizeof(VALUE))
    if (some == SIDE) {
#define PUT_ALL(p, values) *(NAME(side) *)(target + (p) * width + n) = values
      EACH_POSITION(places, n, SIDE, PUT_ALL)
    } else {
      EACH_POSITION(places, n, some, PUT)
    }
#undef PUT
#undef PUT_ALL
  }
}

ND_CLONES void NAME(nd_largest_)(const VALUE *row, const nd_row_places *places, VALUE *target) {
  for (size_t n = 0; n < places->neuron_count; n += SIDE) {
    const size_t some = places->neuron_count - n < SIDE ? places->neuron_count - n : SIDE;
    NAME(side) largest = -(VALUE)INFINITY;
#define RAISE(p, values)                                                           \
  do {                                                                             \
    const NAME(side) v = values;                                                   \
    const NAME(holds) is_larger = ~(v <= largest) & (largest == largest);          \
    largest = is_larger ? v : largest;                                             \
  } while (0)
    EACH_POSITION(places, n, some, RAISE)
#undef RAISE
    memcpy(target + n, &largest, some * sizeof(VALUE));
  }
}

ND_CLONES void NAME(nd_mean_)(const VALUE *row, const nd_row_places *places, VALUE *target) {
  for (size_t n = 0; n < places->neuron_count; n += SIDE) {
    const size_t some = places->neuron_count - n < SIDE ? places->neuron_count - n : SIDE;
    NAME(sums) sum = 0;
#define ADD(p, values) sum += __builtin_convertvector(values, NAME(sums))
    EACH_POSITION(places, n, some, ADD)
#undef ADD
    const NAME(side) mean = __builtin_convertvector(sum / (double)places->position_count, NAME(side));
    memcpy(target + n, &mean, some * sizeof(VALUE));
  }
}
#undef EACH_POSITION
