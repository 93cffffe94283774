// A function marked ND_CLONES is compiled once for each level of x86-64 and the best one is taken at run time.
#ifndef CKERNELS_CLONES_H
#define CKERNELS_CLONES_H

#if defined(__x86_64__) && defined(__linux__)
#define ND_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define ND_CLONES
#endif

// What such functions share must be compiled anew within each.
#define ND_INLINE inline __attribute__((always_inline))

#endif
