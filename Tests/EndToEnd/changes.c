// Counts every change that a program makes below a folder, and does harm at one of them; through LD_PRELOAD.
//
//   CHANGES_FOLDER   changes to what lies below count, from 1 on
//   CHANGES_AT       the change at which harm is done
//   CHANGES_HARM     kill: the process ends before it; half: in the middle of a write; eio: the call fails with EIO;
//                    full: it and every later one that takes space fails with ENOSPC;
//                    interrupt: from it on, every second call fails with EINTR; short: from it on, writes take half of the bytes
//   CHANGES_LOG      file that every change is appended to, with the bytes written and what was made lasting; see changes.py
//   CHANGES_ORDER    a number: folders are listed in an order that depends on it
//
// One change at a time: the order of the log is the order in which they were made.

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long count, at;
static const char *folder, *harm;
static int log_descriptor = -1;
static unsigned long order;

__attribute__((constructor)) static void begin(void) {
  folder = getenv("CHANGES_FOLDER");
  harm = getenv("CHANGES_HARM") ? getenv("CHANGES_HARM") : "";
  at = getenv("CHANGES_AT") ? atol(getenv("CHANGES_AT")) : 0;
  order = getenv("CHANGES_ORDER") ? strtoul(getenv("CHANGES_ORDER"), NULL, 10) : 0;
  if (getenv("CHANGES_LOG")) log_descriptor = REAL(open)(getenv("CHANGES_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

// The path that a call means, whole, or nothing where it does not lie below the folder.
static int resolve(int descriptor, const char *path, char *whole) {
  if (!folder) return 0;
  if (path && path[0] == '/') {
    snprintf(whole, PATH_MAX, "%s", path);
  } else {
    char link[64], base[PATH_MAX];
    snprintf(link, sizeof link, descriptor == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, base, sizeof base - 1);
    if (length < 0) return 0;
    base[length] = 0;
    if (path && path[0]) snprintf(whole, PATH_MAX, "%.2000s/%.2000s", base, path);
    else snprintf(whole, PATH_MAX, "%s", base);
  }
  size_t length = strlen(folder);
  return strncmp(whole, folder, length) == 0 && (whole[length] == '/' || whole[length] == 0);
}

static unsigned long inode(int descriptor, const char *path) {
  struct stat status;
  int result = path ? lstat(path, &status) : fstat(descriptor, &status);
  return result == 0 ? status.st_ino : 0;
}

static void note(const char *format, ...) {
  if (log_descriptor < 0) return;
  char line[3 * PATH_MAX];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  REAL(write)(log_descriptor, line, length);
}

// What becomes of a call: 0, it is done; 1, it is done by half; -1, it fails with errno.
static int fate(int takes_space) {
  count += 1;
  if (at == 0 || count < at) return 0;
  if (strcmp(harm, "full") == 0 && takes_space) return errno = ENOSPC, -1;
  if (strcmp(harm, "interrupt") == 0 && (count - at) % 2 == 0) return errno = EINTR, -1;
  if (strcmp(harm, "short") == 0) return 1;
  if (count > at) return 0;
  if (strcmp(harm, "kill") == 0) kill(getpid(), SIGKILL), pause();
  if (strcmp(harm, "half") == 0) return 1;
  if (strcmp(harm, "eio") == 0) return errno = EIO, -1;
  return 0;
}

// A call that is made with the lock held, unless it is to fail; what follows notes its outcome in `result`.
#define CHANGE(takes_space, call, ...)        \
  pthread_mutex_lock(&lock);                  \
  int result = fate(takes_space) < 0 ? -1 : (int)(call); \
  int error = errno;                          \
  if (result < 0) note("failed\n");           \
  else { __VA_ARGS__; }                       \
  pthread_mutex_unlock(&lock);                \
  errno = error;                              \
  return result;

#define OPEN(name, concerning, real_call)                                                   \
  char whole[PATH_MAX];                                                                     \
  mode_t mode = 0;                                                                          \
  if (flags & (O_CREAT | __O_TMPFILE)) {                                                    \
    va_list arguments;                                                                      \
    va_start(arguments, flags);                                                             \
    mode = va_arg(arguments, mode_t);                                                       \
    va_end(arguments);                                                                      \
  }                                                                                         \
  if ((flags & (O_CREAT | O_TRUNC)) == 0 || !resolve(concerning, path, whole)) return real_call; \
  CHANGE(flags & O_CREAT, real_call, note("open %lu %d %s\n", inode(result, NULL), (flags & O_TRUNC) != 0, whole))

int open(const char *path, int flags, ...) { OPEN(open, AT_FDCWD, REAL(open)(path, flags, mode)) }
int open64(const char *path, int flags, ...) { OPEN(open64, AT_FDCWD, REAL(open64)(path, flags, mode)) }
int openat(int base, const char *path, int flags, ...) { OPEN(openat, base, REAL(openat)(base, path, flags, mode)) }
int openat64(int base, const char *path, int flags, ...) { OPEN(openat64, base, REAL(openat64)(base, path, flags, mode)) }

static void note_write(int descriptor, const void *bytes, ssize_t length, off_t offset) {
  if (length < 0) return note("failed\n");
  note("write %lu %lld %zd\n", inode(descriptor, NULL), (long long)offset, length);
  if (log_descriptor >= 0) REAL(write)(log_descriptor, bytes, length);
}

static ssize_t changed(int descriptor, const void *bytes, size_t length, off_t offset, int positioned) {
  pthread_mutex_lock(&lock);
  int what = fate(1);
  ssize_t result = -1;
  if (what >= 0) {
    if (!positioned) offset = lseek(descriptor, 0, SEEK_CUR);
    size_t taken = what == 1 ? (length + 1) / 2 : length;
    result = positioned ? REAL(pwrite)(descriptor, bytes, taken, offset) : REAL(write)(descriptor, bytes, taken);
    if (what == 1 && strcmp(harm, "half") == 0) kill(getpid(), SIGKILL), pause();
  }
  int error = errno;
  note_write(descriptor, bytes, result, offset);
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

// Files that may be written to; asking the system about each write to a terminal or pipe would be slow, but not wrong.
static int concerns(int descriptor) {
  char whole[PATH_MAX];
  return descriptor > 2 && resolve(descriptor, NULL, whole);
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
  return concerns(descriptor) ? changed(descriptor, bytes, length, 0, 0) : REAL(write)(descriptor, bytes, length);
}
ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t offset) {
  return concerns(descriptor) ? changed(descriptor, bytes, length, offset, 1) : REAL(pwrite)(descriptor, bytes, length, offset);
}
ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t offset) { return pwrite(descriptor, bytes, length, offset); }
// One part of several is as good as a short write.
ssize_t writev(int descriptor, const struct iovec *parts, int number) {
  if (!concerns(descriptor) || number < 1) return REAL(writev)(descriptor, parts, number);
  return write(descriptor, parts[0].iov_base, parts[0].iov_len);
}
ssize_t pwritev(int descriptor, const struct iovec *parts, int number, off_t offset) {
  if (!concerns(descriptor) || number < 1) return REAL(pwritev)(descriptor, parts, number, offset);
  return pwrite(descriptor, parts[0].iov_base, parts[0].iov_len, offset);
}

#define TRUNCATE(name)                                                         \
  int name(int descriptor, off_t length) {                                     \
    if (!concerns(descriptor)) return REAL(name)(descriptor, length);          \
    CHANGE(1, REAL(name)(descriptor, length), note("truncate %lu %lld\n", inode(descriptor, NULL), (long long)length)) \
  }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

int truncate(const char *path, off_t length) {
  char whole[PATH_MAX];
  if (!resolve(AT_FDCWD, path, whole)) return REAL(truncate)(path, length);
  CHANGE(1, REAL(truncate)(path, length), note("truncate %lu %lld\n", inode(0, whole), (long long)length))
}
int truncate64(const char *path, off64_t length) { return truncate(path, length); }

int renameat2(int from_base, const char *from, int to_base, const char *to, unsigned flags) {
  char whole[PATH_MAX], other[PATH_MAX];
  if (!resolve(from_base, from, whole) | !resolve(to_base, to, other)) return REAL(renameat2)(from_base, from, to_base, to, flags);
  CHANGE(1, REAL(renameat2)(from_base, from, to_base, to, flags), note("rename %s\n%s\n", whole, other))
}
int renameat(int from_base, const char *from, int to_base, const char *to) { return renameat2(from_base, from, to_base, to, 0); }
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int base, const char *path, int flags) {
  char whole[PATH_MAX];
  if (!resolve(base, path, whole)) return REAL(unlinkat)(base, path, flags);
  CHANGE(0, REAL(unlinkat)(base, path, flags), note("unlink %s\n", whole))
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
int remove(const char *path) { return unlink(path) == 0 ? 0 : errno == EISDIR ? rmdir(path) : -1; }

int mkdirat(int base, const char *path, mode_t mode) {
  char whole[PATH_MAX];
  if (!resolve(base, path, whole)) return REAL(mkdirat)(base, path, mode);
  CHANGE(1, REAL(mkdirat)(base, path, mode), note("mkdir %lu %s\n", inode(0, whole), whole))
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int symlinkat(const char *target, int base, const char *path) {
  char whole[PATH_MAX];
  if (!resolve(base, path, whole)) return REAL(symlinkat)(target, base, path);
  CHANGE(1, REAL(symlinkat)(target, base, path), note("symlink %s\n%s\n", target, whole))
}
int symlink(const char *target, const char *path) { return symlinkat(target, AT_FDCWD, path); }

#define LASTING(name)                                                                                     \
  int name(int descriptor) {                                                                              \
    char whole[PATH_MAX];                                                                                 \
    if (!resolve(descriptor, NULL, whole)) return REAL(name)(descriptor);                                 \
    CHANGE(1, REAL(name)(descriptor), note(#name " %lu\n", inode(descriptor, NULL)))                      \
  }
LASTING(fsync)
LASTING(fdatasync)
LASTING(syncfs)

int sync_file_range(int descriptor, off64_t offset, off64_t length, unsigned flags) {
  if (!concerns(descriptor)) return REAL(sync_file_range)(descriptor, offset, length, flags);
  CHANGE(0, REAL(sync_file_range)(descriptor, offset, length, flags), note("hint\n"))
}

// Folders in another order.

static unsigned long rank(const char *name) {
  unsigned long hash = 1469598103934665603UL ^ order * 0x9E3779B97F4A7C15UL;
  for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 1099511628211UL;
  return hash ^ hash >> 29;
}

struct listing {
  DIR *dir;
  struct dirent *entries;
  size_t count, next;
  struct listing *later;
};
static struct listing *listings;

static int by_rank(const void *a, const void *b) {
  unsigned long left = rank(((const struct dirent *)a)->d_name), right = rank(((const struct dirent *)b)->d_name);
  return left < right ? -1 : left > right;
}

struct dirent *readdir(DIR *dir) {
  char whole[PATH_MAX];
  if (order == 0 || !resolve(dirfd(dir), NULL, whole)) return REAL(readdir)(dir);
  pthread_mutex_lock(&lock);
  struct listing *listing = listings;
  while (listing && listing->dir != dir) listing = listing->later;
  if (!listing) {
    listing = calloc(1, sizeof *listing);
    listing->dir = dir;
    for (struct dirent *entry; (entry = REAL(readdir)(dir));) {
      listing->entries = realloc(listing->entries, (listing->count + 1) * sizeof *entry);
      listing->entries[listing->count++] = *entry;
    }
    if (listing->count) qsort(listing->entries, listing->count, sizeof *listing->entries, by_rank);
    listing->later = listings;
    listings = listing;
  }
  struct dirent *entry = listing->next < listing->count ? &listing->entries[listing->next++] : NULL;
  pthread_mutex_unlock(&lock);
  return entry;
}
struct dirent64 *readdir64(DIR *dir) { return (struct dirent64 *)readdir(dir); }

int closedir(DIR *dir) {
  pthread_mutex_lock(&lock);
  for (struct listing **place = &listings; *place; place = &(*place)->later) {
    if ((*place)->dir != dir) continue;
    struct listing *listing = *place;
    *place = listing->later;
    free(listing->entries);
    free(listing);
    break;
  }
  pthread_mutex_unlock(&lock);
  return REAL(closedir)(dir);
}

static int fts_by_rank(const FTSENT **a, const FTSENT **b) {
  unsigned long left = rank((*a)->fts_name), right = rank((*b)->fts_name);
  return left < right ? -1 : left > right;
}

FTS *fts_open(char *const *paths, int options, int (*compare)(const FTSENT **, const FTSENT **)) {
  return REAL(fts_open)(paths, options, order ? fts_by_rank : compare);
}
