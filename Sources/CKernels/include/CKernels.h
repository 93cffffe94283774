// Vector loops that Swift does not generate well. Each has a slow twin in Swift that its test compares it with.
#ifndef CKERNELS_H
#define CKERNELS_H

#include "cells.h"
#include "codes.h"
#include "count.h"
#include "crc32c.h"
#include "elements.h"
#include "extremes.h"
#include "fletcher.h"
#include "judge.h"
#include "normal.h"
#include "pages.h"
#include "pairs.h"
#include "planes.h"
#include "positions.h"
#include "ranks.h"
#include "rows.h"
#include "run.h"
#include "select.h"
#include "shuffle.h"
#include "unshuffle.h"

#endif
