// Memory in large pieces.
#ifndef CKERNELS_PAGES_H
#define CKERNELS_PAGES_H

#include <stddef.h>

/// Zeroed memory, aligned to a cache line at least. Large buffers get huge pages where the system has them: rows of a block
/// are kibibytes apart, and with small pages every one of them misses the translation cache. Pages come into being when they are
/// first written. Ends the program where there is no memory.
void *nd_pages_allocate(size_t bytes);

/// Gives back what `nd_pages_allocate(bytes)` returned.
void nd_pages_free(void *pages, size_t bytes);

/// Gives the memory of what `nd_pages_allocate(bytes)` returned back to the system, where it is large; it is zeroed when it is written again.
void nd_pages_discard(void *pages, size_t bytes);

/// Has the allocator keep memory that was released, up to 64 MiB, for what is allocated next. Orderings and sums are made and dropped
/// by the megabyte: given back to the system, their pages would have to be cleared anew every time, which takes longer than filling
/// them. All threads share two heaps: with more, each would keep what another could use. For the whole process, before it has threads.
void nd_keep_memory(void);

/// Gives back to the system what the allocator keeps in whole pages, wherever it lies.
void nd_give_back_memory(void);

/// Asks for bytes that are soon looked at, from the main memory into the second-level cache.
void nd_fetch_ahead(const void *from, size_t bytes);

/// Reads a byte, so that the system finds its page.
void nd_touch(const void *place);

#endif
