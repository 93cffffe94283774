#include "CProcess.h"

#if defined(__linux__)
#include <signal.h>
#include <sys/prctl.h>
#endif

void nd_end_with_parent(void) {
#if defined(__linux__)
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
}
