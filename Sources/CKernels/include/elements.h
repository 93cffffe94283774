/* Conversions of stored elements: byte order, and to float. Pure loops over buffers that do not
 * overlap (except where "in place"); any alignment that the element types allow. */
#ifndef ND_ELEMENTS_H
#define ND_ELEMENTS_H
#include <stddef.h>
#include <stdint.h>

/* Reverses the bytes of each of `count` elements of 2, 4 or 8 bytes, in place. */
void nd_swap2(void *elements, size_t count);
void nd_swap4(void *elements, size_t count);
void nd_swap8(void *elements, size_t count);

/* IEEE 754 binary16 and bfloat16 to binary32: exact. NaN keeps its payload; from binary16 it comes
 * out quiet. */
void nd_float16_to_float(float *out, const uint16_t *in, size_t count);
void nd_bfloat16_to_float(float *out, const uint16_t *in, size_t count);

/* 8- and 16-bit integers to float: exact. */
void nd_int8_to_float(float *out, const int8_t *in, size_t count);
void nd_uint8_to_float(float *out, const uint8_t *in, size_t count);
void nd_int16_to_float(float *out, const int16_t *in, size_t count);
void nd_uint16_to_float(float *out, const uint16_t *in, size_t count);
#endif
