// What only some processors have, for functions that are written for it.
#ifndef CKERNELS_AVX512_H
#define CKERNELS_AVX512_H

#if defined(__x86_64__)
#include <immintrin.h>

/// Of a function that `has_avx512` was asked for.
#define ND_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,popcnt,bmi,bmi2")))

static inline int has_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}
#endif

#endif
