#include <string.h>

#include "clones.h"
#include "codes.h"

/// Places for the counts of a block that fit the first cache: a byte each, which is full after 255 rows.
enum { ROWS_MAX = 255 };
/// Rows that are fetched ahead.
enum { AHEAD = 8 };

ND_CLONES void nd_count_code_rows(uint32_t *counts, const uint8_t *codes, size_t pitch, size_t rows) {
  uint8_t bytes[ND_ROW_BLOCK * ND_BINS];
  for (size_t first = 0; first < rows; first += ROWS_MAX) {
    const size_t end = first + ROWS_MAX < rows ? first + ROWS_MAX : rows;
    memset(bytes, 0, sizeof bytes);
    for (size_t r = first; r < end; r++) {
      const uint8_t *row = codes + r * pitch;
      const uint8_t *next = codes + (r + AHEAD < rows ? r + AHEAD : rows - 1) * pitch;
      for (size_t line = 0; line < ND_ROW_BLOCK; line += 64) __builtin_prefetch(next + line);
      for (size_t n = 0; n < ND_ROW_BLOCK; n += 8) {
        uint64_t eight;
        memcpy(&eight, row + n, 8);
        uint8_t *own = bytes + n * ND_BINS;
        own[eight & 255]++;
        own[1 * ND_BINS + ((eight >> 8) & 255)]++;
        own[2 * ND_BINS + ((eight >> 16) & 255)]++;
        own[3 * ND_BINS + ((eight >> 24) & 255)]++;
        own[4 * ND_BINS + ((eight >> 32) & 255)]++;
        own[5 * ND_BINS + ((eight >> 40) & 255)]++;
        own[6 * ND_BINS + ((eight >> 48) & 255)]++;
        own[7 * ND_BINS + (eight >> 56)]++;
      }
    }
    for (size_t i = 0; i < ND_ROW_BLOCK * ND_BINS; i++) counts[i] += bytes[i];
  }
}

typedef uint64_t words8 __attribute__((ext_vector_type(8), aligned(8)));

ND_CLONES void nd_count_bit_rows(uint32_t *sums, const uint8_t *bits, size_t pitch, size_t rows, size_t columns) {
  for (size_t c = 0; c < columns; c += 512) {
    const size_t some = columns - c < 512 ? columns - c : 512;
    for (size_t first = 0; first < rows; first += ROWS_MAX) {
      const size_t end = first + ROWS_MAX < rows ? first + ROWS_MAX : rows;
      // Counters of eight bits, each bit of all columns in a word of its own: adding a row is a carry through them.
      words8 planes[8] = {0};
      for (size_t r = first; r < end; r++) {
        words8 carry = 0;
        memcpy(&carry, bits + r * pitch + c / 8, some / 8);
        for (size_t p = 0; p < 8; p++) {
          const words8 both = planes[p] & carry;
          planes[p] ^= carry;
          carry = both;
        }
      }
      for (size_t p = 0; p < 8; p++)
        for (size_t i = 0; i < some; i++) sums[c + i] += (uint32_t)(planes[p][i / 64] >> (i % 64) & 1) << p;
    }
  }
}
