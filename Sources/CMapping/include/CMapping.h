// Reading mapped files that somebody truncates.
#ifndef CMAPPING_H
#define CMAPPING_H

#include <stddef.h>

/// Watches a mapping: where its file has become shorter, or the disk cannot be read, reading it gives zeros instead of
/// ending the program by SIGBUS. Zeros fail every checksum of a store, so they become an error that names the file.
///
/// Returns a ticket for `cm_forget`, or -1 where too many mappings are watched already: that one ends the program then.
int cm_watch(const void *start, size_t count);

/// Ends the watch. To be called before the mapping is unmapped.
void cm_forget(int ticket);

#endif
