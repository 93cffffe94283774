// Faults for tests, through LD_PRELOAD: reading files whose path ends in FAULT_SUFFIX is slow, or fails after some bytes.
//
//   FAULT_DELAY_MS   every read waits so long
//   FAULT_AFTER      reads fail with EIO once so many bytes of such files were read by this process
//   FAULT_HANG       a FIFO: the first read writes the process's number to it and then waits for ever, or, where FAULT_HOG is
//                    another FIFO, until somebody writes to that, and then takes memory until there is none
//   FAULT_PARENT     the process that reads a file's structure for another reads as ever
//   FAULT_AHEAD      a file: each part that the system is asked to fetch ahead is written to it, first byte and bytes
//   FAULT_CLOCK      the system's clock jumps some days forward or back each time that somebody looks at it, as when it is set; the
//                    monotonic clock goes on as ever

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
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

// Opens a FIFO, which waits for the other end.
static int end_of(const char *fifo, int flags) {
  int descriptor = open(fifo, flags | O_CLOEXEC);
  if (descriptor < 0) abort();
  return descriptor;
}

static void hang(const char *fifo) {
  int told = end_of(fifo, O_WRONLY);
  dprintf(told, "%d\n", getpid());
  close(told);
  const char *hog = getenv("FAULT_HOG");
  if (!hog) for (;;) pause();
  close(end_of(hog, O_RDONLY));
  // Bounded, should nobody end it.
  for (int mib = 0; mib < 1024; mib++) memset(malloc(1 << 20), 1, 1 << 20);
  abort();
}

static int is_child(void) {
  char arguments[256] = {0};
  FILE *file = fopen("/proc/self/cmdline", "r");
  if (!file) abort();
  size_t length = fread(arguments, 1, sizeof arguments - 1, file);
  fclose(file);
  size_t first = strlen(arguments) + 1;
  return first < length && strcmp(arguments + first, "catalogue-child") == 0;
}

// Whether this read is to fail.
static int fault(int descriptor, size_t count) {
  if (!concerns(descriptor) || (getenv("FAULT_PARENT") && is_child())) return 0;
  const char *fifo = getenv("FAULT_HANG");
  if (fifo) hang(fifo);
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

// What the system has in memory would be looked at there, and never be slow.
ssize_t preadv2(int descriptor, const struct iovec *parts, int count, off_t at, int flags) {
  static ssize_t (*real)(int, const struct iovec *, int, off_t, int);
  if (!real) real = (ssize_t(*)(int, const struct iovec *, int, off_t, int))dlsym(RTLD_NEXT, "preadv2");
  if (concerns(descriptor)) return errno = EAGAIN, -1;
  return real(descriptor, parts, count, at, flags);
}

int posix_fadvise(int descriptor, off_t at, off_t count, int advice) {
  const char *told = getenv("FAULT_AHEAD");
  if (told && advice == POSIX_FADV_WILLNEED && concerns(descriptor)) {
    int file = open(told, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    dprintf(file, "%lld %lld\n", (long long)at, (long long)count);
    close(file);
  }
  return 0;
}

ssize_t read(int descriptor, void *buffer, size_t count) {
  static ssize_t (*real)(int, void *, size_t);
  if (!real) real = (ssize_t(*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
  if (fault(descriptor, count)) return errno = EIO, -1;
  return real(descriptor, buffer, count);
}

static time_t jump(void) {
  static atomic_long looks;
  return getenv("FAULT_CLOCK") ? (atomic_fetch_add(&looks, 1) * 7 % 11 - 5) * 86400 : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(clock, now);
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) now->tv_sec += jump();
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  static int (*real)(struct timeval *, void *);
  if (!real) real = (int (*)(struct timeval *, void *))dlsym(RTLD_NEXT, "gettimeofday");
  int result = real(now, zone);
  now->tv_sec += jump();
  return result;
}
