/* The inverses of the byte and bit transpositions that make numbers compress better. Input and
 * output do not overlap. */
#ifndef ND_UNSHUFFLE_H
#define ND_UNSHUFFLE_H
#include <stddef.h>
#include <stdint.h>

/* HDF5's shuffle, undone: `in` holds all first bytes of the elements, then all second bytes, …;
 * the bytes % element_bytes last bytes are copied as they are. */
void nd_unshuffle(void *out, const void *in, size_t bytes, size_t element_bytes);

/* One block of bitshuffle, undone. Row 8·j + k of `in`, elements / 8 bytes long, holds bit k of
 * byte j of every element, the first element in the lowest bit. `elements` is a multiple of 8.
 * `planes` is room for elements · element_bytes bytes. */
void nd_bit_unshuffle(uint8_t *out, const uint8_t *in, size_t elements, size_t element_bytes,
                      uint8_t *planes);
#endif
