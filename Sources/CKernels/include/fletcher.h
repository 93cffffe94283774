/* The inner sums of HDF5's fletcher32 checksum. */
#ifndef ND_FLETCHER_H
#define ND_FLETCHER_H
#include <stddef.h>
#include <stdint.h>

/* The most words for which the weighted sum stays within 32 bits. */
#define ND_FLETCHER_WORDS 360

/* Of `count` <= ND_FLETCHER_WORDS big-endian 16-bit words: their sum, and their sum with weights
 * count, count - 1, …, 1. */
void nd_fletcher_sums(const uint8_t *words, size_t count, uint32_t *sum, uint32_t *weighted);
#endif
