#define _GNU_SOURCE
#include "CMapping.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

// The handler may interrupt anything, so it takes no lock: it reads this table, of which each slot is written by the
// one thread that holds its ticket.
#define SLOTS CM_WATCHES_MAX
static _Atomic(uintptr_t) starts[SLOTS];
static _Atomic(uintptr_t) ends[SLOTS];
static _Atomic(int) cut[SLOTS];
static _Atomic int next_slot;

static struct sigaction before;
static uintptr_t page_bytes;

static int watching(uintptr_t address) {
  for (int slot = 0; slot < SLOTS; slot++) {
    uintptr_t start = atomic_load_explicit(&starts[slot], memory_order_acquire);
    if (start > 1 && address >= start && address < atomic_load_explicit(&ends[slot], memory_order_acquire)) return slot;
  }
  return -1;
}

static void on_bus_error(int number, siginfo_t *info, void *context) {
  uintptr_t address = (uintptr_t)info->si_addr;
  int slot = watching(address);
  if (slot >= 0) {
    atomic_store_explicit(&cut[slot], 1, memory_order_release);
    void *page = (void *)(address & ~(page_bytes - 1));
    if (mmap(page, page_bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page) return;
  }
  // Not ours: as if we were not here.
  sigaction(SIGBUS, &before, NULL);
  if ((before.sa_flags & SA_SIGINFO) && before.sa_sigaction) before.sa_sigaction(number, info, context);
}

static void install(void) {
  page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &before);
}

int cm_watch(const void *start, size_t count) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, install);
  int first = atomic_fetch_add_explicit(&next_slot, 1, memory_order_relaxed);
  for (int try = 0; try < SLOTS; try++) {
    int slot = (int)(((unsigned)first + (unsigned)try) % SLOTS);
    uintptr_t empty = 0;
    // 1 marks a slot that is taken and not filled yet: no mapping begins there.
    if (!atomic_compare_exchange_strong(&starts[slot], &empty, 1)) continue;
    atomic_store_explicit(&cut[slot], 0, memory_order_relaxed);
    atomic_store_explicit(&ends[slot], (uintptr_t)start + count, memory_order_release);
    atomic_store_explicit(&starts[slot], (uintptr_t)start, memory_order_release);
    return slot;
  }
  return -1;
}

int cm_is_whole(int ticket) { return !atomic_load_explicit(&cut[ticket], memory_order_acquire); }

void cm_forget(int ticket) {
  if (ticket >= 0 && ticket < SLOTS) atomic_store_explicit(&starts[ticket], 0, memory_order_release);
}

#ifdef RWF_NOWAIT
static ssize_t look(int descriptor, int64_t at) {
  char byte;
  const struct iovec one = {&byte, 1};
  return preadv2(descriptor, &one, 1, at, RWF_NOWAIT);
}
#endif

int cm_would_wait(int descriptor, int64_t at) {
#ifdef RWF_NOWAIT
  return look(descriptor, at) < 0 && errno == EAGAIN;
#else
  (void)descriptor, (void)at;
  return 0;
#endif
}

int cm_is_cached(int descriptor, int64_t offset, size_t count) {
#ifdef RWF_NOWAIT
  // Pages come and go in larger pieces, and each look takes microseconds, in which all lanes wait.
  const size_t most = 2 << 20, least = 128 << 10, share = count / 16;
  const size_t step = share > most ? most : share < least ? least : share;
  size_t missing = 0;
  for (size_t at = 0; at < count; at += step) {
    missing += look(descriptor, offset + (int64_t)at) != 1;
    if (missing > count / step / 16) return 0;
  }
  return count > 0 && look(descriptor, offset + (int64_t)count - 1) == 1;
#else
  (void)descriptor, (void)offset, (void)count;
  return 0;
#endif
}

void cm_fetch_ahead(int descriptor, int64_t offset, size_t count) {
  if (cm_is_cached(descriptor, offset, count)) return;
  // Of more at once the system takes no notice, beyond what it would read ahead itself.
  const size_t step = 128 << 10;
  for (size_t at = 0; at < count; at += step) {
    const size_t some = count - at < step ? count - at : step;
    if (posix_fadvise(descriptor, offset + (int64_t)at, (off_t)some, POSIX_FADV_WILLNEED)) return;
  }
}
