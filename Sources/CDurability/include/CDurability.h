// Calls of Linux that the Swift overlay of glibc leaves out.
#ifndef CDURABILITY_H
#define CDURABILITY_H

/// syncfs(2): makes all that was written to the file system of `descriptor` lasting. Elsewhere sync(2).
int nd_syncfs(int descriptor);

/// Begins to bring to the disk what was written to a file, and does not wait: sync_file_range(2). Elsewhere nothing.
void nd_start_writeback(int descriptor);

/// Gives some bytes of a file back to the system, which need not bring them to the disk; they read as 0 from then on: fallocate(2). Nothing where
/// that cannot be done.
void nd_give_back(int descriptor, long first, long count);

#endif
