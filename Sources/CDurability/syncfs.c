#define _GNU_SOURCE
#include "CDurability.h"

#include <fcntl.h>
#include <unistd.h>

int nd_syncfs(int descriptor) {
#if defined(__linux__)
  return syncfs(descriptor);
#else
  (void)descriptor;
  sync();
  return 0;
#endif
}

void nd_start_writeback(int descriptor) {
#if defined(__linux__)
  // Only a hint: an error would come again when all is flushed.
  sync_file_range(descriptor, 0, 0, SYNC_FILE_RANGE_WRITE);
#else
  (void)descriptor;
#endif
}

void nd_give_back(int descriptor, long first, long count) {
#if defined(__linux__)
  // Only a help: what cannot be given back now is when the file is closed.
  (void)!fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, first, count);
#else
  (void)descriptor, (void)first, (void)count;
#endif
}
