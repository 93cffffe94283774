#ifndef CKERNELS_NORMAL_H
#define CKERNELS_NORMAL_H

#include <math.h>

/// The chance that a number of the standard normal distribution lies at least as far from 0 as `z`, on either side.
static inline double nd_normal_tails(double z) { return erfc(fabs(z) * M_SQRT1_2); }

/// The share of 0 ... 1 that each of `count` independent numbers must reach for half a chance that all do.
static inline double nd_even_share(double count) { return exp2(-1 / count); }

static inline double nd_log2(double x) { return log2(x); }

#endif
