#include "extremes.h"

#include <math.h>
#include <string.h>

#include "clones.h"

#define TEMPLATE "extremes_template.h"
#include "each_value.h"
