// Calls of Linux that the Swift overlay of glibc leaves out.
#ifndef CDURABILITY_H
#define CDURABILITY_H

/// syncfs(2): makes all that was written to the file system of `descriptor` lasting. Elsewhere sync(2).
int nd_syncfs(int descriptor);

/// Begins to bring to the disk what was written to a file, and does not wait: sync_file_range(2). Elsewhere nothing.
void nd_start_writeback(int descriptor);

#endif
