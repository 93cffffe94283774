#include "elements.h"

#include <string.h>

#include "clones.h"

ND_CLONES void nd_swap2(void *elements, size_t count) {
  uint16_t *e = elements;
  for (size_t i = 0; i < count; i++) e[i] = __builtin_bswap16(e[i]);
}

ND_CLONES void nd_swap4(void *elements, size_t count) {
  uint32_t *e = elements;
  for (size_t i = 0; i < count; i++) e[i] = __builtin_bswap32(e[i]);
}

ND_CLONES void nd_swap8(void *elements, size_t count) {
  uint64_t *e = elements;
  for (size_t i = 0; i < count; i++) e[i] = __builtin_bswap64(e[i]);
}

/* Without the half-float instructions: the bits are moved to their places in a float and the
 * exponent's bias is made up for by a multiplication with 2^112, which is exact and also
 * normalises subnormals. Infinities and NaN get the exponent they need, and NaN is made quiet, as
 * the instructions do. */
ND_CLONES static void float16_portable(float *out, const uint16_t *in, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t h = in[i];
    uint32_t bits = (h & 0x7fffu) << 13;
    float magnitude;
    memcpy(&magnitude, &bits, 4);
    magnitude *= 0x1p112f;
    uint32_t scaled;
    memcpy(&scaled, &magnitude, 4);
    uint32_t nan = (h & 0x03ffu) ? 0x7fc00000u : 0x7f800000u;
    uint32_t result = (h & 0x7c00u) == 0x7c00u ? (bits | nan) : scaled;
    result |= (h & 0x8000u) << 16;
    memcpy(&out[i], &result, 4);
  }
}

#if defined(__x86_64__)
#include <immintrin.h>
__attribute__((target("avx,f16c"))) static void float16_f16c(float *out, const uint16_t *in,
                                                             size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8)
    _mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(in + i))));
  float16_portable(out + i, in + i, count - i);
}
#endif

void nd_float16_to_float(float *out, const uint16_t *in, size_t count) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("f16c") && __builtin_cpu_supports("avx")) {
    float16_f16c(out, in, count);
    return;
  }
#endif
  float16_portable(out, in, count);
}

ND_CLONES void nd_bfloat16_to_float(float *out, const uint16_t *in, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits = (uint32_t)in[i] << 16;
    memcpy(&out[i], &bits, 4);
  }
}

ND_CLONES void nd_int8_to_float(float *out, const int8_t *in, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = (float)in[i];
}
ND_CLONES void nd_uint8_to_float(float *out, const uint8_t *in, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = (float)in[i];
}
ND_CLONES void nd_int16_to_float(float *out, const int16_t *in, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = (float)in[i];
}
ND_CLONES void nd_uint16_to_float(float *out, const uint16_t *in, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = (float)in[i];
}
