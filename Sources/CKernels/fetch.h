// Asking for rows ahead of their turn.
#ifndef CKERNELS_FETCH_H
#define CKERNELS_FETCH_H

#include <stddef.h>

#include "clones.h"

/// Rows between the one that is worked on and the one that is asked for.
enum { rows_ahead = 16 };

/// Asks for bytes that are needed soon. Into the second-level cache: rows lie a power of two apart, and a few of them would push
/// each other out of the first.
static ND_INLINE void fetch(const void *from, size_t bytes) {
  for (size_t line = 0; line < bytes; line += 64) __builtin_prefetch((const char *)from + line, 0, 2);
}

/// Asks for a part of some bytes that are needed when so many rows are done: row `r` has its share of them.
static ND_INLINE void fetch_share(const void *from, size_t bytes, size_t r, size_t rows) {
  const size_t share = (bytes / 64 + rows - 1) / rows * 64;
  const size_t first = r * share, end = first + share < bytes ? first + share : bytes;
  for (size_t at = first; at < end; at += 64) __builtin_prefetch((const char *)from + at, 1, 2);
}

#endif
