#include "select.h"

#include <string.h>

#include "clones.h"

#define NAME_(base, type) base##type
#define VALUE float
#define INTEGER int32_t
#define NAME(base) NAME_(base, f32)
#include "select_template.h"
#undef VALUE
#undef INTEGER
#undef NAME

#define VALUE double
#define INTEGER int64_t
#define NAME(base) NAME_(base, f64)
#include "select_template.h"
