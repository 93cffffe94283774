// Reading files through mappings, also such that somebody truncates.
#ifndef CMAPPING_H
#define CMAPPING_H

#include <stddef.h>
#include <stdint.h>

/// Most mappings that are watched at a time.
enum { CM_WATCHES_MAX = 32768 };

/// Watches a mapping: where its file has become shorter, or the disk cannot be read, reading it gives zeros instead of
/// ending the program by SIGBUS. Zeros fail every checksum of a store, so they become an error that names the file.
///
/// Returns a ticket for `cm_forget`, or -1 where `CM_WATCHES_MAX` mappings are watched already: reading that one could end the
/// program, and the caller must not.
int cm_watch(const void *start, size_t count);

/// Whether nothing of a watched mapping has been replaced by zeros yet.
int cm_is_whole(int ticket);

/// Ends the watch. To be called before the mapping is unmapped.
void cm_forget(int ticket);

/// Whether the system has a part of a file in memory, but for a sixteenth that it may have to read again: as far as samples
/// of it tell. Where it cannot say: no.
int cm_is_cached(int descriptor, int64_t offset, size_t count);

/// Whether the system is known not to have a byte of a file in memory. Where it cannot say: no. It brings the page, then: who asks again at the same
/// place is told no.
int cm_would_wait(int descriptor, int64_t at);

/// Has the system fetch a part of a file that is read soon, unless it has it in memory. Does not wait for the disk, but for room in its queue.
void cm_fetch_ahead(int descriptor, int64_t offset, size_t count);

#endif
