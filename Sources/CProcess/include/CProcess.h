// Calls of Linux that the Swift overlay of glibc leaves out, for they take a variable number of arguments.
#ifndef CPROCESS_H
#define CPROCESS_H

/// Has the system kill this process when the thread that started it ends: prctl(2), PR_SET_PDEATHSIG. Elsewhere nothing.
void nd_end_with_parent(void);

#endif
