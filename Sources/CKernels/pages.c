#include "pages.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "fetch.h"

enum { huge = 2 << 20, small = 4 << 10, line = 64 };

/// Smaller buffers would be rounded up too much.
static int is_large(size_t bytes) { return bytes >= 2 * (size_t)huge; }

static size_t rounded(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

static void *checked(void *pages, size_t bytes) {
  if (pages == NULL || pages == MAP_FAILED) {
    fprintf(stderr, "divergence: no memory for a buffer of %zu bytes. Give less with --memory, a server with --cache-mib.\n", bytes);
    abort();
  }
  return pages;
}

void *nd_pages_allocate(size_t bytes) {
  if (!is_large(bytes)) {
    size_t whole = rounded(bytes > 0 ? bytes : 1, line);
    return memset(checked(aligned_alloc(line, whole), bytes), 0, whole);
  }
  size_t whole = rounded(bytes, small);
  char *mapped = checked(mmap(NULL, whole + huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), bytes);
  char *first = (char *)rounded((uintptr_t)mapped, huge);
  if (first > mapped) munmap(mapped, (size_t)(first - mapped));
  munmap(first + whole, (size_t)(mapped + huge - first));
#ifdef MADV_HUGEPAGE
  madvise(first, whole, MADV_HUGEPAGE);
#endif
  return first;
}

void nd_pages_free(void *pages, size_t bytes) {
  if (is_large(bytes))
    munmap(pages, rounded(bytes, small));
  else
    free(pages);
}

void nd_pages_discard(void *pages, size_t bytes) {
  if (is_large(bytes)) madvise(pages, rounded(bytes, small), MADV_DONTNEED);
}

void nd_keep_memory(void) {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  mallopt(M_ARENA_MAX, 2);
#endif
}

void nd_give_back_memory(void) {
#if defined(__GLIBC__)
  malloc_trim(16 << 20);
#endif
}

void nd_fetch_ahead(const void *from, size_t bytes) { fetch(from, bytes); }

void nd_touch(const void *place) { (void)*(const volatile char *)place; }
