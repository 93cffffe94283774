#include "fletcher.h"

#include "clones.h"

ND_CLONES void nd_fletcher_sums(const uint8_t *words, size_t count, uint32_t *sum,
                                uint32_t *weighted) {
  uint32_t s = 0, w = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t value = (uint32_t)words[2 * i] << 8 | words[2 * i + 1];
    s += value;
    w += value * (uint32_t)(count - i);
  }
  *sum = s;
  *weighted = w;
}
