/* How small LZ4 makes inner chunks, alone and behind shuffle and bitshuffle, and how fast, on one core: the medians of
 * seven turns of encoding and decoding a file of chunks. `chunks.py` makes the files from a store and calls this.
 *
 *     chunks FILE ELEMENT_BYTES CHUNK_BYTES [NAME]
 */
#include <lz4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crc32c.h"
#include "shuffle.h"
#include "unshuffle.h"

enum { TURNS = 7 };
typedef enum { NONE, BYTES, BITS } Mode;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static double median(double *times) {
  qsort(times, TURNS, sizeof *times, ascending);
  return times[TURNS / 2];
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  FILE *file = fopen(argv[1], "rb");
  size_t width = (size_t)atol(argv[2]), chunk = (size_t)atol(argv[3]);
  fseek(file, 0, SEEK_END);
  size_t count = (size_t)ftell(file) / chunk, bytes = count * chunk;
  rewind(file);
  uint8_t *plain = malloc(bytes), *back = malloc(bytes);
  if (fread(plain, 1, bytes, file) != bytes) return 1;
  fclose(file);
  size_t room = (size_t)LZ4_compressBound((int)chunk);
  uint8_t *packed = malloc(count * room), *a = malloc(chunk), *b = malloc(chunk);
  int *lengths = malloc(count * sizeof *lengths);
  uint32_t sum = 0;
  static const char *names[] = {"lz4", "shuffle", "bitshuffle"};
  for (int mode = NONE; mode <= BITS; mode++) {
    double in[TURNS], out[TURNS];
    size_t total = 0;
    for (int turn = 0; turn < TURNS; turn++) {
      total = 0;
      double start = now();
      for (size_t i = 0; i < count; i++) {
        const uint8_t *from = plain + i * chunk;
        if (mode == BYTES) nd_shuffle(a, from, chunk, width), from = a;
        if (mode == BITS) nd_bit_shuffle(a, from, chunk / width, width, b), from = a;
        lengths[i] = LZ4_compress_fast((const char *)from, (char *)packed + i * room, (int)chunk, (int)room, 1);
        sum ^= nd_crc32c(0, packed + i * room, (size_t)lengths[i]);
        total += (size_t)lengths[i];
      }
      in[turn] = now() - start;
      start = now();
      for (size_t i = 0; i < count; i++) {
        uint8_t *to = back + i * chunk;
        sum ^= nd_crc32c(0, packed + i * room, (size_t)lengths[i]);
        if (LZ4_decompress_safe((const char *)packed + i * room, (char *)(mode ? a : to), lengths[i], (int)chunk) < 0) return 1;
        if (mode == BYTES) nd_unshuffle(to, a, chunk, width);
        if (mode == BITS) nd_bit_unshuffle(to, a, chunk / width, width, b);
      }
      out[turn] = now() - start;
    }
    if (memcmp(plain, back, bytes)) return 1;
    double encode = median(in), decode = median(out);
    printf("%-28s %u x %-6zu %-10s %6.2f times smaller, encoded %5.2f GB/s, decoded %5.2f GB/s, %6.2f us a chunk\n",
           argc > 4 ? argv[4] : argv[1], (unsigned)width, chunk, names[mode], (double)bytes / (double)total,
           1e-9 * (double)bytes / encode, 1e-9 * (double)bytes / decode, 1e6 * decode / (double)count);
  }
  return sum == 1;
}
