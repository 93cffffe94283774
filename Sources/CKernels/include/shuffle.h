/* The byte and bit transpositions that make numbers compress better; `unshuffle.h` has their inverses. Input and
 * output do not overlap. */
#ifndef ND_SHUFFLE_H
#define ND_SHUFFLE_H
#include <stddef.h>
#include <stdint.h>

/* All first bytes of the elements, then all second bytes, …; the bytes % element_bytes last bytes are copied as they
 * are. */
void nd_shuffle(void *out, const void *in, size_t bytes, size_t element_bytes);

/* Row 8·j + k of `out`, elements / 8 bytes long, gets bit k of byte j of every element, the first element in the lowest
 * bit. `elements` is a multiple of 8. `planes` is room for elements · element_bytes bytes. */
void nd_bit_shuffle(uint8_t *out, const uint8_t *in, size_t elements, size_t element_bytes, uint8_t *planes);
#endif
