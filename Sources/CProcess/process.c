#define _GNU_SOURCE
#include "CProcess.h"

#if defined(__linux__)
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#endif

void nd_end_with_parent(void) {
#if defined(__linux__)
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
}

void nd_stacks_of_threads(size_t bytes) {
#if defined(__linux__)
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return;
  if (pthread_attr_setstacksize(&attributes, bytes) == 0) pthread_setattr_default_np(&attributes);
  pthread_attr_destroy(&attributes);
#endif
}
