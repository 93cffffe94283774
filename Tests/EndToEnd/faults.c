// Faults for tests, through LD_PRELOAD: reading files whose path ends in FAULT_SUFFIX is slow, or fails after some bytes.
//
//   FAULT_DELAY_MS   every read waits so long
//   FAULT_AFTER      reads fail with EIO once so many bytes of such files were read by this process

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static atomic_long taken;

static int concerns(int descriptor) {
  const char *suffix = getenv("FAULT_SUFFIX");
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path);
  if (!suffix || length < (ssize_t)strlen(suffix)) return 0;
  return memcmp(path + length - strlen(suffix), suffix, strlen(suffix)) == 0;
}

// Whether this read is to fail.
static int fault(int descriptor, size_t count) {
  if (!concerns(descriptor)) return 0;
  const char *delay = getenv("FAULT_DELAY_MS");
  if (delay) {
    struct timespec pause = {atoi(delay) / 1000, atoi(delay) % 1000 * 1000000L};
    nanosleep(&pause, NULL);
  }
  const char *after = getenv("FAULT_AFTER");
  return after && atomic_fetch_add(&taken, (long)count) + (long)count > atol(after);
}

#define PREAD(name, offset)                                                       \
  ssize_t name(int descriptor, void *buffer, size_t count, offset at) {           \
    static ssize_t (*real)(int, void *, size_t, offset);                          \
    if (!real) real = (ssize_t(*)(int, void *, size_t, offset))dlsym(RTLD_NEXT, #name); \
    if (fault(descriptor, count)) return errno = EIO, -1;                         \
    return real(descriptor, buffer, count, at);                                   \
  }

PREAD(pread, off_t)
PREAD(pread64, off64_t)

ssize_t read(int descriptor, void *buffer, size_t count) {
  static ssize_t (*real)(int, void *, size_t);
  if (!real) real = (ssize_t(*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
  if (fault(descriptor, count)) return errno = EIO, -1;
  return real(descriptor, buffer, count);
}
