// Included once for each type of value: VALUE, INTEGER of its size, NAME(base).

ND_CLONES static size_t NAME(pick_clones_)(const void *values, size_t count, size_t intervals, const VALUE *low,
                                           const VALUE *high, size_t stride, VALUE *picked) {
  enum { block = 64 };
  size_t found = 0;
  for (size_t first = 0; first < count; first += block) {
    size_t some = count - first < block ? count - first : block;
    VALUE v[block];
    for (size_t i = 0; i < block; i++) v[i] = (VALUE)__builtin_nanf("");
    memcpy(v, (const char *)values + first * sizeof(VALUE), some * sizeof(VALUE));
    INTEGER in[block] = {0};
    for (size_t k = 0; k < intervals; k++) {
      VALUE from = low[k * stride], to = high[k * stride];
      for (size_t i = 0; i < block; i++) in[i] |= (v[i] >= from) & (v[i] < to);
    }
    for (size_t i = 0; i < some; i++) {
      // Always written, and kept only by moving on: which values fit is not to be foreseen.
      picked[found] = v[i];
      found += (size_t)in[i];
    }
  }
  return found;
}

/// Values below `bound`. Counted in lanes of the values' own size, which hold any number that a block below can.
static ND_INLINE size_t NAME(below_)(const VALUE *values, size_t count, VALUE bound) {
  size_t found = 0;
  for (size_t first = 0; first < count; first += 1 << 20) {
    size_t last = count - first < 1 << 20 ? count : first + (1 << 20);
    INTEGER some = 0;
    for (size_t i = first; i < last; i++) some += values[i] < bound;
    found += (size_t)some;
  }
  return found;
}

/// The number half way between the bit patterns of two numbers of one sign.
static ND_INLINE VALUE NAME(halfway_)(VALUE low, VALUE high) {
  INTEGER a, b;
  memcpy(&a, &low, sizeof a);
  memcpy(&b, &high, sizeof b);
  a += (b - a) / 2;
  memcpy(&low, &a, sizeof a);
  return low;
}

ND_CLONES VALUE NAME(nd_select_)(const VALUE *values, size_t count, size_t rank, VALUE low, VALUE high) {
  enum { few = 24 };
  size_t below_low = 0, below_high = count;
  // Values lie about evenly in a bin: the first bounds are guessed by rank, the others halve the bit patterns that are left, so
  // that no input takes more steps than a number has bits.
  for (int step = 0; below_high - below_low > few; step++) {
    VALUE middle = NAME(halfway_)(low, high);
    if (middle == low || middle == high) return low;
    if (step < 4) {
      double share = ((double)(rank - below_low) + 0.5) / (double)(below_high - below_low);
      VALUE guess = (VALUE)((double)low + share * ((double)high - (double)low));
      if (guess > low && guess < high) middle = guess;
    }
    size_t below = NAME(below_)(values, count, middle);
    if (below <= rank) {
      low = middle;
      below_low = below;
    } else {
      high = middle;
      below_high = below;
    }
  }
  VALUE left[few + 1];
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    left[found] = values[i];
    found += (values[i] >= low) & (values[i] < high);
  }
  for (size_t i = 1; i < found; i++) {
    VALUE value = left[i];
    size_t at = i;
    for (; at > 0 && left[at - 1] > value; at--) left[at] = left[at - 1];
    left[at] = value;
  }
  return left[rank - below_low];
}

typedef VALUE NAME(few_) __attribute__((ext_vector_type(16), aligned(sizeof(VALUE))));
typedef INTEGER NAME(ranks_) __attribute__((ext_vector_type(16), aligned(sizeof(VALUE))));

ND_CLONES void NAME(nd_sort_few_)(const VALUE *values, size_t count, VALUE *sorted) {
  enum { lanes = 16 };
  const NAME(ranks_) lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  for (size_t first = 0; first < count; first += lanes) {
    const size_t some = count - first < lanes ? count - first : lanes;
    NAME(few_) own = 0;
    memcpy(&own, values + first, some * sizeof(VALUE));
    // The rank of each: how many are less, and of its equals how many stand before it. A comparison is -1 where it holds.
    NAME(ranks_) rank = 0;
    for (size_t j = 0; j < first; j++) rank -= values[j] <= own;
    for (size_t j = 0; j < some; j++) {
      const VALUE value = values[first + j];
      rank -= (value < own) | ((value == own) & (lane > (INTEGER)j));
    }
    for (size_t j = first + some; j < count; j++) rank -= values[j] < own;
    for (size_t i = 0; i < some; i++) sorted[rank[i]] = own[i];
  }
}
