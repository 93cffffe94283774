// Calls of Linux that the Swift overlay of glibc leaves out.
#ifndef CDURABILITY_H
#define CDURABILITY_H

/// syncfs(2): makes all that was written to the file system of `descriptor` lasting. Elsewhere sync(2).
int nd_syncfs(int descriptor);

#endif
