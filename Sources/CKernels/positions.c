#include "positions.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "clones.h"

/// Neurons and positions of a block.
enum { SIDE = 16 };

#define LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

/// Whether `count` places follow each other.
static ND_INLINE int are_neighbours(const ptrdiff_t *places, size_t count) {
  return places[count - 1] - places[0] == (ptrdiff_t)count - 1;
}

#define TEMPLATE "positions_template.h"
#include "each_value.h"
