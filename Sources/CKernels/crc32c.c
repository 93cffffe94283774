#include "crc32c.h"

#include <string.h>

static uint32_t table[8][256];

__attribute__((constructor)) static void fill_table(void) {
  for (uint32_t n = 0; n < 256; n++) {
    uint32_t c = n;
    for (int k = 0; k < 8; k++) c = (c >> 1) ^ (0x82F63B78u & (0u - (c & 1)));
    table[0][n] = c;
  }
  for (uint32_t n = 0; n < 256; n++)
    for (int k = 1; k < 8; k++) table[k][n] = (table[k - 1][n] >> 8) ^ table[0][table[k - 1][n] & 255];
}

/// Slicing by eight, for processors without the instruction.
static uint32_t portable(uint32_t crc, const uint8_t *p, size_t n) {
  while (n >= 8) {
    uint32_t low, high;
    memcpy(&low, p, 4);
    memcpy(&high, p + 4, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    low = __builtin_bswap32(low);
    high = __builtin_bswap32(high);
#endif
    low ^= crc;
    crc = table[7][low & 255] ^ table[6][(low >> 8) & 255] ^ table[5][(low >> 16) & 255] ^ table[4][low >> 24] ^
          table[3][high & 255] ^ table[2][(high >> 8) & 255] ^ table[1][(high >> 16) & 255] ^ table[0][high >> 24];
    p += 8;
    n -= 8;
  }
  while (n--) crc = (crc >> 8) ^ table[0][(crc ^ *p++) & 255];
  return crc;
}

#if defined(__x86_64__)
/// Bytes of each of three streams that are summed up side by side: the instruction takes three cycles, and one may begin at each. What is
/// left of longer streams is cut into shorter ones: inner chunks of codes are short.
enum { LENGTHS = 3 };
static const size_t lengths[LENGTHS] = {1024, 256, 64};

/// What a sum becomes behind so many zeros, by its bytes: sums are linear.
static uint32_t behind_zeros[LENGTHS][4][256];

__attribute__((target("sse4.2"))) static uint32_t one_stream(uint32_t crc, const uint8_t *p, size_t n) {
  uint64_t c = crc;
  while (n >= 8) {
    uint64_t v;
    memcpy(&v, p, 8);
    c = __builtin_ia32_crc32di(c, v);
    p += 8;
    n -= 8;
  }
  uint32_t d = (uint32_t)c;
  while (n--) d = __builtin_ia32_crc32qi(d, *p++);
  return d;
}

__attribute__((constructor)) static void fill_behind_zeros(void) {
  if (!__builtin_cpu_supports("sse4.2")) return;
  static const uint8_t zeros[1024];
  for (size_t l = 0; l < LENGTHS; l++) {
    for (uint32_t k = 0; k < 4; k++) {
      uint32_t *behind = behind_zeros[l][k];
      for (uint32_t bit = 1; bit < 256; bit *= 2) behind[bit] = one_stream(bit << 8 * k, zeros, lengths[l]);
      for (uint32_t n = 1; n < 256; n++) behind[n] = behind[n & (n - 1)] ^ behind[n & -n];
    }
  }
}

static uint32_t put_zeros_behind(size_t l, uint32_t crc) {
  return behind_zeros[l][0][crc & 255] ^ behind_zeros[l][1][crc >> 8 & 255] ^ behind_zeros[l][2][crc >> 16 & 255] ^
         behind_zeros[l][3][crc >> 24];
}

__attribute__((target("sse4.2"))) static uint32_t hardware(uint32_t crc, const uint8_t *p, size_t n) {
  for (size_t l = 0; l < LENGTHS; l++) {
    const size_t length = lengths[l];
    for (; n >= 3 * length; p += 3 * length, n -= 3 * length) {
      uint64_t a = crc, b = 0, c = 0;
      for (size_t i = 0; i < length; i += 8) {
        uint64_t x, y, z;
        memcpy(&x, p + i, 8);
        memcpy(&y, p + length + i, 8);
        memcpy(&z, p + 2 * length + i, 8);
        a = __builtin_ia32_crc32di(a, x);
        b = __builtin_ia32_crc32di(b, y);
        c = __builtin_ia32_crc32di(c, z);
      }
      crc = put_zeros_behind(l, put_zeros_behind(l, (uint32_t)a) ^ (uint32_t)b) ^ (uint32_t)c;
    }
  }
  return one_stream(crc, p, n);
}
#endif

uint32_t nd_crc32c_portable(uint32_t crc, const void *bytes, size_t count) { return ~portable(~crc, bytes, count); }

uint32_t nd_crc32c(uint32_t crc, const void *bytes, size_t count) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return ~hardware(~crc, bytes, count);
#endif
  return nd_crc32c_portable(crc, bytes, count);
}
