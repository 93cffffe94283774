#include "extremes.h"

#include <math.h>
#include <string.h>

#include "clones.h"

#define NAME_(base, type) base##type
#define VALUE float
#define INTEGER int32_t
#define LANES 16
#define BITS uint16_t
#define MAX_FINITE 0x1.fffffep127f
#define NAME(base) NAME_(base, f32)
#include "extremes_template.h"
#undef VALUE
#undef INTEGER
#undef LANES
#undef BITS
#undef MAX_FINITE
#undef NAME

#define VALUE double
#define INTEGER int64_t
#define LANES 8
#define BITS uint8_t
#define MAX_FINITE 0x1.fffffffffffffp1023
#define NAME(base) NAME_(base, f64)
#include "extremes_template.h"
