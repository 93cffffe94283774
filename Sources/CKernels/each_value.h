// Includes TEMPLATE, the name of a file, for each type that values are counted in. No guard: whoever has several templates includes
// it once for each.
#define NAME_(base, type) base##type
#define VALUE float
#define INTEGER int32_t
#define LANES 16
#define BITS uint16_t
#define MAX_FINITE 0x1.fffffep127f
#define NAME(base) NAME_(base, f32)
#include TEMPLATE
#undef VALUE
#undef INTEGER
#undef LANES
#undef BITS
#undef MAX_FINITE
#undef NAME

// A square of a float is exact in double precision, that of a double is not: a fused multiply-add would give other figures
// on machines that have it.
#pragma STDC FP_CONTRACT OFF

#define VALUE double
#define INTEGER int64_t
#define LANES 8
#define BITS uint8_t
#define MAX_FINITE 0x1.fffffffffffffp1023
#define NAME(base) NAME_(base, f64)
#include TEMPLATE
#undef VALUE
#undef INTEGER
#undef LANES
#undef BITS
#undef MAX_FINITE
#undef NAME
#undef NAME_
#undef TEMPLATE
