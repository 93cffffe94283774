// Codes: the low byte of each value's bin, and a bit for what is no ordinary number in its bin (Tiles/FORMAT.md §4, Codes).
#ifndef CKERNELS_CODES_H
#define CKERNELS_CODES_H

#include <stddef.h>
#include <stdint.h>

#include "count.h"

/// Kinds of values that stand apart: the code says which, the bit that it does.
enum { ND_ZERO = 0, ND_NAN = 1, ND_PLUS_INFINITY = 2, ND_MINUS_INFINITY = 3, ND_MISSING = 4 };

/// Takes the codes of ND_TILE columns of some rows, which begin `pitch` values apart at `base` and are taken in the given order: row `r` goes
/// to place `numbers[r] - first`.
///
/// `codes` [place, ND_TILE] takes the low byte of the number of the value's bin, which is that of `nd_count_f32`, or the kind of a value
/// that stands apart. `apart` [place] has a bit for each column whose value does.
void nd_code_f32(const float *base, size_t pitch, const uint32_t *order, size_t rows, const float *scale_a,
                 const float *scale_b, const uint32_t *numbers, uint32_t first, uint8_t *codes, uint64_t *apart);
void nd_code_f64(const double *base, size_t pitch, const uint32_t *order, size_t rows, const double *scale_a,
                 const double *scale_b, const uint32_t *numbers, uint32_t first, uint8_t *codes, uint64_t *apart);

/// How low bytes become codes, [ND_TILE]: `base + ((rest + ((byte - low) & 255)) >> shift)`, or `byte - origin` of what stands apart.
typedef struct {
  uint32_t low[ND_TILE], base[ND_TILE], rest[ND_TILE], shift[ND_TILE];
  uint8_t origin[ND_TILE];
  /// Whether any column has a shift. Where none has, the code is `byte - origin` of every value.
  int has_shift;
} nd_code_map;

/// Brings the low bytes of a tile, [place, ND_TILE], to codes.
void nd_map_codes(uint8_t *codes, const uint64_t *apart, size_t places, const nd_code_map *map);

/// Turns [place, ND_TILE] into [ND_TILE, place], the rows of which begin `pitch` bytes apart.
void nd_turn_codes(uint8_t *columns, size_t pitch, const uint8_t *codes, size_t places);
/// The same for bits: bit `p & 7` of byte `p >> 3` of a column is that of place `p`. What lies behind the last place in its byte is 0.
void nd_turn_bits(uint8_t *columns, size_t pitch, const uint64_t *apart, size_t places);

/// Adds those codes of a column of `words` times 64 to its ND_BINS counts whose bit is set in `chosen` and not in `apart`.
void nd_count_chosen(uint32_t *counts, const uint8_t *codes, const uint64_t *chosen, const uint64_t *apart, size_t words);
/// The same, as on processors that cannot bring chosen bytes together.
void nd_count_chosen_portable(uint32_t *counts, const uint8_t *codes, const uint64_t *chosen, const uint64_t *apart,
                             size_t words);

/// Neurons that are counted together where codes lie by row.
enum { ND_ROW_BLOCK = 128 };

/// Adds the codes of ND_ROW_BLOCK neurons in `rows` rows, which begin `pitch` bytes apart, to their counts, [neuron, ND_BINS].
void nd_count_code_rows(uint32_t *counts, const uint8_t *codes, size_t pitch, size_t rows);

/// Adds to the sum of each of `columns` columns, a multiple of 8, the rows in which its bit is set. Rows begin `pitch` bytes apart.
void nd_count_bit_rows(uint32_t *sums, const uint8_t *bits, size_t pitch, size_t rows, size_t columns);

/// Bits that are set both in `bits` and in `chosen`.
size_t nd_count_bits(const uint64_t *bits, const uint64_t *chosen, size_t words);

#endif
