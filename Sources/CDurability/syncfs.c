#define _GNU_SOURCE
#include "CDurability.h"

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
