// Calls of Linux that the Swift overlay of glibc leaves out, for they take a variable number of arguments or are glibc's own.
#ifndef CPROCESS_H
#define CPROCESS_H

#include <stddef.h>

/// Has the system kill this process when the thread that started it ends: prctl(2), PR_SET_PDEATHSIG. Elsewhere nothing.
void nd_end_with_parent(void);

/// How large the stacks of threads are that are started from now on without being given a size. Elsewhere nothing.
void nd_stacks_of_threads(size_t bytes);

#endif
